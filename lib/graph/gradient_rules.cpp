// The rules of graph/gradients.hpp's table, but those of products (product_gradients.cpp).
#include "internal/differentiation.hpp"
#include "internal/folded.hpp"

namespace assay::graph {

using numerics::OpCode;

namespace {

constexpr float kTwoOverSqrtPi = 1.12837917F;

std::string scope_of(const std::string& label) {
  const std::size_t at = label.rfind('/');
  return at == std::string::npos ? label : label.substr(0, at);
}

// Axes of 1 left out: what two shapes share if one is a reshape of the other that moves no axis.
std::vector<std::uint64_t> squeezed(const Shape& shape) {
  std::vector<std::uint64_t> dims;
  for (unsigned i = 0; i < shape.rank; ++i) {
    if (shape[i] != 1) dims.push_back(shape[i]);
  }
  return dims;
}

}  // namespace

void Differentiation::back_through(Value y, Value g) {
  if (m_b.is_detached(y)) return;
  const Builder::Scope scope(m_b, "grad " + scope_of(m_b.label(y)));
  if (back_through_own(y, g)) return;
  const Node node = m_b.node(y);  // a copy: the builder grows below
  if (ends_paths(node.spec.op) || !reads_needed(node)) return;
  const Shape shape = node.spec.output.shape;
  const Value x{node.inputs[0]};
  if (back_through_unary(node, y, g) || back_through_movement(node, g)) return;
  switch (node.spec.op) {
    case OpCode::kReduceSum: return send(x, g, m_b.type(x).shape);
    case OpCode::kReduceMax: return reduce_max(node, y, g);
    case OpCode::kMatMul: return matmul(node, whole(g, shape));
    case OpCode::kMatMulTriangular: return matmul_triangular(node, whole(g, shape));
    case OpCode::kConv2d: return conv2d(node, whole(g, shape));
    case OpCode::kMaxPool2d: {
      const Value pooled = m_b.max_pool2d_grad(x, y, whole(g, shape), node.spec.attributes[0]);
      return send(x, pooled, m_b.type(x).shape);
    }
    case OpCode::kGatherRows: return gather_rows(node, whole(g, shape));
    case OpCode::kScatterAddRows: {
      const Value source{node.inputs[1]};
      return send(source, m_b.gather_rows(whole(g, shape), x), m_b.type(source).shape);
    }
    default: back_through_pointwise(node, y, g);
  }
}

bool Differentiation::back_through_own(Value y, Value g) {
  const OwnGradient* own = m_b.own_gradient(y);
  if (own == nullptr) return false;
  const OwnGradient rule = *own;  // a copy: the builder grows
  const std::vector<Value> sent = rule.back(m_b, whole(g, m_b.type(y).shape));
  ASSAY_EXPECTS(sent.size() == rule.inputs.size());
  for (std::size_t k = 0; k < sent.size() && m_b.ok(); ++k) {
    const Value input = rule.inputs[k];
    ASSAY_EXPECTS(m_b.type(sent[k]) == m_b.type(input));
    if (m_needed[input.node]) send(input, sent[k], m_b.type(input).shape);
  }
  return true;
}

bool Differentiation::back_through_unary(const Node& node, Value y, Value g) {
  const Value x{node.inputs[0]};
  const auto pass = [&](Value v) {
    send(x, v, node.spec.output.shape);
    return true;
  };
  const auto times = [&](Value derivative) { return pass(folded::mul(m_b, g, derivative)); };
  switch (node.spec.op) {
    case OpCode::kNeg: return pass(folded::neg(m_b, g));
    case OpCode::kRelu: {
      const Value none = zero();
      return pass(m_b.select(m_b.less(none, y), g, none));
    }
    case OpCode::kSqrt: return pass(folded::div(m_b, folded::mul(m_b, g, 0.5F), y));
    case OpCode::kExp: return times(y);
    case OpCode::kLog: return pass(folded::div(m_b, g, x));
    case OpCode::kTanh: {
      const Value one = m_b.constant(1.0F);
      return times(m_b.sub(one, m_b.mul(y, y)));
    }
    case OpCode::kErf: {
      const Value bell = m_b.exp(m_b.neg(m_b.mul(x, x)));
      return times(folded::mul(m_b, bell, kTwoOverSqrtPi));
    }
    case OpCode::kSin: return times(m_b.cos(x));
    case OpCode::kCos: return times(m_b.neg(m_b.sin(x)));
    case OpCode::kRsqrt: {
      const Value square = m_b.mul(y, y);
      return times(m_b.mul(folded::mul(m_b, y, -0.5F), square));
    }
    case OpCode::kSigmoid: return times(m_b.sub(y, m_b.mul(y, y)));
    default: return false;
  }
}

void Differentiation::back_through_pointwise(const Node& node, Value y, Value g) {
  const Value a{node.inputs[0]};
  const Value b{node.inputs[1]};
  const auto pass = [&](unsigned k, Value v) { send({node.inputs[k]}, v, node.spec.output.shape); };
  switch (node.spec.op) {
    case OpCode::kAdd:
      if (wants(node, 0)) pass(0, g);
      if (wants(node, 1)) pass(1, g);
      return;
    case OpCode::kSub:
      if (wants(node, 0)) pass(0, g);
      if (wants(node, 1)) pass(1, folded::neg(m_b, g));
      return;
    case OpCode::kMul:
    case OpCode::kFma:
      if (wants(node, 0)) pass(0, folded::mul(m_b, g, b));
      if (wants(node, 1)) pass(1, folded::mul(m_b, g, a));
      if (node.spec.op == OpCode::kFma && wants(node, 2)) pass(2, g);
      return;
    case OpCode::kDiv:
      if (wants(node, 0)) pass(0, folded::div(m_b, g, b));
      if (wants(node, 1)) pass(1, m_b.neg(m_b.div(folded::mul(m_b, g, y), b)));
      return;
    case OpCode::kMax:
    case OpCode::kMin: {
      const Value second = node.spec.op == OpCode::kMax ? m_b.less(a, b) : m_b.less(b, a);
      if (wants(node, 0)) pass(0, m_b.select(second, zero(), g));
      if (wants(node, 1)) pass(1, m_b.select(second, g, zero()));
      return;
    }
    case OpCode::kSelect:
      if (wants(node, 1)) pass(1, m_b.select(a, g, zero()));
      if (wants(node, 2)) pass(2, m_b.select(a, zero(), g));
      return;
    default: m_b.fail(std::string(numerics::name_of(node.spec.op)) + " has no gradient");
  }
}

bool Differentiation::back_through_movement(const Node& node, Value g) {
  const Shape shape = node.spec.output.shape;
  const Value a{node.inputs[0]};
  const Shape from = m_b.type(a).shape;
  const auto axis = static_cast<unsigned>(node.spec.attributes[0]);
  switch (node.spec.op) {
    case OpCode::kReshape: reshape(node, g); return true;
    case OpCode::kTranspose: {
      std::array<unsigned, kMaxRank> back{};
      for (unsigned i = 0; i < shape.rank; ++i) {
        back[node.spec.attributes[0] >> (4 * i) & 15] = i;
      }
      send(a, m_b.transpose(ranked(g, shape.rank), {back.data(), shape.rank}), from);
      return true;
    }
    case OpCode::kSlice:
      m_pieces[a.node].push_back({axis, node.spec.attributes[1], shape[axis], whole(g, shape)});
      return true;
    case OpCode::kPad:
      send(a, part_of(ranked(g, shape.rank), axis, node.spec.attributes[1], from[axis]), from);
      return true;
    case OpCode::kConcat: {
      const Value b{node.inputs[1]};
      const Shape behind = m_b.type(b).shape;
      const Value full = ranked(g, shape.rank);
      if (wants(node, 0)) send(a, part_of(full, axis, 0, from[axis]), from);
      if (wants(node, 1)) send(b, part_of(full, axis, from[axis], behind[axis]), behind);
      return true;
    }
    default: return false;
  }
}

Value Differentiation::part_of(Value g, unsigned axis, std::uint64_t start, std::uint64_t count) {
  return m_b.type(g).shape[axis] == 1 ? g : m_b.slice(g, axis, start, count);
}

void Differentiation::reshape(const Node& node, Value g) {
  const Value x{node.inputs[0]};
  const Shape from = node.spec.output.shape;
  const Shape to = m_b.type(x).shape;
  const Shape own = m_b.type(g).shape;
  if (own.elements() == 1) return send(x, m_b.reshape(g, {}), to);
  if (own == from || squeezed(from) != squeezed(to)) {
    return send(x, m_b.reshape(whole(g, from), to), to);
  }
  // Only axes of 1 come and go: what is still to be spread stays so.
  const Shape small = m_b.type(ranked(g, from.rank)).shape;
  Shape kept = to;
  unsigned at = 0;
  for (unsigned i = 0; i < to.rank; ++i) {
    if (to[i] == 1) continue;
    while (from[at] == 1) ++at;
    kept.dims[i] = small[at++];
  }
  send(x, m_b.reshape(g, kept), to);
}

void Differentiation::reduce_max(const Node& node, Value y, Value g) {
  const Value x{node.inputs[0]};
  const Value is_max = m_b.equal(x, y);
  const Value hits = m_b.reduce_sum(m_b.cast(is_max, DType::kF32), node.spec.attributes[0]);
  const Value share = m_b.div(g, hits);
  send(x, m_b.select(is_max, share, zero()), m_b.type(x).shape);
}

}  // namespace assay::graph
