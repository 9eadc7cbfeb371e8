// SHA-256 of sixteen messages at once, one in each lane of AVX-512. On an idle core a block takes a
// quarter longer than with the SHA extensions, but half as many instructions: where another
// hardware thread claims issue slots of the core, the extensions lose a third of their speed and
// the lanes a fourteenth.
#include "internal/sha256_kernels.hpp"

#if defined(__x86_64__)

#pragma GCC diagnostic push
#if !defined(__clang__)
// GCC 12 takes the deliberately undefined operands of its own header for mistakes (PR 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop

#include <utility>

namespace assay::crypto::internal {

namespace {

#define ASSAY_LANES gnu::target("avx512f,avx512bw,avx512vl")

constexpr int kXor = 0x96, kChoice = 0xCA, kMajority = 0xE8;

struct State {
  __m512i v[8];
};
// The schedule's last 16 words.
struct Words {
  __m512i w[16];
};
using Messages = const std::uint8_t* [kLanes];

template <int A, int B, int C>
[[ASSAY_LANES, gnu::always_inline]] inline __m512i rotations(__m512i x) {
  return _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, A), _mm512_ror_epi32(x, B),
                                   _mm512_ror_epi32(x, C), kXor);
}
template <int A, int B, int Shift>
[[ASSAY_LANES, gnu::always_inline]] inline __m512i rotations_and_shift(__m512i x) {
  return _mm512_ternarylogic_epi32(_mm512_ror_epi32(x, A), _mm512_ror_epi32(x, B),
                                   _mm512_srli_epi32(x, Shift), kXor);
}

// Instead of shifting the eight variables, a round takes them one place on.
template <int R>
[[ASSAY_LANES, gnu::always_inline]] inline void one_round(State& state, Words& words,
                                                          const std::uint32_t* constants) {
  const auto at = [](int i) { return static_cast<std::size_t>(i - R) & 7; };
  const auto near = [](int i) { return static_cast<std::size_t>(R + i) & 15; };
  __m512i(&v)[8] = state.v;
  __m512i(&w)[16] = words.w;
  const __m512i a = v[at(0)], e = v[at(4)];
  const __m512i input =
      _mm512_add_epi32(w[near(0)], _mm512_set1_epi32(static_cast<int>(constants[R])));
  const __m512i choice = _mm512_ternarylogic_epi32(e, v[at(5)], v[at(6)], kChoice);
  const __m512i t1 = _mm512_add_epi32(_mm512_add_epi32(v[at(7)], input),
                                      _mm512_add_epi32(rotations<6, 11, 25>(e), choice));
  const __m512i majority = _mm512_ternarylogic_epi32(a, v[at(1)], v[at(2)], kMajority);
  const __m512i t2 = _mm512_add_epi32(rotations<2, 13, 22>(a), majority);
  v[at(3)] = _mm512_add_epi32(v[at(3)], t1);
  v[at(7)] = _mm512_add_epi32(t1, t2);
  if constexpr (R < 48) {
    const __m512i s0 = rotations_and_shift<7, 18, 3>(w[near(1)]);
    const __m512i s1 = rotations_and_shift<17, 19, 10>(w[near(14)]);
    w[near(0)] =
        _mm512_add_epi32(_mm512_add_epi32(w[near(0)], w[near(9)]), _mm512_add_epi32(s0, s1));
  }
}

template <int... R>
[[ASSAY_LANES, gnu::always_inline]] inline void rounds(State& state, Words& words,
                                                       const std::uint32_t* constants,
                                                       std::integer_sequence<int, R...>) {
  (one_round<R>(state, words, constants), ...);
}

