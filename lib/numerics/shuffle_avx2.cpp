// Philox and the shuffle's rounds on eight lanes.
#include "internal/avx2_bits.hpp"
#include "internal/shuffle.hpp"

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

// Word 0 of philox4x32_10 with counter (c0, c1, c2, c3).
ASSAY_AVX2_INLINE __m256i philox_word0(__m256i c0, __m256i c1, __m256i c2, __m256i c3,
                                       PhiloxKey key) {
  const __m256i m0 = splat(0xD251'1F53);
  const __m256i m1 = splat(0xCD9E'8D57);
  for (int round = 0; round < 10; ++round) {
    const __m256i high0 = multiply_upper(c0, m0);
    const __m256i low0 = _mm256_mullo_epi32(c0, m0);
    const __m256i high1 = multiply_upper(c2, m1);
    const __m256i low1 = _mm256_mullo_epi32(c2, m1);
    c0 = _mm256_xor_si256(_mm256_xor_si256(high1, c1), splat(key[0]));
    c2 = _mm256_xor_si256(_mm256_xor_si256(high0, c3), splat(key[1]));
    c1 = low1;
    c3 = low0;
    key[0] += 0x9E37'79B9;
    key[1] += 0xBB67'AE85;
  }
  return c0;
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
      const __m256i word = philox_word0(splat(low_word(epoch)), splat(high_word(epoch)), larger,
                                        splat(2 * round + 1), key);
      const __m256i keep = _mm256_cmpeq_epi32(_mm256_and_si256(word, one), _mm256_setzero_si256());
      x = _mm256_blendv_epi8(partner, x, keep);
    }
    _mm256_storeu_si256(at, x);
  }
  return done;
}
#else
std::size_t shuffle_avx2(PhiloxKey, std::uint64_t, std::uint64_t,
                         const std::array<std::uint64_t, kShuffleRounds>&, std::uint32_t*,
                         std::size_t) {
  return 0;
}
#endif

}  // namespace assay::numerics::internal
