// 128-bit unsigned integers from 64-bit words. Freestanding: no compiler's 128-bit helper is called
// where the target would take it from a library.
#pragma once

#include <cstdint>

namespace assay::numerics::internal {

struct U128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend constexpr bool operator==(const U128&, const U128&) = default;
};

[[nodiscard]] constexpr U128 add(U128 a, U128 b) noexcept {
  const std::uint64_t low = a.low + b.low;
  return {a.high + b.high + (low < a.low ? 1U : 0U), low};
}
[[nodiscard]] constexpr U128 subtract(U128 a, U128 b) noexcept {
  return {a.high - b.high - (a.low < b.low ? 1U : 0U), a.low - b.low};
}
[[nodiscard]] constexpr bool less(U128 a, U128 b) noexcept {
  return a.high < b.high || (a.high == b.high && a.low < b.low);
}
// 0 <= n < 128
[[nodiscard]] constexpr U128 shift_left(U128 a, unsigned n) noexcept {
  if (n == 0) return a;
  if (n >= 64) return {a.low << (n - 64), 0};
  return {a.high << n | a.low >> (64 - n), a.low << n};
}
[[nodiscard]] constexpr U128 shift_right(U128 a, unsigned n) noexcept {
  if (n == 0) return a;
  if (n >= 64) return {0, a.high >> (n - 64)};
  return {a.high >> n, a.high << (64 - n) | a.low >> n};
}

// The portable product: four of 32 bits. Out of line where it is needed: it is large.
[[nodiscard, gnu::noinline]] constexpr U128 multiply_words(std::uint64_t a,
                                                           std::uint64_t b) noexcept {
  const std::uint64_t a0 = a & 0xffff'ffff;
  const std::uint64_t a1 = a >> 32;
  const std::uint64_t b0 = b & 0xffff'ffff;
  const std::uint64_t b1 = b >> 32;
  const std::uint64_t low = a0 * b0;
  const std::uint64_t middle = a1 * b0 + (low >> 32);
  const std::uint64_t other = a0 * b1 + (middle & 0xffff'ffff);
  return {a1 * b1 + (middle >> 32) + (other >> 32), other << 32 | (low & 0xffff'ffff)};
}

[[nodiscard]] constexpr U128 multiply(std::uint64_t a, std::uint64_t b) noexcept {
#if defined(__SIZEOF_INT128__) && (defined(__x86_64__) || defined(__aarch64__))
  __extension__ typedef unsigned __int128 Native;
  const Native p = static_cast<Native>(a) * b;
  return {static_cast<std::uint64_t>(p >> 64), static_cast<std::uint64_t>(p)};
#else
  return multiply_words(a, b);
#endif
}

// The upper 128 bits of the product, less at most 2 (the product of the low words is left out).
[[nodiscard]] constexpr U128 multiply_high(U128 a, U128 b) noexcept {
  const U128 x = multiply(a.high, b.low);
  const U128 y = multiply(a.low, b.high);
  const std::uint64_t middle = x.low + y.low;
  const U128 carry{0, x.high + (middle < x.low ? 1U : 0U)};
  return add(add(multiply(a.high, b.high), carry), U128{0, y.high});
}

// a * b, whose product must fit.
[[nodiscard]] constexpr U128 multiply_small(U128 a, std::uint64_t b) noexcept {
  U128 p = multiply(a.low, b);
  p.high += a.high * b;
  return p;
}

// a / d by 32-bit digits; 0 < d < 2^32.
[[nodiscard]] constexpr U128 divide_small(U128 a, std::uint32_t d) noexcept {
  const std::uint32_t digits[4] = {
      static_cast<std::uint32_t>(a.high >> 32), static_cast<std::uint32_t>(a.high),
      static_cast<std::uint32_t>(a.low >> 32), static_cast<std::uint32_t>(a.low)};
  std::uint64_t q[4] = {};
  std::uint64_t rest = 0;
  for (int i = 0; i < 4; ++i) {
    rest = rest << 32 | digits[i];
    q[i] = rest / d;
    rest %= d;
  }
  return {q[0] << 32 | q[1], q[2] << 32 | q[3]};
}

// floor(2^128 * a / d) for a < d < 2^32.
[[nodiscard]] constexpr U128 divide_fraction(std::uint32_t a, std::uint32_t d) noexcept {
  std::uint64_t q[4] = {};
  std::uint64_t rest = a;
  for (int i = 0; i < 4; ++i) {
    rest <<= 32;
    q[i] = rest / d;
    rest %= d;
  }
  return {q[0] << 32 | q[1], q[2] << 32 | q[3]};
}

}  // namespace assay::numerics::internal