// Sixteen bytes of every message become four words in every lane.
template <int Column>
[[ASSAY_LANES, gnu::always_inline]] inline void turn(const __m128i (&rows)[kLanes], Words& words) {
  const __m512i swap =
      _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
  __m512i q[4];
#pragma GCC unroll 4
  for (std::size_t r = 0; r < 4; ++r) {
    __m512i x = _mm512_castsi128_si512(rows[r]);
    x = _mm512_inserti32x4(x, rows[r + 4], 1);
    x = _mm512_inserti32x4(x, rows[r + 8], 2);
    x = _mm512_inserti32x4(x, rows[r + 12], 3);
    q[r] = _mm512_shuffle_epi8(x, swap);
  }
  const __m512i low01 = _mm512_unpacklo_epi32(q[0], q[1]);
  const __m512i high01 = _mm512_unpackhi_epi32(q[0], q[1]);
  const __m512i low23 = _mm512_unpacklo_epi32(q[2], q[3]);
  const __m512i high23 = _mm512_unpackhi_epi32(q[2], q[3]);
  words.w[4 * Column] = _mm512_unpacklo_epi64(low01, low23);
  words.w[4 * Column + 1] = _mm512_unpackhi_epi64(low01, low23);
  words.w[4 * Column + 2] = _mm512_unpacklo_epi64(high01, high23);
  words.w[4 * Column + 3] = _mm512_unpackhi_epi64(high01, high23);
}

template <int Column>
[[ASSAY_LANES, gnu::always_inline]] inline void load_column(const Messages& from, std::size_t at,
                                                            Words& words) {
  __m128i rows[kLanes];
#pragma GCC unroll 16
  for (std::size_t l = 0; l < kLanes; ++l)
    rows[l] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from[l] + (at + 16 * Column)));
  turn<Column>(rows, words);
}

// The prefix and the first 15 bytes.
[[ASSAY_LANES, gnu::always_inline]] inline void load_prefixed_column(const Messages& from,
                                                                     std::uint8_t prefix,
                                                                     Words& words) {
  const __m128i head = _mm_cvtsi32_si128(prefix);
  __m128i rows[kLanes];
#pragma GCC unroll 16
  for (std::size_t l = 0; l < kLanes; ++l) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from[l]));
    rows[l] = _mm_or_si128(_mm_slli_si128(bytes, 1), head);
  }
  turn<0>(rows, words);
}

// What follows a message's last whole block, padded: one or two blocks each.
struct Ends {
  alignas(64) std::uint8_t bytes[kLanes][128];
  Messages at;
  std::size_t blocks;
};

void pad(const Messages& messages, std::uint8_t prefix, std::size_t size, Ends& ends) {
  const std::size_t rest = (size + 1) % 64;
  const bool prefixed = size < 63;  // no whole block holds the prefix
  const std::size_t copied = prefixed ? size : rest;
  ends.blocks = rest + 9 <= 64 ? 1 : 2;
  for (std::size_t l = 0; l < kLanes; ++l) {
    std::uint8_t* const to = ends.bytes[l];
    std::memset(to, 0, 64 * ends.blocks);
    to[0] = prefix;
    if (copied != 0) std::memcpy(to + (rest - copied), messages[l] + size - copied, copied);
    to[rest] = 0x80;
    store_le(to + 64 * ends.blocks - 8, __builtin_bswap64((std::uint64_t{size} + 1) * 8));
    ends.at[l] = to;
  }
}

// A last block of one byte of the message, which leaves and nodes of a tree have.
[[ASSAY_LANES, gnu::always_inline]] inline void load_short_end(const Messages& messages,
                                                               std::size_t size, Words& words) {
  alignas(64) std::uint32_t first[kLanes];
  for (std::size_t l = 0; l < kLanes; ++l)
    first[l] = std::uint32_t{messages[l][size - 1]} << 24 | 0x800000;
  words.w[0] = _mm512_load_si512(first);
  for (std::size_t i = 1; i < 14; ++i) words.w[i] = _mm512_setzero_si512();
  const std::uint64_t bits = (std::uint64_t{size} + 1) * 8;
  words.w[14] = _mm512_set1_epi32(static_cast<int>(bits >> 32));
  words.w[15] = _mm512_set1_epi32(static_cast<int>(bits & 0xffffffff));
}

