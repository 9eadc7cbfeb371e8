// Proofs that an authenticated map holds, or does not hold, a key (docs/spec/commit.md): what a
// light client checks. The tree is the sparse binary Merkle tree of the public `jmt` crate with
// SHA-256: keys and values are hashed, a subtree with one entry is that entry's leaf, an empty one
// a placeholder. Freestanding.
#pragma once

#include "assay/codec/codec.hpp"
#include "assay/core/sha256_function.hpp"

namespace assay::commit {

inline constexpr unsigned kMaxMapDepth = 256;
// A proof: flag (a leaf follows), leaf's key hash and value hash, count u32, siblings from the
// bottom up.
inline constexpr std::size_t kMaxMapProofBytes = 1 + 64 + 4 + 32 * kMaxMapDepth;

// Into the upper half of the subtree at this depth: the bit of the key hash there.
[[nodiscard]] inline bool leads_up(const Hash256& key_hash, unsigned depth) noexcept {
  return (key_hash.bytes[depth / 8] >> (7 - depth % 8) & 1) != 0;
}

// "SPARSE_MERKLE_PLACEHOLDER_HASH__": the root of an empty map.
[[nodiscard]] Hash256 map_placeholder() noexcept;
[[nodiscard]] Hash256 map_leaf_hash(Sha256Function sha256, const Hash256& key_hash,
                                    const Hash256& value_hash);
[[nodiscard]] Hash256 map_node_hash(Sha256Function sha256, const Hash256& left,
                                    const Hash256& right);

// Dense, in order of precedence.
enum class MapProofVerdict : std::uint8_t {
  kValid = 0,
  kMalformed,     // bytes that are no proof
  kWrongKey,      // claims presence, but its leaf is another key's, or there is none
  kWrongValue,    // its leaf has another value
  kKeyPresent,    // claims absence, but its leaf is the key's
  kElsewhere,     // its leaf could not stand where the key would
  kRootMismatch,  // does not lead to the root
};
[[nodiscard]] const char* to_string(MapProofVerdict verdict) noexcept;

// Does `proof` show that the map under `root` has `value` at `key`?
[[nodiscard]] MapProofVerdict verify_present(Sha256Function sha256, const Hash256& root,
                                             ByteView key, ByteView value, ByteView proof);
// Does it show that the map has no `key`?
[[nodiscard]] MapProofVerdict verify_absent(Sha256Function sha256, const Hash256& root,
                                            ByteView key, ByteView proof);

}  // namespace assay::commit
