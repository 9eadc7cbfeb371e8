// The unary functions' lanes against integer arithmetic, which is proven by the tests of the room
// on the machine that builds: a dense sample, one of every so many inputs, and every significand of
// rsqrt, whose estimate is the processor's own.
#include <gtest/gtest.h>

#include "assay/numerics/arithmetic_integer.hpp"
#include "assay/numerics/scalar_inline.hpp"
#include "internal/functions.hpp"
#include "unit/numerics/function_samples.hpp"

namespace assay::numerics {
namespace {

constexpr OpCode kOps[] = {OpCode::kSqrt, OpCode::kExp,   OpCode::kLog,
                           OpCode::kTanh, OpCode::kErf,   OpCode::kSin,
                           OpCode::kCos,  OpCode::kRsqrt, OpCode::kSigmoid};
constexpr std::size_t kBlock = 1 << 14;

class FunctionLanes : public testing::TestWithParam<OpCode> {};

void expect_right(OpCode op, const std::vector<std::uint32_t>& x) {
  std::vector<std::uint32_t> y(x.size());
  const void* in[] = {x.data()};
  internal::function_strip(Isa::kNeon, op)(y.data(), in, x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto want = unary_f32<IntegerArithmetic>(op, canonical(x[i]));
    ASSERT_EQ(y[i], want) << std::hex << x[i];
  }
}

// first, first + step, ... below `end`.
void expect_right(OpCode op, std::uint64_t first, std::uint64_t end, std::uint64_t step) {
  while (first < end && !testing::Test::HasFatalFailure()) {
    std::vector<std::uint32_t> x;
    for (; first < end && x.size() < kBlock; first += step)
      x.push_back(static_cast<std::uint32_t>(first));
    expect_right(op, x);
  }
}

TEST_P(FunctionLanes, OnASample) {
  ASSERT_EQ(best_isa(), Isa::kNeon);
  expect_right(GetParam(), test::sampled_inputs());
}
TEST_P(FunctionLanes, OnAMillionInputs) {
  expect_right(GetParam(), 0, std::uint64_t{1} << 32, 4'093);
}
TEST_P(FunctionLanes, SlowOnManyMore) { expect_right(GetParam(), 0, std::uint64_t{1} << 32, 509); }

// x in [1, 4), and all subnormal x: other estimates differ from those by a power of two.
TEST(FunctionLanes, SlowRsqrtOfEverySignificand) {
  expect_right(OpCode::kRsqrt, 0x3f80'0000, 0x4080'0000, 1);
  expect_right(OpCode::kRsqrt, 0, 0x80'0000, 1);
}

INSTANTIATE_TEST_SUITE_P(Functions, FunctionLanes, testing::ValuesIn(kOps),
                         [](const auto& op) { return std::string(name_of(op.param)); });

}  // namespace
}  // namespace assay::numerics
