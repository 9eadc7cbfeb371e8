// Where every node's output lives, decided once. Nodes whose output is needed at different times
// share memory; a reshape is its operand under another type; what a slot is bound to is written
// straight into the next state.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "assay/graph/node.hpp"

namespace assay::exec {

inline constexpr std::size_t kAlignment = 64;

[[nodiscard]] constexpr std::size_t aligned(std::size_t bytes) noexcept {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

enum class Region : std::uint8_t {
  kState,  // the slot's tensor before the step: index is the slot
  kData,   // a data tensor: index is its declaration
  kNext,   // the slot's tensor after the step: index is the slot
  kFixed,  // computed once: constants, t and the seed; offset
  kArena,  // shared by liveness; offset
  kLocal,  // only ever a tile of a fused chain: no memory of its own
};

struct Place {
  Region region = Region::kArena;
  std::uint32_t index = 0;
  std::size_t offset = 0;
};

// A slot whose new value is not computed by a node that can write it in place: copied after the
// step.
struct SlotCopy {
  std::uint32_t slot;
  std::uint32_t node;
};

struct MemoryPlan {
  std::vector<Place> places;              // of every node
  std::vector<std::uint32_t> storage_of;  // the node whose memory it is: itself unless a reshape
  std::vector<SlotCopy> copies;
  std::vector<std::uint8_t> slot_is_kept;  // bound to its own source: nothing to do
  std::size_t fixed_bytes = 0;
  std::size_t arena_bytes = 0;
};

struct PlanInput {
  std::span<const graph::Node> nodes;
  std::span<const std::uint32_t> slot_nodes;  // the node that each slot's new value is
  // Per node: the last node during whose execution its neighbours in a fused chain still run; nodes
  // not in a chain name themselves. Memory written in a chain must not be memory read in it.
  std::span<const std::uint32_t> chain_last;
  std::span<const std::uint32_t> chain_first;
  std::span<const std::uint8_t> is_local;  // per node: never leaves its fused chain
};

[[nodiscard]] MemoryPlan plan_memory(const PlanInput& input);

}  // namespace assay::exec
