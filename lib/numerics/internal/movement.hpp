// Blocks of rows that are copied, turned or added as they are; of f32 NaN becomes canonical.
#pragma once

#include "internal/kernel_call.hpp"

namespace assay::numerics::internal {

// `rows` rows of `count` elements side by side in the source, `from_pitch` elements from row to
// row. A copy puts them in rows `to_pitch` apart; a turn makes columns of them:
// to[c * to_pitch + r] = from[r * from_pitch + c].
struct RowBlock {
  const std::uint8_t* from = nullptr;
  std::uint8_t* to = nullptr;
  std::size_t from_pitch = 0;
  std::size_t to_pitch = 0;
  std::size_t count = 0;
  std::size_t rows = 0;
};

struct MovementKernels {
  void (*copy)(const RowBlock& block);
  void (*turn)(const RowBlock& block);
};
[[nodiscard]] MovementKernels movement_kernels(Isa isa, DType dtype);

// sum[i] += row[i]
using AddRow = void (*)(float* sum, const float* row, std::size_t n);
[[nodiscard]] AddRow add_row_kernel(Isa isa);

// For f32 and for other types of four bytes.
[[nodiscard]] MovementKernels movement_kernels_avx2(bool is_float);
void add_row_avx2(float* sum, const float* row, std::size_t n);

// Copies the block, in pieces of whole rows or of whole columns.
void copy_block(const KernelCall& call, const MovementKernels& kernels, std::uint32_t element_bytes,
                const RowBlock& block);

}  // namespace assay::numerics::internal
