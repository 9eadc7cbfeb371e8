// Products with what an executor knows beyond one node, against the reference on dense operands:
// random layouts, packed operands, rows told as they finish, 1 to 3 threads, bit for bit.
#include "assay/numerics/product.hpp"

#include <gtest/gtest.h>

#include <mutex>

#include "internal/gemm_plan.hpp"
#include "unit/numerics/random_spec.hpp"

namespace assay::numerics {
namespace {

using test::Buffer;
using test::Generator;

// A matrix operand somewhere in a larger buffer.
struct Placed {
  MatrixLayout layout;
  std::size_t elements = 0;  // of the buffer
};

// Batches in two levels, rows and columns in any order of nesting, with gaps: no two elements meet.
Placed random_placement(Generator& random, const Shape& shape) {
  const std::uint64_t batches = shape.rank == 3 ? shape[0] : 1;
  Placed p;
  p.layout.inner_count = 1;
  for (std::uint64_t n = 1; n <= batches; ++n) {
    if (batches % n == 0 && random(2) == 0) p.layout.inner_count = n;
  }
  struct Axis {
    std::ptrdiff_t* stride;
    std::uint64_t size;
  };
  std::vector<Axis> axes = {{&p.layout.column, shape[shape.rank - 1U]},
                            {&p.layout.row, shape[shape.rank - 2U]},
                            {&p.layout.inner, p.layout.inner_count},
                            {&p.layout.outer, batches / p.layout.inner_count}};
  for (std::size_t i = 1; i < axes.size(); ++i) {  // often the dense order
    if (random(2) == 0) std::swap(axes[i], axes[random(i + 1)]);
  }
  std::size_t next = 1;
  for (const Axis& axis : axes) {
    *axis.stride = static_cast<std::ptrdiff_t>(next);
    next *= axis.size;
    if (random(2) == 0) next += random(5);
  }
  p.elements = next;
  return p;
}

std::size_t place_of(const MatrixLayout& layout, const Shape& shape, std::uint64_t e) {
  const std::uint64_t columns = shape[shape.rank - 1U];
  const std::uint64_t rows = shape[shape.rank - 2U];
  const auto batch = static_cast<std::ptrdiff_t>(e / columns / rows);
  const auto inner_count = static_cast<std::ptrdiff_t>(layout.inner_count);
  return static_cast<std::size_t>(batch / inner_count * layout.outer +
                                  batch % inner_count * layout.inner +
                                  static_cast<std::ptrdiff_t>(e / columns % rows) * layout.row +
                                  static_cast<std::ptrdiff_t>(e % columns) * layout.column);
}

Buffer spread(const Buffer& dense, const Shape& shape, const Placed& placed) {
  Buffer out(placed.elements * sizeof(float));
  for (std::uint64_t e = 0; e < shape.elements(); ++e) {
    std::memcpy(out.data() + place_of(placed.layout, shape, e) * 4, dense.data() + e * 4, 4);
  }
  return out;
}

// Notes the rows told, and that each is what the reference has when it is told.
struct RowNotes {
  const Shape& shape;
  const MatrixLayout& layout;
  const Buffer& want;
  const Buffer& got;
  std::vector<int> told;
  std::mutex one;
  bool all_stood = true;

  RowNotes(const Shape& s, const MatrixLayout& l, const Buffer& w, const Buffer& g)
      : shape(s), layout(l), want(w), got(g), told(s.elements() / s[s.rank - 1U]) {}

