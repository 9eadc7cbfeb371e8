// The validator: each verdict by a spec that breaks one rule, and the limits at their edges.
#include "assay/numerics/operator.hpp"

#include <gtest/gtest.h>

#include "assay/numerics/fold.hpp"

namespace assay::numerics {
namespace {

TensorType f32(std::initializer_list<std::uint64_t> dims) { return {DType::kF32, Shape(dims)}; }

NodeSpec node(OpCode op, const TensorType& output, std::initializer_list<TensorType> operands,
              std::initializer_list<std::uint64_t> attributes = {}) {
  NodeSpec s;
  s.op = op;
  s.output = output;
  for (const TensorType& t : operands) s.operands[s.operand_count++] = t;
  for (const std::uint64_t v : attributes) s.attributes[s.attribute_count++] = v;
  return s;
}

using enum SpecVerdict;

TEST(Validate, EachVerdict) {
  const NodeSpec good = node(OpCode::kAdd, f32({2, 3}), {f32({2, 3}), f32({3})});
  EXPECT_EQ(validate(good), kValid);
  NodeSpec s = good;
  s.op = static_cast<OpCode>(999);
  EXPECT_EQ(validate(s), kUnknownOperator);
  s = good, s.operand_count = 3;
  EXPECT_EQ(validate(s), kWrongOperandCount);
  s = good, s.attribute_count = 1;
  EXPECT_EQ(validate(s), kWrongAttributeCount);
  s = good, s.operands[1].dtype = static_cast<DType>(7);
  EXPECT_EQ(validate(s), kUnknownDType);
  s = good, s.operands[1].shape.dims[0] = 0;
  EXPECT_EQ(validate(s), kInvalidShape);
  s = good, s.operands[1].dtype = DType::kU32;
  EXPECT_EQ(validate(s), kWrongDType);
  s = good, s.operands[1].shape.dims[0] = 2;
  EXPECT_EQ(validate(s), kWrongShape);
  EXPECT_EQ(validate(node(OpCode::kIota, f32({2}), {}, {1})), kWrongAttribute);
  EXPECT_EQ(
      validate(node(OpCode::kMatMul, f32({1, 1}), {f32({1, 131'073}), f32({131'073, 1})}, {0, 0})),
      kFoldTooLong);
}

TEST(Validate, RanksComeBeforeAttributes) {
  const TensorType x = f32({1, 4, 4, 1}), y = f32({1, 2, 2, 1});
  EXPECT_EQ(validate(node(OpCode::kMaxPool2dGrad, x, {x, y, y}, {2})), kValid);
  EXPECT_EQ(validate(node(OpCode::kMaxPool2dGrad, x, {x, y, y}, {0})), kWrongAttribute);
  EXPECT_EQ(validate(node(OpCode::kMaxPool2dGrad, x, {x, y, f32({2, 2})}, {0})), kWrongShape);
}

TEST(Validate, FoldsAtTheLimit) {
  EXPECT_EQ(
      validate(node(OpCode::kMatMul, f32({1, 1}), {f32({1, 131'072}), f32({131'072, 1})}, {0, 0})),
      kValid);
  const NodeSpec most = node(OpCode::kReduceSum, f32({1}), {f32({131'068})}, {1});
  EXPECT_EQ(validate(most), kValid);
  EXPECT_EQ(fold_length(most), kMaxFoldSteps);
  EXPECT_EQ(validate(node(OpCode::kReduceSum, f32({1}), {f32({131'069})}, {1})), kFoldTooLong);
  EXPECT_EQ(validate(node(OpCode::kReduceMax, f32({1}), {f32({131'072})}, {1})), kValid);
  EXPECT_EQ(validate(node(OpCode::kMaxPool2d, f32({1, 1, 1, 1}), {f32({1, 400, 400, 1})}, {400})),
            kFoldTooLong);
  const auto weight = [](std::uint64_t n) {
    return node(OpCode::kConv2dGradWeight, f32({1, 1, 1, 1}),
                {f32({n, 64, 64, 1}), f32({n, 64, 64, 1})}, {1, 0});
  };
  EXPECT_EQ(validate(weight(32)), kValid);
  EXPECT_EQ(validate(weight(33)), kFoldTooLong);
}

TEST(Validate, Convolutions) {
  const auto conv = [](std::uint64_t out, std::uint64_t stride, std::uint64_t padding) {
    return validate(node(OpCode::kConv2d, f32({1, out, out, 2}),
                         {f32({1, 9, 9, 3}), f32({3, 3, 3, 2})}, {stride, padding}));
  };
  EXPECT_EQ(conv(7, 1, 0), kValid);
  EXPECT_EQ(conv(9, 1, 1), kValid);
  EXPECT_EQ(conv(4, 2, 0), kValid);
  EXPECT_EQ(conv(5, 2, 1), kValid);
  EXPECT_EQ(conv(5, 2, 0), kWrongShape);
  EXPECT_EQ(conv(7, 0, 0), kWrongAttribute);
  EXPECT_EQ(conv(7, 1, 65'536), kWrongAttribute);
  EXPECT_EQ(validate(node(OpCode::kConv2d, f32({1, 1, 1, 1}),
                          {f32({1, 2, 2, 1}), f32({3, 3, 1, 1})}, {1, 0})),
            kWrongShape);
}

TensorType u8(std::initializer_list<std::uint64_t> dims) { return {DType::kU8, Shape(dims)}; }

TEST(Validate, Transposes) {
  const auto verdict = [](const TensorType& y, const TensorType& x, std::uint64_t axes) {
    return validate(node(OpCode::kTranspose, y, {x}, {axes}));
  };
  EXPECT_EQ(verdict(f32({3, 2}), f32({2, 3}), 0x01), kValid);
  EXPECT_EQ(verdict(u8({4, 2, 3}), u8({2, 3, 4}), 0x102), kValid);
  EXPECT_EQ(verdict(f32({1, 2, 3, 4, 5, 6}), f32({6, 5, 4, 3, 2, 1}), 0x012345), kValid);
  EXPECT_EQ(verdict(f32({}), f32({}), 0), kValid);
  EXPECT_EQ(verdict(u8({3, 2}), f32({2, 3}), 0x01), kWrongDType);
  EXPECT_EQ(verdict(f32({3, 2, 1}), f32({2, 3}), 0x01), kWrongShape);
  EXPECT_EQ(verdict(f32({2, 3}), f32({2, 3}), 0x01), kWrongShape);
  EXPECT_EQ(verdict(f32({}), f32({}), 1), kWrongAttribute);
  EXPECT_EQ(verdict(f32({3, 2}), f32({2, 3}), 0x00), kWrongAttribute);   // an axis twice
  EXPECT_EQ(verdict(f32({3, 2}), f32({2, 3}), 0x21), kWrongAttribute);   // beyond the rank
  EXPECT_EQ(verdict(f32({3, 2}), f32({2, 3}), 0x101), kWrongAttribute);  // a third
  EXPECT_EQ(verdict(f32({3, 2}), f32({2, 3}), std::uint64_t{1} << 63 | 1), kWrongAttribute);
}

TEST(Validate, PartsAlongAnAxis) {
  const auto part = [](OpCode op, const TensorType& y, const TensorType& x, std::uint64_t axis,
                       std::uint64_t at) {
    return validate(node(op, y, {x}, {axis, at}));
  };
  constexpr std::uint64_t kHuge = ~std::uint64_t{0};
  for (const bool slices : {true, false}) {
    const OpCode op = slices ? OpCode::kSlice : OpCode::kPad;
    const auto verdict = [&](const TensorType& small, const TensorType& large, std::uint64_t axis,
                             std::uint64_t at) {
      return slices ? part(op, small, large, axis, at) : part(op, large, small, axis, at);
    };
    EXPECT_EQ(verdict(f32({2, 3}), f32({2, 5}), 1, 0), kValid);
    EXPECT_EQ(verdict(f32({2, 3}), f32({2, 5}), 1, 2), kValid);
    EXPECT_EQ(verdict(u8({5}), u8({5}), 0, 0), kValid);
    EXPECT_EQ(verdict(f32({2, 3}), f32({2, 5}), 1, 3), kWrongAttribute);
    EXPECT_EQ(verdict(f32({2, 3}), f32({2, 5}), 1, kHuge), kWrongAttribute);
    EXPECT_EQ(verdict(f32({2, 3}), f32({2, 5}), 2, 0), kWrongAttribute);
    EXPECT_EQ(verdict(f32({2, 3}), f32({2, 5}), kHuge, 0), kWrongAttribute);
    EXPECT_EQ(verdict(f32({2, 5}), f32({2, 3}), 1, 0), kWrongShape);
    EXPECT_EQ(verdict(f32({2, 3}), f32({3, 5}), 1, 0), kWrongShape);
    EXPECT_EQ(verdict(f32({3}), f32({2, 5}), 0, 0), kWrongShape);
    EXPECT_EQ(verdict(f32({}), f32({}), 0, 0), kWrongShape);
    EXPECT_EQ(verdict(f32({2, 3}), u8({2, 5}), 1, 0), kWrongDType);
  }
  const auto joined = [](const TensorType& y, const TensorType& a, const TensorType& b,
                         std::uint64_t axis) {
    return validate(node(OpCode::kConcat, y, {a, b}, {axis}));
  };
  EXPECT_EQ(joined(f32({2, 5}), f32({2, 3}), f32({2, 2}), 1), kValid);
  EXPECT_EQ(joined(f32({2, 5}), f32({2, 3}), f32({2, 3}), 1), kWrongShape);
  EXPECT_EQ(joined(f32({2, 5}), f32({2, 3}), f32({1, 2}), 1), kWrongShape);
  EXPECT_EQ(joined(f32({2, 5}), f32({2, 3}), f32({2, 2}), 2), kWrongAttribute);
  EXPECT_EQ(joined(f32({2, 5}), f32({2, 3}), f32({2}), 1), kWrongShape);
  EXPECT_EQ(joined(f32({}), f32({}), f32({}), 0), kWrongShape);
  EXPECT_EQ(joined(f32({2, 5}), f32({2, 3}), u8({2, 2}), 1), kWrongDType);
}

TEST(Validate, TriangularProducts) {
  const auto verdict = [](std::array<std::uint64_t, 5> at, const TensorType& y = f32({2, 3})) {
    return validate(node(OpCode::kMatMulTriangular, y, {f32({2, 4}), f32({4, 3})},
                         {at[0], at[1], at[2], at[3], at[4]}));
  };
  for (const std::uint64_t part : {0U, 1U, 2U}) {
    EXPECT_EQ(verdict({0, 0, part, 0, 0}), kValid);
    EXPECT_EQ(verdict({0, 0, part, kMaxElements, 0xffff'ffff}), kValid);
  }
  EXPECT_EQ(verdict({2, 0, 0, 0, 0}), kWrongAttribute);
  EXPECT_EQ(verdict({0, 2, 0, 0, 0}), kWrongAttribute);
  EXPECT_EQ(verdict({0, 0, 3, 0, 0}), kWrongAttribute);
  EXPECT_EQ(verdict({0, 0, 0, kMaxElements + 1, 0}), kWrongAttribute);
  EXPECT_EQ(verdict({0, 0, 0, ~std::uint64_t{0}, 0}), kWrongAttribute);
  EXPECT_EQ(verdict({0, 0, 0, 0, std::uint64_t{1} << 32}), kWrongAttribute);
  // Attributes come before sizes, ranks before both.
  EXPECT_EQ(verdict({0, 0, 3, 0, 0}, f32({2, 2})), kWrongAttribute);
  EXPECT_EQ(verdict({0, 0, 3, 0, 0}, f32({6})), kWrongShape);
  EXPECT_EQ(verdict({0, 1, 0, 0, 0}), kWrongShape);
  const auto batched = [](std::uint64_t batch) {
    return validate(node(OpCode::kMatMulTriangular, f32({batch, 2, 3}),
                         {f32({5, 4, 2}), f32({5, 3, 4})}, {1, 1, 2, 1, 0}));
  };
  EXPECT_EQ(batched(5), kValid);
  EXPECT_EQ(batched(1), kWrongShape);
}

TEST(Validate, ScatteredRows) {
  const TensorType index{DType::kU32, {4}};
  const auto verdict = [](const TensorType& y, const TensorType& at, const TensorType& source) {
    return validate(node(OpCode::kScatterAddRows, y, {at, source}, {}));
  };
  EXPECT_EQ(verdict(f32({9, 3}), index, f32({4, 3})), kValid);
  EXPECT_EQ(verdict(f32({1}), index, f32({4})), kValid);
  EXPECT_EQ(verdict(f32({kMaxElements}), index, f32({4})), kValid);
  EXPECT_EQ(verdict(f32({9, 3}), index, f32({5, 3})), kWrongShape);
  EXPECT_EQ(verdict(f32({9, 2}), index, f32({4, 3})), kWrongShape);
  EXPECT_EQ(verdict(f32({9}), index, f32({4, 3})), kWrongShape);
  EXPECT_EQ(verdict(f32({}), index, f32({})), kWrongShape);
  EXPECT_EQ(verdict(f32({9, 3}), {DType::kU32, {4, 1}}, f32({4, 3})), kWrongShape);
  EXPECT_EQ(verdict(f32({9, 3}), {DType::kI32, {4}}, f32({4, 3})), kWrongDType);
  EXPECT_EQ(verdict({DType::kU32, {9, 3}}, index, {DType::kU32, {4, 3}}), kWrongDType);
  EXPECT_EQ(verdict(f32({1}), {DType::kU32, {131'072}}, f32({131'072})), kValid);
  EXPECT_EQ(verdict(f32({1}), {DType::kU32, {131'073}}, f32({131'073})), kFoldTooLong);
}

TEST(Validate, Groups) {
  const auto conv = [](std::uint64_t in, std::uint64_t per_group, std::uint64_t out) {
    return validate(node(OpCode::kConv2d, f32({1, 3, 3, out}),
                         {f32({1, 3, 3, in}), f32({1, 1, per_group, out})}, {1, 0}));
  };
  EXPECT_EQ(conv(6, 6, 4), kValid);
  EXPECT_EQ(conv(6, 3, 4), kValid);
  EXPECT_EQ(conv(6, 1, 6), kValid);       // depthwise
  EXPECT_EQ(conv(6, 4, 4), kWrongShape);  // no whole number of groups
  EXPECT_EQ(conv(6, 12, 4), kWrongShape);
  EXPECT_EQ(conv(6, 2, 4), kWrongShape);  // three groups, four outputs
  EXPECT_EQ(conv(6, 1, 3), kWrongShape);  // six groups, three outputs
  // The steps of the gradient of the input are those of one group.
  const auto backward = [](std::uint64_t groups) {
    const std::uint64_t channels = 131'072;
    return node(OpCode::kConv2dGradInput, f32({1, 1, 1, 2 * groups}),
                {f32({1, 1, 1, channels * 2}), f32({1, 1, 2, channels * 2})}, {1, 0});
  };
  EXPECT_EQ(validate(backward(1)), kFoldTooLong);
  EXPECT_EQ(validate(backward(2)), kValid);
  EXPECT_EQ(fold_length(backward(2)), kMaxFoldSteps);
}

TEST(Fold, BeginsWithTheFillWhereATriangleHasNoChain) {
  const NodeSpec s = node(OpCode::kMatMulTriangular, f32({2, 2, 3}),
                          {f32({2, 2, 4}), f32({2, 4, 3})}, {0, 0, 0, 0, 0xffc1'2345});
  EXPECT_EQ(fold_length(s), 4U);
  EXPECT_EQ(fold_words(s), 1U);
  for (const std::uint64_t batch : {0U, 6U}) {
    EXPECT_EQ(fold_init(s, batch).words[0], 0U);
    EXPECT_EQ(fold_init(s, batch + 1).words[0], 0x7fc0'0000U);  // canonical
    EXPECT_EQ(fold_init(s, batch + 2).words[0], 0x7fc0'0000U);
    EXPECT_EQ(fold_init(s, batch + 4).words[0], 0U);
    EXPECT_EQ(fold_init(s, batch + 5).words[0], 0x7fc0'0000U);
  }
}

TEST(Validate, Sources) {
  EXPECT_EQ(validate(node(OpCode::kStateSlot, f32({4, 5}), {}, {3})), kValid);
  EXPECT_EQ(validate(node(OpCode::kData, {DType::kU8, {60'000, 784}}, {}, {0})), kValid);
  EXPECT_EQ(validate(node(OpCode::kStepIndex, {DType::kU64, {}}, {})), kValid);
  EXPECT_EQ(validate(node(OpCode::kSeed, {DType::kU64, {}}, {})), kValid);
  EXPECT_EQ(validate(node(OpCode::kSeed, {DType::kU64, {1}}, {})), kWrongShape);
  EXPECT_EQ(validate(node(OpCode::kStepIndex, {DType::kU32, {}}, {})), kWrongDType);
}

TEST(Fold, WordsAndFinalStates) {
  const NodeSpec sum = node(OpCode::kReduceSum, f32({1}), {f32({20})}, {1});
  EXPECT_EQ(fold_words(sum), 16U);
  EXPECT_EQ(fold_length(sum), 24U);
  EXPECT_EQ(fold_final(sum, 0x3f80'0000).words[0], 0x3f80'0000U);
  const NodeSpec wide = node(OpCode::kCast, {DType::kU64, {2}}, {f32({2})});
  EXPECT_EQ(fold_words(wide), 2U);
  EXPECT_EQ(fold_final(wide, 0x1234'5678'9abc'def0).words[1], 0x1234'5678U);
  const NodeSpec max = node(OpCode::kReduceMax, f32({1}), {f32({20})}, {1});
  EXPECT_EQ(fold_init(max, 0).words[0], kMinusInfinity);
}

}  // namespace
}  // namespace assay::numerics
