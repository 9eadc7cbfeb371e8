#include "internal/memory_plan.hpp"

#include <algorithm>

#include "assay/core/contract.hpp"
#include "internal/arena.hpp"
#include "internal/tile_program.hpp"

namespace assay::exec {
namespace {

using numerics::OpCode;

// Whether a region's member may write over what the region reads: every reader comes before it or
// is itself, and reads just the element that is written.
bool may_overwrite(const Flow& flow, const UnitGraph& graph, std::uint32_t member,
                   std::uint32_t storage) {
  const std::uint32_t home = graph.unit_of(member);
  const Unit& unit = graph.unit(home);
  const numerics::NodeSpec& spec = flow.nodes[member].spec;
  if (unit.kernel == member || graph.is_per_row(member)) return false;
  const auto index = [&](std::uint32_t node) {
    return std::find(unit.members.begin(), unit.members.end(), node) - unit.members.begin();
  };
  for (const std::uint32_t reader : flow.readers[storage]) {
    if (graph.unit_of(reader) != home) continue;
    if (reader == unit.kernel || index(reader) > index(member)) return false;
    const numerics::NodeSpec& by = flow.nodes[reader].spec;
    for (unsigned k = 0; k < by.operand_count; ++k) {
      if (flow.nodes[reader].inputs[k] != storage) continue;
      const TensorType& type = by.operands[k];
      if (type.shape.elements() != unit.full || size_of(type.dtype) != size_of(spec.output.dtype))
        return false;
    }
    if (reader == member && !works_in_place(spec)) return false;
  }
  return true;
}

// A constant that only regions and slots read is one element to them.
bool is_one_element(const Flow& flow, const UnitGraph& graph, std::uint32_t node) {
  if (flow.nodes[node].spec.op != OpCode::kConstant) return false;
  return std::all_of(
      flow.readers[node].begin(), flow.readers[node].end(),
      [&](std::uint32_t reader) { return graph.unit(graph.unit_of(reader)).kernel != reader; });
}

}  // namespace

MemoryPlan plan_slots(const Flow& flow, UnitGraph& graph, bool fuse) {
  MemoryPlan plan;
  const auto count = static_cast<std::uint32_t>(flow.nodes.size());
  plan.places.resize(count);
  plan.constant_is_one.assign(count, 0);
  plan.slots.assign(flow.slot_storage.size(), SlotUpdate::kSecond);
  std::vector<std::uint32_t> source(flow.slot_storage.size(), kNone);
  for (std::uint32_t i = 0; i < count; ++i) {
    const numerics::NodeSpec& spec = flow.nodes[i].spec;
    Place& place = plan.places[i];
    if (flow.storage_of[i] != i) continue;
    if (spec.op == OpCode::kStateSlot || spec.op == OpCode::kData) {
      place.region = spec.op == OpCode::kData ? Region::kData : Region::kState;
      place.index = static_cast<std::uint32_t>(spec.attributes[0]);
      if (spec.op == OpCode::kStateSlot) source[place.index] = i;
    } else if (is_fixed(spec.op)) {
      place.region = Region::kFixed;
      place.offset = plan.fixed_bytes;
      plan.constant_is_one[i] = fuse && is_one_element(flow, graph, i);
      plan.fixed_bytes +=
          aligned(plan.constant_is_one[i] ? size_of(spec.output.dtype) : spec.output.byte_count());
    }
  }
  std::vector<std::uint8_t> is_copied(count, 0);
  for (std::uint32_t slot = 0; slot < flow.slot_storage.size(); ++slot) {
    const std::uint32_t storage = flow.slot_storage[slot];
    Place& place = plan.places[storage];
    if (place.region == Region::kState && place.index == slot) {
      plan.slots[slot] = SlotUpdate::kKept;
    } else if (place.region == Region::kLocal) {
      place.region = Region::kNext;
      place.index = slot;
    } else {
      plan.copies.push_back({slot, storage});
      is_copied[storage] = 1;
    }
  }
  for (std::uint32_t slot = 0; fuse && slot < flow.slot_storage.size(); ++slot) {
    const std::uint32_t writer = flow.slot_storage[slot];
    const Place& place = plan.places[writer];
    const std::uint32_t old = source[slot];
    if (plan.slots[slot] == SlotUpdate::kKept || (old != kNone && is_copied[old])) continue;
    bool free = place.region != Region::kState;  // copied after all units have run
    if (place.region == Region::kNext && place.index == slot && old != kNone) {
      const bool here = std::any_of(
          flow.readers[old].begin(), flow.readers[old].end(),
          [&](std::uint32_t reader) { return graph.unit_of(reader) == graph.unit_of(writer); });
      free = (!here || may_overwrite(flow, graph, writer, old)) &&
             graph.order_before(flow.readers[old], writer);
    }
    if (free) plan.slots[slot] = SlotUpdate::kInPlace;
  }
  return plan;
}

Lifetimes lifetimes(const Flow& flow, const UnitGraph& graph,
                    std::span<const std::uint32_t> schedule) {
  std::vector<std::uint32_t> when(graph.unit_count());
  for (std::uint32_t i = 0; i < schedule.size(); ++i) when[schedule[i]] = i;
  const std::size_t count = flow.nodes.size();
  Lifetimes life{std::vector<std::uint32_t>(count, kNone), std::vector<std::uint32_t>(count, 0)};
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!flow.runs[i]) continue;
    life.first[i] = life.last[i] = when[graph.unit_of(i)];
    for (const std::uint32_t reader : flow.readers[i])
      life.last[i] = std::max(life.last[i], when[graph.unit_of(reader)]);
  }
  return life;
}

