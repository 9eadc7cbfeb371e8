#include "assay/exec/executor.hpp"

#include <new>

#include "assay/core/contract.hpp"
#include "internal/engine.hpp"

namespace assay::exec {

struct Executor::Parts {
  const graph::Program& program;
  std::vector<std::uint32_t> slot_nodes;
  Engine engine;
  std::vector<Tensor> next;  // per slot that a step writes: swapped with the caller's
  std::vector<const std::uint8_t*> state_at;
  std::vector<std::uint8_t*> next_at;

  Parts(const graph::Program& p, std::vector<std::uint32_t> bound, TaskPool& pool,
        const ExecutorOptions& options)
      : program(p),
        slot_nodes(std::move(bound)),
        engine(program.nodes, slot_nodes, options, pool),
        next(program.slots.size()),
        state_at(program.slots.size()),
        next_at(program.slots.size()) {
    for (std::uint32_t i = 0; i < next.size(); ++i) {
      if (!engine.is_kept(i)) next[i] = Tensor(program.slots[i].type);
    }
  }

  void read_from(const NamedTensors& state) {
    std::size_t i = 0;
    for (const auto& [name, tensor] : state) state_at[i++] = tensor.data();
  }
  void write_to_own() {
    for (std::size_t i = 0; i < next.size(); ++i) next_at[i] = next[i].data();
  }
  [[nodiscard]] Engine::OnOutput adapted(const OnNode& on_node) const {
    return [this, &on_node](std::uint32_t node, const std::uint8_t* output) {
      on_node(node, TensorView{program.nodes[node].spec.output, output});
    };
  }
};

Result<Executor> Executor::create(const graph::ValidProgram& program,
                                  std::span<const TensorView> data, TaskPool& pool,
                                  ExecutorOptions options) {
  if (!numerics::is_supported(options.isa)) {
    return {ErrorCode::kUnsupported, std::string("this processor has no ") +
                                         numerics::name_of(options.isa) +
                                         " kernels; choose another with ASSAY_ISA"};
  }
  if (!numerics::floating_point_mode_is_sound()) {
    return {
        ErrorCode::kUnsupported,
        "the floating-point mode is not IEEE (a library built with -ffast-math?); results would be "
        "wrong, so nothing runs"};
  }
  const graph::Program& plain = program.program();
  if (data.size() != plain.data.size()) {
    return {ErrorCode::kInvalidArgument, "the program declares " +
                                             std::to_string(plain.data.size()) +
                                             " data tensors, not " + std::to_string(data.size())};
  }
  std::vector<const std::uint8_t*> data_at;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data[i].type != plain.data[i].type) {
      return {ErrorCode::kInvalidArgument,
              "data tensor '" + plain.data[i].name + "' does not have the declared type"};
    }
    data_at.push_back(data[i].data);
  }
  std::vector<std::uint32_t> slot_nodes;
  for (const auto& slot : plain.slots) slot_nodes.push_back(slot.output);
  const std::uint64_t bytes = planned_memory(plain.nodes, slot_nodes, options, pool).total();
  const auto too_large = [bytes](const char* than) {
    return Error{ErrorCode::kLimit, "the program takes " + std::to_string(bytes >> 20) +
                                        " MiB of memory, more than " + than};
  };
  if (bytes > options.memory_bytes_max) return too_large("it is allowed here");
  try {
    auto parts = std::make_unique<Parts>(plain, std::move(slot_nodes), pool, options);
    parts->engine.bind_data(data_at);
    return Executor(std::move(parts));
  } catch (const std::bad_alloc&) {
    return too_large("there is");
  }
}

Executor::Executor(std::unique_ptr<Parts> parts) : m_parts(std::move(parts)) {}
Executor::Executor(Executor&&) noexcept = default;
Executor& Executor::operator=(Executor&&) noexcept = default;
Executor::~Executor() = default;

void Executor::step(std::uint64_t t, std::uint64_t seed, NamedTensors& state) {
  ASSAY_EXPECTS(accepts(state));
  Parts& p = *m_parts;
  p.read_from(state);
  p.write_to_own();
  p.engine.run(t, seed, p.state_at, p.next_at, {});
  std::uint32_t i = 0;
  for (auto& [name, tensor] : state) {
    if (!p.engine.is_kept(i)) std::swap(tensor, p.next[i]);
    ++i;
  }
}

void Executor::trace(std::uint64_t t, std::uint64_t seed, const NamedTensors& before,
                     NamedTensors& after, const OnNode& on_node) {
  ASSAY_EXPECTS(accepts(before));
  Parts& p = *m_parts;
  after = before;
  p.read_from(before);
  std::size_t i = 0;
  for (auto& [name, tensor] : after) p.next_at[i++] = tensor.data();
  p.engine.run(t, seed, p.state_at, p.next_at, p.adapted(on_node));
}

void Executor::trace_until(std::uint32_t last, std::uint64_t t, std::uint64_t seed,
                           const NamedTensors& before, const OnNode& on_node) {
  ASSAY_EXPECTS(accepts(before) && last < m_parts->program.nodes.size());
  Parts& p = *m_parts;
  p.read_from(before);
  p.write_to_own();
  p.engine.run_until(last, t, seed, p.state_at, p.next_at, p.adapted(on_node));
}

NamedTensors Executor::make_state() const {
  NamedTensors state;
  for (const auto& slot : m_parts->program.slots) state.emplace(slot.name, Tensor(slot.type));
  return state;
}

bool Executor::accepts(const NamedTensors& state) const {
  const auto& slots = m_parts->program.slots;
  if (state.size() != slots.size()) return false;
  std::size_t i = 0;
  for (const auto& [name, tensor] : state) {
    if (name != slots[i].name || tensor.type() != slots[i].type) return false;
    ++i;
  }
  return true;
}

MemoryUse Executor::memory() const {
  MemoryUse use = m_parts->engine.memory();
  for (const Tensor& tensor : m_parts->next) use.next_state += tensor.byte_count();
  return use;
}

std::vector<OperatorTime> Executor::times() const {
  std::vector<OperatorTime> times;
  const auto& by_op = m_parts->engine.times();
  for (std::size_t op = 0; op < by_op.size(); ++op) {
    if (by_op[op].runs == 0) continue;
    times.push_back({numerics::name_of(static_cast<numerics::OpCode>(op)), by_op[op].runs,
                     by_op[op].nanoseconds});
  }
  const KindTime& fused = m_parts->engine.chain_time();
  if (fused.runs != 0) times.push_back({"fused", fused.runs, fused.nanoseconds});
  return times;
}

}  // namespace assay::exec
