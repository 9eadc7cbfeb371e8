#include "assay/graph/meter.hpp"

#include <algorithm>

#include "assay/numerics/fold.hpp"

namespace assay::graph {

namespace {

using numerics::OpCode;

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  return checked_add(a, b, sum) ? sum : ~std::uint64_t{0};
}

std::uint64_t saturating_mul(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return checked_mul(a, b, product) ? product : ~std::uint64_t{0};
}

bool is_product(OpCode op) {
  return op == OpCode::kMatMul || op == OpCode::kConv2d || op == OpCode::kConv2dGradInput ||
         op == OpCode::kConv2dGradWeight || op == OpCode::kMatMulTriangular;
}

// Places j <= i + diagonal of an n by m matrix: rows that end on the diagonal, then whole ones.
std::uint64_t pairs(std::uint64_t n, std::uint64_t m, std::uint64_t diagonal) {
  if (diagonal >= m) return saturating_mul(n, m);
  const std::uint64_t ramp = std::min(n, m - diagonal - 1);
  const std::uint64_t triangle =
      ramp % 2 == 0 ? saturating_mul(ramp / 2, ramp + 1) : saturating_mul(ramp, (ramp + 1) / 2);
  const std::uint64_t left = saturating_add(triangle, saturating_mul(ramp, diagonal));
  return saturating_add(left, saturating_mul(n - ramp, m));
}

std::uint64_t triangular_steps(const numerics::NodeSpec& spec) {
  const Shape& y = spec.output.shape;
  const Shape& a = spec.operands[0].shape;
  const std::uint64_t rows = y[y.rank - 2U];
  const std::uint64_t columns = y[y.rank - 1U];
  const std::uint64_t depth = a[spec.attributes[0] != 0 ? y.rank - 2U : y.rank - 1U];
  const std::uint64_t diagonal = spec.attributes[3];
  const std::uint64_t batch = y.rank == 3 ? y[0] : 1;
  switch (static_cast<numerics::TrianglePart>(spec.attributes[2])) {
    case numerics::TrianglePart::kOutput:
      return saturating_mul(batch, saturating_mul(pairs(rows, columns, diagonal), depth));
    case numerics::TrianglePart::kLowerA:
      return saturating_mul(batch, saturating_mul(pairs(rows, depth, diagonal), columns));
    default: return saturating_mul(batch, saturating_mul(pairs(depth, rows, diagonal), columns));
  }
}

// Steps that a machine has to do; the folds' definition walks over more.
std::uint64_t steps_of(const numerics::NodeSpec& spec) {
  const std::uint64_t elements = spec.output.shape.elements();
  if (spec.op == OpCode::kMatMulTriangular) return triangular_steps(spec);
  if (spec.op == OpCode::kScatterAddRows) {
    return saturating_add(elements, spec.operands[1].shape.elements());
  }
  return saturating_mul(elements, numerics::fold_length(spec));
}

}  // namespace

std::uint64_t step_weight(OpCode op) noexcept {
  switch (op) {
    case OpCode::kReshape:
    case OpCode::kConstant: return 0;
    case OpCode::kDiv:
    case OpCode::kSqrt: return 4;
    case OpCode::kRsqrt: return 8;
    case OpCode::kExp:
    case OpCode::kLog:
    case OpCode::kTanh:
    case OpCode::kErf:
    case OpCode::kSin:
    case OpCode::kCos:
    case OpCode::kSigmoid:
    case OpCode::kRandomUniform:
    case OpCode::kShuffleIndex: return 32;
    default: return numerics::is_source(op) ? 0 : 1;
  }
}

Work work_of(const Program& program) {
  Work work;
  for (const Node& node : program.nodes) {
    const std::uint64_t steps = steps_of(node.spec);
    work.operations =
        saturating_add(work.operations, saturating_mul(steps, step_weight(node.spec.op)));
    if (is_product(node.spec.op)) work.multiply_adds = saturating_add(work.multiply_adds, steps);
    work.output_bytes = saturating_add(work.output_bytes, node.spec.output.byte_count());
  }
  for (const Slot& slot : program.slots) {
    work.state_bytes = saturating_add(work.state_bytes, slot.type.byte_count());
  }
  return work;
}

}  // namespace assay::graph
