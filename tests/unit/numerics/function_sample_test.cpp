// The unary functions on a dense sample; functions_exhaustive_test.cpp visits every input.
#include <gtest/gtest.h>

#include "assay/numerics/float_bits.hpp"
#include "unit/numerics/function_proof.hpp"

namespace assay::numerics {
namespace {

// Every exponent with both signs, 512 significands of each, and what stands next to the powers of
// two and to the limits where results become constant.
std::vector<std::uint32_t> sampled_inputs() {
  std::vector<std::uint32_t> inputs;
  std::uint32_t state = 1;
  for (std::uint32_t exponent = 0; exponent < 512; ++exponent) {
    const std::uint32_t base = exponent << 23;
    for (std::uint32_t i = 0; i < 3; ++i) inputs.insert(inputs.end(), {base + i, base - 1 - i});
    for (int i = 0; i < 506; ++i) {
      state = state * 1'664'525 + 1'013'904'223;
      inputs.push_back(base | state >> 9);
    }
  }
  for (const std::uint32_t limit :
       {0x42b1'7218U, 0xc2cf'f1b5U, 0x39b8'9ba3U, 0x4110'2cb4U, 0x407a'd445U, 0x39e8'9769U,
        0x3980'0001U, 0x418a'a123U, 0x3400'0001U, 0xb380'0001U}) {
    for (std::uint32_t i = 0; i < 8; ++i) inputs.push_back(limit - 4 + i);
  }
  return inputs;
}

class FunctionSample : public testing::TestWithParam<OpCode> {};

TEST_P(FunctionSample, EveryPathIsCorrectlyRounded) {
  std::vector<std::uint32_t> inputs = sampled_inputs();
  ASSERT_GE(inputs.size(), std::size_t{1} << 18);
  const bool is_halved = test::symmetry_of(GetParam()) != test::Symmetry::kNone;
  if (is_halved) std::erase_if(inputs, [](std::uint32_t a) { return (a & kSignBit) != 0; });
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
