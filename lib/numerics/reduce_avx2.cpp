// Reductions on eight lanes.
#include "internal/avx2_bits.hpp"
#include "internal/reduce.hpp"

#include "assay/core/contract.hpp"

namespace assay::numerics::internal {

#if defined(__x86_64__)
namespace {

constexpr std::size_t kLanes = 16;

// Lanes 0-7 and 8-15 joined by halves 8, 4, 2, 1.
ASSAY_AVX2_INLINE float join16(__m256 low, __m256 high) {
  const __m256 eight = _mm256_add_ps(low, high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  const __m128 one = _mm_add_ss(two, _mm_shuffle_ps(two, two, 1));
  return _mm256_cvtss_f32(canonical8(_mm256_castps128_ps256(one)));
}

// A lane starts at +0 and is never -0, so that adding +0 where a row has ended changes nothing.
ASSAY_AVX2 float sum_row(const float* x, std::size_t n) {
  __m256 low = _mm256_setzero_ps();
  __m256 high = _mm256_setzero_ps();
  std::size_t k = 0;
  for (; k + kLanes <= n; k += kLanes) {
    low = _mm256_add_ps(low, _mm256_loadu_ps(x + k));
    high = _mm256_add_ps(high, _mm256_loadu_ps(x + k + 8));
  }
  const std::size_t rest = n - k;
  if (rest > 0)
    low = _mm256_add_ps(low, _mm256_maskload_ps(x + k, first_lanes(rest < 8 ? rest : 8)));
  if (rest > 8) high = _mm256_add_ps(high, _mm256_maskload_ps(x + k + 8, first_lanes(rest - 8)));
  return join16(low, high);
}

ASSAY_AVX2_INLINE __m256 minus_infinity8() {
  return _mm256_set1_ps(-std::numeric_limits<float>::infinity());
}

// The greatest so far, whether any was NaN, and whether every sign was set: where the greatest is a
// zero, that tells which. Chains of one cycle or two each.
struct Greatest {
  __m256 value, signs, none;

  ASSAY_AVX2_INLINE Greatest()
      : value(minus_infinity8()), signs(minus_infinity8()), none(_mm256_setzero_ps()) {}
  ASSAY_AVX2_INLINE void take(__m256 a) {
    value = _mm256_max_ps(value, a);
    signs = _mm256_and_ps(signs, a);
    none = _mm256_or_ps(none, _mm256_cmp_ps(a, a, _CMP_UNORD_Q));
  }
};

ASSAY_AVX2 float max_row(const float* x, std::size_t n) {
  Greatest even;
  Greatest odd;
  std::size_t k = 0;
  for (; k + 16 <= n; k += 16) {
    even.take(_mm256_loadu_ps(x + k));
    odd.take(_mm256_loadu_ps(x + k + 8));
  }
  if (k + 8 <= n) even.take(_mm256_loadu_ps(x + k)), k += 8;
  if (k < n) {
    const __m256i mask = first_lanes(n - k);
    const __m256 tail = _mm256_maskload_ps(x + k, mask);
    odd.take(_mm256_blendv_ps(minus_infinity8(), tail, _mm256_castsi256_ps(mask)));
  }
  if (_mm256_movemask_ps(_mm256_or_ps(even.none, odd.none)) != 0)
    return std::numeric_limits<float>::quiet_NaN();
  const __m256 best = _mm256_max_ps(even.value, odd.value);
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(best), _mm256_extractf128_ps(best, 1));
  four = _mm_max_ps(four, _mm_movehl_ps(four, four));
  const float greatest = _mm_cvtss_f32(_mm_max_ss(four, _mm_shuffle_ps(four, four, 1)));
  if (greatest != 0.0F) return greatest;
  return _mm256_movemask_ps(_mm256_and_ps(even.signs, odd.signs)) == 0xff ? -0.0F : 0.0F;
}

// One group of eight columns, the lanes in memory: each is touched again only sixteen rows later.
ASSAY_AVX2_INLINE void sum_8(const float* x, std::size_t n, std::size_t stride, __m256i mask,
                             bool whole, float* y) {
  alignas(32) float lane[kLanes][8] = {};
  std::size_t k = 0;
  if (whole) {
    for (; k + kLanes <= n; k += kLanes) {
#pragma GCC unroll 16
      for (std::size_t l = 0; l < kLanes; ++l) {
        _mm256_store_ps(
            lane[l], _mm256_add_ps(_mm256_load_ps(lane[l]), _mm256_loadu_ps(x + (k + l) * stride)));
      }
    }
  }
  for (; k < n; ++k) {
    float* to = lane[k % kLanes];
    _mm256_store_ps(to,
                    _mm256_add_ps(_mm256_load_ps(to), _mm256_maskload_ps(x + k * stride, mask)));
  }
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t l = 0; l < half; ++l) {
      _mm256_store_ps(lane[l],
                      _mm256_add_ps(_mm256_load_ps(lane[l]), _mm256_load_ps(lane[half + l])));
    }
  }
  _mm256_maskstore_ps(y, mask, canonical8(_mm256_load_ps(lane[0])));
}

