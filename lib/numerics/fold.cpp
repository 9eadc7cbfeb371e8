// The parts of a fold that no arithmetic and no access decides. Freestanding.
#include "assay/numerics/fold.hpp"

namespace assay::numerics {

unsigned fold_words(const NodeSpec& spec) noexcept {
  if (spec.op == OpCode::kReduceSum) return kReduceLanes;
  if (spec.op == OpCode::kMaxPool2dGrad) return 2;
  return size_of(spec.output.dtype) == 8 ? 2 : 1;
}

std::uint32_t fold_length(const NodeSpec& spec) noexcept {
  const Shape& a = spec.operands[0].shape;
  const Shape& b = spec.operands[1].shape;
  std::uint64_t steps = 1;
  switch (spec.op) {
    case OpCode::kReduceSum: steps = reduced_count(a, spec.attributes[0]) + 4; break;
    case OpCode::kReduceMax: steps = reduced_count(a, spec.attributes[0]); break;
    case OpCode::kMatMul:
    case OpCode::kMatMulTriangular:
      steps = a[spec.attributes[0] != 0 ? a.rank - 2U : a.rank - 1U];
      break;
    case OpCode::kConv2d: steps = b[0] * b[1] * b[2]; break;
    case OpCode::kConv2dGradInput:
      steps = b[0] * b[1] * conv_groups(spec.output.shape, b).outputs;
      break;
    case OpCode::kConv2dGradWeight: steps = b[0] * b[1] * b[2]; break;  // gy's n, oh, ow
    case OpCode::kMaxPool2d:
    case OpCode::kMaxPool2dGrad: steps = spec.attributes[0] * spec.attributes[0]; break;
    case OpCode::kScatterAddRows: steps = a[0]; break;
    case OpCode::kShuffleIndex: steps = 1 + kShuffleRounds; break;
    default: steps = is_source(spec.op) ? 0 : 1;
  }
  return static_cast<std::uint32_t>(steps);
}

FoldState fold_init(const NodeSpec& spec, std::uint64_t element) noexcept {
  FoldState state;
  if (spec.op == OpCode::kReduceMax || spec.op == OpCode::kMaxPool2d)
    state.words[0] = kMinusInfinity;
  if (spec.op == OpCode::kMatMulTriangular && !triangle_has_chain(spec, element))
    state.words[0] = canonical(low_word(spec.attributes[4]));
  return state;
}

FoldState fold_final(const NodeSpec& spec, std::uint64_t element_bits) noexcept {
  FoldState state;
  state.words[0] = low_word(element_bits);
  if (size_of(spec.output.dtype) == 8) state.words[1] = high_word(element_bits);
  return state;
}

}  // namespace assay::numerics
