// The product's tiles on AArch64: up to 12 rows of two vectors of four.
#include <array>
#include <utility>

#include "assay/core/contract.hpp"
#include "internal/gemm.hpp"

#if defined(__aarch64__)
#include <arm_neon.h>

#include <algorithm>
#include <limits>

#define ASSAY_TILE
#define ASSAY_LANES __attribute__((always_inline)) inline static

namespace assay::numerics::internal {
namespace {

struct Lanes {
  using Vector = float32x4_t;
  using Mask = uint32x4_t;
  static constexpr std::size_t kCount = 4;
  ASSAY_LANES Vector zero() { return vdupq_n_f32(0.0F); }
  ASSAY_LANES Vector all(const float* p) { return vld1q_dup_f32(p); }
  ASSAY_LANES Vector load(const float* p) { return vld1q_f32(p); }
  ASSAY_LANES Vector load_first(const float* p, std::size_t n) {
    float four[kCount] = {};
    std::copy_n(p, n, four);
    return vld1q_f32(four);
  }
  ASSAY_LANES void store(float* p, Vector v) { vst1q_f32(p, v); }
  ASSAY_LANES void store_first(float* p, std::size_t n, Vector v) {
    float four[kCount];
    vst1q_f32(four, v);
    std::copy_n(four, n, p);
  }
  ASSAY_LANES Vector fma(Vector a, Vector b, Vector c) { return vfmaq_f32(c, a, b); }
  ASSAY_LANES Vector canonical(Vector v) {
    return vbslq_f32(vceqq_f32(v, v), v, vdupq_n_f32(std::numeric_limits<float>::quiet_NaN()));
  }
  ASSAY_LANES Mask unordered(Vector a, Vector b) {
    return vmvnq_u32(vandq_u32(vceqq_f32(a, a), vceqq_f32(b, b)));
  }
  ASSAY_LANES Mask either(Mask a, Mask b) { return vorrq_u32(a, b); }
  ASSAY_LANES bool is_any(Mask m) { return vmaxvq_u32(m) != 0; }
};

constexpr int kPackedRows = 12;
constexpr int kDirectRows = 8;
constexpr int kPrefetchSteps = 32;
constexpr bool kStreamsPanels = false;
constexpr auto kPack = pack_lanes_scalar;

#include "internal/gemm_tile.hpp"

}  // namespace

const TileKernels& tile_kernels_neon() { return kKernels; }

}  // namespace assay::numerics::internal
#endif
