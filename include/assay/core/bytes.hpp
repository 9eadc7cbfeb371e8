// Bytes, digests and little-endian words. Freestanding: the hosted helpers are in core/hex.hpp.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace assay {

static_assert(std::endian::native == std::endian::little, "assay needs a little-endian machine");
static_assert(sizeof(float) == 4 && sizeof(double) == 8);

using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

// A SHA-256 digest. Ordered bytewise.
struct Hash256 {
  std::array<std::uint8_t, 32> bytes{};
  friend constexpr bool operator==(const Hash256&, const Hash256&) = default;
  friend std::strong_ordering operator<=>(const Hash256& a, const Hash256& b) noexcept {
    return std::memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) <=> 0;
  }
  [[nodiscard]] constexpr ByteView view() const noexcept { return {bytes.data(), bytes.size()}; }
};

template <class T>
[[nodiscard]] inline T load_le(const std::uint8_t* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
inline void store_le(std::uint8_t* to, T value) noexcept {
  std::memcpy(to, &value, sizeof value);
}

[[nodiscard]] inline bool equal_bytes(ByteView a, ByteView b) noexcept {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace assay
