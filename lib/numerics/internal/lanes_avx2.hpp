// Eight lanes of AVX2, four binary64 to a register. For source files that are compiled for that set
// (lanes.hpp).
#pragma once

#include "internal/avx2_bits.hpp"

#define ASSAY_LANES ASSAY_AVX2_INLINE
#include "internal/lanes.hpp"

namespace assay::numerics::internal {

struct Avx2Double {
  __m256d a, b;
  ASSAY_LANES Avx2Double(__m256d low, __m256d high) : a(low), b(high) {}
  ASSAY_LANES Avx2Double(double x) : a(_mm256_set1_pd(x)), b(a) {}
  ASSAY_LANES friend Avx2Double operator+(Avx2Double x, Avx2Double y) {
    return {_mm256_add_pd(x.a, y.a), _mm256_add_pd(x.b, y.b)};
  }
  ASSAY_LANES friend Avx2Double operator-(Avx2Double x, Avx2Double y) {
    return {_mm256_sub_pd(x.a, y.a), _mm256_sub_pd(x.b, y.b)};
  }
  ASSAY_LANES friend Avx2Double operator*(Avx2Double x, Avx2Double y) {
    return {_mm256_mul_pd(x.a, y.a), _mm256_mul_pd(x.b, y.b)};
  }
  ASSAY_LANES friend Avx2Double operator/(Avx2Double x, Avx2Double y) {
    return {_mm256_div_pd(x.a, y.a), _mm256_div_pd(x.b, y.b)};
  }
  ASSAY_LANES Avx2Double operator-() const { return {-a, -b}; }
  ASSAY_LANES friend Avx2Double fma(Avx2Double x, Avx2Double y, Avx2Double z) {
    return {_mm256_fmadd_pd(x.a, y.a, z.a), _mm256_fmadd_pd(x.b, y.b, z.b)};
  }
};

struct Avx2Word {
  __m256i a, b;
  ASSAY_LANES Avx2Word(__m256i low, __m256i high) : a(low), b(high) {}
  ASSAY_LANES friend Avx2Word operator+(Avx2Word x, Avx2Word y) {
    return {_mm256_add_epi64(x.a, y.a), _mm256_add_epi64(x.b, y.b)};
  }
  ASSAY_LANES friend Avx2Word operator-(Avx2Word x, Avx2Word y) {
    return {_mm256_sub_epi64(x.a, y.a), _mm256_sub_epi64(x.b, y.b)};
  }
  ASSAY_LANES friend Avx2Word operator&(Avx2Word x, Avx2Word y) {
    return {_mm256_and_si256(x.a, y.a), _mm256_and_si256(x.b, y.b)};
  }
  ASSAY_LANES friend Avx2Word operator|(Avx2Word x, Avx2Word y) {
    return {_mm256_or_si256(x.a, y.a), _mm256_or_si256(x.b, y.b)};
  }
  ASSAY_LANES friend Avx2Word operator^(Avx2Word x, Avx2Word y) {
    return {_mm256_xor_si256(x.a, y.a), _mm256_xor_si256(x.b, y.b)};
  }
};

struct Avx2Float {
  __m256 v;
  ASSAY_LANES Avx2Float(__m256 a) : v(a) {}
  ASSAY_LANES Avx2Float(float a) : v(_mm256_set1_ps(a)) {}
};

struct Avx2Mask {
  __m256 v;  // by the lanes' sign bits
};

struct Avx2 {
  static constexpr std::size_t kCount = 8;
  using Float = Avx2Float;
  using Double = Avx2Double;
  using Word = Avx2Word;
  using Mask = Avx2Mask;

  ASSAY_LANES static Float load(const float* p) { return _mm256_loadu_ps(p); }
  ASSAY_LANES static void store(float* p, Float x) { _mm256_storeu_ps(p, x.v); }
  ASSAY_LANES static Float load_first(const float* p, std::size_t n) {
    return _mm256_maskload_ps(p, first_lanes(n));
  }
  ASSAY_LANES static void store_first(float* p, Float x, std::size_t n) {
    _mm256_maskstore_ps(p, first_lanes(n), x.v);
  }

