#include "assay/training/execution.hpp"

#include <new>

#include "assay/commit/tensor_hash.hpp"
#include "assay/graph/meter.hpp"

namespace assay::training {
namespace {

std::vector<TensorView> views_of(const graph::Program& program, const NamedTensors& data) {
  // An init program declares none of the data or all of it.
  std::vector<TensorView> views;
  if (program.data.empty()) return views;
  for (const auto& [name, tensor] : data) views.push_back(tensor.view());
  return views;
}

Result<exec::Executor> executor_of(const graph::ValidProgram& program, const Task& task,
                                   TaskPool& pool, const exec::ExecutorOptions& options) {
  return exec::Executor::create(program, views_of(program.program(), task.data), pool, options);
}

// What a trace holds beside its executor: the caller's state, a copy, and the state after.
constexpr std::uint64_t kTraceStates = 3;

Status check_trace_fits(const graph::ValidProgram& program, const TaskPool& pool,
                        const exec::ExecutorOptions& options) {
  ASSAY_TRY(const exec::MemoryUse use, exec::Executor::plan(program, pool, options));
  const std::uint64_t bytes = use.total() + kTraceStates * use.state;
  if (bytes <= options.memory_bytes_max) return {};
  return {ErrorCode::kLimit, "a dispute over the program takes " + std::to_string(bytes >> 20) +
                                 " MiB of memory, more than it is allowed here"};
}

Status check_work(const graph::ValidProgram& program, std::uint64_t operations_max) {
  const std::uint64_t operations = graph::work_of(program.program()).operations;
  if (operations <= operations_max) return {};
  return {ErrorCode::kLimit, "the program takes " + std::to_string(operations) +
                                 " operations a step, more than the " +
                                 std::to_string(operations_max) + " that are allowed here"};
}

// What allocates states, whose sizes the program's author chose.
template <class Make>
auto or_out_of_memory(const Make& make) -> decltype(make()) {
  try {
    return make();
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kLimit, "the program's states take more memory than there is"};
  }
}

// Outputs are kept while they fit the budget; the others are computed again.
class ProgramTrace final : public Trace {
 public:
  ProgramTrace(exec::Executor& executor, const graph::Program& program, std::uint64_t t,
               std::uint64_t seed, const NamedTensors& before, std::size_t budget, TaskPool& pool)
      : m_executor(executor),
        m_t(t),
        m_seed(seed),
        m_before(before),
        m_outputs(program.nodes.size()) {
    NamedTensors after;
    m_executor.trace(t, seed, m_before, after, [&](std::uint32_t node, const TensorView& output) {
      m_roots.push_back(commit::tensor_root(output.type, output.bytes(), pool));
      const bool is_data = program.nodes[node].spec.op == numerics::OpCode::kData;
      if (is_data || output.bytes().size() > budget) return;
      budget -= output.bytes().size();
      m_outputs[node] = to_bytes(output.bytes());
    });
    m_end = state_tree(after, pool);
  }

  const std::vector<Hash256>& node_roots() const override { return m_roots; }
  const commit::NamedTree& end_state() const override { return m_end; }

  Result<Bytes> node_output(std::uint32_t node) override {
    ASSAY_EXPECTS(node < m_outputs.size());
    if (!m_outputs[node].empty()) return m_outputs[node];
    Bytes output;
    m_executor.trace_until(node, m_t, m_seed, m_before,
                           [&](std::uint32_t at, const TensorView& view) {
                             if (at == node) output = to_bytes(view.bytes());
                           });
    return output;
  }

 private:
  exec::Executor& m_executor;
  std::uint64_t m_t;
  std::uint64_t m_seed;
  NamedTensors m_before;
  std::vector<Bytes> m_outputs;
  std::vector<Hash256> m_roots;
  commit::NamedTree m_end;
};

}  // namespace

struct ProgramExecution::Parts {
  const Task& task;
  TaskPool& pool;
  ExecutionOptions options;
  exec::ExecutorOptions plain;  // for traces
  exec::ExecutorOptions fast;
  exec::Executor step;
  std::unique_ptr<exec::Executor> tracing_init, tracing_step;  // made at the first trace

