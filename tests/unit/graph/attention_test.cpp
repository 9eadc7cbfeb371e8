// Attention and rotary positions against their formulas, and their gradients against differences.
#include "assay/graph/attention.hpp"

#include "unit/graph/finite_differences.hpp"

namespace assay::graph {
namespace {

using testing::check;
using testing::Doubles;
using testing::forward;
using testing::noise;
using testing::probed;

struct Case {
  std::uint64_t n, t, s, heads, kv_heads, width;
  AttentionOptions options;
};
const Case kCases[] = {
    {1, 1, 1, 1, 1, 1, {}},
    {2, 5, 5, 3, 3, 4, {}},
    {2, 5, 5, 4, 2, 3, {}},                                  // grouped queries
    {1, 4, 4, 6, 1, 2, {}},                                  // one key head for all
    {1, 3, 7, 2, 2, 5, {.is_causal = true, .diagonal = 4}},  // keys of a prefix
    {2, 3, 5, 4, 2, 3, {.is_causal = false}},
    {1, 4, 4, 2, 1, 3, {.dropout = {.rate = 0.3F, .purpose = 9}}},
};

std::vector<Shape> shapes_of(const Case& c) {
  const Shape keys{c.n, c.s, c.kv_heads, c.width};
  return {{c.n, c.t, c.heads, c.width}, keys, keys};
}

Doubles attended(const Case& c) {
  const std::vector<Shape> shapes = shapes_of(c);
  const Doubles q = noise(shapes[0].elements(), 1);
  const Doubles k = noise(shapes[1].elements(), 2);
  const Doubles v = noise(shapes[2].elements(), 3);
  Doubles y(q.size());
  for (std::uint64_t row = 0; row < c.n * c.t * c.heads; ++row) {
    const std::uint64_t head = row % c.heads;
    const std::uint64_t i = row / c.heads % c.t;
    const std::uint64_t n = row / c.heads / c.t;
    const std::uint64_t seen =
        c.options.is_causal ? std::min(c.s, i + c.options.diagonal + 1) : c.s;
    const auto key = [&](std::uint64_t j) {
      return ((n * c.s + j) * c.kv_heads + head / (c.heads / c.kv_heads)) * c.width;
    };
    double sum = 0;
    for (std::uint64_t j = 0; j < seen; ++j) {
      double score = 0;
      for (std::uint64_t d = 0; d < c.width; ++d) score += q[row * c.width + d] * k[key(j) + d];
      const double weight = std::exp(score / std::sqrt(double(c.width)));
      sum += weight;
      for (std::uint64_t d = 0; d < c.width; ++d) y[row * c.width + d] += weight * v[key(j) + d];
    }
    for (std::uint64_t d = 0; d < c.width; ++d) y[row * c.width + d] /= sum;
  }
  return y;
}

TEST(Attention, IsItsFormula) {
  for (const Case& c : kCases) {
    if (c.options.dropout.rate != 0) continue;
    const Doubles y = forward(shapes_of(c), [&](Builder& b, const auto& w) {
      return attention(b, w[0], w[1], w[2], c.options);
    });
    const Doubles want = attended(c);
    ASSERT_EQ(y.size(), want.size());
    for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], want[i], 1e-6) << i;
  }
}

TEST(Attention, HasItsGradients) {
  for (const Case& c : kCases) {
    check(shapes_of(c),
          [&](Builder& b, const auto& w) {
            return probed(b, attention(b, w[0], w[1], w[2], c.options));
          },
          {.low = -2, .high = 2, .elements = 24});
  }
}

