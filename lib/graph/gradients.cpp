#include "assay/graph/gradients.hpp"

namespace assay::graph {

namespace {

using numerics::OpCode;

constexpr GradientRow kTable[] = {
    {OpCode::kStateSlot, false, "a source: nothing stands before it"},
    {OpCode::kData, false, "a source: nothing stands before it"},
    {OpCode::kStepIndex, false, "a source: nothing stands before it"},
    {OpCode::kSeed, false, "a source: nothing stands before it"},
    {OpCode::kConstant, false, "it depends on nothing"},
    {OpCode::kIota, false, "it depends on nothing"},
    {OpCode::kReshape, true, "g in x's shape"},
    {OpCode::kCast, false, "one side is an integer, which has no neighbourhood"},
    {OpCode::kNeg, true, "-g"},
    {OpCode::kRelu, true, "g where y > 0, else 0"},
    {OpCode::kSqrt, true, "g / 2 / y"},
    {OpCode::kExp, true, "g y"},
    {OpCode::kLog, true, "g / x"},
    {OpCode::kAdd, true, "g; g"},
    {OpCode::kSub, true, "g; -g"},
    {OpCode::kMul, true, "g b; g a"},
    {OpCode::kDiv, true, "g / b; -(g y) / b"},
    {OpCode::kMax, true, "g where not a < b; g where a < b"},
    {OpCode::kMin, true, "g where not b < a; g where b < a"},
    {OpCode::kEqual, false, "piecewise constant"},
    {OpCode::kLess, false, "piecewise constant"},
    {OpCode::kSelect, true, "condition: none; a: g where condition; b: g where not"},
    {OpCode::kFma, true, "g b; g a; g"},
    {OpCode::kReduceSum, true, "g spread over the reduced axes"},
    {OpCode::kReduceMax, true, "g shared equally by the elements that equal y"},
    {OpCode::kMatMul, true, "g times the other operand, transposed as the shapes ask"},
    {OpCode::kConv2d, true, "x: conv2d_grad_input(g, w); w: conv2d_grad_weight(x, g)"},
    {OpCode::kConv2dGradInput, false, "second derivatives of convolutions are not offered"},
    {OpCode::kConv2dGradWeight, false, "second derivatives of convolutions are not offered"},
    {OpCode::kMaxPool2d, true, "max_pool2d_grad(x, y, g)"},
    {OpCode::kMaxPool2dGrad, false, "second derivatives of pooling are not offered"},
    {OpCode::kGatherRows, false, "it needs a scatter with sums, which the profile has not yet"},
    {OpCode::kRandomUniform, false, "its operands are integers"},
    {OpCode::kShuffleIndex, false, "its operands are integers"},
};

// Paths of gradients end here without harm: what is behind is not a function of reals.
bool ends_paths(OpCode op) {
  switch (op) {
    case OpCode::kConstant:
    case OpCode::kIota:
    case OpCode::kCast:
    case OpCode::kEqual:
    case OpCode::kLess:
    case OpCode::kRandomUniform:
    case OpCode::kShuffleIndex: return true;
    default: return numerics::is_source(op);
  }
}

class Differentiation {
 public:
  explicit Differentiation(Builder& builder) : m_b(builder) {}

  std::vector<Value> run(Value loss, std::span<const Value> wrt) {
    const std::uint32_t count = loss.node + 1;
    m_needed.assign(count, false);
    m_gradient.assign(count, std::nullopt);
    for (const Value v : wrt) {
      if (v.node < count) m_needed[v.node] = true;
    }
    for (std::uint32_t i = 0; i < count; ++i) mark_needed(i);
    m_gradient[loss.node] = m_b.constant(1.0F, m_b.type(loss).shape);
    for (std::uint32_t i = count; i-- > 0;) {
      if (m_needed[i] && m_gradient[i] && m_b.ok()) back_through({i}, *m_gradient[i]);
    }
    std::vector<Value> result;
    for (const Value v : wrt) {
      const bool reached = v.node < count && m_gradient[v.node];
      result.push_back(reached ? *m_gradient[v.node] : m_b.constant(0.0F, m_b.type(v).shape));
    }
    return result;
  }

 private:
  void mark_needed(std::uint32_t i) {
    const Node& node = m_b.node({i});
    if (m_b.is_detached({i}) || ends_paths(node.spec.op)) return;
    if (reads_needed(node)) m_needed[i] = true;
  }

