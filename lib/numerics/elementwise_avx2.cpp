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

}  // namespace

void copy_f32_avx2(void* out, const void* const* in, std::size_t n) {
  strip1<OpCode::kReshape>(out, in, n);
}

StripFunction avx2_strip(const NodeSpec& spec) {
  switch (spec.op) {
    case OpCode::kReshape:
    case OpCode::kCast:
      return spec.output.dtype == DType::kF32 ? to_f32(spec.operands[0].dtype) : nullptr;
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