// Many columns: row after row, so that memory is read in order.
ASSAY_AVX2 void sum_wide(const float* x, std::size_t n, std::size_t stride, std::size_t groups,
                         float* y) {
  alignas(32) float lane[kLanes][kReduceColumns];
  for (auto& l : lane) {
    for (std::size_t g = 0; g < groups; ++g) _mm256_store_ps(l + 8 * g, _mm256_setzero_ps());
  }
  for (std::size_t k = 0; k < n; ++k) {
    float* to = lane[k % kLanes];
    const float* row = x + k * stride;
    for (std::size_t g = 0; g < groups; ++g) {
      _mm256_store_ps(to + 8 * g,
                      _mm256_add_ps(_mm256_load_ps(to + 8 * g), _mm256_loadu_ps(row + 8 * g)));
    }
  }
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t l = 0; l < half; ++l) {
      for (std::size_t g = 0; g < groups; ++g) {
        _mm256_store_ps(lane[l] + 8 * g, _mm256_add_ps(_mm256_load_ps(lane[l] + 8 * g),
                                                       _mm256_load_ps(lane[half + l] + 8 * g)));
      }
    }
  }
  for (std::size_t g = 0; g < groups; ++g) {
    _mm256_storeu_ps(y + 8 * g, canonical8(_mm256_load_ps(lane[0] + 8 * g)));
  }
}

ASSAY_AVX2 void sum_columns(const float* x, std::size_t n, std::size_t stride, std::size_t columns,
                            float* y) {
  std::size_t groups = columns / 8;
  if (groups == 1) {
    sum_8(x, n, stride, first_lanes(8), true, y);
  } else if (groups > 1) {
    sum_wide(x, n, stride, groups, y);
  }
  groups *= 8;
  if (groups < columns)
    sum_8(x + groups, n, stride, first_lanes(columns - groups), false, y + groups);
}

ASSAY_AVX2 void max_columns(const float* x, std::size_t n, std::size_t stride, std::size_t columns,
                            float* y) {
  for (std::size_t j = 0; j < columns; j += 8) {
    const __m256i mask = first_lanes(columns - j < 8 ? columns - j : 8);
    __m256 best = minus_infinity8();
    for (std::size_t k = 0; k < n; ++k)
      best = max8(best, _mm256_maskload_ps(x + k * stride + j, mask));
    _mm256_maskstore_ps(y + j, mask, best);
  }
}

ASSAY_AVX2 void sum_walk_avx2(const float* x, const ReduceWalk& walk, std::size_t columns,
                              float* y) {
  sum_walk(x, walk, columns, y);
}
ASSAY_AVX2 void max_walk_avx2(const float* x, const ReduceWalk& walk, std::size_t columns,
                              float* y) {
  max_walk(x, walk, columns, y);
}

constexpr ReduceKernels kSum{sum_row, sum_columns, sum_walk_avx2};
constexpr ReduceKernels kMax{max_row, max_columns, max_walk_avx2};

}  // namespace

const ReduceKernels& reduce_kernels_avx2(bool sum) { return sum ? kSum : kMax; }
#else
const ReduceKernels& reduce_kernels_avx2(bool) {
  ASSAY_EXPECTS(false && "AVX2 on another processor");
  static const ReduceKernels none{};
  return none;
}
#endif

}  // namespace assay::numerics::internal