  ASSAY_LANES static Double widen(Float x) {
    return {_mm256_cvtps_pd(_mm256_castps256_ps128(x.v)),
            _mm256_cvtps_pd(_mm256_extractf128_ps(x.v, 1))};
  }
  ASSAY_LANES static Float narrow(Double x) {
    return _mm256_set_m128(_mm256_cvtpd_ps(x.b), _mm256_cvtpd_ps(x.a));
  }
  ASSAY_LANES static Word bits(Double x) {
    return {_mm256_castpd_si256(x.a), _mm256_castpd_si256(x.b)};
  }
  ASSAY_LANES static Double from_bits(Word x) {
    return {_mm256_castsi256_pd(x.a), _mm256_castsi256_pd(x.b)};
  }
  ASSAY_LANES static Word word(std::uint64_t x) {
    const __m256i all = _mm256_set1_epi64x(static_cast<long long>(x));
    return {all, all};
  }
  template <unsigned count>
  ASSAY_LANES static Word shift_left(Word x) {
    return {_mm256_slli_epi64(x.a, count), _mm256_slli_epi64(x.b, count)};
  }
  template <unsigned count>
  ASSAY_LANES static Word shift_right(Word x) {
    return {_mm256_srli_epi64(x.a, count), _mm256_srli_epi64(x.b, count)};
  }
  // The lanes where x has no bit of `mask`.
  template <std::uint64_t mask>
  ASSAY_LANES static unsigned zero_lanes(Word x) {
    const Word masked = x & word(mask);
    const __m256i zero = _mm256_setzero_si256();
    const auto a = _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(masked.a, zero)));
    const auto b = _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(masked.b, zero)));
    return static_cast<unsigned>(a | b << 4);
  }
  // The lowest three bits of each lane count.
  ASSAY_LANES static Word lookup(const Table8& table, Word index) {
    const __m256i lanes = _mm256_castps_si256(_mm256_shuffle_ps(
        _mm256_castsi256_ps(index.a), _mm256_castsi256_ps(index.b), _MM_SHUFFLE(2, 0, 2, 0)));
    const __m256i low = _mm256_permutevar8x32_epi32(load_words(table.low), lanes);
    const __m256i high = _mm256_permutevar8x32_epi32(load_words(table.high), lanes);
    return {_mm256_unpacklo_epi32(low, high), _mm256_unpackhi_epi32(low, high)};
  }

  ASSAY_LANES static Float clamp(Float x, float low, float high) {
    return _mm256_max_ps(Float(low).v, _mm256_min_ps(Float(high).v, x.v));
  }
  ASSAY_LANES static Float magnitude(Float x) { return _mm256_andnot_ps(Float(-0.0F).v, x.v); }
  ASSAY_LANES static Float with_sign(Float x, Float y) {
    return _mm256_or_ps(magnitude(x).v, _mm256_and_ps(y.v, Float(-0.0F).v));
  }
  ASSAY_LANES static Float canonical(Float x) { return canonical8(x.v); }
  ASSAY_LANES static Float sqrt(Float x) { return _mm256_sqrt_ps(x.v); }
  ASSAY_LANES static Mask not_below(Float x, float bound) {
    return {_mm256_cmp_ps(x.v, Float(bound).v, _CMP_NLT_UQ)};
  }
  ASSAY_LANES static Mask not_positive(Float x) { return not_above(x, 0); }
  ASSAY_LANES static unsigned lanes(Mask m) {
    return static_cast<unsigned>(_mm256_movemask_ps(m.v));
  }

  ASSAY_LANES static Float estimate_rsqrt(Float x) { return _mm256_rsqrt_ps(x.v); }
  // The estimate takes subnormal numbers for zeros.
  ASSAY_LANES static Mask no_estimate(Float x) { return not_above(x, 0x7f'ffff); }

 private:
  ASSAY_LANES static __m256i load_words(const std::uint32_t* p) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
  }
  // Not finite, or a pattern that is, as a signed number, at most `least`.
  ASSAY_LANES static Mask not_above(Float x, int least) {
    const __m256i v = _mm256_castps_si256(x.v);
    const __m256i above = _mm256_cmpgt_epi32(v, _mm256_set1_epi32(least));
    const __m256i finite = _mm256_cmpgt_epi32(_mm256_set1_epi32(0x7f80'0000), v);
    const __m256i all = _mm256_set1_epi32(-1);
    return {_mm256_castsi256_ps(_mm256_andnot_si256(_mm256_and_si256(above, finite), all))};
  }
};

}  // namespace assay::numerics::internal
