// binary32 as bit patterns: everything of the profile that needs no rounding arithmetic, so that
// the hardware's and the integer-only arithmetic share these lines (docs/spec/numerics.md).
// Freestanding.
#pragma once

#include <cstdint>

#include "assay/core/bytes.hpp"

namespace assay::numerics {

inline constexpr std::uint32_t kNaN = 0x7fc0'0000;
inline constexpr std::uint32_t kInfinity = 0x7f80'0000;
inline constexpr std::uint32_t kMinusInfinity = 0xff80'0000;
inline constexpr std::uint32_t kSignBit = 0x8000'0000;
inline constexpr std::uint32_t kOne = 0x3f80'0000;

[[nodiscard]] constexpr bool is_nan(std::uint32_t a) noexcept {
  return (a & ~kSignBit) > kInfinity;
}

// The one NaN that operators see and write.
[[nodiscard]] constexpr std::uint32_t canonical(std::uint32_t a) noexcept {
  return is_nan(a) ? kNaN : a;
}

// Orders all numbers, -0 below +0; not meaningful for NaN.
[[nodiscard]] constexpr std::int32_t order_key(std::uint32_t a) noexcept {
  return static_cast<std::int32_t>((a & kSignBit) != 0 ? a ^ ~kSignBit : a);
}

[[nodiscard]] constexpr std::uint32_t max_bits(std::uint32_t a, std::uint32_t b) noexcept {
  if (is_nan(a) || is_nan(b)) return kNaN;
  return order_key(a) < order_key(b) ? b : a;
}
[[nodiscard]] constexpr std::uint32_t min_bits(std::uint32_t a, std::uint32_t b) noexcept {
  if (is_nan(a) || is_nan(b)) return kNaN;
  return order_key(b) < order_key(a) ? b : a;
}
[[nodiscard]] constexpr std::uint32_t relu_bits(std::uint32_t a) noexcept { return max_bits(a, 0); }
[[nodiscard]] constexpr std::uint32_t neg_bits(std::uint32_t a) noexcept {
  return is_nan(a) ? kNaN : a ^ kSignBit;
}

// IEEE comparisons: NaN equals and precedes nothing, -0 equals +0.
[[nodiscard]] constexpr bool equal_bits(std::uint32_t a, std::uint32_t b) noexcept {
  return !is_nan(a) && !is_nan(b) && (a == b || ((a | b) & ~kSignBit) == 0);
}
[[nodiscard]] constexpr bool less_bits(std::uint32_t a, std::uint32_t b) noexcept {
  return !is_nan(a) && !is_nan(b) && !equal_bits(a, b) && order_key(a) < order_key(b);
}

// sign, and significand * 2^exponent rounded once, to nearest even. The lowest bit of the
// significand may be sticky if at least 27 significant bits stand above it.
[[nodiscard]] constexpr std::uint32_t round_to_f32(bool negative, std::int32_t exponent,
                                                   std::uint64_t significand) noexcept {
  const std::uint32_t sign = negative ? kSignBit : 0;
  if (significand == 0) return sign;
  const int zeros = std::countl_zero(significand);
  significand <<= zeros;
  const std::int32_t biased = exponent - zeros + 63 + 127;
  if (biased >= 255) return sign | kInfinity;
  const std::int32_t shift = biased >= 1 ? 40 : 41 - biased;
  if (shift > 64) return sign;
  const std::uint64_t kept = shift == 64 ? 0 : significand >> shift;
  const std::uint64_t lost = shift == 64 ? significand : significand << (64 - shift);
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 63;
  const bool up = lost > kHalf || (lost == kHalf && (kept & 1) != 0);
  // A carry out of the significand runs into the exponent field, where it belongs.
  const std::uint32_t base = biased >= 1 ? static_cast<std::uint32_t>(biased - 1) << 23 : 0;
  return sign | (base + static_cast<std::uint32_t>(kept) + (up ? 1U : 0U));
}

[[nodiscard]] constexpr std::uint32_t f32_from_u64(std::uint64_t a) noexcept {
  return round_to_f32(false, 0, a);
}
[[nodiscard]] constexpr std::uint32_t f32_from_i64(std::int64_t a) noexcept {
  const auto u = static_cast<std::uint64_t>(a);
  return a < 0 ? round_to_f32(true, 0, ~u + 1) : round_to_f32(false, 0, u);
}

// Towards zero, saturating at 0 and `limit`; NaN gives 0. The sign is not looked at.
[[nodiscard]] constexpr std::uint64_t magnitude_to_integer(std::uint32_t a,
                                                           std::uint64_t limit) noexcept {
  const std::uint32_t field = (a >> 23) & 0xff;
  if (is_nan(a) || field < 127) return 0;
  if (field >= 127 + 64) return limit;
  const std::uint64_t significand = (a & 0x7f'ffff) | 0x80'0000;
  const std::uint64_t value =
      field < 150 ? significand >> (150 - field) : significand << (field - 150);
  return value < limit ? value : limit;
}
[[nodiscard]] constexpr std::uint64_t f32_to_unsigned(std::uint32_t a, std::uint64_t max) noexcept {
  return (a & kSignBit) != 0 ? 0 : magnitude_to_integer(a, max);
}
// `max` is 2^31 - 1 or 2^63 - 1; the result is sign-extended to 64 bits.
[[nodiscard]] constexpr std::uint64_t f32_to_signed(std::uint32_t a, std::uint64_t max) noexcept {
  return (a & kSignBit) != 0 ? ~magnitude_to_integer(a, max + 1) + 1 : magnitude_to_integer(a, max);
}

// The upper 24 bits of a random word as a multiple of 2^-24 in [0, 1); exact.
[[nodiscard]] constexpr std::uint32_t uniform_from_word(std::uint32_t word) noexcept {
  return round_to_f32(false, -24, word >> 8);
}

}  // namespace assay::numerics
