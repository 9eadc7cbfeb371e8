#include "assay/economics/best_response.hpp"

#include "assay/core/contract.hpp"
#include "assay/economics/splits.hpp"

namespace assay::economics {

namespace {
__extension__ using Wide = unsigned __int128;
constexpr Wide kOne = Wide{1} << 64;
}  // namespace

std::uint64_t escapes(const Sample& s) noexcept {
  ASSAY_EXPECTS(s.entries >= 1 && s.entries <= kMaxEntries && s.draws <= s.entries);
  ASSAY_EXPECTS(s.false_intervals >= 1 && s.false_intervals <= s.entries);
  Wide chance = kOne;
  for (std::uint32_t i = 0; i < s.draws; ++i) {
    const std::uint64_t left = s.entries - i;
    if (left <= s.false_intervals) return 0;
    // chance <= 2^64 and the other factor < 2^33.
    chance = (chance * (left - s.false_intervals) + (left - 1)) / left;
  }
  return chance == kOne ? ~std::uint64_t{0} : static_cast<std::uint64_t>(chance);
}

bool watching_pays(const Watch& w) noexcept {
  ASSAY_EXPECTS(w.entries >= 2 && w.entries <= kMaxEntries);
  ASSAY_EXPECTS(w.at_stake <= kMaxTaskAtoms && w.reward <= kMaxTaskAtoms &&
                w.replay_cost <= kMaxTaskAtoms);
  return Wide{w.force_rate} * (Wide{w.at_stake} + w.reward) >=
         (Wide{w.replay_cost} << 32) * (w.entries - 1);
}

std::optional<std::uint64_t> least_at_stake(const Watch& w) noexcept {
  ASSAY_EXPECTS(w.entries >= 2 && w.entries <= kMaxEntries);
  ASSAY_EXPECTS(w.reward <= kMaxTaskAtoms && w.replay_cost <= kMaxTaskAtoms);
  if (w.replay_cost == 0) return 0;
  if (w.force_rate == 0) return std::nullopt;
  const Wide both =
      ((Wide{w.replay_cost} << 32) * (w.entries - 1) + (w.force_rate - 1)) / w.force_rate;
  if (both <= w.reward) return 0;
  if (both - w.reward > kMaxTaskAtoms) return std::nullopt;
  return static_cast<std::uint64_t>(both - w.reward);
}

bool bribes_exceed_gain(const Bribe& b) noexcept { return Wide{b.knowers} * b.bounty > b.gain; }

bool insurance_costs(std::uint64_t bond, std::uint64_t saving_per_interval) noexcept {
  return bond > saving_per_interval;
}

bool abort_costs(std::uint64_t solver_stake, std::uint64_t tax) noexcept {
  return burned_part(solver_stake) >= tax;
}

bool farming_loses(const Farm& f) noexcept {
  ASSAY_EXPECTS(f.aliases >= 1 && f.aliases <= 1024);
  const std::uint64_t base = jackpot_base({f.jackpot, f.tax, f.force_rate});
  const Wide found = Wide{jackpot_share(base, f.aliases)} * f.aliases;
  // found < 2^64 and f < 2^32.
  return found == 0 || found * f.force_rate < Wide{f.tax} << 32;
}

bool shared_stake_covers(const TaskTerms& t, std::uint64_t claims) noexcept {
  ASSAY_EXPECTS(claims >= 1 && t.entries >= 1);
  return Wide{t.draws} * (burned_part(t.solver_stake) / claims) >=
         Wide{t.declared_harm} * t.entries;
}

}  // namespace assay::economics
