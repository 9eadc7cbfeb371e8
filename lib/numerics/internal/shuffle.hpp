// The rounds of a shuffle on eight positions at a time.
#pragma once

#include "assay/numerics/philox.hpp"
#include "internal/kernel_call.hpp"

namespace assay::numerics::internal {

inline constexpr std::uint64_t kMaxShuffleAvx2 = std::uint64_t{1} << 31;  // sums stay below 2^32

// Replaces positions by what they are shuffled to; how many it did, a multiple of 8.
std::size_t shuffle_avx2(PhiloxKey key, std::uint64_t epoch, std::uint64_t n,
                         const std::array<std::uint64_t, kShuffleRounds>& offsets,
                         std::uint32_t* positions, std::size_t count);

}  // namespace assay::numerics::internal
