#include "cheats/interpreter.hpp"

#include <cstring>

namespace assay::cheats {
namespace {

// Scratch as aligned as a tensor.
Tensor scratch_of(std::size_t bytes) { return Tensor({DType::kU8, Shape{bytes + 1}}); }

const Tensor& nth(const NamedTensors& tensors, std::uint64_t index) {
  return std::next(tensors.begin(), static_cast<std::ptrdiff_t>(index))->second;
}

}  // namespace

Run interpret(const graph::Program& program, const NamedTensors& data, numerics::Isa isa,
              TaskPool& pool, std::uint64_t t, std::uint64_t seed, const NamedTensors& before,
              const Tamper& tamper) {
  using numerics::OpCode;
  const numerics::FloatingPointMode mode;
  Run run;
  for (std::uint32_t i = 0; i < program.nodes.size(); ++i) {
    const graph::Node& node = program.nodes[i];
    Tensor output(node.spec.output);
    switch (node.spec.op) {
      case OpCode::kStateSlot: output = nth(before, node.spec.attributes[0]); break;
      case OpCode::kData: output = nth(data, node.spec.attributes[0]); break;
      case OpCode::kStepIndex: output = Tensor::scalar<std::uint64_t>(t); break;
      case OpCode::kSeed: output = Tensor::scalar<std::uint64_t>(seed); break;
      default: {
        std::array<const void*, numerics::kMaxOperands> operands{};
        for (unsigned k = 0; k < node.spec.operand_count; ++k) {
          operands[k] = run.outputs[node.inputs[k]].data();
        }
        Tensor scratch = scratch_of(numerics::scratch_bytes(isa, node.spec, pool.thread_count()));
        numerics::run(isa, node.spec,
                      std::span<const void* const>(operands.data(), node.spec.operand_count),
                      output.data(), scratch.bytes(), pool);
      }
    }
    if (tamper) tamper(i, output);
    run.outputs.push_back(std::move(output));
  }
  for (const graph::Slot& slot : program.slots)
    run.after.emplace(slot.name, run.outputs[slot.output]);
  return run;
}

}  // namespace assay::cheats
