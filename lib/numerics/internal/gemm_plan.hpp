// How a product is cut into tasks, chunks and blocks.
#pragma once

#include <algorithm>
#include <cstddef>

#include "internal/gemm.hpp"

namespace assay::numerics::internal {

inline constexpr std::size_t kDepthBlock = 384;  // at most
inline constexpr std::size_t kGroupRows = 96;
inline constexpr std::size_t kPackSlack = 16;  // see TileKernels::pack

[[nodiscard]] constexpr std::size_t round_up(std::size_t n, std::size_t to) {
  return (n + to - 1) / to * to;
}
[[nodiscard]] constexpr std::size_t parts_of(std::size_t n, std::size_t most) {
  return (n + most - 1) / most;
}

struct Range {
  std::size_t first = 0, last = 0;
  [[nodiscard]] constexpr std::size_t size() const { return last - first; }
};
// Part `i` of `parts` about equal ones.
[[nodiscard]] constexpr Range part_of(Range all, std::size_t parts, std::size_t i) {
  const std::size_t n = all.size();
  return {all.first + n * i / parts, all.first + n * (i + 1) / parts};
}

struct Plan {
  bool a_direct, b_direct;  // read where they lie
  bool depth_outer;         // over groups of rows
  bool panel_outer;         // over tiles
  std::size_t depth_block;  // the last one may be smaller
  std::size_t column_unit;  // tasks' columns start at multiples
  std::size_t batch_tasks, row_tasks, column_tasks;
  std::size_t workers;  // threads at most
  std::size_t chunk_columns, chunk_depth;
  std::size_t a_floats, b_floats;  // a worker's

  [[nodiscard]] std::size_t tasks() const { return batch_tasks * row_tasks * column_tasks; }
  [[nodiscard]] std::size_t floats() const { return workers * (a_floats + b_floats); }
  [[nodiscard]] Range columns(const Gemm& g, std::size_t column_task) const {
    const Range units = part_of({0, parts_of(g.columns, column_unit)}, column_tasks, column_task);
    return {units.first * column_unit, std::min(units.last * column_unit, g.columns)};
  }
};

[[nodiscard]] Plan plan_of(const Gemm& gemm, const TileKernels& kernels, unsigned threads);

}  // namespace assay::numerics::internal
