// Forced errors and what they pay: the tax of a task, who must force an error and where, and the
// jackpot's shares (docs/spec/economics.md). Pure functions of integers; amounts are atoms, every
// rounding names its direction. Thread-safe.
//
// Source: Teutsch and Reitwiessner, "A scalable verification solution for blockchains" (forced
// errors, tax, a third of the jackpot at most, shares that shrink with the number of finders).
#pragma once

#include "assay/core/ids.hpp"
#include "assay/core/sha256_function.hpp"

namespace assay::economics {

// The least tax, in percent of the price, rounded up.
inline constexpr std::uint64_t kLeastTaxPercent = 2;
[[nodiscard]] std::uint64_t least_tax(std::uint64_t price) noexcept;

struct TaxSplit {
  std::uint64_t burned = 0;
  std::uint64_t jackpot = 0;
  friend constexpr bool operator==(const TaxSplit&, const TaxSplit&) = default;
};
// Half, rounded up, is burned; the rest feeds the jackpot.
[[nodiscard]] constexpr TaxSplit split_tax(std::uint64_t tax) noexcept {
  return {tax - tax / 2, tax / 2};
}

// What a forced error pays in expectation is at most (1 - e) of the tax that its claim paid, with
// e = 1 / 8: whoever is submitter, solver and finder in one loses at least an eighth of the tax.
inline constexpr std::uint64_t kPayoutNumerator = 7;
inline constexpr std::uint64_t kPayoutDenominator = 8;
// And never more than a third of the jackpot.
inline constexpr std::uint64_t kJackpotParts = 3;

struct JackpotTerms {
  std::uint64_t jackpot = 0;     // what it holds
  std::uint64_t tax = 0;         // that this claim paid, at most kMaxTaskAtoms
  std::uint32_t force_rate = 0;  // f, of 2^32
};
// J0 = min(jackpot / 3, (1 - e) tax / f), rounded down; 0 where nothing is ever forced.
[[nodiscard]] std::uint64_t jackpot_base(const JackpotTerms& terms) noexcept;

// What each of `winners` >= 1 finders gets: floor(J0 / 4^(winners - 1)). All together get less the
// more they are, so a second account of one finder lowers what it gets.
[[nodiscard]] std::uint64_t jackpot_share(std::uint64_t base, std::uint64_t winners) noexcept;

// r is committed to before the beacon is known, and the beacon comes after the transcript was
// committed to: nobody chooses. r stays secret until the claim was checked, so nobody but the
// solver knows whether or where to look.
struct ForceTerms {
  Hash256 r;
  Hash256 beacon;
  ClaimId claim;
  std::uint64_t entries = 0;     // of the transcript, at least 2
  std::uint32_t force_rate = 0;  // f, of 2^32
};
struct Force {
  bool is_due = false;
  std::uint64_t entry = 0;  // 1 to entries - 1: entry 0 is the init program's
  friend bool operator==(const Force&, const Force&) = default;
};
// h = SHA-256("assay/force/1" || r || beacon || claim); due if the first 8 bytes, as u64, are below
// force_rate 2^32; the entry is 1 + floor(the next 8 bytes (entries - 1) / 2^64).
[[nodiscard]] Force draw_force(Sha256Function sha256, const ForceTerms& terms);

}  // namespace assay::economics
