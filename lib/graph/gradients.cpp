#include "assay/graph/gradients.hpp"

#include <algorithm>

#include "internal/differentiation.hpp"
#include "internal/folded.hpp"

namespace assay::graph {

using numerics::OpCode;

std::vector<Value> Differentiation::run(Value loss, std::span<const Value> wrt) {
  const std::uint32_t count = loss.node + 1;
  m_needed.assign(count, false);
  m_gradient.assign(count, std::nullopt);
  for (const Value v : wrt) {
    if (v.node < count) m_needed[v.node] = true;
  }
  for (std::uint32_t i = 0; i < count; ++i) mark_needed(i);
  m_gradient[loss.node] = m_b.constant(1.0F);
  for (std::uint32_t i = count; i-- > 0;) {
    if (!m_needed[i] || !m_b.ok()) continue;
    join_pieces({i});
    if (m_gradient[i]) back_through({i}, *m_gradient[i]);
  }
  std::vector<Value> result;
  for (const Value v : wrt) {
    const bool reached = v.node < count && m_gradient[v.node];
    const Shape shape = m_b.type(v).shape;
    result.push_back(reached ? whole(*m_gradient[v.node], shape) : m_b.constant(0.0F, shape));
  }
  return result;
}

void Differentiation::mark_needed(std::uint32_t i) {
  if (m_b.is_detached({i})) return;
  if (const OwnGradient* own = m_b.own_gradient({i})) {
    for (const Value input : own->inputs) {
      if (m_needed[input.node]) m_needed[i] = true;
    }
    return;
  }
  const Node& node = m_b.node({i});
  if (!ends_paths(node.spec.op) && reads_needed(node)) m_needed[i] = true;
}

bool Differentiation::reads_needed(const Node& node) const {
  for (unsigned k = 0; k < node.spec.operand_count; ++k) {
    if (wants(node, k)) return true;
  }
  return false;
}

void Differentiation::send(Value operand, Value g, const Shape shape) {
  if (!m_b.ok()) return;
  g = sum_to(g, shape, m_b.type(operand).shape);
  std::optional<Value>& slot = m_gradient[operand.node];
  slot = slot ? m_b.add(*slot, g) : g;
}

// Shapes by value: the builder's own move when it grows.
Value Differentiation::sum_to(Value g, const Shape shape, const Shape target) {
  const Shape own = m_b.type(g).shape;
  const unsigned before_target = shape.rank - target.rank;
  const unsigned before_own = shape.rank - own.rank;
  std::uint64_t axes = 0;
  float copies = 1;  // of each element, along axes where `g` still has to be spread
  for (unsigned i = 0; i < shape.rank; ++i) {
    const bool spread = i < before_target || target[i - before_target] == 1;
    if (!spread || shape[i] == 1) continue;
    if (i >= before_own && own[i - before_own] != 1) {
      axes |= std::uint64_t{1} << (i - before_own);
    } else {
      copies *= static_cast<float>(shape[i]);
    }
  }
  if (axes != 0) g = m_b.reduce_sum(g, axes);
  g = folded::mul(m_b, g, copies);
  const Shape summed = m_b.type(g).shape;
  if (summed.rank <= target.rank) return g;
  Shape kept;
  for (unsigned i = summed.rank - target.rank; i < summed.rank; ++i) {
    kept.dims[kept.rank++] = summed[i];
  }
  return m_b.reshape(g, kept);
}

Value Differentiation::whole(Value g, const Shape shape) {
  const Shape own = m_b.type(g).shape;
  if (own == shape) return g;
  if (const std::optional<float> value = folded::constant_of(m_b, g)) {
    return m_b.constant(*value, shape);
  }
  return own.elements() == shape.elements() ? m_b.reshape(g, shape) : m_b.broadcast(g, shape);
}

Value Differentiation::ranked(Value g, unsigned rank) {
  const Shape own = m_b.type(g).shape;
  Shape shape;
  for (unsigned i = own.rank; i < rank; ++i) shape.dims[shape.rank++] = 1;
  for (unsigned i = 0; i < own.rank; ++i) shape.dims[shape.rank++] = own[i];
  return m_b.reshape(g, shape);
}

// What the slices of one value sent: those of one axis that do not overlap are put together, so
// that a value cut into parts costs one pass and not a sum of padded parts.
void Differentiation::join_pieces(Value operand) {
  const auto at = m_pieces.find(operand.node);
  if (at == m_pieces.end()) return;
  std::vector<Piece> pieces = std::move(at->second);
  m_pieces.erase(at);
  const Builder::Scope scope(m_b, "grad join");
  const Shape shape = m_b.type(operand).shape;
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return a.axis != b.axis ? a.axis < b.axis : a.start < b.start;
  });
  std::size_t first = 0;
  while (first < pieces.size() && m_b.ok()) {
    std::size_t last = first + 1;
    const auto follows = [&](const Piece& before, const Piece& next) {
      return before.axis == next.axis && before.start + before.count <= next.start;
    };
    while (last < pieces.size() && follows(pieces[last - 1], pieces[last])) ++last;
    send(operand, joined({pieces.data() + first, last - first}, shape), shape);
    first = last;
  }
}

// Pieces of one axis, ascending and apart; zeros where none is.
Value Differentiation::joined(std::span<const Piece> pieces, const Shape shape) {
  const unsigned axis = pieces.front().axis;
  Value sum = pieces.front().gradient;
  std::uint64_t end = pieces.front().start + pieces.front().count;
  for (const Piece& piece : pieces.subspan(1)) {
    if (piece.start != end) sum = m_b.pad(sum, axis, 0, piece.start - end);
    sum = m_b.concat(sum, piece.gradient, axis);
    end = piece.start + piece.count;
  }
  return m_b.pad(sum, axis, pieces.front().start, shape[axis] - end);
}

std::vector<Value> gradients(Builder& builder, Value loss, std::span<const Value> wrt) {
  if (builder.ok() &&
      (builder.type(loss).dtype != DType::kF32 || builder.type(loss).shape.elements() != 1)) {
    builder.fail("a gradient is taken of one f32 element, not of " + to_text(builder.type(loss)));
  }
  if (!builder.ok()) return std::vector<Value>(wrt.size());
  return Differentiation(builder).run(loss, wrt);
}

}  // namespace assay::graph
