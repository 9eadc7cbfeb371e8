// Every solver meets every challenger, and seeds mix them all: actors x rules.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "actors/scene.hpp"
#include "assay/core/planted.hpp"
#include "assay/protocol/lane.hpp"

namespace assay::actors {
namespace {

bool lies(const Cast& cast) { return cast.solver->computes != Computes::kTruth; }

struct Total {
  unsigned scenes = 0;
  Summary all;

  void play(Subject& subject, const Cast& cast, unsigned seed) {
    Scene scene(subject, cast, seed);
    const std::vector<std::string> broken = scene.play();
    ++scenes;
    const Summary& s = scene.summary();
    all.games += s.games;
    all.by_clock += s.by_clock;
    all.moves += s.moves;
    all.refused += s.refused;
    all.withheld += s.withheld;
    all.turns_max = std::max(all.turns_max, s.turns_max);
    all.bytes_max = std::max(all.bytes_max, s.bytes_max);
    all.delay_ms = std::max(all.delay_ms, s.delay_ms);
    if (broken.empty()) return;
    std::string text = "seed " + std::to_string(seed) + ": " + std::string(cast.solver->name);
    for (const Actor* actor : cast.verifiers) text += ", " + std::string(actor->name);
    for (const Actor* actor : cast.challengers) text += ", " + std::string(actor->name);
    for (const std::string& line : broken) text += "\n  " + line;
    ADD_FAILURE() << text;
  }
  void print(const char* name) const {
    std::printf(
        "figure actors_%s %u scenes, %u games (%u by the clock), %u moves, %u refused, at most %u "
        "turns and %zu bytes a game\n",
        name, scenes, all.games, all.by_clock, all.moves, all.refused, all.turns_max,
        all.bytes_max);
  }
};

// From a seed alone.
Cast any_cast(unsigned seed) {
  std::mt19937 random(seed);
  const auto any = [&](const auto& actors) { return &actors[random() % actors.size()]; };
  Cast cast{any(kSolvers), {any(kVerifiers), any(kVerifiers)}, {}};
  for (auto n = 1 + random() % 3; n > 0; --n) cast.challengers.push_back(any(kChallengers));
  return cast;
}

TEST(Actors, ThereAreMoreThanTwenty) {
  EXPECT_GE(kSolvers.size() + kVerifiers.size() + kChallengers.size(), 20u);
}

TEST(Actors, EverySolverMeetsEveryChallenger) {
  Total total;
  unsigned seed = 1;
  for (const Actor& solver : kSolvers)
    for (const Actor& challenger : kChallengers) {
      const Actor* const verifier = &kVerifiers[seed % kVerifiers.size()];
      const Cast cast{&solver, {&kVerifiers[0], verifier}, {&challenger}};
      total.play(*toy_subject(lies(cast), seed), cast, seed);
      ++seed;
    }
  EXPECT_TRUE(total.all.games > 300 && total.all.by_clock > 0 && total.all.refused > 0);
  // Each honest challenger demands; where the claim is false a verifier may have proved it first.
  EXPECT_GE(total.all.withheld, 5u);
  total.print("pairs");
}

// No more than five moves enter a block, and 5 s later the next five: who waits for room loses
// nothing by it, because clocks stand still (INV-PRO-023).
constexpr std::size_t kNarrow = 5;
std::vector<std::string> crowded(unsigned seed, Total& total) {
  const protocol::NarrowLane limit({kNarrow, protocol::kMaxBlockBytes});
  const Cast cast = any_cast(seed);
  const std::unique_ptr<Subject> subject = toy_subject(lies(cast), seed);
  Scene scene(*subject, cast, seed, kNarrow);
  std::vector<std::string> broken = scene.play();
  total.all.paused_ms += scene.summary().paused_ms;
  return broken;
}

TEST(Actors, WhoWaitsForRoomInABlockLosesNothing) {
  Total total;
  for (unsigned seed = 1; seed <= 200; ++seed)
    for (const std::string& line : crowded(seed, total)) ADD_FAILURE() << seed << ": " << line;
  EXPECT_GT(total.all.paused_ms, 60'000u);
  const assay::testing::Plant plant(assay::testing::Planted::kForgottenPause);
  unsigned seed = 1;
  while (seed <= 200 && crowded(seed, total).empty()) ++seed;
  EXPECT_LE(seed, 200u) << "no rule sees that a full lane stops no clock";
  std::printf("figure actors_pauses %.0f s in 200 scenes, missed in seed %u\n",
              static_cast<double>(total.all.paused_ms) / 1e3, seed);
}

// The rules see what they are for: with a bug in the ledger or in the games some seed breaks the
// rule that is there for it, and without the bug keeps it.
struct Hidden {
  assay::testing::Planted bug;
  std::string_view rule;
};
class APlantedBug : public ::testing::TestWithParam<Hidden> {};

TEST_P(APlantedBug, BreaksItsRule) {
  const auto [bug, rule] = GetParam();
  const auto breaks = [rule = rule](unsigned seed) {
    const Cast cast = any_cast(seed);
    const auto broken = Scene(*toy_subject(lies(cast), seed), cast, seed).play();
    return std::any_of(broken.begin(), broken.end(),
                       [&](const std::string& line) { return line.starts_with(rule); });
  };
  unsigned seed = 1;
  {
    const assay::testing::Plant plant(bug);
    while (seed <= 100 && !breaks(seed)) ++seed;
  }
  ASSERT_LE(seed, 100u);
  EXPECT_FALSE(breaks(seed)) << "without the bug";
  std::printf("figure actors_planted_%d %u seed\n", static_cast<int>(bug), seed);
}

using assay::testing::Planted;
INSTANTIATE_TEST_SUITE_P(
    Actors, APlantedBug,
    ::testing::Values(Hidden{Planted::kSwappedSides, "R1"}, Hidden{Planted::kForgottenFee, "R2"},
                      Hidden{Planted::kWidePoint, "R4"}, Hidden{Planted::kUndebitedBank, "R5"},
                      Hidden{Planted::kSlashedTogether, "R6"},
                      Hidden{Planted::kUncheckedMover, "R7"}, Hidden{Planted::kPaidCopies, "R8"},
                      Hidden{Planted::kLostBurn, "R9"}, Hidden{Planted::kSlashToWrongParty, "R9"},
                      Hidden{Planted::kIgnoredDemand, "R10"}),
    [](const auto& param_info) {
      return std::string(param_info.param.rule) + "Bug" +
             std::to_string(static_cast<int>(param_info.param.bug));
    });

// Of verifiers' words the same, in company that has some: a false one, and a true one that is
// disputed at its end.
TEST(Actors, ABugAboutWordsBreaksItsRule) {
  const Actor& watcher = kChallengers[15];
  const Actor& lazy = kVerifiers[6];
  ASSERT_TRUE(watcher.wants == Wants::kFalseWord && lazy.guesses);
  const Actor griefer{
      .name = "griefer of ends", .points = Points::kLast, .wants = Wants::kAnyWord, .accounts = 3};
  const Cast about_a_lie{&kSolvers[0], {&lazy, &kVerifiers[0]}, {&watcher}};
  const Cast about_the_truth{&kSolvers[0], {&kVerifiers[0], &kVerifiers[0]}, {&griefer}};
  for (const auto& [bug, rule, cast] :
       {std::tuple{Planted::kWordDooms, "R1", &about_a_lie},
        std::tuple{Planted::kWholeInterval, "R2", &about_the_truth}}) {
    const auto broken = [cast = cast](unsigned seed) {
      return Scene(*toy_subject(false, seed), *cast, seed).play();
    };
    unsigned seed = 1;
    for (; seed <= 20; ++seed) {
      EXPECT_EQ(broken(seed), std::vector<std::string>{});
      const assay::testing::Plant plant(bug);
      const auto lines = broken(seed);
      if (std::any_of(lines.begin(), lines.end(),
                      [rule = rule](const std::string& line) { return line.starts_with(rule); }))
        break;
    }
    EXPECT_LE(seed, 20u) << rule;
  }
}

// Whoever was taken back moves no more, and an honest solver that nobody sees where others may open
// for it keeps its stake if somebody does.
TEST(Actors, DelegatesAndStrangersKeepTheirPlace) {
  const Actor& griefer = kChallengers[5];
  const auto by_name = [](const auto& actors, std::string_view name) {
    return std::find_if(actors.begin(), actors.end(),
                        [&](const Actor& actor) { return actor.name == name; });
  };
  const Actor* const bystander = by_name(kVerifiers, "bystander");
  const Actor* const revokes = by_name(kSolvers, "solver that takes its delegate back");
  const Actor* const absent = by_name(kSolvers, "absent solver");
  const Actor* const helper = by_name(kChallengers, "helper of the silent");
  const Cast taken_back{revokes, {bystander, bystander}, {&griefer, &griefer}};
  const auto broken = [&](unsigned seed) {
    return Scene(*toy_subject(false, seed), taken_back, seed).play();
  };
  unsigned seed = 1;
  for (; seed <= 20; ++seed) {
    EXPECT_EQ(broken(seed), std::vector<std::string>{});
    const assay::testing::Plant plant(Planted::kLastingDelegate);
    const auto lines = broken(seed);
    if (std::any_of(lines.begin(), lines.end(),
                    [](const std::string& line) { return line.starts_with("R7"); }))
      break;
  }
  EXPECT_LE(seed, 20u) << "no rule sees that a delegate was taken back";
  const Cast helped{absent, {bystander, bystander}, {&griefer, helper}};
  const Cast alone{absent, {bystander, bystander}, {&griefer}};
  unsigned by_clock[2] = {};
  for (seed = 1; seed <= 20; ++seed)
    for (const bool has_help : {false, true}) {
      const Cast& cast = has_help ? helped : alone;
      const std::unique_ptr<Subject> subject = toy_subject(false, seed);
      Scene scene(*subject, cast, seed);
      EXPECT_EQ(scene.play(), std::vector<std::string>{}) << seed;
      by_clock[has_help ? 1 : 0] += scene.summary().by_clock;
    }
  EXPECT_GE(by_clock[0], 10u);
  EXPECT_EQ(by_clock[1], 0u);
}

// As many as the ledger takes, each with an interval of its own: a true claim stands, and of a
// false one the single honest challenger wins, at the cost of its own game.
void meet_a_swarm(unsigned size, Pace pace) {
  const Actor swarm{.name = "swarm",
                    .pace = pace,
                    .points = Points::kAnywhere,
                    .wants = Wants::kEach,
                    .accounts = size};
  for (const bool lies : {false, true}) {
    const std::unique_ptr<Subject> subject =
        long_subject(size, lies ? std::optional<std::uint64_t>(size / 3) : std::nullopt);
    Cast cast{
        &kSolvers[lies ? 5 : 0], {&kVerifiers[0], &kVerifiers[0]}, {&kChallengers[0], &swarm}};
    ASSERT_EQ(cast.solver->computes == Computes::kLie, lies);
    Total total;
    total.play(*subject, cast, size);
    EXPECT_GE(total.all.games, size - 1);
    total.print(lies ? "swarm_about_a_lie" : "swarm_about_the_truth");
    std::printf("figure actors_swarm_of_%u_delay %.0f s\n", size,
                static_cast<double>(total.all.delay_ms) / 1e3);
  }
}

TEST(ActorsSwarm, OfTwentyFour) {
  for (const Pace pace : {Pace::kPrompt, Pace::kLastMoment, Pace::kNever}) meet_a_swarm(24, pace);
}
TEST(ActorsSwarm, OfAThousandAndTwentyThree) {
  if (std::getenv("ASSAY_SWARM") == nullptr) GTEST_SKIP() << "minutes: ASSAY_SWARM=1";
  for (const Pace pace : {Pace::kPrompt, Pace::kLastMoment, Pace::kNever})
    meet_a_swarm(protocol::kMaxChallengesPerClaim - 1, pace);
}

// ASSAY_SEED and ASSAY_SEEDS: from which on, and how many.
unsigned number(const char* name, unsigned otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

using MakeSubject = std::unique_ptr<Subject> (*)(bool, unsigned);

void play_seeds(MakeSubject make, const char* name, unsigned seeds) {
  const unsigned first = number("ASSAY_SEED", 1);
  Total total;
  for (unsigned seed = first; seed < first + number("ASSAY_SEEDS", seeds); ++seed) {
    const Cast cast = any_cast(seed);
    total.play(*make(lies(cast), seed), cast, seed);
  }
  total.print(name);
}

TEST(Actors, KeepEveryRuleInAnyCompany) { play_seeds(toy_subject, "toy_seeds", 600); }
TEST(Actors, KeepEveryRuleOverRealRuns) { play_seeds(model_subject, "model_seeds", 60); }

}  // namespace
}  // namespace assay::actors
