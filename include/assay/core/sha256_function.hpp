// SHA-256 as a function that is handed in, so that freestanding rooms name no implementation.
// `crypto/sha256.hpp` has the implementations. Freestanding.
#pragma once

#include <initializer_list>

#include "assay/core/bytes.hpp"

namespace assay {

// The digest of the concatenation of `count` parts.
using Sha256Function = void (*)(const ByteView* parts, std::size_t count, std::uint8_t* digest32);

[[nodiscard]] inline Hash256 sha256_of(Sha256Function sha256,
                                       std::initializer_list<ByteView> parts) {
  Hash256 hash;
  sha256(parts.begin(), parts.size(), hash.bytes.data());
  return hash;
}

}  // namespace assay
