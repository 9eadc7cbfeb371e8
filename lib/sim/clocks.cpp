#include "assay/sim/clocks.hpp"

namespace assay::sim {

namespace {
constexpr std::uint64_t kMillion = 1'000'000;
}

std::uint64_t Drift::local(std::uint64_t true_ms) const noexcept {
  const auto rate = static_cast<std::uint64_t>(static_cast<std::int64_t>(kMillion) + rate_ppm);
  return offset_ms + true_ms * rate / kMillion;
}

std::uint64_t Drift::true_time(std::uint64_t local_ms) const noexcept {
  if (local_ms <= offset_ms) return 0;
  const auto rate = static_cast<std::uint64_t>(static_cast<std::int64_t>(kMillion) + rate_ppm);
  return ((local_ms - offset_ms) * kMillion + rate - 1) / rate;
}

}  // namespace assay::sim
