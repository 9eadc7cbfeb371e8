// Which specs the profile admits (docs/spec/numerics.md, "Validity"). Freestanding.
#include "assay/numerics/operator.hpp"

#include "assay/numerics/geometry.hpp"

namespace assay::numerics {
namespace {

constexpr std::uint64_t kMaxStride = 65'535;  // strides, paddings and windows

struct Row {
  OpCode op;
  std::uint8_t operands;
  std::uint8_t attributes;
  const char* name;
};

constexpr Row kRows[] = {
    {OpCode::kStateSlot, 0, 1, "state_slot"},
    {OpCode::kData, 0, 1, "data"},
    {OpCode::kStepIndex, 0, 0, "step_index"},
    {OpCode::kSeed, 0, 0, "seed"},
    {OpCode::kConstant, 0, 1, "constant"},
    {OpCode::kIota, 0, 1, "iota"},
    {OpCode::kReshape, 1, 0, "reshape"},
    {OpCode::kCast, 1, 0, "cast"},
    {OpCode::kTranspose, 1, 1, "transpose"},
    {OpCode::kSlice, 1, 2, "slice"},
    {OpCode::kPad, 1, 2, "pad"},
    {OpCode::kConcat, 2, 1, "concat"},
    {OpCode::kNeg, 1, 0, "neg"},
    {OpCode::kRelu, 1, 0, "relu"},
    {OpCode::kSqrt, 1, 0, "sqrt"},
    {OpCode::kExp, 1, 0, "exp"},
    {OpCode::kLog, 1, 0, "log"},
    {OpCode::kTanh, 1, 0, "tanh"},
    {OpCode::kErf, 1, 0, "erf"},
    {OpCode::kSin, 1, 0, "sin"},
    {OpCode::kCos, 1, 0, "cos"},
    {OpCode::kRsqrt, 1, 0, "rsqrt"},
    {OpCode::kSigmoid, 1, 0, "sigmoid"},
    {OpCode::kAdd, 2, 0, "add"},
    {OpCode::kSub, 2, 0, "sub"},
    {OpCode::kMul, 2, 0, "mul"},
    {OpCode::kDiv, 2, 0, "div"},
    {OpCode::kMax, 2, 0, "max"},
    {OpCode::kMin, 2, 0, "min"},
    {OpCode::kEqual, 2, 0, "equal"},
    {OpCode::kLess, 2, 0, "less"},
    {OpCode::kSelect, 3, 0, "select"},
    {OpCode::kFma, 3, 0, "fma"},
    {OpCode::kReduceSum, 1, 1, "reduce_sum"},
    {OpCode::kReduceMax, 1, 1, "reduce_max"},
    {OpCode::kMatMul, 2, 2, "matmul"},
    {OpCode::kConv2d, 2, 2, "conv2d"},
    {OpCode::kConv2dGradInput, 2, 2, "conv2d_grad_input"},
    {OpCode::kConv2dGradWeight, 2, 2, "conv2d_grad_weight"},
    {OpCode::kMaxPool2d, 1, 1, "max_pool2d"},
    {OpCode::kMaxPool2dGrad, 3, 1, "max_pool2d_grad"},
    {OpCode::kMatMulTriangular, 2, 5, "matmul_triangular"},
    {OpCode::kGatherRows, 2, 0, "gather_rows"},
    {OpCode::kScatterAddRows, 2, 0, "scatter_add_rows"},
    {OpCode::kRandomUniform, 2, 1, "random_uniform"},
    {OpCode::kShuffleIndex, 2, 2, "shuffle_index"},
};

const Row* find(OpCode op) noexcept {
  for (const Row& row : kRows) {
    if (row.op == op) return &row;
  }
  return nullptr;
}

constexpr SpecVerdict check(bool holds, SpecVerdict otherwise) noexcept {
  return holds ? SpecVerdict::kValid : otherwise;
}

bool broadcasts(const Shape& operand, const Shape& output) noexcept {
  if (operand.rank > output.rank) return false;
  for (unsigned i = 0; i < operand.rank; ++i) {
    const std::uint64_t own = operand.dims[operand.rank - 1 - i];
    if (own != 1 && own != output.dims[output.rank - 1 - i]) return false;
  }
  return true;
}

bool all_broadcast(const NodeSpec& s) noexcept {
  for (unsigned i = 0; i < s.operand_count; ++i) {
    if (!broadcasts(s.operands[i].shape, s.output.shape)) return false;
  }
  return true;
}

bool is_scalar_u64(const TensorType& t) noexcept {
  return t.dtype == DType::kU64 && t.shape.rank == 0;
}

// The dtypes alone.
bool dtypes_fit(const NodeSpec& s) noexcept {
  const DType out = s.output.dtype;
  const DType first = s.operands[0].dtype;
  const auto same = [&](unsigned from) {
    for (unsigned i = from; i < s.operand_count; ++i) {
      if (s.operands[i].dtype != s.operands[from].dtype) return false;
    }
    return true;
  };
  switch (s.op) {
    case OpCode::kStateSlot:
    case OpCode::kData:
    case OpCode::kConstant:
    case OpCode::kIota:
    case OpCode::kCast: return true;
    case OpCode::kStepIndex:
    case OpCode::kSeed: return out == DType::kU64;
    case OpCode::kReshape:
    case OpCode::kTranspose:
    case OpCode::kSlice:
    case OpCode::kPad: return out == first;
    case OpCode::kConcat: return same(0) && out == first;
    case OpCode::kAdd:
    case OpCode::kSub:
    case OpCode::kMul: return same(0) && out == first && out != DType::kU8;
    case OpCode::kEqual:
    case OpCode::kLess: return same(0) && out == DType::kU32;
    case OpCode::kSelect: return first == DType::kU32 && same(1) && out == s.operands[1].dtype;
    case OpCode::kGatherRows: return out == first && s.operands[1].dtype == DType::kU32;
    case OpCode::kScatterAddRows:
      return first == DType::kU32 && s.operands[1].dtype == DType::kF32 && out == DType::kF32;
    case OpCode::kRandomUniform: return out == DType::kF32 && first == DType::kU64 && same(0);
    case OpCode::kShuffleIndex: return out == DType::kU32 && first == DType::kU64 && same(0);
    default: return out == DType::kF32 && first == DType::kF32 && same(0);
  }
}

SpecVerdict check_reduce(const NodeSpec& s) noexcept {
  const Shape& x = s.operands[0].shape;
  const std::uint64_t mask = s.attributes[0];
  if (s.output.shape.rank != x.rank) return SpecVerdict::kWrongShape;
  if (mask == 0 || mask >> x.rank != 0) return SpecVerdict::kWrongAttribute;
  for (unsigned i = 0; i < x.rank; ++i) {
    const std::uint64_t want = (mask >> i & 1) != 0 ? 1 : x[i];
    if (s.output.shape[i] != want) return SpecVerdict::kWrongShape;
  }
  const std::uint64_t joins = s.op == OpCode::kReduceSum ? 4 : 0;
  return check(reduced_count(x, mask) + joins <= kMaxFoldSteps, SpecVerdict::kFoldTooLong);
}

SpecVerdict check_matmul(const NodeSpec& s) noexcept {
  const Shape& a = s.operands[0].shape;
  const Shape& b = s.operands[1].shape;
  const Shape& y = s.output.shape;
  if (y.rank < 2 || y.rank > 3 || a.rank != y.rank || b.rank != y.rank) {
    return SpecVerdict::kWrongShape;
  }
  if (s.attributes[0] > 1 || s.attributes[1] > 1) return SpecVerdict::kWrongAttribute;
  if (s.op == OpCode::kMatMulTriangular &&
      (s.attributes[2] > static_cast<std::uint64_t>(TrianglePart::kUpperA) ||
       s.attributes[3] > kMaxElements || s.attributes[4] > 0xffff'ffff)) {
    return SpecVerdict::kWrongAttribute;
  }
  const unsigned r = y.rank - 2U;
  if (r == 1 && (a[0] != y[0] || b[0] != y[0])) return SpecVerdict::kWrongShape;
  const bool ta = s.attributes[0] != 0;
  const bool tb = s.attributes[1] != 0;
  const std::uint64_t k = a[ta ? r : r + 1];
  if (a[ta ? r + 1 : r] != y[r] || b[tb ? r : r + 1] != y[r + 1] || b[tb ? r + 1 : r] != k) {
    return SpecVerdict::kWrongShape;
  }
  return check(k <= kMaxFoldSteps, SpecVerdict::kFoldTooLong);
}

// The output has x's shape but for its size along `axis`.
bool differs_only_at(const Shape& x, const Shape& y, std::uint64_t axis) noexcept {
  if (x.rank != y.rank) return false;
  for (unsigned i = 0; i < x.rank; ++i) {
    if (i != axis && x[i] != y[i]) return false;
  }
  return true;
}

SpecVerdict check_transpose(const NodeSpec& s) noexcept {
  const Shape& x = s.operands[0].shape;
  const Shape& y = s.output.shape;
  if (x.rank != y.rank) return SpecVerdict::kWrongShape;
  const std::uint64_t axes = s.attributes[0];
  if (axes >> (4 * x.rank) != 0) return SpecVerdict::kWrongAttribute;
  unsigned seen = 0;
  for (unsigned i = 0; i < x.rank; ++i) {
    const auto axis = static_cast<unsigned>(axes >> (4 * i) & 15);
    if (axis >= x.rank || (seen >> axis & 1) != 0) return SpecVerdict::kWrongAttribute;
    seen |= 1U << axis;
  }
  for (unsigned i = 0; i < x.rank; ++i) {
    if (y[i] != x[static_cast<unsigned>(axes >> (4 * i) & 15)]) return SpecVerdict::kWrongShape;
  }
  return SpecVerdict::kValid;
}

// slice, pad and concat: the parts along one axis.
SpecVerdict check_along(const NodeSpec& s) noexcept {
  const Shape& x = s.operands[0].shape;
  const Shape& y = s.output.shape;
  const std::uint64_t axis = s.attributes[0];
  if (y.rank == 0 || x.rank != y.rank) return SpecVerdict::kWrongShape;
  if (axis >= y.rank) return SpecVerdict::kWrongAttribute;
  if (!differs_only_at(x, y, axis)) return SpecVerdict::kWrongShape;
  const auto at = static_cast<unsigned>(axis);
  if (s.op == OpCode::kConcat) {
    const Shape& b = s.operands[1].shape;
    return check(differs_only_at(b, y, axis) && x[at] + b[at] == y[at], SpecVerdict::kWrongShape);
  }
  const std::uint64_t larger = s.op == OpCode::kSlice ? x[at] : y[at];
  const std::uint64_t smaller = s.op == OpCode::kSlice ? y[at] : x[at];
  if (smaller > larger) return SpecVerdict::kWrongShape;
  return check(s.attributes[1] <= larger - smaller, SpecVerdict::kWrongAttribute);
}

SpecVerdict check_scatter(const NodeSpec& s) noexcept {
  const Shape& index = s.operands[0].shape;
  const Shape& source = s.operands[1].shape;
  const Shape& y = s.output.shape;
  if (index.rank != 1 || source.rank == 0 || index[0] != source[0] ||
      !differs_only_at(source, y, 0)) {
    return SpecVerdict::kWrongShape;
  }
  return check(index[0] <= kMaxFoldSteps, SpecVerdict::kFoldTooLong);
}

// The spatial size that a convolution gives; 0 if the kernel does not fit.
std::uint64_t convolved(std::uint64_t size, std::uint64_t kernel, std::uint64_t stride,
                        std::uint64_t padding) noexcept {
  const std::uint64_t padded = size + 2 * padding;
  return padded < kernel ? 0 : (padded - kernel) / stride + 1;
}

SpecVerdict check_conv(const NodeSpec& s, const Shape& x, const Shape& w, const Shape& y,
                       bool steps_are_pixels, bool steps_are_outputs) noexcept {
  if (x.rank != 4 || w.rank != 4 || y.rank != 4) return SpecVerdict::kWrongShape;
  const std::uint64_t stride = s.attributes[0];
  const std::uint64_t padding = s.attributes[1];
  if (stride == 0 || stride > kMaxStride || padding > kMaxStride)
    return SpecVerdict::kWrongAttribute;
  const std::uint64_t groups = x[3] / w[2];
  if (x[3] % w[2] != 0 || w[3] % groups != 0 || w[3] != y[3] || y[0] != x[0] ||
      y[1] != convolved(x[1], w[0], stride, padding) ||
      y[2] != convolved(x[2], w[1], stride, padding)) {
    return SpecVerdict::kWrongShape;
  }
  // Products of dimensions of one valid shape do not overflow.
  const std::uint64_t steps = steps_are_pixels
                                  ? y[0] * y[1] * y[2]
                                  : w[0] * w[1] * (steps_are_outputs ? w[3] / groups : w[2]);
  return check(steps <= kMaxFoldSteps, SpecVerdict::kFoldTooLong);
}

SpecVerdict check_pool(const NodeSpec& s, const Shape& x, const Shape& y) noexcept {
  if (x.rank != 4 || y.rank != 4) return SpecVerdict::kWrongShape;
  const std::uint64_t window = s.attributes[0];
  if (window == 0 || window > kMaxStride) return SpecVerdict::kWrongAttribute;
  if (y[0] != x[0] || y[3] != x[3] || y[1] != x[1] / window || y[2] != x[2] / window) {
    return SpecVerdict::kWrongShape;
  }
  return check(window * window <= kMaxFoldSteps, SpecVerdict::kFoldTooLong);
}

// Shapes and attributes of a spec whose counts, dtypes and single shapes are sound.
SpecVerdict check_fit(const NodeSpec& s) noexcept {
  const Shape& y = s.output.shape;
  const Shape& a = s.operands[0].shape;
  const Shape& b = s.operands[1].shape;
  switch (s.op) {
    case OpCode::kStateSlot:
    case OpCode::kData: return SpecVerdict::kValid;
    case OpCode::kStepIndex:
    case OpCode::kSeed: return check(y.rank == 0, SpecVerdict::kWrongShape);
    case OpCode::kConstant: {
      const std::uint32_t bits = 8 * size_of(s.output.dtype);
      return check(bits == 64 || s.attributes[0] >> bits == 0, SpecVerdict::kWrongAttribute);
    }
    case OpCode::kIota:
      if (y.rank == 0) return SpecVerdict::kWrongShape;
      return check(s.attributes[0] < y.rank, SpecVerdict::kWrongAttribute);
    case OpCode::kReshape: return check(a.elements() == y.elements(), SpecVerdict::kWrongShape);
    case OpCode::kCast:
    case OpCode::kNeg:
    case OpCode::kRelu:
    case OpCode::kSqrt:
    case OpCode::kExp:
    case OpCode::kLog:
    case OpCode::kTanh:
    case OpCode::kErf:
    case OpCode::kSin:
    case OpCode::kCos:
    case OpCode::kRsqrt:
    case OpCode::kSigmoid: return check(a == y, SpecVerdict::kWrongShape);
    case OpCode::kTranspose: return check_transpose(s);
    case OpCode::kSlice:
    case OpCode::kPad:
    case OpCode::kConcat: return check_along(s);
    case OpCode::kScatterAddRows: return check_scatter(s);
    case OpCode::kReduceSum:
    case OpCode::kReduceMax: return check_reduce(s);
    case OpCode::kMatMul:
    case OpCode::kMatMulTriangular: return check_matmul(s);
    case OpCode::kConv2d: return check_conv(s, a, b, y, false, false);
    case OpCode::kConv2dGradInput: return check_conv(s, y, b, a, false, true);
    case OpCode::kConv2dGradWeight: return check_conv(s, a, y, b, true, false);
    case OpCode::kMaxPool2d: return check_pool(s, a, y);
    case OpCode::kMaxPool2dGrad: {
      if (s.operands[2].shape.rank != b.rank || y.rank != a.rank) return SpecVerdict::kWrongShape;
      const SpecVerdict pooled = check_pool(s, a, b);
      const bool fits = a == y && s.operands[2].shape == b;
      return fits || pooled == SpecVerdict::kWrongAttribute ? pooled : SpecVerdict::kWrongShape;
    }
    case OpCode::kGatherRows: {
      if (a.rank == 0 || b.rank != 1 || y.rank != a.rank || y[0] != b[0])
        return SpecVerdict::kWrongShape;
      for (unsigned i = 1; i < a.rank; ++i) {
        if (a[i] != y[i]) return SpecVerdict::kWrongShape;
      }
      return SpecVerdict::kValid;
    }
    case OpCode::kRandomUniform:
      return check(is_scalar_u64(s.operands[0]) && is_scalar_u64(s.operands[1]),
                   SpecVerdict::kWrongShape);
    case OpCode::kShuffleIndex:
      if (!is_scalar_u64(s.operands[0]) || !is_scalar_u64(s.operands[1]) || y.rank != 1) {
        return SpecVerdict::kWrongShape;
      }
      return check(s.attributes[0] >= 1 && s.attributes[0] <= std::uint64_t{1} << 32,
                   SpecVerdict::kWrongAttribute);
    default: return check(all_broadcast(s), SpecVerdict::kWrongShape);
  }
}

}  // namespace

SpecVerdict validate(const NodeSpec& spec) noexcept {
  const Row* row = find(spec.op);
  if (row == nullptr) return SpecVerdict::kUnknownOperator;
  if (spec.operand_count != row->operands) return SpecVerdict::kWrongOperandCount;
  if (spec.attribute_count != row->attributes) return SpecVerdict::kWrongAttributeCount;
  bool known = is_known(spec.output.dtype);
  bool shaped = is_valid(spec.output.shape);
  for (unsigned i = 0; i < spec.operand_count; ++i) {
    known = known && is_known(spec.operands[i].dtype);
    shaped = shaped && is_valid(spec.operands[i].shape);
  }
  if (!known) return SpecVerdict::kUnknownDType;
  if (!shaped) return SpecVerdict::kInvalidShape;
  if (!dtypes_fit(spec)) return SpecVerdict::kWrongDType;
  return check_fit(spec);
}

const char* name_of(OpCode op) noexcept {
  const Row* row = find(op);
  return row == nullptr ? "?" : row->name;
}

}  // namespace assay::numerics
