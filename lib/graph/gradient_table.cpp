#include "internal/differentiation.hpp"

namespace assay::graph {

namespace {

using numerics::OpCode;

constexpr GradientRow kTable[] = {
    {OpCode::kStateSlot, false, "a source: nothing stands before it"},
    {OpCode::kData, false, "a source: nothing stands before it"},
    {OpCode::kStepIndex, false, "a source: nothing stands before it"},
    {OpCode::kSeed, false, "a source: nothing stands before it"},
    {OpCode::kConstant, false, "it depends on nothing"},
    {OpCode::kIota, false, "it depends on nothing"},
    {OpCode::kReshape, true, "g in x's shape"},
    {OpCode::kCast, false, "one side is an integer, which has no neighbourhood"},
    {OpCode::kTranspose, true, "g with the axes put back"},
    {OpCode::kSlice, true, "g, zeros around it; of several slices of x: joined"},
    {OpCode::kPad, true, "slice of g"},
    {OpCode::kConcat, true, "slice of g; slice of g"},
    {OpCode::kNeg, true, "-g"},
    {OpCode::kRelu, true, "g where y > 0, else 0"},
    {OpCode::kSqrt, true, "g / 2 / y"},
    {OpCode::kExp, true, "g y"},
    {OpCode::kLog, true, "g / x"},
    {OpCode::kTanh, true, "g (1 - y y)"},
    {OpCode::kErf, true, "g (2 / sqrt(pi) exp(-x x))"},
    {OpCode::kSin, true, "g cos(x)"},
    {OpCode::kCos, true, "-(g sin(x))"},
    {OpCode::kRsqrt, true, "g (-1/2 y (y y))"},
    {OpCode::kSigmoid, true, "g (y - y y)"},
    {OpCode::kAdd, true, "g; g"},
    {OpCode::kSub, true, "g; -g"},
    {OpCode::kMul, true, "g b; g a"},
    {OpCode::kDiv, true, "g / b; -(g y) / b"},
    {OpCode::kMax, true, "g where not a < b; g where a < b"},
    {OpCode::kMin, true, "g where not b < a; g where b < a"},
    {OpCode::kEqual, false, "piecewise constant"},
    {OpCode::kLess, false, "piecewise constant"},
    {OpCode::kSelect, true, "condition: none; a: g where condition; b: g where not"},
    {OpCode::kFma, true, "g b; g a; g"},
    {OpCode::kReduceSum, true, "g spread over the reduced axes"},
    {OpCode::kReduceMax, true, "g shared equally by the elements that equal y"},
    {OpCode::kMatMul, true, "g times the other operand, transposed as the shapes ask"},
    {OpCode::kConv2d, true, "x: conv2d_grad_input(g, w); w: conv2d_grad_weight(x, g)"},
    {OpCode::kConv2dGradInput, false, "second derivatives of convolutions are not offered"},
    {OpCode::kConv2dGradWeight, false, "second derivatives of convolutions are not offered"},
    {OpCode::kMaxPool2d, true, "max_pool2d_grad(x, y, g)"},
    {OpCode::kMaxPool2dGrad, false, "second derivatives of pooling are not offered"},
    {OpCode::kMatMulTriangular, true, "matmul_triangular of the parts that its own part calls for"},
    {OpCode::kGatherRows, true, "table: scatter_add_rows(index, g)"},
    {OpCode::kScatterAddRows, true, "source: gather_rows(g, index)"},
    {OpCode::kRandomUniform, false, "its operands are integers"},
    {OpCode::kShuffleIndex, false, "its operands are integers"},
};

}  // namespace

bool ends_paths(OpCode op) noexcept {
  switch (op) {
    case OpCode::kConstant:
    case OpCode::kIota:
    case OpCode::kCast:
    case OpCode::kEqual:
    case OpCode::kLess:
    case OpCode::kRandomUniform:
    case OpCode::kShuffleIndex: return true;
    default: return numerics::is_source(op);
  }
}

std::span<const GradientRow> gradient_table() noexcept { return kTable; }

}  // namespace assay::graph
