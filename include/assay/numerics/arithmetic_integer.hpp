// binary32 arithmetic with integers only: what a referee executes. No function here, nor anything
// that it calls, holds a floating-point value. Equal to the hardware bit for bit. Freestanding.
#pragma once

#include "assay/numerics/float_bits.hpp"

namespace assay::numerics {

// Bit patterns in and out; round to nearest even, subnormals kept, NaN results canonical.
struct IntegerArithmetic {
  [[nodiscard]] static std::uint32_t add(std::uint32_t a, std::uint32_t b) noexcept;
  [[nodiscard]] static std::uint32_t sub(std::uint32_t a, std::uint32_t b) noexcept;
  [[nodiscard]] static std::uint32_t mul(std::uint32_t a, std::uint32_t b) noexcept;
  [[nodiscard]] static std::uint32_t div(std::uint32_t a, std::uint32_t b) noexcept;
  [[nodiscard]] static std::uint32_t fma(std::uint32_t a, std::uint32_t b,
                                         std::uint32_t c) noexcept;
  [[nodiscard]] static std::uint32_t sqrt(std::uint32_t a) noexcept;
  // Correctly rounded.
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
