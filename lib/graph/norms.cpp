#include "assay/graph/compositions.hpp"
#include "internal/along.hpp"
#include "internal/folded.hpp"

namespace assay::graph {

namespace {

bool is_vector_of(const Builder& b, Value x, std::uint64_t size) {
  return b.type(x) == TensorType{DType::kF32, {size}};
}

// Fails the builder unless x has a last axis and every vector its size.
bool expect_channels(Builder& b, const char* composition, Value x,
                     std::initializer_list<Value> vectors) {
  if (!expect_rank(b, composition, x, 1)) return false;
  const Shape shape = b.type(x).shape;
  for (const Value v : vectors) {
    if (is_vector_of(b, v, shape[shape.rank - 1U])) continue;
    b.fail(std::string(composition) + " of " + to_text(b.type(x)) + " cannot be given " +
           to_text(b.type(v)));
    return false;
  }
  return true;
}

struct Normalised {
  Value x;        // (x - mean) r
  Value mean;     // over the axes, which stay with dimension 1
  Value squares;  // summed distances from it
  Value r;        // 1 / sqrt(squares / count + epsilon)
};

Normalised normalised(Builder& b, Value x, std::uint64_t axes, std::uint64_t count, float epsilon) {
  const Value share = b.constant(reciprocal(count));
  const Value mean = b.mul(b.reduce_sum(x, axes), share);
  const Value centred = b.sub(x, mean);
  const Value squares = b.reduce_sum(b.mul(centred, centred), axes);
  const Value r = b.rsqrt(b.fma(squares, share, b.constant(epsilon)));
  return {b.mul(centred, r), mean, squares, r};
}

}  // namespace

// With h the gradient of the normalised x, its mean and that of h x over the axis: the gradient of
// x is r (h - mean(h) - x mean(h x)).
Value layer_norm(Builder& b, Value x, Value gain, Value bias, float epsilon) {
  if (!expect_channels(b, "layer_norm", x, {gain, bias})) return {};
  const Builder::Scope scope(b, "layer_norm");
  const Shape shape = b.type(x).shape;
  const std::uint64_t axis = last_axis(shape);
  const std::uint64_t d = shape[shape.rank - 1U];
  const Normalised n = normalised(b, x, axis, d, epsilon);
  const Value y = b.fma(n.x, gain, bias);
  const auto back = [=](Builder& builder, Value g) -> std::vector<Value> {
    const Value h = builder.mul(g, gain);
    const Value less_share = builder.constant(-reciprocal(d));
    const Value mean = builder.mul(builder.reduce_sum(h, axis), less_share);
    const Value product = builder.reduce_sum(builder.mul(h, n.x), axis);
    const Value slope = builder.mul(product, less_share);
    const Value inner = builder.fma(n.x, slope, builder.add(h, mean));
    const Value gx = builder.mul(inner, n.r);
    const Value g_gain = sum_of_rows(builder, builder.mul(g, n.x));
    return {gx, g_gain, sum_of_rows(builder, g)};
  };
  b.give_gradient(y, {{x, gain, bias}, back});
  return y;
}

// Zhang and Sennrich, 2019: as layer_norm, without the mean.
Value rms_norm(Builder& b, Value x, Value gain, float epsilon) {
  if (!expect_channels(b, "rms_norm", x, {gain})) return {};
  const Builder::Scope scope(b, "rms_norm");
  const Shape shape = b.type(x).shape;
  const std::uint64_t axis = last_axis(shape);
  const std::uint64_t d = shape[shape.rank - 1U];
  const Value share = b.constant(reciprocal(d));
  const Value squares = b.reduce_sum(b.mul(x, x), axis);
  const Value r = b.rsqrt(b.fma(squares, share, b.constant(epsilon)));
  const Value unit = b.mul(x, r);
  const Value y = b.mul(unit, gain);
  const auto back = [=](Builder& builder, Value g) -> std::vector<Value> {
    const Value h = builder.mul(g, gain);
    const Value product = builder.reduce_sum(builder.mul(h, unit), axis);
    const Value slope = builder.mul(product, builder.constant(-reciprocal(d)));
    const Value gx = builder.mul(builder.fma(unit, slope, h), r);
    return {gx, sum_of_rows(builder, builder.mul(g, unit))};
  };
  b.give_gradient(y, {{x, gain}, back});
  return y;
}

// Here the gradients of gain and bias are the sums that x's gradient wants.
BatchNorm batch_norm(Builder& b, Value x, Value gain, Value bias, float epsilon) {
  if (!expect_channels(b, "batch_norm", x, {gain, bias})) return {};
  const Shape shape = b.type(x).shape;
  const std::uint64_t c = shape[shape.rank - 1U];
  const std::uint64_t count = shape.elements() / c;
  if (shape.rank < 2 || count < 2) {
    b.fail("batch_norm wants more than one row, not " + to_text(b.type(x)));
    return {};
  }
  const Builder::Scope scope(b, "batch_norm");
  const Normalised n = normalised(b, x, leading_axes(shape), count, epsilon);
  BatchNorm result;
  result.y = b.fma(n.x, gain, bias);
  result.mean = b.reshape(n.mean, {c});
  const Value squares = b.reshape(n.squares, {c});
  result.variance = b.mul(squares, b.constant(reciprocal(count)));
  result.unbiased_variance = b.mul(squares, b.constant(reciprocal(count - 1)));
  const auto back = [=](Builder& builder, Value g) -> std::vector<Value> {
    const Value g_bias = sum_of_rows(builder, g);
    const Value g_gain = sum_of_rows(builder, builder.mul(g, n.x));
    const Value less_share = builder.constant(-reciprocal(count));
    const Value mean = builder.mul(g_bias, less_share);
    const Value slope = builder.mul(g_gain, less_share);
    const Value inner = builder.fma(n.x, slope, builder.add(g, mean));
    const Value scale = builder.mul(gain, builder.reshape(n.r, {c}));
    return {builder.mul(inner, scale), g_gain, g_bias};
  };
  b.give_gradient(result.y, {{x, gain, bias}, back});
  return result;
}

Value batch_norm_with(Builder& b, Value x, Value gain, Value bias,
                      const BatchStatistics& statistics, float epsilon) {
  if (!expect_channels(b, "batch_norm", x, {gain, bias, statistics.mean, statistics.variance})) {
    return {};
  }
  const Builder::Scope scope(b, "batch_norm");
  const Value deviation = b.rsqrt(b.add(statistics.variance, b.constant(epsilon)));
  const Value scale = b.mul(gain, deviation);
  const Value shift = b.sub(bias, b.mul(statistics.mean, scale));
  return b.fma(x, scale, shift);
}

Value moving_average(Builder& b, Value before, Value now, float rate) {
  const Value change = b.sub(now, before);
  return b.fma(b.constant(rate), change, before);
}

}  // namespace assay::graph
