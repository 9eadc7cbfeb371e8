// Floating-point values with 128 bits of significand, made of integers. Results are cut off, not
// rounded: an operation's relative error is below 2^-124. Freestanding.
#pragma once

#include "assay/numerics/float_bits.hpp"
#include "internal/wide_integer.hpp"

namespace assay::numerics::internal {

// significand * 2^exponent, the significand's top bit set.
struct WideValue {
  bool negative = false;
  std::int32_t exponent = 0;
  U128 significand;
};

// v must not be 0.
[[nodiscard]] constexpr WideValue normalised(bool negative, std::int32_t exponent,
                                             U128 v) noexcept {
  const int zeros = v.high != 0 ? std::countl_zero(v.high) : 64 + std::countl_zero(v.low);
  return {negative, exponent - zeros, shift_left(v, static_cast<unsigned>(zeros))};
}

// |a|, exactly; a finite and not 0.
[[nodiscard]] constexpr WideValue wide_magnitude(std::uint32_t a) noexcept {
  const std::uint32_t field = (a >> 23) & 0xff;
  const std::uint32_t fraction = a & 0x7f'ffff;
  if (field == 0) return normalised(false, -149, {0, fraction});
  return normalised(false, static_cast<std::int32_t>(field) - 150, {0, fraction | 0x80'0000});
}

// floor(|v| * 2^scale), which must be below 2^128.
[[nodiscard]] constexpr U128 to_fixed(const WideValue& v, std::int32_t scale) noexcept {
  const std::int32_t right = -(v.exponent + scale);
  return right < 128 ? shift_right(v.significand, static_cast<unsigned>(right)) : U128{};
}

// a and b must not cancel.
[[nodiscard]] constexpr WideValue add(WideValue a, WideValue b) noexcept {
  if (a.exponent < b.exponent || (a.exponent == b.exponent && less(a.significand, b.significand))) {
    const WideValue smaller = a;
    a = b;
    b = smaller;
  }
  const U128 aligned = to_fixed(b, -a.exponent);
  if (a.negative != b.negative) {
    return normalised(a.negative, a.exponent, subtract(a.significand, aligned));
  }
  const U128 sum = add(a.significand, aligned);
  if (!less(sum, aligned)) return {a.negative, a.exponent, sum};
  const U128 carried = shift_right(sum, 1);
  return {a.negative, a.exponent + 1, {carried.high | std::uint64_t{1} << 63, carried.low}};
}

[[nodiscard]] constexpr WideValue multiply(const WideValue& a, const WideValue& b) noexcept {
  return normalised(a.negative != b.negative, a.exponent + b.exponent + 128,
                    multiply_high(a.significand, b.significand));
}

// By one bit of the quotient after the other.
[[nodiscard]] constexpr WideValue divide(const WideValue& a, const WideValue& b) noexcept {
  U128 rest = a.significand;
  U128 quotient;
  bool carry = false;
  for (int i = 0; i < 128; ++i) {
    quotient = shift_left(quotient, 1);
    if (carry || !less(rest, b.significand)) {
      rest = subtract(rest, b.significand);
      quotient.low |= 1;
    }
    carry = rest.high >> 63 != 0;
    rest = shift_left(rest, 1);
  }
  return normalised(a.negative != b.negative, a.exponent - b.exponent - 127, quotient);
}

// To binary32, of a value that is cut off: the sticky bit stands for what is missing.
[[nodiscard]] constexpr std::uint32_t rounded(const WideValue& v) noexcept {
  return round_to_f32(v.negative, v.exponent + 64, v.significand.high | 1);
}

inline constexpr WideValue kWideOne{false, -127, {std::uint64_t{1} << 63, 0}};
inline constexpr WideValue kWideTwo{false, -126, {std::uint64_t{1} << 63, 0}};

inline constexpr int kFactorialTerms = 32;
struct Factorials {
  U128 reciprocal[kFactorialTerms];
};
// 1/n!, scaled by 2^127.
inline constexpr Factorials kFactorials = [] {
  Factorials f{};
  f.reciprocal[0] = {std::uint64_t{1} << 63, 0};
  for (std::uint32_t n = 1; n < kFactorialTerms; ++n) {
    f.reciprocal[n] = divide_small(f.reciprocal[n - 1], n);
  }
  return f;
}();

// The sum over n of x^n / (first + n)!, scaled by 2^127; x scaled by 2^128; error below 2^-116.
[[nodiscard]] constexpr U128 exponential_series(int first, U128 x) noexcept {
  int n = kFactorialTerms - 1;
  U128 sum = kFactorials.reciprocal[n];
  while (--n >= first) sum = add(kFactorials.reciprocal[n], multiply_high(sum, x));
  return sum;
}
// The sum over n of (-x)^n / (first + 2n)!, first 0 or 1; scales and error likewise.
[[nodiscard]] constexpr U128 circular_series(int first, U128 x) noexcept {
  int n = kFactorialTerms - 2 + first;
  U128 sum = kFactorials.reciprocal[n];
  while ((n -= 2) >= first) sum = subtract(kFactorials.reciprocal[n], multiply_high(sum, x));
  return sum;
}

}  // namespace assay::numerics::internal
