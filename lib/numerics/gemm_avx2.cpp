// The product's tiles on AVX2 and FMA: up to 6 rows of two vectors, and the packing of panels for
// every x86 instruction set.
#include <algorithm>
#include <array>
#include <utility>

#include "assay/core/contract.hpp"
#include "internal/avx2_bits.hpp"
#include "internal/gemm.hpp"

#if defined(__x86_64__)
#define ASSAY_TILE ASSAY_AVX2
#define ASSAY_LANES ASSAY_TILE __attribute__((always_inline)) inline static

namespace assay::numerics::internal {
namespace {

struct Lanes {
  using Vector = __m256;
  using Mask = __m256;
  static constexpr std::size_t kCount = 8;
  ASSAY_LANES Vector zero() { return _mm256_setzero_ps(); }
  ASSAY_LANES Vector all(const float* p) { return _mm256_broadcast_ss(p); }
  ASSAY_LANES Vector load(const float* p) { return _mm256_loadu_ps(p); }
  ASSAY_LANES Vector load_first(const float* p, std::size_t n) {
    return _mm256_maskload_ps(p, first_lanes(n));
  }
  ASSAY_LANES void store(float* p, Vector v) { _mm256_storeu_ps(p, v); }
  ASSAY_LANES void store_first(float* p, std::size_t n, Vector v) {
    _mm256_maskstore_ps(p, first_lanes(n), v);
  }
  ASSAY_LANES Vector fma(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
  ASSAY_LANES Vector canonical(Vector v) { return canonical8(v); }
  ASSAY_LANES Mask unordered(Vector a, Vector b) { return _mm256_cmp_ps(a, b, _CMP_UNORD_Q); }
  ASSAY_LANES Mask either(Mask a, Mask b) { return _mm256_or_ps(a, b); }
  ASSAY_LANES bool is_any(Mask m) { return _mm256_movemask_ps(m) != 0; }
};

constexpr int kPackedRows = 6;
constexpr int kDirectRows = 6;
constexpr int kPrefetchSteps = 32;
constexpr bool kStreamsPanels = false;
constexpr auto kPack = pack_lanes_avx2;

#include "internal/gemm_tile.hpp"

// dst[k * width + l] = from[l][k] for 8 lanes and 8 steps. Ascending in k, so that what is written
// beyond a panel's last lanes is written over.
ASSAY_AVX2_INLINE void turn8(float* dst, std::size_t width, const float* const* from) {
  const __m256 r0 = _mm256_loadu_ps(from[0]), r1 = _mm256_loadu_ps(from[1]);
  const __m256 r2 = _mm256_loadu_ps(from[2]), r3 = _mm256_loadu_ps(from[3]);
  const __m256 r4 = _mm256_loadu_ps(from[4]), r5 = _mm256_loadu_ps(from[5]);
  const __m256 r6 = _mm256_loadu_ps(from[6]), r7 = _mm256_loadu_ps(from[7]);
  const __m256 t0 = _mm256_unpacklo_ps(r0, r1), t1 = _mm256_unpackhi_ps(r0, r1);
  const __m256 t2 = _mm256_unpacklo_ps(r2, r3), t3 = _mm256_unpackhi_ps(r2, r3);
  const __m256 t4 = _mm256_unpacklo_ps(r4, r5), t5 = _mm256_unpackhi_ps(r4, r5);
  const __m256 t6 = _mm256_unpacklo_ps(r6, r7), t7 = _mm256_unpackhi_ps(r6, r7);
  const __m256 u0 = _mm256_shuffle_ps(t0, t2, 0x44), u1 = _mm256_shuffle_ps(t0, t2, 0xee);
  const __m256 u2 = _mm256_shuffle_ps(t1, t3, 0x44), u3 = _mm256_shuffle_ps(t1, t3, 0xee);
  const __m256 u4 = _mm256_shuffle_ps(t4, t6, 0x44), u5 = _mm256_shuffle_ps(t4, t6, 0xee);
  const __m256 u6 = _mm256_shuffle_ps(t5, t7, 0x44), u7 = _mm256_shuffle_ps(t5, t7, 0xee);
  _mm256_storeu_ps(dst, _mm256_permute2f128_ps(u0, u4, 0x20));
  _mm256_storeu_ps(dst + width, _mm256_permute2f128_ps(u1, u5, 0x20));
  _mm256_storeu_ps(dst + 2 * width, _mm256_permute2f128_ps(u2, u6, 0x20));
  _mm256_storeu_ps(dst + 3 * width, _mm256_permute2f128_ps(u3, u7, 0x20));
  _mm256_storeu_ps(dst + 4 * width, _mm256_permute2f128_ps(u0, u4, 0x31));
  _mm256_storeu_ps(dst + 5 * width, _mm256_permute2f128_ps(u1, u5, 0x31));
  _mm256_storeu_ps(dst + 6 * width, _mm256_permute2f128_ps(u2, u6, 0x31));
  _mm256_storeu_ps(dst + 7 * width, _mm256_permute2f128_ps(u3, u7, 0x31));
}

// The same for 4 lanes.
ASSAY_AVX2_INLINE void turn4(float* dst, std::size_t width, const float* const* from) {
  const __m256 r0 = _mm256_loadu_ps(from[0]), r1 = _mm256_loadu_ps(from[1]);
  const __m256 r2 = _mm256_loadu_ps(from[2]), r3 = _mm256_loadu_ps(from[3]);
  const __m256 t0 = _mm256_unpacklo_ps(r0, r1), t1 = _mm256_unpackhi_ps(r0, r1);
  const __m256 t2 = _mm256_unpacklo_ps(r2, r3), t3 = _mm256_unpackhi_ps(r2, r3);
  const __m256 u0 = _mm256_shuffle_ps(t0, t2, 0x44), u1 = _mm256_shuffle_ps(t0, t2, 0xee);
  const __m256 u2 = _mm256_shuffle_ps(t1, t3, 0x44), u3 = _mm256_shuffle_ps(t1, t3, 0xee);
  _mm_storeu_ps(dst, _mm256_castps256_ps128(u0));
  _mm_storeu_ps(dst + width, _mm256_castps256_ps128(u1));
  _mm_storeu_ps(dst + 2 * width, _mm256_castps256_ps128(u2));
  _mm_storeu_ps(dst + 3 * width, _mm256_castps256_ps128(u3));
  _mm_storeu_ps(dst + 4 * width, _mm256_extractf128_ps(u0, 1));
  _mm_storeu_ps(dst + 5 * width, _mm256_extractf128_ps(u1, 1));
  _mm_storeu_ps(dst + 6 * width, _mm256_extractf128_ps(u2, 1));
  _mm_storeu_ps(dst + 7 * width, _mm256_extractf128_ps(u3, 1));
}

// Lanes that lie apart, each with its steps side by side: turned in blocks of 8 steps.
ASSAY_AVX2 void pack_turned(float* dst, std::size_t width, const float* src,
                            std::ptrdiff_t lane_stride, std::size_t lanes, std::size_t depth) {
  for (std::size_t l = 0; l < lanes;) {
    // A last group of fewer lanes takes some of the one before along: nothing is written beyond.
    if (width >= 8 && width - l < 8 && width - l != 4) l = width - 8;
    const float* from[8];
    for (std::size_t i = 0; i < 8; ++i) {  // lanes beyond the last repeat it
      from[i] = src + static_cast<std::ptrdiff_t>(std::min(l + i, lanes - 1)) * lane_stride;
    }
    const bool four = width - l == 4;
    float* to = dst + l;
    std::size_t k = 0;
    for (; k + 8 <= depth; k += 8, to += 8 * width) {
      if (four) {
        turn4(to, width, from);
      } else {
        turn8(to, width, from);
      }
      for (const float*& lane : from) lane += 8;
    }
    const std::size_t own = std::min<std::size_t>(four ? 4 : 8, width - l);
    for (; k < depth; ++k, to += width) {
      for (std::size_t i = 0; i < own; ++i) to[i] = *from[i]++;
    }
    l += four ? 4 : 8;
  }
}

// Steps that lie apart, each with its lanes side by side.
ASSAY_AVX2 void pack_straight(float* dst, std::size_t width, const float* src,
                              std::ptrdiff_t depth_stride, std::size_t lanes, std::size_t depth) {
  const std::size_t whole = lanes / 8 * 8;
  const __m256i rest = first_lanes(lanes - whole);
  for (std::size_t k = 0; k < depth; ++k, src += depth_stride, dst += width) {
    for (std::size_t l = 0; l < whole; l += 8) {
      _mm256_storeu_ps(dst + l, _mm256_loadu_ps(src + l));
    }
    if (whole < lanes) _mm256_storeu_ps(dst + whole, _mm256_maskload_ps(src + whole, rest));
  }
}

}  // namespace

void pack_lanes_avx2(float* dst, std::size_t width, const float* src, std::ptrdiff_t lane_stride,
                     std::ptrdiff_t depth_stride, std::size_t lanes, std::size_t depth) {
  if (lane_stride == 1) return pack_straight(dst, width, src, depth_stride, lanes, depth);
  if (depth_stride == 1) return pack_turned(dst, width, src, lane_stride, lanes, depth);
  pack_lanes_scalar(dst, width, src, lane_stride, depth_stride, lanes, depth);
}

const TileKernels& tile_kernels_avx2() { return kKernels; }

}  // namespace assay::numerics::internal
#endif
