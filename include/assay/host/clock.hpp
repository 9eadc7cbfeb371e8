// The machine's clocks.
#pragma once

#include "assay/core/faces.hpp"

namespace assay::host {

// Thread-safe. unix_ms follows the system's time and may step; monotonic_ms never goes back and has
// the same origin as std::chrono::steady_clock (and so as net::EventLoop).
class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t unix_ms() const override;
  [[nodiscard]] std::uint64_t monotonic_ms() const override;
};

// "2026-01-31T09:05:07.123Z".
[[nodiscard]] std::string rfc3339(std::uint64_t unix_ms);

}  // namespace assay::host
