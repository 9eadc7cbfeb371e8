// Owning bytes and hexadecimal text.
#pragma once

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
// As from_hex; kMalformed too unless there are exactly 64 digits.
[[nodiscard]] Result<Hash256> hash_from_hex(std::string_view text);

[[nodiscard]] inline ByteView as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline Bytes to_bytes(ByteView view) { return Bytes(view.begin(), view.end()); }

}  // namespace assay
