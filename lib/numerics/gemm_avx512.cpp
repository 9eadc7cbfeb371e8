// The product's tiles on AVX-512: up to 12 rows of two vectors, which leaves registers for two
// columns of b and what is broadcast.
#include <array>
#include <utility>

#include "assay/core/contract.hpp"
#include "internal/gemm.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <limits>

#define ASSAY_TILE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#define ASSAY_LANES ASSAY_TILE __attribute__((always_inline)) inline static

namespace assay::numerics::internal {
namespace {

struct Lanes {
  using Vector = __m512;
  using Mask = __mmask16;
  static constexpr std::size_t kCount = 16;
  ASSAY_LANES Vector zero() { return _mm512_setzero_ps(); }
  ASSAY_LANES Vector all(const float* p) { return _mm512_set1_ps(*p); }
  ASSAY_LANES Vector load(const float* p) { return _mm512_loadu_ps(p); }
  ASSAY_LANES Vector load_first(const float* p, std::size_t n) {
    return _mm512_maskz_loadu_ps(first(n), p);
  }
  ASSAY_LANES void store(float* p, Vector v) { _mm512_storeu_ps(p, v); }
  ASSAY_LANES void store_first(float* p, std::size_t n, Vector v) {
    _mm512_mask_storeu_ps(p, first(n), v);
  }
  ASSAY_LANES Vector fma(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
  ASSAY_LANES Vector canonical(Vector v) {
    const Vector nan = _mm512_set1_ps(std::numeric_limits<float>::quiet_NaN());
    return _mm512_mask_mov_ps(v, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), nan);
  }
  ASSAY_LANES Mask unordered(Vector a, Vector b) { return _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q); }
  ASSAY_LANES Mask either(Mask a, Mask b) { return _kor_mask16(a, b); }
  ASSAY_LANES bool is_any(Mask m) { return m != 0; }
  ASSAY_LANES Mask first(std::size_t n) { return static_cast<Mask>((1U << n) - 1); }
};

constexpr int kPackedRows = 12;
constexpr int kDirectRows = 8;  // whose pointers stay in registers
constexpr int kPrefetchSteps = 16;
constexpr bool kStreamsPanels = true;
constexpr auto kPack = pack_lanes_avx2;

#include "internal/gemm_tile.hpp"

}  // namespace

const TileKernels& tile_kernels_avx512() { return kKernels; }

}  // namespace assay::numerics::internal
#endif
