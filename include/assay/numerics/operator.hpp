// The operators of the numeric profile fp32-fma/1 and what one node asks of one of them
// (docs/spec/numerics.md). Freestanding.
#pragma once

#include "assay/tensor/shape.hpp"

namespace assay::numerics {

inline constexpr char kProfileName[] = "fp32-fma/1";
inline constexpr std::uint16_t kProfileNumber = 1;

inline constexpr unsigned kMaxOperands = 4;    // large operands of one scalar step
inline constexpr unsigned kMaxAttributes = 6;  // u64 each
inline constexpr unsigned kMaxFoldWords = 32;  // 16 scalars of at most 64 bits
inline constexpr std::uint64_t kMaxFoldSteps = 131'072;

// Numbers are part of the profile: never reuse one.
// Sources are not folds: the dispute decides them by one opening.
enum class OpCode : std::uint16_t {
  kStateSlot = 1,  // attributes: slot index. The slot's tensor in the state before the step
  kData = 2,       // attributes: index into the program's data declarations
  kStepIndex = 3,  // u64 scalar: t, 0 for the first step and in the init program
  kSeed = 4,       // u64 scalar: the task's seed

  kConstant = 16,   // attributes: bits. Every element is that value
  kIota = 17,       // attributes: axis. Index along the axis, converted to the output dtype
  kReshape = 18,    // (x): same elements in row-major order
  kCast = 19,       // (x): conversion to the output dtype
  kTranspose = 20,  // (x) attributes: axes. Output axis i is x's axis (axes >> 4 i) & 15
  kSlice = 21,      // (x) attributes: axis, start. Output index o along the axis reads start + o
  kPad = 22,        // (x) attributes: axis, before. Index o along the axis reads o - before, else 0
  kConcat = 23,     // (a, b) attributes: axis. a, and behind it b, along the axis

  kNeg = 32,  // f32 (x)
  kRelu = 33,
  kSqrt = 34,
  kExp = 35,
  kLog = 36,
  kTanh = 37,
  kErf = 38,
  kSin = 39,
  kCos = 40,
  kRsqrt = 41,    // 1 / sqrt(x), rounded once
  kSigmoid = 42,  // 1 / (1 + exp(-x)), rounded once

  kAdd = 48,  // f32, i32, u32, i64, u64 (a, b), each broadcast to the output's shape
  kSub = 49,
  kMul = 50,
  kDiv = 51,     // f32
  kMax = 52,     // f32
  kMin = 53,     // f32
  kEqual = 54,   // operands of one dtype -> u32 0 or 1
  kLess = 55,    // operands of one dtype -> u32 0 or 1
  kSelect = 56,  // (condition u32, a, b): a where the condition is not 0; broadcast
  kFma = 57,     // f32 (a, b, c): fma(a, b, c); broadcast

  kReduceSum = 64,  // f32 (x) attributes: axes mask. Reduced axes stay with dimension 1; 16 lanes
  kReduceMax = 65,  // f32 (x) attributes: axes mask

  kMatMul = 80,  // f32 (a, b) attributes: transpose a, transpose b. Rank 2, or 3 with a batch
  // f32 (x NHWC, w KhKwCiCo) attributes: stride, padding. Groups: x's channels / Ci; output channel
  // co belongs to group co / (Co / groups) and reads the Ci input channels of that group.
  kConv2d = 81,
  kConv2dGradInput = 82,   // f32 (gy, w) attributes: stride, padding. Output shape: x's
  kConv2dGradWeight = 83,  // f32 (x, gy) attributes: stride, padding. Output shape: w's
  kMaxPool2d = 84,         // f32 (x NHWC) attributes: window (= stride)
  kMaxPool2dGrad = 85,     // f32 (x, y, gy) attributes: window. To the first maximum of each window
  // A matmul with a triangle, f32 (a, b) attributes: transpose a, transpose b, part, diagonal,
  // fill. part 0: elements with j > i + diagonal are the fill (f32 bits) and have no steps' effect;
  // part 1: steps with k > i + diagonal are skipped; part 2: steps with i > k + diagonal are.
  // (i row, j column of the output, k depth; a skipped step leaves the state as it is.)
  kMatMulTriangular = 86,

  kGatherRows = 96,  // (table [n, ...], index u32 [b]) -> [b, ...]; out of range reads 0
  // (index u32 [b], source f32 [b, ...]) -> [n, ...]: adds up, in ascending order from +0, the
  // source rows whose index is the output's row.
  kScatterAddRows = 97,
  kRandomUniform = 112,  // (seed u64, t u64) attributes: purpose -> f32 in [0, 1)
  kShuffleIndex = 113,   // (seed u64, t u64) attributes: n, purpose -> u32 [b]
};

[[nodiscard]] constexpr bool is_source(OpCode op) noexcept {
  return static_cast<unsigned>(op) < 16;
}

// f32 functions of one element.
[[nodiscard]] constexpr bool is_unary(OpCode op) noexcept {
  return op >= OpCode::kNeg && op <= OpCode::kSigmoid;
}

// Those of them that no processor has as an instruction.
[[nodiscard]] constexpr bool is_costly_unary(OpCode op) noexcept {
  return op >= OpCode::kExp && op <= OpCode::kSigmoid;
}

// Each output element depends on one element of each operand, which are broadcast.
[[nodiscard]] constexpr bool is_pointwise(OpCode op) noexcept {
  return op >= OpCode::kAdd && op <= OpCode::kFma;
}

[[nodiscard]] constexpr bool is_reduction(OpCode op) noexcept {
  return op == OpCode::kReduceSum || op == OpCode::kReduceMax;
}

// One node's operator with the types it is applied to: everything that a scalar step depends on
// besides the operands' elements.
struct NodeSpec {
  OpCode op{};
  TensorType output;
  std::uint8_t operand_count = 0;
  std::uint8_t attribute_count = 0;
  std::array<TensorType, kMaxOperands> operands{};
  std::array<std::uint64_t, kMaxAttributes> attributes{};
  friend constexpr bool operator==(const NodeSpec&, const NodeSpec&) = default;
};

// Why a spec is not one of the profile's; dense, in order of precedence.
enum class SpecVerdict : std::uint8_t {
  kValid = 0,
  kUnknownOperator,
  kWrongOperandCount,
  kWrongAttributeCount,
  kUnknownDType,
  kInvalidShape,
  kWrongDType,  // this operator does not take these dtypes
  kWrongShape,  // shapes that do not fit together or the attributes
  kWrongAttribute,
  kFoldTooLong,  // an element would need more than kMaxFoldSteps steps
};

// Total: any bytes may stand in `spec`.
[[nodiscard]] SpecVerdict validate(const NodeSpec& spec) noexcept;

enum class TrianglePart : std::uint8_t { kOutput = 0, kLowerA = 1, kUpperA = 2 };

// What people and tables call the operator: "matmul". "?" if unknown.
[[nodiscard]] const char* name_of(OpCode op) noexcept;

}  // namespace assay::numerics
