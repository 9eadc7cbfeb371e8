// exp, log, tanh and sigmoid of binary32 in fixed-point integers (docs/spec/numerics.md).
// Freestanding.
#include "assay/numerics/arithmetic_integer.hpp"
#include "internal/functions_integer.hpp"

namespace assay::numerics {
namespace internal {
namespace {

constexpr U128 kLn2{0xB172'17F7'D1CF'79AB, 0xC9E3'B398'03F2'F6AF};  // ln 2, scaled by 2^128
constexpr U128 kLn2Scaled120 = shift_right(kLn2, 8);

constexpr int kLogTerms = 24;

struct OddReciprocals {
  U128 c[kLogTerms + 1];
};
// 1/(2n+1), scaled by 2^127.
constexpr OddReciprocals kOddReciprocals = [] {
  OddReciprocals r{};
  for (std::uint32_t n = 0; n <= kLogTerms; ++n) {
    r.c[n] = divide_small({std::uint64_t{1} << 63, 0}, 2 * n + 1);
  }
  return r;
}();

// The sum over n of x^n / (2n+1), scaled by 2^127; x scaled by 2^128.
U128 atanh_series(U128 x) noexcept {
  U128 sum = kOddReciprocals.c[kLogTerms];
  for (int n = kLogTerms - 1; n >= 0; --n) {
    sum = add(kOddReciprocals.c[n], multiply_high(sum, x));
  }
  return sum;
}

// e^x or e^-x for x scaled by 2^120, below 150.
WideValue exponential(bool negative, U128 x) noexcept {
  // k at most the quotient by ln 2, and at most 1 below it: 94548 / 2^16 < 1 / ln 2.
  std::uint64_t k = ((x.high >> 40) * 94'548) >> 32;
  x = subtract(x, multiply_small(kLn2Scaled120, k));
  while (!less(x, kLn2Scaled120)) {
    x = subtract(x, kLn2Scaled120);
    ++k;
  }
  auto exponent = static_cast<std::int32_t>(k);
  if (negative) {
    x = subtract(kLn2Scaled120, x);
    exponent = -exponent - 1;
  }
  return normalised(false, exponent - 127, exponential_series(0, shift_left(x, 8)));
}

}  // namespace

WideValue exp_wide(std::uint32_t a) noexcept {
  return exponential((a & kSignBit) != 0, to_fixed(wide_magnitude(a), 120));
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
  const U128 series = multiply_high(atanh_series(multiply_high(s, s)), s);
  if (e == 0) return normalised(below, -126, series);  // 2 * series / 2^127
  const U128 part = shift_right(series, 6);            // scaled by 2^120
  const std::uint64_t size = static_cast<std::uint64_t>(e < 0 ? -e : e);
  const U128 whole = multiply_small(kLn2Scaled120, size);
  const bool opposite = below == (e > 0);
  return normalised(e < 0, -120, opposite ? subtract(whole, part) : add(whole, part));
}

// With g = e^(2|a|) - 1, tanh |a| = g / (g + 2); for small |a| g comes from its own series, so that
// nothing cancels.
WideValue tanh_wide(std::uint32_t a) noexcept {
  WideValue y = wide_magnitude(a);
  ++y.exponent;
  WideValue g;
  if (y.exponent < -127) {  // y < 1
    const U128 series = exponential_series(1, to_fixed(y, 128));
    g = multiply(y, normalised(false, -127, series));
  } else {
    WideValue minus_one = kWideOne;
    minus_one.negative = true;
    g = add(exponential(false, to_fixed(y, 120)), minus_one);
  }
  constexpr WideValue kTwo{false, -126, {std::uint64_t{1} << 63, 0}};
  WideValue v = divide(g, add(g, kTwo));
  v.negative = (a & kSignBit) != 0;
  return v;
}

// With p = e^|a|, sigmoid(a) is p / (1 + p), or 1 / (1 + p) for negative a.
WideValue sigmoid_wide(std::uint32_t a) noexcept {
  const WideValue p = exponential(false, to_fixed(wide_magnitude(a), 120));
  return divide((a & kSignBit) != 0 ? kWideOne : p, add(kWideOne, p));
}

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

std::uint32_t IntegerArithmetic::tanh(std::uint32_t a) noexcept {
  if (is_nan(a)) return kNaN;
  const std::uint32_t magnitude = a & ~kSignBit;
  if (magnitude == 0) return a;
  if (magnitude >= 0x4180'0000) return kOne | (a & kSignBit);  // |a| >= 16
  return internal::rounded(internal::tanh_wide(a));
}

std::uint32_t IntegerArithmetic::sigmoid(std::uint32_t a) noexcept {
  if (is_nan(a)) return kNaN;
  const std::uint32_t magnitude = a & ~kSignBit;
  if (magnitude < 0x3280'0000) return 0x3f00'0000;                      // |a| < 2^-26: 1/2
  if (magnitude >= 0x42d0'0000) return (a & kSignBit) != 0 ? 0 : kOne;  // |a| >= 104
  return internal::rounded(internal::sigmoid_wide(a));
}

}  // namespace assay::numerics
