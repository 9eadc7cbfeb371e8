// Pooling windows, eight channels at a time.
#include "internal/avx2_bits.hpp"
#include "internal/pool.hpp"

#include "assay/core/contract.hpp"

namespace assay::numerics::internal {

#if defined(__x86_64__)
namespace {

ASSAY_AVX2 void max_window(const WindowStrides& w, const float* x, std::size_t channels, float* y) {
  for (std::size_t c = 0; c < channels; c += 8) {
    const __m256i mask = first_lanes(channels - c < 8 ? channels - c : 8);
    __m256 best = _mm256_set1_ps(-std::numeric_limits<float>::infinity());
    for (std::size_t i = 0; i < w.size; ++i) {
      for (std::size_t j = 0; j < w.size; ++j) {
        best = max8(best, _mm256_maskload_ps(x + i * w.line + j * w.pixel + c, mask));
      }
    }
    _mm256_maskstore_ps(y + c, mask, best);
  }
}

ASSAY_AVX2 void grad_window(const WindowStrides& w, const float* x, const float* y, const float* gy,
                            std::size_t channels, float* gx) {
  for (std::size_t c = 0; c < channels; c += 8) {
    const __m256i mask = first_lanes(channels - c < 8 ? channels - c : 8);
    const __m256i best = _mm256_castps_si256(canonical8(_mm256_maskload_ps(y + c, mask)));
    const __m256i grad = _mm256_castps_si256(canonical8(_mm256_maskload_ps(gy + c, mask)));
    __m256i open = _mm256_set1_epi32(-1);  // lanes whose maximum has not been met
    for (std::size_t i = 0; i < w.size; ++i) {
      for (std::size_t j = 0; j < w.size; ++j) {
        const std::size_t at = i * w.line + j * w.pixel + c;
        const __m256i v = _mm256_castps_si256(canonical8(_mm256_maskload_ps(x + at, mask)));
        const __m256i here = _mm256_and_si256(_mm256_cmpeq_epi32(v, best), open);
        open = _mm256_andnot_si256(here, open);
        _mm256_maskstore_ps(gx + at, mask, _mm256_castsi256_ps(_mm256_and_si256(here, grad)));
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
