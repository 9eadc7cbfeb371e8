// Philox on eight lanes: the shuffle's rounds, and uniform numbers.
#include "internal/avx2_bits.hpp"
#include "internal/random.hpp"

namespace assay::numerics::internal {

#if defined(__x86_64__)
namespace {

ASSAY_AVX2_INLINE __m256i splat(std::uint32_t v) { return _mm256_set1_epi32(static_cast<int>(v)); }

// Upper words of the eight products.
ASSAY_AVX2_INLINE __m256i multiply_upper(__m256i a, __m256i m) {
  const __m256i even = _mm256_srli_epi64(_mm256_mul_epu32(a, m), 32);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), m);
  return _mm256_blend_epi32(even, odd, 0xaa);
}

struct Words8 {
  __m256i c0, c1, c2, c3;
};

// philox4x32_10 of eight counters.
ASSAY_AVX2_INLINE Words8 philox8(Words8 c, PhiloxKey key) {
  const __m256i m0 = splat(0xD251'1F53);
  const __m256i m1 = splat(0xCD9E'8D57);
  for (int round = 0; round < 10; ++round) {
    const __m256i high0 = multiply_upper(c.c0, m0);
    const __m256i low0 = _mm256_mullo_epi32(c.c0, m0);
    const __m256i high1 = multiply_upper(c.c2, m1);
    const __m256i low1 = _mm256_mullo_epi32(c.c2, m1);
    c.c0 = _mm256_xor_si256(_mm256_xor_si256(high1, c.c1), splat(key[0]));
    c.c2 = _mm256_xor_si256(_mm256_xor_si256(high0, c.c3), splat(key[1]));
    c.c1 = low1;
    c.c3 = low0;
    key[0] += 0x9E37'79B9;
    key[1] += 0xBB67'AE85;
  }
  return c;
}

// The upper 24 bits as a multiple of 2^-24: both steps are exact.
ASSAY_AVX2_INLINE __m256 uniform8(__m256i words) {
  return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_srli_epi32(words, 8)), _mm256_set1_ps(0x1p-24F));
}

}  // namespace

ASSAY_AVX2 std::size_t shuffle_avx2(PhiloxKey key, std::uint64_t epoch, std::uint64_t n,
                                    const std::array<std::uint64_t, kShuffleRounds>& offsets,
                                    std::uint32_t* positions, std::size_t count) {
  const __m256i size = splat(low_word(n));
  const __m256i one = _mm256_set1_epi32(1);
  std::size_t done = 0;
  for (; done + 8 <= count; done += 8) {
    auto* at = reinterpret_cast<__m256i*>(positions + done);
    __m256i x = _mm256_loadu_si256(at);
    for (std::uint32_t round = 0; round < kShuffleRounds; ++round) {
      __m256i partner = _mm256_sub_epi32(splat(low_word(offsets[round])), x);
      // Signed: both are below 2^31.
      partner = _mm256_add_epi32(partner, _mm256_and_si256(_mm256_srai_epi32(partner, 31), size));
      const __m256i larger = _mm256_max_epu32(partner, x);
      const __m256i word =
          philox8({splat(low_word(epoch)), splat(high_word(epoch)), larger, splat(2 * round + 1)},
                  key)
              .c0;
      const __m256i keep = _mm256_cmpeq_epi32(_mm256_and_si256(word, one), _mm256_setzero_si256());
      x = _mm256_blendv_epi8(partner, x, keep);
    }
    _mm256_storeu_si256(at, x);
  }
  return done;
}

ASSAY_AVX2 std::size_t uniform_avx2(PhiloxKey key, std::uint64_t t, std::uint64_t first_block,
                                    std::size_t blocks, std::uint32_t* out) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  std::size_t done = 0;
  for (; done + 8 <= blocks; done += 8) {
    const std::uint64_t block = first_block + done;
    if (low_word(block) > 0xffff'fff8) break;  // the upper word of the counter would change
    const Words8 words =
        philox8({splat(low_word(t)), splat(high_word(t)),
                 _mm256_add_epi32(splat(low_word(block)), lane), splat(high_word(block))},
                key);
    const __m256 w0 = uniform8(words.c0);
    const __m256 w1 = uniform8(words.c1);
    const __m256 w2 = uniform8(words.c2);
    const __m256 w3 = uniform8(words.c3);
    // Four words of a lane side by side.
    const __m256 low01 = _mm256_unpacklo_ps(w0, w1);
    const __m256 high01 = _mm256_unpackhi_ps(w0, w1);
    const __m256 low23 = _mm256_unpacklo_ps(w2, w3);
    const __m256 high23 = _mm256_unpackhi_ps(w2, w3);
    const __m256 lanes04 = _mm256_shuffle_ps(low01, low23, 0x44);
    const __m256 lanes15 = _mm256_shuffle_ps(low01, low23, 0xee);
    const __m256 lanes26 = _mm256_shuffle_ps(high01, high23, 0x44);
    const __m256 lanes37 = _mm256_shuffle_ps(high01, high23, 0xee);
    auto* to = reinterpret_cast<float*>(out + 4 * done);
    _mm256_storeu_ps(to, _mm256_permute2f128_ps(lanes04, lanes15, 0x20));
    _mm256_storeu_ps(to + 8, _mm256_permute2f128_ps(lanes26, lanes37, 0x20));
    _mm256_storeu_ps(to + 16, _mm256_permute2f128_ps(lanes04, lanes15, 0x31));
    _mm256_storeu_ps(to + 24, _mm256_permute2f128_ps(lanes26, lanes37, 0x31));
  }
  return done;
}
#else
std::size_t shuffle_avx2(PhiloxKey, std::uint64_t, std::uint64_t,
                         const std::array<std::uint64_t, kShuffleRounds>&, std::uint32_t*,
                         std::size_t) {
  return 0;
}
std::size_t uniform_avx2(PhiloxKey, std::uint64_t, std::uint64_t, std::size_t, std::uint32_t*) {
  return 0;
}
#endif

}  // namespace assay::numerics::internal
