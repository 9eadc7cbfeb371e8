// The simulators' randomness: a function of its seed.
#pragma once

#include <cstdint>

namespace assay::sim {

// SplitMix64: small, fast, the same everywhere. Never for anything secret.
class SimRng {
 public:
  explicit SimRng(std::uint64_t seed) : m_state(seed) {}
  std::uint64_t next() noexcept;
  // Uniform in [0, bound), bound > 0 (up to 2^-32 of bias).
  std::uint64_t below(std::uint64_t bound) noexcept { return (next() >> 32) * bound >> 32; }
  bool chance(double p) noexcept { return static_cast<double>(next() >> 11) * 0x1p-53 < p; }

 private:
  std::uint64_t m_state;
};

}  // namespace assay::sim
