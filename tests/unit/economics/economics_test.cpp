#include <gtest/gtest.h>

#include <set>

#include "assay/crypto/sha256.hpp"
#include "assay/economics/best_response.hpp"
#include "assay/economics/incentives.hpp"
#include "assay/economics/sampling.hpp"
#include "assay/economics/splits.hpp"

namespace assay::economics {
namespace {

// INV-ECO-001: a slash is divided exactly, and at least half of it is burned.
TEST(Splits, SlashAddsUpOnAGrid) {
  for (std::uint64_t stake = 0; stake <= 60; ++stake)
    for (std::uint64_t winners = 0; winners <= 8; ++winners)
      for (std::uint64_t cost = 0; cost <= 20; ++cost) {
        const SlashSplit s = split_slash({stake, winners, cost});
        const std::uint64_t others = winners > 0 ? winners - 1 : 0;
        ASSERT_EQ(s.burned + s.bounty + others * s.other_cost, stake);
        ASSERT_GE(2 * s.burned, stake);
        ASSERT_LE(s.other_cost, cost);
        if (winners == 0) {
          ASSERT_EQ(s.burned, stake);
        } else {
          ASSERT_GE(s.bounty, least_bounty(stake));
        }
      }
}

// INV-ECO-002: aliases that win too do not raise what all winners together get.
TEST(Splits, AliasesGainNothing) {
  for (std::uint64_t stake = 1; stake <= 200; ++stake)
    for (std::uint64_t winners = 1; winners <= 10; ++winners) {
      const SlashSplit s = split_slash({stake, winners, stake});
      ASSERT_EQ(s.bounty + (winners - 1) * s.other_cost, stake / 2);
    }
}

TEST(Splits, BondsAddUp) {
  for (std::uint64_t bond = 0; bond < 1000; ++bond) {
    const BondSplit b = split_bond(bond);
    const UnrevealedSplit u = split_unrevealed(bond);
    ASSERT_EQ(b.defender + b.burned, bond);
    ASSERT_EQ(u.jackpot + u.burned, bond);
    ASSERT_GE(2 * b.burned, bond);
  }
  const std::uint64_t all = ~std::uint64_t{0};
  EXPECT_EQ(split_bond(all).defender + split_bond(all).burned, all);
  EXPECT_EQ(burned_part(all), all / 2 + 1);
}

TEST(Splits, FeesNeverExceedTheTotal) {
  for (std::uint64_t fee = 0; fee < 200; ++fee)
    for (std::uint32_t seats = 1; seats <= 5; ++seats)
      for (std::uint32_t draws = 1; draws <= 5; ++draws)
        ASSERT_LE(fee_per_seal({fee, seats, draws}) * seats * draws, fee);
}

// Against doubles where they are exact: everything stays below 2^53.
TEST(Incentives, DeterrenceIsTheInequality) {
  for (std::uint64_t num = 0; num <= 4; ++num)
    for (std::uint64_t den = 1; den <= 5; ++den)
      for (std::uint64_t burned = 0; burned <= 5; ++burned)
        for (std::uint64_t unpaid = 0; unpaid <= 5; ++unpaid)
          for (std::uint64_t saving = 0; saving <= 12; ++saving)
            for (std::uint64_t m = 1; m <= 4; ++m) {
              const auto left = static_cast<double>(num * (burned + unpaid) * m);
              const auto right = static_cast<double>(saving * den);
              ASSERT_EQ(deters({{num, den}, burned, unpaid, saving, m}), left > right);
            }
  // The largest arguments do not wrap.
  EXPECT_TRUE(deters(
      {{kMaxEntries, kMaxEntries}, kMaxTaskAtoms, kMaxTaskAtoms, kMaxTaskAtoms, kMaxEntries}));
  EXPECT_FALSE(deters({{1, kMaxEntries}, 1, 1, kMaxTaskAtoms, 1}));
}

TaskTerms good_terms() {
  TaskTerms t;
  t.price = 1000;
  t.verification_fee = 200;
  t.solver_stake = 2000;
  t.verifier_stake = 400;
  t.challenger_bond = 250;
  t.declared_harm = 100;
  t.tax = 20;
  t.seats = 2;
  t.draws = 2;
  t.entries = 11;
  return t;
}

TEST(Incentives, FirstRuleBrokenIsTheAnswer) {
  EXPECT_EQ(check_terms(good_terms()), TermsVerdict::kHolds);
  const auto verdict = [](auto change) {
    TaskTerms t = good_terms();
    change(t);
    return check_terms(t);
  };
  using V = TermsVerdict;
  EXPECT_EQ(verdict([](TaskTerms& t) { t.declared_harm = kMaxTaskAtoms + 1, t.price = 0; }),
            V::kAmountTooLarge);
  EXPECT_EQ(verdict([](TaskTerms& t) { t.price = 0, t.seats = 0; }), V::kNoPrice);
  EXPECT_EQ(verdict([](TaskTerms& t) { t.seats = 0, t.draws = 0; }), V::kSeatsOutOfRange);
  EXPECT_EQ(verdict([](TaskTerms& t) { t.seats = kMaxSeats + 1; }), V::kSeatsOutOfRange);
  EXPECT_EQ(verdict([](TaskTerms& t) { t.draws = 12; }), V::kDrawsOutOfRange);
  EXPECT_EQ(verdict([](TaskTerms& t) { t.draws = 1, t.entries = 1; }), V::kEntriesOutOfRange);
  EXPECT_EQ(verdict([](TaskTerms& t) { t.verification_fee = 3, t.solver_stake = 0; }),
            V::kFeeTooSmall);
  EXPECT_EQ(verdict([](TaskTerms& t) { t.price = 5000, t.entries = 100000, t.solver_stake = 0; }),
            V::kSolverUndeterred);
  EXPECT_EQ(verdict([](TaskTerms& t) { t.verifier_stake = 200; }), V::kVerifierUndeterred);
  EXPECT_EQ(verdict([](TaskTerms& t) { t.challenger_bond = 100, t.solver_stake = 0; }),
            V::kDefenceUnpaid);
  EXPECT_EQ(verdict([](TaskTerms& t) { t.solver_stake = 0; }), V::kWhistleblowerUnpaid);
  EXPECT_EQ(verdict([](TaskTerms& t) {
              t.price = 1'000'000, t.entries = 1'000'000, t.solver_stake = 1'000'000'000;
              t.verification_fee = 4;
            }),
            V::kCrowdingOutCheap);
  for (std::uint8_t v = 0; v <= kTermsVerdictLast; ++v)
    EXPECT_STRNE(to_string(static_cast<V>(v)), "unknown") << int{v};
}

// INV-ECO-003: terms that hold deter a solver for every number of false intervals.
TEST(Incentives, HoldingTermsDeterEveryNumberOfFalseIntervals) {
  int held = 0;
  for (std::uint64_t price = 1; price <= 60; price += 7)
    for (std::uint64_t stake = 0; stake <= 120; stake += 10)
      for (std::uint64_t entries = 2; entries <= 24; entries += 3)
        for (std::uint32_t draws = 1; draws <= 2; ++draws) {
          TaskTerms t = good_terms();
          t.price = price, t.solver_stake = stake, t.entries = entries, t.draws = draws;
          if (check_terms(t) != TermsVerdict::kHolds) continue;
          ++held;
          for (std::uint64_t m = 1; m <= entries; ++m)
            ASSERT_TRUE(deters(
                {{draws, entries}, burned_part(stake), price, cost_bound(price, m, entries), m}));
        }
  EXPECT_GT(held, 100);
}

// With many intervals a bond that pays for one replay is tiny; 1024 of them would have shut out
// every honest challenger for less than the price.
TEST(Incentives, CrowdingOutChallengesCostsThePrice) {
  TaskTerms t = good_terms();
  t.price = 1'000'000, t.entries = 1'000'000, t.solver_stake = 1'000'000'000;
  t.tax = 20'000;
  t.challenger_bond = 1952;
  EXPECT_EQ(check_terms(t), TermsVerdict::kCrowdingOutCheap);
  t.challenger_bond = 1953;  // of which 977 burn: 1024 * 977 >= 1,000,000
  EXPECT_EQ(check_terms(t), TermsVerdict::kHolds);
}

// E-4 and E-8: 91 atoms are what one of 11 intervals saves. A quarter of the stake is a second
// winner's, at most, and a quarter is the first's, at least.
TEST(Incentives, ABountyIsMoreThanABribeCanBe) {
  TaskTerms t = good_terms();
  t.solver_stake = 363;
  EXPECT_EQ(check_terms(t), TermsVerdict::kWhistleblowerUnpaid);
  t.solver_stake = 365;
  EXPECT_EQ(check_terms(t), TermsVerdict::kBribeCheap);
  t.solver_stake = 366;
  EXPECT_EQ(check_terms(t), TermsVerdict::kHolds);
}

// E-7: half of the claims have an error in one of 10 intervals: 1820 / 20 = 91, what a replay
// costs.
TEST(Incentives, WhereErrorsAreForcedLookingPays) {
  TaskTerms t = good_terms();
  EXPECT_FALSE(deters_idling(t));
  t.force_rate = std::uint32_t{1} << 31;
  t.verifier_stake = 1819;
  EXPECT_EQ(check_terms(t), TermsVerdict::kWatchingUnpaid);
  t.verifier_stake = 1820;
  EXPECT_EQ(check_terms(t), TermsVerdict::kHolds);
  EXPECT_TRUE(deters_idling(t));
  // The rarer the error, the more is at stake.
  t.force_rate /= 2;
  EXPECT_EQ(check_terms(t), TermsVerdict::kWatchingUnpaid);
  t.verifier_stake *= 2;
  EXPECT_EQ(check_terms(t), TermsVerdict::kHolds);
  t.force_rate = 1, t.verifier_stake = kMaxTaskAtoms;
  EXPECT_EQ(check_terms(t), TermsVerdict::kHolds);
}

// E-13, and what comes before it.
TEST(Incentives, AQuorumIsNotBoughtForThePrice) {
  TaskTerms t = good_terms();
  EXPECT_FALSE(attests_data(t));
  t.relay_stake = 1;
  EXPECT_EQ(check_terms(t), TermsVerdict::kRelaysOutOfRange);
  t.relays = kMaxRelaySeats + 1;
  EXPECT_EQ(check_terms(t), TermsVerdict::kRelaysOutOfRange);
  t.relays = 8;
  for (const std::uint32_t quorum : {0u, 4u, 9u}) {
    t.relay_quorum = quorum;
    EXPECT_EQ(check_terms(t), TermsVerdict::kQuorumOutOfRange) << quorum;
  }
  t.relay_quorum = 5;
  t.relay_fee = 7;
  EXPECT_EQ(check_terms(t), TermsVerdict::kRelayFeeTooSmall);
  t.relay_fee = 8;
  t.relay_stake = (t.price - 1) / 5;
  EXPECT_EQ(check_terms(t), TermsVerdict::kQuorumCheap);
  t.relay_stake = (t.price + 4) / 5;
  EXPECT_EQ(check_terms(t), TermsVerdict::kHolds);
  EXPECT_TRUE(attests_data(t));
  EXPECT_EQ(fee_per_relay(t.relay_fee, t.relays), 1u);
}

// E-15: four times the price, in an auction four times its cap.
TEST(Incentives, AQuorumAsksForNoBondsThatNobodyHas) {
  TaskTerms t = good_terms();
  t.relays = 8;
  t.relay_quorum = 5;
  t.relay_fee = 8;
  t.relay_stake = 4 * t.price / 5;
  EXPECT_EQ(check_terms(t), TermsVerdict::kHolds);
  ++t.relay_stake;
  EXPECT_EQ(check_terms(t), TermsVerdict::kQuorumDear);
  t.relay_stake = kMaxTaskAtoms;
  EXPECT_EQ(check_terms(t), TermsVerdict::kQuorumDear);
  t.cap = t.price;
  t.relay_stake = 4 * t.cap / 5;
  t.price = t.cap / 2;
  EXPECT_EQ(check_terms(t), TermsVerdict::kHolds);
  ++t.relay_stake;
  EXPECT_EQ(check_terms(t), TermsVerdict::kQuorumDear);
}

// What the ledger takes meets every inequality that a quote, a role or the simulator asks.
TEST(Incentives, HoldingTermsMeetTheOthersToo) {
  int held = 0;
  for (std::uint64_t price = 1; price <= 2000; price += 111)
    for (std::uint64_t stake = 10; stake <= 4000; stake += 190)
      for (std::uint64_t entries = 2; entries <= 30; entries += 4)
        for (const std::uint32_t rate : {std::uint32_t{1} << 29, ~std::uint32_t{0}}) {
          TaskTerms t = good_terms();
          t.price = price, t.solver_stake = stake, t.verifier_stake = 3 * stake;
          t.entries = entries, t.force_rate = rate, t.challenger_bond = stake;
          t.tax = least_tax(price);
          if (check_terms(t) != TermsVerdict::kHolds) continue;
          ++held;
          const std::uint64_t replay = cost_bound(price, 1, entries);
          ASSERT_TRUE(watching_pays({rate, entries, t.verifier_stake, 0, replay}));
          ASSERT_TRUE(bribes_exceed_gain({replay, least_bounty(stake), 1}));
          ASSERT_TRUE(insurance_costs(t.challenger_bond, replay));
          ASSERT_TRUE(abort_costs(stake, t.tax));
          for (std::uint64_t aliases = 1; aliases <= 5; ++aliases)
            ASSERT_TRUE(farming_loses({kMaxTaskAtoms, t.tax, rate, aliases}));
          ASSERT_EQ(shared_stake_covers(t, 1), deters_harm(t));
        }
  EXPECT_GT(held, 500);
}

TEST(Incentives, HarmIsLabelled) {
  TaskTerms t = good_terms();  // q = 2 / 11, burned 1000: covers 181
  t.declared_harm = 181;
  EXPECT_TRUE(deters_harm(t));
  t.declared_harm = 182;
  EXPECT_FALSE(deters_harm(t));
  EXPECT_EQ(check_terms(t), TermsVerdict::kHolds);
}

DrawTerms draw_terms(std::uint64_t entries, std::uint32_t draws) {
  DrawTerms t;
  t.beacon.bytes[3] = 9;
  t.entries = entries;
  t.draws = draws;
  t.commit_interval = 10;
  t.steps = (entries - 1) * 10 - 3;
  return t;
}

TEST(Sampling, DrawsAreDistinctAndInside) {
  for (std::uint64_t entries = 2; entries <= 12; ++entries)
    for (std::uint32_t draws = 1; draws <= entries; ++draws)
      for (std::uint8_t verifier = 0; verifier < 20; ++verifier) {
        DrawTerms t = draw_terms(entries, draws);
        t.verifier.value.bytes[0] = verifier;
        const std::vector<Draw> drawn = draw_intervals(crypto::sha256_function(), t);
        ASSERT_EQ(drawn.size(), draws);
        std::set<std::uint64_t> seen;
        for (const Draw& d : drawn) {
          ASSERT_LT(d.entry, entries);
          ASSERT_TRUE(seen.insert(d.entry).second);
          if (d.entry == 0) {
            ASSERT_EQ(d.interior_step, 0u);
            continue;
          }
          ASSERT_GT(d.interior_step, (d.entry - 1) * 10);
          ASSERT_LT(d.interior_step, std::min(d.entry * 10, t.steps));
        }
      }
}

TEST(Sampling, AnIntervalOfOneStepIsSealedAtItsEnd) {
  DrawTerms t = draw_terms(5, 5);
  t.commit_interval = 1;
  t.steps = 4;
  for (const Draw& d : draw_intervals(crypto::sha256_function(), t))
    EXPECT_EQ(d.interior_step, d.entry);
}

// Every argument changes the draw; the same arguments give the same.
TEST(Sampling, DependsOnEverything) {
  const DrawTerms base = draw_terms(1000000, 4);
  const auto drawn = draw_intervals(crypto::sha256_function(), base);
  EXPECT_EQ(drawn, draw_intervals(crypto::sha256_function(), base));
  DrawTerms other = base;
  other.beacon.bytes[31] ^= 1;
  EXPECT_NE(drawn, draw_intervals(crypto::sha256_function(), other));
  other = base;
  other.claim.value.bytes[31] ^= 1;
  EXPECT_NE(drawn, draw_intervals(crypto::sha256_function(), other));
  other = base;
  other.verifier.value.bytes[31] ^= 1;
  EXPECT_NE(drawn, draw_intervals(crypto::sha256_function(), other));
}

// The chi-square of 20,000 draws over 10 entries (9 degrees of freedom) stays below its 1e-6
// quantile.
TEST(Sampling, IsUniform) {
  std::array<int, 10> counts{};
  for (std::uint32_t i = 0; i < 20000; ++i) {
    DrawTerms t = draw_terms(10, 1);
    store_le(t.beacon.bytes.data(), i);
    ++counts[draw_intervals(crypto::sha256_function(), t).front().entry];
  }
  double chi = 0;
  for (const int c : counts) chi += (c - 2000.0) * (c - 2000.0) / 2000.0;
  EXPECT_LT(chi, 45.1);
}

}  // namespace
}  // namespace assay::economics
