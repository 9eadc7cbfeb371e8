// exp and log of eight lanes: binary64 polynomials, a rounding test, and the integer path for the
// rare lane that fails it (about one in 2^21).
#include "assay/numerics/arithmetic_integer.hpp"
#include "internal/avx2_bits.hpp"
#include "internal/exp_log_double.hpp"
#include "internal/functions.hpp"

namespace assay::numerics::internal {

#if defined(__x86_64__)
namespace {

// Four results, and whether each is sure.
struct Quad {
  __m128 value;
  __m128i sure;
};

ASSAY_AVX2_INLINE Quad rounded4(__m256d y) {
  const __m256d slack = _mm256_mul_pd(y, _mm256_set1_pd(kExpLogTolerance));
  const __m128 low = _mm256_cvtpd_ps(_mm256_sub_pd(y, slack));
  const __m128 high = _mm256_cvtpd_ps(_mm256_add_pd(y, slack));
  return {low, _mm_cmpeq_epi32(_mm_castps_si128(low), _mm_castps_si128(high))};
}

template <int degree>
ASSAY_AVX2_INLINE __m256d polynomial4(const double (&c)[degree], __m256d x) {
  __m256d sum = _mm256_set1_pd(c[degree - 1]);
#pragma GCC unroll 16
  for (int n = degree - 2; n >= 0; --n) sum = _mm256_fmadd_pd(sum, x, _mm256_set1_pd(c[n]));
  return sum;
}

// x within [-104.5, 89.5] or NaN.
ASSAY_AVX2_INLINE Quad exp4(__m128 x) {
  const __m256d d = _mm256_cvtps_pd(x);
  const __m256d k = _mm256_round_pd(_mm256_mul_pd(d, _mm256_set1_pd(kLog2E)),
                                    _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256d r = _mm256_fnmadd_pd(k, _mm256_set1_pd(kLn2High), d);
  r = _mm256_fnmadd_pd(k, _mm256_set1_pd(kLn2Low), r);
  const __m256i exponent =
      _mm256_add_epi64(_mm256_cvtepi32_epi64(_mm256_cvtpd_epi32(k)), _mm256_set1_epi64x(1023));
  const __m256d scale = _mm256_castsi256_pd(_mm256_slli_epi64(exponent, 52));
  return rounded4(_mm256_mul_pd(polynomial4(kExpCoefficients, r), scale));
}

// x positive and finite.
ASSAY_AVX2_INLINE Quad log4(__m128 x) {
  const __m256i bits = _mm256_castpd_si256(_mm256_cvtps_pd(x));
  const __m256d one = _mm256_set1_pd(1.0);
  // The exponent field under 2^52 is a binary64 integer.
  const __m256i field =
      _mm256_or_si256(_mm256_srli_epi64(bits, 52), _mm256_set1_epi64x(0x4330'0000'0000'0000));
  __m256d e = _mm256_sub_pd(_mm256_castsi256_pd(field), _mm256_set1_pd(0x1p52 + 1023.0));
  const __m256i fraction = _mm256_and_si256(bits, _mm256_set1_epi64x(0xf'ffff'ffff'ffff));
  __m256d m = _mm256_or_pd(_mm256_castsi256_pd(fraction), one);
  const __m256d big = _mm256_cmp_pd(m, _mm256_set1_pd(0x1.6a09e6p+0), _CMP_GT_OQ);
  m = _mm256_blendv_pd(m, _mm256_mul_pd(m, _mm256_set1_pd(0.5)), big);
  e = _mm256_add_pd(e, _mm256_and_pd(big, one));
  const __m256d s = _mm256_div_pd(_mm256_sub_pd(m, one), _mm256_add_pd(m, one));
  const __m256d sum = polynomial4(kLogCoefficients, _mm256_mul_pd(s, s));
  const __m256d low = _mm256_fmadd_pd(e, _mm256_set1_pd(kLn2Low), _mm256_mul_pd(s, sum));
  return rounded4(_mm256_fmadd_pd(e, _mm256_set1_pd(kLn2High), low));
}

ASSAY_AVX2_INLINE __m256 join(const Quad& low, const Quad& high) {
  return _mm256_set_m128(high.value, low.value);
}
ASSAY_AVX2_INLINE int doubtful(const Quad& low, const Quad& high) {
  const __m256i sure = _mm256_set_m128i(high.sure, low.sure);
  return 0xff & ~_mm256_movemask_ps(_mm256_castsi256_ps(sure));
}

using Exact = std::uint32_t (*)(std::uint32_t) noexcept;

void repair(float* y, const float* x, int lanes, Exact exact) {
  for (; lanes != 0; lanes &= lanes - 1) {
    const int i = std::countr_zero(static_cast<unsigned>(lanes));
    y[i] = std::bit_cast<float>(exact(canonical(std::bit_cast<std::uint32_t>(x[i]))));
  }
}

ASSAY_AVX2_INLINE void exp8(float* y, const float* x) {
  const __m256 v = _mm256_loadu_ps(x);
  // The second operand wins where either is NaN.
  const __m256 c = _mm256_max_ps(_mm256_set1_ps(-104.5F), _mm256_min_ps(_mm256_set1_ps(89.5F), v));
  const Quad low = exp4(_mm256_castps256_ps128(c));
  const Quad high = exp4(_mm256_extractf128_ps(c, 1));
  const int lanes = doubtful(low, high);
  _mm256_storeu_ps(y, canonical8(join(low, high)));
  if (lanes != 0) repair(y, x, lanes, IntegerArithmetic::exp);
}

ASSAY_AVX2_INLINE void log8(float* y, const float* x) {
  const __m256 v = _mm256_loadu_ps(x);
  const __m256 infinity = _mm256_set1_ps(std::numeric_limits<float>::infinity());
  const __m256 usual = _mm256_and_ps(_mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_GT_OQ),
                                     _mm256_cmp_ps(v, infinity, _CMP_LT_OQ));
  const __m256 c = _mm256_blendv_ps(_mm256_set1_ps(1.0F), v, usual);
  const Quad low = log4(_mm256_castps256_ps128(c));
  const Quad high = log4(_mm256_extractf128_ps(c, 1));
  const int lanes = doubtful(low, high) | (0xff & ~_mm256_movemask_ps(usual));
  _mm256_storeu_ps(y, join(low, high));
  if (lanes != 0) repair(y, x, lanes, IntegerArithmetic::log);
}

template <bool is_exp>
ASSAY_AVX2 void strip(void* out, const void* const* in, std::size_t n) {
  const auto* x = static_cast<const float*>(in[0]);
  auto* y = static_cast<float*>(out);
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) is_exp ? exp8(y + i, x + i) : log8(y + i, x + i);
  if (i == n) return;
  alignas(32) float tail[8] = {1, 1, 1, 1, 1, 1, 1, 1};
  std::memcpy(tail, x + i, (n - i) * sizeof(float));
  alignas(32) float result[8];
  is_exp ? exp8(result, tail) : log8(result, tail);
  std::memcpy(y + i, result, (n - i) * sizeof(float));
}

}  // namespace

StripFunction function_strip_avx2(OpCode op) {
  if (op == OpCode::kExp) return strip<true>;
  return op == OpCode::kLog ? strip<false> : nullptr;
}
#else
StripFunction function_strip_avx2(OpCode) { return nullptr; }
#endif

}  // namespace assay::numerics::internal
