// Enumerated operands: integer arithmetic and conversions against the processor's.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace assay::numerics::test {

struct BoundaryCounts {
  std::uint64_t compared = 0;
  std::uint64_t wrong = 0;
  std::string first_wrong;  // empty if none is
};

// add, sub, mul and div on every pair of biased exponents (those that `stride` divides, and the
// three at either end) with every pair of the fractions, and all signs.
[[nodiscard]] BoundaryCounts enumerate_pairs(std::span<const std::uint32_t> fractions,
                                             unsigned stride);

// fma on products of every pair of the significands, at every result exponent that `stride` divides
// counted from the least, with third operands that lie -60 to 60 powers of two from the product.
[[nodiscard]] BoundaryCounts enumerate_fused(std::span<const std::uint32_t> fractions,
                                             unsigned stride);

// Integers of every bit length with every `stride`th pattern of the 24 leading bits (the first and
// the last of a length always), the rest at 0, beside half, at half and full, to f32 and back.
[[nodiscard]] BoundaryCounts enumerate_integers(std::uint32_t stride);

}  // namespace assay::numerics::test
