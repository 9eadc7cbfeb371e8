// The unary functions in plain C++, and the choice of a family.
#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/arithmetic_integer.hpp"
#include "internal/functions.hpp"

#define ASSAY_LANES __attribute__((always_inline)) inline
#include "internal/functions_double.hpp"

namespace assay::numerics {
namespace internal {
namespace {

struct Double {
  double v;
  ASSAY_LANES Double(double a) : v(a) {}
  ASSAY_LANES friend Double operator+(Double a, Double b) { return a.v + b.v; }
  ASSAY_LANES friend Double operator-(Double a, Double b) { return a.v - b.v; }
  ASSAY_LANES friend Double operator*(Double a, Double b) { return a.v * b.v; }
  ASSAY_LANES friend Double operator/(Double a, Double b) { return a.v / b.v; }
  ASSAY_LANES Double operator-() const { return -v; }
  ASSAY_LANES friend Double fma(Double a, Double b, Double c) {
    return __builtin_fma(a.v, b.v, c.v);
  }
};

struct OneLane {
  static constexpr std::size_t kCount = 1;
  using Float = float;
  using Double = internal::Double;
  using Word = std::uint64_t;
  using Mask = bool;

  ASSAY_LANES static Float load(const float* p) { return *p; }
  ASSAY_LANES static void store(float* p, Float v) { *p = v; }
  ASSAY_LANES static Float load_first(const float* p, std::size_t) { return *p; }
  ASSAY_LANES static void store_first(float* p, Float v, std::size_t) { *p = v; }

  ASSAY_LANES static Double widen(Float x) { return static_cast<double>(x); }
  ASSAY_LANES static Float narrow(Double x) { return static_cast<float>(x.v); }
  ASSAY_LANES static Word bits(Double x) { return std::bit_cast<Word>(x.v); }
  ASSAY_LANES static Double from_bits(Word x) { return std::bit_cast<double>(x); }
  ASSAY_LANES static Word word(std::uint64_t x) { return x; }
  template <unsigned count>
  ASSAY_LANES static Word shift_left(Word x) {
    return x << count;
  }
  template <unsigned count>
  ASSAY_LANES static Word shift_right(Word x) {
    return x >> count;
  }
  template <std::uint64_t mask>
  ASSAY_LANES static unsigned zero_lanes(Word x) {
    return (x & mask) == 0 ? 1 : 0;
  }
  ASSAY_LANES static Word lookup(const Table8& table, Word index) { return table.whole[index & 7]; }

  // A NaN stays.
  ASSAY_LANES static Float clamp(Float x, float low, float high) {
    if (x > high) return high;
    return x < low ? low : x;
  }
  ASSAY_LANES static Float magnitude(Float x) { return __builtin_fabsf(x); }
  ASSAY_LANES static Float with_sign(Float x, Float y) { return __builtin_copysignf(x, y); }
  ASSAY_LANES static Float canonical(Float x) {
    return std::bit_cast<float>(numerics::canonical(std::bit_cast<std::uint32_t>(x)));
  }
  ASSAY_LANES static Float sqrt(Float x) { return __builtin_sqrtf(x); }
  ASSAY_LANES static Mask not_below(Float x, float bound) { return !(x < bound); }
  // NaN and infinity too.
  ASSAY_LANES static Mask not_positive(Float x) {
    return !(x > 0 && x < std::bit_cast<float>(kInfinity));
  }
  ASSAY_LANES static unsigned lanes(Mask m) { return m ? 1 : 0; }

  ASSAY_LANES static Float estimate_rsqrt(Float x) { return 1 / __builtin_sqrtf(x); }
  ASSAY_LANES static Mask no_estimate(Float x) { return not_positive(x); }
};

// Compiled twice: where the processor has fma, it is one instruction instead of a call.
#if defined(__x86_64__)
#define ASSAY_FMA __attribute__((target("fma")))
bool has_fma() { return __builtin_cpu_supports("fma"); }
#else
#define ASSAY_FMA
bool has_fma() { return true; }
#endif

struct Family {
  template <template <class> class Function, Exact exact>
  ASSAY_FMA static void strip_fma(void* out, const void* const* in, std::size_t n) {
    run_strip<OneLane, OneLane, Function>(out, in, n, exact);
  }
  template <template <class> class Function, Exact exact>
  static void strip(void* out, const void* const* in, std::size_t n) {
    if (has_fma()) return strip_fma<Function, exact>(out, in, n);
    run_strip<OneLane, OneLane, Function>(out, in, n, exact);
  }
};

template <template <class> class Function, Exact exact>
std::uint32_t one(std::uint32_t a) noexcept {
  float y;
  const auto from = std::bit_cast<float>(a);
  const void* x = &from;
  Family::strip<Function, exact>(&y, &x, 1);
  return std::bit_cast<std::uint32_t>(y);
}

}  // namespace

void repair(float* y, const float* x, unsigned lanes, Exact exact) {
  for (; lanes != 0; lanes &= lanes - 1) {
    const int i = std::countr_zero(lanes);
    y[i] = std::bit_cast<float>(exact(canonical(std::bit_cast<std::uint32_t>(x[i]))));
  }
}

StripFunction function_strip(Isa isa, OpCode op) {
  StripFunction strip = nullptr;
  if (isa == Isa::kAvx512) strip = function_strip_avx512(op);
  if (isa == Isa::kAvx2) strip = function_strip_avx2(op);
  if (isa == Isa::kNeon) strip = function_strip_neon(op);
  return strip != nullptr ? strip : strip_of_function<Family>(op);
}

}  // namespace internal

std::uint32_t HardwareArithmetic::exp(std::uint32_t a) noexcept {
  return internal::one<internal::Exp, IntegerArithmetic::exp>(a);
}
std::uint32_t HardwareArithmetic::log(std::uint32_t a) noexcept {
  return internal::one<internal::Log, IntegerArithmetic::log>(a);
}
std::uint32_t HardwareArithmetic::tanh(std::uint32_t a) noexcept {
  return internal::one<internal::Tanh, IntegerArithmetic::tanh>(a);
}
std::uint32_t HardwareArithmetic::erf(std::uint32_t a) noexcept {
  return internal::one<internal::Erf, IntegerArithmetic::erf>(a);
}
std::uint32_t HardwareArithmetic::sin(std::uint32_t a) noexcept {
  return internal::one<internal::Sin, IntegerArithmetic::sin>(a);
}
std::uint32_t HardwareArithmetic::cos(std::uint32_t a) noexcept {
  return internal::one<internal::Cos, IntegerArithmetic::cos>(a);
}
std::uint32_t HardwareArithmetic::rsqrt(std::uint32_t a) noexcept {
  return internal::one<internal::Rsqrt, IntegerArithmetic::rsqrt>(a);
}
std::uint32_t HardwareArithmetic::sigmoid(std::uint32_t a) noexcept {
  return internal::one<internal::Sigmoid, IntegerArithmetic::sigmoid>(a);
}

}  // namespace assay::numerics
