// SHA-256 with the x86 SHA extensions. One sha256rnds2 waits for the one before, so a single
// message leaves the unit half idle; several messages side by side fill it.
#include "internal/sha256_kernels.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

namespace assay::crypto::internal {

namespace {

#define ASSAY_SHA_NI gnu::target("sha,sse4.1,ssse3")

// The instructions want the state as ABEF and CDGH.
template <int N>
struct Lanes {
  __m128i abef[N];
  __m128i cdgh[N];
};

template <int N>
[[ASSAY_SHA_NI, gnu::always_inline]] inline void load_states(const std::uint32_t* const* states,
                                                             Lanes<N>& lanes) {
#pragma GCC unroll 4
  for (int s = 0; s < N; ++s) {
    const __m128i dcba = _mm_loadu_si128(reinterpret_cast<const __m128i*>(states[s]));
    const __m128i hgfe = _mm_loadu_si128(reinterpret_cast<const __m128i*>(states[s] + 4));
    const __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1);
    const __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1B);
    lanes.abef[s] = _mm_alignr_epi8(cdab, efgh, 8);
    lanes.cdgh[s] = _mm_blend_epi16(efgh, cdab, 0xF0);
  }
}

template <int N>
[[ASSAY_SHA_NI, gnu::always_inline]] inline void store_states(const Lanes<N>& lanes,
                                                              std::uint32_t* const* states) {
#pragma GCC unroll 4
  for (int s = 0; s < N; ++s) {
    const __m128i feba = _mm_shuffle_epi32(lanes.abef[s], 0x1B);
    const __m128i dchg = _mm_shuffle_epi32(lanes.cdgh[s], 0xB1);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(states[s]), _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(states[s] + 4), _mm_alignr_epi8(dchg, feba, 8));
  }
}

// Four rounds of every message; w is each message's window of the schedule, 16 words.
template <int N, int Group>
[[ASSAY_SHA_NI, gnu::always_inline]] inline void four_rounds(Lanes<N>& lanes, __m128i (&w)[N][4]) {
  const __m128i k =
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(kSha256Rounds.data() + 4 * Group));
  constexpr int kAt = Group % 4;
#pragma GCC unroll 4
  for (int s = 0; s < N; ++s) {
    const __m128i wk = _mm_add_epi32(w[s][kAt], k);
    lanes.cdgh[s] = _mm_sha256rnds2_epu32(lanes.cdgh[s], lanes.abef[s], wk);
    lanes.abef[s] =
        _mm_sha256rnds2_epu32(lanes.abef[s], lanes.cdgh[s], _mm_shuffle_epi32(wk, 0x0E));
    if constexpr (Group < 12) {
      const __m128i w1 = w[s][(kAt + 1) % 4];
      const __m128i w2 = w[s][(kAt + 2) % 4];
      const __m128i w3 = w[s][(kAt + 3) % 4];
      const __m128i sum =
          _mm_add_epi32(_mm_sha256msg1_epu32(w[s][kAt], w1), _mm_alignr_epi8(w3, w2, 4));
      w[s][kAt] = _mm_sha256msg2_epu32(sum, w3);
    }
  }
}

template <int N>
[[ASSAY_SHA_NI, gnu::always_inline]] inline void compress(std::uint32_t* const* states,
                                                          const std::uint8_t* const* blocks,
                                                          std::size_t count, std::size_t ahead) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  Lanes<N> lanes;
  load_states<N>(states, lanes);
  for (std::size_t block = 0; block < count; ++block) {
    const Lanes<N> before = lanes;
    __m128i w[N][4];
#pragma GCC unroll 4
    for (int s = 0; s < N; ++s) {
      const std::uint8_t* from = blocks[s] + 64 * block;
      if constexpr (N > 1) _mm_prefetch(reinterpret_cast<const char*>(from) + ahead, _MM_HINT_T0);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i)
        w[s][i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 16 * i)),
                                   swap);
    }
    four_rounds<N, 0>(lanes, w);
    four_rounds<N, 1>(lanes, w);
    four_rounds<N, 2>(lanes, w);
    four_rounds<N, 3>(lanes, w);
    four_rounds<N, 4>(lanes, w);
    four_rounds<N, 5>(lanes, w);
    four_rounds<N, 6>(lanes, w);
    four_rounds<N, 7>(lanes, w);
    four_rounds<N, 8>(lanes, w);
    four_rounds<N, 9>(lanes, w);
    four_rounds<N, 10>(lanes, w);
    four_rounds<N, 11>(lanes, w);
    four_rounds<N, 12>(lanes, w);
    four_rounds<N, 13>(lanes, w);
    four_rounds<N, 14>(lanes, w);
    four_rounds<N, 15>(lanes, w);
#pragma GCC unroll 4
    for (int s = 0; s < N; ++s) {
      lanes.abef[s] = _mm_add_epi32(lanes.abef[s], before.abef[s]);
      lanes.cdgh[s] = _mm_add_epi32(lanes.cdgh[s], before.cdgh[s]);
    }
  }
  store_states<N>(lanes, states);
}

}  // namespace

bool has_sha_ni() noexcept {
  // GCC 12's __builtin_cpu_supports does not know "sha": CPUID leaf 7, EBX bit 29.
  unsigned eax = 7, ebx = 0, ecx = 0, edx = 0;
  unsigned max_leaf = 0, unused_b = 0, unused_c = 0, unused_d = 0;
  __asm__("cpuid"
          : "=a"(max_leaf), "=b"(unused_b), "=c"(unused_c), "=d"(unused_d)
          : "a"(0), "c"(0));
  if (max_leaf < 7) return false;
  __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
  return (ebx >> 29 & 1) != 0 && __builtin_cpu_supports("sse4.1") &&
         __builtin_cpu_supports("ssse3");
}

[[ASSAY_SHA_NI]] void sha256_blocks_sha_ni(std::uint32_t* state8, const std::uint8_t* blocks,
                                           std::size_t count) {
  compress<1>(&state8, &blocks, count, 0);
}

[[ASSAY_SHA_NI]] void sha256_streams_sha_ni(States& states, const std::uint8_t* const* blocks,
                                            std::size_t count, std::size_t ahead) {
  std::uint32_t* const all[kStreams] = {states[0].data(), states[1].data(), states[2].data(),
                                        states[3].data()};
  compress<kStreams>(all, blocks, count, ahead);
}

// The same lines for processors whose 32 vector registers hold all four messages' schedules.
[[gnu::target("sha,avx512vl")]] void sha256_streams_sha_ni_avx512(States& states,
                                                                  const std::uint8_t* const* blocks,
                                                                  std::size_t count,
                                                                  std::size_t ahead) {
  std::uint32_t* const all[kStreams] = {states[0].data(), states[1].data(), states[2].data(),
                                        states[3].data()};
  compress<kStreams>(all, blocks, count, ahead);
}

}  // namespace assay::crypto::internal

#else

namespace assay::crypto::internal {

bool has_sha_ni() noexcept { return false; }
void sha256_blocks_sha_ni(std::uint32_t*, const std::uint8_t*, std::size_t) { __builtin_trap(); }
void sha256_streams_sha_ni(States&, const std::uint8_t* const*, std::size_t, std::size_t) {
  __builtin_trap();
}
void sha256_streams_sha_ni_avx512(States&, const std::uint8_t* const*, std::size_t, std::size_t) {
  __builtin_trap();
}

}  // namespace assay::crypto::internal

#endif
