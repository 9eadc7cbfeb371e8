// Integer arithmetic against the hardware, the bit operations, and the functions.
#include <gtest/gtest.h>

#include <set>

#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/arithmetic_integer.hpp"
#include "assay/numerics/philox.hpp"
#include "assay/numerics/scalar_inline.hpp"
#include "internal/wide_value.hpp"
#include "unit/numerics/random_spec.hpp"

namespace assay::numerics {
namespace {

using Hardware = HardwareArithmetic;
using Integer = IntegerArithmetic;

TEST(Arithmetic, IntegersEqualTheHardware) {
  test::Generator random(3);
  random.set_tame(false);
  for (int i = 0; i < 400'000; ++i) {
    const std::uint32_t a = canonical(random.f32());
    const std::uint32_t b = canonical(random.f32());
    std::uint32_t c = canonical(random.f32());
    if (i % 3 == 0) c = neg_bits(Hardware::mul(a, b));  // cancellation
    ASSERT_EQ(Integer::add(a, b), Hardware::add(a, b)) << std::hex << a << ' ' << b;
    ASSERT_EQ(Integer::sub(a, b), Hardware::sub(a, b)) << std::hex << a << ' ' << b;
    ASSERT_EQ(Integer::mul(a, b), Hardware::mul(a, b)) << std::hex << a << ' ' << b;
    ASSERT_EQ(Integer::div(a, b), Hardware::div(a, b)) << std::hex << a << ' ' << b;
    ASSERT_EQ(Integer::fma(a, b, c), Hardware::fma(a, b, c))
        << std::hex << a << ' ' << b << ' ' << c;
    ASSERT_EQ(Integer::sqrt(a), Hardware::sqrt(a)) << std::hex << a;
  }
}

// Every pair of special and neighbouring patterns.
TEST(Arithmetic, IntegersEqualTheHardwareAtTheEdges) {
  std::set<std::uint32_t> edges;
  for (const std::uint32_t base :
       {0x0000'0000U, 0x0080'0000U, 0x3f00'0000U, 0x3f80'0000U, 0x4b00'0000U, 0x7f00'0000U,
        0x7f80'0000U, 0x0040'0000U, 0x3380'0000U}) {
    for (int d = -2; d <= 2; ++d) {
      for (const std::uint32_t sign : {0U, kSignBit}) edges.insert(canonical((base + d) ^ sign));
    }
  }
  for (const std::uint32_t a : edges) {
    ASSERT_EQ(Integer::sqrt(a), Hardware::sqrt(a));
    for (const std::uint32_t b : edges) {
      ASSERT_EQ(Integer::add(a, b), Hardware::add(a, b));
      ASSERT_EQ(Integer::mul(a, b), Hardware::mul(a, b));
      ASSERT_EQ(Integer::div(a, b), Hardware::div(a, b));
      for (const std::uint32_t c : edges) {
        ASSERT_EQ(Integer::fma(a, b, c), Hardware::fma(a, b, c))
            << std::hex << a << ' ' << b << ' ' << c;
      }
    }
  }
}

TEST(Arithmetic, RoundsConversionsAsTheHardwareDoes) {
  test::Generator random(4);
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t v = random.word() >> random(64);
    ASSERT_EQ(f32_from_u64(v), std::bit_cast<std::uint32_t>(static_cast<float>(v))) << v;
    const auto n = static_cast<std::int64_t>(random(2) == 0 ? v : 0 - v);
    ASSERT_EQ(f32_from_i64(n), std::bit_cast<std::uint32_t>(static_cast<float>(n))) << n;
    const std::uint32_t bits = canonical(random.f32());
    const auto value = std::bit_cast<float>(bits);
    if (value > -9e18F && value < 9e18F) {
      const auto whole = static_cast<std::int64_t>(value);
      ASSERT_EQ(f32_to_signed(bits, ~std::uint64_t{0} >> 1), static_cast<std::uint64_t>(whole));
    }
  }
}

TEST(Arithmetic, ConstantCancellationIsPlusZero) {
  EXPECT_EQ(Integer::fma(kOne, kOne, kOne | kSignBit), 0U);
  EXPECT_EQ(Integer::fma(0x0d80'0000, 0x8d80'0000, 0),
            kSignBit);                             // 2^-100 times -2^-100 rounds to -0
  EXPECT_EQ(Integer::fma(0, kOne, kSignBit), 0U);  // and a padded tap makes it +0
}

TEST(WideInteger, PortableProductEqualsTheNativeOne) {
  test::Generator random(6);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t a = random.word() >> random(64);
    const std::uint64_t b = random.word() >> random(64);
    ASSERT_EQ(internal::multiply_words(a, b), internal::multiply(a, b)) << a << ' ' << b;
  }
  constexpr std::uint64_t kMax = ~std::uint64_t{0};
  EXPECT_EQ(internal::multiply_words(kMax, kMax), (internal::U128{kMax - 1, 1}));
}

TEST(WideInteger, Divides) {
  using internal::U128;
  EXPECT_EQ(internal::divide_fraction(1, 3), (U128{0x5555'5555'5555'5555, 0x5555'5555'5555'5555}));
  EXPECT_EQ(internal::divide_small({7, 0}, 7), (U128{1, 0}));
  EXPECT_EQ(internal::multiply_small(internal::divide_small({700, 4'000}, 10), 10),
            (U128{700, 4'000}));
}

// Known answers published with Random123.
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox4x32_10({}, {}),
            (PhiloxBlock{0x6627'e8d5, 0xe169'c58d, 0xbc57'ac4c, 0x9b00'dbd8}));
  constexpr std::uint32_t kOnes = 0xffff'ffff;
  EXPECT_EQ(philox4x32_10({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (PhiloxBlock{0x408f'276d, 0x41c8'3b0e, 0xa20b'c7c6, 0x6d54'51fd}));
}

TEST(Shuffle, IsAPermutationInEveryEpoch) {
  for (const std::uint64_t n : {1U, 2U, 7U, 64U, 1000U}) {
    const PhiloxKey key = philox_key(42, n);
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
      std::set<std::uint64_t> seen;
      for (std::uint64_t x = 0; x < n; ++x) {
        std::uint64_t y = x;
        for (std::uint32_t r = 0; r < kShuffleRounds; ++r) {
          y = shuffle_round(key, epoch, r, n, shuffle_offset(key, epoch, r, n), y);
        }
        ASSERT_LT(y, n);
        seen.insert(y);
      }
      ASSERT_EQ(seen.size(), n);
    }
  }
}

TEST(WideValue, AddsMultipliesAndDivides) {
  using internal::WideValue;
  const auto of = [](std::uint32_t whole) { return internal::normalised(false, 0, {0, whole}); };
  const auto bits = [](const WideValue& v) { return internal::rounded(v); };
  EXPECT_EQ(bits(internal::add(of(3), of(4))), Hardware::add(0x4040'0000, 0x4080'0000));
  EXPECT_EQ(bits(internal::add(of(1), internal::divide(of(1), of(3)))), 0x3faa'aaabU);
  WideValue minus_five = of(5);
  minus_five.negative = true;
  EXPECT_EQ(bits(internal::add(of(3), minus_five)), 0xc000'0000U);
  EXPECT_EQ(bits(internal::add(minus_five, of(7))), 0x4000'0000U);
  EXPECT_EQ(bits(internal::multiply(minus_five, minus_five)), 0x41c8'0000U);
  const WideValue third = internal::divide(of(1), of(3));  // below 1/3, by less than 2^-120 of it
  EXPECT_EQ(third.significand.high, 0xaaaa'aaaa'aaaa'aaaaU);
  EXPECT_LT(0xaaaa'aaaa'aaaa'aaaaU - third.significand.low, 128U);
  EXPECT_EQ(internal::to_fixed(of(9), 60).low, std::uint64_t{9} << 60);
  EXPECT_EQ(internal::to_fixed(of(9), -3), (internal::U128{0, 1}));
  EXPECT_EQ(bits(internal::wide_magnitude(0x8000'0003)), 3U);
}

TEST(Functions, FollowTheirTablesOfSpecialValues) {
  constexpr std::uint32_t kHalf = 0x3f00'0000;
  constexpr std::uint32_t kMinusOne = kOne | kSignBit;
  const std::uint32_t in[] = {kNaN, kMinusInfinity, kSignBit, 0, kInfinity};
  const std::pair<OpCode, std::array<std::uint32_t, 5>> rows[] = {
      {OpCode::kExp, {kNaN, 0, kOne, kOne, kInfinity}},
      {OpCode::kLog, {kNaN, kNaN, kMinusInfinity, kMinusInfinity, kInfinity}},
      {OpCode::kTanh, {kNaN, kMinusOne, kSignBit, 0, kOne}},
      {OpCode::kErf, {kNaN, kMinusOne, kSignBit, 0, kOne}},
      {OpCode::kSin, {kNaN, kNaN, kSignBit, 0, kNaN}},
      {OpCode::kCos, {kNaN, kNaN, kOne, kOne, kNaN}},
      {OpCode::kRsqrt, {kNaN, kNaN, kMinusInfinity, kInfinity, 0}},
      {OpCode::kSigmoid, {kNaN, 0, kHalf, kHalf, kOne}}};
  for (const auto& [op, out] : rows) {
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(unary_f32<Integer>(op, in[i]), out[i]) << name_of(op) << i;
      EXPECT_EQ(unary_f32<Hardware>(op, in[i]), out[i]) << name_of(op) << i;
    }
  }
  for (const std::uint32_t power_of_four : {0x0080'0000U, 0x3e80'0000U, kOne, 0x4080'0000U}) {
    const std::uint32_t root = Integer::rsqrt(power_of_four);
    EXPECT_EQ(Integer::mul(Integer::mul(root, root), power_of_four), kOne);
  }
}

// A sample of all exponents; function_sample_test.cpp asks MPFR too, and
// functions_exhaustive_test.cpp runs all 2^32 inputs.
TEST(Functions, HardwareKernelAndIntegersAgreeOnASample) {
  constexpr std::size_t kCount = 4'096;
  constexpr std::uint32_t kStep = 32'771;  // a prime: every exponent, all kinds of significands
  SerialTaskPool pool;
  for (const OpCode op : {OpCode::kExp, OpCode::kLog, OpCode::kTanh, OpCode::kErf, OpCode::kSin,
                          OpCode::kCos, OpCode::kRsqrt, OpCode::kSigmoid}) {
    NodeSpec s;
    s.op = op;
    s.output = {DType::kF32, {kCount}};
    s.operand_count = 1;
    s.operands[0] = s.output;
    const test::Buffer x(kCount * 4);
    std::uint32_t bits = 12'345;
    for (std::uint64_t base = 0; base < 1ULL << 32; base += std::uint64_t{kCount} * kStep) {
      for (std::size_t i = 0; i < kCount; ++i, bits += kStep)
        store_element(DType::kF32, x.data(), i, bits);
      const test::Buffer got = test::run_node(best_isa(), s, {x}, pool);
      for (std::size_t i = 0; i < kCount; ++i) {
        const auto in =
            canonical(static_cast<std::uint32_t>(load_element(DType::kF32, x.data(), i)));
        const std::uint32_t want = unary_f32<Integer>(op, in);
        ASSERT_EQ(load_element(DType::kF32, got.data(), i), want)
            << name_of(op) << ' ' << std::hex << in;
        ASSERT_EQ(unary_f32<Hardware>(op, in), want) << name_of(op) << ' ' << std::hex << in;
      }
    }
  }
}

}  // namespace
}  // namespace assay::numerics
