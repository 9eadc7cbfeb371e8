#include "internal/engine.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "assay/core/contract.hpp"

namespace assay::exec {
namespace {

using numerics::NodeSpec;
using numerics::OpCode;

bool is_source_or_fixed(OpCode op) {
  return numerics::is_source(op) || op == OpCode::kConstant || op == OpCode::kIota;
}

// `spec` for `elements` elements of it; operands of one element stay.
NodeSpec tile_of(const NodeSpec& spec, std::uint64_t elements) {
  NodeSpec tile = spec;
  tile.output.shape = Shape{elements};
  for (unsigned k = 0; k < spec.operand_count; ++k) {
    const bool scalar = spec.operands[k].shape.elements() == 1;
    tile.operands[k].shape = Shape{scalar ? std::uint64_t{1} : elements};
  }
  return tile;
}

Chains chains_of(std::span<const graph::Node> nodes, std::span<const std::uint32_t> slot_nodes,
                 const ExecutorOptions& options) {
  return find_chains(nodes, slot_nodes,
                     options.fuse ? std::optional(options.fuse_elements_min) : std::nullopt);
}

std::size_t scratch_of(std::span<const graph::Node> nodes, const ExecutorOptions& options,
                       const TaskPool& pool) {
  std::size_t scratch = 0;
  for (const graph::Node& node : nodes) {
    if (numerics::is_source(node.spec.op)) continue;
    scratch =
        std::max(scratch, numerics::scratch_bytes(options.isa, node.spec, pool.thread_count()));
  }
  return scratch;
}

}  // namespace

MemoryUse planned_memory(std::span<const graph::Node> nodes,
                         std::span<const std::uint32_t> slot_nodes, const ExecutorOptions& options,
                         const TaskPool& pool) {
  const Chains chains = chains_of(nodes, slot_nodes, options);
  const MemoryPlan plan =
      plan_memory({nodes, slot_nodes, chains.last, chains.first, chains.is_local});
  MemoryUse use{plan.arena_bytes, plan.fixed_bytes, scratch_of(nodes, options, pool), 0};
  for (std::size_t slot = 0; slot < slot_nodes.size(); ++slot) {
    if (plan.slot_is_kept[slot] == 0)
      use.next_state += nodes[slot_nodes[slot]].spec.output.byte_count();
  }
  return use;
}

AlignedBuffer::AlignedBuffer(std::size_t bytes) : m_size(bytes) {
  if (bytes == 0) return;
  auto* p =
      static_cast<std::uint8_t*>(::operator new[](aligned(bytes), std::align_val_t{kAlignment}));
  std::memset(p, 0, aligned(bytes));
  m_bytes.reset(p);
}

void AlignedBuffer::Free::operator()(std::uint8_t* p) const noexcept {
  ::operator delete[](p, std::align_val_t{kAlignment});
}

Engine::Engine(std::span<const graph::Node> nodes, std::span<const std::uint32_t> slot_nodes,
               const ExecutorOptions& options, TaskPool& pool)
    : m_nodes(nodes),
      m_isa(options.isa),
      m_pool(pool),
      m_nanoseconds(options.nanoseconds),
      m_chains(chains_of(nodes, slot_nodes, options)),
      m_plan(plan_memory({nodes, slot_nodes, m_chains.last, m_chains.first, m_chains.is_local})),
      m_fixed(m_plan.fixed_bytes),
      m_arena(m_plan.arena_bytes),
      m_at(nodes.size()),
      m_chain_of(nodes.size()),
      m_times(256) {
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    const Place& place = m_plan.places[i];
    switch (place.region) {
      case Region::kFixed: m_at[i] = m_fixed.data() + place.offset; break;
      case Region::kArena: m_at[i] = m_arena.data() + place.offset; break;
      case Region::kState:
      case Region::kNext: m_patches.push_back({i, place.index, place.region}); break;
      case Region::kData:
      case Region::kLocal: break;
    }
    if (nodes[i].spec.op == OpCode::kStepIndex) m_t_nodes.push_back(i);
    if (nodes[i].spec.op == OpCode::kSeed) m_seed_nodes.push_back(i);
    if (m_chains.first[i] == i && m_chains.last[i] > i) make_chain(i, m_chains.last[i]);
  }
  m_scratch = AlignedBuffer(scratch_of(nodes, options, pool));
  compute_fixed();
}

void Engine::make_chain(std::uint32_t first, std::uint32_t last) {
  m_chain_of[first] = static_cast<std::uint32_t>(m_chain_list.size());
  Chain chain{m_nodes[first].spec.output.shape.elements(), {}};
  const std::uint64_t left = chain.elements % kTileElements;
  for (std::uint32_t i = first; i <= last; ++i) {
    if (!m_chains.member[i]) continue;
    const NodeSpec& spec = m_nodes[i].spec;
    chain.nodes.push_back({i, tile_of(spec, kTileElements), tile_of(spec, left == 0 ? 1 : left)});
  }
  m_chain_list.push_back(std::move(chain));
  ++m_chain_count;
}

// Constants never change: they are made here, not in every step.
void Engine::compute_fixed() {
  const numerics::FloatingPointMode mode;
  for (std::uint32_t i = 0; i < m_nodes.size(); ++i) {
    if (m_nodes[i].spec.op == OpCode::kConstant || m_nodes[i].spec.op == OpCode::kIota) run_node(i);
  }
}

