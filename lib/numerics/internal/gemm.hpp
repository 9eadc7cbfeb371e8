// C[i, j] = the chain over k of fma(A[i, k], B[k, j], acc) from +0, with A read through offsets and
// B through strides, so that matmul with any transposes and the convolutions are one kernel.
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
  [[nodiscard]] bool is_affine() const { return size1 == 1 && size2 == 1; }
};

// Which elements are chains and which steps they take (OpCode::kMatMulTriangular).
struct Triangle {
  enum class Kind : std::uint8_t { kNone, kOutput, kLowerA, kUpperA };
  Kind kind = Kind::kNone;
  std::size_t diagonal = 0;  // at most the larger of rows and depth or columns
  float fill = 0;
};

struct Gemm {
  std::size_t rows = 0, columns = 0, depth = 0;
  std::size_t batches = 1;
  const float* a = nullptr;
  const float* b = nullptr;
  float* c = nullptr;
  MatrixLayout a_layout, b_layout, c_layout;  // where each batch starts; c: its rows, columns too
  Offsets a_row, a_depth;
  std::ptrdiff_t b_depth = 0, b_column = 1;
  // Each column has an A of its own, side by side: C[i, j] = chain of fma(A[i, k, j], B[k, j],
  // acc).
  bool by_channel = false;
  Triangle triangle;
  OnRows on_rows;
  const float* packed_b = nullptr;  // by pack_b
};

// One tile: a[r][a_depth[k]] times b[k * b_stride + j], k ascending. Packed tiles read
// a[0][k * tile_rows + r] and b[k * width + j], `width` that of their kernel.
inline constexpr std::size_t kTileRowsMax = 12;
inline constexpr std::size_t kTileColumnsMax = 32;
struct Tile {
  const float* a[kTileRowsMax];
  const std::ptrdiff_t* a_depth;
  const float* b;
  std::ptrdiff_t b_stride;
  std::size_t depth;
  // Staggered tiles only. Before the `depth` steps of all rows, the steps head_first <= d <
  // head_last of rows 0 to d; behind them, the steps 1 <= d <= tail of rows d and beyond.
  std::size_t head_first, head_last, tail;
  float* c;
  std::ptrdiff_t c_stride;
  std::size_t columns;  // of c; b has the kernel's whole width
  bool wide;            // which kernel, of two widths
  bool first;           // start from +0 rather than from what stands in c
  bool last;            // write canonical NaN
};
using TileFunction = void (*)(const Tile& tile);

// The kernels of an instruction set, by [wide][rows - 1].
struct TileKernels {
  std::size_t packed_rows;  // at most kTileRowsMax
  std::size_t direct_rows;
  std::size_t wide, narrow;  // columns
  bool streams_panels;       // of B, past a tile's rows of A, or else rows past a panel
  const TileFunction* packed[2];
  const TileFunction* direct[2];
  const TileFunction* staggered[2];   // as direct
  const TileFunction* by_channel[2];  // a[r][a_depth[k] + j]; b is read as far as `columns` only
  // dst[k * width + l] = src[l * lane_stride + k * depth_stride]; lanes from `lanes` on hold
  // anything. May write 8 elements beyond the end where `width` is no multiple of 8.
  void (*pack)(float* dst, std::size_t width, const float* src, std::ptrdiff_t lane_stride,
               std::ptrdiff_t depth_stride, std::size_t lanes, std::size_t depth);
};
[[nodiscard]] const TileKernels& tile_kernels(Isa isa);
[[nodiscard]] const TileKernels& tile_kernels_scalar();
#if defined(__x86_64__)
[[nodiscard]] const TileKernels& tile_kernels_avx2();
[[nodiscard]] const TileKernels& tile_kernels_avx512();
void pack_lanes_avx2(float* dst, std::size_t width, const float* src, std::ptrdiff_t lane_stride,
                     std::ptrdiff_t depth_stride, std::size_t lanes, std::size_t depth);
#elif defined(__aarch64__)
[[nodiscard]] const TileKernels& tile_kernels_neon();
#endif
void pack_lanes_scalar(float* dst, std::size_t width, const float* src, std::ptrdiff_t lane_stride,
                       std::ptrdiff_t depth_stride, std::size_t lanes, std::size_t depth);

// Where batch `batch` of an operand starts, in elements.
[[nodiscard]] constexpr std::ptrdiff_t batch_offset(const MatrixLayout& layout, std::size_t batch) {
  return static_cast<std::ptrdiff_t>(batch / layout.inner_count) * layout.outer +
         static_cast<std::ptrdiff_t>(batch % layout.inner_count) * layout.inner;
}

inline constexpr std::size_t kAlign = 64;
[[nodiscard]] constexpr std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlign - 1) / kAlign * kAlign;
}

// Enough for this gemm's layouts, whether rows are told or not, and whether B comes packed.
[[nodiscard]] std::size_t gemm_scratch_bytes(const Gemm& gemm, Isa isa, unsigned threads);
void run_gemm(const Gemm& gemm, Isa isa, std::span<std::uint8_t> scratch, TaskPool& pool);

// The whole of operand b in panels, for Gemm::packed_b; one batch.
[[nodiscard]] std::size_t gemm_packed_b_floats(const Gemm& gemm, Isa isa);
void gemm_pack_b(const Gemm& gemm, Isa isa, float* packed, TaskPool& pool);

}  // namespace assay::numerics::internal
