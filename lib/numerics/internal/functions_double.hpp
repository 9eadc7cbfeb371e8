// exp, log, tanh, erf, sin, cos, rsqrt and sigmoid of binary32, each a fixed sequence of binary64
// operations that ends in one rounding, written once over lanes (lanes.hpp). The result of a lane
// that is not called doubtful is correctly rounded: an error bound says so where the function looks
// for rounding boundaries, and for every function numerics_exhaustive_tests, which visit all 2^32
// inputs. A doubtful lane is left to the integer path.
//
// The polynomials are minimax ones; lib/numerics/generate_functions.py finds every number here.
#pragma once

#include "assay/numerics/arithmetic_integer.hpp"
#include "internal/functions.hpp"
#include "internal/lanes.hpp"

namespace assay::numerics::internal {

// 1.5 * 2^52: adding it rounds to an integer, which then stands in the lowest bits.
inline constexpr double kToInteger = 0x1.8p52;

// c[first] + c[first + 1] x + ..., by Horner's rule.
template <class L, std::size_t first = 0, std::size_t n>
ASSAY_LANES typename L::Double polynomial(typename L::Double x, const double (&c)[n]) {
  if constexpr (first + 1 == n) {
    return c[first];
  } else {
    return fma(polynomial<L, first + 1>(x, c), x, c[first]);
  }
}

// c[first] + c[first + 2] x + c[first + 4] x^2 + ...
template <class L, std::size_t first, std::size_t n>
ASSAY_LANES typename L::Double every_other(typename L::Double x, const double (&c)[n]) {
  if constexpr (first + 2 >= n) {
    return c[first];
  } else {
    return fma(every_other<L, first + 2>(x, c), x, c[first]);
  }
}

// The same by even and odd powers: a shorter chain of dependent operations.
template <class L, std::size_t n>
ASSAY_LANES typename L::Double long_polynomial(typename L::Double x, const double (&c)[n]) {
  const auto square = x * x;
  return fma(every_other<L, 1>(square, c), x, every_other<L, 0>(square, c));
}

// The lanes whose y lies within `ulps` (a power of two) of half way between two binary32 that are
// not subnormal: with an error below that, the others round right.
template <class L, std::uint64_t ulps>
ASSAY_LANES unsigned near_boundary(typename L::Double y) {
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 28;
  constexpr std::uint64_t kDropped = 2 * kHalf - 1;  // the bits that binary32 lacks
  return L::template zero_lanes<kDropped & ~(2 * ulps - 1)>(L::bits(y) + L::word(ulps - kHalf));
}

// --- exp -------------------------------------------------------------------------------------

inline constexpr double kEighthsPerLn2 = 0x1.71547652b82fep+3;  // 8 / ln 2
inline constexpr double kLn2EighthHigh = 0x1.62e42fefa39efp-4;
inline constexpr double kLn2EighthLow = 0x1.abc9e3b39803fp-59;

// 2^(j/8), less j in the bits that a shifted exponent will bring there.
inline constexpr Table8 kEighthPowers = table_of_words(
    {0x3ff0000000000000, 0x3fef72b83c7d517b, 0x3fef06fe0a31b715, 0x3feebfdad5362a27,
     0x3feea09e667f3bcd, 0x3feeace5422aa0db, 0x3feee89f995ad3ad, 0x3fef5818dcfba487});

// (e^r - 1 - r) / r^2 on |r| <= ln 2 / 16; the error of r + r^2 Q(r) is 2^-53 r, of
// the short one 2^-44 r.
inline constexpr double kExpPolynomial[] = {0x1.00000000000a1p-1,  0x1.5555555555624p-3,
                                            0x1.5555554ad5e7ep-5,  0x1.11111108fad5ep-7,
                                            0x1.6c1c387fac5b8p-10, 0x1.a0201d8b5ef8cp-13};
inline constexpr double kShortExpPolynomial[] = {0x1.00000000000d4p-1, 0x1.5555554afd198p-3,
                                                 0x1.5555554876b9ap-5, 0x1.11156a7c1914dp-7,
                                                 0x1.6c1cc76ae0e6fp-10};

// e^x = scale * (1 + growth)
template <class L>
struct Power {
  typename L::Double scale, growth;
};

// |x| <= 105, or NaN, which gives NaN. The error relative to e^x is about 2^-53; short: below
// 2^-46.
template <class L, bool is_short = false>
ASSAY_LANES Power<L> power_of_e(typename L::Double x) {
  using Double = typename L::Double;
  const Double shifted = fma(x, kEighthsPerLn2, kToInteger);
  const Double k = shifted - kToInteger;
  const auto eighths = L::bits(shifted);
  const auto scale = L::lookup(kEighthPowers, eighths) + L::template shift_left<49>(eighths);
  Double r = fma(k, -kLn2EighthHigh, x);
  if constexpr (is_short) {
    return {L::from_bits(scale), fma(r * r, polynomial<L>(r, kShortExpPolynomial), r)};
  } else {
    r = fma(k, -kLn2EighthLow, r);
    return {L::from_bits(scale), fma(r * r, polynomial<L>(r, kExpPolynomial), r)};
  }
}

template <class L>
struct Exp {
  ASSAY_LANES static typename L::Float of(typename L::Float x) {
    // Beyond these the result is 0 and infinity.
    const Power<L> p = power_of_e<L>(L::widen(L::clamp(x, -104.5F, 89.5F)));
    return L::canonical(L::narrow(fma(p.scale, p.growth, p.scale)));
  }
};

template <class L>
struct Sigmoid {
  ASSAY_LANES static typename L::Float of(typename L::Float x, unsigned& doubtful) {
    // 1 / (1 + e^-x)
    const Power<L> p = power_of_e<L, true>(-L::widen(x));
    const auto y = 1.0 / (fma(p.scale, p.growth, p.scale) + 1.0);
    // Below -87 results are subnormal, with boundaries elsewhere.
    doubtful = near_boundary<L, 256>(y) | L::lanes(L::not_below(L::magnitude(x), 87.0F));
    return L::narrow(y);
  }
};

template <class L>
struct Tanh {
  ASSAY_LANES static typename L::Float of(typename L::Float x) {
    // With t = e^(2|x|) - 1 it is t / (t + 2); beyond 10 it is 1.
    const auto a = L::widen(L::clamp(L::magnitude(x), 0.0F, 10.0F));
    const Power<L> p = power_of_e<L>(a + a);
    const auto t = fma(p.scale, p.growth, p.scale - 1.0);
    return L::canonical(L::with_sign(L::narrow(t / (t + 2.0)), x));
  }
};

// --- log -------------------------------------------------------------------------------------

inline constexpr double kLn2High = 0x1.62e42fefa3a00p-1;  // a multiple of 2^-44
inline constexpr double kLn2Low = -0x1.0ca86c3898d00p-49;

// For each eighth of [0.71875, 1.4375), by mantissa bits: 1/c near its middle, and log c, a
// multiple of 2^-44 to within 2^-65. Around 1 both are exact.
inline constexpr Table8 kReciprocals = table_of_doubles(
    {0x1.554f9961aa0bfp+0, 0x1.3b14076281ea2p+0, 0x1.249f8cdf411b8p+0, 0x1.1116711e9c0e3p+0, 1.0,
     0x1.c7139c87b8fd4p-1, 0x1.9997f19a75142p-1, 0x1.744a8647f6c65p-1});
inline constexpr Table8 kLogarithms = table_of_doubles(
    {-0x1.2684ed134dc00p-2, -0x1.a94103c8ad800p-3, -0x1.11d5c0227e800p-3, -0x1.08aa2b59e4000p-4,
     0.0, 0x1.e2bff6e2af000p-4, 0x1.c907c479a9800p-3, 0x1.464bcc21c6000p-2});

// (log(1 + r) - r) / r^2 on [-0.0557, 1/16]; the error of r + r^2 Q(r) is 2^-48 r.
inline constexpr double kLogPolynomial[] = {
    -0x1.fffffffffe4c1p-2, 0x1.555555558eed3p-2, -0x1.0000001c5eec4p-2, 0x1.999996129d983p-3,
    -0x1.55546135eca98p-3, 0x1.2499d9c53454fp-3, -0x1.0182f40a526dbp-3, 0x1.be7eeebe58ebfp-4};

template <class L>
struct Log {
  ASSAY_LANES static typename L::Float of(typename L::Float x, unsigned& doubtful) {
    constexpr std::uint64_t kOneBits = 0x3ff0'0000'0000'0000;
    // x = 2^k z with z in [0.71875, 1.4375); its eighth is in bits 49 to 51 of `shifted`.
    const auto bits = L::bits(L::widen(x));
    const auto shifted = bits + L::word(0x0009'0000'0000'0000);
    const auto z = (bits + L::word(kOneBits)) - (shifted & L::word(0xfff0'0000'0000'0000));
    // An exponent field below the exponent of 2^52 is an integer.
    const auto field = L::template shift_right<52>(shifted) | L::word(0x4330'0000'0000'0000);
    const auto k = L::from_bits(field) - (0x1p52 + 1023.0);
    const auto eighth = L::template shift_right<49>(shifted);
    const auto reciprocal = L::from_bits(L::lookup(kReciprocals, eighth));
    const auto logarithm = L::from_bits(L::lookup(kLogarithms, eighth));
    const auto r = fma(L::from_bits(z), reciprocal, -1.0);
    const auto high = fma(k, kLn2High, logarithm);  // exact
    const auto low = fma(r * r, polynomial<L>(r, kLogPolynomial), fma(k, kLn2Low, r));
    const auto y = high + low;
    doubtful = near_boundary<L, 256>(y) | L::lanes(L::not_positive(x));
    return L::narrow(y);
  }
};

// --- sin and cos -----------------------------------------------------------------------------

inline constexpr double kPerPi = 0x1.45f306dc9c883p-2;
inline constexpr double kPiHigh = 0x1.921fb54442d18p+1;
inline constexpr double kPiLow = 0x1.1a62633145c07p-53;

// (sin(r) / r - 1) / r^2 as a polynomial of r^2, on |r| <= pi/2; relative error 2^-43.
inline constexpr double kSinPolynomial[] = {-0x1.5555555547140p-3,  0x1.1111110a5593bp-7,
                                            -0x1.a019fd5950e2bp-13, 0x1.71dcf84bdce5ep-19,
                                            -0x1.ae03f841fd782p-26, 0x1.52dbec6a3fd8dp-33};

// sin(x) for `half` 0, cos(x) for 1/2: with k such that |r| <= pi/2 in x = (k + half) pi + r it is
// sin(r), negated for an odd k (cos: for an even one).
template <class L, bool is_cos>
struct Circular {
  ASSAY_LANES static typename L::Float of(typename L::Float x, unsigned& doubtful) {
    using Double = typename L::Double;
    const Double d = L::widen(x);
    const Double shifted = is_cos ? fma(d, kPerPi, -0.5) + kToInteger : fma(d, kPerPi, kToInteger);
    Double k = shifted - kToInteger;
    if constexpr (is_cos) k = k + 0.5;
    const Double r = fma(k, -kPiLow, fma(k, -kPiHigh, d));
    const Double square = r * r;
    // A product, which keeps the sign of zero.
    const Double y = r * fma(square, polynomial<L>(square, kSinPolynomial), 1.0);
    auto sign = L::template shift_left<63>(L::bits(shifted));
    if constexpr (is_cos) sign = sign ^ L::word(std::uint64_t{1} << 63);
    // Two parts of pi are enough below 2^22.
    doubtful = near_boundary<L, 1024>(y) | L::lanes(L::not_below(L::magnitude(x), 0x1p22F));
    return L::narrow(L::from_bits(L::bits(y) ^ sign));
  }
};
template <class L>
using Sin = Circular<L, false>;
template <class L>
using Cos = Circular<L, true>;

// --- erf -------------------------------------------------------------------------------------

inline constexpr float kErfEnd = 3.925F;                   // from there on erf rounds to 1
inline constexpr double kErfScale = 0x1.09e07d4b64015p-3;  // 2 / 3.925^2

// erf(x) / x as a polynomial of 2 x^2 / kErfEnd^2 - 1, on |x| <= kErfEnd; relative error 2^-54.
inline constexpr double kErfPolynomial[] = {
    0x1.70ecb32aa2ed5p-2,  -0x1.70672179bde76p-3,  0x1.124aeb4fbbb01p-3,  -0x1.bed5d51c74409p-4,
    0x1.731bf972a246cp-4,  -0x1.2f62896b54bb6p-4,  0x1.dd9a3bd8c6b68p-5,  -0x1.64fe300c16672p-5,
    0x1.f6cc406a20daap-6,  -0x1.4c4ed617f23e5p-6,  0x1.9bc4814c3b244p-7,  -0x1.de865bce149cp-8,
    0x1.0527118ff7a65p-8,  -0x1.0c3fc042feea1p-9,  0x1.03e01846afe36p-10, -0x1.dbfbf37985529p-12,
    0x1.9d127e9516bccp-13, -0x1.5496bcb2c8ba9p-14, 0x1.0af8eba5ef354p-15, -0x1.8d5b4287e7191p-17,
    0x1.1cec41dcce06dp-18, -0x1.93aa7337b1e3cp-20, 0x1.03be7ccd36bb2p-21, -0x1.065e6e17969ffp-23,
    0x1.599c56172ea68p-25, -0x1.78dc97b566fedp-26, 0x1.84cd7078b96e8p-28};

template <class L>
struct Erf {
  ASSAY_LANES static typename L::Float of(typename L::Float x) {
    const auto d = L::widen(L::clamp(x, -kErfEnd, kErfEnd));
    const auto t = fma(d * d, kErfScale, -1.0);
    return L::canonical(L::narrow(d * long_polynomial<L>(t, kErfPolynomial)));
  }
};

// --- rsqrt and sqrt ----------------------------------------------------------------------------

// Of the error e = 1 - x y^2 of an estimate y: (1 / sqrt(1 - e) - 1) / e.
inline constexpr double kRsqrtSeries[] = {1.0 / 2, 3.0 / 8, 5.0 / 16, 35.0 / 128};

template <class L>
struct Sqrt {
  ASSAY_LANES static typename L::Float of(typename L::Float x) { return L::canonical(L::sqrt(x)); }
};

// The estimate may differ between processors; the result does not: its relative error is below
// 2^-52, and no 1/sqrt(x) lies nearer than that to a rounding boundary.
template <class L>
struct Rsqrt {
  ASSAY_LANES static typename L::Float of(typename L::Float x, unsigned& doubtful) {
    const auto d = L::widen(x);
    const auto y = L::widen(L::estimate_rsqrt(x));
    const auto e = fma(d * y, -y, 1.0);
    doubtful = L::lanes(L::no_estimate(x));
    return L::narrow(fma(y * e, polynomial<L>(e, kRsqrtSeries), y));
  }
};

// --- strips ------------------------------------------------------------------------------------

// One vector's results, those of doubtful lanes by the integer path; `count` of them count.
template <class L, class Function>
ASSAY_LANES typename L::Float value_of(typename L::Float x, Exact exact, std::size_t count) {
  if constexpr (requires { Function::of(x); }) {
    return Function::of(x);
  } else {
    unsigned doubtful = 0;
    const typename L::Float y = Function::of(x, doubtful);
    doubtful &= static_cast<unsigned>((std::uint64_t{1} << count) - 1);
    if (doubtful == 0) [[likely]]
      return y;
    float in[L::kCount];
    float out[L::kCount];
    L::store(in, x);
    L::store(out, y);
    repair(out, in, doubtful, exact);
    return L::load(out);
  }
}

// The strip of a function, which is a template over lanes: `Wide` ones, then some of `L`'s.
template <class L, class Wide, template <class> class Function>
ASSAY_LANES void run_strip(void* out, const void* const* in, std::size_t n, Exact exact) {
  const auto* x = static_cast<const float*>(in[0]);
  auto* y = static_cast<float*>(out);
  std::size_t i = 0;
  for (; i + Wide::kCount <= n; i += Wide::kCount) {
    const auto v = Wide::load(x + i);
    Wide::store(y + i, value_of<Wide, Function<Wide>>(v, exact, Wide::kCount));
  }
  for (; i < n; i += L::kCount) {
    const std::size_t count = n - i < L::kCount ? n - i : L::kCount;
    const auto v = L::load_first(x + i, count);
    L::store_first(y + i, value_of<L, Function<L>>(v, exact, count), count);
  }
}

// The strip of a unary function; null for other operators. Family::strip<Function, exact> is
// run_strip, compiled for the lanes.
template <class Family>
StripFunction strip_of_function(OpCode op) {
  switch (op) {
    case OpCode::kSqrt: return Family::template strip<Sqrt, IntegerArithmetic::sqrt>;
    case OpCode::kExp: return Family::template strip<Exp, IntegerArithmetic::exp>;
    case OpCode::kLog: return Family::template strip<Log, IntegerArithmetic::log>;
    case OpCode::kTanh: return Family::template strip<Tanh, IntegerArithmetic::tanh>;
    case OpCode::kErf: return Family::template strip<Erf, IntegerArithmetic::erf>;
    case OpCode::kSin: return Family::template strip<Sin, IntegerArithmetic::sin>;
    case OpCode::kCos: return Family::template strip<Cos, IntegerArithmetic::cos>;
    case OpCode::kRsqrt: return Family::template strip<Rsqrt, IntegerArithmetic::rsqrt>;
    case OpCode::kSigmoid: return Family::template strip<Sigmoid, IntegerArithmetic::sigmoid>;
    default: return nullptr;
  }
}

}  // namespace assay::numerics::internal