  [[nodiscard]] bool reads_needed(const Node& node) const {
    for (unsigned k = 0; k < node.spec.operand_count; ++k) {
      if (node.spec.operands[k].dtype == DType::kF32 && m_needed[node.inputs[k]]) return true;
    }
    return false;
  }

  // Adds `g`, of a shape that the operand was broadcast to, to the operand's gradient.
  void send(Value operand, Value g) {
    if (!m_b.ok()) return;
    g = sum_to(g, m_b.type(operand).shape);
    std::optional<Value>& slot = m_gradient[operand.node];
    slot = slot ? m_b.add(*slot, g) : g;
  }

  // Shapes by value: the builder's own move when it grows.
  Value sum_to(Value g, const Shape shape) {
    const Shape from = m_b.type(g).shape;
    if (from == shape) return g;
    std::uint64_t axes = 0;
    const unsigned extra = from.rank - shape.rank;
    for (unsigned i = 0; i < from.rank; ++i) {
      const bool spread = i < extra || (shape[i - extra] == 1 && from[i] != 1);
      if (spread) axes |= std::uint64_t{1} << i;
    }
    return m_b.reshape(axes == 0 ? g : m_b.reduce_sum(g, axes), shape);
  }

  [[nodiscard]] Value zero() { return m_b.constant(0.0F); }

  // Sums over parts of the first axis what `product` makes of rows [first, first + count), so that
  // no fold is longer than it may be: as few parts as do, of equal size but the last.
  template <class Product>
  Value in_parts(std::uint64_t rows, std::uint64_t steps_a_row, Product&& product) {
    if (steps_a_row == 0 || rows * steps_a_row <= numerics::kMaxFoldSteps) return product(0, rows);
    if (steps_a_row > numerics::kMaxFoldSteps) {
      m_b.fail("the gradient of one row is longer than a fold may be");
      return {};
    }
    const std::uint64_t parts = ceil_div(rows, numerics::kMaxFoldSteps / steps_a_row);
    const std::uint64_t size = ceil_div(rows, parts);
    Value sum = product(0, size);
    for (std::uint64_t first = size; first < rows && m_b.ok(); first += size) {
      sum = m_b.add(sum, product(first, std::min(size, rows - first)));
    }
    return sum;
  }

  Value rows(Value x, std::uint64_t first, std::uint64_t count) {
    return count == m_b.type(x).shape[0] ? x : m_b.rows(x, first, count);
  }

  void matmul(const Node& node, Value g) {
    const Value a{node.inputs[0]};
    const Value b{node.inputs[1]};
    const bool ta = node.spec.attributes[0] != 0;
    const bool tb = node.spec.attributes[1] != 0;
    if (m_needed[a.node]) send(a, ta ? m_b.matmul(b, g, tb, true) : m_b.matmul(g, b, false, !tb));
    if (!m_needed[b.node]) return;
    if (ta || tb || m_b.type(a).shape.rank != 2) {
      send(b, tb ? m_b.matmul(g, a, true, ta) : m_b.matmul(a, g, !ta, false));
      return;
    }
    send(b, in_parts(m_b.type(a).shape[0], 1, [&](std::uint64_t first, std::uint64_t count) {
           const Value a_rows = rows(a, first, count);
           return m_b.matmul(a_rows, rows(g, first, count), true, false);
         }));
  }

  void conv2d(const Node& node, Value g) {
    const Value x{node.inputs[0]};
    const Value w{node.inputs[1]};
    const ConvOptions options{node.spec.attributes[0], node.spec.attributes[1]};
    if (m_needed[w.node]) {
      const Shape y = node.spec.output.shape;
      const Shape shape = m_b.type(w).shape;
      send(w, in_parts(y[0], y[1] * y[2], [&](std::uint64_t first, std::uint64_t count) {
             const Value x_rows = rows(x, first, count);
             return m_b.conv2d_grad_weight(x_rows, rows(g, first, count), shape, options);
           }));
    }
    if (m_needed[x.node]) send(x, m_b.conv2d_grad_input(g, w, m_b.type(x).shape, options));
  }

