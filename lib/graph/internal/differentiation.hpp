// One run of reverse-mode differentiation (graph/gradients.hpp).
//
// A gradient on its way may be smaller than the value that it belongs to: then it broadcasts to the
// value's shape, so that what a sum took together is spread where it is next used, and not before.
#pragma once

#include <map>

#include "assay/graph/gradients.hpp"

namespace assay::graph {

class Differentiation {
 public:
  explicit Differentiation(Builder& builder) : m_b(builder) {}
  std::vector<Value> run(Value loss, std::span<const Value> wrt);

 private:
  struct Piece {
    unsigned axis = 0;
    std::uint64_t start = 0;
    std::uint64_t count = 0;
    Value gradient;
  };

  void mark_needed(std::uint32_t i);
  [[nodiscard]] bool reads_needed(const Node& node) const;

  // Adds `g`, which broadcasts to `shape` as the operand did, to the operand's gradient.
  void send(Value operand, Value g, const Shape shape);
  Value sum_to(Value g, const Shape shape, const Shape target);
  // `g` with all of the elements of `shape`, to which it broadcasts.
  Value whole(Value g, const Shape shape);
  // `g` with leading axes of 1 up to the rank.
  Value ranked(Value g, unsigned rank);
  void join_pieces(Value operand);
  Value joined(std::span<const Piece> pieces, const Shape shape);

  void back_through(Value y, Value g);
  bool back_through_own(Value y, Value g);
  bool back_through_unary(const Node& node, Value y, Value g);
  bool back_through_movement(const Node& node, Value g);
  void back_through_pointwise(const Node& node, Value y, Value g);
  void reshape(const Node& node, Value g);
  void select_gradient(const Node& node, Value g);
  void reduce_max(const Node& node, Value y, Value g);
  void matmul(const Node& node, Value g);
  void matmul_triangular(const Node& node, Value g);
  void conv2d(const Node& node, Value g);
  void gather_rows(const Node& node, Value g);

  // The part [start, start + count) along the axis of a gradient of that rank.
  Value part_of(Value g, unsigned axis, std::uint64_t start, std::uint64_t count);
  Value deep_matmul(Value a, Value b, bool transpose_a, bool transpose_b);
  Value swapped(Value matrix);  // its last two axes
  template <class Product>
  Value in_parts(std::uint64_t rows, std::uint64_t steps_a_row, Product&& product);

  [[nodiscard]] bool wants(const Node& node, unsigned k) const {
    return node.spec.operands[k].dtype == DType::kF32 && m_needed[node.inputs[k]];
  }
  [[nodiscard]] Value zero() { return m_b.constant(0.0F); }

  Builder& m_b;
  std::vector<bool> m_needed;                            // on a way from wrt to the loss
  std::vector<std::optional<Value>> m_gradient;          // of the loss, so far
  std::map<std::uint32_t, std::vector<Piece>> m_pieces;  // what slices of a value have sent
};

// Paths of gradients end here without harm: what is behind is not a function of reals.
[[nodiscard]] bool ends_paths(numerics::OpCode op) noexcept;

}  // namespace assay::graph
