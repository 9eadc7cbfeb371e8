#include <gtest/gtest.h>

#include <cstdlib>

#include "assay/dispute/signed_move.hpp"
#include "sim/scenario.hpp"

namespace assay::scenario {
namespace {

using protocol::ClaimStatus;
using protocol::TaskStatus;

std::string tail(const sim::SimReport& report) {
  std::string text;
  const std::size_t from = report.log.size() > 60 ? report.log.size() - 60 : 0;
  for (std::size_t i = from; i < report.log.size(); ++i) text += report.log[i] + "\n";
  return text;
}

cheats::Lie lie_of(const std::string& kind) {
  cheats::Lie lie;
  lie.kind = kind;
  lie.step = 13;
  return lie;
}

// What the verifier's opened seals earned of one task's fee (docs/spec/protocol.md): an attestation
// unless it stands for the entry that fell, a difference only there.
std::uint64_t fees_of(const protocol::TaskView& task) {
  std::uint64_t seals = 0;
  if (claim_of(task) == nullptr) return 0;
  const protocol::ClaimRecord& claim = claim_of(task)->record;
  if (claim.status != ClaimStatus::kFinal && claim.status != ClaimStatus::kFallen) return 0;
  for (const protocol::VerifierRecord& verifier : claim_of(task)->verifiers)
    for (std::size_t i = 0; i < verifier.opened.size(); ++i) {
      const bool fell =
          claim.status == ClaimStatus::kFallen && verifier.draws[i].entry == claim.fallen_entry;
      if (verifier.opened[i] && verifier.opened[i]->matches != fell) ++seals;
    }
  return seals * (kFee / kDraws);
}

// INV-SIM-003 and 004: every token is somewhere, and nobody who was honest lost one beyond what it
// agreed to pay, whoever lied.
// A false challenge's bond is won by a solver or the verifier.
void expect_no_honest_loss(const Ending& ending, bool second_is_honest,
                           bool whistleblower_is_honest) {
  const auto& before = ending.before;
  const auto& after = ending.after;
  const auto taxed = [](const protocol::TaskView& task) {
    const protocol::ClaimView* claim = claim_of(task);
    return claim != nullptr && claim->record.status == ClaimStatus::kFinal ? kTax : 0;
  };
  const std::uint64_t paid = taxed(ending.honest) + taxed(ending.lying) +
                             (ending.honest.record.status == TaskStatus::kPaid ? kPrice : 0) +
                             (ending.lying.record.status == TaskStatus::kPaid ? kPrice : 0);
  const std::uint64_t fees = fees_of(ending.honest) + fees_of(ending.lying);
  EXPECT_EQ(after.at("submitter"), before.at("submitter") - paid - fees) << tail(ending.report);
  EXPECT_GE(after.at("verifier"), before.at("verifier") + fees) << tail(ending.report);
  if (whistleblower_is_honest) {
    EXPECT_GE(after.at("whistleblower"), before.at("whistleblower")) << tail(ending.report);
    EXPECT_EQ(after.at("solver-1"), before.at("solver-1") + kPrice) << tail(ending.report);
    if (second_is_honest) {
      EXPECT_EQ(after.at("solver-2"), before.at("solver-2") + kPrice);
    }
  } else {
    EXPECT_GE(after.at("solver-1"), before.at("solver-1") + kPrice) << tail(ending.report);
    EXPECT_GE(after.at("solver-2"), before.at("solver-2") + kPrice) << tail(ending.report);
  }
  std::uint64_t sum_before = 0, sum_after = 0;
  for (const auto& [name, atoms] : before) sum_before += atoms;
  for (const auto& [name, atoms] : after) sum_after += atoms;
  EXPECT_EQ(ending.totals.issued.value, sum_before);
  EXPECT_EQ(sum_after + ending.totals.burned.value + ending.totals.jackpot.value +
                ending.totals.treasury.value,
            sum_before);
}

void expect_caught(const Ending& ending) {
  EXPECT_TRUE(ending.report.all_finished) << tail(ending.report);
  ASSERT_TRUE(claim_of(ending.honest) && claim_of(ending.lying)) << tail(ending.report);
  EXPECT_EQ(ending.honest.record.status, TaskStatus::kPaid) << tail(ending.report);
  EXPECT_EQ(claim_of(ending.honest)->record.status, ClaimStatus::kFinal) << tail(ending.report);
  EXPECT_EQ(claim_of(ending.lying)->record.status, ClaimStatus::kFallen) << tail(ending.report);
  EXPECT_TRUE(claim_of(ending.lying)->record.solver_lost);
  EXPECT_GT(ending.totals.burned.value, 0u);
  EXPECT_EQ(ending.after.at("solver-2"), ending.before.at("solver-2") - kSolverStake);
  expect_no_honest_loss(ending, false, true);
}

TEST(Simulation, TwoHonestSolversArePaid) {
  const auto ending = play({});
  ASSERT_TRUE(ending) << ending.error().message;
  EXPECT_TRUE(ending->report.all_finished) << tail(ending->report);
  EXPECT_EQ(ending->honest.record.status, TaskStatus::kPaid) << tail(ending->report);
  EXPECT_EQ(ending->lying.record.status, TaskStatus::kPaid);
  EXPECT_EQ(ending->totals.burned.value, 2 * kTax / 2);
  EXPECT_EQ(ending->totals.jackpot.value, 2 * kTax / 2);
  expect_no_honest_loss(*ending, true, true);
}

// Solver-1 is challenged without ground and cannot move. Its second machine plays for it, as far as
// it may: as delegate the whole game, as a stranger what stands under a root (INV-ROL-009).
Setting challenged_without_ground(Setting::Second second) {
  Setting setting;
  setting.false_alarm = lie_of("output-element");
  setting.second = second;
  return setting;
}
std::size_t games_of(const protocol::TaskView& task, protocol::GameStatus status) {
  std::size_t count = 0;
  for (const auto& challenge : claim_of(task)->challenges)
    for (const auto& game : challenge.games)
      count += !game.record.by_attestor && game.record.status == status ? 1 : 0;
  return count;
}

TEST(Simulation, ADelegateDefendsASolverThatIsNotThere) {
  const auto ending = play(challenged_without_ground(Setting::Second::kDelegate));
  ASSERT_TRUE(ending) << ending.error().message;
  EXPECT_TRUE(ending->report.all_finished) << tail(ending->report);
  EXPECT_EQ(claim_of(ending->honest)->record.status, ClaimStatus::kFinal) << tail(ending->report);
  EXPECT_EQ(games_of(ending->honest, protocol::GameStatus::kChallengerWon), 0u);
  EXPECT_GE(ending->after.at("solver-1"), ending->before.at("solver-1") + kPrice)
      << tail(ending->report);
  EXPECT_EQ(ending->after.at("second"), ending->before.at("second"));
  expect_no_honest_loss(*ending, true, false);
}

TEST(Simulation, WhoWasNotNamedCannotMoveForASolver) {
  const auto ending = play(challenged_without_ground(Setting::Second::kUnnamed));
  ASSERT_TRUE(ending) << ending.error().message;
  EXPECT_TRUE(claim_of(ending->honest)->record.solver_lost) << tail(ending->report);
  EXPECT_EQ(ending->after.at("second"), ending->before.at("second"));
}

TEST(Simulation, AStrangerOpensForASolverThatFallsSilent) {
  const auto ending = play(challenged_without_ground(Setting::Second::kStranger));
  ASSERT_TRUE(ending) << ending.error().message;
  EXPECT_EQ(games_of(ending->honest, protocol::GameStatus::kChallengerWon), 0u)
      << tail(ending->report);
  EXPECT_FALSE(claim_of(ending->honest)->record.solver_lost);
  EXPECT_GE(ending->after.at("solver-1"), ending->before.at("solver-1") + kPrice)
      << tail(ending->report);
  EXPECT_EQ(ending->after.at("second"), ending->before.at("second"));
  bool opened = false;
  for (const auto& challenge : claim_of(ending->honest)->challenges)
    for (const auto& game : challenge.games)
      for (const Bytes& bytes : game.moves) {
        codec::Reader reader(bytes);
        opened = opened || dispute::read_signed_move(reader).by.stranger.has_value();
      }
  EXPECT_TRUE(opened) << tail(ending->report);
}

// A verifier that copies what it seals is caught by whoever replays what it says; the claims stand.
TEST(Simulation, ALazyVerifierIsCaughtByItsInteriorRoot) {
  Setting setting;
  setting.lazy_verifier = true;
  const auto ending = play(setting);
  ASSERT_TRUE(ending) << ending.error().message;
  constexpr std::uint64_t kVerifierStake = 200 * kToken;
  std::uint64_t slashed = 0;
  for (const protocol::TaskView* task : {&ending->honest, &ending->lying}) {
    EXPECT_EQ(task->record.status, TaskStatus::kPaid) << tail(ending->report);
    for (const protocol::VerifierRecord& verifier : claim_of(*task)->verifiers)
      slashed += verifier.lost ? 1 : 0;
  }
  EXPECT_EQ(slashed, 2u) << tail(ending->report);
  EXPECT_EQ(ending->after.at("verifier"), ending->before.at("verifier") - 2 * kVerifierStake);
  EXPECT_EQ(ending->after.at("whistleblower"),
            ending->before.at("whistleblower") + 2 * (kVerifierStake / 2));
  for (const char* solver : {"solver-1", "solver-2"})
    EXPECT_EQ(ending->after.at(solver), ending->before.at(solver) + kPrice);
}

// Solvers force their errors, and nobody loses by it but the submitter its tax. Whether checkers
// find one while the verifiers seal hangs on what was drawn; where they do, they are paid.
TEST(Simulation, ForcedErrorsAreFoundAndPaid) {
  bool both_found = false;
  for (std::uint64_t seed = 1; seed <= 20 && !both_found; ++seed) {
    Setting setting;
    setting.sim.seed = seed;
    setting.forces = true;
    const auto ending = play(setting);
    ASSERT_TRUE(ending) << ending.error().message;
    EXPECT_TRUE(ending->report.all_finished) << tail(ending->report);
    both_found = true;
    for (const protocol::TaskView* task : {&ending->honest, &ending->lying}) {
      ASSERT_TRUE(claim_of(*task));
      EXPECT_EQ(task->record.status, TaskStatus::kPaid) << tail(ending->report);
      EXPECT_NE(claim_of(*task)->record.forced_entry, 0u);
      bool found = false;
      for (const protocol::ChallengeView& challenge : claim_of(*task)->challenges) {
        const protocol::ChallengeStatus status = challenge.record.status;
        found = found || status == protocol::ChallengeStatus::kFound;
        // After the seals it is too late for a share, not for the bond.
        EXPECT_TRUE(status == protocol::ChallengeStatus::kFound ||
                    status == protocol::ChallengeStatus::kVoid)
            << tail(ending->report);
      }
      both_found = both_found && found;
    }
    EXPECT_EQ(ending->totals.burned.value, kTax);
    if (both_found) {
      EXPECT_LT(ending->totals.jackpot.value, kTax);  // the second claim's finder had a share
    }
    for (const char* solver : {"solver-1", "solver-2"})
      EXPECT_EQ(ending->after.at(solver), ending->before.at(solver) + kPrice);
    EXPECT_GT(ending->after.at("verifier"), ending->before.at("verifier"));
    EXPECT_GE(ending->after.at("whistleblower"), ending->before.at("whistleblower"));
  }
  EXPECT_TRUE(both_found);
}

// A transcript that is too short has no opening of its last entry: the ledger takes no such reveal.
TEST(Simulation, FewerStepsAreRefusedByTheLedger) {
  Setting setting;
  setting.fewer_steps = true;
  const auto ending = play(setting);
  ASSERT_TRUE(ending) << ending.error().message;
  EXPECT_TRUE(ending->report.all_finished) << tail(ending->report);
  ASSERT_TRUE(claim_of(ending->lying));
  EXPECT_EQ(ending->honest.record.status, TaskStatus::kPaid) << tail(ending->report);
  EXPECT_EQ(claim_of(ending->lying)->record.status, ClaimStatus::kExpired) << tail(ending->report);
  EXPECT_EQ(ending->lying.record.status, TaskStatus::kRefunded);
  EXPECT_TRUE(claim_of(ending->lying)->challenges.empty());
  const std::string refusal =
      std::string("verdict=") + protocol::to_string(protocol::TxVerdict::kWrongOpening);
  unsigned refusals = 0;
  for (const std::string& line : ending->report.log)
    if (line.find("solver-2 transaction.refused") != std::string::npos &&
        line.find("purpose=reveal/") != std::string::npos) {
      EXPECT_NE(line.find(refusal), std::string::npos) << line;
      ++refusals;
    }
  EXPECT_GT(refusals, 0u) << tail(ending->report);
  // The price goes back; nobody else is touched, not even the solver, who claimed nothing.
  EXPECT_EQ(ending->totals.burned.value, kTax / 2);
  EXPECT_EQ(ending->after.at("solver-2"), ending->before.at("solver-2"));
  EXPECT_EQ(ending->after.at("whistleblower"), ending->before.at("whistleblower"));
  expect_no_honest_loss(*ending, false, true);
}

class EveryLie : public testing::TestWithParam<std::string> {};

TEST_P(EveryLie, IsCaughtAndTheHonestSolverIsPaid) {
  Setting setting;
  setting.lie = lie_of(GetParam());
  const auto ending = play(setting);
  ASSERT_TRUE(ending) << ending.error().message;
  expect_caught(*ending);
}

// A lie does not hide behind the error that its solver had to force.
TEST_P(EveryLie, IsCaughtBesideAForcedError) {
  Setting setting;
  setting.forces = true;
  setting.lie = lie_of(GetParam());
  const auto ending = play(setting);
  ASSERT_TRUE(ending) << ending.error().message;
  ASSERT_TRUE(claim_of(ending->lying));
  EXPECT_EQ(claim_of(ending->lying)->record.status, ClaimStatus::kFallen) << tail(ending->report);
  EXPECT_EQ(ending->honest.record.status, TaskStatus::kPaid) << tail(ending->report);
}

// A challenger that is wrong about the truth, however it came to be, loses its bond to whom it
// accused.
TEST_P(EveryLie, ToldByAChallengerCostsItsBond) {
  Setting setting;
  setting.false_alarm = lie_of(GetParam());
  const auto ending = play(setting);
  ASSERT_TRUE(ending) << ending.error().message;
  EXPECT_TRUE(ending->report.all_finished) << tail(ending->report);
  std::uint64_t lost = 0;
  for (const protocol::TaskView* task : {&ending->honest, &ending->lying}) {
    ASSERT_TRUE(claim_of(*task));
    EXPECT_EQ(task->record.status, TaskStatus::kPaid) << tail(ending->report);
    EXPECT_EQ(claim_of(*task)->record.status, ClaimStatus::kFinal);
    EXPECT_FALSE(claim_of(*task)->record.solver_lost);
    ASSERT_FALSE(claim_of(*task)->challenges.empty()) << tail(ending->report);
    for (const protocol::ChallengeView& challenge : claim_of(*task)->challenges) {
      EXPECT_EQ(challenge.record.status, protocol::ChallengeStatus::kLost);
      ++lost;
      // Decided by what was computed, not by a clock.
      unsigned won = 0;
      for (const protocol::GameView& game : challenge.games) {
        EXPECT_FALSE(game.record.by_clock);
        won += game.record.status == protocol::GameStatus::kDefenderWon ? 1 : 0;
      }
      EXPECT_GT(won, 0u);
    }
  }
  expect_no_honest_loss(*ending, true, false);
  EXPECT_EQ(ending->after.at("whistleblower"), ending->before.at("whistleblower") - lost * kBond);
  EXPECT_EQ(ending->totals.burned.value, lost * (kBond - kBond / 2) + kTax);
}

INSTANTIATE_TEST_SUITE_P(Simulation, EveryLie, testing::ValuesIn(cheats::names_of_lies()),
                         [](const auto& param_info) {
                           std::string name = param_info.param;
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

// The challenger's process dies before each turn of the game in turn, and before every one. The
// liar's trace is false from the disputed node on, so that the last opening needs what it offered
// before the crash, and the liar leaves that opening to the challenger.
TEST(Simulation, AChallengerThatCrashedBeforeAnyTurnWinsByVerdict) {
  Setting setting;
  setting.lie = lie_of("output-element");
  setting.silent_at_the_end = true;
  std::uint32_t turns = 0;
  std::uint64_t crashes = 0;
  const auto run = [&](std::optional<std::uint32_t> at) {
    SCOPED_TRACE(at ? "crash before turn " + std::to_string(*at) : "no crash");
    setting.crash_challenger_at = at;
    const auto ending = play(setting);
    ASSERT_TRUE(ending) << ending.error().message;
    expect_caught(*ending);
    EXPECT_EQ(ending->report.crashes > 0, at.has_value());
    crashes += ending->report.crashes;
    unsigned games = 0;
    for (const auto& challenge : claim_of(ending->lying)->challenges)
      for (const auto& game : challenge.games) {
        EXPECT_EQ(game.record.status, protocol::GameStatus::kChallengerWon);
        EXPECT_FALSE(game.record.by_clock) << tail(ending->report);
        turns = std::max(turns, game.record.turn);
        ++games;
      }
    EXPECT_GT(games, 0u);
    EXPECT_EQ(ending->last_position.ended_at, dispute::Stage::kScalar);
  };
  run(std::nullopt);
  ASSERT_GT(turns, 6u);
  for (std::uint32_t turn = 0; turn < turns && !HasFailure(); ++turn) run(turn);
  run(Setting::kEveryTurn);
  std::printf(
      "figure sim_challenger_crash_points %u turns\nfigure sim_challenger_crashes %llu crashes\n",
      turns, static_cast<unsigned long long>(crashes));
}

// A submitter that leaves takes nobody's task with it: what was fetched once is kept, so that a
// challenger that crashes can still play. (A solver's accomplice would leave on purpose.)
TEST(Simulation, AChallengerThatCrashedNeedsNoSubmitter) {
  Setting setting;
  setting.lie = lie_of("weight-bit");
  setting.submitter_leaves_ms = 12'000;
  setting.crash_challenger_at = Setting::kEveryTurn;
  const auto ending = play(setting);
  ASSERT_TRUE(ending) << ending.error().message;
  ASSERT_TRUE(claim_of(ending->lying)) << tail(ending->report);
  EXPECT_GT(ending->report.crashes, 3u);
  EXPECT_EQ(claim_of(ending->lying)->record.status, ClaimStatus::kFallen) << tail(ending->report);
  EXPECT_EQ(claim_of(ending->honest)->record.status, ClaimStatus::kFinal) << tail(ending->report);
}

// A checker that starts from the checkpoint of a forced entry has the flipped bit in its state; the
// game about the lie behind it starts from the true one.
TEST(Simulation, ALieRightBehindAForcedErrorFalls) {
  unsigned behind = 0;
  for (std::uint64_t seed = 1; seed <= 40 && behind < 3; ++seed) {
    Setting setting;
    setting.sim.seed = seed;
    setting.forces = true;
    setting.lie = lie_of("weight-bit");
    const auto ending = play(setting);
    ASSERT_TRUE(ending) << ending.error().message;
    ASSERT_TRUE(claim_of(ending->lying));
    const protocol::ClaimRecord& claim = claim_of(ending->lying)->record;
    EXPECT_EQ(claim.status, ClaimStatus::kFallen) << "seed " << seed << "\n"
                                                  << tail(ending->report);
    const bool is_behind =
        claim.forced_entry != 0 && claim.forced_entry + 1 == ending->disputed_entry;
    behind += is_behind ? 1 : 0;
    if (HasFailure()) return;
  }
  EXPECT_GT(behind, 0u);
}

// INV-SIM-001, INV-SIM-004: loss, repetition, delay and crashes change who says what when, but not
// who wins.
TEST(Simulation, FaultsChangeNothingOfTheOutcome) {
  const char* wanted = std::getenv("ASSAY_SIM_SEEDS");
  const std::uint64_t seeds = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 24;
  const std::vector<std::string> lies = cheats::names_of_lies();
  std::uint64_t crashes = 0, lost = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Setting setting;
    setting.sim.seed = seed;
    setting.sim.faults = {.lose = 0.15,
                          .repeat = 0.1,
                          .delay_ms_max = 300,
                          .crash = 0.01,
                          .crash_node = 0.02,
                          .cut_job = 0.05};
    setting.lie = lie_of(lies[seed % lies.size()]);
    const auto ending = play(setting);
    ASSERT_TRUE(ending) << "seed " << seed << ": " << ending.error().message;
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_caught(*ending);
    crashes += ending->report.crashes;
    lost += ending->report.lost;
    if (testing::Test::HasFailure()) return;
  }
  std::printf(
      "figure sim_seeds %llu seeds\nfigure sim_crashes %llu crashes\nfigure sim_lost %llu "
      "messages\n",
      static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(crashes),
      static_cast<unsigned long long>(lost));
}

// A forced error is found or it is not; whoever looked, in whatever weather, loses nothing by it.
TEST(Simulation, ForcedErrorsUnderFaultsCostNobodyAToken) {
  std::uint64_t found = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Setting setting;
    setting.sim.seed = seed;
    setting.sim.faults = {.lose = 0.15, .repeat = 0.1, .delay_ms_max = 300, .crash = 0.005};
    setting.forces = true;
    const auto ending = play(setting);
    ASSERT_TRUE(ending) << "seed " << seed << ": " << ending.error().message;
    SCOPED_TRACE("seed " + std::to_string(seed));
    for (const protocol::TaskView* task : {&ending->honest, &ending->lying}) {
      EXPECT_EQ(task->record.status, TaskStatus::kPaid) << tail(ending->report);
      for (const protocol::ChallengeView& c : claim_of(*task)->challenges)
        found += c.record.status == protocol::ChallengeStatus::kFound;
    }
    for (const char* solver : {"solver-1", "solver-2"})
      EXPECT_EQ(ending->after.at(solver), ending->before.at(solver) + kPrice) << solver;
    for (const char* checker : {"verifier", "whistleblower"})
      EXPECT_GE(ending->after.at(checker), ending->before.at(checker)) << tail(ending->report);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(found, 2u);
}

// INV-SIM-002.
TEST(Simulation, OneSeedIsOneRun) {
  Setting setting;
  setting.sim.seed = 5;
  setting.sim.faults = {.lose = 0.1, .repeat = 0.1, .crash = 0.01};
  setting.lie = lie_of("weight-bit");
  const auto first = play(setting);
  const auto second = play(setting);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->report.log, second->report.log);
}

}  // namespace
}  // namespace assay::scenario
