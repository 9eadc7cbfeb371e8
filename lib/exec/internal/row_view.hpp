// How an operand lies under a tensor that is seen as rows of `columns` elements.
#pragma once

#include <optional>

#include "assay/numerics/operator.hpp"

namespace assay::exec {

// Which row of an operand belongs to a row of the output: mixed radix, innermost digit first.
struct RowMap {
  unsigned rank = 0;  // 0: always row 0
  std::array<std::uint64_t, kMaxRank> size{};
  std::array<std::uint64_t, kMaxRank> stride{};  // in rows of the operand; 0: repeated

  [[nodiscard]] bool is_identity() const { return rank == 1 && stride[0] == 1; }
  [[nodiscard]] bool is_zero() const { return rank == 0; }
  [[nodiscard]] std::uint64_t row(std::uint64_t r) const {
    std::uint64_t at = 0;
    for (unsigned i = 0; i < rank; ++i) {
      at += (i + 1 == rank ? r : r % size[i]) * stride[i];
      r /= size[i];
    }
    return at;
  }
};

struct RowView {
  bool repeats = false;  // a row is one element, else `columns` of them side by side
  RowMap map;
};

// numpy's broadcasting, by rows; none if the operand changes its manner within a row.
[[nodiscard]] std::optional<RowView> row_view(const Shape& output, const Shape& operand,
                                              std::uint64_t columns);

// Columns that suit an elementwise operator: 0 if each operand is of the output's elements or one
// element, so that any do.
[[nodiscard]] std::uint64_t natural_columns(const Shape& output, std::span<const Shape> operands);

}  // namespace assay::exec
