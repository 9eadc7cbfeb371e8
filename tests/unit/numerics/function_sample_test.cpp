// The unary functions on a dense sample; functions_exhaustive_test.cpp visits every input.
#include <gtest/gtest.h>

#include "assay/numerics/float_bits.hpp"
#include "unit/numerics/function_proof.hpp"
#include "unit/numerics/function_samples.hpp"

namespace assay::numerics {
namespace {

class FunctionSample : public testing::TestWithParam<OpCode> {};

TEST_P(FunctionSample, EveryPathIsCorrectlyRounded) {
  std::vector<std::uint32_t> inputs = test::sampled_inputs();
  ASSERT_GE(inputs.size(), std::size_t{1} << 18);
  const bool is_halved = test::symmetry_of(GetParam()) != test::Symmetry::kNone;
  // The integers' symmetry is not taken for granted here.
  const test::ProofCounts counts = test::prove(GetParam(), inputs, 64);
  EXPECT_EQ(counts.inputs, inputs.size() * (is_halved ? 2 : 1));
  EXPECT_EQ(counts.wrong_kernel, 0U);
  EXPECT_EQ(counts.wrong_integer, 0U);
  EXPECT_EQ(counts.wrong_bounds, 0U);
  EXPECT_EQ(counts.unproved, 0U);
  for (const std::uint32_t a : counts.wrong) ADD_FAILURE() << "wrong at " << std::hex << a;
  EXPECT_GE(counts.mpfr, 100U);
  // The measure measures: so many inputs come this near to a boundary.
  if (GetParam() != OpCode::kSqrt && GetParam() != OpCode::kRsqrt) {
    ASSERT_FALSE(counts.hardest.empty());
    EXPECT_GE(counts.hardest.front().bits, 34);
  }
}

INSTANTIATE_TEST_SUITE_P(Functions, FunctionSample, testing::ValuesIn(test::kFunctions),
                         [](const auto& op) { return std::string(name_of(op.param)); });

}  // namespace
}  // namespace assay::numerics
