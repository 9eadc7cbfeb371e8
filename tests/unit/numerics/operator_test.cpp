// The validator: each verdict by a spec that breaks one rule, and the limits at their edges.
#include "assay/numerics/operator.hpp"

#include <gtest/gtest.h>

#include "assay/numerics/fold.hpp"

namespace assay::numerics {
namespace {

TensorType f32(std::initializer_list<std::uint64_t> dims) { return {DType::kF32, Shape(dims)}; }

NodeSpec node(OpCode op, const TensorType& output, std::initializer_list<TensorType> operands,
              std::initializer_list<std::uint64_t> attributes = {}) {
  NodeSpec s;
  s.op = op;
  s.output = output;
  for (const TensorType& t : operands) s.operands[s.operand_count++] = t;
  for (const std::uint64_t v : attributes) s.attributes[s.attribute_count++] = v;
  return s;
}

using enum SpecVerdict;

TEST(Validate, EachVerdict) {
  const NodeSpec good = node(OpCode::kAdd, f32({2, 3}), {f32({2, 3}), f32({3})});
  EXPECT_EQ(validate(good), kValid);
  NodeSpec s = good;
  s.op = static_cast<OpCode>(999);
  EXPECT_EQ(validate(s), kUnknownOperator);
  s = good, s.operand_count = 3;
  EXPECT_EQ(validate(s), kWrongOperandCount);
  s = good, s.attribute_count = 1;
  EXPECT_EQ(validate(s), kWrongAttributeCount);
  s = good, s.operands[1].dtype = static_cast<DType>(7);
  EXPECT_EQ(validate(s), kUnknownDType);
  s = good, s.operands[1].shape.dims[0] = 0;
  EXPECT_EQ(validate(s), kInvalidShape);
  s = good, s.operands[1].dtype = DType::kU32;
  EXPECT_EQ(validate(s), kWrongDType);
  s = good, s.operands[1].shape.dims[0] = 2;
  EXPECT_EQ(validate(s), kWrongShape);
  EXPECT_EQ(validate(node(OpCode::kIota, f32({2}), {}, {1})), kWrongAttribute);
  EXPECT_EQ(
      validate(node(OpCode::kMatMul, f32({1, 1}), {f32({1, 131'073}), f32({131'073, 1})}, {0, 0})),
      kFoldTooLong);
}

TEST(Validate, FoldsAtTheLimit) {
  EXPECT_EQ(
      validate(node(OpCode::kMatMul, f32({1, 1}), {f32({1, 131'072}), f32({131'072, 1})}, {0, 0})),
      kValid);
  const NodeSpec most = node(OpCode::kReduceSum, f32({1}), {f32({131'068})}, {1});
  EXPECT_EQ(validate(most), kValid);
  EXPECT_EQ(fold_length(most), kMaxFoldSteps);
  EXPECT_EQ(validate(node(OpCode::kReduceSum, f32({1}), {f32({131'069})}, {1})), kFoldTooLong);
  EXPECT_EQ(validate(node(OpCode::kReduceMax, f32({1}), {f32({131'072})}, {1})), kValid);
  EXPECT_EQ(validate(node(OpCode::kMaxPool2d, f32({1, 1, 1, 1}), {f32({1, 400, 400, 1})}, {400})),
            kFoldTooLong);
  const auto weight = [](std::uint64_t n) {
    return node(OpCode::kConv2dGradWeight, f32({1, 1, 1, 1}),
                {f32({n, 64, 64, 1}), f32({n, 64, 64, 1})}, {1, 0});
  };
  EXPECT_EQ(validate(weight(32)), kValid);
  EXPECT_EQ(validate(weight(33)), kFoldTooLong);
}

TEST(Validate, Convolutions) {
  const auto conv = [](std::uint64_t out, std::uint64_t stride, std::uint64_t padding) {
    return validate(node(OpCode::kConv2d, f32({1, out, out, 2}),
                         {f32({1, 9, 9, 3}), f32({3, 3, 3, 2})}, {stride, padding}));
  };
  EXPECT_EQ(conv(7, 1, 0), kValid);
  EXPECT_EQ(conv(9, 1, 1), kValid);
  EXPECT_EQ(conv(4, 2, 0), kValid);
  EXPECT_EQ(conv(5, 2, 1), kValid);
  EXPECT_EQ(conv(5, 2, 0), kWrongShape);
  EXPECT_EQ(conv(7, 0, 0), kWrongAttribute);
  EXPECT_EQ(conv(7, 1, 65'536), kWrongAttribute);
  EXPECT_EQ(validate(node(OpCode::kConv2d, f32({1, 1, 1, 1}),
                          {f32({1, 2, 2, 1}), f32({3, 3, 1, 1})}, {1, 0})),
            kWrongShape);
}

TEST(Validate, Sources) {
  EXPECT_EQ(validate(node(OpCode::kStateSlot, f32({4, 5}), {}, {3})), kValid);
  EXPECT_EQ(validate(node(OpCode::kData, {DType::kU8, {60'000, 784}}, {}, {0})), kValid);
  EXPECT_EQ(validate(node(OpCode::kStepIndex, {DType::kU64, {}}, {})), kValid);
  EXPECT_EQ(validate(node(OpCode::kSeed, {DType::kU64, {}}, {})), kValid);
  EXPECT_EQ(validate(node(OpCode::kSeed, {DType::kU64, {1}}, {})), kWrongShape);
  EXPECT_EQ(validate(node(OpCode::kStepIndex, {DType::kU32, {}}, {})), kWrongDType);
}

TEST(Fold, WordsAndFinalStates) {
  const NodeSpec sum = node(OpCode::kReduceSum, f32({1}), {f32({20})}, {1});
  EXPECT_EQ(fold_words(sum), 16U);
  EXPECT_EQ(fold_length(sum), 24U);
  EXPECT_EQ(fold_final(sum, 0x3f80'0000).words[0], 0x3f80'0000U);
  const NodeSpec wide = node(OpCode::kCast, {DType::kU64, {2}}, {f32({2})});
  EXPECT_EQ(fold_words(wide), 2U);
  EXPECT_EQ(fold_final(wide, 0x1234'5678'9abc'def0).words[1], 0x1234'5678U);
  const NodeSpec max = node(OpCode::kReduceMax, f32({1}), {f32({20})}, {1});
  EXPECT_EQ(fold_init(max, 0).words[0], kMinusInfinity);
}

}  // namespace
}  // namespace assay::numerics
