// Floating-point values with 128 bits of significand, made of integers. Results are cut off, not
// rounded: an operation's relative error is below 2^-120. Freestanding.
#pragma once

#include "internal/wide_integer.hpp"

namespace assay::numerics::internal {

// significand * 2^exponent, the significand's top bit set.
struct WideValue {
  bool negative = false;
  std::int32_t exponent = 0;
  U128 significand;
};

inline constexpr WideValue kWideOne{false, -127, {std::uint64_t{1} << 63, 0}};

// v must not be 0.
[[nodiscard]] WideValue normalised(bool negative, std::int32_t exponent, U128 v) noexcept;
// |a|, exactly; a finite and not 0.
[[nodiscard]] WideValue wide_magnitude(std::uint32_t a) noexcept;
// floor(|v| * 2^scale), which must be below 2^128.
[[nodiscard]] U128 to_fixed(const WideValue& v, std::int32_t scale) noexcept;
// To binary32, of a value that is cut off: a sticky bit stands for what is missing.
[[nodiscard]] std::uint32_t rounded(const WideValue& v) noexcept;

// a and b must not cancel.
[[nodiscard]] WideValue add(const WideValue& a, const WideValue& b) noexcept;
[[nodiscard]] WideValue multiply(const WideValue& a, const WideValue& b) noexcept;
[[nodiscard]] WideValue divide(const WideValue& a, const WideValue& b) noexcept;

// The sum over n of x^n / (first + n)!, first 0 or 1, scaled by 2^127; x scaled by 2^128; error
// below 2^-116.
[[nodiscard]] U128 exponential_series(int first, U128 x) noexcept;
// The sum over n of (-x)^n / (first + 2n)!, likewise.
[[nodiscard]] U128 circular_series(int first, U128 x) noexcept;

}  // namespace assay::numerics::internal
