// binary32 add, multiply, divide, multiply-add and square roots in integers. Freestanding.
#include "assay/numerics/arithmetic_integer.hpp"

#include "internal/wide_integer.hpp"

namespace assay::numerics {
namespace {

// A finite number: significand * 2^exponent; the significand of a non-zero one has exactly 24 bits.
struct Parts {
  bool negative;
  std::int32_t exponent;
  std::uint64_t significand;
};

Parts unpack(std::uint32_t a) noexcept {
  const bool negative = (a & kSignBit) != 0;
  const auto field = static_cast<std::int32_t>((a >> 23) & 0xff);
  const std::uint64_t fraction = a & 0x7f'ffff;
  if (field != 0) return {negative, field - 150, fraction | 0x80'0000};
  if (fraction == 0) return {negative, 0, 0};
  const int zeros = std::countl_zero(fraction) - 40;
  return {negative, -149 - zeros, fraction << zeros};
}

constexpr bool is_infinite(std::uint32_t a) noexcept { return (a & ~kSignBit) == kInfinity; }
constexpr bool is_zero(std::uint32_t a) noexcept { return (a & ~kSignBit) == 0; }

// Shifts right and keeps in the lowest bit whether anything was lost.
constexpr std::uint64_t shift_sticky(std::uint64_t v, std::int32_t n) noexcept {
  if (n == 0) return v;
  if (n >= 64) return v != 0 ? 1 : 0;
  return v >> n | (v << (64 - n) != 0 ? 1U : 0U);
}

// x + y rounded once. Both significands are 0 or have at most 48 bits. Aligned to bit 61 first:
// then a shift that loses bits is longer than 13, so cancellation cannot bring the sticky bit near
// the result.
std::uint32_t add_parts(Parts x, Parts y) noexcept {
  if (x.significand == 0 && y.significand == 0) return x.negative && y.negative ? kSignBit : 0;
  if (y.significand == 0) return round_to_f32(x.negative, x.exponent, x.significand);
  if (x.significand == 0) return round_to_f32(y.negative, y.exponent, y.significand);
  for (Parts* p : {&x, &y}) {
    const int up = std::countl_zero(p->significand) - 2;
    p->significand <<= up;
    p->exponent -= up;
  }
  if (x.exponent < y.exponent) {
    const Parts t = x;
    x = y;
    y = t;
  }
  y.significand = shift_sticky(y.significand, x.exponent - y.exponent);
  if (x.negative == y.negative) {
    return round_to_f32(x.negative, x.exponent, x.significand + y.significand);
  }
  if (x.significand == y.significand) return 0;  // exact cancellation is +0
  return x.significand > y.significand
             ? round_to_f32(x.negative, x.exponent, x.significand - y.significand)
             : round_to_f32(y.negative, x.exponent, y.significand - x.significand);
}

struct Root {
  std::uint64_t root;
  bool exact;
};

// The integer square root of a number of 61 to 64 bits.
Root square_root(std::uint64_t rest) noexcept {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 62; bit != 0; bit >>= 2) {
    if (rest >= root + bit) {
      rest -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  return {root, rest == 0};
}

}  // namespace

std::uint32_t IntegerArithmetic::add(std::uint32_t a, std::uint32_t b) noexcept {
  if (is_nan(a) || is_nan(b)) return kNaN;
  if (is_infinite(a)) return is_infinite(b) && a != b ? kNaN : a;
  if (is_infinite(b)) return b;
  return add_parts(unpack(a), unpack(b));
}

std::uint32_t IntegerArithmetic::sub(std::uint32_t a, std::uint32_t b) noexcept {
  return add(a, b ^ kSignBit);
}

std::uint32_t IntegerArithmetic::mul(std::uint32_t a, std::uint32_t b) noexcept {
  if (is_nan(a) || is_nan(b)) return kNaN;
  const std::uint32_t sign = (a ^ b) & kSignBit;
  if (is_infinite(a) || is_infinite(b)) return is_zero(a) || is_zero(b) ? kNaN : sign | kInfinity;
  const Parts x = unpack(a);
  const Parts y = unpack(b);
  return round_to_f32(sign != 0, x.exponent + y.exponent, x.significand * y.significand);
}

std::uint32_t IntegerArithmetic::div(std::uint32_t a, std::uint32_t b) noexcept {
  if (is_nan(a) || is_nan(b)) return kNaN;
  const std::uint32_t sign = (a ^ b) & kSignBit;
  if (is_infinite(a)) return is_infinite(b) ? kNaN : sign | kInfinity;
  if (is_infinite(b)) return sign;
  if (is_zero(b)) return is_zero(a) ? kNaN : sign | kInfinity;
  const Parts x = unpack(a);
  const Parts y = unpack(b);
  const std::uint64_t n = x.significand << 38;  // a quotient of at least 38 bits, and a sticky one
  const std::uint64_t q = n / y.significand | (n % y.significand != 0 ? 1U : 0U);
  return round_to_f32(sign != 0, x.exponent - y.exponent - 38, q);
}

std::uint32_t IntegerArithmetic::fma(std::uint32_t a, std::uint32_t b, std::uint32_t c) noexcept {
  if (is_nan(a) || is_nan(b) || is_nan(c)) return kNaN;
  const std::uint32_t sign = (a ^ b) & kSignBit;
  if (is_infinite(a) || is_infinite(b)) {
    if (is_zero(a) || is_zero(b)) return kNaN;
    const std::uint32_t product = sign | kInfinity;
    return is_infinite(c) && c != product ? kNaN : product;
  }
  if (is_infinite(c)) return c;
  const Parts x = unpack(a);
  const Parts y = unpack(b);
  return add_parts({sign != 0, x.exponent + y.exponent, x.significand * y.significand}, unpack(c));
}

std::uint32_t IntegerArithmetic::sqrt(std::uint32_t a) noexcept {
  if (is_nan(a)) return kNaN;
  if (is_zero(a)) return a;
  if ((a & kSignBit) != 0) return kNaN;
  if (a == kInfinity) return a;
  const Parts x = unpack(a);
  const int up = (x.exponent & 1) != 0 ? 39 : 38;  // makes the exponent even, 62 or 63 bits
  const Root r = square_root(x.significand << up);
  // 31 or 32 bits of root; one more place for the sticky bit.
  return round_to_f32(false, (x.exponent - up) / 2 - 1, r.root << 1 | (r.exact ? 0U : 1U));
}

std::uint32_t IntegerArithmetic::rsqrt(std::uint32_t a) noexcept {
  if (is_nan(a)) return kNaN;
  if (is_zero(a)) return kInfinity | a;
  if ((a & kSignBit) != 0) return kNaN;
  if (a == kInfinity) return 0;
  Parts x = unpack(a);
  if ((x.exponent & 1) != 0) {
    x.significand <<= 1;
    --x.exponent;
  }
  // 1/m = 2^-86 * q, cut off; a dyadic 1/sqrt(m) has m = 2^24, and then nothing is cut off.
  const auto m = static_cast<std::uint32_t>(x.significand);
  const std::uint64_t q = internal::shift_right(internal::divide_fraction(1, m), 42).low;
  const std::uint64_t root = square_root(q).root;
  return round_to_f32(false, -43 - x.exponent / 2 - 1, root << 1 | (m == 0x100'0000 ? 0U : 1U));
}

}  // namespace assay::numerics
