#include "cheats/cheats.hpp"

#include <bit>
#include <functional>

#include "cheats/kept_trace.hpp"

namespace assay::cheats {
namespace {

using numerics::OpCode;
using training::Execution;
using training::ProgramExecution;
using training::Task;
using training::Trace;

// Honest outputs, another state claimed.
class OtherEndTrace final : public Trace {
 public:
  OtherEndTrace(std::unique_ptr<Trace> inner, commit::NamedTree end)
      : m_inner(std::move(inner)), m_end(std::move(end)) {}
  const std::vector<Hash256>& node_roots() const override { return m_inner->node_roots(); }
  Result<Bytes> node_output(std::uint32_t node) override { return m_inner->node_output(node); }
  const commit::NamedTree& end_state() const override { return m_end; }

 private:
  std::unique_ptr<Trace> m_inner;
  commit::NamedTree m_end;
};

// Owns the task that it really executes, where that is not the committed one.
struct Base : Execution {
  std::unique_ptr<Task> own_task;
  std::unique_ptr<ProgramExecution> honest;  // of the own task, if any
  std::unique_ptr<ProgramExecution> committed;

  Result<NamedTensors> initial_state() override { return committed->initial_state(); }
  Result<std::unique_ptr<Trace>> trace_init() override { return committed->trace_init(); }
  Status step(std::uint64_t t, NamedTensors& state) override { return honest->step(t, state); }
  Result<std::unique_ptr<Trace>> trace_step(std::uint64_t t, const NamedTensors& before) override {
    return honest->trace_step(t, before);
  }
};

// Another state after step m_step than the program gives.
class StateLie final : public Base {
 public:
  using Change = std::function<void(const NamedTensors& before, NamedTensors& after)>;
  StateLie(std::uint64_t step, Change change, TaskPool& pool)
      : m_step(step), m_change(std::move(change)), m_pool(pool) {}

  Status step(std::uint64_t t, NamedTensors& state) override {
    if (t != m_step) return committed->step(t, state);
    const NamedTensors before = state;
    ASSAY_TRY_STATUS(committed->step(t, state));
    m_change(before, state);
    return {};
  }
  Result<std::unique_ptr<Trace>> trace_step(std::uint64_t t, const NamedTensors& before) override {
    ASSAY_TRY(auto trace, committed->trace_step(t, before));
    if (t != m_step) return trace;
    NamedTensors after = before;
    ASSAY_TRY_STATUS(step(t, after));
    return std::unique_ptr<Trace>(
        new OtherEndTrace(std::move(trace), training::state_tree(after, m_pool)));
  }

 private:
  std::uint64_t m_step;
  Change m_change;
  TaskPool& m_pool;
};

// One node's output changed in one step; what follows is computed from it.
class OutputLie final : public Base {
 public:
  OutputLie(const Task& task, const Lie& lie, std::uint32_t node, numerics::Isa isa, TaskPool& pool)
      : m_task(task), m_lie(lie), m_node(node), m_isa(isa), m_pool(pool) {}

  Status step(std::uint64_t t, NamedTensors& state) override {
    if (t != m_lie.step) return committed->step(t, state);
    state = run(t, state).after;
    return {};
  }
  Result<std::unique_ptr<Trace>> trace_step(std::uint64_t t, const NamedTensors& before) override {
    if (t != m_lie.step) return committed->trace_step(t, before);
    return std::unique_ptr<Trace>(new KeptTrace(run(t, before), m_pool));
  }

 private:
  Run run(std::uint64_t t, const NamedTensors& before) {
    // A flip that a relu or a pool swallows is no lie: the first element from the wished one on
    // whose flip reaches the state is taken, and kept.
    const NamedTensors truth = m_reaches ? NamedTensors{} : tampered(t, before, false).after;
    const std::uint64_t elements =
        m_task.step->program().nodes[m_node].spec.output.shape.elements();
    for (;;) {
      Run lie = tampered(t, before, true);
      if (m_reaches || lie.after != truth || m_lie.element + 1 == elements) {
        m_reaches = true;
        return lie;
      }
      ++m_lie.element;
    }
  }
  Run tampered(std::uint64_t t, const NamedTensors& before, bool flip) {
    return interpret(m_task.step->program(), m_task.data, m_isa, m_pool, t, m_task.header.seed,
                     before, [&](std::uint32_t node, Tensor& output) {
                       if (flip && node == m_node) flip_bit(output, m_lie);
                     });
  }

 public:
  static void flip_bit(Tensor& tensor, const Lie& lie) {
    const std::size_t size = size_of(tensor.dtype());
    tensor.data()[lie.element * size + lie.bit / 8] ^= static_cast<std::uint8_t>(1u << lie.bit % 8);
  }

