// How near a value lies to where rounding to binary32 changes.
#pragma once

#include <algorithm>
#include <bit>

#include "internal/functions_integer.hpp"

namespace assay::numerics::test {

// Bits below the leading one down to which the value agrees with the nearest rounding boundary, a
// midpoint of two neighbouring binary32 numbers. Up to 128.
inline int bits_to_boundary(const internal::WideValue& v) {
  const int kept = std::min(24, v.exponent + 127 + 150);  // significant bits that rounding keeps
  if (kept < 0) return 0;
  // What rounding drops is compared with one half: the pattern 1000...
  const internal::U128 rest = internal::shift_left(v.significand, static_cast<unsigned>(kept));
  const internal::U128 half{std::uint64_t{1} << 63, 0};
  const internal::U128 apart =
      internal::less(rest, half) ? internal::subtract(half, rest) : internal::subtract(rest, half);
  return kept +
         (apart.high != 0 ? std::countl_zero(apart.high) : 64 + std::countl_zero(apart.low | 1));
}

}  // namespace assay::numerics::test