// One fused projection: its gradient is joined, not summed from padded parts; and no copies of
// keys where every query head has its own.
TEST(Attention, CostsFewNodes) {
  Builder b;
  const Value x = b.state("x", {DType::kF32, {2, 6, 24}});
  const auto part = [&](std::uint64_t i) {
    return b.reshape(b.slice(x, 2, 8 * i, 8), {2, 6, 2, 4});
  };
  const Value q = part(0);
  const Value k = part(1);
  const Value loss = probed(b, attention(b, q, k, part(2)));
  const Value of_x[] = {x};
  b.bind("x", gradients(b, loss, of_x)[0]);
  b.bind("loss", loss);
  Result<Program> program = b.finish();
  ASSERT_TRUE(program) << program.error().message;
  std::map<numerics::OpCode, unsigned> count;
  for (const Node& node : program->nodes) ++count[node.spec.op];
  using numerics::OpCode;
  EXPECT_EQ(count[OpCode::kMatMulTriangular], 6u);
  EXPECT_EQ(count[OpCode::kMatMul], 0u);
  EXPECT_EQ(count[OpCode::kPad], 0u);
  EXPECT_EQ(count[OpCode::kConcat], 2u);
  EXPECT_EQ(count[OpCode::kExp], 1u);
  EXPECT_EQ(count[OpCode::kTranspose], 8u);
}

TEST(Attention, RefusesWhatDoesNotFit) {
  Builder b;
  const Value q = b.state("q", {DType::kF32, {1, 2, 3, 4}});
  const Value k = b.state("k", {DType::kF32, {1, 2, 2, 4}});
  (void)attention(b, q, k, k);
  EXPECT_FALSE(b.ok());
  Builder r;
  const Value positions = r.iota({DType::kU64, {5}}, 0);
  const RotaryTables tables = rotary_tables(r, positions, rotary_frequencies(4));
  (void)rotary(r, r.state("x", {DType::kF32, {1, 6, 2, 4}}), tables);
  EXPECT_FALSE(r.ok());
}

TEST(Rotary, FrequenciesArePowersOfTheBase) {
  for (const std::uint64_t width : {2U, 6U, 64U, 96U, 128U}) {
    const std::vector<double> f = rotary_frequencies(width, 10'000);
    ASSERT_EQ(f.size(), width / 2);
    for (std::size_t i = 0; i < f.size(); ++i) {
      const double want = std::pow(10'000, -2 * double(i) / double(width));
      EXPECT_NEAR(f[i] / want, 1, 1e-13) << width << " " << i;
    }
  }
}

// In binary32: the angle is off by less than 5e-7 radians however far the position.
TEST(Rotary, TablesAreExactAtAnyPosition) {
  for (const std::uint64_t first : {0U, 8'150U, 1U << 20}) {
    const std::vector<double> f = rotary_frequencies(64);
    const auto positions = [&](Builder& b) {
      const Value offset = b.constant_bits({DType::kU64, {}}, first);
      return b.add(b.iota({DType::kU64, {50}}, 0), offset);
    };
    const Doubles cos =
        forward({}, [&](Builder& b, const auto&) { return rotary_tables(b, positions(b), f).cos; });
    const Doubles sin =
        forward({}, [&](Builder& b, const auto&) { return rotary_tables(b, positions(b), f).sin; });
    for (std::size_t i = 0; i < cos.size(); ++i) {
      const double angle = double(first + i / 32) * f[i % 32];
      EXPECT_NEAR(cos[i], std::cos(angle), 5e-7) << i;
      EXPECT_NEAR(sin[i], std::sin(angle), 5e-7) << i;
    }
  }
}

TEST(Rotary, TurnsPairsOfHalves) {
  const Shape shape{2, 5, 3, 6};
  const auto turned = [](Builder& b, const auto& w) {
    const Value positions = b.iota({DType::kU64, {5}}, 0);
    return rotary(b, w[0], rotary_tables(b, positions, rotary_frequencies(6, 100)));
  };
  const Doubles x = noise(shape.elements(), 1);
  const Doubles y = forward({shape}, turned);
  ASSERT_EQ(y.size(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t d = i % 6;
    const double angle = double(i / 18 % 5) * std::pow(100, -2 * double(d % 3) / 6);
    const double other = d < 3 ? -x[i + 3] : x[i - 3];
    EXPECT_NEAR(y[i], x[i] * std::cos(angle) + other * std::sin(angle), 2e-6) << i;
  }
  check({shape}, [&](Builder& b, const auto& w) { return probed(b, turned(b, w)); });
}

}  // namespace
}  // namespace assay::graph