  void reduce_max(const Node& node, Value y, Value g) {
    const Value x{node.inputs[0]};
    const Value is_max = m_b.equal(x, y);
    const Value hits = m_b.reduce_sum(m_b.cast(is_max, DType::kF32), node.spec.attributes[0]);
    const Value share = m_b.div(g, hits);
    send(x, m_b.select(is_max, share, zero()));
  }

  void back_through(Value y, Value g) {
    const Node node = m_b.node(y);  // a copy: the builder grows below
    const OpCode op = node.spec.op;
    if (m_b.is_detached(y) || ends_paths(op) || !reads_needed(node)) return;
    const Builder::Scope scope(m_b, "grad " + scope_of(m_b.label(y)));
    const Value a{node.inputs[0]};
    const Value b{node.inputs[1]};
    const auto wants = [&](unsigned k) {
      return node.spec.operands[k].dtype == DType::kF32 && m_needed[node.inputs[k]];
    };
    switch (op) {
      case OpCode::kReshape: return send(a, m_b.reshape(g, m_b.type(a).shape));
      case OpCode::kNeg: return send(a, m_b.neg(g));
      case OpCode::kRelu: {
        const Value none = zero();
        return send(a, m_b.select(m_b.less(none, y), g, none));
      }
      case OpCode::kSqrt: return send(a, m_b.div(m_b.mul(g, m_b.constant(0.5F)), y));
      case OpCode::kExp: return send(a, m_b.mul(g, y));
      case OpCode::kLog: return send(a, m_b.div(g, a));
      case OpCode::kAdd:
        if (wants(0)) send(a, g);
        if (wants(1)) send(b, g);
        return;
      case OpCode::kSub:
        if (wants(0)) send(a, g);
        if (wants(1)) send(b, m_b.neg(g));
        return;
      case OpCode::kMul:
        if (wants(0)) send(a, m_b.mul(g, b));
        if (wants(1)) send(b, m_b.mul(g, a));
        return;
      case OpCode::kDiv:
        if (wants(0)) send(a, m_b.div(g, b));
        if (wants(1)) send(b, m_b.neg(m_b.div(m_b.mul(g, y), b)));
        return;
      case OpCode::kMax:
      case OpCode::kMin: {
        const Value second = op == OpCode::kMax ? m_b.less(a, b) : m_b.less(b, a);
        if (wants(0)) send(a, m_b.select(second, zero(), g));
        if (wants(1)) send(b, m_b.select(second, g, zero()));
        return;
      }
      case OpCode::kSelect:
        if (wants(1)) send(b, m_b.select(a, g, zero()));
        if (wants(2)) send({node.inputs[2]}, m_b.select(a, zero(), g));
        return;
      case OpCode::kFma:
        if (wants(0)) send(a, m_b.mul(g, b));
        if (wants(1)) send(b, m_b.mul(g, a));
        if (wants(2)) send({node.inputs[2]}, g);
        return;
      case OpCode::kReduceSum: return send(a, m_b.broadcast(g, m_b.type(a).shape));
      case OpCode::kReduceMax: return reduce_max(node, y, g);
      case OpCode::kMatMul: return matmul(node, g);
      case OpCode::kConv2d: return conv2d(node, g);
      case OpCode::kMaxPool2d:
        return send(a, m_b.max_pool2d_grad(a, y, g, node.spec.attributes[0]));
      default: m_b.fail(std::string(numerics::name_of(op)) + " has no gradient");
    }
  }

  static std::string scope_of(const std::string& label) {
    const std::size_t at = label.rfind('/');
    return at == std::string::npos ? label : label.substr(0, at);
  }

  Builder& m_b;
  std::vector<bool> m_needed;                    // on a way from wrt to the loss
  std::vector<std::optional<Value>> m_gradient;  // of the loss, so far
};

}  // namespace

std::vector<Value> gradients(Builder& builder, Value loss, std::span<const Value> wrt) {
  if (builder.ok() &&
      (builder.type(loss).dtype != DType::kF32 || builder.type(loss).shape.elements() != 1)) {
    builder.fail("a gradient is taken of one f32 element, not of " + to_text(builder.type(loss)));
  }
  if (!builder.ok()) return std::vector<Value>(wrt.size());
  return Differentiation(builder).run(loss, wrt);
}

std::span<const GradientRow> gradient_table() noexcept { return kTable; }

}  // namespace assay::graph
