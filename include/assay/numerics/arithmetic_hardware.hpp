// binary32 arithmetic by the processor's floating-point unit. Needs the profile's floating-point
// mode (kernels.hpp: FloatingPointMode). Out of line, so that no caller's compiler flags reach it.
#pragma once

#include <cstdint>

namespace assay::numerics {

// Bit patterns in and out, the same bits as IntegerArithmetic.
struct HardwareArithmetic {
  [[nodiscard]] static std::uint32_t add(std::uint32_t a, std::uint32_t b) noexcept;
  [[nodiscard]] static std::uint32_t sub(std::uint32_t a, std::uint32_t b) noexcept;
  [[nodiscard]] static std::uint32_t mul(std::uint32_t a, std::uint32_t b) noexcept;
  [[nodiscard]] static std::uint32_t div(std::uint32_t a, std::uint32_t b) noexcept;
  [[nodiscard]] static std::uint32_t fma(std::uint32_t a, std::uint32_t b,
                                         std::uint32_t c) noexcept;
  [[nodiscard]] static std::uint32_t sqrt(std::uint32_t a) noexcept;
  [[nodiscard]] static std::uint32_t exp(std::uint32_t a) noexcept;
  [[nodiscard]] static std::uint32_t log(std::uint32_t a) noexcept;
  [[nodiscard]] static std::uint32_t tanh(std::uint32_t a) noexcept;
  [[nodiscard]] static std::uint32_t erf(std::uint32_t a) noexcept;
  [[nodiscard]] static std::uint32_t sin(std::uint32_t a) noexcept;
  [[nodiscard]] static std::uint32_t cos(std::uint32_t a) noexcept;
  [[nodiscard]] static std::uint32_t rsqrt(std::uint32_t a) noexcept;
  [[nodiscard]] static std::uint32_t sigmoid(std::uint32_t a) noexcept;
};

}  // namespace assay::numerics
