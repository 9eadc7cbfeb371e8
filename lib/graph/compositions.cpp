// What the builder makes of several nodes.
#include "assay/graph/builder.hpp"

namespace assay::graph {

namespace {

using numerics::OpCode;

// A reduction's longest run of elements; a sum takes four steps more to join its lanes.
constexpr std::uint64_t kMaxRun = numerics::kMaxFoldSteps - 4;

std::uint64_t largest_divisor(std::uint64_t n, std::uint64_t limit) {
  std::uint64_t best = 1;
  for (std::uint64_t d = 1; d <= limit && d <= n; ++d) {
    if (n % d == 0) best = d;
  }
  return best;
}

}  // namespace

Value Builder::reduce_once(OpCode op, Value x, std::uint64_t axes) {
  numerics::NodeSpec spec;
  spec.op = op;
  spec.output = type(x);
  spec.attribute_count = 1;
  spec.attributes[0] = axes;
  for (unsigned i = 0; i < spec.output.shape.rank; ++i) {
    if ((axes >> i & 1) != 0) spec.output.shape.dims[i] = 1;
  }
  const Value inputs[] = {x};
  return emit(spec, inputs);
}

// INV-GRA-040: innermost axes first, as many in one node as its fold may be long; an axis that is
// longer alone is folded in two, its largest fitting divisor inside, or cut if it has none.
Value Builder::reduce(OpCode op, Value x, std::uint64_t axes) {
  while (ok()) {
    const Shape shape = type(x).shape;
    if (axes >> shape.rank != 0) return reduce_once(op, x, axes);  // refused there
    std::uint64_t run = 1;
    std::uint64_t taken = 0;
    for (unsigned i = shape.rank; i-- > 0;) {
      if ((axes >> i & 1) == 0) continue;
      if (run * shape[i] > kMaxRun) break;
      run *= shape[i];
      taken |= std::uint64_t{1} << i;
    }
    if (taken == axes) return reduce_once(op, x, axes);
    if (taken != 0) {
      x = reduce_once(op, x, taken);
      axes &= ~taken;
      continue;
    }
    const unsigned axis = static_cast<unsigned>(std::bit_width(axes)) - 1;
    const std::uint64_t inner = largest_divisor(shape[axis], kMaxRun);
    x = inner == 1 || shape.rank == kMaxRank ? reduce_cut(op, x, axis)
                                             : reduce_folded(op, x, axis, inner);
  }
  return {};
}

// The axis as (n / inner, inner), reduced over the latter.
Value Builder::reduce_folded(OpCode op, Value x, unsigned axis, std::uint64_t inner) {
  const Shape shape = type(x).shape;
  Shape split = shape;
  ++split.rank;
  for (unsigned i = shape.rank; i > axis + 1; --i) split.dims[i] = shape.dims[i - 1];
  split.dims[axis] = shape[axis] / inner;
  split.dims[axis + 1] = inner;
  Shape folded = shape;
  folded.dims[axis] = shape[axis] / inner;
  return reshape(reduce_once(op, reshape(x, split), std::uint64_t{1} << (axis + 1)), folded);
}

// The axis in as few parts as do, of equal size but the last, each reduced, side by side.
Value Builder::reduce_cut(OpCode op, Value x, unsigned axis) {
  const std::uint64_t n = type(x).shape[axis];
  const std::uint64_t size = ceil_div(n, ceil_div(n, kMaxRun));
  const std::uint64_t mask = std::uint64_t{1} << axis;
  Value parts = reduce_once(op, slice(x, axis, 0, size), mask);
  for (std::uint64_t first = size; first < n && ok(); first += size) {
    const Value part = slice(x, axis, first, std::min(size, n - first));
    parts = concat(parts, reduce_once(op, part, mask), axis);
  }
  return parts;
}

Value Builder::mean(Value x) {
  if (!ok()) return {};
  const Shape shape = type(x).shape;
  const float count = static_cast<float>(shape.elements());
  if (shape.rank == 0) return x;
  const std::uint64_t all = (std::uint64_t{1} << shape.rank) - 1;
  const Value divisor = constant(count);
  return div(reshape(reduce_sum(x, all), {}), divisor);
}

Value Builder::broadcast(Value x, const Shape& shape) {
  const Shape own = type(x).shape;
  if (own == shape) return x;
  Shape ones = shape;
  for (unsigned i = 0; i < own.rank && i < shape.rank; ++i) {
    if (own[own.rank - 1 - i] != 1) ones.dims[shape.rank - 1 - i] = 1;
  }
  return mul(x, constant(1.0F, ones));
}

Value Builder::detach(Value x) {
  if (!ok()) return {};
  // A node of its own, so that other uses of x keep their gradients: found again, it is detached
  // too.
  const TensorType t = type(x);
  numerics::NodeSpec spec;
  spec.op = OpCode::kReshape;
  spec.output = t;
  const Value inputs[] = {x};
  const Value detached = emit(spec, inputs);
  if (ok()) m_detached[detached.node] = true;
  return detached;
}

Value Builder::one_hot(Value labels, std::uint64_t classes) {
  const std::uint64_t n = type(labels).shape[0];
  const Value classes_row = iota({DType::kU32, {1, classes}}, 1);
  return equal(reshape(labels, {n, 1}), classes_row);
}

Result<Program> Builder::finish() {
  if (m_error) return *m_error;
  // Slots that are read and not bound keep their value.
  for (auto& [name, slot] : m_slots) {
    if (!slot.output) slot.output = slot.source;
  }
  std::uint64_t order = 0;
  for (auto& [name, slot] : m_slots) {
    if (slot.source) m_nodes[slot.source->node].spec.attributes[0] = order;
    ++order;
  }
  order = 0;
  for (auto& [name, data] : m_data) m_nodes[data.source.node].spec.attributes[0] = order++;

  std::vector<bool> live(m_nodes.size());
  for (const auto& [name, slot] : m_slots) live[slot.output->node] = true;
  for (std::size_t i = m_nodes.size(); i-- > 0;) {
    if (!live[i]) continue;
    for (unsigned k = 0; k < m_nodes[i].spec.operand_count; ++k) live[m_nodes[i].inputs[k]] = true;
  }
  Program program;
  std::vector<std::uint32_t> renumbered(m_nodes.size());
  for (std::size_t i = 0; i < m_nodes.size(); ++i) {
    if (!live[i]) continue;
    renumbered[i] = static_cast<std::uint32_t>(program.nodes.size());
    Node node = m_nodes[i];
    for (unsigned k = 0; k < node.spec.operand_count; ++k)
      node.inputs[k] = renumbered[node.inputs[k]];
    program.nodes.push_back(node);
    program.labels.push_back(m_labels[i]);
  }
  for (const auto& [name, slot] : m_slots) {
    program.slots.push_back({name, slot.type, renumbered[slot.output->node]});
  }
  for (const auto& [name, data] : m_data) program.data.push_back({name, data.type});
  return program;
}

}  // namespace assay::graph