  Result<std::unique_ptr<Trace>> trace(std::unique_ptr<exec::Executor>& executor,
                                       const graph::ValidProgram& program, std::uint64_t t,
                                       const NamedTensors* before);
};

// Of the init program's `before` there is none.
Result<std::unique_ptr<Trace>> ProgramExecution::Parts::trace(
    std::unique_ptr<exec::Executor>& executor, const graph::ValidProgram& program, std::uint64_t t,
    const NamedTensors* before) {
  if (!executor) {
    ASSAY_TRY(auto made, executor_of(program, task, pool, plain));
    executor = std::make_unique<exec::Executor>(std::move(made));
  }
  return or_out_of_memory([&]() -> Result<std::unique_ptr<Trace>> {
    return std::unique_ptr<Trace>(
        new ProgramTrace(*executor, program.program(), t, task.header.seed,
                         before ? *before : executor->make_state(), options.trace_bytes, pool));
  });
}

Result<std::unique_ptr<ProgramExecution>> ProgramExecution::create(const Task& task, TaskPool& pool,
                                                                   ExecutionOptions options) {
  for (const auto* program : {&*task.init, &*task.step})
    ASSAY_TRY_STATUS(check_work(*program, options.step_operations_max));
  exec::ExecutorOptions plain;
  plain.isa = options.isa;
  plain.fuse = false;
  plain.memory_bytes_max = options.memory_bytes_max;
  exec::ExecutorOptions fast;
  fast.isa = options.isa;
  fast.fuse = options.fuse;
  fast.memory_bytes_max = options.memory_bytes_max;
  fast.nanoseconds = options.nanoseconds;
  ASSAY_TRY(const auto init, executor_of(*task.init, task, pool, fast));  // could it be run?
  ASSAY_TRY(auto step, executor_of(*task.step, task, pool, fast));
  ASSAY_TRY_STATUS(check_trace_fits(*task.init, pool, plain));
  ASSAY_TRY_STATUS(check_trace_fits(*task.step, pool, plain));
  return std::unique_ptr<ProgramExecution>(new ProgramExecution(std::unique_ptr<Parts>(
      new Parts{task, pool, std::move(options), plain, fast, std::move(step), nullptr, nullptr})));
}

ProgramExecution::ProgramExecution(std::unique_ptr<Parts> parts) : m_parts(std::move(parts)) {}
ProgramExecution::~ProgramExecution() = default;

const exec::Executor& ProgramExecution::executor() const { return m_parts->step; }

// Its executor holds memory only while it runs: a step's peak is not to contain it.
Result<NamedTensors> ProgramExecution::initial_state() {
  Parts& p = *m_parts;
  ASSAY_TRY(auto init, executor_of(*p.task.init, p.task, p.pool, p.fast));
  return or_out_of_memory([&]() -> Result<NamedTensors> {
    NamedTensors state = init.make_state();
    init.step(0, p.task.header.seed, state);
    return state;
  });
}

Status ProgramExecution::step(std::uint64_t t, NamedTensors& state) {
  if (!m_parts->step.accepts(state)) {
    return {ErrorCode::kInvalidArgument, "the state does not have the slots of the task's program"};
  }
  m_parts->step.step(t, m_parts->task.header.seed, state);
  return {};
}

Result<std::unique_ptr<Trace>> ProgramExecution::trace_init() {
  return m_parts->trace(m_parts->tracing_init, *m_parts->task.init, 0, nullptr);
}

Result<std::unique_ptr<Trace>> ProgramExecution::trace_step(std::uint64_t t,
                                                            const NamedTensors& before) {
  if (!m_parts->step.accepts(before)) {
    return {ErrorCode::kInvalidArgument, "the state does not have the slots of the task's program"};
  }
  return m_parts->trace(m_parts->tracing_step, *m_parts->task.step, t, &before);
}

}  // namespace assay::training
