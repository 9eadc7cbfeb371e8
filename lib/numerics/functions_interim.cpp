// Interim evaluation of the functions that have no integer form yet: binary64, rounded once more.
#include <cmath>

#include "assay/numerics/arithmetic_integer.hpp"

namespace assay::numerics {
namespace {
template <class F>
std::uint32_t rounded(std::uint32_t a, F f) noexcept {
  return canonical(std::bit_cast<std::uint32_t>(
      static_cast<float>(f(static_cast<double>(std::bit_cast<float>(a))))));
}
}  // namespace
#define ASSAY_INTERIM(name, expression)                                                         \
  std::uint32_t IntegerArithmetic::name(std::uint32_t a) noexcept {                             \
    return rounded(a, [](double x) { return expression; });                                    \
  }
ASSAY_INTERIM(tanh, std::tanh(x))
ASSAY_INTERIM(erf, std::erf(x))
ASSAY_INTERIM(sin, std::sin(x))
ASSAY_INTERIM(cos, std::cos(x))
ASSAY_INTERIM(rsqrt, 1 / std::sqrt(x))
ASSAY_INTERIM(sigmoid, 1 / (1 + std::exp(-x)))
#undef ASSAY_INTERIM
}  // namespace assay::numerics
