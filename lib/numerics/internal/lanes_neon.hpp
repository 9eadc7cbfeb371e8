// Four lanes of NEON, two binary64 to a register. For source files that are compiled for AArch64
// (lanes.hpp).
#pragma once

#include <arm_neon.h>

#include <algorithm>
#include <limits>

#define ASSAY_LANES __attribute__((always_inline)) inline
#include "internal/lanes.hpp"

namespace assay::numerics::internal {

struct NeonDouble {
  float64x2_t a, b;
  ASSAY_LANES NeonDouble(float64x2_t low, float64x2_t high) : a(low), b(high) {}
  ASSAY_LANES NeonDouble(double x) : a(vdupq_n_f64(x)), b(a) {}
  ASSAY_LANES friend NeonDouble operator+(NeonDouble x, NeonDouble y) {
    return {vaddq_f64(x.a, y.a), vaddq_f64(x.b, y.b)};
  }
  ASSAY_LANES friend NeonDouble operator-(NeonDouble x, NeonDouble y) {
    return {vsubq_f64(x.a, y.a), vsubq_f64(x.b, y.b)};
  }
  ASSAY_LANES friend NeonDouble operator*(NeonDouble x, NeonDouble y) {
    return {vmulq_f64(x.a, y.a), vmulq_f64(x.b, y.b)};
  }
  ASSAY_LANES friend NeonDouble operator/(NeonDouble x, NeonDouble y) {
    return {vdivq_f64(x.a, y.a), vdivq_f64(x.b, y.b)};
  }
  ASSAY_LANES NeonDouble operator-() const { return {vnegq_f64(a), vnegq_f64(b)}; }
  ASSAY_LANES friend NeonDouble fma(NeonDouble x, NeonDouble y, NeonDouble z) {
    return {vfmaq_f64(z.a, x.a, y.a), vfmaq_f64(z.b, x.b, y.b)};
  }
};

struct NeonWord {
  uint64x2_t a, b;
  ASSAY_LANES NeonWord(uint64x2_t low, uint64x2_t high) : a(low), b(high) {}
  ASSAY_LANES friend NeonWord operator+(NeonWord x, NeonWord y) {
    return {vaddq_u64(x.a, y.a), vaddq_u64(x.b, y.b)};
  }
  ASSAY_LANES friend NeonWord operator-(NeonWord x, NeonWord y) {
    return {vsubq_u64(x.a, y.a), vsubq_u64(x.b, y.b)};
  }
  ASSAY_LANES friend NeonWord operator&(NeonWord x, NeonWord y) {
    return {vandq_u64(x.a, y.a), vandq_u64(x.b, y.b)};
  }
  ASSAY_LANES friend NeonWord operator|(NeonWord x, NeonWord y) {
    return {vorrq_u64(x.a, y.a), vorrq_u64(x.b, y.b)};
  }
  ASSAY_LANES friend NeonWord operator^(NeonWord x, NeonWord y) {
    return {veorq_u64(x.a, y.a), veorq_u64(x.b, y.b)};
  }
};

struct NeonFloat {
  float32x4_t v;
  ASSAY_LANES NeonFloat(float32x4_t a) : v(a) {}
  ASSAY_LANES NeonFloat(float a) : v(vdupq_n_f32(a)) {}
};

struct NeonMask {
  uint32x4_t v;  // all bits of a lane, or none
};

struct Neon {
  static constexpr std::size_t kCount = 4;
  using Float = NeonFloat;
  using Double = NeonDouble;
  using Word = NeonWord;
  using Mask = NeonMask;

  ASSAY_LANES static Float load(const float* p) { return vld1q_f32(p); }
  ASSAY_LANES static void store(float* p, Float x) { vst1q_f32(p, x.v); }
  ASSAY_LANES static Float load_first(const float* p, std::size_t n) {
    float four[kCount] = {};
    std::copy_n(p, n, four);
    return load(four);
  }
  ASSAY_LANES static void store_first(float* p, Float x, std::size_t n) {
    float four[kCount];
    store(four, x);
    std::copy_n(four, n, p);
  }

