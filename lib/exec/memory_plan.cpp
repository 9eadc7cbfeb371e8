#include "internal/memory_plan.hpp"

#include <algorithm>
#include <map>

#include "assay/core/contract.hpp"
#include "internal/tile_program.hpp"

namespace assay::exec {
namespace {

using numerics::OpCode;

// Best fit over a growing arena. Offsets and sizes are multiples of kAlignment.
class OffsetAllocator {
 public:
  std::size_t take(std::size_t bytes) {
    auto best = m_free.end();
    for (auto it = m_free.begin(); it != m_free.end(); ++it) {
      if (it->second >= bytes && (best == m_free.end() || it->second < best->second)) best = it;
    }
    if (best == m_free.end()) return grow(bytes);
    const auto [offset, size] = *best;
    m_free.erase(best);
    if (size > bytes) m_free.emplace(offset + bytes, size - bytes);
    return offset;
  }

  void give_back(std::size_t offset, std::size_t bytes) {
    auto next = m_free.lower_bound(offset);
    if (next != m_free.end() && offset + bytes == next->first) {
      bytes += next->second;
      next = m_free.erase(next);
    }
    if (next != m_free.begin()) {
      const auto previous = std::prev(next);
      if (previous->first + previous->second == offset) {
        previous->second += bytes;
        return;
      }
    }
    m_free.emplace(offset, bytes);
  }

  [[nodiscard]] std::size_t top() const { return m_top; }

 private:
  // Extends a free tail before it opens new ground.
  std::size_t grow(std::size_t bytes) {
    if (!m_free.empty()) {
      const auto tail = std::prev(m_free.end());
      if (tail->first + tail->second == m_top) {
        const std::size_t offset = tail->first;
        m_free.erase(tail);
        m_top = offset + bytes;
        return offset;
      }
    }
    const std::size_t offset = m_top;
    m_top += bytes;
    return offset;
  }

  std::map<std::size_t, std::size_t> m_free;  // offset -> bytes
  std::size_t m_top = 0;
};

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

struct Lifetimes {
  std::vector<std::uint32_t> first, last;  // of each storage: places in the schedule
};

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

// A constant that only regions read is one element to them.
bool is_one_element(const Flow& flow, const UnitGraph& graph, std::uint32_t node) {
  if (flow.nodes[node].spec.op != OpCode::kConstant || flow.is_bound[node]) return false;
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
      plan.constant_is_one[i] = is_one_element(flow, graph, i);
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
    if (place.region != Region::kNext || place.index != slot) continue;
    const std::uint32_t old = source[slot];
    bool free = true;
    if (old != kNone) {
      const bool here = std::any_of(
          flow.readers[old].begin(), flow.readers[old].end(),
          [&](std::uint32_t reader) { return graph.unit_of(reader) == graph.unit_of(writer); });
      free = !is_copied[old] && (!here || may_overwrite(flow, graph, writer, old)) &&
             graph.order_before(flow.readers[old], writer);
    }
    if (free) plan.slots[slot] = SlotUpdate::kInPlace;
  }
  return plan;
}

void plan_arena(const Flow& flow, const UnitGraph& graph, std::span<const std::uint32_t> schedule,
                MemoryPlan& plan) {
  const Lifetimes life = lifetimes(flow, graph, schedule);
  const auto bytes_of = [&](std::uint32_t node) {
    return aligned(flow.nodes[node].spec.output.byte_count());
  };
  std::vector<std::vector<std::uint32_t>> ends(schedule.size());
  OffsetAllocator arena;
  for (std::uint32_t at = 0; at < schedule.size(); ++at) {
    const Unit& unit = graph.unit(schedule[at]);
    const auto give = [&](std::uint32_t node) {
      Place& place = plan.places[node];
      if (place.region == Region::kNext) return;
      place.region = Region::kArena;
      auto& dying = ends[at];
      const auto reused = std::find_if(dying.begin(), dying.end(), [&](std::uint32_t old) {
        return bytes_of(old) == bytes_of(node) && may_overwrite(flow, graph, node, old);
      });
      if (reused != dying.end()) {
        place.offset = plan.places[*reused].offset;
        dying.erase(reused);
      } else {
        place.offset = arena.take(bytes_of(node));
      }
      ends[life.last[node]].push_back(node);
    };
    if (unit.kernel != kNone) give(unit.kernel);
    for (const std::uint32_t member : unit.members) {
      if (is_stored(flow, graph, member)) give(member);
    }
    for (const std::uint32_t node : ends[at])
      arena.give_back(plan.places[node].offset, bytes_of(node));
  }
  plan.arena_bytes = arena.top();
  plan.places.resize(flow.nodes.size());
  for (std::uint32_t i = 0; i < flow.nodes.size(); ++i)
    plan.places[i] = plan.places[flow.storage_of[i]];
}

}  // namespace assay::exec
