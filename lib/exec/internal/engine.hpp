// Runs a program over raw memory: the part of the executor that knows no tensors.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "assay/core/large_pages.hpp"
#include "assay/exec/executor.hpp"
#include "internal/memory_plan.hpp"
#include "internal/tile_program.hpp"

namespace assay::exec {

// One piece of memory for each thread of a pool that asks.
class LocalMemory {
 public:
  LocalMemory(std::size_t bytes, unsigned threads);
  class Lease {
   public:
    explicit Lease(LocalMemory& memory);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    [[nodiscard]] std::uint8_t* data() const noexcept { return m_data; }

   private:
    LocalMemory& m_memory;
    std::size_t m_index = 0;
    std::uint8_t* m_data = nullptr;
  };
  [[nodiscard]] std::size_t bytes() const noexcept { return m_buffer.size(); }

 private:
  std::size_t m_piece;
  PageBuffer m_buffer;
  std::vector<std::atomic<bool>> m_taken;
};

// Everything that is decided before a program runs; nothing large is allocated yet.
struct Prepared {
  Flow flow;
  UnitGraph graph{flow};
  std::vector<std::uint32_t> schedule;
  MemoryPlan plan;
  std::vector<TileProgram> programs;      // of the regions
  std::vector<std::uint32_t> program_of;  // per place in the schedule; kNone if it has none
  std::size_t scratch_bytes = 0;
  std::size_t local_bytes = 0;  // of one thread
  MemoryUse memory;
};

[[nodiscard]] std::unique_ptr<Prepared> prepare(std::span<const graph::Node> nodes,
                                                std::span<const std::uint32_t> slot_nodes,
                                                const ExecutorOptions& options,
                                                const TaskPool& pool);

class Engine {
 public:
  using OnOutput = std::function<void(std::uint32_t node, const std::uint8_t* output)>;

  Engine(std::unique_ptr<Prepared> prepared, const ExecutorOptions& options, TaskPool& pool);

  void bind_data(std::span<const std::uint8_t* const> data);

  // One step. `state[i]` is slot i before (unread where the program has no such source), `next[i]`
  // where its new value goes: the same memory where update_of(i) is in place, unused where it is
  // kept.
  void run(std::uint64_t t, std::uint64_t seed, std::span<const std::uint8_t* const> state,
           std::span<std::uint8_t* const> next);

  // As run(), node after node; on_node sees every output once it stands. Only for an engine that
  // does not fuse. Nodes 0 to `last`; the slots' copies are made if that is all of them.
  void trace(std::uint32_t last, std::uint64_t t, std::uint64_t seed,
             std::span<const std::uint8_t* const> state, std::span<std::uint8_t* const> next,
             const OnOutput& on_node);

  [[nodiscard]] SlotUpdate update_of(std::uint32_t slot) const { return m_p->plan.slots[slot]; }
  [[nodiscard]] const MemoryUse& memory() const noexcept { return m_p->memory; }
  [[nodiscard]] std::vector<UnitTime> times() const;

 private:
  struct Patch {
    std::uint32_t node;
    std::uint32_t slot;
    Region region;
  };
  struct Time {
    std::uint64_t runs = 0;
    std::uint64_t nanoseconds = 0;
  };

  void compute_fixed();
  void bind_step(std::uint64_t t, std::uint64_t seed, std::span<const std::uint8_t* const> state,
                 std::span<std::uint8_t* const> next);
  void copy_slots(std::span<std::uint8_t* const> next);
  void run_place(std::uint32_t place);
  [[nodiscard]] const float* product_operand(std::uint32_t product, unsigned k) const;
  void pack(const PackedOperand& packed);
  void run_kernel(std::uint32_t node, const TileProgram* program);
  void run_region(const TileProgram& program);
  void run_rows(const TileProgram& program, std::uint64_t first, std::uint64_t last);

  std::unique_ptr<Prepared> m_p;
  bool m_fuses;
  numerics::Isa m_isa;
  TaskPool& m_pool;
  Nanoseconds m_nanoseconds;
  PageBuffer m_fixed;
  PageBuffer m_arena;
  PageBuffer m_scratch;
  LocalMemory m_local;
  std::vector<std::uint8_t*> m_at;  // per node: its output; null for tiles
  std::vector<Patch> m_patches;     // those of m_at that change from step to step
  std::vector<std::uint32_t> m_t_nodes, m_seed_nodes;
  std::vector<Time> m_times;  // per place in the schedule
};

}  // namespace assay::exec