template <int Half>
[[ASSAY_LANES, gnu::always_inline]] inline void store_half(const State& state, std::size_t count,
                                                           Hash256* out) {
  const __m512i swap =
      _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
  const __m512i* const v = state.v + 4 * Half;
  const __m512i low01 = _mm512_unpacklo_epi32(v[0], v[1]);
  const __m512i high01 = _mm512_unpackhi_epi32(v[0], v[1]);
  const __m512i low23 = _mm512_unpacklo_epi32(v[2], v[3]);
  const __m512i high23 = _mm512_unpackhi_epi32(v[2], v[3]);
  const __m512i rows[4] = {_mm512_unpacklo_epi64(low01, low23), _mm512_unpackhi_epi64(low01, low23),
                           _mm512_unpacklo_epi64(high01, high23),
                           _mm512_unpackhi_epi64(high01, high23)};
  for (std::size_t r = 0; r < 4; ++r) {
    const __m512i bytes = _mm512_shuffle_epi8(rows[r], swap);
    const __m128i parts[4] = {_mm512_castsi512_si128(bytes), _mm512_extracti32x4_epi32(bytes, 1),
                              _mm512_extracti32x4_epi32(bytes, 2),
                              _mm512_extracti32x4_epi32(bytes, 3)};
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t lane = 4 * k + r;
      if (lane < count)
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out[lane].bytes.data() + 16 * Half), parts[k]);
    }
  }
}

}  // namespace

bool has_avx512() noexcept {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl");
}

[[ASSAY_LANES]] void sha256_lanes_avx512(std::uint8_t prefix, const std::uint8_t* data,
                                         std::size_t size, std::size_t count, Hash256* out) {
  Messages messages;
  for (std::size_t l = 0; l < kLanes; ++l) messages[l] = data + size * (l < count ? l : 0);
  const std::size_t whole = (size + 1) / 64;
  const bool short_end = (size + 1) % 64 == 1 && whole != 0;
  Ends ends;
  ends.blocks = 1;
  if (!short_end) pad(messages, prefix, size, ends);
  // Hidden from the compiler, which would send each constant through an integer register to all
  // lanes; from memory it takes no turn of the vector unit.
  const std::uint32_t* constants = kSha256Rounds.data();
  __asm__("" : "+r"(constants));
  State state;
#pragma GCC unroll 8
  for (std::size_t i = 0; i < 8; ++i)
    state.v[i] = _mm512_set1_epi32(static_cast<int>(kSha256Initial[i]));
  for (std::size_t block = 0; block < whole + ends.blocks; ++block) {
    Words words;
    if (block >= whole && short_end) {
      load_short_end(messages, size, words);
    } else {
      const bool prefixed = block == 0 && whole != 0;
      const Messages& from = block < whole ? messages : ends.at;
      const std::size_t at = block < whole ? 64 * block - 1 : 64 * (block - whole);
      if (prefixed) {
        load_prefixed_column(from, prefix, words);
      } else {
        load_column<0>(from, at, words);
      }
      load_column<1>(from, at, words);
      load_column<2>(from, at, words);
      load_column<3>(from, at, words);
      // Messages side by side are no pattern that the processor's own prefetchers find. Those of
      // the next call, after these, would not fit into the nearest cache beside these.
      for (std::size_t l = 0; l < kLanes; ++l) {
        _mm_prefetch(reinterpret_cast<const char*>(from[l] + (at + 128)), _MM_HINT_T0);
        _mm_prefetch(reinterpret_cast<const char*>(from[l] + (at + kLanes * size)), _MM_HINT_T1);
      }
    }
    const State before = state;
    rounds(state, words, constants, std::make_integer_sequence<int, 64>{});
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) state.v[i] = _mm512_add_epi32(state.v[i], before.v[i]);
  }
  store_half<0>(state, count, out);
  store_half<1>(state, count, out);
}

}  // namespace assay::crypto::internal

#else

namespace assay::crypto::internal {

bool has_avx512() noexcept { return false; }
void sha256_lanes_avx512(std::uint8_t, const std::uint8_t*, std::size_t, std::size_t, Hash256*) {
  __builtin_trap();
}

}  // namespace assay::crypto::internal

#endif
