// Runs a program over raw memory: the part of the executor that knows no tensors.
#pragma once

#include <functional>
#include <memory>

#include "assay/exec/executor.hpp"
#include "internal/chains.hpp"
#include "internal/memory_plan.hpp"

namespace assay::exec {

// 64-byte aligned memory, zeroed.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t bytes);
  [[nodiscard]] std::uint8_t* data() const noexcept { return m_bytes.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return m_size; }

 private:
  struct Free {
    void operator()(std::uint8_t* p) const noexcept;
  };
  std::unique_ptr<std::uint8_t[], Free> m_bytes;
  std::size_t m_size = 0;
};

// What an executor of these nodes will hold, before any of it is allocated.
[[nodiscard]] MemoryUse planned_memory(std::span<const graph::Node> nodes,
                                       std::span<const std::uint32_t> slot_nodes,
                                       const ExecutorOptions& options, const TaskPool& pool);

struct KindTime {
  std::uint64_t runs = 0;
  std::uint64_t nanoseconds = 0;
};

class Engine {
 public:
  using OnOutput = std::function<void(std::uint32_t node, const std::uint8_t* output)>;

  // `nodes` must outlive the engine.
  Engine(std::span<const graph::Node> nodes, std::span<const std::uint32_t> slot_nodes,
         const ExecutorOptions& options, TaskPool& pool);

  void bind_data(std::span<const std::uint8_t* const> data);

  // One step. `state[i]` is slot i before (unread where the program has no such source), `next[i]`
  // where its new value goes, unless is_kept(i). on_node, if set, sees every output once it stands,
  // in order; it wants an engine that does not fuse.
  void run(std::uint64_t t, std::uint64_t seed, std::span<const std::uint8_t* const> state,
           std::span<std::uint8_t* const> next, const OnOutput& on_node);

  // Nodes 0 to `last` only, and no slot's copy.
  void run_until(std::uint32_t last, std::uint64_t t, std::uint64_t seed,
                 std::span<const std::uint8_t* const> state, std::span<std::uint8_t* const> next,
                 const OnOutput& on_node);

  [[nodiscard]] bool is_kept(std::uint32_t slot) const { return m_plan.slot_is_kept[slot] != 0; }
  [[nodiscard]] MemoryUse memory() const noexcept;
  [[nodiscard]] std::uint32_t chain_count() const noexcept { return m_chain_count; }
  // By operator code; fused chains stand under `chain_time`.
  [[nodiscard]] const std::vector<KindTime>& times() const noexcept { return m_times; }
  [[nodiscard]] const KindTime& chain_time() const noexcept { return m_chain_time; }

 private:
  struct ChainNode {
    std::uint32_t node;
    numerics::NodeSpec full_tile;  // of kTileElements
    numerics::NodeSpec last_tile;  // of what is left
  };
  struct Chain {
    std::uint64_t elements;
    std::vector<ChainNode> nodes;
  };
  struct Patch {
    std::uint32_t node;
    std::uint32_t slot;
    Region region;
  };

  void compute_fixed();
  void bind_step(std::uint64_t t, std::uint64_t seed, std::span<const std::uint8_t* const> state,
                 std::span<std::uint8_t* const> next);
  void run_node(std::uint32_t node);
  void run_chain(const Chain& chain);
  void run_tile(const Chain& chain, std::uint64_t tile) const;
  void make_chain(std::uint32_t first, std::uint32_t last);

  std::span<const graph::Node> m_nodes;
  numerics::Isa m_isa;
  TaskPool& m_pool;
  Nanoseconds m_nanoseconds;
  Chains m_chains;
  MemoryPlan m_plan;
  AlignedBuffer m_fixed;
  AlignedBuffer m_arena;
  AlignedBuffer m_scratch;
  std::vector<std::uint8_t*> m_at;  // per node: its output; null for tiles
  std::vector<Patch> m_patches;     // those of m_at that change from step to step
  std::vector<std::uint32_t> m_t_nodes, m_seed_nodes;
  std::vector<Chain> m_chain_list;
  std::vector<std::uint32_t> m_chain_of;  // per first node: index into m_chain_list
  std::uint32_t m_chain_count = 0;
  std::vector<KindTime> m_times;
  KindTime m_chain_time;
};

}  // namespace assay::exec
