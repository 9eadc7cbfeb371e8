// sin and cos of binary32 in fixed-point integers (docs/spec/numerics.md). Freestanding.
#include "assay/numerics/arithmetic_integer.hpp"
#include "internal/functions_integer.hpp"

namespace assay::numerics {
namespace internal {
namespace {

// 2/pi, scaled by 2^320, behind a word of zeros.
constexpr std::uint64_t kTwoOverPi[6] = {0,
                                         0xa2f9'836e'4e44'1529,
                                         0xfc27'57d1'f534'ddc0,
                                         0xdb62'9599'3c43'9041,
                                         0xfe51'63ab'debb'c561,
                                         0xb724'6e3a'424d'd2e0};
constexpr WideValue kHalfPi{false, -127, {0xc90f'daa2'2168'c234, 0xc4c6'628b'80dc'1cd1}};

// An angle of at most pi/4 either way, and the quarter turns that stand before it.
struct Reduced {
  unsigned quarters = 0;
  WideValue angle;
};

// |a| for 1/2 <= |a| < infinity, by Payne and Hanek's method: of the product with 2/pi only the
// bits that are no whole turn are computed. No binary32 number comes nearer to a multiple of pi/2
// than 16367173 * 2^72 does, 2^-29.8 of a quarter turn, which leaves 136 significant bits of the
// 166 good ones.
Reduced reduce(std::uint32_t a) noexcept {
  const std::uint32_t field = (a >> 23) & 0xff;
  const std::uint64_t m = (a & 0x7f'ffff) | 0x80'0000;
  // 2^(field - 150) * 2/pi modulo 4, scaled by 2^190.
  const std::uint32_t skip = field - 88;
  std::uint64_t window[3] = {};
  for (std::uint32_t i = 0; i < 3; ++i) {
    const std::uint64_t* words = kTwoOverPi + skip / 64 + i;
    window[i] = shift_left({words[0], words[1]}, skip % 64).high;
  }
  // Times m, modulo 4.
  const U128 low = multiply(window[2], m);
  const U128 middle = add(multiply(window[1], m), U128{0, low.high});
  const std::uint64_t high = window[0] * m + middle.high;
  Reduced r;
  r.quarters = static_cast<unsigned>(high >> 62);
  // The fraction of a quarter, scaled by 2^192.
  U128 fraction = shift_left({high, middle.low}, 2);
  fraction.low |= low.low >> 62;
  std::uint64_t rest = low.low << 2;
  const bool negative = fraction.high >> 63 != 0;
  if (negative) {  // the next quarter is nearer
    ++r.quarters;
    fraction = subtract(U128{}, add(fraction, U128{0, rest != 0 ? 1U : 0U}));
    rest = ~rest + 1;
  }
  const auto zeros = static_cast<unsigned>(std::countl_zero(fraction.high));
  fraction = shift_left(fraction, zeros);
  fraction.low |= shift_left({0, rest}, zeros).high;
  r.angle = multiply({negative, -128 - static_cast<std::int32_t>(zeros), fraction}, kHalfPi);
  return r;
}

// sin(|a| + quarters * pi/2)
WideValue circular(std::uint32_t a, unsigned quarters) noexcept {
  Reduced r;
  if ((a & ~kSignBit) < 0x3f00'0000) {  // |a| < 1/2
    r.angle = wide_magnitude(a);
  } else {
    r = reduce(a);
  }
  quarters += r.quarters;
  const U128 square = to_fixed(multiply(r.angle, r.angle), 128);
  const bool is_cos = (quarters & 1) != 0;
  WideValue v = normalised(false, -127, circular_series(is_cos ? 0 : 1, square));
  if (!is_cos) v = multiply(r.angle, v);
  v.negative = v.negative != ((quarters & 2) != 0);
  return v;
}

}  // namespace

WideValue sin_wide(std::uint32_t a) noexcept {
  WideValue v = circular(a, 0);
  v.negative = v.negative != ((a & kSignBit) != 0);
  return v;
}

WideValue cos_wide(std::uint32_t a) noexcept { return circular(a, 1); }

}  // namespace internal

std::uint32_t IntegerArithmetic::sin(std::uint32_t a) noexcept {
  const std::uint32_t magnitude = a & ~kSignBit;
  if (magnitude >= kInfinity) return kNaN;
  return magnitude == 0 ? a : internal::rounded(internal::sin_wide(a));
}

std::uint32_t IntegerArithmetic::cos(std::uint32_t a) noexcept {
  const std::uint32_t magnitude = a & ~kSignBit;
  if (magnitude >= kInfinity) return kNaN;
  return magnitude == 0 ? kOne : internal::rounded(internal::cos_wide(a));
}

}  // namespace assay::numerics
