#include "assay/graph/compositions.hpp"
#include "internal/along.hpp"

namespace assay::graph {

namespace {

constexpr float kSqrtHalf = 0.70710678F;
constexpr float kOneOverSqrtTwoPi = 0.39894228F;
// 2 sqrt(2/pi), and times 0.044715: the argument of the sigmoid that stands for the tanh.
constexpr float kLinear = 1.59576912F;
constexpr float kCubic = 0.07135481F;

}  // namespace

// phi = (1 + erf(x / sqrt 2)) / 2; the derivative of x phi is phi + x exp(-x x / 2) / sqrt(2 pi).
Value gelu(Builder& b, Value x) {
  if (!expect_rank(b, "gelu", x, 0)) return {};
  const Builder::Scope scope(b, "gelu");
  const Value error = b.erf(b.mul(x, b.constant(kSqrtHalf)));
  const Value half = b.constant(0.5F);
  const Value phi = b.fma(error, half, half);
  const Value y = b.mul(x, phi);
  b.give_gradient(y, {{x}, [x, phi](Builder& builder, Value g) -> std::vector<Value> {
                        const Value square = builder.mul(x, x);
                        const Value bell =
                            builder.exp(builder.mul(square, builder.constant(-0.5F)));
                        const Value slope = builder.mul(x, builder.constant(kOneOverSqrtTwoPi));
                        return {builder.mul(g, builder.fma(slope, bell, phi))};
                      }});
  return y;
}

// (1 + tanh(u)) / 2 is sigmoid(2 u): one function, and a derivative without any,
// s + y (1 - s) (2 u)'.
Value gelu_tanh(Builder& b, Value x) {
  if (!expect_rank(b, "gelu_tanh", x, 0)) return {};
  const Builder::Scope scope(b, "gelu_tanh");
  const Value square = b.mul(x, x);
  const Value cubic = b.constant(kCubic);
  const Value linear = b.constant(kLinear);
  const Value s = b.sigmoid(b.mul(x, b.fma(square, cubic, linear)));
  const Value y = b.mul(x, s);
  b.give_gradient(y, {{x}, [=](Builder& builder, Value g) -> std::vector<Value> {
                        const Value cubic_slope = builder.constant(3 * kCubic);
                        const Value slope = builder.fma(square, cubic_slope, linear);
                        const Value rest = builder.sub(y, builder.mul(y, s));
                        return {builder.mul(g, builder.fma(rest, slope, s))};
                      }});
  return y;
}

// The derivative of x s is s + y (1 - s).
Value silu(Builder& b, Value x) {
  if (!expect_rank(b, "silu", x, 0)) return {};
  const Builder::Scope scope(b, "silu");
  const Value s = b.sigmoid(x);
  const Value y = b.mul(x, s);
  b.give_gradient(y, {{x}, [y, s](Builder& builder, Value g) -> std::vector<Value> {
                        const Value rest = builder.sub(y, builder.mul(y, s));
                        return {builder.mul(g, builder.add(rest, s))};
                      }});
  return y;
}

Value swiglu(Builder& b, Value gate, Value up) { return b.mul(silu(b, gate), up); }

}  // namespace assay::graph
