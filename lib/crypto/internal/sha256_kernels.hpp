// The block functions behind sha256.hpp. Private to crypto.
#pragma once

#include "assay/crypto/sha256.hpp"

namespace assay::crypto::internal {

// How many independent messages the kernels of the SHA extensions work on at once, and that of
// AVX-512's lanes.
inline constexpr std::size_t kStreams = 4;
inline constexpr std::size_t kLanes = 16;

using States = std::array<std::uint32_t, 8>[kStreams];

[[nodiscard]] bool has_sha_ni() noexcept;
[[nodiscard]] bool has_avx512() noexcept;
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

// out[i] = SHA-256(prefix || data[i * size, (i + 1) * size)), i < count, 0 < count <= kLanes. Reads
// all of them before it writes; takes as long for one as for kLanes.
void sha256_lanes_avx512(std::uint8_t prefix, const std::uint8_t* data, std::size_t size,
                         std::size_t count, Hash256* out);

// One message through OpenSSL.
void sha256_openssl(const ByteView* parts, std::size_t count, std::uint8_t* digest32);

}  // namespace assay::crypto::internal
