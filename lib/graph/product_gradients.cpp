// Gradients of products and of rows drawn by index.
#include "internal/differentiation.hpp"

namespace assay::graph {

using numerics::TrianglePart;

// Sums over parts what `product` makes of [first, first + count) of an axis, so that no fold is
// longer than it may be: as few parts as do, of equal size but the last (INV-GRA-041).
template <class Product>
Value Differentiation::in_parts(std::uint64_t rows, std::uint64_t steps_a_row, Product&& product) {
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

// a times b, their common axis in parts.
Value Differentiation::deep_matmul(Value a, Value b, bool transpose_a, bool transpose_b) {
  const Shape shape = m_b.type(a).shape;
  const unsigned axis_a = shape.rank - (transpose_a ? 2U : 1U);
  const unsigned axis_b = shape.rank - (transpose_b ? 1U : 2U);
  return in_parts(shape[axis_a], 1, [&](std::uint64_t first, std::uint64_t count) {
    const Value a_part = m_b.slice(a, axis_a, first, count);
    return m_b.matmul(a_part, m_b.slice(b, axis_b, first, count), transpose_a, transpose_b);
  });
}

void Differentiation::matmul(const Node& node, Value g) {
  const Value a{node.inputs[0]};
  const Value b{node.inputs[1]};
  const bool ta = node.spec.attributes[0] != 0;
  const bool tb = node.spec.attributes[1] != 0;
  if (m_needed[a.node]) {
    const Value ga = ta ? deep_matmul(b, g, tb, true) : deep_matmul(g, b, false, !tb);
    send(a, ga, m_b.type(a).shape);
  }
  if (m_needed[b.node]) {
    const Value gb = tb ? deep_matmul(g, a, true, ta) : deep_matmul(a, g, !ta, false);
    send(b, gb, m_b.type(b).shape);
  }
}

Value Differentiation::swapped(Value matrix) {
  const unsigned rank = m_b.type(matrix).shape.rank;
  const std::array<unsigned, 3> axes = rank == 3 ? std::array{0U, 2U, 1U} : std::array{1U, 0U, 0U};
  return m_b.transpose(matrix, {axes.data(), rank});
}

// With A and B the operands as the product sees them and the output Y(i, j): where a gradient comes
// out transposed (the triangle is always the first operand's, or the output's), it is put back.
void Differentiation::matmul_triangular(const Node& node, Value g) {
  const Value a{node.inputs[0]};
  const Value b{node.inputs[1]};
  const bool ta = node.spec.attributes[0] != 0;
  const bool tb = node.spec.attributes[1] != 0;
  const auto product = [&](TrianglePart part, Value l, Value r, bool tl, bool tr) {
    return m_b.matmul_triangular(l, r, tl, tr, {part, node.spec.attributes[3], 0.0F});
  };
  const auto part = static_cast<TrianglePart>(node.spec.attributes[2]);
  if (m_needed[a.node]) {
    const bool is_upper = part == TrianglePart::kUpperA;
    const Value ga = is_upper ? product(TrianglePart::kOutput, b, g, tb, true)
                              : product(part == TrianglePart::kOutput ? TrianglePart::kLowerA
                                                                      : TrianglePart::kOutput,
                                        g, b, false, !tb);
    send(a, ta == is_upper ? ga : swapped(ga), m_b.type(a).shape);
  }
  if (m_needed[b.node]) {
    const bool is_output = part == TrianglePart::kOutput;
    const Value gb = is_output ? product(TrianglePart::kUpperA, g, a, true, ta)
                               : product(part == TrianglePart::kLowerA ? TrianglePart::kUpperA
                                                                       : TrianglePart::kLowerA,
                                         a, g, !ta, false);
    send(b, tb == is_output ? gb : swapped(gb), m_b.type(b).shape);
  }
}

void Differentiation::conv2d(const Node& node, Value g) {
  const Value x{node.inputs[0]};
  const Value w{node.inputs[1]};
  const ConvOptions options{node.spec.attributes[0], node.spec.attributes[1]};
  if (m_needed[w.node]) {
    const Shape y = node.spec.output.shape;
    const Shape shape = m_b.type(w).shape;
    const Value gw = in_parts(y[0], y[1] * y[2], [&](std::uint64_t first, std::uint64_t count) {
      const Value x_rows = m_b.slice(x, 0, first, count);
      return m_b.conv2d_grad_weight(x_rows, m_b.slice(g, 0, first, count), shape, options);
    });
    send(w, gw, shape);
  }
  if (m_needed[x.node]) {
    const Shape shape = m_b.type(x).shape;
    send(x, m_b.conv2d_grad_input(g, w, shape, options), shape);
  }
}

void Differentiation::gather_rows(const Node& node, Value g) {
  const Value table{node.inputs[0]};
  const Value index{node.inputs[1]};
  const Shape shape = m_b.type(table).shape;
  const std::uint64_t count = m_b.type(index).shape[0];
  const Value rows = in_parts(count, 1, [&](std::uint64_t first, std::uint64_t n) {
    const Value index_part = m_b.slice(index, 0, first, n);
    return m_b.scatter_add_rows(index_part, m_b.slice(g, 0, first, n), shape[0]);
  });
  send(table, rows, shape);
}

}  // namespace assay::graph
