// Rows copied, turned in tiles of eight by eight, and added, on eight lanes.
#include <bit>
#include <cstring>

#include "assay/numerics/float_bits.hpp"
#include "internal/avx2_bits.hpp"
#include "internal/movement.hpp"

namespace assay::numerics::internal {

#if defined(__x86_64__)
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kTile = 16;  // elements: a cache line

template <bool is_float>
ASSAY_AVX2_INLINE __m256 moved8(const float* from) {
  const __m256 v = _mm256_loadu_ps(from);
  if constexpr (is_float) return canonical8(v);
  return v;
}

template <bool is_float>
ASSAY_AVX2_INLINE void move1(float* to, const float* from) {
  std::uint32_t bits;
  std::memcpy(&bits, from, sizeof bits);
  if constexpr (is_float) bits = canonical(bits);
  std::memcpy(to, &bits, sizeof bits);
}

template <bool is_float>
ASSAY_AVX2_INLINE void copy_row(float* to, const float* from, std::size_t n) {
  if (n < kLanes) {
    for (std::size_t i = 0; i < n; ++i) move1<is_float>(to + i, from + i);
    return;
  }
  std::size_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    const __m256 v0 = moved8<is_float>(from + i);
    const __m256 v1 = moved8<is_float>(from + i + kLanes);
    const __m256 v2 = moved8<is_float>(from + i + 2 * kLanes);
    const __m256 v3 = moved8<is_float>(from + i + 3 * kLanes);
    _mm256_storeu_ps(to + i, v0);
    _mm256_storeu_ps(to + i + kLanes, v1);
    _mm256_storeu_ps(to + i + 2 * kLanes, v2);
    _mm256_storeu_ps(to + i + 3 * kLanes, v3);
  }
  for (; i + kLanes <= n; i += kLanes) _mm256_storeu_ps(to + i, moved8<is_float>(from + i));
  // The last elements once more, as far as eight of them go back.
  if (i != n) _mm256_storeu_ps(to + n - kLanes, moved8<is_float>(from + n - kLanes));
}

template <bool is_float>
ASSAY_AVX2 void copy_rows(const RowBlock& b) {
  const auto* from = reinterpret_cast<const float*>(b.from);
  auto* to = reinterpret_cast<float*>(b.to);
  for (std::size_t r = 0; r < b.rows; ++r)
    copy_row<is_float>(to + r * b.to_pitch, from + r * b.from_pitch, b.count);
}

// Eight rows of eight become columns.
template <bool is_float>
ASSAY_AVX2_INLINE void turn8(float* to, std::size_t to_pitch, const float* from,
                             std::size_t pitch) {
  const __m256 a0 = moved8<is_float>(from);
  const __m256 a1 = moved8<is_float>(from + pitch);
  const __m256 a2 = moved8<is_float>(from + 2 * pitch);
  const __m256 a3 = moved8<is_float>(from + 3 * pitch);
  const __m256 a4 = moved8<is_float>(from + 4 * pitch);
  const __m256 a5 = moved8<is_float>(from + 5 * pitch);
  const __m256 a6 = moved8<is_float>(from + 6 * pitch);
  const __m256 a7 = moved8<is_float>(from + 7 * pitch);
  const __m256 b0 = _mm256_unpacklo_ps(a0, a1);
  const __m256 b1 = _mm256_unpackhi_ps(a0, a1);
  const __m256 b2 = _mm256_unpacklo_ps(a2, a3);
  const __m256 b3 = _mm256_unpackhi_ps(a2, a3);
  const __m256 b4 = _mm256_unpacklo_ps(a4, a5);
  const __m256 b5 = _mm256_unpackhi_ps(a4, a5);
  const __m256 b6 = _mm256_unpacklo_ps(a6, a7);
  const __m256 b7 = _mm256_unpackhi_ps(a6, a7);
  const __m256 c0 = _mm256_shuffle_ps(b0, b2, 0x44);
  const __m256 c1 = _mm256_shuffle_ps(b0, b2, 0xee);
  const __m256 c2 = _mm256_shuffle_ps(b1, b3, 0x44);
  const __m256 c3 = _mm256_shuffle_ps(b1, b3, 0xee);
  const __m256 c4 = _mm256_shuffle_ps(b4, b6, 0x44);
  const __m256 c5 = _mm256_shuffle_ps(b4, b6, 0xee);
  const __m256 c6 = _mm256_shuffle_ps(b5, b7, 0x44);
  const __m256 c7 = _mm256_shuffle_ps(b5, b7, 0xee);
  _mm256_storeu_ps(to, _mm256_permute2f128_ps(c0, c4, 0x20));
  _mm256_storeu_ps(to + to_pitch, _mm256_permute2f128_ps(c1, c5, 0x20));
  _mm256_storeu_ps(to + 2 * to_pitch, _mm256_permute2f128_ps(c2, c6, 0x20));
  _mm256_storeu_ps(to + 3 * to_pitch, _mm256_permute2f128_ps(c3, c7, 0x20));
  _mm256_storeu_ps(to + 4 * to_pitch, _mm256_permute2f128_ps(c0, c4, 0x31));
  _mm256_storeu_ps(to + 5 * to_pitch, _mm256_permute2f128_ps(c1, c5, 0x31));
  _mm256_storeu_ps(to + 6 * to_pitch, _mm256_permute2f128_ps(c2, c6, 0x31));
  _mm256_storeu_ps(to + 7 * to_pitch, _mm256_permute2f128_ps(c3, c7, 0x31));
}

