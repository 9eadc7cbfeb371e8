// The transcendental functions before rounding, in fixed-point integers of 128 bits: what the
// integer arithmetic rounds, and what the proofs of correct rounding look at. Freestanding.
#pragma once

#include "internal/wide_value.hpp"

namespace assay::numerics::internal {

// Each value's relative error is below 2^-kWideBits, erf's below 2^-kErfBits.
inline constexpr int kWideBits = 96;
inline constexpr int kErfBits = 84;

// The domains below are where a result has to be computed; outside them it is known.

// 2^-26 <= |a| < 104
[[nodiscard]] WideValue exp_wide(std::uint32_t a) noexcept;
// a positive, finite and not 1
[[nodiscard]] WideValue log_wide(std::uint32_t a) noexcept;
// 0 < |a| < 16
[[nodiscard]] WideValue tanh_wide(std::uint32_t a) noexcept;
// 2^-26 <= |a| < 104
[[nodiscard]] WideValue sigmoid_wide(std::uint32_t a) noexcept;
// 0 < |a| < 4
[[nodiscard]] WideValue erf_wide(std::uint32_t a) noexcept;
// a finite and not 0
[[nodiscard]] WideValue sin_wide(std::uint32_t a) noexcept;
[[nodiscard]] WideValue cos_wide(std::uint32_t a) noexcept;

}  // namespace assay::numerics::internal
