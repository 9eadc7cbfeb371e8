#include "internal/row_view.hpp"

namespace assay::exec {
namespace {

// Rows shorter than this do not pay for a call each.
constexpr std::uint64_t kShortRow = 64;
constexpr std::uint64_t kLongRow = 8'192;

// Size of the operand along the output's axis i from the end.
std::uint64_t size_from_end(const Shape& shape, unsigned i) {
  return i < shape.rank ? shape.dims[shape.rank - 1 - i] : 1;
}

bool is_plain(const Shape& output, const Shape& operand) {
  const std::uint64_t n = operand.elements();
  return n == 1 || n == output.elements();
}

void append(RowMap& map, std::uint64_t size, std::uint64_t stride) {
  if (size == 1) return;
  if (map.rank > 0) {
    const unsigned last = map.rank - 1;
    const bool merges =
        map.stride[last] == 0 ? stride == 0 : stride == map.stride[last] * map.size[last];
    if (merges) {
      map.size[last] *= size;
      return;
    }
  }
  map.size[map.rank] = size;
  map.stride[map.rank] = stride;
  ++map.rank;
}

}  // namespace

std::optional<RowView> row_view(const Shape& output, const Shape& operand, std::uint64_t columns) {
  const std::uint64_t elements = output.elements();
  RowView view;
  if (operand.elements() == 1 && elements != 1) {
    view.repeats = true;
    return view;
  }
  if (operand.elements() == elements) {
    append(view.map, elements / columns, 1);
    return view;
  }
  std::uint64_t covered = 1;
  unsigned axis = 0;
  bool repeated = false;
  bool moves = false;
  for (; axis < output.rank && covered < columns; ++axis) {
    const std::uint64_t size = size_from_end(output, axis);
    covered *= size;
    if (size == 1) continue;
    (size_from_end(operand, axis) == 1 ? repeated : moves) = true;
  }
  if (covered != columns || (repeated && moves)) return std::nullopt;
  view.repeats = !moves;
  std::uint64_t stride = 1;
  for (; axis < output.rank; ++axis) {
    const std::uint64_t own = size_from_end(operand, axis);
    append(view.map, size_from_end(output, axis), own == 1 ? 0 : stride);
    stride *= own;
  }
  if (view.map.rank == 1 && view.map.stride[0] == 0) view.map.rank = 0;
  return view;
}

std::uint64_t natural_columns(const Shape& output, std::span<const Shape> operands) {
  bool plain = true;
  for (const Shape& operand : operands) plain = plain && is_plain(output, operand);
  if (plain) return 0;
  // The innermost axes through which every operand goes in one manner.
  std::uint64_t columns = 1;
  std::uint64_t short_enough = 0;
  std::array<int, numerics::kMaxOperands> manner{};  // 0: not known yet, 1: moves, 2: repeats
  for (unsigned axis = 0; axis < output.rank; ++axis) {
    const std::uint64_t size = size_from_end(output, axis);
    if (size == 1) continue;
    bool fits = true;
    for (std::size_t k = 0; k < operands.size(); ++k) {
      const int own = size_from_end(operands[k], axis) == 1 ? 2 : 1;
      if (manner[k] == 0) manner[k] = own;
      fits = fits && manner[k] == own;
    }
    if (!fits) break;
    columns *= size;
    if (columns >= kShortRow && short_enough == 0) short_enough = columns;
  }
  return columns > kLongRow && short_enough != 0 ? short_enough : columns;
}

}  // namespace assay::exec