 private:
  const Task& m_task;
  Lie m_lie;
  std::uint32_t m_node;
  bool m_reaches = false;
  numerics::Isa m_isa;
  TaskPool& m_pool;
};

Error no_such_place(const Lie& lie) {
  return {ErrorCode::kInvalidArgument, "the task has no place for the lie '" + lie.kind + "'"};
}

bool fits(const TensorType& type, const Lie& lie) {
  return lie.element < type.shape.elements() && lie.bit < 8 * size_of(type.dtype);
}

bool is_weight(std::string_view slot) {
  return slot.starts_with("param") || slot.starts_with("model");
}

Result<std::string> weight_slot(const Task& task, const Lie& lie) {
  for (const graph::Slot& slot : task.step->program().slots) {
    const bool chosen = lie.slot.empty() ? is_weight(slot.name) : slot.name == lie.slot;
    if (chosen && fits(slot.type, lie)) return slot.name;
  }
  return no_such_place(lie);
}

// The negative constant that a parameter's update is scaled by: the update is an fma of rate,
// direction and parameter, its rate the constant itself or a product with it.
std::uint32_t rate_below(const graph::Program& program, std::uint32_t node) {
  const numerics::NodeSpec& spec = program.nodes[node].spec;
  if (spec.op == OpCode::kConstant) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(spec.attributes[0]));
    return spec.output.dtype == DType::kF32 && value < 0 ? node : Lie::kFind;
  }
  if (spec.op != OpCode::kMul) return Lie::kFind;
  const std::uint32_t left = rate_below(program, program.nodes[node].inputs[0]);
  return left != Lie::kFind ? left : rate_below(program, program.nodes[node].inputs[1]);
}

Result<std::uint32_t> rate_node(const Task& task, const Lie& lie) {
  const graph::Program& program = task.step->program();
  if (lie.node != Lie::kFind) {
    if (lie.node >= program.nodes.size() || program.nodes[lie.node].spec.op != OpCode::kConstant) {
      return no_such_place(lie);
    }
    return lie.node;
  }
  for (const graph::Slot& slot : program.slots) {
    const graph::Node& update = program.nodes[slot.output];
    if (!is_weight(slot.name) || update.spec.op != OpCode::kFma) continue;
    if (const std::uint32_t node = rate_below(program, update.inputs[0]); node != Lie::kFind)
      return node;
  }
  return no_such_place(lie);
}

// The task with `change` made to its step program, which stays valid.
Result<std::unique_ptr<Task>> with_program(const Task& task,
                                           std::function<void(graph::Program&)> change) {
  auto own = std::make_unique<Task>(task);
  graph::Program program = task.step->program();
  change(program);
  ASSAY_TRY(auto valid, graph::validate_step(std::move(program), *task.init).result());
  own->step = std::make_shared<const graph::ValidProgram>(std::move(valid));
  return own;
}

}  // namespace

std::vector<std::string> names_of_lies() {
  return {"weight-bit", "output-element", "skip-step", "learning-rate", "data", "order"};
}

Result<std::unique_ptr<Execution>> make_lying_execution(const Task& task, TaskPool& pool,
                                                        const Lie& lie,
                                                        training::ExecutionOptions options) {
  std::unique_ptr<Base> liar;
  if (lie.kind == "weight-bit") {
    ASSAY_TRY(const std::string slot, weight_slot(task, lie));
    liar = std::make_unique<StateLie>(
        lie.step,
        [slot, lie](const NamedTensors&, NamedTensors& after) {
          OutputLie::flip_bit(after[slot], lie);
        },
        pool);
  } else if (lie.kind == "skip-step") {
    liar = std::make_unique<StateLie>(
        lie.step, [](const NamedTensors& before, NamedTensors& after) { after = before; }, pool);
  } else if (lie.kind == "output-element") {
    const graph::Program& program = task.step->program();
    std::uint32_t node = 0;
    while (node < program.nodes.size() && numerics::name_of(program.nodes[node].spec.op) != lie.op)
      ++node;
    if (node == program.nodes.size() || !fits(program.nodes[node].spec.output, lie))
      return no_such_place(lie);
    liar = std::make_unique<OutputLie>(task, lie, node, options.isa, pool);
  } else if (lie.kind == "learning-rate") {
    ASSAY_TRY(const std::uint32_t node, rate_node(task, lie));
    liar = std::make_unique<Base>();
    ASSAY_TRY(liar->own_task, with_program(task, [&](graph::Program& program) {
                std::uint64_t& bits = program.nodes[node].spec.attributes[0];
                const float rate = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
                bits = std::bit_cast<std::uint32_t>(2 * rate);
              }));
  } else if (lie.kind == "data") {
    liar = std::make_unique<Base>();
    liar->own_task = std::make_unique<Task>(task);
    NamedTensors& data = liar->own_task->data;
    const auto found = lie.data.empty() ? data.begin() : data.find(lie.data);
    if (found == data.end() || lie.element >= found->second.byte_count()) return no_such_place(lie);
    found->second.data()[lie.element] ^= 1;
  } else if (lie.kind == "order") {
    liar = std::make_unique<Base>();
    liar->own_task = std::make_unique<Task>(task);
    liar->own_task->header.seed ^= 1;
  } else {
    return {ErrorCode::kInvalidArgument, "there is no lie '" + lie.kind + "'"};
  }
  ASSAY_TRY(liar->committed, ProgramExecution::create(task, pool, options));
  if (liar->own_task) {
    ASSAY_TRY(liar->honest, ProgramExecution::create(*liar->own_task, pool, options));
  }
  return std::unique_ptr<Execution>(std::move(liar));
}

}  // namespace assay::cheats
