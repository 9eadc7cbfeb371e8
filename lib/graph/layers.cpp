#include "assay/graph/compositions.hpp"
#include "internal/along.hpp"

namespace assay::graph {

Value average_pool2d(Builder& b, Value x, std::uint64_t window) {
  if (!expect_rank(b, "average_pool2d", x, 4)) return {};
  const Shape s = b.type(x).shape;
  if (s.rank != 4 || window == 0 || s[1] < window || s[2] < window) {
    b.fail("average_pool2d cannot be given " + to_text(b.type(x)));
    return {};
  }
  const Builder::Scope scope(b, "average_pool2d");
  const std::uint64_t h = s[1] / window;
  const std::uint64_t w = s[2] / window;
  const Value cut = b.slice(b.slice(x, 1, 0, h * window), 2, 0, w * window);
  const Value windows = b.reshape(cut, {s[0], h, window, w, window, s[3]});
  const Value sums = b.reshape(b.reduce_sum(windows, 0b010100), {s[0], h, w, s[3]});
  return b.mul(sums, b.constant(reciprocal(window * window)));
}

Value global_average_pool2d(Builder& b, Value x) {
  if (!expect_rank(b, "global_average_pool2d", x, 4)) return {};
  const Builder::Scope scope(b, "global_average_pool2d");
  const Shape s = b.type(x).shape;
  const Value sums = b.reshape(b.reduce_sum(x, 0b0110), {s[0], s[3]});
  return b.mul(sums, b.constant(reciprocal(s[1] * s[2])));
}

Value embedding(Builder& b, Value table, Value tokens) {
  if (!expect_rank(b, "embedding", table, 2)) return {};
  Shape shape = b.type(tokens).shape;
  const std::uint64_t count = shape.elements();
  if (shape.rank >= kMaxRank || b.type(table).shape.rank != 2) {
    b.fail("embedding cannot be given " + to_text(b.type(table)) + " and " +
           to_text(b.type(tokens)));
    return {};
  }
  shape.dims[shape.rank++] = b.type(table).shape[1];
  return b.reshape(b.gather_rows(table, b.reshape(tokens, {count})), shape);
}

Value dropout(Builder& b, Value x, const DropoutOptions& options) {
  if (!b.ok() || options.rate == 0) return x;
  if (!(options.rate > 0 && options.rate < 1)) {
    b.fail("a dropout rate must be at least 0 and below 1");
    return {};
  }
  const Builder::Scope scope(b, "dropout");
  const Value seed = b.seed();
  const Value t = b.step_index();
  const Value draw = b.random_uniform(b.type(x).shape, seed, t, options.purpose);
  const Value is_dropped = b.less(draw, b.constant(options.rate));
  const Value zero = b.constant(0.0F);
  const Value keep = b.constant(static_cast<float>(1.0 / (1.0 - double{options.rate})));
  return b.mul(x, b.select(is_dropped, zero, keep));
}

ClippedGradients clip_by_global_norm(Builder& b, std::span<const Value> gradients, float max_norm) {
  if (!b.ok() || gradients.empty()) return {{gradients.begin(), gradients.end()}, {}};
  const Builder::Scope scope(b, "clip");
  std::optional<Value> sum;
  for (const Value g : gradients) {
    const std::uint64_t all = (std::uint64_t{1} << b.type(g).shape.rank) - 1;
    const Value square = b.mul(g, g);
    const Value part = b.reshape(all == 0 ? square : b.reduce_sum(square, all), {});
    sum = sum ? b.add(*sum, part) : part;
  }
  ClippedGradients clipped;
  clipped.norm = b.sqrt(*sum);
  const Value limit = b.constant(max_norm);
  const Value one = b.constant(1.0F);
  const Value scale = b.min(one, b.div(limit, clipped.norm));
  for (const Value g : gradients) clipped.gradients.push_back(b.mul(g, scale));
  return clipped;
}

}  // namespace assay::graph
