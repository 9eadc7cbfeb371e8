// binary32 arithmetic by the processor's floating-point unit.
#include "assay/numerics/arithmetic_hardware.hpp"

#include "assay/numerics/arithmetic_integer.hpp"
#include "internal/exp_log_double.hpp"

namespace assay::numerics {
namespace {

float as_float(std::uint32_t bits) noexcept { return std::bit_cast<float>(bits); }
std::uint32_t as_bits(float value) noexcept {
  return canonical(std::bit_cast<std::uint32_t>(value));
}

// True if every number within the tolerance of `y` rounds to `out`.
bool rounds_alike(double y, std::uint32_t& out) noexcept {
  const double slack = y * internal::kExpLogTolerance;
  const auto low = static_cast<float>(y - slack);
  const auto high = static_cast<float>(y + slack);
  out = std::bit_cast<std::uint32_t>(low);
  return out == std::bit_cast<std::uint32_t>(high);
}

}  // namespace

std::uint32_t HardwareArithmetic::add(std::uint32_t a, std::uint32_t b) noexcept {
  return as_bits(as_float(a) + as_float(b));
}
std::uint32_t HardwareArithmetic::sub(std::uint32_t a, std::uint32_t b) noexcept {
  return as_bits(as_float(a) - as_float(b));
}
std::uint32_t HardwareArithmetic::mul(std::uint32_t a, std::uint32_t b) noexcept {
  return as_bits(as_float(a) * as_float(b));
}
std::uint32_t HardwareArithmetic::div(std::uint32_t a, std::uint32_t b) noexcept {
  return as_bits(as_float(a) / as_float(b));
}
std::uint32_t HardwareArithmetic::fma(std::uint32_t a, std::uint32_t b, std::uint32_t c) noexcept {
  return as_bits(__builtin_fmaf(as_float(a), as_float(b), as_float(c)));
}
std::uint32_t HardwareArithmetic::sqrt(std::uint32_t a) noexcept {
  return as_bits(__builtin_sqrtf(as_float(a)));
}

std::uint32_t HardwareArithmetic::exp(std::uint32_t a) noexcept {
  const std::uint32_t magnitude = a & ~kSignBit;
  // Where the result is 1, 0, infinity or NaN the integer path answers at once.
  if (magnitude < 0x3280'0000 || magnitude >= 0x42d0'0000) return IntegerArithmetic::exp(a);
  const auto x = static_cast<double>(as_float(a));
  const double scaled = x * internal::kLog2E;
  const int k = static_cast<int>(scaled + (scaled < 0 ? -0.5 : 0.5));
  const double r = (x - k * internal::kLn2High) - k * internal::kLn2Low;
  double sum = internal::kExpCoefficients[internal::kExpDegree];
  for (int n = internal::kExpDegree - 1; n >= 0; --n) sum = sum * r + internal::kExpCoefficients[n];
  const auto scale = std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
  std::uint32_t out = 0;
  return rounds_alike(sum * scale, out) ? out : IntegerArithmetic::exp(a);
}

std::uint32_t HardwareArithmetic::log(std::uint32_t a) noexcept {
  if (a == 0 || a >= kInfinity || a == kOne) return IntegerArithmetic::log(a);
  const auto bits = std::bit_cast<std::uint64_t>(static_cast<double>(as_float(a)));
  auto e = static_cast<int>(bits >> 52) - 1023;
  auto m = std::bit_cast<double>((bits & 0xf'ffff'ffff'ffff) | 0x3ff0'0000'0000'0000);
  if (m > 0x1.6a09e6p+0) {
    m *= 0.5;
    ++e;
  }
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  double sum = internal::kLogCoefficients[internal::kLogDegree];
  for (int n = internal::kLogDegree - 1; n >= 0; --n) sum = sum * z + internal::kLogCoefficients[n];
  const double y = e * internal::kLn2High + (e * internal::kLn2Low + s * sum);
  std::uint32_t out = 0;
  return rounds_alike(y, out) ? out : IntegerArithmetic::log(a);
}

}  // namespace assay::numerics
