// The unary functions in plain C++, and the choice of a family.
#include <cstring>

#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/arithmetic_integer.hpp"
#include "assay/numerics/scalar_inline.hpp"
#include "internal/functions.hpp"

namespace assay::numerics {

std::uint32_t HardwareArithmetic::tanh(std::uint32_t a) noexcept {
  return IntegerArithmetic::tanh(a);
}
std::uint32_t HardwareArithmetic::erf(std::uint32_t a) noexcept {
  return IntegerArithmetic::erf(a);
}
std::uint32_t HardwareArithmetic::sin(std::uint32_t a) noexcept {
  return IntegerArithmetic::sin(a);
}
std::uint32_t HardwareArithmetic::cos(std::uint32_t a) noexcept {
  return IntegerArithmetic::cos(a);
}
std::uint32_t HardwareArithmetic::rsqrt(std::uint32_t a) noexcept {
  return IntegerArithmetic::rsqrt(a);
}
std::uint32_t HardwareArithmetic::sigmoid(std::uint32_t a) noexcept {
  return IntegerArithmetic::sigmoid(a);
}

namespace internal {
namespace {

template <OpCode op>
void strip(void* out, const void* const* in, std::size_t n) {
  const auto* x = static_cast<const std::uint8_t*>(in[0]);
  auto* y = static_cast<std::uint8_t*>(out);
  for (std::size_t i = 0; i < n; ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, x + i * sizeof bits, sizeof bits);
    bits = unary_f32<HardwareArithmetic>(op, canonical(bits));
    std::memcpy(y + i * sizeof bits, &bits, sizeof bits);
  }
}

StripFunction scalar_function_strip(OpCode op) {
  switch (op) {
    case OpCode::kSqrt: return strip<OpCode::kSqrt>;
    case OpCode::kExp: return strip<OpCode::kExp>;
    case OpCode::kLog: return strip<OpCode::kLog>;
    case OpCode::kTanh: return strip<OpCode::kTanh>;
    case OpCode::kErf: return strip<OpCode::kErf>;
    case OpCode::kSin: return strip<OpCode::kSin>;
    case OpCode::kCos: return strip<OpCode::kCos>;
    case OpCode::kRsqrt: return strip<OpCode::kRsqrt>;
    case OpCode::kSigmoid: return strip<OpCode::kSigmoid>;
    default: return nullptr;
  }
}

}  // namespace

StripFunction function_strip(Isa isa, OpCode op) {
  if (isa >= Isa::kAvx2) {
    if (const StripFunction strip = function_strip_avx2(op)) return strip;
  }
  return scalar_function_strip(op);
}

}  // namespace internal
}  // namespace assay::numerics
