// How money is divided: every split adds up exactly, and says where the remainder goes
// (docs/spec/economics.md). Pure functions of integers; amounts are atoms.
#pragma once

#include <cstdint>

namespace assay::economics {

// A slash: at least half is burned (rounded up), so that a liar's alias gets back at most half.
[[nodiscard]] constexpr std::uint64_t burned_part(std::uint64_t stake) noexcept {
  return stake - stake / 2;
}

struct SlashSplit {
  std::uint64_t burned = 0;
  std::uint64_t bounty = 0;      // of the earliest winning commit
  std::uint64_t other_cost = 0;  // of each other winner
  friend constexpr bool operator==(const SlashSplit&, const SlashSplit&) = default;
};
// burned + bounty + other_winners * other_cost == stake. What is not burned pays first the others'
// cost, together at most half of it, rounded down; the rest is the bounty. Without winners (the
// slash of a solver whose claim stood) all is burned. replay_cost: what one other winner spent, at
// most.
struct Slash {
  std::uint64_t stake = 0;
  std::uint64_t winners = 0;
  std::uint64_t replay_cost = 0;
};
[[nodiscard]] SlashSplit split_slash(const Slash& slash) noexcept;

// What the earliest winner has at least, however many win beside it.
[[nodiscard]] constexpr std::uint64_t least_bounty(std::uint64_t stake) noexcept {
  return stake / 2 - stake / 2 / 2;
}

struct BondSplit {
  std::uint64_t defender = 0;  // for its replay
  std::uint64_t burned = 0;
  friend constexpr bool operator==(const BondSplit&, const BondSplit&) = default;
};
// The bond of a challenger that lost: half, rounded down, to the defender that won.
[[nodiscard]] BondSplit split_bond(std::uint64_t bond) noexcept;

// The bond of a challenge that was committed and not revealed in time: half, rounded down, to the
// jackpot, the rest burned. It pays for having kept a place in the order without using it.
struct UnrevealedSplit {
  std::uint64_t jackpot = 0;
  std::uint64_t burned = 0;
  friend constexpr bool operator==(const UnrevealedSplit&, const UnrevealedSplit&) = default;
};
[[nodiscard]] UnrevealedSplit split_unrevealed(std::uint64_t bond) noexcept;

// What one opened seal earns: fee / (seats * draws), rounded down. What is not earned, the
// remainder included, goes back to the submitter. seats and draws are positive.
struct FeeTerms {
  std::uint64_t fee = 0;
  std::uint32_t seats = 1;
  std::uint32_t draws = 1;
};
[[nodiscard]] constexpr std::uint64_t fee_per_seal(const FeeTerms& t) noexcept {
  return t.fee / (std::uint64_t{t.seats} * t.draws);
}

// Of one relay's seat.
[[nodiscard]] constexpr std::uint64_t fee_per_relay(std::uint64_t fee,
                                                    std::uint32_t relays) noexcept {
  return relays == 0 ? 0 : fee / relays;
}

}  // namespace assay::economics
