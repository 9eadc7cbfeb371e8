// erf of binary32 in fixed-point integers (docs/spec/numerics.md). Freestanding.
#include "assay/numerics/arithmetic_integer.hpp"
#include "internal/functions_integer.hpp"

namespace assay::numerics {
namespace internal {

// 2/sqrt(pi) times the sum of (-1)^n x^(2n+1) / (n! (2n+1)), until a term is 0 in its place. Terms
// reach 2^20 below |a| = 4, and cutting off at 2^-104 adds up to less than 2^-88 of a sum that is
// at least 0.22.
WideValue erf_wide(std::uint32_t a) noexcept {
  constexpr WideValue kTwoOverRootPi{false, -127, {0x906e'ba82'14db'688d, 0x71d4'8a7f'6bfe'c344}};
  const WideValue x = wide_magnitude(a);
  const U128 square = to_fixed(multiply(x, x), 124);
  U128 power{std::uint64_t{1} << 40, 0};  // x^(2n) / n!, scaled by 2^104
  U128 sum = power;
  for (std::uint32_t n = 1; power != U128{}; ++n) {
    power = divide_small(multiply_high(shift_left(power, 4), square), n);
    const U128 term = divide_small(power, 2 * n + 1);
    sum = (n & 1) != 0 ? subtract(sum, term) : add(sum, term);
  }
  WideValue v = multiply(multiply(x, normalised(false, -104, sum)), kTwoOverRootPi);
  v.negative = (a & kSignBit) != 0;
  return v;
}

}  // namespace internal

std::uint32_t IntegerArithmetic::erf(std::uint32_t a) noexcept {
  if (is_nan(a)) return kNaN;
  const std::uint32_t magnitude = a & ~kSignBit;
  if (magnitude == 0) return a;
  if (magnitude >= 0x4080'0000) return kOne | (a & kSignBit);  // |a| >= 4
  return internal::rounded(internal::erf_wide(a));
}

}  // namespace assay::numerics
