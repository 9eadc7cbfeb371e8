// What functions are written over: a set of lanes `L` with L::Float (L::kCount binary32), L::Double
// (as many binary64, with + - * / and fma), L::Word (as many 64-bit patterns) and L::Mask. A header
// of an instruction set (lanes_avx2.hpp) gives one, and ASSAY_LANES, the attributes of the
// functions for it; it is included first. Every operation rounds as IEEE 754 says, so each set
// gives the same bits; only L::estimate_rsqrt is a processor's own.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace assay::numerics::internal {

// Eight patterns of 64 bits, and their halves for sets that look up 32 bits.
struct Table8 {
  alignas(64) std::uint64_t whole[8];
  alignas(32) std::uint32_t low[8];
  alignas(32) std::uint32_t high[8];
};
constexpr Table8 table_of_words(const std::uint64_t (&values)[8]) {
  Table8 t{};
  for (int i = 0; i < 8; ++i) {
    t.whole[i] = values[i];
    t.low[i] = static_cast<std::uint32_t>(values[i]);
    t.high[i] = static_cast<std::uint32_t>(values[i] >> 32);
  }
  return t;
}
constexpr Table8 table_of_doubles(const double (&values)[8]) {
  std::uint64_t bits[8]{};
  for (int i = 0; i < 8; ++i) bits[i] = std::bit_cast<std::uint64_t>(values[i]);
  return table_of_words(bits);
}

// Two of a kind, worked on in turns: while one waits for a result the other computes.
template <class V>
struct Pair {
  V a, b;
  ASSAY_LANES Pair(V first, V second) : a(first), b(second) {}
  ASSAY_LANES Pair(double both) requires std::is_constructible_v<V, double> : a(both), b(both) {}
  ASSAY_LANES friend Pair operator+(Pair x, Pair y) { return {x.a + y.a, x.b + y.b}; }
  ASSAY_LANES friend Pair operator-(Pair x, Pair y) { return {x.a - y.a, x.b - y.b}; }
  ASSAY_LANES friend Pair operator*(Pair x, Pair y) { return {x.a * y.a, x.b * y.b}; }
  ASSAY_LANES friend Pair operator/(Pair x, Pair y) { return {x.a / y.a, x.b / y.b}; }
  ASSAY_LANES friend Pair operator&(Pair x, Pair y) { return {x.a & y.a, x.b & y.b}; }
  ASSAY_LANES friend Pair operator|(Pair x, Pair y) { return {x.a | y.a, x.b | y.b}; }
  ASSAY_LANES friend Pair operator^(Pair x, Pair y) { return {x.a ^ y.a, x.b ^ y.b}; }
  ASSAY_LANES Pair operator-() const { return {-a, -b}; }
  ASSAY_LANES friend Pair fma(Pair x, Pair y, Pair z) {
    return {fma(x.a, y.a, z.a), fma(x.b, y.b, z.b)};
  }
};

template <class L>
struct Twice {
  static constexpr std::size_t kCount = 2 * L::kCount;
  static constexpr std::size_t kHalf = L::kCount;
  using Float = Pair<typename L::Float>;
  using Double = Pair<typename L::Double>;
  using Word = Pair<typename L::Word>;
  using Mask = Pair<typename L::Mask>;

  ASSAY_LANES static Float load(const float* p) { return {L::load(p), L::load(p + kHalf)}; }
  ASSAY_LANES static void store(float* p, Float v) { L::store(p, v.a), L::store(p + kHalf, v.b); }
  ASSAY_LANES static Double widen(Float x) { return {L::widen(x.a), L::widen(x.b)}; }
  ASSAY_LANES static Float narrow(Double x) { return {L::narrow(x.a), L::narrow(x.b)}; }
  ASSAY_LANES static Word bits(Double x) { return {L::bits(x.a), L::bits(x.b)}; }
  ASSAY_LANES static Double from_bits(Word x) { return {L::from_bits(x.a), L::from_bits(x.b)}; }
  ASSAY_LANES static Word word(std::uint64_t x) { return {L::word(x), L::word(x)}; }
  template <unsigned count>
  ASSAY_LANES static Word shift_left(Word x) {
    return {L::template shift_left<count>(x.a), L::template shift_left<count>(x.b)};
  }
  template <unsigned count>
  ASSAY_LANES static Word shift_right(Word x) {
    return {L::template shift_right<count>(x.a), L::template shift_right<count>(x.b)};
  }
  template <std::uint64_t mask>
  ASSAY_LANES static unsigned zero_lanes(Word x) {
    return L::template zero_lanes<mask>(x.a) | L::template zero_lanes<mask>(x.b) << kHalf;
  }
  ASSAY_LANES static Word lookup(const Table8& table, Word index) {
    return {L::lookup(table, index.a), L::lookup(table, index.b)};
  }
  ASSAY_LANES static Float clamp(Float x, float low, float high) {
    return {L::clamp(x.a, low, high), L::clamp(x.b, low, high)};
  }
  ASSAY_LANES static Float magnitude(Float x) { return {L::magnitude(x.a), L::magnitude(x.b)}; }
  ASSAY_LANES static Float with_sign(Float x, Float y) {
    return {L::with_sign(x.a, y.a), L::with_sign(x.b, y.b)};
  }
  ASSAY_LANES static Float canonical(Float x) { return {L::canonical(x.a), L::canonical(x.b)}; }
  ASSAY_LANES static Float sqrt(Float x) { return {L::sqrt(x.a), L::sqrt(x.b)}; }
  ASSAY_LANES static Mask not_below(Float x, float bound) {
    return {L::not_below(x.a, bound), L::not_below(x.b, bound)};
  }
  ASSAY_LANES static Mask not_positive(Float x) {
    return {L::not_positive(x.a), L::not_positive(x.b)};
  }
  ASSAY_LANES static unsigned lanes(Mask m) { return L::lanes(m.a) | L::lanes(m.b) << kHalf; }
  ASSAY_LANES static Float estimate_rsqrt(Float x) {
    return {L::estimate_rsqrt(x.a), L::estimate_rsqrt(x.b)};
  }
  ASSAY_LANES static Mask no_estimate(Float x) {
    return {L::no_estimate(x.a), L::no_estimate(x.b)};
  }
};

}  // namespace assay::numerics::internal