void Engine::bind_data(std::span<const std::uint8_t* const> data) {
  for (std::uint32_t i = 0; i < m_nodes.size(); ++i) {
    const Place& place = m_plan.places[i];
    if (place.region != Region::kData) continue;
    // Data is read only: no node writes to a source's memory.
    m_at[i] = const_cast<std::uint8_t*>(data[place.index]);
  }
}

MemoryUse Engine::memory() const noexcept {
  return {m_arena.size(), m_fixed.size(), m_scratch.size(), 0};
}

void Engine::bind_step(std::uint64_t t, std::uint64_t seed,
                       std::span<const std::uint8_t* const> state,
                       std::span<std::uint8_t* const> next) {
  for (const Patch& patch : m_patches) {
    m_at[patch.node] = patch.region == Region::kNext ? next[patch.slot]
                                                     : const_cast<std::uint8_t*>(state[patch.slot]);
  }
  for (const std::uint32_t i : m_t_nodes) std::memcpy(m_at[i], &t, sizeof t);
  for (const std::uint32_t i : m_seed_nodes) std::memcpy(m_at[i], &seed, sizeof seed);
}

void Engine::run(std::uint64_t t, std::uint64_t seed, std::span<const std::uint8_t* const> state,
                 std::span<std::uint8_t* const> next, const OnOutput& on_node) {
  if (m_nodes.empty()) return;
  run_until(static_cast<std::uint32_t>(m_nodes.size() - 1), t, seed, state, next, on_node);
  for (const SlotCopy& copy : m_plan.copies) {
    std::memcpy(next[copy.slot], m_at[copy.node], m_nodes[copy.node].spec.output.byte_count());
  }
}

void Engine::run_until(std::uint32_t last, std::uint64_t t, std::uint64_t seed,
                       std::span<const std::uint8_t* const> state,
                       std::span<std::uint8_t* const> next, const OnOutput& on_node) {
  const numerics::FloatingPointMode mode;
  bind_step(t, seed, state, next);
  for (std::uint32_t i = 0; i <= last; ++i) {
    if (m_chains.last[i] > i && m_chains.first[i] == i) {
      const std::uint64_t start = m_nanoseconds ? m_nanoseconds() : 0;
      run_chain(m_chain_list[m_chain_of[i]]);
      if (m_nanoseconds) {
        ++m_chain_time.runs;
        m_chain_time.nanoseconds += m_nanoseconds() - start;
      }
      i = m_chains.last[i];
      continue;
    }
    const OpCode op = m_nodes[i].spec.op;
    if (!is_source_or_fixed(op) && m_plan.storage_of[i] == i) {
      const std::uint64_t start = m_nanoseconds ? m_nanoseconds() : 0;
      run_node(i);
      if (m_nanoseconds) {
        KindTime& time = m_times[static_cast<std::size_t>(op) % m_times.size()];
        ++time.runs;
        time.nanoseconds += m_nanoseconds() - start;
      }
    }
    if (on_node) on_node(i, m_at[i]);
  }
}

void Engine::run_node(std::uint32_t i) {
  const graph::Node& node = m_nodes[i];
  std::array<const void*, numerics::kMaxOperands> operands{};
  for (unsigned k = 0; k < node.spec.operand_count; ++k) operands[k] = m_at[node.inputs[k]];
  numerics::run(m_isa, node.spec,
                std::span<const void* const>(operands.data(), node.spec.operand_count), m_at[i],
                {m_scratch.data(), m_scratch.size()}, m_pool);
}

void Engine::run_chain(const Chain& chain) {
  const std::uint64_t tiles = ceil_div<std::uint64_t>(chain.elements, kTileElements);
  m_pool.run(tiles, 4, [&](std::size_t first, std::size_t last) {
    const numerics::FloatingPointMode mode;
    for (std::size_t tile = first; tile < last; ++tile) run_tile(chain, tile);
  });
}

void Engine::run_tile(const Chain& chain, std::uint64_t tile) const {
  alignas(kAlignment) std::array<std::uint8_t, kMaxLocalTiles * kTileBytes> local;
  SerialTaskPool serial;
  const std::uint64_t offset = tile * kTileElements;
  const bool full = chain.elements - offset >= kTileElements;
  // Where this tile of node i's output is.
  const auto at = [&](std::uint32_t i) -> std::uint8_t* {
    if (m_chains.is_local[i]) return local.data() + m_chains.local_tile[i] * kTileBytes;
    const TensorType& type = m_nodes[i].spec.output;
    return m_at[i] + (type.shape.elements() == 1 ? 0 : offset * size_of(type.dtype));
  };
  for (const ChainNode& step : chain.nodes) {
    const graph::Node& node = m_nodes[step.node];
    std::array<const void*, numerics::kMaxOperands> operands{};
    for (unsigned k = 0; k < node.spec.operand_count; ++k) operands[k] = at(node.inputs[k]);
    numerics::run(m_isa, full ? step.full_tile : step.last_tile,
                  std::span<const void* const>(operands.data(), node.spec.operand_count),
                  at(step.node), {}, serial);
  }
}

}  // namespace assay::exec
