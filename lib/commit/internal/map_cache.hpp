// Nodes of the authenticated map's newest version in memory, by their place. A node that is here
// was read and checked, or made, by this process.
#pragma once

#include <unordered_map>

#include "assay/commit/authenticated_map.hpp"
#include "internal/map_node.hpp"

namespace assay::commit::internal {

struct MapPlace {
  Hash256 path;  // the first `depth` nibbles, then zeros
  unsigned depth = 0;
  friend bool operator==(const MapPlace&, const MapPlace&) = default;

  struct Hasher {
    // Paths are digests: their first bytes are as good as any hash.
    std::size_t operator()(const MapPlace& place) const noexcept {
      return load_le<std::uint64_t>(place.path.bytes.data()) + place.depth * 0x9e3779b97f4a7c15u;
    }
  };
};
[[nodiscard]] MapPlace place_of(const Hash256& key_hash, unsigned depth) noexcept;

struct CachedNode {
  std::uint64_t version = 0;
  LiveNode node;
};

}  // namespace assay::commit::internal

namespace assay::commit {

struct MapCache::State {
  using Nodes =
      std::unordered_map<internal::MapPlace, internal::CachedNode, internal::MapPlace::Hasher>;
  Nodes nodes;
  std::size_t bytes_max = 0;
  std::size_t count_max = 0;  // of nodes, before their bytes are counted again
  bool unwritten = false;     // nodes are those of a batch that may never be written

  // Before and after an apply().
  void begin();
  void shrink();
};

}  // namespace assay::commit
