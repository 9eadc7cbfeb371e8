// C[i, j] = the chain over k of fma(A[i, k], B[k, j], acc) from +0, with A and B read through
// offsets, so that matmul with any transposes and the three convolutions are one kernel.
#pragma once

#include <cstddef>

#include "assay/numerics/product.hpp"
#include "internal/kernel_call.hpp"

namespace assay::numerics::internal {

// An index in mixed radix, mapped to an offset: index = (d0 * size1 + d1) * size2 + d2.
struct Offsets {
  std::size_t size1 = 1;
  std::size_t size2 = 1;
  std::ptrdiff_t stride0 = 0;
  std::ptrdiff_t stride1 = 0;
  std::ptrdiff_t stride2 = 0;
  // The offsets of first, first + 1, ... in elements.
  void fill(std::size_t first, std::size_t n, std::ptrdiff_t* out) const;
};

struct Gemm {
  std::size_t rows = 0, columns = 0, depth = 0;
  std::size_t batches = 1;
  const float* a = nullptr;
  const float* b = nullptr;
  float* c = nullptr;
  MatrixLayout a_layout, b_layout, c_layout;  // where each batch starts; c: its rows too
  Offsets a_row, a_depth;
  std::ptrdiff_t b_depth = 0, b_column = 1;
  bool pack_a = false;
};

// One tile of 6 rows and 16 or 8 columns. a[r][depth_offset[k]] and b[k * b_stride + j], k
// ascending.
struct Tile {
  const float* a[6];
  const std::ptrdiff_t* a_depth;
  const float* b;
  std::ptrdiff_t b_stride;
  std::size_t depth;
  float* c;
  std::ptrdiff_t c_stride;
  bool first;  // start from +0 rather than from what stands in c
  bool last;   // write canonical NaN
};
using TileFunction = void (*)(const Tile& tile);

inline constexpr std::size_t kTileRows = 6;
inline constexpr std::size_t kTileColumns = 16;
inline constexpr std::size_t kBlockDepth = 256;
inline constexpr std::size_t kBlockRows = 120;
inline constexpr std::size_t kBlockColumns = 1024;

struct TileKernels {
  TileFunction wide;    // 16 columns
  TileFunction narrow;  // 8 columns
  // dst[k * 16 + j] = src[k * depth_stride + j * column_stride], zeros beyond `columns`.
  void (*pack_b)(float* dst, const float* src, std::size_t depth, std::size_t columns,
                 std::ptrdiff_t depth_stride, std::ptrdiff_t column_stride);
};
[[nodiscard]] const TileKernels& tile_kernels(Isa isa);
[[nodiscard]] const TileKernels& tile_kernels_avx2();

// Where batch `batch` of an operand starts, in elements.
[[nodiscard]] constexpr std::ptrdiff_t batch_offset(const MatrixLayout& layout, std::size_t batch) {
  return static_cast<std::ptrdiff_t>(batch / layout.inner_count) * layout.outer +
         static_cast<std::ptrdiff_t>(batch % layout.inner_count) * layout.inner;
}

[[nodiscard]] std::size_t gemm_scratch_bytes(std::size_t columns, unsigned threads);
void run_gemm(const Gemm& gemm, Isa isa, std::span<std::uint8_t> scratch, TaskPool& pool);

}  // namespace assay::numerics::internal
