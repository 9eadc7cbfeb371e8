// When the honest answer pays best: the inequalities that a quote, a role and the simulator ask,
// one function each, exact in integers (docs/spec/economics.md, which numbers them and their
// assumptions). Pure; products are 128 bits wide. Amounts are atoms, at most kMaxTaskAtoms.
#pragma once

#include <optional>

#include "assay/economics/incentives.hpp"
#include "assay/economics/jackpot.hpp"

namespace assay::economics {

// The chance that none of m false intervals among n is drawn by a verifier with d distinct draws,
// times 2^64 and rounded up: product over i < d of (n - m - i) / (n - i), so an upper bound that
// exceeds the truth by at most d / 2^64. Exact 0 where m > n - d, exactly 2^64 - 1 at most.
struct Sample {
  std::uint64_t entries = 1;          // n, 1 to kMaxEntries
  std::uint32_t draws = 1;            // d, at most n
  std::uint64_t false_intervals = 1;  // m, 1 to n
};
[[nodiscard]] std::uint64_t escapes(const Sample& sample) noexcept;

// E-7: replaying a drawn interval is a verifier's best reply although every claim is true, for the
// interval may hold a forced error:  f / (n - 1) (stake lost + fees lost + reward) >= cost.
// Looked at against what a blind attestation saves, with what remains of the jackpot if the
// solver's own alias finds the error too (two finders). A task that fails it is labelled.
struct Watch {
  std::uint32_t force_rate = 0;  // f, of 2^32
  std::uint64_t entries = 2;     // n
  std::uint64_t at_stake = 0;    // what a blind attestation of the forced entry loses
  std::uint64_t reward = 0;      // what finding it pays
  std::uint64_t replay_cost = 0;
};
[[nodiscard]] bool watching_pays(const Watch& watch) noexcept;
// The least `at_stake` with which it does, rounded up; nothing if it is over kMaxTaskAtoms or
// nothing is ever forced.
[[nodiscard]] std::optional<std::uint64_t> least_at_stake(const Watch& watch) noexcept;

// E-8: a liar that gains `gain` cannot pay `knowers` parties who replayed a false interval what
// each of them gets by telling: knowers bounty > gain. What the liar's own alias gets is no bounty.
struct Bribe {
  std::uint64_t gain = 0;
  std::uint64_t bounty = 0;
  std::uint64_t knowers = 0;  // at most 2^32
};
[[nodiscard]] bool bribes_exceed_gain(const Bribe& bribe) noexcept;

// E-9: a liar's alias that commits to challenges of its own false intervals, to be first in line if
// somebody else comes and to stay silent if nobody does, forfeits a bond for each: more than the
// interval saved. It follows from E-3.
[[nodiscard]] bool insurance_costs(std::uint64_t bond, std::uint64_t saving_per_interval) noexcept;

// E-10: giving a claim up once the beacon has said whether an error is due costs at least what its
// end would have: the tax. Otherwise whoever farms the jackpot gives up all claims but the forced.
[[nodiscard]] bool abort_costs(std::uint64_t solver_stake, std::uint64_t tax) noexcept;

// E-11: whoever is submitter, solver and every finder of a forced error in one pays more tax than
// it finds:  f w share(w) < tax for every number w of aliases.
struct Farm {
  std::uint64_t jackpot = 0;
  std::uint64_t tax = 0;
  std::uint32_t force_rate = 0;
  std::uint64_t aliases = 1;  // w, 1 to 2^10
};
[[nodiscard]] bool farming_loses(const Farm& farm) noexcept;

// E-12: n claims behind one stake that burns once leave an n-th of it to cover the harm of each:
// q floor(burned(S) / n) >= harm. A claim locks a stake of its own, so n is 1.
[[nodiscard]] bool shared_stake_covers(const TaskTerms& terms, std::uint64_t claims) noexcept;

}  // namespace assay::economics
