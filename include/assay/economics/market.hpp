// What a market takes and weighs: tax, partial pay, forfeited deposits, reputation
// (docs/spec/economics.md, "Market"). Pure functions of integers; amounts are atoms, times are
// milliseconds of ledger time. Every rounding names its direction.
#pragma once

#include <cstdint>

namespace assay::economics {

inline constexpr std::uint64_t kDayMs = std::uint64_t{24} * 3600 * 1000;
inline constexpr std::uint64_t kReputationHalvingMs = 30 * kDayMs;
inline constexpr std::uint64_t kFaultGraceMs = 90 * kDayMs;

// What is put on top of one copy's price: kLeastTaxPercent / (100 + kLeastTaxPercent) of it,
// rounded up, go to the tax, so that a tax that was enough before still is. Requires atoms <=
// kMaxTaskAtoms.
struct Rise {
  std::uint64_t price = 0;
  std::uint64_t tax = 0;
};
[[nodiscard]] Rise split_rise(std::uint64_t atoms) noexcept;

// The deposit of a bid that was withdrawn too late: half to the submitter, rounded down, for the
// time it lost; the rest is burned, or an alias of the submitter would bid for free.
struct DepositSplit {
  std::uint64_t submitter = 0;
  std::uint64_t burned = 0;
};
[[nodiscard]] constexpr DepositSplit split_deposit(std::uint64_t deposit) noexcept {
  return {deposit / 2, deposit - deposit / 2};
}

// What `done` of `all` steps earn of `amount`: rounded down, as pay; rounded up, as tax. Requires
// done <= all, all positive.
[[nodiscard]] std::uint64_t part_down(std::uint64_t amount, std::uint64_t done,
                                      std::uint64_t all) noexcept;
[[nodiscard]] std::uint64_t part_up(std::uint64_t amount, std::uint64_t done,
                                    std::uint64_t all) noexcept;

// A score after `elapsed_ms`: halved (rounded down) every kReputationHalvingMs, in between on the
// straight line from one halving to the next, rounded down.
[[nodiscard]] std::uint64_t decayed_score(std::uint64_t score, std::uint64_t elapsed_ms) noexcept;

}  // namespace assay::economics
