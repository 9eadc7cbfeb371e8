#include "assay/exec/executor.hpp"

#include <algorithm>
#include <new>
#include <string_view>

#include "assay/core/contract.hpp"
#include "internal/engine.hpp"

namespace assay::exec {

using numerics::OpCode;

struct Executor::Parts {
  const graph::Program& program;
  Engine engine;
  std::vector<Tensor> next;  // per slot with a second tensor: swapped with the caller's
  std::vector<const std::uint8_t*> state_at;
  std::vector<std::uint8_t*> next_at;

  Parts(const graph::Program& p, std::unique_ptr<Prepared> prepared, TaskPool& pool,
        const ExecutorOptions& options)
      : program(p),
        engine(std::move(prepared), options, pool),
        next(program.slots.size()),
        state_at(program.slots.size()),
        next_at(program.slots.size()) {
    for (std::uint32_t i = 0; i < next.size(); ++i) {
      if (engine.update_of(i) == SlotUpdate::kSecond) next[i] = Tensor(program.slots[i].type);
    }
  }

  void read_from(const NamedTensors& state) {
    std::size_t i = 0;
    for (const auto& [name, tensor] : state) state_at[i++] = tensor.data();
  }
  void write_to_own() {
    for (std::size_t i = 0; i < next.size(); ++i) next_at[i] = next[i].data();
  }
  [[nodiscard]] std::uint32_t last_node() const {
    return static_cast<std::uint32_t>(program.nodes.size() - 1);
  }
  [[nodiscard]] Engine::OnOutput adapted(const OnNode& on_node) const {
    return [this, &on_node](std::uint32_t node, const std::uint8_t* output) {
      on_node(node, TensorView{program.nodes[node].spec.output, output});
    };
  }
};

namespace {

Error too_large(const MemoryUse& memory, const char* than) {
  return {ErrorCode::kLimit, "the program takes " +
                                 std::to_string((memory.total() + memory.state) >> 20) +
                                 " MiB of memory with its state, more than " + than};
}

Result<std::unique_ptr<Prepared>> prepare_within_limit(const graph::Program& program,
                                                       const TaskPool& pool,
                                                       const ExecutorOptions& options) {
  std::vector<std::uint32_t> slot_nodes;
  for (const auto& slot : program.slots) slot_nodes.push_back(slot.output);
  auto prepared = prepare(program.nodes, slot_nodes, options, pool);
  const MemoryUse& memory = prepared->memory;
  if (memory.total() + memory.state > options.memory_bytes_max)
    return too_large(memory, "it is allowed here");
  return prepared;
}

}  // namespace

Result<MemoryUse> Executor::plan(const graph::ValidProgram& program, const TaskPool& pool,
                                 const ExecutorOptions& options) {
  ASSAY_TRY(const auto prepared, prepare_within_limit(program.program(), pool, options));
  return prepared->memory;
}

Result<Executor> Executor::create(const graph::ValidProgram& program,
                                  std::span<const TensorView> data, TaskPool& pool,
                                  ExecutorOptions options) {
  if (options.isa == numerics::Isa::kUnknown) {
    return {ErrorCode::kUnsupported,
            "ASSAY_ISA names no instruction set; give reference, scalar, neon, avx2 or avx512, or "
            "unset it"};
  }
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
    ASSAY_EXPECTS(reinterpret_cast<std::uintptr_t>(data[i].data) % Tensor::kAlignment == 0);
    data_at.push_back(data[i].data);
  }
  ASSAY_TRY(auto prepared, prepare_within_limit(plain, pool, options));
  const MemoryUse memory = prepared->memory;
  try {
    auto parts = std::make_unique<Parts>(plain, std::move(prepared), pool, options);
    parts->engine.bind_data(data_at);
    return Executor(std::move(parts));
  } catch (const std::bad_alloc&) {
    return too_large(memory, "there is");
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
  std::uint32_t i = 0;
  for (auto& [name, tensor] : state) {
    if (p.engine.update_of(i) == SlotUpdate::kInPlace) p.next_at[i] = tensor.data();
    ++i;
  }
  p.engine.run(t, seed, p.state_at, p.next_at);
  i = 0;
  for (auto& [name, tensor] : state) {
    if (p.engine.update_of(i) == SlotUpdate::kSecond) std::swap(tensor, p.next[i]);
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
  p.engine.trace(p.last_node(), t, seed, p.state_at, p.next_at, p.adapted(on_node));
}

void Executor::trace_until(std::uint32_t last, std::uint64_t t, std::uint64_t seed,
                           const NamedTensors& before, const OnNode& on_node) {
  ASSAY_EXPECTS(accepts(before) && last < m_parts->program.nodes.size());
  Parts& p = *m_parts;
  p.read_from(before);
  p.write_to_own();
  p.engine.trace(last, t, seed, p.state_at, p.next_at, p.adapted(on_node));
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

MemoryUse Executor::memory() const { return m_parts->engine.memory(); }

std::vector<UnitTime> Executor::unit_times() const { return m_parts->engine.times(); }

namespace {

const char* name_with_region(OpCode kernel) {
  switch (kernel) {
    case OpCode::kMatMul: return "matmul+fused";
    case OpCode::kMatMulTriangular: return "matmul_triangular+fused";
    case OpCode::kConv2d: return "conv2d+fused";
    case OpCode::kConv2dGradInput: return "conv2d_grad_input+fused";
    case OpCode::kConv2dGradWeight: return "conv2d_grad_weight+fused";
    default: return "fused";
  }
}

}  // namespace

std::vector<OperatorTime> Executor::times() const {
  std::vector<OperatorTime> times;
  for (const UnitTime& unit : unit_times()) {
    const char* name =
        unit.members.empty() ? numerics::name_of(unit.kernel) : name_with_region(unit.kernel);
    auto time = std::find_if(times.begin(), times.end(), [&](const OperatorTime& other) {
      return std::string_view(other.name) == name;
    });
    if (time == times.end()) time = times.insert(times.end(), {name});
    time->runs += unit.runs;
    time->nanoseconds += unit.nanoseconds;
  }
  return times;
}

}  // namespace assay::exec
