// Owning bytes and hexadecimal text.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assay/core/bytes.hpp"
#include "assay/core/result.hpp"

namespace assay {

using Bytes = std::vector<std::uint8_t>;

// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(ByteView bytes);
[[nodiscard]] inline std::string to_hex(const Hash256& hash) { return to_hex(hash.view()); }

// Errors: kMalformed for an odd count or a character that is not hexadecimal.
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);
// As from_hex, of exactly so many bytes; else none.
template <std::size_t kBytes>
[[nodiscard]] std::optional<std::array<std::uint8_t, kBytes>> array_from_hex(
    std::string_view text) {
  const Result<Bytes> bytes = from_hex(text);
  if (!bytes || bytes->size() != kBytes) return std::nullopt;
  std::array<std::uint8_t, kBytes> array;
  std::copy(bytes->begin(), bytes->end(), array.begin());
  return array;
}
// As from_hex; kMalformed too unless there are exactly 64 digits.
[[nodiscard]] Result<Hash256> hash_from_hex(std::string_view text);

[[nodiscard]] inline ByteView as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline Bytes to_bytes(ByteView view) { return Bytes(view.begin(), view.end()); }

}  // namespace assay
