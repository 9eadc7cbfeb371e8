// The profile's selects and NaN rule on eight lanes. Only for functions compiled for AVX2 and FMA.
#pragma once

#include "internal/kernel_call.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <limits>

namespace assay::numerics::internal {

ASSAY_AVX2_INLINE __m256 canonical8(__m256 v) {
  const __m256 nan = _mm256_set1_ps(std::numeric_limits<float>::quiet_NaN());
  return _mm256_blendv_ps(v, nan, _mm256_cmp_ps(v, v, _CMP_UNORD_Q));
}

// -0 < +0, NaN propagates: where the lanes are equal, they differ at most in the sign of zero.
ASSAY_AVX2_INLINE __m256 max8(__m256 a, __m256 b) {
  const __m256 equal = _mm256_cmp_ps(a, b, _CMP_EQ_OQ);
  const __m256 v = _mm256_blendv_ps(_mm256_max_ps(a, b), _mm256_and_ps(a, b), equal);
  const __m256 nan = _mm256_set1_ps(std::numeric_limits<float>::quiet_NaN());
  return _mm256_blendv_ps(v, nan, _mm256_cmp_ps(a, b, _CMP_UNORD_Q));
}
ASSAY_AVX2_INLINE __m256 min8(__m256 a, __m256 b) {
  const __m256 equal = _mm256_cmp_ps(a, b, _CMP_EQ_OQ);
  const __m256 v = _mm256_blendv_ps(_mm256_min_ps(a, b), _mm256_or_ps(a, b), equal);
  const __m256 nan = _mm256_set1_ps(std::numeric_limits<float>::quiet_NaN());
  return _mm256_blendv_ps(v, nan, _mm256_cmp_ps(a, b, _CMP_UNORD_Q));
}

// All bits set in the first n lanes, n <= 8.
ASSAY_AVX2_INLINE __m256i first_lanes(std::size_t n) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane);
}

}  // namespace assay::numerics::internal
#endif
