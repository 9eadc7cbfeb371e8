// Two solvers of one task, of which one lies and the other gives its own claim up.
#include <gtest/gtest.h>

#include <algorithm>

#include "assay/roles/solver.hpp"
#include "assay/roles/submitter.hpp"
#include "sim/scenario.hpp"
#include "support/edited_role.hpp"

namespace assay::scenario {
namespace {

using protocol::ChallengeStatus;

// Who trained and should show its transcript gives the claim up.
void give_up(roles::Actions& actions) {
  for (roles::Action& action : actions)
    if (auto* submit = std::get_if<roles::Submit>(&action))
      if (const auto* commit = std::get_if<protocol::CommitTranscript>(&submit->payload))
        submit->payload = protocol::AbandonClaim{commit->claim};
}

// True once: before the first view that shows a challenge of `challenger`'s.
std::function<bool(const roles::Event&)> crash_when_challenging(const AccountId& challenger) {
  return [challenger, done = false](const roles::Event& event) mutable {
    const auto* update = std::get_if<roles::LedgerUpdate>(&event);
    if (update == nullptr || done) return false;
    for (const protocol::TaskView& task : update->view->tasks)
      for (const protocol::ClaimView& claim : task.claims)
        for (const protocol::ChallengeView& challenge : claim.challenges)
          done |= challenge.record.challenger == challenger;
    return done;
  };
}

// What it challenged before the crash it reveals and wins after it, though it has no claim to train
// for any more.
TEST(Simulation, ASolverThatGaveUpCarriesItsChallengeThroughACrash) {
  sim::Simulator simulator({});
  const AccountId submitter = simulator.account_of("submitter");
  const AccountId careless = simulator.account_of("careless");
  const auto solver = [](const roles::RoleContext& context) {
    return roles::make_solver(context, {.replay_quote_ms = 30'000, .game_quote_ms = 1'000});
  };
  std::vector<AccountId> solvers = {careless, simulator.account_of("liar")};
  std::sort(solvers.begin(), solvers.end());
  simulator.add({.name = "submitter",
                 .balance_atoms = 1'000 * kToken,
                 .make = [shared = std::make_shared<const training::Task>(task()),
                          terms = terms_for(solvers, false)](const roles::RoleContext& context) {
                   return roles::make_submitter(
                       context, {.postings = {{"copies", shared, terms}}, .accuracy = {}});
                 }});
  const std::uint64_t before = 500 * kToken + kSolverStake;
  simulator.add({.name = "careless",
                 .balance_atoms = 500 * kToken,
                 .staked_atoms = kSolverStake,
                 .crash_before = crash_when_challenging(careless),
                 .make = [solver](const roles::RoleContext& context) {
                   return std::make_unique<EditedRole>(solver(context), give_up);
                 }});
  simulator.add({.name = "liar",
                 .balance_atoms = kToken,
                 .staked_atoms = kSolverStake,
                 .execution =
                     [](const training::Task& t, TaskPool& pool) {
                       cheats::Lie lie;
                       lie.kind = "weight-bit";
                       lie.step = 13;
                       return cheats::make_lying_execution(t, pool, lie);
                     },
                 .make = solver});
  const auto report = simulator.run([&](const protocol::StateReader& reader) {
    const auto ids = reader.tasks_of(submitter);
    if (!ids || ids->size() != 1) return false;
    const auto view = reader.task(ids->front());
    return view && *view && (*view)->record.status >= protocol::TaskStatus::kCancelled;
  });
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->all_finished);
  EXPECT_EQ(report->crashes, 1u);
  const auto ids = simulator.reader().tasks_of(submitter);
  ASSERT_TRUE(ids && ids->size() == 1);
  const auto view = simulator.reader().task(ids->front());
  ASSERT_TRUE(view && *view);
  unsigned won = 0;
  for (const protocol::ClaimView& claim : (*view)->claims) {
    const bool given_up = claim.record.solver == careless;
    EXPECT_EQ(claim.record.status,
              given_up ? protocol::ClaimStatus::kExpired : protocol::ClaimStatus::kFallen);
    for (const protocol::ChallengeView& challenge : claim.challenges)
      won += challenge.record.status == ChallengeStatus::kWon ? 1 : 0;
  }
  EXPECT_EQ(won, 1u);
  const auto account = simulator.reader().account(careless);
  ASSERT_TRUE(account);
  EXPECT_GT(account->available.value + account->staked.value, before);
}

}  // namespace
}  // namespace assay::scenario
