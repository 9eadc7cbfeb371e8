#include "assay/economics/market.hpp"

#include "assay/core/contract.hpp"
#include "assay/economics/jackpot.hpp"

namespace assay::economics {

namespace {
__extension__ using Wide = unsigned __int128;
}

Rise split_rise(std::uint64_t atoms) noexcept {
  constexpr std::uint64_t kWhole = 100 + kLeastTaxPercent;
  const auto tax =
      static_cast<std::uint64_t>((Wide{atoms} * kLeastTaxPercent + (kWhole - 1)) / kWhole);
  return {atoms - tax, tax};
}

std::uint64_t part_down(std::uint64_t amount, std::uint64_t done, std::uint64_t all) noexcept {
  ASSAY_EXPECTS(all > 0 && done <= all);
  return static_cast<std::uint64_t>(Wide{amount} * done / all);
}

std::uint64_t part_up(std::uint64_t amount, std::uint64_t done, std::uint64_t all) noexcept {
  ASSAY_EXPECTS(all > 0 && done <= all);
  return static_cast<std::uint64_t>((Wide{amount} * done + (all - 1)) / all);
}

std::uint64_t decayed_score(std::uint64_t score, std::uint64_t elapsed_ms) noexcept {
  const std::uint64_t halvings = elapsed_ms / kReputationHalvingMs;
  if (halvings >= 64) return 0;
  const std::uint64_t from = score >> halvings;
  const std::uint64_t to = from >> 1;
  const std::uint64_t into = elapsed_ms % kReputationHalvingMs;
  // The loss is rounded up.
  return from - part_up(from - to, into, kReputationHalvingMs);
}

}  // namespace assay::economics
