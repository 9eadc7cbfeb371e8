#include "internal/folded.hpp"

#include <bit>

namespace assay::graph::folded {

std::optional<float> constant_of(const Builder& b, Value x) {
  if (!b.ok()) return std::nullopt;
  const numerics::NodeSpec& spec = b.node(x).spec;
  if (spec.op != numerics::OpCode::kConstant || spec.output.dtype != DType::kF32) {
    return std::nullopt;
  }
  return std::bit_cast<float>(static_cast<std::uint32_t>(spec.attributes[0]));
}

Value mul(Builder& b, Value x, Value y) {
  const std::optional<float> xc = constant_of(b, x);
  const std::optional<float> yc = constant_of(b, y);
  if (xc && yc) return b.constant(*xc * *yc);
  if (xc == 1.0F) return y;
  if (yc == 1.0F) return x;
  return b.mul(x, y);
}

Value mul(Builder& b, Value x, float factor) {
  if (const std::optional<float> xc = constant_of(b, x)) return b.constant(*xc * factor);
  return factor == 1.0F ? x : b.mul(x, b.constant(factor));
}

Value div(Builder& b, Value x, Value y) {
  const std::optional<float> xc = constant_of(b, x);
  const std::optional<float> yc = constant_of(b, y);
  if (xc && yc) return b.constant(*xc / *yc);
  return yc == 1.0F ? x : b.div(x, y);
}

Value neg(Builder& b, Value x) {
  const std::optional<float> xc = constant_of(b, x);
  return xc ? b.constant(-*xc) : b.neg(x);
}

}  // namespace assay::graph::folded
