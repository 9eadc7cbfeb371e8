// exp and log before rounding: what the proof of correct rounding looks at. Freestanding.
#pragma once

#include "internal/wide_integer.hpp"

namespace assay::numerics::internal {

// significand * 2^exponent, the significand's top bit set, relative error below 2^-kExpLogBits.
struct WideValue {
  bool negative = false;
  std::int32_t exponent = 0;
  U128 significand;
};

inline constexpr int kExpLogBits = 96;

// e^a for a finite with 2^-26 <= |a| < 104 (smaller arguments give 1, larger ones 0 or infinity).
[[nodiscard]] WideValue exp_wide(std::uint32_t a) noexcept;
// log(a) for a positive, finite and not 1.
[[nodiscard]] WideValue log_wide(std::uint32_t a) noexcept;

}  // namespace assay::numerics::internal
