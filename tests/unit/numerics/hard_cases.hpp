// Where binary32 arithmetic goes wrong if it does: operands built so that the exact result lies on
// a rounding boundary or as near to one as operands of 24 bits allow, and every kind of special
// value. From docs/spec/numerics.md and number theory; nothing of the library.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "unit/numerics/mpfr_binary32.hpp"

namespace assay::numerics::test {

struct CaseSection {
  Operation op{};
  Type from = Type::kF32;
  Type to = Type::kF32;
  unsigned operands = 1;
  std::vector<std::array<std::uint64_t, 3>> cases;
};

// The same sections, bit for bit, on every machine.
[[nodiscard]] std::vector<CaseSection> hard_cases();

}  // namespace assay::numerics::test
