// One-step operators and row reductions on a few rows at a time, chosen once and called often: what
// an executor runs tile by tile while the tile is in the cache. Bit-equal to `run`.
//
// Thread-safe. The caller holds the profile's floating-point mode (kernels.hpp).
#pragma once

#include <cstddef>
#include <optional>

#include "assay/numerics/kernels.hpp"

namespace assay::numerics {

// An operand's rows: row r begins row_stride * r elements behind `at`.
struct StripOperand {
  const void* at = nullptr;
  std::size_t row_stride = 0;
};

inline constexpr unsigned kMaxStripOperands = 3;

struct StripSpec {
  OpCode op{};
  DType output{};
  std::uint8_t operand_count = 0;
  std::array<DType, kMaxStripOperands> operands{};
  // Of each operand: a row is one element, repeated over the columns.
  std::array<bool, kMaxStripOperands> repeats{};
  // Results that are NaN may be any NaN: for f32 that no other than strips and kernels read, which
  // take every NaN for the one. Memory that outlives them wants false.
  bool any_nan = false;
};

class Strip {
 public:
  // Writes `rows` rows of `columns` elements side by side; a reduction one element a row. The
  // output may be an operand's memory if works_in_place(), and must not overlap it otherwise.
  void operator()(void* output, const StripOperand* operands, std::size_t rows,
                  std::size_t columns) const {
    m_run(*this, output, operands, rows, columns);
  }
  // Each element is read before it is written, and not again.
  [[nodiscard]] bool works_in_place() const noexcept { return m_in_place; }

  using Run = void (*)(const Strip&, void*, const StripOperand*, std::size_t, std::size_t);
  using Flat = void (*)(void* output, const void* const* operands, std::size_t n);
  using Row = float (*)(const float* x, std::size_t n);

 private:
  friend std::optional<Strip> strip_of(Isa isa, const StripSpec& spec) noexcept;
  static void run_flat(const Strip&, void*, const StripOperand*, std::size_t, std::size_t);
  static void run_reduction(const Strip&, void*, const StripOperand*, std::size_t, std::size_t);

  StripSpec m_spec;
  Run m_run = nullptr;
  Flat m_flat = nullptr;
  Row m_row = nullptr;
  bool m_in_place = false;
};

// None for operators that are neither elementwise nor reduce_sum nor reduce_max.
[[nodiscard]] std::optional<Strip> strip_of(Isa isa, const StripSpec& spec) noexcept;

}  // namespace assay::numerics
