// Fused chains: runs of neighbouring elementwise nodes over one element count, executed together
// tile by tile, so that what only they read never leaves the cache and threads are woken once. An
// element's bits depend on its own inputs alone, so they cannot change.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "assay/graph/node.hpp"

namespace assay::exec {

inline constexpr std::size_t kTileElements = 4096;
inline constexpr std::size_t kMaxLocalTiles = 12;
// Not a multiple of a page: tiles of equal page offset get in each other's way.
inline constexpr std::size_t kTileBytes = kTileElements * 4 + 320;

// True if the node is its operand's memory under another shape. A reshape of f32 that came from
// outside is not: operators canonicalise the NaN that they read, and a state or a data set may hold
// others.
[[nodiscard]] inline bool is_alias(std::span<const graph::Node> nodes,
                                   std::uint32_t node) noexcept {
  const numerics::NodeSpec& spec = nodes[node].spec;
  if (spec.op != numerics::OpCode::kReshape) return false;
  const numerics::OpCode from = nodes[nodes[node].inputs[0]].spec.op;
  const bool outside = from == numerics::OpCode::kStateSlot || from == numerics::OpCode::kData;
  return !outside || spec.output.dtype != DType::kF32;
}

struct Chains {
  std::vector<std::uint32_t> first;      // per node: of its chain; itself if in none
  std::vector<std::uint32_t> last;       // per node
  std::vector<std::uint8_t> member;      // per node: executed as part of a chain
  std::vector<std::uint8_t> is_local;    // per node: read by its chain only
  std::vector<std::uint8_t> local_tile;  // per node: which tile of scratch, if local
};

// `elements_min`: of tensors worth it; none: nothing is fused.
[[nodiscard]] Chains find_chains(std::span<const graph::Node> nodes,
                                 std::span<const std::uint32_t> slot_nodes,
                                 std::optional<std::uint64_t> elements_min);

}  // namespace assay::exec
