// The block functions behind sha256.hpp. Private to crypto.
#pragma once

#include "assay/crypto/sha256.hpp"

namespace assay::crypto::internal {

// How many independent messages the widest kernel works on at once.
inline constexpr std::size_t kStreams = 4;

using States = std::array<std::uint32_t, 8>[kStreams];

[[nodiscard]] bool has_sha_ni() noexcept;
[[nodiscard]] bool has_avx512vl() noexcept;
void sha256_blocks_sha_ni(std::uint32_t* state8, const std::uint8_t* blocks, std::size_t count);
// Compresses `count` blocks of each of kStreams messages: message s from blocks[s], into states[s].
// What lies `ahead` bytes after a block will be hashed soon and is fetched already: short messages
// side by side are no pattern that the processor's own prefetchers find.
using Sha256Streams = void (*)(States& states, const std::uint8_t* const* blocks, std::size_t count,
                               std::size_t ahead);
void sha256_streams_sha_ni(States& states, const std::uint8_t* const* blocks, std::size_t count,
                           std::size_t ahead);
void sha256_streams_sha_ni_avx512(States& states, const std::uint8_t* const* blocks,
                                  std::size_t count, std::size_t ahead);

// One message through OpenSSL.
void sha256_openssl(const ByteView* parts, std::size_t count, std::uint8_t* digest32);

}  // namespace assay::crypto::internal
