// How a task's steps are executed: the seam between what was agreed and who computes it. The honest
// one is ProgramExecution; lying ones live under tests/.
//
// Not thread-safe. Steps count from 0: step t makes the state after t + 1 steps from the state
// after t.
#pragma once

#include <memory>

#include "assay/commit/tensor_hash.hpp"
#include "assay/exec/executor.hpp"
#include "assay/training/task.hpp"

namespace assay::training {

// One execution of the step program, or of the init program, with every node's output at hand.
class Trace {
 public:
  virtual ~Trace() = default;
  // The tensor root of every node's output, in program order.
  [[nodiscard]] virtual const std::vector<Hash256>& node_roots() const = 0;
  // The row-major bytes of a node's output. May compute the step again.
  [[nodiscard]] virtual Result<Bytes> node_output(std::uint32_t node) = 0;
  // The claimed state after it.
  [[nodiscard]] virtual const commit::NamedTree& end_state() const = 0;
};

class Execution {
 public:
  virtual ~Execution() = default;
  [[nodiscard]] virtual Result<NamedTensors> initial_state() = 0;
  // `state`, of after t steps, becomes the state after t + 1.
  [[nodiscard]] virtual Status step(std::uint64_t t, NamedTensors& state) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<Trace>> trace_init() = 0;
  // `before` is unchanged; the trace keeps a copy where it needs one.
  [[nodiscard]] virtual Result<std::unique_ptr<Trace>> trace_step(std::uint64_t t,
                                                                  const NamedTensors& before) = 0;
  // A traced step's cost in memory is the outputs that fit this many bytes; the others are computed
  // again on demand.
  static constexpr std::size_t kTraceBytes = std::size_t{256} << 20;
};

struct ExecutionOptions {
  numerics::Isa isa = numerics::best_isa();
  bool fuse = true;
  std::size_t trace_bytes = Execution::kTraceBytes;
  exec::Nanoseconds nanoseconds = {};  // a clock for times by kind of operator; none: not measured
  // Of each executor with the states that it works on: of init, of the step, and of a trace of
  // either, which sees every output and keeps three states. Larger programs are refused (kLimit)
  // before they are run, so that whoever trains a task can also defend it.
  std::uint64_t memory_bytes_max = ~std::uint64_t{0};
  // Of init, and of one step (graph::work_of): whoever runs strangers' programs is stopped between
  // steps, not within one. Larger programs are refused (kLimit).
  std::uint64_t step_operations_max = ~std::uint64_t{0};
};

// Runs the task's programs as they stand. The task and the pool must outlive it.
class ProgramExecution final : public Execution {
 public:
  // Errors: kUnsupported if the processor lacks the ISA or the floating-point mode is not sound;
  // kInvalidArgument if the task's data does not fit its program; kLimit as exec::Executor, and if
  // a trace would take more memory, or a step more operations, than the options allow.
  [[nodiscard]] static Result<std::unique_ptr<ProgramExecution>> create(
      const Task& task, TaskPool& pool, ExecutionOptions options = {});
  ~ProgramExecution() override;

  // Errors: kLimit where there is not the memory, here and of traces.
  [[nodiscard]] Result<NamedTensors> initial_state() override;
  [[nodiscard]] Status step(std::uint64_t t, NamedTensors& state) override;
  [[nodiscard]] Result<std::unique_ptr<Trace>> trace_init() override;
  [[nodiscard]] Result<std::unique_ptr<Trace>> trace_step(std::uint64_t t,
                                                          const NamedTensors& before) override;

  // Of the step program.
  [[nodiscard]] const exec::Executor& executor() const;

 private:
  struct Parts;
  explicit ProgramExecution(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> m_parts;
};

}  // namespace assay::training
