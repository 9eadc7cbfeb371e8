// Writes a task node by node: sources are declared as they are added, and what computes becomes a
// slot of its own, so that every element counts.
#pragma once

#include <random>

#include "assay/training/task.hpp"
#include "support/tiny_programs.hpp"

namespace assay::killers {

using numerics::OpCode;

class Draft {
 public:
  // Of a new data tensor; names ascend.
  std::uint32_t data(Tensor tensor, std::string name = {});
  // Of a new slot, which init fills with these bits, and which keeps its value unless update() says
  // what it becomes.
  std::uint32_t state(const TensorType& type, std::uint64_t bits);
  void update(std::uint32_t state, std::uint32_t node);

  std::uint32_t add(OpCode op, const TensorType& output, std::vector<std::uint32_t> inputs = {},
                    std::vector<std::uint64_t> attributes = {}) {
    return m_step.add(op, output, std::move(inputs), std::move(attributes));
  }
  std::uint32_t f32(OpCode op, const Shape& shape, std::vector<std::uint32_t> inputs,
                    std::vector<std::uint64_t> attributes = {}) {
    return m_step.f32(op, shape, std::move(inputs), std::move(attributes));
  }
  std::uint32_t constant(DType dtype, std::uint64_t bits, const Shape& shape = {}) {
    return add(OpCode::kConstant, {dtype, shape}, {}, {bits});
  }
  std::uint32_t reshape(std::uint32_t node, const Shape& shape) {
    return add(OpCode::kReshape, {type(node).dtype, shape}, {node});
  }
  [[nodiscard]] const TensorType& type(std::uint32_t node) const { return m_step.type(node); }
  [[nodiscard]] graph::Program& program() { return m_step.program; }

  // Requires programs that validate.
  [[nodiscard]] training::Task task(std::uint64_t steps, std::uint64_t interval,
                                    std::uint64_t seed = 3);

 private:
  struct State {
    std::uint32_t source, output;
    std::uint64_t bits;
  };
  void bind();

  tiny::Sketch m_step;
  NamedTensors m_data;
  std::vector<State> m_states;
};

// All that f32 has which is no ordinary number, and ordinary numbers: zeros, infinities, NaN of
// both kinds with payloads, subnormals, the largest, ties.
[[nodiscard]] const std::vector<std::uint32_t>& odd_floats();
// Those bits in an order of their own. `odd_share`: one of so many, or none (0); the others are
// between -2 and 2.
[[nodiscard]] Tensor floats(const Shape& shape, std::uint64_t seed, unsigned odd_share = 1);
// The ends of every integer type and what lies beside them.
[[nodiscard]] Tensor integers(DType dtype);
[[nodiscard]] Tensor indices(const std::vector<std::uint32_t>& values);

}  // namespace assay::killers
