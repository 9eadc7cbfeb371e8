#include "unit/numerics/mpfr_binary32.hpp"

#include <cstdlib>
#include <initializer_list>

namespace assay::numerics::test {
namespace {

constexpr std::uint32_t kSign = 0x8000'0000;
constexpr std::uint32_t kInfinite = 0x7f80'0000;
constexpr std::uint32_t kCanonicalNaN = 0x7fc0'0000;

struct Range {
  bool is_signed;
  unsigned bits;
};
Range range_of(Type type) {
  switch (type) {
    case Type::kI32: return {true, 32};
    case Type::kU32: return {false, 32};
    case Type::kI64: return {true, 64};
    case Type::kU64: return {false, 64};
    case Type::kU8: return {false, 8};
    default: std::abort();
  }
}

}  // namespace

MpfrBinary32::MpfrBinary32() {
  for (auto* v : {m_a, m_b, m_c, m_y}) mpfr_init2(v, 24);
  mpz_init(m_integer);
  // MPFR's significands lie in [1/2, 1): 2^-149 has exponent -148, the largest number 128.
  mpfr_set_emin(-148);
  mpfr_set_emax(128);
}
MpfrBinary32::~MpfrBinary32() {
  for (auto* v : {m_a, m_b, m_c, m_y}) mpfr_clear(v);
  mpz_clear(m_integer);
  mpfr_free_cache();
}

void MpfrBinary32::set(mpfr_t out, std::uint32_t bits) {
  const std::uint32_t field = bits >> 23 & 0xff;
  const std::uint32_t fraction = bits & 0x7f'ffff;
  const int sign = (bits & kSign) != 0 ? -1 : 1;
  if (field == 255) {
    if (fraction != 0) return mpfr_set_nan(out);
    return mpfr_set_inf(out, sign);
  }
  if (field == 0 && fraction == 0) return mpfr_set_zero(out, sign);
  const std::uint32_t significand = field == 0 ? fraction : fraction | 0x80'0000;
  mpfr_set_ui_2exp(out, significand, field == 0 ? -149 : static_cast<long>(field) - 150, MPFR_RNDN);
  mpfr_setsign(out, out, sign < 0 ? 1 : 0, MPFR_RNDN);
}

std::uint32_t MpfrBinary32::bits_of_y() {
  if (mpfr_nan_p(m_y) != 0) return kCanonicalNaN;
  const std::uint32_t sign = mpfr_signbit(m_y) != 0 ? kSign : 0;
  if (mpfr_inf_p(m_y) != 0) return sign | kInfinite;
  if (mpfr_zero_p(m_y) != 0) return sign;
  const long exponent = mpfr_get_z_2exp(m_integer, m_y);
  mpz_abs(m_integer, m_integer);
  auto significand = static_cast<std::uint32_t>(mpz_get_ui(m_integer));  // 24 bits
  if (exponent >= -149) {
    return sign | static_cast<std::uint32_t>(exponent + 150) << 23 | (significand & 0x7f'ffff);
  }
  const auto shift = static_cast<unsigned>(-149 - exponent);
  if ((significand >> shift << shift) != significand) std::abort();  // subnormalize left nothing
  return sign | significand >> shift;
}

bool MpfrBinary32::compares(Operation op) const {
  return op == Operation::kEqual ? mpfr_equal_p(m_a, m_b) != 0 : mpfr_less_p(m_a, m_b) != 0;
}

// The ternary value of m_y.
int MpfrBinary32::evaluate(Operation op) {
  switch (op) {
    case Operation::kCast: return mpfr_set(m_y, m_a, MPFR_RNDN);
    case Operation::kNeg: return mpfr_neg(m_y, m_a, MPFR_RNDN);
    case Operation::kRelu: mpfr_set_zero(m_b, 1); return mpfr_max(m_y, m_a, m_b, MPFR_RNDN);
    case Operation::kSqrt: return mpfr_sqrt(m_y, m_a, MPFR_RNDN);
    case Operation::kAdd: return mpfr_add(m_y, m_a, m_b, MPFR_RNDN);
    case Operation::kSub: return mpfr_sub(m_y, m_a, m_b, MPFR_RNDN);
    case Operation::kMul: return mpfr_mul(m_y, m_a, m_b, MPFR_RNDN);
    case Operation::kDiv: return mpfr_div(m_y, m_a, m_b, MPFR_RNDN);
    case Operation::kMax: return mpfr_max(m_y, m_a, m_b, MPFR_RNDN);
    case Operation::kMin: return mpfr_min(m_y, m_a, m_b, MPFR_RNDN);
    case Operation::kFma: return mpfr_fma(m_y, m_a, m_b, m_c, MPFR_RNDN);
    default: std::abort();
  }
}

std::uint32_t MpfrBinary32::operator()(Operation op, std::uint32_t a, std::uint32_t b,
                                       std::uint32_t c) {
  set(m_a, a);
  set(m_b, b);
  set(m_c, c);
  if (op == Operation::kEqual || op == Operation::kLess) return compares(op) ? 1 : 0;
  // MPFR's maximum of a number and NaN is the number, the profile's is NaN.
  const bool is_two = op == Operation::kMax || op == Operation::kMin;
  if (mpfr_nan_p(m_a) != 0 || (is_two && mpfr_nan_p(m_b) != 0)) return kCanonicalNaN;
  const int ternary = evaluate(op);
  mpfr_subnormalize(m_y, ternary, MPFR_RNDN);
  return bits_of_y();
}

std::uint64_t MpfrBinary32::to_integer(Type to, std::uint32_t a) {
  const Range range = range_of(to);
  const std::uint64_t ones = ~std::uint64_t{0} >> (64 - range.bits);
  const std::uint64_t most = range.is_signed ? ones >> 1 : ones;
  const std::uint64_t least = range.is_signed ? most + 1 : 0;  // its pattern
  set(m_a, a);
  if (mpfr_nan_p(m_a) != 0) return 0;
  const bool is_negative = mpfr_signbit(m_a) != 0;
  if (mpfr_inf_p(m_a) != 0) return is_negative ? least : most;
  mpfr_get_z(m_integer, m_a, MPFR_RNDZ);
  mpz_abs(m_integer, m_integer);
  const std::uint64_t limit = is_negative ? least : most;
  const bool is_beyond = mpz_cmp_ui(m_integer, limit) > 0;
  const std::uint64_t magnitude = is_beyond ? limit : mpz_get_ui(m_integer);
  return (is_negative ? 0 - magnitude : magnitude) & ones;
}

std::uint32_t MpfrBinary32::from_integer(Type from, std::uint64_t a) {
  const Range range = range_of(from);
  const bool is_negative = range.is_signed && (a >> (range.bits - 1) & 1) != 0;
  const std::uint64_t ones = ~std::uint64_t{0} >> (64 - range.bits);
  mpfr_set_ui(m_y, is_negative ? (0 - a) & ones : a, MPFR_RNDN);
  if (is_negative) mpfr_neg(m_y, m_y, MPFR_RNDN);
  return bits_of_y();
}

}  // namespace assay::numerics::test