  ASSAY_LANES static Double widen(Float x) {
    return {vcvt_f64_f32(vget_low_f32(x.v)), vcvt_high_f64_f32(x.v)};
  }
  ASSAY_LANES static Float narrow(Double x) { return vcvt_high_f32_f64(vcvt_f32_f64(x.a), x.b); }
  ASSAY_LANES static Word bits(Double x) {
    return {vreinterpretq_u64_f64(x.a), vreinterpretq_u64_f64(x.b)};
  }
  ASSAY_LANES static Double from_bits(Word x) {
    return {vreinterpretq_f64_u64(x.a), vreinterpretq_f64_u64(x.b)};
  }
  ASSAY_LANES static Word word(std::uint64_t x) { return {vdupq_n_u64(x), vdupq_n_u64(x)}; }
  template <unsigned count>
  ASSAY_LANES static Word shift_left(Word x) {
    return {vshlq_n_u64(x.a, count), vshlq_n_u64(x.b, count)};
  }
  template <unsigned count>
  ASSAY_LANES static Word shift_right(Word x) {
    return {vshrq_n_u64(x.a, count), vshrq_n_u64(x.b, count)};
  }
  // The lanes where x has no bit of `mask`.
  template <std::uint64_t mask>
  ASSAY_LANES static unsigned zero_lanes(Word x) {
    const Word masked = x & word(mask);
    return lanes({vcombine_u32(vmovn_u64(vceqzq_u64(masked.a)), vmovn_u64(vceqzq_u64(masked.b)))});
  }
  // The lowest three bits of each lane count.
  ASSAY_LANES static Word lookup(const Table8& table, Word index) {
    const Word lowest = index & word(7);
    return {look_up(table, lowest.a), look_up(table, lowest.b)};
  }

  // A NaN stays.
  ASSAY_LANES static Float clamp(Float x, float low, float high) {
    return vmaxq_f32(vminq_f32(x.v, Float(high).v), Float(low).v);
  }
  ASSAY_LANES static Float magnitude(Float x) { return vabsq_f32(x.v); }
  ASSAY_LANES static Float with_sign(Float x, Float y) {
    return vbslq_f32(vdupq_n_u32(0x8000'0000), y.v, x.v);
  }
  ASSAY_LANES static Float canonical(Float x) {
    return vbslq_f32(vceqq_f32(x.v, x.v), x.v, Float(std::numeric_limits<float>::quiet_NaN()).v);
  }
  ASSAY_LANES static Float sqrt(Float x) { return vsqrtq_f32(x.v); }
  ASSAY_LANES static Mask not_below(Float x, float bound) {
    return {vmvnq_u32(vcltq_f32(x.v, Float(bound).v))};
  }
  // NaN and infinity too.
  ASSAY_LANES static Mask not_positive(Float x) {
    const Float infinity = std::numeric_limits<float>::infinity();
    return {vmvnq_u32(vandq_u32(vcgtzq_f32(x.v), vcltq_f32(x.v, infinity.v)))};
  }
  ASSAY_LANES static unsigned lanes(Mask m) {
    const uint32x4_t lane_bits = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(m.v, lane_bits));
  }

  // The processor's eight bits, and a step of Newton's method for fifteen.
  ASSAY_LANES static Float estimate_rsqrt(Float x) {
    const float32x4_t y = vrsqrteq_f32(x.v);
    return vmulq_f32(y, vrsqrtsq_f32(vmulq_f32(x.v, y), y));
  }
  ASSAY_LANES static Mask no_estimate(Float x) { return not_positive(x); }

 private:
  ASSAY_LANES static uint64x2_t look_up(const Table8& table, uint64x2_t index) {
    return vcombine_u64(vld1_u64(table.whole + vgetq_lane_u64(index, 0)),
                        vld1_u64(table.whole + vgetq_lane_u64(index, 1)));
  }
};

}  // namespace assay::numerics::internal
