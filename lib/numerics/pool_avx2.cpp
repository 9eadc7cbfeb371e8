// Pooling windows, eight channels at a time.
#include "internal/avx2_bits.hpp"
#include "internal/pool.hpp"

#include "assay/core/contract.hpp"

namespace assay::numerics::internal {

#if defined(__x86_64__)
namespace {

// Masked stores are slow on some processors: whole groups of eight go without.
ASSAY_AVX2_INLINE __m256 load8(const float* p, bool whole, __m256i mask) {
  return whole ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, mask);
}
ASSAY_AVX2_INLINE void store8(float* p, bool whole, __m256i mask, __m256 v) {
  whole ? _mm256_storeu_ps(p, v) : _mm256_maskstore_ps(p, mask, v);
}

ASSAY_AVX2_INLINE void max_window(const WindowStrides& w, const float* x, std::size_t channels,
                                  float* y) {
  for (std::size_t c = 0; c < channels; c += 8) {
    const bool whole = channels - c >= 8;
    const __m256i mask = first_lanes(whole ? 8 : channels - c);
    __m256 best = _mm256_set1_ps(-std::numeric_limits<float>::infinity());
    for (std::size_t i = 0; i < w.size; ++i) {
      for (std::size_t j = 0; j < w.size; ++j) {
        best = max8(best, load8(x + i * w.line + j * w.pixel + c, whole, mask));
      }
    }
    store8(y + c, whole, mask, best);
  }
}

ASSAY_AVX2_INLINE void grad_window(const WindowStrides& w, const float* x, const float* y,
                                   const float* gy, std::size_t channels, float* gx) {
  for (std::size_t c = 0; c < channels; c += 8) {
    const bool whole = channels - c >= 8;
    const __m256i mask = first_lanes(whole ? 8 : channels - c);
    const __m256i best = _mm256_castps_si256(canonical8(load8(y + c, whole, mask)));
    const __m256i grad = _mm256_castps_si256(canonical8(load8(gy + c, whole, mask)));
    __m256i open = _mm256_set1_epi32(-1);  // lanes whose maximum has not been met
    for (std::size_t i = 0; i < w.size; ++i) {
      for (std::size_t j = 0; j < w.size; ++j) {
        const std::size_t at = i * w.line + j * w.pixel + c;
        const __m256i v = _mm256_castps_si256(canonical8(load8(x + at, whole, mask)));
        const __m256i here = _mm256_and_si256(_mm256_cmpeq_epi32(v, best), open);
        open = _mm256_andnot_si256(here, open);
        store8(gx + at, whole, mask, _mm256_castsi256_ps(_mm256_and_si256(here, grad)));
      }
    }
  }
}

// Of four: the greatest; a NaN if there is one; and where that is a zero, +0 unless every operand's
// sign is set.
ASSAY_AVX2_INLINE __m256 max_of_four(__m256 a, __m256 b, __m256 c, __m256 d) {
  const __m256 greatest = _mm256_max_ps(_mm256_max_ps(a, b), _mm256_max_ps(c, d));
  const __m256 signs = _mm256_and_ps(_mm256_and_ps(a, b), _mm256_and_ps(c, d));
  const __m256 zero = _mm256_cmp_ps(greatest, _mm256_setzero_ps(), _CMP_EQ_OQ);
  const __m256 v = _mm256_blendv_ps(greatest, _mm256_and_ps(signs, _mm256_set1_ps(-0.0F)), zero);
  const __m256 none =
      _mm256_or_ps(_mm256_cmp_ps(a, b, _CMP_UNORD_Q), _mm256_cmp_ps(c, d, _CMP_UNORD_Q));
  return _mm256_blendv_ps(v, _mm256_set1_ps(std::numeric_limits<float>::quiet_NaN()), none);
}

ASSAY_AVX2 void max_row(const WindowStrides& w, std::size_t windows, const float* x,
                        std::size_t channels, float* y) {
  for (std::size_t i = 0; i < windows; ++i) {
    const float* from = x + i * w.size * w.pixel;
    float* to = y + i * channels;
    if (w.size != 2 || channels % 8 != 0) {
      max_window(w, from, channels, to);
      continue;
    }
    for (std::size_t c = 0; c < channels; c += 8) {
      const float* low = from + w.line + c;
      _mm256_storeu_ps(to + c,
                       max_of_four(_mm256_loadu_ps(from + c), _mm256_loadu_ps(from + w.pixel + c),
                                   _mm256_loadu_ps(low), _mm256_loadu_ps(low + w.pixel)));
    }
  }
}

ASSAY_AVX2 void grad_row(const WindowStrides& w, std::size_t windows, const float* x,
                         const float* y, const float* gy, std::size_t channels, float* gx) {
  for (std::size_t i = 0; i < windows; ++i) {
    const std::size_t at = i * w.size * w.pixel;
    grad_window(w, x + at, y + i * channels, gy + i * channels, channels, gx + at);
  }
}

constexpr PoolKernels kAvx2{max_row, grad_row};

}  // namespace

const PoolKernels& pool_kernels_avx2() { return kAvx2; }
#else
const PoolKernels& pool_kernels_avx2() {
  ASSAY_EXPECTS(false && "AVX2 on another processor");
  static const PoolKernels none{};
  return none;
}
#endif

}  // namespace assay::numerics::internal
