// Clocks of a simulated world: one true time that jumps to what is due next, and parties' clocks
// that run fast or slow from any origin. Not thread-safe.
#pragma once

#include "assay/core/faces.hpp"

namespace assay::sim {

inline constexpr std::uint64_t kEpochMs = 1'700'000'000'000;  // Unix time at virtual 0

struct Drift {
  std::int64_t rate_ppm = 0;    // fast if positive
  std::uint64_t offset_ms = 0;  // what it showed at virtual 0

  [[nodiscard]] std::uint64_t local(std::uint64_t true_ms) const noexcept;
  // The earliest true time at which it shows at least `local_ms`.
  [[nodiscard]] std::uint64_t true_time(std::uint64_t local_ms) const noexcept;
};

// Monotonic by its drift; Unix time is that and what its operator, or a time server, moved it by.
class DriftingClock final : public Clock {
 public:
  explicit DriftingClock(const std::uint64_t& true_ms) : m_true_ms(true_ms) {}
  [[nodiscard]] std::uint64_t unix_ms() const override {
    return kEpochMs +
           static_cast<std::uint64_t>(static_cast<std::int64_t>(monotonic_ms()) + jump_ms);
  }
  [[nodiscard]] std::uint64_t monotonic_ms() const override { return drift.local(m_true_ms); }

  Drift drift;
  std::int64_t jump_ms = 0;

 private:
  const std::uint64_t& m_true_ms;
};

}  // namespace assay::sim
