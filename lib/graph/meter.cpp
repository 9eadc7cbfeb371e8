#include "assay/graph/meter.hpp"

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
         op == OpCode::kConv2dGradWeight;
}

}  // namespace

std::uint64_t step_weight(OpCode op) noexcept {
  switch (op) {
    case OpCode::kReshape:
    case OpCode::kConstant: return 0;
    case OpCode::kDiv:
    case OpCode::kSqrt: return 4;
    case OpCode::kExp:
    case OpCode::kLog:
    case OpCode::kRandomUniform:
    case OpCode::kShuffleIndex: return 32;
    default: return numerics::is_source(op) ? 0 : 1;
  }
}

Work work_of(const Program& program) {
  Work work;
  for (const Node& node : program.nodes) {
    const std::uint64_t folds =
        saturating_mul(node.spec.output.shape.elements(), numerics::fold_length(node.spec));
    work.operations =
        saturating_add(work.operations, saturating_mul(folds, step_weight(node.spec.op)));
    if (is_product(node.spec.op)) work.multiply_adds = saturating_add(work.multiply_adds, folds);
    work.output_bytes = saturating_add(work.output_bytes, node.spec.output.byte_count());
  }
  for (const Slot& slot : program.slots) {
    work.state_bytes = saturating_add(work.state_bytes, slot.type.byte_count());
  }
  return work;
}

}  // namespace assay::graph
