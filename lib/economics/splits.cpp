#include "assay/economics/splits.hpp"

#include <algorithm>

namespace assay::economics {

SlashSplit split_slash(const Slash& slash) noexcept {
  if (slash.winners == 0) return {slash.stake, 0, 0};
  SlashSplit split;
  split.burned = burned_part(slash.stake);
  const std::uint64_t rest = slash.stake - split.burned;
  const std::uint64_t others = slash.winners - 1;
  // Aliases that all "win" divide a fixed half of the rest: copies do not make it larger.
  if (others > 0) split.other_cost = std::min(slash.replay_cost, rest / 2 / others);
  split.bounty = rest - others * split.other_cost;
  return split;
}

BondSplit split_bond(std::uint64_t bond) noexcept { return {bond / 2, bond - bond / 2}; }

UnrevealedSplit split_unrevealed(std::uint64_t bond) noexcept {
  return {bond / 2, bond - bond / 2};
}

}  // namespace assay::economics
