// binary32 arithmetic by the processor's floating-point unit.
#include "assay/numerics/arithmetic_hardware.hpp"

#include "assay/numerics/float_bits.hpp"

namespace assay::numerics {
namespace {

float as_float(std::uint32_t bits) noexcept { return std::bit_cast<float>(bits); }
std::uint32_t as_bits(float value) noexcept {
  return canonical(std::bit_cast<std::uint32_t>(value));
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

}  // namespace assay::numerics
