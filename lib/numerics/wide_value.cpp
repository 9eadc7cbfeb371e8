// Wide values, and the series that several functions share. Freestanding.
#include "internal/wide_value.hpp"

#include "assay/numerics/float_bits.hpp"

namespace assay::numerics::internal {
namespace {

constexpr int kTerms = 32;
struct Factorials {
  U128 reciprocal[kTerms];
};
// 1/n!, scaled by 2^127.
constexpr Factorials kFactorials = [] {
  Factorials f{};
  f.reciprocal[0] = {std::uint64_t{1} << 63, 0};
  for (std::uint32_t n = 1; n < kTerms; ++n) {
    f.reciprocal[n] = divide_small(f.reciprocal[n - 1], n);
  }
  return f;
}();

}  // namespace

WideValue normalised(bool negative, std::int32_t exponent, U128 v) noexcept {
  const int zeros = v.high != 0 ? std::countl_zero(v.high) : 64 + std::countl_zero(v.low);
  return {negative, exponent - zeros, shift_left(v, static_cast<unsigned>(zeros))};
}

WideValue wide_magnitude(std::uint32_t a) noexcept {
  const std::uint32_t field = (a >> 23) & 0xff;
  const std::uint32_t fraction = a & 0x7f'ffff;
  if (field == 0) return normalised(false, -149, {0, fraction});
  return normalised(false, static_cast<std::int32_t>(field) - 150, {0, fraction | 0x80'0000});
}

U128 to_fixed(const WideValue& v, std::int32_t scale) noexcept {
  const std::int32_t right = -(v.exponent + scale);
  return right < 128 ? shift_right(v.significand, static_cast<unsigned>(right)) : U128{};
}

std::uint32_t rounded(const WideValue& v) noexcept {
  return round_to_f32(v.negative, v.exponent + 64, v.significand.high | 1);
}

WideValue add(const WideValue& a, const WideValue& b) noexcept {
  if (a.exponent < b.exponent || (a.exponent == b.exponent && less(a.significand, b.significand))) {
    return add(b, a);
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

WideValue multiply(const WideValue& a, const WideValue& b) noexcept {
  return normalised(a.negative != b.negative, a.exponent + b.exponent + 128,
                    multiply_high(a.significand, b.significand));
}

// By the divisor's reciprocal: 31 bits by one division, then twice as many by each of Newton's
// steps, which come near it from below.
WideValue divide(const WideValue& a, const WideValue& b) noexcept {
  const U128 d = b.significand;
  constexpr U128 kUnit{std::uint64_t{1} << 63, 0};
  U128 r = shift_left({0, ~std::uint64_t{0} / ((d.high >> 32) + 1)}, 95);  // 2^255 / d
  for (int i = 0; i < 2; ++i) {
    r = add(r, shift_left(multiply_high(r, subtract(kUnit, multiply_high(d, r))), 1));
  }
  return normalised(a.negative != b.negative, a.exponent - b.exponent - 127,
                    multiply_high(a.significand, r));
}

U128 exponential_series(int first, U128 x) noexcept {
  int n = kTerms - 1;
  U128 sum = kFactorials.reciprocal[n];
  while (--n >= first) sum = add(kFactorials.reciprocal[n], multiply_high(sum, x));
  return sum;
}

U128 circular_series(int first, U128 x) noexcept {
  int n = kTerms - 2 + first;
  U128 sum = kFactorials.reciprocal[n];
  while ((n -= 2) >= first) sum = subtract(kFactorials.reciprocal[n], multiply_high(sum, x));
  return sum;
}

}  // namespace assay::numerics::internal
