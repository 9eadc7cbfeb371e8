#include <gtest/gtest.h>

#include <cstdlib>

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

void expect_caught(const Ending& ending) {
  EXPECT_TRUE(ending.report.all_finished) << tail(ending.report);
  ASSERT_TRUE(ending.honest.claim && ending.lying.claim) << tail(ending.report);
  EXPECT_EQ(ending.honest.record.status, TaskStatus::kPaid) << tail(ending.report);
  EXPECT_EQ(ending.honest.claim->record.status, ClaimStatus::kFinal) << tail(ending.report);
  EXPECT_EQ(ending.lying.claim->record.status, ClaimStatus::kFallen) << tail(ending.report);
  EXPECT_TRUE(ending.lying.claim->record.solver_lost);
  EXPECT_GT(ending.totals.burned.value, 0u);
}

TEST(Simulation, TwoHonestSolversArePaid) {
  const auto ending = play({});
  ASSERT_TRUE(ending) << ending.error().message;
  EXPECT_TRUE(ending->report.all_finished) << tail(ending->report);
  EXPECT_EQ(ending->honest.record.status, TaskStatus::kPaid) << tail(ending->report);
  EXPECT_EQ(ending->lying.record.status, TaskStatus::kPaid);
  EXPECT_EQ(ending->totals.burned.value, 0u);
}

class EveryLie : public testing::TestWithParam<std::string> {};

TEST_P(EveryLie, IsCaughtAndTheHonestSolverIsPaid) {
  Setting setting;
  setting.lie = lie_of(GetParam());
  const auto ending = play(setting);
  ASSERT_TRUE(ending) << ending.error().message;
  expect_caught(*ending);
}

INSTANTIATE_TEST_SUITE_P(Simulation, EveryLie, testing::ValuesIn(cheats::names_of_lies()),
                         [](const auto& param_info) {
                           std::string name = param_info.param;
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

// INV-SIM-001: loss, repetition, delay and crashes change who says what when, but not who wins.
TEST(Simulation, FaultsChangeNothingOfTheOutcome) {
  const char* wanted = std::getenv("ASSAY_SIM_SEEDS");
  const std::uint64_t seeds = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 24;
  const std::vector<std::string> lies = cheats::names_of_lies();
  std::uint64_t crashes = 0, lost = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Setting setting;
    setting.sim.seed = seed;
    setting.sim.faults = {.lose = 0.15, .repeat = 0.1, .delay_ms_max = 300, .crash = 0.01,
                          .crash_node = 0.02, .cut_job = 0.05};
    setting.lie = lie_of(lies[seed % lies.size()]);
    const auto ending = play(setting);
    ASSERT_TRUE(ending) << "seed " << seed << ": " << ending.error().message;
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_caught(*ending);
    crashes += ending->report.crashes;
    lost += ending->report.lost;
    if (testing::Test::HasFailure()) return;
  }
  std::printf("figure sim_seeds %llu seeds\nfigure sim_crashes %llu crashes\nfigure sim_lost %llu messages\n",
              static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(crashes),
              static_cast<unsigned long long>(lost));
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
