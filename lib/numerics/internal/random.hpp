// Philox on eight lanes: the rounds of a shuffle, and uniform numbers.
#pragma once

#include "assay/numerics/philox.hpp"
#include "internal/kernel_call.hpp"

namespace assay::numerics::internal {

inline constexpr std::uint64_t kMaxShuffleAvx2 = std::uint64_t{1} << 31;  // sums stay below 2^32

// Replaces positions by what they are shuffled to; how many it did, a multiple of 8.
std::size_t shuffle_avx2(PhiloxKey key, std::uint64_t epoch, std::uint64_t n,
                         const std::array<std::uint64_t, kShuffleRounds>& offsets,
                         std::uint32_t* positions, std::size_t count);

// Elements 4 * first_block ... of random_uniform at step t, to the start of `out`; how many blocks
// of four it did, a multiple of 8.
std::size_t uniform_avx2(PhiloxKey key, std::uint64_t t, std::uint64_t first_block,
                         std::size_t blocks, std::uint32_t* out);

}  // namespace assay::numerics::internal
