// exp and log of binary32 in fixed-point integers of 128 bits (docs/spec/numerics.md, "exp",
// "log"). Freestanding.
//
// Over all binary32 inputs no value of exp comes nearer to a rounding boundary than 52 bits below
// its leading one, none of log nearer than 58 (measured by exp_log_exhaustive_test.cpp, which
// visits all); the error here is below 2^-96, so cutting to 64 bits and rounding those rounds
// correctly.
#include "internal/exp_log_integer.hpp"

#include "assay/numerics/arithmetic_integer.hpp"

namespace assay::numerics {
namespace internal {
namespace {

constexpr U128 kLn2{0xB172'17F7'D1CF'79AB, 0xC9E3'B398'03F2'F6AF};  // ln 2, scaled by 2^128
constexpr U128 kLn2Scaled120 = shift_right(kLn2, 8);

constexpr int kExpTerms = 31;
constexpr int kLogTerms = 24;

struct Series {
  U128 c[32];
};

// 1/n!, scaled by 2^127.
constexpr Series factorials() noexcept {
  Series s{};
  s.c[0] = {std::uint64_t{1} << 63, 0};
  for (std::uint32_t n = 1; n <= kExpTerms; ++n) s.c[n] = divide_small(s.c[n - 1], n);
  return s;
}
// 1/(2n+1), scaled by 2^127.
constexpr Series odd_reciprocals() noexcept {
  Series s{};
  for (std::uint32_t n = 0; n <= kLogTerms; ++n) {
    s.c[n] = divide_small({std::uint64_t{1} << 63, 0}, 2 * n + 1);
  }
  return s;
}
constexpr Series kFactorials = factorials();
constexpr Series kOddReciprocals = odd_reciprocals();

// x scaled by 2^128; the sum scaled by 2^127.
U128 horner(const Series& s, int terms, U128 x) noexcept {
  U128 sum = s.c[terms];
  for (int n = terms - 1; n >= 0; --n) sum = add(s.c[n], multiply_high(sum, x));
  return sum;
}

WideValue normalised(bool negative, std::int32_t exponent, U128 v) noexcept {
  const int zeros = v.high != 0 ? std::countl_zero(v.high) : 64 + std::countl_zero(v.low);
  return {negative, exponent - zeros, shift_left(v, static_cast<unsigned>(zeros))};
}

}  // namespace

WideValue exp_wide(std::uint32_t a) noexcept {
  const auto field = static_cast<std::int32_t>((a >> 23) & 0xff);
  const std::uint64_t significand = (a & 0x7f'ffff) | 0x80'0000;
  // |a| scaled by 2^120: exact, since |a| >= 2^-26 puts its lowest bit at 2^-49 or above.
  U128 x = shift_left({0, significand}, static_cast<unsigned>(field - 150 + 120));
  // k at most the quotient by ln 2, and at most 1 below it: 94548 / 2^16 < 1 / ln 2.
  std::uint64_t k = ((x.high >> 40) * 94'548) >> 32;
  x = subtract(x, multiply_small(kLn2Scaled120, k));
  while (!less(x, kLn2Scaled120)) {
    x = subtract(x, kLn2Scaled120);
    ++k;
  }
  auto exponent = static_cast<std::int32_t>(k);
  if ((a & kSignBit) != 0) {
    x = subtract(kLn2Scaled120, x);
    exponent = -exponent - 1;
  }
  return normalised(false, exponent - 127, horner(kFactorials, kExpTerms, shift_left(x, 8)));
}

WideValue log_wide(std::uint32_t a) noexcept {
  std::uint32_t m = a & 0x7f'ffff;
  auto e = static_cast<std::int32_t>(a >> 23);
  if (e == 0) {
    const int zeros = std::countl_zero(m) - 8;
    m <<= zeros;
    e = 1 - zeros;
  }
  m |= 0x80'0000;
  e -= 127;
  std::uint32_t one = 0x80'0000;
  if (m >= 11'863'283) {  // sqrt(2) * 2^23: keeps |log(m)| small
    one <<= 1;
    ++e;
  }
  // log(m / one) = 2 atanh(s), s = (m - one) / (m + one)
  const bool below = m < one;
  const U128 s = divide_fraction(below ? one - m : m - one, m + one);
  const U128 series = multiply_high(horner(kOddReciprocals, kLogTerms, multiply_high(s, s)), s);
  if (e == 0) return normalised(below, -126, series);  // 2 * series / 2^127
  const U128 part = shift_right(series, 6);            // scaled by 2^120
  const std::uint64_t size = static_cast<std::uint64_t>(e < 0 ? -e : e);
  const U128 whole = multiply_small(kLn2Scaled120, size);
  const bool opposite = below == (e > 0);
  return normalised(e < 0, -120, opposite ? subtract(whole, part) : add(whole, part));
}

namespace {
std::uint32_t rounded(const WideValue& v) noexcept {
  // The values are irrational, so the bits cut off are never all zero.
  return round_to_f32(v.negative, v.exponent + 64, v.significand.high | 1);
}
}  // namespace
}  // namespace internal

std::uint32_t IntegerArithmetic::exp(std::uint32_t a) noexcept {
  if (is_nan(a)) return kNaN;
  const std::uint32_t magnitude = a & ~kSignBit;
  const bool negative = a != magnitude;
  if (magnitude < 0x3280'0000) return kOne;                       // |a| < 2^-26
  if (magnitude >= 0x42d0'0000) return negative ? 0 : kInfinity;  // |a| >= 104
  return internal::rounded(internal::exp_wide(a));
}

std::uint32_t IntegerArithmetic::log(std::uint32_t a) noexcept {
  if ((a & ~kSignBit) == 0) return kMinusInfinity;
  if (is_nan(a) || (a & kSignBit) != 0) return kNaN;
  if (a == kInfinity) return kInfinity;
  if (a == kOne) return 0;
  return internal::rounded(internal::log_wide(a));
}

}  // namespace assay::numerics
