// Eight lanes of AVX-512. For source files that are compiled for that set (lanes.hpp).
#pragma once

#pragma GCC diagnostic push
#if !defined(__clang__)
// GCC 12 takes the deliberately undefined operands of its own header for mistakes (PR 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop

#include <limits>

#define ASSAY_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#define ASSAY_LANES ASSAY_AVX512 __attribute__((always_inline)) inline
#include "internal/lanes.hpp"

namespace assay::numerics::internal {

struct Avx512Double {
  __m512d v;
  ASSAY_LANES Avx512Double(__m512d a) : v(a) {}
  ASSAY_LANES Avx512Double(double a) : v(_mm512_set1_pd(a)) {}
  ASSAY_LANES friend Avx512Double operator+(Avx512Double a, Avx512Double b) {
    return _mm512_add_pd(a.v, b.v);
  }
  ASSAY_LANES friend Avx512Double operator-(Avx512Double a, Avx512Double b) {
    return _mm512_sub_pd(a.v, b.v);
  }
  ASSAY_LANES friend Avx512Double operator*(Avx512Double a, Avx512Double b) {
    return _mm512_mul_pd(a.v, b.v);
  }
  ASSAY_LANES friend Avx512Double operator/(Avx512Double a, Avx512Double b) {
    return _mm512_div_pd(a.v, b.v);
  }
  ASSAY_LANES Avx512Double operator-() const { return -v; }
  ASSAY_LANES friend Avx512Double fma(Avx512Double a, Avx512Double b, Avx512Double c) {
    return _mm512_fmadd_pd(a.v, b.v, c.v);
  }
};

struct Avx512Word {
  __m512i v;
  ASSAY_LANES Avx512Word(__m512i a) : v(a) {}
  ASSAY_LANES friend Avx512Word operator+(Avx512Word a, Avx512Word b) {
    return _mm512_add_epi64(a.v, b.v);
  }
  ASSAY_LANES friend Avx512Word operator-(Avx512Word a, Avx512Word b) {
    return _mm512_sub_epi64(a.v, b.v);
  }
  ASSAY_LANES friend Avx512Word operator&(Avx512Word a, Avx512Word b) {
    return _mm512_and_si512(a.v, b.v);
  }
  ASSAY_LANES friend Avx512Word operator|(Avx512Word a, Avx512Word b) {
    return _mm512_or_si512(a.v, b.v);
  }
  ASSAY_LANES friend Avx512Word operator^(Avx512Word a, Avx512Word b) {
    return _mm512_xor_si512(a.v, b.v);
  }
};

struct Avx512Float {
  __m256 v;
  ASSAY_LANES Avx512Float(__m256 a) : v(a) {}
  ASSAY_LANES Avx512Float(float a) : v(_mm256_set1_ps(a)) {}
};

struct Avx512 {
  static constexpr std::size_t kCount = 8;
  using Float = Avx512Float;
  using Double = Avx512Double;
  using Word = Avx512Word;
  using Mask = __mmask8;

  ASSAY_LANES static Float load(const float* p) { return _mm256_loadu_ps(p); }
  ASSAY_LANES static void store(float* p, Float x) { _mm256_storeu_ps(p, x.v); }
  ASSAY_LANES static Mask first(std::size_t n) { return static_cast<Mask>((1U << n) - 1); }
  ASSAY_LANES static Float load_first(const float* p, std::size_t n) {
    return _mm256_maskz_loadu_ps(first(n), p);
  }
  ASSAY_LANES static void store_first(float* p, Float x, std::size_t n) {
    _mm256_mask_storeu_ps(p, first(n), x.v);
  }

  ASSAY_LANES static Double widen(Float x) { return _mm512_cvtps_pd(x.v); }
  ASSAY_LANES static Float narrow(Double x) { return _mm512_cvtpd_ps(x.v); }
  ASSAY_LANES static Word bits(Double x) { return _mm512_castpd_si512(x.v); }
  ASSAY_LANES static Double from_bits(Word x) { return _mm512_castsi512_pd(x.v); }
  ASSAY_LANES static Word word(std::uint64_t x) {
    return _mm512_set1_epi64(static_cast<long long>(x));
  }
  template <unsigned count>
  ASSAY_LANES static Word shift_left(Word x) {
    return _mm512_slli_epi64(x.v, count);
  }
  template <unsigned count>
  ASSAY_LANES static Word shift_right(Word x) {
    return _mm512_srli_epi64(x.v, count);
  }
  // The lanes where x has no bit of `mask`.
  template <std::uint64_t mask>
  ASSAY_LANES static unsigned zero_lanes(Word x) {
    return _mm512_testn_epi64_mask(x.v, word(mask).v);
  }
  ASSAY_LANES static Word lookup(const Table8& table, Word index) {
    return _mm512_permutexvar_epi64(index.v, _mm512_load_si512(table.whole));
  }

  ASSAY_LANES static Float clamp(Float x, float low, float high) {
    return _mm256_max_ps(Float(low).v, _mm256_min_ps(Float(high).v, x.v));
  }
  ASSAY_LANES static Float magnitude(Float x) { return _mm256_andnot_ps(Float(-0.0F).v, x.v); }
  ASSAY_LANES static Float with_sign(Float x, Float y) {
    return _mm256_or_ps(magnitude(x).v, _mm256_and_ps(y.v, Float(-0.0F).v));
  }
  ASSAY_LANES static Float canonical(Float x) {
    const Float nan = std::numeric_limits<float>::quiet_NaN();
    return _mm256_mask_mov_ps(x.v, _mm256_cmp_ps_mask(x.v, x.v, _CMP_UNORD_Q), nan.v);
  }
  ASSAY_LANES static Float sqrt(Float x) { return _mm256_sqrt_ps(x.v); }
  ASSAY_LANES static Mask not_below(Float x, float bound) {
    return _mm256_cmp_ps_mask(x.v, Float(bound).v, _CMP_NLT_UQ);
  }
  // NaN (0x81), zeros (0x06), infinities (0x18), negative numbers (0x40).
  ASSAY_LANES static Mask not_positive(Float x) { return _mm256_fpclass_ps_mask(x.v, 0xdf); }
  ASSAY_LANES static unsigned lanes(Mask m) { return m; }

  ASSAY_LANES static Float estimate_rsqrt(Float x) { return _mm256_rsqrt14_ps(x.v); }
  ASSAY_LANES static Mask no_estimate(Float x) { return not_positive(x); }
};

}  // namespace assay::numerics::internal
