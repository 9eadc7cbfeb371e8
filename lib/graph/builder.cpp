#include "assay/graph/builder.hpp"

#include "assay/codec/buffer.hpp"

namespace assay::graph {

namespace {

using numerics::NodeSpec;
using numerics::OpCode;

NodeSpec spec_of(OpCode op, const TensorType& output,
                 std::initializer_list<std::uint64_t> attributes) {
  NodeSpec spec;
  spec.op = op;
  spec.output = output;
  for (const std::uint64_t a : attributes) spec.attributes[spec.attribute_count++] = a;
  return spec;
}

// The shape that both broadcast to; an impossible pair leaves `a`, and the validator says no.
Shape broadcast_of(const Shape& a, const Shape& b) {
  Shape out = a.rank >= b.rank ? a : b;
  const Shape& other = a.rank >= b.rank ? b : a;
  for (unsigned i = 0; i < other.rank; ++i) {
    std::uint64_t& dim = out.dims[out.rank - 1 - i];
    if (dim == 1) dim = other.dims[other.rank - 1 - i];
  }
  return out;
}

std::uint64_t convolved(std::uint64_t size, std::uint64_t kernel, const ConvOptions& o) {
  const std::uint64_t padded = size + 2 * o.padding;
  return o.stride == 0 || padded < kernel ? 0 : (padded - kernel) / o.stride + 1;
}

std::string words_of(const NodeSpec& spec, numerics::SpecVerdict verdict) {
  std::string text = "these operands cannot be given to ";
  text += numerics::name_of(spec.op);
  text += ":";
  for (unsigned i = 0; i < spec.operand_count; ++i) {
    text += " ";
    text += to_text(spec.operands[i]);
  }
  text += " -> ";
  text += to_text(spec.output);
  if (verdict == numerics::SpecVerdict::kFoldTooLong) text += " (an element of too many steps)";
  return text;
}

}  // namespace

void Builder::fail(std::string message) {
  if (!m_scope.empty()) message = m_scope + ": " + message;
  if (!m_error) m_error = Error{ErrorCode::kInvalidArgument, std::move(message)};
}

const TensorType& Builder::type(Value x) const {
  static const TensorType none{};
  return x.node < m_nodes.size() ? m_nodes[x.node].spec.output : none;
}

const Node& Builder::node(Value x) const {
  ASSAY_EXPECTS(x.node < m_nodes.size());
  return m_nodes[x.node];
}

const std::string& Builder::label(Value x) const {
  ASSAY_EXPECTS(x.node < m_labels.size());
  return m_labels[x.node];
}

void Builder::give_gradient(Value x, OwnGradient gradient) {
  if (m_error) return;
  ASSAY_EXPECTS(x.node < m_nodes.size());
  m_own_gradients.insert_or_assign(x.node, std::move(gradient));
}

const OwnGradient* Builder::own_gradient(Value x) const {
  const auto at = m_own_gradients.find(x.node);
  return at == m_own_gradients.end() ? nullptr : &at->second;
}

Builder::Scope::Scope(Builder& builder, std::string_view name)
    : m_builder(builder), m_saved(builder.m_scope) {
  if (!m_builder.m_scope.empty()) m_builder.m_scope += "/";
  m_builder.m_scope += name;
}

Value Builder::emit(NodeSpec spec, std::span<const Value> inputs) {
  if (m_error) return {};
  Node node;
  ASSAY_EXPECTS(inputs.size() <= numerics::kMaxOperands);
  spec.operand_count = static_cast<std::uint8_t>(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    ASSAY_EXPECTS(inputs[i].node < m_nodes.size());
    node.inputs[i] = inputs[i].node;
    spec.operands[i] = type(inputs[i]);
  }
  node.spec = spec;
  const numerics::SpecVerdict verdict = numerics::validate(spec);
  if (verdict != numerics::SpecVerdict::kValid) {
    fail(words_of(spec, verdict));
    return {};
  }
  if (m_nodes.size() >= 4 * std::size_t{kMaxNodes}) {
    fail("the program has too many nodes");
    return {};
  }
  const Bytes record = codec::encode([&](codec::Writer& w) { write_node(w, node); });
  const auto [at, is_new] =
      m_known.try_emplace(std::string(record.begin(), record.end()), node_count());
  if (!is_new) return {at->second};
  m_nodes.push_back(node);
  m_detached.push_back(false);
  std::string name = m_scope;
  if (!name.empty()) name += "/";
  name += numerics::name_of(spec.op);
  m_labels.push_back(name.substr(0, kMaxLabelBytes));
  return {node_count() - 1};
}

Value Builder::data(std::string_view name, const TensorType& t) {
  if (m_error) return {};
  if (const auto at = m_data.find(name); at != m_data.end()) {
    if (at->second.type != t) fail("data " + std::string(name) + " is declared with two types");
    return at->second.source;
  }
  const Value source = emit(spec_of(OpCode::kData, t, {m_data.size()}), {});
  if (m_error) return {};
  m_labels[source.node] = name;
  m_data.emplace(name, DeclaredData{t, source});
  return source;
}

Value Builder::state(std::string_view name, const TensorType& t) {
  if (m_error) return {};
  const auto [at, is_new] = m_slots.try_emplace(std::string(name));
  DeclaredSlot& slot = at->second;
  if (is_new) slot.type = t;
  if (slot.type != t) {
    fail("slot " + std::string(name) + " is declared with two types");
    return {};
  }
  if (slot.source) return *slot.source;
  // Any number that no other source has: finish() puts the slot's own.
  const Value source = emit(spec_of(OpCode::kStateSlot, t, {m_nodes.size() + kMaxSlots}), {});
  if (m_error) return {};
  m_labels[source.node] = name;
  slot.source = source;
  return source;
}

void Builder::bind(std::string_view name, Value value) {
  if (m_error) return;
  const auto [at, is_new] = m_slots.try_emplace(std::string(name));
  if (is_new) at->second.type = type(value);
  if (at->second.type != type(value)) {
    fail("slot " + std::string(name) + " is " + to_text(at->second.type) +
         " and cannot be bound to " + to_text(type(value)));
  }
  if (at->second.output) fail("slot " + std::string(name) + " is bound twice");
  at->second.output = value;
}

Value Builder::step_index() { return emit(spec_of(OpCode::kStepIndex, {DType::kU64, {}}, {}), {}); }
Value Builder::seed() { return emit(spec_of(OpCode::kSeed, {DType::kU64, {}}, {}), {}); }

Value Builder::constant(float value, const Shape& shape) {
  return constant_bits({DType::kF32, shape}, std::bit_cast<std::uint32_t>(value));
}

Value Builder::constant_bits(const TensorType& t, std::uint64_t bits) {
  return emit(spec_of(OpCode::kConstant, t, {bits}), {});
}

Value Builder::iota(const TensorType& t, std::uint64_t axis) {
  return emit(spec_of(OpCode::kIota, t, {axis}), {});
}

Value Builder::reshape(Value x, const Shape& shape) {
  if (type(x).shape == shape) return x;
  const Value inputs[] = {x};
  return emit(spec_of(OpCode::kReshape, {type(x).dtype, shape}, {}), inputs);
}

Value Builder::cast(Value x, DType to) {
  if (type(x).dtype == to) return x;
  const Value inputs[] = {x};
  return emit(spec_of(OpCode::kCast, {to, type(x).shape}, {}), inputs);
}

Value Builder::unary(OpCode op, Value x) {
  const Value inputs[] = {x};
  return emit(spec_of(op, type(x), {}), inputs);
}

Value Builder::pointwise(OpCode op, std::initializer_list<Value> inputs) {
  TensorType out = type(*(inputs.end() - 1));
  for (const Value input : inputs) out.shape = broadcast_of(out.shape, type(input).shape);
  if (op == OpCode::kEqual || op == OpCode::kLess) out.dtype = DType::kU32;
  return emit(spec_of(op, out, {}), {inputs.begin(), inputs.size()});
}

Value Builder::transpose(Value x, std::span<const unsigned> axes) {
  TensorType out = type(x);
  std::uint64_t packed = 0;
  bool moves = false;
  for (unsigned i = 0; i < axes.size() && i < kMaxRank; ++i) {
    if (axes[i] < kMaxRank) out.shape.dims[i] = type(x).shape[axes[i]];
    packed |= std::uint64_t{axes[i] & 15U} << (4 * i);
    moves = moves || axes[i] != i;
  }
  if (!moves && axes.size() == out.shape.rank) return x;
  const Value inputs[] = {x};
  return emit(spec_of(OpCode::kTranspose, out, {packed}), inputs);
}

Value Builder::slice(Value x, unsigned axis, std::uint64_t start, std::uint64_t count) {
  TensorType out = type(x);
  if (axis < kMaxRank) out.shape.dims[axis] = count;
  if (start == 0 && out == type(x)) return x;
  const Value inputs[] = {x};
  return emit(spec_of(OpCode::kSlice, out, {axis, start}), inputs);
}

Value Builder::pad(Value x, unsigned axis, std::uint64_t before, std::uint64_t after) {
  TensorType out = type(x);
  if (axis < kMaxRank) out.shape.dims[axis] += before + after;
  if (out == type(x)) return x;
  const Value inputs[] = {x};
  return emit(spec_of(OpCode::kPad, out, {axis, before}), inputs);
}

Value Builder::concat(Value a, Value b, unsigned axis) {
  TensorType out = type(a);
  if (axis < kMaxRank) out.shape.dims[axis] += type(b).shape[axis];
  const Value inputs[] = {a, b};
  return emit(spec_of(OpCode::kConcat, out, {axis}), inputs);
}

// The output's shape follows from the operands and attributes 0 and 1, which transpose them.
Value Builder::product_of_matrices(NodeSpec spec, Value a, Value b) {
  spec.output = type(a);
  const unsigned rank = spec.output.shape.rank;
  if (rank >= 2 && type(b).shape.rank == rank) {
    const bool transpose_a = spec.attributes[0] != 0;
    const bool transpose_b = spec.attributes[1] != 0;
    spec.output.shape.dims[rank - 2] = type(a).shape[transpose_a ? rank - 1 : rank - 2];
    spec.output.shape.dims[rank - 1] = type(b).shape[transpose_b ? rank - 2 : rank - 1];
  }
  const Value inputs[] = {a, b};
  return emit(spec, inputs);
}

Value Builder::matmul(Value a, Value b, bool transpose_a, bool transpose_b) {
  return product_of_matrices(
      spec_of(OpCode::kMatMul, {}, {transpose_a ? 1u : 0u, transpose_b ? 1u : 0u}), a, b);
}

Value Builder::matmul_triangular(Value a, Value b, bool transpose_a, bool transpose_b,
                                 const TriangleOptions& o) {
  return product_of_matrices(
      spec_of(OpCode::kMatMulTriangular, {},
              {transpose_a ? 1u : 0u, transpose_b ? 1u : 0u, static_cast<std::uint64_t>(o.part),
               o.diagonal, std::bit_cast<std::uint32_t>(o.fill)}),
      a, b);
}

Value Builder::conv2d(Value x, Value w, const ConvOptions& o) {
  const Shape& xs = type(x).shape;
  const Shape& ws = type(w).shape;
  const Shape out{xs[0], convolved(xs[1], ws[0], o), convolved(xs[2], ws[1], o), ws[3]};
  const Value inputs[] = {x, w};
  return emit(spec_of(OpCode::kConv2d, {DType::kF32, out}, {o.stride, o.padding}), inputs);
}

Value Builder::conv2d_grad_input(Value gy, Value w, const Shape& x, const ConvOptions& o) {
  const Value inputs[] = {gy, w};
  return emit(spec_of(OpCode::kConv2dGradInput, {DType::kF32, x}, {o.stride, o.padding}), inputs);
}

Value Builder::conv2d_grad_weight(Value x, Value gy, const Shape& w, const ConvOptions& o) {
  const Value inputs[] = {x, gy};
  return emit(spec_of(OpCode::kConv2dGradWeight, {DType::kF32, w}, {o.stride, o.padding}), inputs);
}

Value Builder::max_pool2d(Value x, std::uint64_t window) {
  Shape out = type(x).shape;
  if (window != 0) out.dims[1] /= window, out.dims[2] /= window;
  const Value inputs[] = {x};
  return emit(spec_of(OpCode::kMaxPool2d, {DType::kF32, out}, {window}), inputs);
}

Value Builder::max_pool2d_grad(Value x, Value y, Value gy, std::uint64_t window) {
  const Value inputs[] = {x, y, gy};
  return emit(spec_of(OpCode::kMaxPool2dGrad, type(x), {window}), inputs);
}

Value Builder::gather_rows(Value table, Value index) {
  TensorType out = type(table);
  if (type(index).shape.rank == 1) out.shape.dims[0] = type(index).shape[0];
  const Value inputs[] = {table, index};
  return emit(spec_of(OpCode::kGatherRows, out, {}), inputs);
}

Value Builder::scatter_add_rows(Value index, Value source, std::uint64_t rows) {
  TensorType out = type(source);
  if (out.shape.rank != 0) out.shape.dims[0] = rows;
  const Value inputs[] = {index, source};
  return emit(spec_of(OpCode::kScatterAddRows, out, {}), inputs);
}

Value Builder::random_uniform(const Shape& shape, Value seed, Value t, std::uint64_t purpose) {
  const Value inputs[] = {seed, t};
  return emit(spec_of(OpCode::kRandomUniform, {DType::kF32, shape}, {purpose}), inputs);
}

Value Builder::shuffle_index(std::uint64_t count, std::uint64_t n, Value seed, Value t,
                             std::uint64_t purpose) {
  const Value inputs[] = {seed, t};
  return emit(spec_of(OpCode::kShuffleIndex, {DType::kU32, {count}}, {n, purpose}), inputs);
}

}  // namespace assay::graph
