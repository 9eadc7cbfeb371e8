// Strips of one operand on eight lanes.
#include "internal/avx2_bits.hpp"
#include "internal/strip.hpp"

namespace assay::numerics::internal {

#if defined(__x86_64__)
namespace {

const float* lanes(const void* p) { return static_cast<const float*>(p); }

template <OpCode op>
ASSAY_AVX2_INLINE __m256 apply1(__m256 a) {
  if constexpr (op == OpCode::kRelu) return max8(a, _mm256_setzero_ps());
  if constexpr (op == OpCode::kNeg) return canonical8(_mm256_xor_ps(a, _mm256_set1_ps(-0.0F)));
  return canonical8(a);
}

template <OpCode op>
ASSAY_AVX2 void strip1(void* out, const void* const* in, std::size_t n) {
  const float* a = lanes(in[0]);
  auto* y = static_cast<float*>(out);
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(y + i, apply1<op>(_mm256_loadu_ps(a + i)));
  if (i < n) {
    const __m256i mask = first_lanes(n - i);
    _mm256_maskstore_ps(y + i, mask, apply1<op>(_mm256_maskload_ps(a + i, mask)));
  }
}

// Exact: a byte has at most 8 bits.
ASSAY_AVX2 void u8_to_f32(void* out, const void* const* in, std::size_t n) {
  const auto* a = static_cast<const std::uint8_t*>(in[0]);
  auto* y = static_cast<float*>(out);
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(a + i));
    _mm256_storeu_ps(y + i, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes)));
  }
  for (; i < n; ++i) y[i] = static_cast<float>(a[i]);
}

// The halves of 16 bits and the shift are exact, so that the sum is the one rounding.
ASSAY_AVX2_INLINE __m256 u32_lanes(__m256i v) {
  const __m256 high = _mm256_cvtepi32_ps(_mm256_srli_epi32(v, 16));
  const __m256 low = _mm256_cvtepi32_ps(_mm256_and_si256(v, _mm256_set1_epi32(0xffff)));
  return _mm256_add_ps(_mm256_mul_ps(high, _mm256_set1_ps(65'536.0F)), low);
}

template <bool is_signed>
ASSAY_AVX2 void word_to_f32(void* out, const void* const* in, std::size_t n) {
  const auto* a = static_cast<const int*>(in[0]);
  auto* y = static_cast<float*>(out);
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i mask = first_lanes(n - i < 8 ? n - i : 8);
    const __m256i v = _mm256_maskload_epi32(a + i, mask);
    const __m256 f = is_signed ? _mm256_cvtepi32_ps(v) : u32_lanes(v);
    if (n - i >= 8) {
      _mm256_storeu_ps(y + i, f);
    } else {
      _mm256_maskstore_ps(y + i, mask, f);
    }
  }
}

StripFunction to_f32(DType from) {
  switch (from) {
    case DType::kF32: return copy_f32_avx2;
    case DType::kU8: return u8_to_f32;
    case DType::kI32: return word_to_f32<true>;
    case DType::kU32: return word_to_f32<false>;
    default: return nullptr;
  }
}

// Towards zero, to the nearest end of the range beyond it; NaN gives 0. The conversion gives 2^31
// for whatever it cannot hold.
ASSAY_AVX2_INLINE __m256i i32_lanes(__m256 v) {
  const __m256 large = _mm256_cmp_ps(v, _mm256_set1_ps(0x1p31F), _CMP_GE_OQ);
  const __m256 number = _mm256_cmp_ps(v, v, _CMP_ORD_Q);
  const __m256i converted =
      _mm256_xor_si256(_mm256_cvttps_epi32(v), _mm256_castps_si256(large));  // 2^31 - 1
  return _mm256_and_si256(converted, _mm256_castps_si256(number));
}
ASSAY_AVX2_INLINE __m256i u32_lanes(__m256 v) {
  const __m256 positive = _mm256_max_ps(v, _mm256_setzero_ps());  // 0 for NaN
  const __m256 half = _mm256_set1_ps(0x1p31F);
  const __m256 upper = _mm256_cmp_ps(positive, half, _CMP_GE_OQ);
  const __m256 over = _mm256_cmp_ps(positive, _mm256_set1_ps(0x1p32F), _CMP_GE_OQ);
  const __m256 low = _mm256_sub_ps(positive, _mm256_and_ps(upper, half));  // exact
  const __m256i top = _mm256_slli_epi32(_mm256_castps_si256(upper), 31);
  return _mm256_or_si256(_mm256_or_si256(_mm256_cvttps_epi32(low), top), _mm256_castps_si256(over));
}

template <bool is_signed>
ASSAY_AVX2 void f32_to_word(void* out, const void* const* in, std::size_t n) {
  const float* a = lanes(in[0]);
  auto* y = static_cast<int*>(out);
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i mask = first_lanes(n - i < 8 ? n - i : 8);
    const __m256 v = _mm256_maskload_ps(a + i, mask);
    _mm256_maskstore_epi32(y + i, mask, is_signed ? i32_lanes(v) : u32_lanes(v));
  }
}

ASSAY_AVX2 void f32_to_u8(void* out, const void* const* in, std::size_t n) {
  const float* a = lanes(in[0]);
  auto* y = static_cast<std::uint8_t*>(out);
  for (std::size_t i = 0; i < n; i += 8) {
    const std::size_t count = n - i < 8 ? n - i : 8;
    const __m256 v = _mm256_maskload_ps(a + i, first_lanes(count));
    const __m256 positive = _mm256_max_ps(v, _mm256_setzero_ps());  // 0 for NaN
    const __m256i words = _mm256_cvttps_epi32(_mm256_min_ps(positive, _mm256_set1_ps(255)));
    const __m128i halves =
        _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    const std::int64_t bytes = _mm_cvtsi128_si64(_mm_packus_epi16(halves, halves));
    std::memcpy(y + i, &bytes, count);
  }
}

StripFunction from_f32(DType to) {
  switch (to) {
    case DType::kU8: return f32_to_u8;
    case DType::kI32: return f32_to_word<true>;
    case DType::kU32: return f32_to_word<false>;
    default: return nullptr;
  }
}

}  // namespace

void copy_f32_avx2(void* out, const void* const* in, std::size_t n) {
  strip1<OpCode::kReshape>(out, in, n);
}

StripFunction avx2_strip(const NodeSpec& spec) {
  switch (spec.op) {
    case OpCode::kReshape:
    case OpCode::kCast:
      if (spec.output.dtype == DType::kF32) return to_f32(spec.operands[0].dtype);
      return spec.operands[0].dtype == DType::kF32 ? from_f32(spec.output.dtype) : nullptr;
    case OpCode::kNeg: return strip1<OpCode::kNeg>;
    case OpCode::kRelu: return strip1<OpCode::kRelu>;
    default: return nullptr;
  }
}

#else
void copy_f32_avx2(void* out, const void* const* in, std::size_t n) { copy_f32_scalar(out, in, n); }
StripFunction avx2_strip(const NodeSpec&) { return nullptr; }
#endif

}  // namespace assay::numerics::internal
