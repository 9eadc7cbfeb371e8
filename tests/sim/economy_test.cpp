// Where honesty is the best reply, and where not: the edges that docs/economics.md draws.
#include "assay/sim/economy.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace assay::sim {
namespace {

Economy economy() {
  Economy e;
  economics::TaskTerms& t = e.terms;
  t.price = 10'000;
  t.verification_fee = 2'000;
  t.solver_stake = 20'000;
  t.verifier_stake = 80'000;
  t.challenger_bond = 1'000;
  t.tax = economics::least_tax(t.price);
  t.seats = 2;
  t.draws = 2;
  t.entries = 20;
  t.force_rate = std::uint32_t{1} << 29;
  return e;
}

EconomyOptions options(std::uint32_t epochs = 2000) {
  EconomyOptions o;
  o.economy = economy();
  o.epochs = epochs;
  return o;
}

std::uint64_t digest(const std::vector<EpochRow>& rows) {
  std::uint64_t h = 0;
  for (const EpochRow& row : rows) h = h * 31 + row.jackpot + row.false_claims * 7 + row.forced;
  return h;
}

TEST(Economy, IsAFunctionOfItsSeed) {
  EconomyOptions o = options(300);
  const std::uint64_t first = digest(simulate(o));
  EXPECT_EQ(first, digest(simulate(o)));
  o.seed = 2;
  EXPECT_NE(first, digest(simulate(o)));
}

TEST(Economy, TermsHold) {
  EXPECT_EQ(economics::check_terms(economy().terms), economics::TermsVerdict::kHolds);
}

// From any beginning: forced errors with enough at stake bring everybody to honesty, but for the
// mistakes that agents are made to make.
TEST(Economy, ForcedErrorsMakeHonestyTheBestReplyOfAll) {
  for (const bool from_the_worst : {false, true}) {
    EconomyOptions o = options();
    if (from_the_worst) {
      o.start = Mix{};
      o.start.solvers[3] = o.start.verifiers[1] = o.start.finders[0] = 1;
    }
    const Outcome end = settled(simulate(o), o.tasks_per_epoch);
    EXPECT_GT(end.honest_solvers, 0.95);
    EXPECT_GT(end.replaying_verifiers, 0.95);
    EXPECT_LT(end.false_standing, 0.02);
  }
}

// The verifier's dilemma: nobody lies, so nobody looks, so somebody lies.
TEST(Economy, WithoutForcedErrorsHardlyAnybodyReplays) {
  EconomyOptions o = options();
  o.economy.terms.force_rate = 0;
  const Outcome end = settled(simulate(o), o.tasks_per_epoch);
  EXPECT_LT(end.replaying_verifiers, 0.2);
  EXPECT_GT(end.false_standing, 0.02);
}

// E-7 is the edge: a stake a tenth above its least makes replaying the best reply to a world
// without lies, one a tenth below does not.
TEST(Economy, TheLeastStakeIsTheEdge) {
  for (const std::uint32_t shift : {27, 28, 29, 30, 31}) {
    Economy e = economy();
    e.terms.force_rate = std::uint32_t{1} << shift;
    const auto cost =
        static_cast<std::uint64_t>(e.work * 10'000 / static_cast<double>(e.terms.entries));
    const auto least = economics::least_at_stake({e.terms.force_rate, e.terms.entries, 0, 0, cost});
    ASSERT_TRUE(least.has_value());
    Mix all_honest{{1}, {1}, {1}};
    const auto gains = [&](std::uint64_t stake) {
      e.terms.verifier_stake = stake;
      const Payoffs p = payoffs(e, all_honest, 0);
      return p.verifiers[0] - p.verifiers[1];
    };
    EXPECT_GT(gains(*least * 11 / 10), 0) << shift;
    EXPECT_LT(gains(*least * 8 / 10), 0) << shift;
  }
}

// A2 is needed: where all verifiers collude and no whistleblower looks, every lie pays.
TEST(Economy, LyingPaysWhereEveryVerifierColludes) {
  Economy e = economy();
  Mix mix{{1}, {1}, {1}};
  const auto best_is_honest = [&] {
    const auto pay = payoffs(e, mix, 0).solvers;
    return std::max_element(pay.begin(), pay.end()) == pay.begin();
  };
  EXPECT_TRUE(best_is_honest());
  e.colluding = 1;
  EXPECT_FALSE(best_is_honest());
  mix.finders = {0, 0, 1};  // a whistleblower that replays everything mends it
  EXPECT_TRUE(best_is_honest());
}

TEST(Economy, LyingPaysWhereItBringsMoreThanIsDeclared) {
  Economy e = economy();
  const Mix mix{{1}, {1}, {1}};
  e.harm_gain = 100'000;
  const auto pay = payoffs(e, mix, 0).solvers;
  EXPECT_GT(*std::max_element(pay.begin() + 1, pay.end()), pay[0]);
}

TEST(Economy, NoAttackPaysUnderItsRule) {
  for (const AttackRow& row : play_attacks(economy(), 1, 20'000)) {
    EXPECT_LE(row.with_rule, 0) << row.attack;
    EXPECT_GT(row.without_rule, row.with_rule) << row.attack;
  }
}

}  // namespace
}  // namespace assay::sim
