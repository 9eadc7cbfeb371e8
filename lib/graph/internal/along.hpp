// What compositions share: sums along axes, and constants of them.
#pragma once

#include "assay/graph/builder.hpp"

namespace assay::graph {

// The mask of the last axis, and of all the others.
[[nodiscard]] inline std::uint64_t last_axis(const Shape& shape) {
  return shape.rank == 0 ? 0 : std::uint64_t{1} << (shape.rank - 1U);
}
[[nodiscard]] inline std::uint64_t leading_axes(const Shape& shape) { return last_axis(shape) - 1; }

// Of the last axis' size: x summed over the axes before.
[[nodiscard]] inline Value sum_of_rows(Builder& b, Value x) {
  const Shape shape = b.type(x).shape;
  return shape.rank < 2 ? x
                        : b.reshape(b.reduce_sum(x, leading_axes(shape)), {shape[shape.rank - 1U]});
}

[[nodiscard]] inline float reciprocal(std::uint64_t n) {
  return static_cast<float>(1.0 / static_cast<double>(n));
}

// Fails the builder unless x is f32 of that rank or more.
[[nodiscard]] inline bool expect_rank(Builder& b, const char* composition, Value x,
                                      unsigned rank_min) {
  if (!b.ok()) return false;
  const TensorType type = b.type(x);
  if (type.dtype == DType::kF32 && type.shape.rank >= rank_min) return true;
  b.fail(std::string(composition) + " cannot be given " + to_text(type));
  return false;
}

}  // namespace assay::graph
