// The main job in the simulator: a submitter, two solvers of which one may lie, a verifier and a
// whistleblower, on a tiny convolutional network.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "assay/sim/simulator.hpp"
#include "cheats/cheats.hpp"

namespace assay::scenario {

inline constexpr std::uint64_t kSteps = 24;
inline constexpr std::uint64_t kInterval = 4;

// What both tasks say about money.
inline constexpr std::uint64_t kToken = kAtomsPerToken;
inline constexpr std::uint64_t kPrice = 100 * kToken;
inline constexpr std::uint64_t kFee = 20 * kToken;
inline constexpr std::uint64_t kTax = 2 * kToken;  // half burned, half to the jackpot
inline constexpr std::uint64_t kSolverStake = 1'000 * kToken;
inline constexpr std::uint64_t kBond = 100 * kToken;
inline constexpr std::uint32_t kDraws = 3;

struct Setting {
  sim::SimOptions sim;
  std::optional<cheats::Lie> lie;  // of the second solver
  bool fewer_steps = false;        // the second solver reveals half a transcript
  bool silent_at_the_end =
      false;  // the second solver leaves the moves that anybody may make to others
  // A machine of solver-1's with a key of its own: its delegate, where the first makes no moves at
  // all; else for moves that anybody may make for it, which the first does not make then.
  enum class Second : std::uint8_t { kNone, kDelegate, kUnnamed, kStranger };
  Second second = Second::kNone;                   // kUnnamed: as the first, but it was never named
  std::optional<cheats::Lie> false_alarm;          // of the whistleblower
  bool lazy_verifier = false;                      // and the whistleblower checks all seals
  bool forces = false;                             // every claim has to force an error
  std::uint64_t submitter_leaves_ms = UINT64_MAX;  // for good
  // A checker that is about to see this turn of a game that it plays as challenger crashes, once a
  // game; kEveryTurn: at each turn that it sees.
  std::optional<std::uint32_t> crash_challenger_at;
  static constexpr std::uint32_t kEveryTurn = UINT32_MAX;
};

struct Ending {
  sim::SimReport report;
  protocol::TaskView honest;  // the task of solver-1
  protocol::TaskView lying;   // of solver-2
  protocol::Totals totals;
  // Everything that an account owns, by the party's name.
  std::map<std::string, std::uint64_t> before, after;
  std::optional<Bytes> model;  // what the submitter saved of the honest one
  std::uint64_t disputed_entry = 0;
  dispute::Position last_position;  // of the lost game, if there was one
  std::vector<std::string> nodes;   // labels or names by node index
};

// The one claim that a task of this scenario gets.
[[nodiscard]] inline const protocol::ClaimView* claim_of(const protocol::TaskView& task) {
  return task.claims.empty() ? nullptr : &task.claims.front();
}
[[nodiscard]] const training::Task& task();
// A copy for each solver.
[[nodiscard]] protocol::PostTask terms_for(std::vector<AccountId> solvers, bool forces);
[[nodiscard]] Result<Ending> play(const Setting& setting);

}  // namespace assay::scenario
