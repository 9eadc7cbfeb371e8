// The calling thread's floating-point mode: round to nearest, subnormals kept, exceptions masked.
#include "assay/numerics/kernels.hpp"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace assay::numerics {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kSound = 0x1f80;  // all exceptions masked, to nearest, no FTZ, no DAZ
constexpr std::uint32_t kModeBits = 0xffff & ~0x3fU;  // less the sticky exception flags
std::uint32_t current() noexcept { return _mm_getcsr(); }
void set(std::uint32_t mode) noexcept { _mm_setcsr(mode); }
#elif defined(__aarch64__)
constexpr std::uint32_t kSound = 0;
constexpr std::uint32_t kModeBits = 0x03c0'0000 | 0x9f00;
std::uint32_t current() noexcept {
  std::uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return static_cast<std::uint32_t>(mode);
}
void set(std::uint32_t mode) noexcept {
  const std::uint64_t wide = mode;
  __asm__ volatile("msr fpcr, %0" : : "r"(wide));
}
#else
constexpr std::uint32_t kSound = 0;
constexpr std::uint32_t kModeBits = 0;
std::uint32_t current() noexcept { return 0; }
void set(std::uint32_t) noexcept {}
#endif

}  // namespace

bool floating_point_mode_is_sound() noexcept {
  return (current() & kModeBits) == (kSound & kModeBits);
}

FloatingPointMode::FloatingPointMode() noexcept : m_saved(current()) { set(kSound); }
FloatingPointMode::~FloatingPointMode() { set(m_saved); }

}  // namespace assay::numerics
