// SHA-256 at the machine's speed: single messages, and many short ones interleaved, which is what
// Merkle trees are made of. The implementation is chosen once, at first use, from what the
// processor has; the digests are the same whichever it is. Everything here is thread-safe but
// force_sha256_kind().
#pragma once

#include "assay/crypto/sha256_portable.hpp"

namespace assay::crypto {

enum class Sha256Kind : std::uint8_t {
  kPortable = 0,     // plain C++
  kOpenssl = 1,      // OpenSSL's EVP, one stream
  kShaNi = 2,        // x86 SHA extensions, several streams interleaved
  kShaNiAvx512 = 3,  // the same, and sixteen messages at once in AVX-512's lanes
};

[[nodiscard]] const char* name_of(Sha256Kind kind) noexcept;
[[nodiscard]] bool is_supported(Sha256Kind kind) noexcept;
// The kind in use: the best supported one unless a test forced another.
[[nodiscard]] Sha256Kind active_sha256_kind() noexcept;
// For tests and benches, while no other thread hashes. `kind` must be supported.
void force_sha256_kind(Sha256Kind kind);

[[nodiscard]] Hash256 sha256(ByteView message);
// The digest of the concatenation of the parts.
[[nodiscard]] Hash256 sha256(std::initializer_list<ByteView> parts);
// The active implementation, to hand to freestanding rooms.
[[nodiscard]] Sha256Function sha256_function() noexcept;
// The active block function, for incremental hashing: Sha256 hash(sha256_blocks());
[[nodiscard]] Sha256Blocks sha256_blocks() noexcept;

// How many leaves `size` bytes make: the length of `out` below.
[[nodiscard]] constexpr std::size_t leaf_count(std::size_t size, std::size_t leaf_size) {
  return size / leaf_size + (size % leaf_size != 0);
}
// out[i] = SHA-256(prefix || i-th chunk of leaf_size bytes); the last chunk may be shorter, and no
// data makes no chunk. leaf_size > 0. `out` must not overlap `data`.
void sha256_many_prefixed(std::uint8_t prefix, ByteView data, std::size_t leaf_size, Hash256* out);

// out[i] = SHA-256(prefix || nodes[2i] || nodes[2i+1]), i < pairs. `out` may be `nodes` itself: a
// tree is folded in place, level by level.
void sha256_pairs(std::uint8_t prefix, const Hash256* nodes, std::size_t pairs, Hash256* out);

}  // namespace assay::crypto
