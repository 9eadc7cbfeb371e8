#include "assay/tensor/tensor.hpp"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(Shape, KnowsItsLimits) {
  EXPECT_TRUE(is_valid(Shape{}));
  EXPECT_EQ(Shape{}.elements(), 1u);
  EXPECT_EQ((Shape{2, 3, 4}.elements()), 24u);
  EXPECT_FALSE(is_valid(Shape{2, 0}));
  EXPECT_TRUE(is_valid(Shape{kMaxElements}));
  EXPECT_FALSE(is_valid(Shape{kMaxElements, 2}));
  EXPECT_FALSE(is_valid(Shape{std::uint64_t{1} << 63, 4}));
  Shape leftover{2};
  leftover.dims[3] = 1;
  EXPECT_FALSE(is_valid(leftover));
  Shape deep;
  deep.rank = kMaxRank + 1;
  EXPECT_FALSE(is_valid(deep));
}

TEST(Tensor, IsZeroAlignedAndTyped) {
  Tensor t({DType::kI64, {3, 5}});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(t.data()) % Tensor::kAlignment, 0u);
  EXPECT_EQ(t.byte_count(), 120u);
  for (const std::int64_t x : t.as<std::int64_t>()) EXPECT_EQ(x, 0);
  t.as<std::int64_t>()[14] = -1;
  EXPECT_EQ(t.bytes().back(), 0xff);
  EXPECT_DEATH(static_cast<void>(t.as<float>()), "broken precondition");
  EXPECT_DEATH(Tensor({DType::kF32, {0}}), "broken precondition");
}

TEST(Tensor, CopiesDeeplyAndComparesBits) {
  const Tensor a = Tensor::of<float>({2}, {0.0f, 1.0f});
  Tensor b = a;
  EXPECT_EQ(a, b);
  b.as<float>()[0] = -0.0f;
  EXPECT_FALSE(a == b);
  b = a;
  EXPECT_EQ(a, b);
  const Tensor c = std::move(b);
  EXPECT_EQ(a, c);
  EXPECT_FALSE(Tensor::of<float>({1, 2}, {0.0f, 1.0f}) == a);
  EXPECT_EQ(Tensor(Tensor{}), Tensor{});
  EXPECT_EQ(Tensor::scalar<std::uint64_t>(7).as<std::uint64_t>()[0], 7u);
}

}  // namespace
}  // namespace assay
