// Runs a validated program, step after step (docs/spec/exec.md). Memory is planned once: a steady
// step allocates nothing. Fusion, buffer reuse, threads and instruction sets are private business
// and change no bit.
//
// Not thread-safe; it uses the pool's threads itself. Program, pool and data must outlive it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "assay/core/faces.hpp"
#include "assay/graph/validator.hpp"
#include "assay/numerics/kernels.hpp"
#include "assay/tensor/tensor.hpp"

namespace assay::exec {

// A clock for times by operator, in nanoseconds; rooms below `host` read none of their own.
using Nanoseconds = std::function<std::uint64_t()>;

struct ExecutorOptions {
  numerics::Isa isa = numerics::best_isa();
  // Run elementwise nodes and row reductions together, tile by tile and on the rows of products,
  // read transposes in place, compute cheap outputs twice rather than keep them, and write the new
  // state over the old. Off for traces, which see every output.
  bool fuse = true;
  Nanoseconds nanoseconds = {};  // none: nothing is measured
  // What memory() may come to, the caller's state with it. A valid program may ask for terabytes;
  // whoever runs programs of strangers sets what the machine can spare.
  std::uint64_t memory_bytes_max = ~std::uint64_t{0};
  // Outputs of at least so many bytes may be computed again for late readers rather than kept, as
  // long as all such copies together are estimated to take no more than this share of a step.
  std::uint64_t late_copy_bytes = std::uint64_t{256} << 10;
  double late_copy_share = 0.01;
};

// Times of what runs as one: a kernel, a fused region, or a product with the region on its rows.
struct UnitTime {
  numerics::OpCode kernel{};       // 0: a region alone
  std::string members;             // the names of the region's operators, * behind those stored
  std::uint32_t first_node = 0;    // the kernel's, or the region's first
  std::uint64_t stored_bytes = 0;  // that it leaves in memory
  std::uint64_t runs = 0;
  std::uint64_t nanoseconds = 0;
};

struct OperatorTime {
  const char* name = "";  // the operator's, "fused", or of a product and a region "matmul+fused"
  std::uint64_t runs = 0;
  std::uint64_t nanoseconds = 0;
};

// Bytes that an executor holds, from its construction on. The caller's state and the data are not
// among the total.
struct MemoryUse {
  std::size_t arena = 0;      // outputs, shared by liveness
  std::size_t arena_min = 0;  // the most that outputs need at one time; not part of the total
  std::size_t constants = 0;
  std::size_t scratch = 0;     // of the kernels and of the threads' tiles
  std::size_t next_state = 0;  // second copies of what cannot be written over
  std::size_t state = 0;       // every slot once: the caller's; not part of the total
  [[nodiscard]] std::size_t total() const { return arena + constants + scratch + next_state; }
};

// What an output looks like while its node's successors have not run yet.
using OnNode = std::function<void(std::uint32_t node, const TensorView& output)>;

class Executor {
 public:
  // `data`: the program's data tensors in the order of its declarations, each at a multiple of
  // Tensor::kAlignment.
  // Errors: kUnsupported if the processor lacks the ISA or the thread's floating-point mode is not
  // the profile's; kInvalidArgument if the data does not have the declared types; kLimit if it and
  // one state would take more memory than the options allow, or than there is.
  [[nodiscard]] static Result<Executor> create(const graph::ValidProgram& program,
                                               std::span<const TensorView> data, TaskPool& pool,
                                               ExecutorOptions options = {});
  // What such an executor's memory() would be, in the time that planning takes and without the
  // memory. Errors: kLimit as create().
  [[nodiscard]] static Result<MemoryUse> plan(const graph::ValidProgram& program,
                                              const TaskPool& pool, const ExecutorOptions& options);
  Executor(Executor&&) noexcept;
  Executor& operator=(Executor&&) noexcept;
  ~Executor();

  // The state becomes the state after step t. Its names and types must be the program's slots'; its
  // tensors are written over or change places with the executor's. (For an init program:
  // make_state().)
  void step(std::uint64_t t, std::uint64_t seed, NamedTensors& state);

  // As step, but leaves `before` alone, writes the new state to `after` and shows every node's
  // output, sources included, in program order. Wants fuse = false.
  void trace(std::uint64_t t, std::uint64_t seed, const NamedTensors& before, NamedTensors& after,
             const OnNode& on_node);

  // Runs nodes 0 to `last` only, for their outputs; otherwise as trace().
  void trace_until(std::uint32_t last, std::uint64_t t, std::uint64_t seed,
                   const NamedTensors& before, const OnNode& on_node);

  // Zeros of the slots' names and types. std::bad_alloc where there is not the memory.
  [[nodiscard]] NamedTensors make_state() const;
  // True if the names and types are the slots'.
  [[nodiscard]] bool accepts(const NamedTensors& state) const;

  [[nodiscard]] MemoryUse memory() const;
  // By operator, and by unit in their order; empty without a clock.
  [[nodiscard]] std::vector<OperatorTime> times() const;
  [[nodiscard]] std::vector<UnitTime> unit_times() const;

 private:
  struct Parts;
  explicit Executor(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> m_parts;
};

}  // namespace assay::exec
