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

ASSAY_AVX2 void max_window(const WindowStrides& w, const float* x, std::size_t channels, float* y) {
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

ASSAY_AVX2 void grad_window(const WindowStrides& w, const float* x, const float* y, const float* gy,
                            std::size_t channels, float* gx) {
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

constexpr PoolKernels kAvx2{max_window, grad_window};

}  // namespace

const PoolKernels& pool_kernels_avx2() { return kAvx2; }
#else
const PoolKernels& pool_kernels_avx2() {
  ASSAY_EXPECTS(!"AVX2 on another processor");
  static const PoolKernels none{};
  return none;
}
#endif

}  // namespace assay::numerics::internal
