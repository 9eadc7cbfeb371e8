// Populations of rational solvers, verifiers and whistleblowers who repeat one task's terms for
// epochs and revise what they do by best response (docs/economics.md). Payoffs use economics'
// integer functions; shares and chances are doubles, because nothing here is committed to. A run is
// a function of its options alone. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "assay/economics/best_response.hpp"

namespace assay::sim {

enum class SolverPlay : std::uint8_t {
  kHonest,
  kOneFalse,    // replaces one interval
  kTenthFalse,  // a tenth of them, at least one
  kAllFalse,
  kInsured,  // a tenth; an alias commits to challenges of them, and reveals if somebody else does
  kBriber,   // a tenth; pays every verifier that replayed one of them what telling would pay it
};
inline constexpr std::size_t kSolverPlays = 6;

enum class VerifierPlay : std::uint8_t {
  kReplays,
  kBlind,  // attests what the transcript says
  kPools,  // replays, and shares replays of intervals that its pool was drawn for more than once
};
inline constexpr std::size_t kVerifierPlays = 3;

enum class FinderPlay : std::uint8_t { kIdle, kOneInterval, kEverything };
inline constexpr std::size_t kFinderPlays = 3;

[[nodiscard]] const char* to_string(SolverPlay play) noexcept;
[[nodiscard]] const char* to_string(VerifierPlay play) noexcept;
[[nodiscard]] const char* to_string(FinderPlay play) noexcept;

// How many of a transcript's entries a solver of that play makes up.
[[nodiscard]] std::uint64_t false_intervals(SolverPlay play, std::uint64_t entries) noexcept;

struct Economy {
  economics::TaskTerms terms;
  double work = 0.8;          // what training costs, as a part of the price (A1: at most 1)
  double harm_gain = 0;       // atoms that each false interval which stands brings its solver
  double colluding = 0;       // part of the verifiers that attest whatever the solver says
  bool solver_finds = true;   // an alias of every solver claims the solver's own forced errors
  std::uint32_t finders = 5;  // whistleblowers that look at every task
  std::uint32_t pool = 4;     // verifiers that share replays
};

// Parts of each population, each adding up to 1.
struct Mix {
  std::array<double, kSolverPlays> solvers{};
  std::array<double, kVerifierPlays> verifiers{};
  std::array<double, kFinderPlays> finders{};
};

// Expected atoms of one task (solver), one seat (verifier), one task looked at (finder), against
// everybody else's mix and a jackpot of that size.
struct Payoffs {
  std::array<double, kSolverPlays> solvers{};
  std::array<double, kVerifierPlays> verifiers{};
  std::array<double, kFinderPlays> finders{};
};
[[nodiscard]] Payoffs payoffs(const Economy& economy, const Mix& mix, std::uint64_t jackpot);

struct EconomyOptions {
  Economy economy;
  std::uint64_t seed = 1;
  std::uint32_t epochs = 3000;
  std::uint32_t tasks_per_epoch = 20;
  std::uint32_t agents = 100;       // of each of solvers, verifiers, whistleblowers
  double revision = 0.02;           // chance, per epoch, that an agent reconsiders
  double mistake = 0.02;            // and then picks anything
  std::uint64_t first_jackpot = 0;  // a donor's
  Mix start{{1}, {1}, {1}};         // where everybody begins
};

struct EpochRow {
  Mix mix;
  std::uint32_t false_claims = 0;    // of this epoch's tasks
  std::uint32_t false_standing = 0;  // of them, that nobody challenged
  std::uint32_t forced = 0;
  std::uint32_t forced_found = 0;
  std::uint64_t jackpot = 0;
};

[[nodiscard]] std::vector<EpochRow> simulate(const EconomyOptions& options);

// Means over the last half of the epochs.
struct Outcome {
  double honest_solvers = 0;
  double replaying_verifiers = 0;  // kReplays and kPools
  double looking_finders = 0;      // all but idle
  double false_standing = 0;       // of all claims
};
[[nodiscard]] Outcome settled(const std::vector<EpochRow>& rows, std::uint32_t tasks_per_epoch);

// Attacks that are no equilibrium of anything, played out round by round with the rule that meets
// each and without it: what the attacker nets a round, in atoms.
struct AttackRow {
  const char* attack;
  const char* rule;
  double with_rule = 0;
  double without_rule = 0;
};
[[nodiscard]] std::vector<AttackRow> play_attacks(const Economy& economy, std::uint64_t seed,
                                                  std::uint32_t rounds);

}  // namespace assay::sim
