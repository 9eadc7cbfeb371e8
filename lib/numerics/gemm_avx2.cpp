// The product tile on AVX2 and FMA: 12 accumulators of 8 lanes, named, because GCC spills an array
// of them.
#include "internal/avx2_bits.hpp"
#include "internal/gemm.hpp"

namespace assay::numerics::internal {

#if defined(__x86_64__)
namespace {

ASSAY_AVX2_INLINE void store2(const Tile& t, std::size_t r, __m256 low, __m256 high) {
  float* c = t.c + static_cast<std::ptrdiff_t>(r) * t.c_stride;
  _mm256_storeu_ps(c, t.last ? canonical8(low) : low);
  _mm256_storeu_ps(c + 8, t.last ? canonical8(high) : high);
}

ASSAY_AVX2 void tile_6x16(const Tile& t) {
  __m256 c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51;
  if (t.first) {
    c00 = c01 = c10 = c11 = c20 = c21 = c30 = c31 = c40 = c41 = c50 = c51 = _mm256_setzero_ps();
  } else {
    const float* c = t.c;
    const std::ptrdiff_t s = t.c_stride;
    c00 = _mm256_loadu_ps(c), c01 = _mm256_loadu_ps(c + 8);
    c10 = _mm256_loadu_ps(c + s), c11 = _mm256_loadu_ps(c + s + 8);
    c20 = _mm256_loadu_ps(c + 2 * s), c21 = _mm256_loadu_ps(c + 2 * s + 8);
    c30 = _mm256_loadu_ps(c + 3 * s), c31 = _mm256_loadu_ps(c + 3 * s + 8);
    c40 = _mm256_loadu_ps(c + 4 * s), c41 = _mm256_loadu_ps(c + 4 * s + 8);
    c50 = _mm256_loadu_ps(c + 5 * s), c51 = _mm256_loadu_ps(c + 5 * s + 8);
  }
  const float* const a0 = t.a[0];
  const float* const a1 = t.a[1];
  const float* const a2 = t.a[2];
  const float* const a3 = t.a[3];
  const float* const a4 = t.a[4];
  const float* const a5 = t.a[5];
  const std::ptrdiff_t* at = t.a_depth;
  const float* b = t.b;
  const std::ptrdiff_t step = t.b_stride;
  for (const std::ptrdiff_t* const end = at + t.depth; at != end; ++at) {
    const std::ptrdiff_t o = *at;
    const __m256 b0 = _mm256_loadu_ps(b);
    const __m256 b1 = _mm256_loadu_ps(b + 8);
    b += step;
    __m256 x = _mm256_broadcast_ss(a0 + o);
    c00 = _mm256_fmadd_ps(x, b0, c00), c01 = _mm256_fmadd_ps(x, b1, c01);
    x = _mm256_broadcast_ss(a1 + o);
    c10 = _mm256_fmadd_ps(x, b0, c10), c11 = _mm256_fmadd_ps(x, b1, c11);
    x = _mm256_broadcast_ss(a2 + o);
    c20 = _mm256_fmadd_ps(x, b0, c20), c21 = _mm256_fmadd_ps(x, b1, c21);
    x = _mm256_broadcast_ss(a3 + o);
    c30 = _mm256_fmadd_ps(x, b0, c30), c31 = _mm256_fmadd_ps(x, b1, c31);
    x = _mm256_broadcast_ss(a4 + o);
    c40 = _mm256_fmadd_ps(x, b0, c40), c41 = _mm256_fmadd_ps(x, b1, c41);
    x = _mm256_broadcast_ss(a5 + o);
    c50 = _mm256_fmadd_ps(x, b0, c50), c51 = _mm256_fmadd_ps(x, b1, c51);
  }
  store2(t, 0, c00, c01);
  store2(t, 1, c10, c11);
  store2(t, 2, c20, c21);
  store2(t, 3, c30, c31);
  store2(t, 4, c40, c41);
  store2(t, 5, c50, c51);
}

ASSAY_AVX2_INLINE void store1(const Tile& t, std::size_t r, __m256 v) {
  _mm256_storeu_ps(t.c + static_cast<std::ptrdiff_t>(r) * t.c_stride, t.last ? canonical8(v) : v);
}

ASSAY_AVX2 void tile_6x8(const Tile& t) {
  __m256 c0, c1, c2, c3, c4, c5;
  if (t.first) {
    c0 = c1 = c2 = c3 = c4 = c5 = _mm256_setzero_ps();
  } else {
    const std::ptrdiff_t s = t.c_stride;
    c0 = _mm256_loadu_ps(t.c), c1 = _mm256_loadu_ps(t.c + s), c2 = _mm256_loadu_ps(t.c + 2 * s);
    c3 = _mm256_loadu_ps(t.c + 3 * s), c4 = _mm256_loadu_ps(t.c + 4 * s);
    c5 = _mm256_loadu_ps(t.c + 5 * s);
  }
  const float* b = t.b;
  for (std::size_t k = 0; k < t.depth; ++k, b += t.b_stride) {
    const std::ptrdiff_t o = t.a_depth[k];
    const __m256 v = _mm256_loadu_ps(b);
    c0 = _mm256_fmadd_ps(_mm256_broadcast_ss(t.a[0] + o), v, c0);
    c1 = _mm256_fmadd_ps(_mm256_broadcast_ss(t.a[1] + o), v, c1);
    c2 = _mm256_fmadd_ps(_mm256_broadcast_ss(t.a[2] + o), v, c2);
    c3 = _mm256_fmadd_ps(_mm256_broadcast_ss(t.a[3] + o), v, c3);
    c4 = _mm256_fmadd_ps(_mm256_broadcast_ss(t.a[4] + o), v, c4);
    c5 = _mm256_fmadd_ps(_mm256_broadcast_ss(t.a[5] + o), v, c5);
  }
  store1(t, 0, c0), store1(t, 1, c1), store1(t, 2, c2);
  store1(t, 3, c3), store1(t, 4, c4), store1(t, 5, c5);
}

// Eight rows of src, eight columns each, turned: dst[k * 16 + j] = src[j * stride + k].
ASSAY_AVX2_INLINE void turn8(float* dst, const float* src, std::ptrdiff_t stride) {
  const __m256 r0 = _mm256_loadu_ps(src), r1 = _mm256_loadu_ps(src + stride);
  const __m256 r2 = _mm256_loadu_ps(src + 2 * stride), r3 = _mm256_loadu_ps(src + 3 * stride);
  const __m256 r4 = _mm256_loadu_ps(src + 4 * stride), r5 = _mm256_loadu_ps(src + 5 * stride);
  const __m256 r6 = _mm256_loadu_ps(src + 6 * stride), r7 = _mm256_loadu_ps(src + 7 * stride);
  const __m256 t0 = _mm256_unpacklo_ps(r0, r1), t1 = _mm256_unpackhi_ps(r0, r1);
  const __m256 t2 = _mm256_unpacklo_ps(r2, r3), t3 = _mm256_unpackhi_ps(r2, r3);
  const __m256 t4 = _mm256_unpacklo_ps(r4, r5), t5 = _mm256_unpackhi_ps(r4, r5);
  const __m256 t6 = _mm256_unpacklo_ps(r6, r7), t7 = _mm256_unpackhi_ps(r6, r7);
  const __m256 u0 = _mm256_shuffle_ps(t0, t2, 0x44), u1 = _mm256_shuffle_ps(t0, t2, 0xee);
  const __m256 u2 = _mm256_shuffle_ps(t1, t3, 0x44), u3 = _mm256_shuffle_ps(t1, t3, 0xee);
  const __m256 u4 = _mm256_shuffle_ps(t4, t6, 0x44), u5 = _mm256_shuffle_ps(t4, t6, 0xee);
  const __m256 u6 = _mm256_shuffle_ps(t5, t7, 0x44), u7 = _mm256_shuffle_ps(t5, t7, 0xee);
  _mm256_storeu_ps(dst, _mm256_permute2f128_ps(u0, u4, 0x20));
  _mm256_storeu_ps(dst + 16, _mm256_permute2f128_ps(u1, u5, 0x20));
  _mm256_storeu_ps(dst + 32, _mm256_permute2f128_ps(u2, u6, 0x20));
  _mm256_storeu_ps(dst + 48, _mm256_permute2f128_ps(u3, u7, 0x20));
  _mm256_storeu_ps(dst + 64, _mm256_permute2f128_ps(u0, u4, 0x31));
  _mm256_storeu_ps(dst + 80, _mm256_permute2f128_ps(u1, u5, 0x31));
  _mm256_storeu_ps(dst + 96, _mm256_permute2f128_ps(u2, u6, 0x31));
  _mm256_storeu_ps(dst + 112, _mm256_permute2f128_ps(u3, u7, 0x31));
}

ASSAY_AVX2 void pack_b(float* dst, const float* src, std::size_t depth, std::size_t columns,
                       std::ptrdiff_t depth_stride, std::ptrdiff_t column_stride) {
  std::size_t k = 0;
  if (columns == kTileColumns && column_stride == 1) {
    for (; k < depth; ++k) {
      const float* from = src + static_cast<std::ptrdiff_t>(k) * depth_stride;
      _mm256_storeu_ps(dst + k * 16, _mm256_loadu_ps(from));
      _mm256_storeu_ps(dst + k * 16 + 8, _mm256_loadu_ps(from + 8));
    }
  } else if (columns == kTileColumns && depth_stride == 1) {
    for (; k + 8 <= depth; k += 8) {
      turn8(dst + k * 16, src + k, column_stride);
      turn8(dst + k * 16 + 8, src + k + 8 * column_stride, column_stride);
    }
  }
  for (; k < depth; ++k) {
    const float* from = src + static_cast<std::ptrdiff_t>(k) * depth_stride;
    for (std::size_t j = 0; j < kTileColumns; ++j) {
      dst[k * kTileColumns + j] =
          j < columns ? from[static_cast<std::ptrdiff_t>(j) * column_stride] : 0.0F;
    }
  }
}

constexpr TileKernels kAvx2Kernels{tile_6x16, tile_6x8, pack_b};

}  // namespace

const TileKernels& tile_kernels_avx2() { return kAvx2Kernels; }
#else
const TileKernels& tile_kernels_avx2() { return tile_kernels(Isa::kScalar); }
#endif

}  // namespace assay::numerics::internal
