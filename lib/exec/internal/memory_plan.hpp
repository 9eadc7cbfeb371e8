// Where every storage lives, decided once. Outputs that are needed at different times share memory;
// a region's output may take the place of what it reads last; what a slot is bound to is written
// straight into the next state, over the old one where every reader of that has run.
#pragma once

#include "internal/units.hpp"

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
  kLocal,  // only ever a tile of a region: no memory of its own
};

struct Place {
  Region region = Region::kLocal;
  std::uint32_t index = 0;
  std::size_t offset = 0;
};

// A slot whose new value is not computed by a node that can write it in place: copied after the
// step.
struct SlotCopy {
  std::uint32_t slot;
  std::uint32_t node;
};

enum class SlotUpdate : std::uint8_t {
  kKept,     // bound to its own source: nothing to do
  kInPlace,  // the new value is written over the old one
  kSecond,   // into a second tensor
};

// An operand b as products want it, made before the first unit that reads it.
struct PackedOperand {
  std::uint32_t reader;       // one of the products
  std::uint32_t first, last;  // places in the schedule where one runs
  std::size_t bytes;
  std::size_t offset;  // in the arena
};

struct MemoryPlan {
  std::vector<Place> places;                  // of every node
  std::vector<std::uint8_t> constant_is_one;  // per node: one element stands for all
  std::vector<SlotCopy> copies;
  std::vector<SlotUpdate> slots;
  std::vector<PackedOperand> packed;     // in the order of `first`
  std::vector<std::uint32_t> packed_of;  // per node: which of them it reads, or kNone
  std::size_t fixed_bytes = 0;
  std::size_t arena_bytes = 0;
  std::size_t arena_bytes_min = 0;  // the most that is needed at one time
};

struct Lifetimes {
  std::vector<std::uint32_t> first, last;  // of each storage: places in the schedule
};

[[nodiscard]] Lifetimes lifetimes(const Flow& flow, const UnitGraph& graph,
                                  std::span<const std::uint32_t> schedule);

// Which slots' new values may overwrite the old: orders their readers before the writer.
// `copies` are decided here too. `fuse`: off, the state before a step stays as it is.
[[nodiscard]] MemoryPlan plan_slots(const Flow& flow, UnitGraph& graph, bool fuse);

// The rest of the plan, for units in this order.
void plan_arena(const Flow& flow, const UnitGraph& graph, std::span<const std::uint32_t> schedule,
                MemoryPlan& plan);

}  // namespace assay::exec
