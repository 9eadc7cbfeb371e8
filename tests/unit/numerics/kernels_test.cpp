// Kernels against the reference: every operator, random shapes and data, 1 to 3 threads, bit for
// bit.
#include "assay/numerics/kernels.hpp"

#include <gtest/gtest.h>

#include "unit/numerics/random_spec.hpp"

namespace assay::numerics {
namespace {

using test::Buffer;
using test::Generator;

bool same(const Buffer& a, const Buffer& b) {
  return std::memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string first_difference(const NodeSpec& s, const Buffer& want, const Buffer& got) {
  for (std::uint64_t e = 0; e < s.output.shape.elements(); ++e) {
    const std::uint64_t w = load_element(s.output.dtype, want.data(), e);
    const std::uint64_t g = load_element(s.output.dtype, got.data(), e);
    if (w != g)
      return "element " + std::to_string(e) + ": " + std::to_string(w) + " is " + std::to_string(g);
  }
  return "none";
}

class KernelsTest : public testing::TestWithParam<OpCode> {};

void compare(Generator& random, OpCode op, std::uint64_t scale) {
  const NodeSpec s = random.spec(op, scale);
  ASSERT_EQ(validate(s), SpecVerdict::kValid) << test::describe(s);
  const std::vector<Buffer> operands = random_operands(random, s);
  SerialTaskPool serial;
  const Buffer want = run_node(Isa::kReference, s, operands, serial);
  for (const Isa isa : kAllIsas) {
    if (!is_supported(isa)) continue;
    for (const unsigned threads : {1U, 2U, 3U}) {
      if (isa == Isa::kReference && threads > 1) continue;
      test::ThreadedPool pool(threads);
      const Buffer got = run_node(isa, s, operands, pool);
      ASSERT_TRUE(same(want, got)) << test::describe(s) << " " << name_of(isa) << " threads "
                                   << threads << " " << first_difference(s, want, got);
    }
  }
}

TEST_P(KernelsTest, EqualTheReference) {
  for (const bool tame : {true, false}) {
    Generator random(77 + static_cast<unsigned>(GetParam()) + (tame ? 0 : 1000));
    random.set_tame(tame);
    for (int i = 0; i < 60; ++i) compare(random, GetParam(), i % 10 == 9 ? 4 : i % 3 + 1);
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(AllOperators, KernelsTest, testing::ValuesIn(test::kOperators),
                         [](const auto& op) { return std::string(name_of(op.param)); });

NodeSpec matmul(std::uint64_t m, std::uint64_t n, std::uint64_t k, bool ta, bool tb) {
  NodeSpec s;
  s.op = OpCode::kMatMul;
  s.output = {DType::kF32, {m, n}};
  s.operand_count = s.attribute_count = 2;
  s.operands[0] = {DType::kF32, ta ? Shape{k, m} : Shape{m, k}};
  s.operands[1] = {DType::kF32, tb ? Shape{n, k} : Shape{k, n}};
  s.attributes = {ta, tb};
  return s;
}

// Beyond one block of rows, columns and depth.
TEST(MatMul, CrossesBlocks) {
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      for (const auto& [m, n, k] : {std::array<std::uint64_t, 3>{127, 33, 530}, {5, 1040, 260}}) {
        const NodeSpec s = matmul(m, n, k, ta, tb);
        Generator random(m + n);
        std::vector<Buffer> operands = random_operands(random, s);
        SerialTaskPool serial;
        const Buffer want = run_node(Isa::kReference, s, operands, serial);
        test::ThreadedPool pool(2);
        const Buffer got = run_node(best_isa(), s, operands, pool);
        EXPECT_TRUE(same(want, got)) << test::describe(s) << first_difference(s, want, got);
      }
    }
  }
}

NodeSpec transposed(DType dtype, const Shape& x, std::initializer_list<std::uint64_t> axes) {
  NodeSpec s;
  s.op = OpCode::kTranspose;
  s.operand_count = s.attribute_count = 1;
  s.operands[0] = s.output = {dtype, x};
  unsigned i = 0;
  for (const std::uint64_t axis : axes) {
    s.output.shape.dims[i] = x.dims[axis];
    s.attributes[0] |= axis << (4 * i++);
  }
  return s;
}

void expect_reference(const NodeSpec& s, std::uint64_t seed) {
  ASSERT_EQ(validate(s), SpecVerdict::kValid) << test::describe(s);
  Generator random(seed);
  const std::vector<Buffer> operands = random_operands(random, s);
  SerialTaskPool serial;
  const Buffer want = run_node(Isa::kReference, s, operands, serial);
  for (const Isa isa : kAllIsas) {
    if (!is_supported(isa)) continue;
    for (const unsigned threads : {1U, 3U}) {
      test::ThreadedPool pool(threads);
      const Buffer got = run_node(isa, s, operands, pool);
      ASSERT_TRUE(same(want, got))
          << test::describe(s) << " " << name_of(isa) << first_difference(s, want, got);
    }
  }
}

// Beyond a tile and a task, with ragged edges, for every element size.
TEST(Transpose, CrossesTilesAndTasks) {
  for (const DType dtype : {DType::kF32, DType::kI32, DType::kU8, DType::kU64}) {
    expect_reference(transposed(dtype, {257, 131}, {1, 0}), 1);
    expect_reference(transposed(dtype, {3, 1'030, 9}, {0, 2, 1}), 2);
    expect_reference(transposed(dtype, {2, 37, 4, 33}, {0, 2, 1, 3}), 3);  // heads
    expect_reference(transposed(dtype, {2, 4, 37, 33}, {0, 2, 3, 1}), 4);
    expect_reference(transposed(dtype, {2, 3, 5, 2, 3, 19}, {5, 4, 3, 2, 1, 0}), 5);
    expect_reference(transposed(dtype, {70'000, 1, 2}, {1, 2, 0}), 6);
    expect_reference(transposed(dtype, {300, 1, 200}, {1, 0, 2}), 7);  // nothing moves
  }
}

// Large enough that tasks split rows, or columns where there are few rows.
TEST(Movement, SplitsRowsAndColumns) {
  const auto node = [](OpCode op, DType dtype, std::initializer_list<Shape> operands,
                       const Shape& output, std::initializer_list<std::uint64_t> attributes) {
    NodeSpec s;
    s.op = op;
    s.output = {dtype, output};
    for (const Shape& shape : operands) s.operands[s.operand_count++] = {dtype, shape};
    for (const std::uint64_t v : attributes) s.attributes[s.attribute_count++] = v;
    return s;
  };
  for (const DType dtype : {DType::kF32, DType::kU8, DType::kI64}) {
    expect_reference(node(OpCode::kSlice, dtype, {{900, 130}}, {900, 65}, {1, 65}), 1);
    expect_reference(node(OpCode::kSlice, dtype, {{3, 90'000}}, {1, 90'000}, {0, 1}), 2);
    expect_reference(node(OpCode::kConcat, dtype, {{900, 65}, {900, 31}}, {900, 96}, {1}), 3);
    expect_reference(node(OpCode::kConcat, dtype, {{1, 90'000}, {2, 90'000}}, {3, 90'000}, {0}), 4);
    expect_reference(node(OpCode::kPad, dtype, {{900, 65}}, {900, 130}, {1, 65}), 5);
    expect_reference(node(OpCode::kPad, dtype, {{900, 65}}, {900, 130}, {1, 0}), 6);
    expect_reference(node(OpCode::kPad, dtype, {{1, 90'000}}, {4, 90'000}, {0, 2}), 7);
  }
}

// Rows that come many times over, none, or beyond the output; columns and rows split over threads.
TEST(ScatterAddRows, AddsInAscendingOrder) {
  const std::pair<std::uint64_t, std::uint64_t> sizes[] = {{1, 3'000}, {3, 1'000}, {40, 50},
                                                           {131, 5},   {384, 1},   {384, 7}};
  for (const auto& [width, rows] : sizes) {
    NodeSpec s;
    s.op = OpCode::kScatterAddRows;
    s.operand_count = 2;
    s.operands[0] = {DType::kU32, {1'500}};
    s.operands[1] = {DType::kF32, {1'500, width}};
    s.output = {DType::kF32, {rows, width}};
    expect_reference(s, width + rows);
  }
}

void expect_the_reference(const NodeSpec& s, unsigned seed) {
  ASSERT_EQ(validate(s), SpecVerdict::kValid) << test::describe(s);
  for (const bool tame : {true, false}) {
    Generator random(seed);
    random.set_tame(tame);
    const std::vector<Buffer> operands = random_operands(random, s);
    SerialTaskPool serial;
    const Buffer want = run_node(Isa::kReference, s, operands, serial);
    for (const Isa isa : kAllIsas) {
      if (!is_supported(isa)) continue;
      for (const unsigned threads : {1U, 3U}) {
        test::ThreadedPool pool(threads);
        const Buffer got = run_node(isa, s, operands, pool);
        ASSERT_TRUE(same(want, got)) << test::describe(s) << " " << name_of(isa) << " threads "
                                     << threads << " " << first_difference(s, want, got);
      }
    }
  }
}

// Kept and reduced axes in turns, more columns than are taken at once, more elements than lanes.
TEST(Reduce, InterleavedAxesAndManyColumns) {
  const std::pair<Shape, std::uint64_t> cases[] = {
      {{2, 3, 5, 7, 300}, 0b01010},  {{2, 4, 3, 4, 8}, 0b01010}, {{3, 5, 4}, 0b101},
      {{7, 2, 40}, 0b101},           {{33, 530}, 0b01},          {{5, 100, 2, 3}, 0b1010},
      {{2, 2, 2, 2, 2, 2}, 0b101010}};
  for (const OpCode op : {OpCode::kReduceSum, OpCode::kReduceMax}) {
    for (const auto& [shape, mask] : cases) {
      NodeSpec s;
      s.op = op;
      s.operand_count = s.attribute_count = 1;
      s.operands[0] = {DType::kF32, shape};
      s.attributes[0] = mask;
      s.output = s.operands[0];
      for (unsigned i = 0; i < shape.rank; ++i) {
        if ((mask >> i & 1) != 0) s.output.shape.dims[i] = 1;
      }
      expect_the_reference(s, static_cast<unsigned>(shape.elements()));
    }
  }
}

// Windows of four over whole vectors of channels, and not.
TEST(Pool, WindowsOfFour) {
  for (const std::uint64_t channels : {8U, 16U, 24U, 11U}) {
    NodeSpec s;
    s.op = OpCode::kMaxPool2d;
    s.operand_count = s.attribute_count = 1;
    s.operands[0] = {DType::kF32, {3, 9, 12, channels}};
    s.attributes[0] = 2;
    s.output = {DType::kF32, {3, 4, 6, channels}};
    expect_the_reference(s, static_cast<unsigned>(channels));
  }
}

// Valid nodes of a few elements whose framed image would take 64 GiB, or more bytes than 64 bits
// count.
TEST(Convolution, AFrameOutOfAllProportionIsNotMade) {
  const auto f32 = [](const Shape& shape) { return TensorType{DType::kF32, shape}; };
  const auto conv = [&](OpCode op, const Shape& x, const Shape& w, const Shape& y) {
    NodeSpec s;
    s.op = op;
    s.operand_count = s.attribute_count = 2;
    s.attributes = {65'535, 65'535};
    s.operands = {f32(x), f32(w)};
    s.output = f32(y);
    if (op == OpCode::kConv2dGradInput) s.operands[0] = f32(y), s.output = f32(x);
    if (op == OpCode::kConv2dGradWeight) s.operands[1] = f32(y), s.output = f32(w);
    return s;
  };
  const NodeSpec backward =
      conv(OpCode::kConv2dGradInput, {1, 1 << 20, 1, 1}, {1, 131'071, 1, 1}, {1, 19, 1, 1});
  ASSERT_EQ(validate(backward), SpecVerdict::kValid);
  EXPECT_EQ(scratch_bytes(Isa::kScalar, backward, 2), 0U);
  for (const OpCode op : {OpCode::kConv2d, OpCode::kConv2dGradWeight}) {
    const NodeSpec huge =
        conv(op, {1 << 13, 2, 2, 1 << 15}, {2, 2, 1 << 15, 1}, {1 << 13, 3, 3, 1});
    ASSERT_EQ(validate(huge), SpecVerdict::kValid);
    EXPECT_EQ(scratch_bytes(Isa::kScalar, huge, 2), 0U);
    const NodeSpec s = conv(op, {1, 1, 1, 1}, {1, 1, 1, 1}, {1, 3, 3, 1});
    ASSERT_EQ(validate(s), SpecVerdict::kValid);
    ASSERT_EQ(scratch_bytes(Isa::kScalar, s, 2), 0U);
    Generator random(5);
    const std::vector<Buffer> operands = random_operands(random, s);
    SerialTaskPool serial;
    test::ThreadedPool pool(2);
    const Buffer want = run_node(Isa::kReference, s, operands, serial);
    for (const Isa isa : kAllIsas) {
      if (!is_supported(isa)) continue;
      EXPECT_TRUE(same(want, run_node(isa, s, operands, pool))) << name_of(isa);
    }
  }
}

TEST(FloatingPointMode, IsRestored) {
  EXPECT_TRUE(floating_point_mode_is_sound());
  { const FloatingPointMode mode; }
  EXPECT_TRUE(floating_point_mode_is_sound());
}

TEST(Isa, NamesAndSupport) {
  EXPECT_STREQ(name_of(Isa::kReference), "reference");
  EXPECT_STREQ(name_of(Isa::kScalar), "scalar");
  EXPECT_STREQ(name_of(Isa::kAvx2), "avx2");
  EXPECT_TRUE(is_supported(best_isa()));
}

}  // namespace
}  // namespace assay::numerics
