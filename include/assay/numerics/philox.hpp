// Philox4x32-10 and how the profile uses it (docs/spec/numerics.md, "Randomness"). Freestanding.
// Source: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3 (SC 2011).
#pragma once

#include <array>
#include <cstdint>

namespace assay::numerics {

using PhiloxBlock = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

[[nodiscard]] constexpr PhiloxBlock philox4x32_10(PhiloxBlock c, PhiloxKey k) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD251'1F53} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E'8D57} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
    k[0] += 0x9E37'79B9;
    k[1] += 0xBB67'AE85;
  }
  return c;
}

[[nodiscard]] constexpr std::uint32_t low_word(std::uint64_t v) noexcept {
  return static_cast<std::uint32_t>(v);
}
[[nodiscard]] constexpr std::uint32_t high_word(std::uint64_t v) noexcept {
  return static_cast<std::uint32_t>(v >> 32);
}

// The key of one purpose under the task's seed.
[[nodiscard]] constexpr PhiloxKey philox_key(std::uint64_t seed, std::uint64_t purpose) noexcept {
  const PhiloxBlock b = philox4x32_10({low_word(purpose), high_word(purpose), 0x5953'5341, 0},
                                      {low_word(seed), high_word(seed)});
  return {b[0], b[1]};
}

// The word of one element at step t.
[[nodiscard]] constexpr std::uint32_t random_word(PhiloxKey key, std::uint64_t t,
                                                  std::uint64_t element) noexcept {
  const std::uint64_t block = element >> 2;
  return philox4x32_10({low_word(t), high_word(t), low_word(block), high_word(block)},
                       key)[element & 3];
}

// The shuffle: a swap-or-not permutation of [0, n), n at most 2^32 (Hoang, Morris, Rogaway 2012).
inline constexpr std::uint32_t kShuffleRounds = 24;

// The round's offset, the same for all elements of an epoch.
[[nodiscard]] constexpr std::uint64_t shuffle_offset(PhiloxKey key, std::uint64_t epoch,
                                                     std::uint32_t round,
                                                     std::uint64_t n) noexcept {
  const PhiloxBlock b = philox4x32_10({low_word(epoch), high_word(epoch), 0, 2 * round}, key);
  return (b[0] | std::uint64_t{b[1]} << 32) % n;
}

[[nodiscard]] constexpr std::uint64_t shuffle_round(PhiloxKey key, std::uint64_t epoch,
                                                    std::uint32_t round, std::uint64_t n,
                                                    std::uint64_t offset,
                                                    std::uint64_t x) noexcept {
  const std::uint64_t partner = offset >= x ? offset - x : offset + n - x;
  const std::uint64_t larger = partner > x ? partner : x;
  const PhiloxBlock b =
      philox4x32_10({low_word(epoch), high_word(epoch), low_word(larger), 2 * round + 1}, key);
  return (b[0] & 1) != 0 ? partner : x;
}

}  // namespace assay::numerics