// `rows` by `count` elements, at most a tile of each.
template <bool is_float>
ASSAY_AVX2_INLINE void turn_tile(float* to, std::size_t to_pitch, const float* from,
                                 std::size_t pitch, std::size_t rows, std::size_t count) {
  const std::size_t whole_rows = rows / kLanes * kLanes;
  const std::size_t whole_columns = count / kLanes * kLanes;
  for (std::size_t c = 0; c < whole_columns; c += kLanes) {
    for (std::size_t r = 0; r < whole_rows; r += kLanes)
      turn8<is_float>(to + c * to_pitch + r, to_pitch, from + r * pitch + c, pitch);
  }
  for (std::size_t c = 0; c < count; ++c) {
    for (std::size_t r = c < whole_columns ? whole_rows : 0; r < rows; ++r)
      move1<is_float>(to + c * to_pitch + r, from + r * pitch + c);
  }
}

template <bool is_float>
ASSAY_AVX2 void turn_rows(const RowBlock& b) {
  const auto* from = reinterpret_cast<const float*>(b.from);
  auto* to = reinterpret_cast<float*>(b.to);
  for (std::size_t c = 0; c < b.count; c += kTile) {
    const std::size_t columns = b.count - c < kTile ? b.count - c : kTile;
    for (std::size_t r = 0; r < b.rows; r += kTile) {
      const std::size_t rows = b.rows - r < kTile ? b.rows - r : kTile;
      turn_tile<is_float>(to + c * b.to_pitch + r, b.to_pitch, from + r * b.from_pitch + c,
                          b.from_pitch, rows, columns);
    }
  }
}

}  // namespace

MovementKernels movement_kernels_avx2(bool is_float) {
  return is_float ? MovementKernels{copy_rows<true>, turn_rows<true>}
                  : MovementKernels{copy_rows<false>, turn_rows<false>};
}

ASSAY_AVX2 void add_row_avx2(float* sum, const float* row, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const __m256 v = _mm256_add_ps(_mm256_loadu_ps(sum + i), _mm256_loadu_ps(row + i));
    _mm256_storeu_ps(sum + i, canonical8(v));
  }
  for (; i < n; ++i) {
    sum[i] = std::bit_cast<float>(canonical(std::bit_cast<std::uint32_t>(sum[i] + row[i])));
  }
}
#else
MovementKernels movement_kernels_avx2(bool is_float) {
  return movement_kernels(Isa::kScalar, is_float ? DType::kF32 : DType::kU32);
}
void add_row_avx2(float* sum, const float* row, std::size_t n) {
  add_row_kernel(Isa::kScalar)(sum, row, n);
}
#endif

}  // namespace assay::numerics::internal