void plan_arena(const Flow& flow, const UnitGraph& graph, std::span<const std::uint32_t> schedule,
                MemoryPlan& plan) {
  const Lifetimes life = lifetimes(flow, graph, schedule);
  const auto bytes_of = [&](std::uint32_t node) {
    return aligned(flow.nodes[node].spec.output.byte_count());
  };
  std::vector<Block> blocks;
  std::vector<std::uint32_t> block_of(flow.nodes.size(), kNone);
  std::vector<std::vector<std::uint32_t>> ends(schedule.size());  // nodes that are read last there
  std::vector<std::uint32_t> block_of_packed;
  for (std::uint32_t at = 0; at < schedule.size(); ++at) {
    const Unit& unit = graph.unit(schedule[at]);
    while (block_of_packed.size() < plan.packed.size() &&
           plan.packed[block_of_packed.size()].first == at) {
      const PackedOperand& packed = plan.packed[block_of_packed.size()];
      block_of_packed.push_back(static_cast<std::uint32_t>(blocks.size()));
      blocks.push_back({aligned(packed.bytes), packed.first, packed.last, 0});
    }
    auto& dying = ends[at];
    const auto give = [&](std::uint32_t node) {
      if (plan.places[node].region == Region::kNext) return;
      const auto reused = std::find_if(dying.begin(), dying.end(), [&](std::uint32_t old) {
        return bytes_of(old) == bytes_of(node) && may_overwrite(flow, graph, node, old);
      });
      if (reused != dying.end()) {
        block_of[node] = block_of[*reused];
        blocks[block_of[node]].last = life.last[node];
        dying.erase(reused);
      } else {
        block_of[node] = static_cast<std::uint32_t>(blocks.size());
        blocks.push_back({bytes_of(node), at, life.last[node], 0});
      }
      ends[life.last[node]].push_back(node);
    };
    if (unit.kernel != kNone) give(unit.kernel);
    for (const std::uint32_t member : unit.members) {
      if (graph.is_stored(member)) give(member);
    }
  }
  plan.arena_bytes = place_blocks(blocks);
  plan.arena_bytes_min = greatest_load(blocks);
  for (std::size_t i = 0; i < plan.packed.size(); ++i)
    plan.packed[i].offset = blocks[block_of_packed[i]].offset;
  for (std::uint32_t i = 0; i < flow.nodes.size(); ++i) {
    if (block_of[i] == kNone) continue;
    plan.places[i].region = Region::kArena;
    plan.places[i].offset = blocks[block_of[i]].offset;
  }
  for (std::uint32_t i = 0; i < flow.nodes.size(); ++i)
    plan.places[i] = plan.places[flow.storage_of[i]];
}

}  // namespace assay::exec
