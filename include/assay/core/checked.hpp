// Checked integers: every sum and product that untrusted numbers can reach goes through here.
// Freestanding.
#pragma once

#include <concepts>

namespace assay {

template <std::integral T>
[[nodiscard]] constexpr bool checked_add(T a, T b, T& out) noexcept {
  return !__builtin_add_overflow(a, b, &out);
}
template <std::integral T>
[[nodiscard]] constexpr bool checked_sub(T a, T b, T& out) noexcept {
  return !__builtin_sub_overflow(a, b, &out);
}
template <std::integral T>
[[nodiscard]] constexpr bool checked_mul(T a, T b, T& out) noexcept {
  return !__builtin_mul_overflow(a, b, &out);
}
template <std::unsigned_integral T>
[[nodiscard]] constexpr T ceil_div(T a, T b) noexcept {
  return a / b + (a % b != 0);
}

}  // namespace assay
