#include "assay/graph/attention.hpp"

#include <cmath>

#include "internal/along.hpp"

namespace assay::graph {

namespace {

using numerics::TrianglePart;

constexpr double kTwoPi = 6.283185307179586;
constexpr double kTwoTo64 = 18446744073709551616.0;

// x [n, t, h, d] -> [n h, t, d].
Value by_head(Builder& b, Value x) {
  const Shape s = b.type(x).shape;
  return b.reshape(b.transpose(x, std::array{0U, 2U, 1U, 3U}), {s[0] * s[2], s[1], s[3]});
}

// x [m, s, d] -> [m copies, s, d], each matrix `copies` times in a row.
Value repeated(Builder& b, Value x, std::uint64_t copies) {
  if (copies == 1) return x;
  const Shape s = b.type(x).shape;
  const Value apart = b.reshape(x, {s[0], 1, s[1], s[2]});
  return b.reshape(b.mul(apart, b.constant(1.0F, {1, copies, 1, 1})), {s[0] * copies, s[1], s[2]});
}

// The three products of attention and of its gradient, with or without a triangle.
struct Products {
  bool is_causal = true;
  std::uint64_t diagonal = 0;

  Value scores(Builder& b, Value q, Value k, float fill) const {
    if (!is_causal) return b.matmul(q, k, false, true);
    return b.matmul_triangular(q, k, false, true, {TrianglePart::kOutput, diagonal, fill});
  }
  Value rows_times(Builder& b, Value e, Value v) const {
    if (!is_causal) return b.matmul(e, v);
    return b.matmul_triangular(e, v, false, false, {TrianglePart::kLowerA, diagonal, 0.0F});
  }
  Value columns_times(Builder& b, Value e, Value g) const {
    if (!is_causal) return b.matmul(e, g, true, false);
    return b.matmul_triangular(e, g, true, false, {TrianglePart::kUpperA, diagonal, 0.0F});
  }
};

// q [m, t, d], k and v [m, s, d] -> softmax(scale q k^T) v. Nothing but products touches q, k, v
// and their gradients, so that they may lie in a tensor with others; so the scale stands in the
// exponent, and in the gradient with r. The weights are never divided by their sum: the output is.
// In the gradient sum(g y) over a row stands for the sum of the weights' gradients times the
// weights (Dao et al., FlashAttention, 2022, section B.4).
Value attend(Builder& b, Value q, Value k, Value v, float scale, const AttentionOptions& o) {
  const Products products{o.is_causal, o.diagonal};
  const Value scores = products.scores(b, q, k, -INFINITY);
  const Value factor = b.constant(scale);
  const Value minus = b.constant(-scale);
  const Value lowered = b.mul(b.reduce_max(scores, 0b100), minus);
  const Value e = b.exp(b.fma(scores, factor, lowered));
  const Value one = b.constant(1.0F);
  const Value r = b.div(one, b.reduce_sum(e, 0b100));
  const Value kept = dropout(b, e, o.dropout);
  const Value y = b.mul(products.rows_times(b, kept, v), r);
  const auto back = [=](Builder& builder, Value g) -> std::vector<Value> {
    const Value gv = products.columns_times(builder, kept, builder.mul(g, r));
    const Value scaled = builder.mul(g, builder.mul(r, factor));
    const Value weights = products.scores(builder, scaled, v, 0.0F);
    const Value through = dropout(builder, weights, o.dropout);
    const Value mean = builder.reduce_sum(builder.mul(scaled, y), 0b100);
    const Value gs = builder.mul(e, builder.sub(through, mean));
    const Value gq = products.rows_times(builder, gs, k);
    return {gq, products.columns_times(builder, gs, q), gv};
  };
  b.give_gradient(y, {{q, k, v}, back});
  return y;
}

bool fit(const Shape& q, const Shape& k, const Shape& v) {
  return q.rank == 4 && k.rank == 4 && k == v && q[0] == k[0] && q[3] == k[3] && q[2] % k[2] == 0;
}

// x [n, t, h, d] = (a, c): (a cos + c first, c cos + a second), halves of d.
Value turned(Builder& b, Value x, Value cos, Value first, Value second) {
  const std::uint64_t half = b.type(cos).shape[2];
  const Value a = b.slice(x, 3, 0, half);
  const Value c = b.slice(x, 3, half, half);
  const Value front = b.fma(a, cos, b.mul(c, first));
  return b.concat(front, b.fma(c, cos, b.mul(a, second)), 3);
}

// b joined from its two halves, and so on: [1, count].
Value row_of(Builder& b, std::span<const std::uint64_t> turns) {
  if (turns.size() == 1) return b.constant_bits({DType::kU64, {1, 1}}, turns[0]);
  const Value left = row_of(b, turns.first(turns.size() / 2));
  return b.concat(left, row_of(b, turns.subspan(turns.size() / 2)), 1);
}

double power(double x, std::uint64_t n) {
  double y = 1;
  for (std::uint64_t i = 0; i < n; ++i) y *= x;
  return y;
}

}  // namespace

// The ratio r of neighbours has base r^(width / 2) = 1: bisected, to the last bit.
std::vector<double> rotary_frequencies(std::uint64_t width, double base) {
  ASSAY_EXPECTS(width % 2 == 0 && base > 1);
  double low = 0;
  double high = 1;
  for (double mid = 0.5; low < mid && mid < high; mid = low + (high - low) / 2) {
    (base * power(mid, width / 2) < 1 ? low : high) = mid;
  }
  std::vector<double> frequencies;
  double of_pair = 1;  // power(high, i), by the same products
  for (std::uint64_t i = 0; i < width / 2; ++i, of_pair *= high) frequencies.push_back(of_pair);
  return frequencies;
}

RotaryTables rotary_tables(Builder& b, Value positions, std::span<const double> frequencies) {
  if (!b.ok()) return {};
  const TensorType type = b.type(positions);
  if (type.dtype != DType::kU64 || type.shape.rank != 1 || frequencies.empty()) {
    b.fail("rotary_tables wants positions u64[t], not " + to_text(type));
    return {};
  }
  const Builder::Scope scope(b, "rotary");
  std::vector<std::uint64_t> turns;
  for (const double f : frequencies) {
    const double turn = f / kTwoPi;
    turns.push_back(static_cast<std::uint64_t>((turn - std::floor(turn)) * kTwoTo64));
  }
  const Value column = b.reshape(positions, {type.shape[0], 1});
  // Whole turns wrap away; what is left, as a signed fraction, is between -1/2 and 1/2.
  const Value fraction = b.cast(b.mul(column, row_of(b, turns)), DType::kI64);
  const Value unit = b.constant(static_cast<float>(kTwoPi / kTwoTo64));
  const Value angle = b.mul(b.cast(fraction, DType::kF32), unit);
  const Value cos = b.cos(angle);
  return {cos, b.sin(angle)};
}

Value rotary(Builder& b, Value x, const RotaryTables& tables) {
  if (!expect_rank(b, "rotary", x, 4)) return {};
  const Shape s = b.type(x).shape;
  const TensorType half{DType::kF32, {s[1], s[3] / 2}};
  if (s.rank != 4 || s[3] % 2 != 0 || b.type(tables.cos) != half || b.type(tables.sin) != half) {
    b.fail("rotary wants x f32[n,t,heads,width] and tables f32[t,width/2], not " +
           to_text(b.type(x)) + " and " + to_text(b.type(tables.cos)));
    return {};
  }
  const Builder::Scope scope(b, "rotary");
  const Shape spread{s[1], 1, s[3] / 2};
  const Value cos = b.reshape(tables.cos, spread);
  const Value sin = b.reshape(tables.sin, spread);
  const Value minus = b.neg(sin);
  const Value y = turned(b, x, cos, minus, sin);
  b.give_gradient(y, {{x}, [=](Builder& builder, Value g) -> std::vector<Value> {
                        return {turned(builder, g, cos, sin, minus)};
                      }});
  return y;
}

Value attention(Builder& b, Value q, Value k, Value v, const AttentionOptions& options) {
  if (!b.ok()) return {};
  const Shape s = b.type(q).shape;
  const Shape ks = b.type(k).shape;
  if (!fit(s, ks, b.type(v).shape)) {
    b.fail("attention wants q f32[n,t,heads,width], k and v f32[n,s,kv_heads,width], not " +
           to_text(b.type(q)) + ", " + to_text(b.type(k)) + " and " + to_text(b.type(v)));
    return {};
  }
  const Builder::Scope scope(b, "attention");
  // Square roots of IEEE doubles are correctly rounded: the same constant everywhere.
  const float scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(s[3])));
  const std::uint64_t copies = s[2] / ks[2];
  const Value queries = by_head(b, q);
  const Value keys = repeated(b, by_head(b, k), copies);
  const Value values = repeated(b, by_head(b, v), copies);
  const Value y = attend(b, queries, keys, values, scale, options);
  return b.transpose(b.reshape(y, {s[0], s[2], s[1], s[3]}), std::array{0U, 2U, 1U, 3U});
}

}  // namespace assay::graph
