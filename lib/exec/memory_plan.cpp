#include "internal/memory_plan.hpp"

#include <algorithm>
#include <map>

#include "assay/core/contract.hpp"
#include "internal/chains.hpp"

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

bool is_fixed(OpCode op) {
  return op == OpCode::kStepIndex || op == OpCode::kSeed || op == OpCode::kConstant ||
         op == OpCode::kIota;
}

}  // namespace

MemoryPlan plan_memory(const PlanInput& in) {
  const auto count = static_cast<std::uint32_t>(in.nodes.size());
  MemoryPlan plan;
  plan.places.resize(count);
  plan.storage_of.resize(count);
  plan.slot_is_kept.assign(in.slot_nodes.size(), 0);

  for (std::uint32_t i = 0; i < count; ++i) {
    const graph::Node& node = in.nodes[i];
    plan.storage_of[i] = is_alias(in.nodes, i) ? plan.storage_of[node.inputs[0]] : i;
    Place& place = plan.places[i];
    if (node.spec.op == OpCode::kStateSlot || node.spec.op == OpCode::kData) {
      place.region = node.spec.op == OpCode::kData ? Region::kData : Region::kState;
      place.index = static_cast<std::uint32_t>(node.spec.attributes[0]);
    } else if (is_fixed(node.spec.op)) {
      place.region = Region::kFixed;
      place.offset = plan.fixed_bytes;
      plan.fixed_bytes += aligned(node.spec.output.byte_count());
    } else if (in.is_local[i]) {
      place.region = Region::kLocal;
    }
  }

  for (std::uint32_t slot = 0; slot < in.slot_nodes.size(); ++slot) {
    const std::uint32_t storage = plan.storage_of[in.slot_nodes[slot]];
    Place& place = plan.places[storage];
    if (place.region == Region::kState && place.index == slot) {
      plan.slot_is_kept[slot] = 1;
    } else if (place.region == Region::kArena) {
      place.region = Region::kNext;
      place.index = slot;
    } else {
      ASSAY_INVARIANT(place.region != Region::kLocal);
      plan.copies.push_back({slot, storage});
    }
  }

  // Lifetimes of what is left, in units of whole chains.
  std::vector<std::uint32_t> last_use(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    last_use[i] = std::max(last_use[i], in.chain_last[i]);
    for (unsigned k = 0; k < in.nodes[i].spec.operand_count; ++k) {
      std::uint32_t& last = last_use[plan.storage_of[in.nodes[i].inputs[k]]];
      last = std::max(last, in.chain_last[i]);
    }
  }
  std::vector<std::vector<std::uint32_t>> ends(count);
  OffsetAllocator arena;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (in.chain_first[i] == i) {
      // The whole chain's outputs get their memory before any of it runs.
      for (std::uint32_t j = i; j <= in.chain_last[i]; ++j) {
        if (plan.storage_of[j] != j || plan.places[j].region != Region::kArena) continue;
        plan.places[j].offset = arena.take(aligned(in.nodes[j].spec.output.byte_count()));
        ends[last_use[j]].push_back(j);
      }
    }
    for (const std::uint32_t j : ends[i]) {
      arena.give_back(plan.places[j].offset, aligned(in.nodes[j].spec.output.byte_count()));
    }
  }
  plan.arena_bytes = arena.top();

  for (std::uint32_t i = 0; i < count; ++i) plan.places[i] = plan.places[plan.storage_of[i]];
  return plan;
}

}  // namespace assay::exec