  static void note(void* context, std::size_t first, std::size_t last) {
    auto& self = *static_cast<RowNotes*>(context);
    const std::lock_guard lock(self.one);
    const std::uint64_t columns = self.shape[self.shape.rank - 1U];
    for (std::size_t row = first; row < last; ++row) {
      ++self.told.at(row);
      for (std::uint64_t e = row * columns; e < (row + 1) * columns; ++e) {
        const std::size_t at = place_of(self.layout, self.shape, e);
        self.all_stood &= std::memcmp(self.want.data() + e * 4, self.got.data() + at * 4, 4) == 0;
      }
    }
  }
  [[nodiscard]] bool each_once() const {
    return std::all_of(told.begin(), told.end(), [](int n) { return n == 1; });
  }
};

Buffer reference(const NodeSpec& s, const std::vector<Buffer>& operands) {
  SerialTaskPool serial;
  return test::run_node(Isa::kReference, s, operands, serial);
}

void compare_placed(Generator& random, const NodeSpec& s) {
  ASSERT_EQ(validate(s), SpecVerdict::kValid) << test::describe(s);
  const std::vector<Buffer> operands = random_operands(random, s);
  const Buffer want = reference(s, operands);
  const Placed a = random_placement(random, s.operands[0].shape);
  const Placed b = random_placement(random, s.operands[1].shape);
  const Placed y = random_placement(random, s.output.shape);
  const Buffer a_bytes = spread(operands[0], s.operands[0].shape, a);
  const Buffer b_bytes = spread(operands[1], s.operands[1].shape, b);
  for (const Isa isa : kAllIsas) {
    if (!is_supported(isa)) continue;
    for (const unsigned threads : {1U, 2U, 3U}) {
      if (isa == Isa::kReference && threads > 1) continue;
      test::ThreadedPool pool(threads);
      const Buffer got(y.elements * 4);
      RowNotes notes(s.output.shape, y.layout, want, got);
      ProductOptions options{&a.layout, &b.layout, &y.layout, {&RowNotes::note, &notes}, nullptr};
      const Buffer packed(packed_b_bytes(isa, s));
      if (packed.size() > 0 && threads == 2) {
        pack_b(isa, s, &b.layout, b_bytes.data(), packed.data(), pool);
        options.packed_b = packed.data();
      }
      const Buffer scratch(scratch_bytes(isa, s, threads));
      run_product(isa, s, a_bytes.data(), b_bytes.data(), got.data(), scratch.span(), pool,
                  options);
      const Buffer placed = spread(want, s.output.shape, y);
      ASSERT_EQ(std::memcmp(placed.data(), got.data(), got.size()), 0)
          << test::describe(s) << ' ' << name_of(isa) << " threads " << threads;
      ASSERT_TRUE(notes.each_once() && notes.all_stood)
          << test::describe(s) << ' ' << name_of(isa) << " threads " << threads;
    }
  }
}

NodeSpec matmul(OpCode op, const std::array<std::uint64_t, 4>& sizes,
                std::initializer_list<std::uint64_t> attributes) {
  const auto [batches, m, n, k] = sizes;
  NodeSpec s;
  s.op = op;
  for (const std::uint64_t v : attributes) s.attributes[s.attribute_count++] = v;
  s.operand_count = 2;
  const auto type = [batches = batches](std::uint64_t rows, std::uint64_t columns, bool turned) {
    if (turned) std::swap(rows, columns);
    return TensorType{DType::kF32,
                      batches == 0 ? Shape{rows, columns} : Shape{batches, rows, columns}};
  };
  s.output = type(m, n, false);
  s.operands[0] = type(m, k, s.attributes[0] != 0);
  s.operands[1] = type(k, n, s.attributes[1] != 0);
  return s;
}

TEST(Product, PlacedAnywhereEqualsTheReference) {
  for (const OpCode op : {OpCode::kMatMul, OpCode::kMatMulTriangular}) {
    Generator random(31 + static_cast<unsigned>(op));
    for (int i = 0; i < 150; ++i) {
      random.set_tame(i % 2 == 0);
      compare_placed(random, random.spec(op, i % 10 == 9 ? 4 : i % 3 + 1));
      if (HasFatalFailure()) return;
    }
  }
}

// Beyond one block of rows, columns and depth, with many batches, and with few rows.
TEST(Product, BlocksChangeNothing) {
  Generator random(8);
  const std::array<std::uint64_t, 4> sizes[] = {
      {0, 209, 37, 13}, {0, 31, 410, 9},  {0, 29, 35, 810}, {0, 3, 97, 801},
      {13, 21, 33, 18}, {3, 110, 20, 40}, {0, 2, 800, 11},  {0, 40, 150, 390}};
  for (const auto& size : sizes) {
    for (std::uint64_t turns = 0; turns < 4; ++turns) {
      compare_placed(random, matmul(OpCode::kMatMul, size, {turns & 1, turns >> 1}));
      if (HasFatalFailure()) return;
    }
  }
}

// Threads share rows, columns or both, take several tasks, and pack more than one chunk.
TEST(Product, SharingChangesNothing) {
  Generator random(13);
  const std::array<std::uint64_t, 4> sizes[] = {{0, 100, 700, 60}, {0, 610, 40, 70},
                                                {0, 450, 290, 21}, {2, 130, 90, 100},
                                                {3, 70, 330, 40},  {0, 9, 4000, 390}};
  for (const auto& size : sizes) {
    compare_placed(random, matmul(OpCode::kMatMul, size, {random(2), random(2)}));
    compare_placed(random, matmul(OpCode::kMatMulTriangular, size,
                                  {random(2), random(2), random(3), random(90), random.f32()}));
    if (HasFatalFailure()) return;
  }
}

// Diagonals on each side of the edges of tiles and of blocks of depth.
TEST(Product, TrianglesCrossTilesAnywhere) {
  Generator random(9);
  for (const std::uint64_t part : {0U, 1U, 2U}) {
    for (const std::uint64_t diagonal : {0U, 1U, 5U, 11U, 12U, 40U, 380U, 390U, 500U}) {
      for (const auto& size : {std::array<std::uint64_t, 4>{0, 45, 50, 23},
                               std::array<std::uint64_t, 4>{0, 430, 9, 410},
                               std::array<std::uint64_t, 4>{17, 27, 18, 29}}) {
        const std::uint64_t turned = random(2);
        compare_placed(random, matmul(OpCode::kMatMulTriangular, size,
                                      {turned, random(2), part, diagonal, random.f32()}));
        if (HasFatalFailure()) return;
      }
    }
  }
}

// Where operands are packed, and the last panel of columns is cut off within its second vector.
TEST(Product, TrianglesCrossTheLastPanelsEdge) {
  Generator random(12);
  for (const std::uint64_t columns : {148U, 305U, 319U}) {
    for (const std::uint64_t diagonal : {0U, 9U, 30U}) {
      compare_placed(random, matmul(OpCode::kMatMulTriangular, {0, columns - 9, columns, 3},
                                    {0, 0, 0, diagonal, random.f32()}));
      if (HasFatalFailure()) return;
    }
  }
}

// A weight used by two products is packed once.
TEST(Product, OnePackedOperandServesManyRows) {
  Generator random(10);
  const NodeSpec few = matmul(OpCode::kMatMul, {0, 7, 150, 400}, {0, 1});
  const NodeSpec many = matmul(OpCode::kMatMul, {0, 70, 150, 400}, {0, 1});
  const Isa isa = best_isa();
  ASSERT_GT(packed_b_bytes(isa, few), 0U);
  ASSERT_EQ(packed_b_bytes(isa, few), packed_b_bytes(isa, many));
  std::vector<Buffer> operands = random_operands(random, many);
  test::ThreadedPool pool(2);
  const Buffer packed(packed_b_bytes(isa, few));
  pack_b(isa, few, nullptr, operands[1].data(), packed.data(), pool);
  for (const NodeSpec& s : {few, many}) {
    const Buffer want = reference(s, operands);
    const Buffer got(s.output.byte_count());
    const Buffer scratch(scratch_bytes(isa, s, 2));
    ProductOptions options;
    options.packed_b = packed.data();
    run_product(isa, s, operands[0].data(), nullptr, got.data(), scratch.span(), pool, options);
    EXPECT_EQ(std::memcmp(want.data(), got.data(), got.size()), 0);
  }
}

void compare_convolution(Generator& random, const NodeSpec& s) {
  ASSERT_EQ(validate(s), SpecVerdict::kValid) << test::describe(s);
  const std::vector<Buffer> operands = random_operands(random, s);
  const Buffer want = reference(s, operands);
  MatrixLayout rows;
  rows.row = static_cast<std::ptrdiff_t>(s.output.shape[3]);
  const Shape as_rows{s.output.shape.elements() / s.output.shape[3], s.output.shape[3]};
  for (const Isa isa : kAllIsas) {
    if (!is_supported(isa)) continue;
    test::ThreadedPool pool(2);
    const Buffer got(s.output.byte_count());
    RowNotes notes(as_rows, rows, want, got);
    ProductOptions options;
    options.on_rows = {&RowNotes::note, &notes};
    const Buffer scratch(scratch_bytes(isa, s, 2));
    run_product(isa, s, operands[0].data(), operands[1].data(), got.data(), scratch.span(), pool,
                options);
    ASSERT_EQ(std::memcmp(want.data(), got.data(), got.size()), 0)
        << test::describe(s) << name_of(isa);
    ASSERT_TRUE(notes.each_once() && notes.all_stood) << test::describe(s) << name_of(isa);
  }
}

TEST(Product, ConvolutionsTellEveryRowOnce) {
  for (const OpCode op : {OpCode::kConv2d, OpCode::kConv2dGradInput, OpCode::kConv2dGradWeight}) {
    Generator random(11 + static_cast<unsigned>(op));
    for (int i = 0; i < 40; ++i) {
      compare_convolution(random, random.spec(op, i % 4 + 1));
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Product, DepthwiseConvolutionsRunByChannel) {
  Generator random(12);
  for (int i = 0; i < 60; ++i) {
    const std::uint64_t channels = random.range(2, 70);
    const std::uint64_t stride = random.range(1, 3);
    const std::uint64_t padding = random(3);
    const Shape x{random.range(1, 3), random.range(3, 12), random.range(3, 12), channels};
    const Shape w{random.range(1, 3), random.range(1, 3), 1, channels};
    const Shape y{x[0], (x[1] + 2 * padding - w[0]) / stride + 1,
                  (x[2] + 2 * padding - w[1]) / stride + 1, channels};
    NodeSpec s;
    s.operand_count = s.attribute_count = 2;
    s.attributes = {stride, padding};
    const auto set = [&](OpCode op, const Shape& to, const Shape& a, const Shape& b) {
      s.op = op;
      s.output = {DType::kF32, to};
      s.operands = {TensorType{DType::kF32, a}, TensorType{DType::kF32, b}};
      compare_convolution(random, s);
    };
    set(OpCode::kConv2d, y, x, w);
    set(OpCode::kConv2dGradInput, x, y, w);
    set(OpCode::kConv2dGradWeight, w, x, y);
    if (HasFatalFailure()) return;
  }
}

NodeSpec matmul(std::uint64_t batches, std::uint64_t m, std::uint64_t n, std::uint64_t k, bool ta,
                bool tb) {
  NodeSpec s;
  s.op = OpCode::kMatMul;
  s.operand_count = s.attribute_count = 2;
  s.attributes = {ta, tb};
  s.output = {DType::kF32, {batches, m, n}};
  s.operands = {TensorType{DType::kF32, ta ? Shape{batches, k, m} : Shape{batches, m, k}},
                TensorType{DType::kF32, tb ? Shape{batches, n, k} : Shape{batches, k, n}}};
  return s;
}

// What the plan of a call would take: operands dense or not, packed, rows told.
std::size_t planned_bytes(Generator& random, Isa isa, const NodeSpec& s, unsigned threads) {
  internal::Gemm g;
  g.batches = s.output.shape[0];
  g.rows = s.output.shape[1];
  g.columns = s.output.shape[2];
  g.depth = s.operands[0].shape[s.attributes[0] != 0 ? 1 : 2];
  const auto stride = [&](bool turned, std::uint64_t dense) {
    return random(4) == 0 ? 3 : turned ? static_cast<std::ptrdiff_t>(dense) : 1;
  };
  g.a_depth.stride0 = stride(s.attributes[0] != 0, g.rows);
  g.b_column = stride(s.attributes[1] != 0, g.depth);
  g.b_depth = s.attributes[1] != 0 ? 1 : static_cast<std::ptrdiff_t>(g.columns + random(2));
  if (s.op == OpCode::kMatMulTriangular) {
    g.triangle.kind = static_cast<internal::Triangle::Kind>(1 + s.attributes[2]);
    g.triangle.diagonal = s.attributes[3];
  }
  if (random(3) == 0) g.on_rows.call = [](void*, std::size_t, std::size_t) {};
  const float packed = 0;
  if (g.batches == 1 && random(4) == 0) g.packed_b = &packed;
  return internal::plan_of(g, internal::tile_kernels(isa), threads).floats() * sizeof(float) +
         internal::kAlign;
}

// Found on AVX-512 at two threads and up: 128 < n <= 256, with B turned.
TEST(Product, ScratchSufficesForEveryPlan) {
  Generator random(13);
  for (int i = 0; i < 60'000; ++i) {
    const auto size = [&](std::uint64_t most) { return random.range(1, most >> random(9)); };
    const std::uint64_t batches = random(3) == 0 ? random.range(2, 9) : 1;
    NodeSpec s =
        matmul(batches, size(4'096), size(2'048), size(131'072), random(2) == 0, random(2) == 0);
    if (random(4) == 0) {
      s.op = OpCode::kMatMulTriangular;
      s.attribute_count = 5;
      s.attributes[2] = random(3);
      s.attributes[3] = random(64);
    }
    const unsigned threads = static_cast<unsigned>(random.range(1, 4));
    for (const Isa isa : kAllIsas) {
      if (isa == Isa::kReference) continue;
      ASSERT_LE(planned_bytes(random, isa, s, threads), scratch_bytes(isa, s, threads))
          << test::describe(s) << name_of(isa) << " threads " << threads;
    }
  }
}

TEST(Product, ThinWeightsGradientOfALargeVocabularyRuns) {
  const NodeSpec s = matmul(1, 300, 248, 9'750, false, true);
  ASSERT_EQ(validate(s), SpecVerdict::kValid);
  test::ThreadedPool pool(2);
  const Buffer a(s.operands[0].byte_count()), b(s.operands[1].byte_count());
  const Buffer y(s.output.byte_count());
  std::memset(a.data(), 0, a.size());
  std::memset(b.data(), 0, b.size());
  const Buffer scratch(scratch_bytes(best_isa(), s, 2));
  run_product(best_isa(), s, a.data(), b.data(), y.data(), scratch.span(), pool, {});
  EXPECT_EQ(*reinterpret_cast<const float*>(y.data()), 0.0F);
}

}  // namespace
}  // namespace assay::numerics
