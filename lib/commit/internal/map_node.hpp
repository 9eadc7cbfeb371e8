// The physical nodes of the authenticated map: four levels of the binary tree in one record.
#pragma once

#include "assay/commit/map_proof.hpp"
#include "assay/core/hex.hpp"

namespace assay::commit::internal {

inline constexpr unsigned kNodeBits = 4;
inline constexpr unsigned kNodeChildren = 1u << kNodeBits;

// What stands below a place: nothing, one entry, or a subtree of two or more with a node of its
// own.
struct MapChild {
  enum class Kind : std::uint8_t { kEmpty = 0, kLeaf = 1, kSubtree = 2 };
  Kind kind = Kind::kEmpty;
  Hash256 hash;               // of the leaf or the subtree
  std::uint64_t version = 0;  // kSubtree: at which its node was written
  Hash256 key_hash;           // kLeaf
  Hash256 value_hash;         // kLeaf
};

[[nodiscard]] MapChild make_leaf(const Hash256& key_hash, const Hash256& value_hash);

struct MapNode {
  std::array<MapChild, kNodeChildren> children{};
};

// The hash of children [first, first + count): placeholder if empty, a lone leaf's own hash.
[[nodiscard]] Hash256 hash_of(const MapNode& node, unsigned first, unsigned count);

// What the whole node amounts to when seen from above; a subtree's version is the caller's to set.
[[nodiscard]] MapChild summary_of(const MapNode& node);

[[nodiscard]] Bytes encode_child(const MapChild& child);
[[nodiscard]] bool decode_child(ByteView bytes, MapChild& out);
[[nodiscard]] Bytes encode_node(const MapNode& node);
[[nodiscard]] bool decode_node(ByteView bytes, MapNode& out);

}  // namespace assay::commit::internal
