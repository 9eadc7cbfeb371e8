#include <limits>

#include "assay/graph/compositions.hpp"
#include "internal/along.hpp"
#include "internal/folded.hpp"

namespace assay::graph {

// y = e / sum(e); its gradient y (g - sum(g y)).
Value softmax(Builder& b, Value x) {
  if (!expect_rank(b, "softmax", x, 1)) return {};
  const Builder::Scope scope(b, "softmax");
  const std::uint64_t axis = last_axis(b.type(x).shape);
  const Value e = b.exp(b.sub(x, b.reduce_max(x, axis)));
  const Value one = b.constant(1.0F);
  const Value y = b.mul(e, b.div(one, b.reduce_sum(e, axis)));
  b.give_gradient(y, {{x}, [y, axis](Builder& builder, Value g) -> std::vector<Value> {
                        const Value mean = builder.reduce_sum(builder.mul(g, y), axis);
                        return {builder.mul(y, builder.sub(g, mean))};
                      }});
  return y;
}

Value masked_softmax(Builder& b, Value x, Value mask) {
  if (!expect_rank(b, "masked_softmax", x, 1)) return {};
  const Builder::Scope scope(b, "masked_softmax");
  const Value nothing = b.constant(-std::numeric_limits<float>::infinity());
  return softmax(b, b.select(mask, x, nothing));
}

// y = x - max - log(sum(e)); its gradient g - softmax sum(g).
Value log_softmax(Builder& b, Value x) {
  if (!expect_rank(b, "log_softmax", x, 1)) return {};
  const Builder::Scope scope(b, "log_softmax");
  const std::uint64_t axis = last_axis(b.type(x).shape);
  const Value shifted = b.sub(x, b.reduce_max(x, axis));
  const Value e = b.exp(shifted);
  const Value sum = b.reduce_sum(e, axis);
  const Value y = b.sub(shifted, b.log(sum));
  b.give_gradient(y, {{x}, [e, sum, axis](Builder& builder, Value g) -> std::vector<Value> {
                        const Value share = builder.div(builder.reduce_sum(g, axis), sum);
                        return {builder.sub(g, builder.mul(e, share))};
                      }});
  return y;
}

// The chosen logits are drawn by index from all of them in a row; a label out of range is sent out
// of range there too. The gradient: (softmax - [label]) g / n.
Value Builder::softmax_cross_entropy(Value logits, Value labels) {
  if (!ok()) return {};
  const Shape shape = type(logits).shape;
  if (shape.rank != 2 || type(labels) != TensorType{DType::kU32, {shape[0]}}) {
    fail("softmax_cross_entropy wants logits f32[n,classes] and labels u32[n], not " +
         to_text(type(logits)) + " and " + to_text(type(labels)));
    return {};
  }
  const std::uint64_t n = shape[0];
  const std::uint64_t classes = shape[1];
  if (shape.elements() >= std::uint64_t{1} << 32) {
    fail("softmax_cross_entropy takes fewer than 2^32 logits; cut the batch into parts");
    return {};
  }
  const Scope scope(*this, "cross_entropy");
  const Value largest = reduce_max(logits, 0b10);
  const Value e = exp(sub(logits, largest));
  const Value sum = reduce_sum(e, 0b10);

  const Value width = constant_bits({DType::kU32, {}}, classes);
  const Value row = mul(iota({DType::kU32, {n}}, 0), width);
  const Value nowhere = constant_bits({DType::kU32, {}}, 0xffff'ffff);
  const Value inside = add(row, labels);
  const Value place = select(less(labels, width), inside, nowhere);
  const Value chosen = gather_rows(reshape(logits, {n * classes}), place);
  const Value above = sub(chosen, reshape(largest, {n}));
  const Value y = mean(sub(reshape(log(sum), {n}), above));

  const auto back = [=](Builder& b, Value g) -> std::vector<Value> {
    const Value share = folded::mul(b, g, 1.0F / static_cast<float>(n));
    const Value scale = b.div(share, sum);
    const Value hit = b.one_hot(labels, classes);
    const Value minus = folded::neg(b, share);
    const Value taken = b.select(hit, minus, b.constant(0.0F));
    return {b.fma(e, scale, taken)};
  };
  give_gradient(y, {{logits}, back});
  return y;
}

}  // namespace assay::graph
