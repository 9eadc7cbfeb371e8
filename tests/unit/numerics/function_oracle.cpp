#include "unit/numerics/function_oracle.hpp"

#include <mpfr.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "assay/core/contract.hpp"
#include "assay/numerics/float_bits.hpp"

namespace assay::numerics::test {
namespace {

// x87's 64 bits or more; u = 2^-64. Reducing an exponent loses at most 2^9 u, erf's sum of at most
// 100 terms 2^9 u, every other sequence of operations 2^7 u, differences magnify that by at most 4,
// and every series is cut where its rest is below 2^-57 of its sum: relative errors stay below
// 2^-52.
using Long = long double;
static_assert(std::numeric_limits<Long>::digits >= 64);

__extension__ typedef unsigned __int128 Wide;
__extension__ typedef __int128 SignedWide;

constexpr Long kLn2 = 0.693147180559945309417232121458176568L;
constexpr Long kHalfPi = 1.570796326794896619231321691639751442L;
constexpr Long kTwoOverRootPi = 1.128379167095512573896158903121545172L;

template <std::size_t n>
struct Series {
  std::array<Long, n> c{};
};

// The sum of c[i] x^i.
template <std::size_t n>
Long horner(const Series<n>& s, Long x) {
  Long sum = s.c[n - 1];
  for (std::size_t i = n - 1; i-- > 0;) sum = sum * x + s.c[i];
  return sum;
}

// 1/first!, and on by `step`, with signs that alternate if the step is 2.
template <std::size_t n>
constexpr Series<n> reciprocal_factorials(int first, int step) {
  Series<n> s;
  Long factorial = 1;
  int at = 1;
  for (std::size_t i = 0; i < n; ++i) {
    for (; at <= first + step * static_cast<int>(i); ++at) factorial *= at;
    s.c[i] = (step == 2 && i % 2 == 1 ? -1 : 1) / factorial;
  }
  return s;
}
constexpr auto kExpSeries = reciprocal_factorials<18>(0, 1);    // 0.35^18 / 18! < 2^-79
constexpr auto kExpm1Series = reciprocal_factorials<20>(1, 1);  // 1 / 21! < 2^-65
constexpr auto kSinSeries = reciprocal_factorials<11>(1, 2);    // 0.62^11 / 23! < 2^-81
constexpr auto kCosSeries = reciprocal_factorials<12>(0, 2);

constexpr Series<20> kAtanhSeries = [] {  // 0.172^40 / 41 < 2^-106
  Series<20> s;
  for (int i = 0; i < 20; ++i) s.c[i] = 2.0L / (2 * i + 1);
  return s;
}();

// Beyond 200 either way no result depends on how far.
Long exponential(Long x) {
  if (x > 200) return 0x1p288L;
  if (x < -200) return 0x1p-288L;
  const Long scaled = x / kLn2;
  const int k = static_cast<int>(scaled + (scaled < 0 ? -0.5L : 0.5L));
  return std::ldexp(horner(kExpSeries, x - k * kLn2), k);
}

Long logarithm(Long x) {
  int e = 0;
  Long m = std::frexp(x, &e);  // in [1/2, 1)
  if (m < 0.7071067811865475244L) {
    m *= 2;
    --e;
  }
  const Long s = (m - 1) / (m + 1);
  return e * kLn2 + s * horner(kAtanhSeries, s * s);
}

Long hyperbolic_tangent(Long x) {
  const Long y = 2 * std::fabs(x);
  const Long grown = y < 1 ? y * horner(kExpm1Series, y) : exponential(y) - 1;
  return std::copysign(grown / (grown + 2), x);
}

// 2/sqrt(pi) x e^(-x^2) times the sum of (2 x^2)^n / (1 3 5 ... (2n+1)): nothing cancels.
Long error_function(Long x) {
  // From 4 on erf lies between 1 - 2^-25.9 and 1, and all of that rounds to 1.
  if (std::fabs(x) >= 4) return std::copysign(1.0L, x);
  const Long square = x * x;  // exact: 48 bits
  Long term = 1;
  Long sum = 1;
  for (int n = 1; term > sum * 0x1p-62L; ++n) {
    term *= 2 * square / (2 * n + 1);
    sum += term;
  }
  return kTwoOverRootPi * x * exponential(-square) * sum;
}

// 2^(field - 150) 2/pi modulo 4, scaled by 2^126, from MPFR's pi.
std::array<Wide, 256> make_quarters() {
  std::array<Wide, 256> out{};
  mpfr_t v, part;
  mpfr_init2(v, 600);
  mpfr_init2(part, 600);
  for (unsigned field = 120; field < 255; ++field) {
    mpfr_const_pi(v, MPFR_RNDN);
    mpfr_ui_div(v, 2, v, MPFR_RNDN);
    mpfr_mul_2si(v, v, static_cast<long>(field) - 150, MPFR_RNDN);
    for (int i = 0; i < 2; ++i) {  // the part below 4 as two words
      mpfr_set_ui_2exp(part, 1, i == 0 ? 2 : -62, MPFR_RNDN);
      mpfr_fmod(v, v, part, MPFR_RNDN);
      mpfr_mul_2si(part, v, i == 0 ? 62 : 126, MPFR_RNDN);
      out[field] = out[field] << 64 | mpfr_get_ui(part, MPFR_RNDZ);
    }
  }
  mpfr_clear(v);
  mpfr_clear(part);
  return out;
}

// sin(|x| + quarters pi/2)
Long circular(std::uint32_t a, unsigned quarters) {
  static const std::array<Wide, 256> kQuarters = make_quarters();
  const std::uint32_t magnitude = a & ~kSignBit;
  Long angle = std::bit_cast<float>(magnitude);
  if (magnitude >= 0x3f00'0000) {
    const std::uint64_t m = (a & 0x7f'ffff) | 0x80'0000;
    const Wide turned = kQuarters[magnitude >> 23] * m + (Wide{1} << 125);
    quarters += static_cast<unsigned>(turned >> 126);
    const auto rest = static_cast<SignedWide>(turned << 2 ^ Wide{1} << 127);
    angle = static_cast<Long>(rest) * 0x1p-128L * kHalfPi;
  }
  const Long square = angle * angle;
  const Long v =
      (quarters & 1) != 0 ? horner(kCosSeries, square) : angle * horner(kSinSeries, square);
  return (quarters & 2) != 0 ? -v : v;
}

Long evaluate(OpCode op, std::uint32_t a) {
  const Long x = std::bit_cast<float>(a);
  switch (op) {
    case OpCode::kExp: return exponential(x);
    case OpCode::kLog: return logarithm(x);
    case OpCode::kTanh: return hyperbolic_tangent(x);
    case OpCode::kErf: return error_function(x);
    case OpCode::kSin: return (a & kSignBit) != 0 ? -circular(a, 0) : circular(a, 0);
    case OpCode::kCos: return circular(a, 1);
    case OpCode::kSqrt: return std::sqrt(x);
    case OpCode::kRsqrt: return 1 / std::sqrt(x);
    case OpCode::kSigmoid: {
      const Long p = exponential(x);
      return p / (1 + p);
    }
    default: std::abort();
  }
}

std::uint32_t special(OpCode op, std::uint32_t a) {
  const std::uint32_t sign = a & kSignBit;
  if (is_nan(a)) return kNaN;
  const bool is_zero = a == sign;
  switch (op) {
    case OpCode::kExp: return is_zero ? kOne : sign != 0 ? 0 : kInfinity;
    case OpCode::kLog:
      return is_zero ? kMinusInfinity : sign != 0 ? kNaN : a == kOne ? 0 : kInfinity;
    case OpCode::kTanh:
    case OpCode::kErf: return is_zero ? a : sign | kOne;
    case OpCode::kSin: return is_zero ? a : kNaN;
    case OpCode::kCos: return is_zero ? kOne : kNaN;
    case OpCode::kSqrt: return is_zero ? a : sign != 0 ? kNaN : kInfinity;
    case OpCode::kRsqrt: return is_zero ? kInfinity | sign : sign != 0 ? kNaN : 0;
    case OpCode::kSigmoid: return is_zero ? 0x3f00'0000 : sign != 0 ? 0 : kOne;
    default: std::abort();
  }
}

}  // namespace

Symmetry symmetry_of(OpCode op) {
  switch (op) {
    case OpCode::kTanh:
    case OpCode::kErf:
    case OpCode::kSin: return Symmetry::kOdd;
    case OpCode::kCos: return Symmetry::kEven;
    default: return Symmetry::kNone;
  }
}

bool is_of_positives(OpCode op) {
  return op == OpCode::kLog || op == OpCode::kSqrt || op == OpCode::kRsqrt;
}

bool is_regular(OpCode op, std::uint32_t a) {
  const std::uint32_t magnitude = a & ~kSignBit;
  if (magnitude == 0 || magnitude >= kInfinity) return false;
  if (op == OpCode::kLog && a == kOne) return false;
  return !is_of_positives(op) || (a & kSignBit) == 0;
}

Decision decide_by_bounds(OpCode op, std::uint32_t a) {
  if (!is_regular(op, a)) return {special(op, a), true};
  const Long v = evaluate(op, a);
  // 2^-20 ulp or more: an ulp is at most 2^-23 of the value, and at least 2^-149. The sign is sure.
  const Long size = std::fabs(v);
  const Long apart = std::fmax(size * 0x1p-43L, 0x1p-169L);
  const std::uint32_t sign = std::signbit(v) ? kSignBit : 0;
  const auto rounded = [sign](Long x) {
    return sign | std::bit_cast<std::uint32_t>(static_cast<float>(x));
  };
  const std::uint32_t low = rounded(std::fmax(size - apart, 0.0L));
  const std::uint32_t high = rounded(size + apart);
  return {low, low == high};
}

struct MpfrOracle::Numbers {
  mpfr_t x, y, bound;
};

MpfrOracle::MpfrOracle() : m_numbers(std::make_unique<Numbers>()) {
  mpfr_init2(m_numbers->x, 24);
  mpfr_init2(m_numbers->y, 128);
  mpfr_init2(m_numbers->bound, 128);
}
MpfrOracle::~MpfrOracle() {
  mpfr_clear(m_numbers->x);
  mpfr_clear(m_numbers->y);
  mpfr_clear(m_numbers->bound);
  mpfr_free_cache();  // this thread's constants
}

std::uint32_t MpfrOracle::operator()(OpCode op, std::uint32_t a) {
  auto& [x, y, bound] = *m_numbers;
  mpfr_set_flt(x, std::bit_cast<float>(a), MPFR_RNDN);
  switch (op) {
    case OpCode::kExp: mpfr_exp(y, x, MPFR_RNDN); break;
    case OpCode::kLog: mpfr_log(y, x, MPFR_RNDN); break;
    case OpCode::kTanh: mpfr_tanh(y, x, MPFR_RNDN); break;
    case OpCode::kErf: mpfr_erf(y, x, MPFR_RNDN); break;
    case OpCode::kSin: mpfr_sin(y, x, MPFR_RNDN); break;
    case OpCode::kCos: mpfr_cos(y, x, MPFR_RNDN); break;
    case OpCode::kSqrt: mpfr_sqrt(y, x, MPFR_RNDN); break;
    case OpCode::kRsqrt: mpfr_rec_sqrt(y, x, MPFR_RNDN); break;
    case OpCode::kSigmoid:
      mpfr_neg(y, x, MPFR_RNDN);
      mpfr_exp(y, y, MPFR_RNDN);
      mpfr_add_ui(y, y, 1, MPFR_RNDN);
      mpfr_ui_div(y, 1, y, MPFR_RNDN);
      break;
    default: std::abort();
  }
  if (mpfr_inf_p(y) != 0) return kInfinity;  // e^x beyond MPFR's own range
  // 128 bits decide if the ends of an interval of 2^-100 about them round alike.
  mpfr_div_2ui(bound, y, 100, MPFR_RNDA);
  mpfr_sub(bound, y, bound, MPFR_RNDN);
  const float low = mpfr_get_flt(bound, MPFR_RNDN);
  mpfr_sub(bound, y, bound, MPFR_RNDN);
  mpfr_add(bound, y, bound, MPFR_RNDN);
  const float high = mpfr_get_flt(bound, MPFR_RNDN);
  ASSAY_INVARIANT(std::bit_cast<std::uint32_t>(low) == std::bit_cast<std::uint32_t>(high));
  return std::bit_cast<std::uint32_t>(low);
}

}  // namespace assay::numerics::test
