// Every inequality against exact rationals, over whole small ranges, and at its largest arguments.
#include "assay/economics/best_response.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "assay/crypto/sha256.hpp"
#include "assay/economics/splits.hpp"

namespace assay::economics {
namespace {

// An exact fraction of 128-bit integers, small enough everywhere below never to wrap.
struct Rational {
  __extension__ using Int = __int128;
  Int top;
  Int bottom;
  Rational(Int t, Int b = 1) : top(t), bottom(b) {}  // NOLINT: numbers are fractions
  friend Rational operator*(Rational a, Rational b) { return {a.top * b.top, a.bottom * b.bottom}; }
  friend Rational operator+(Rational a, Rational b) {
    return {a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom};
  }
  friend Rational operator-(Rational a, Rational b) { return a + Rational(-b.top, b.bottom); }
  friend bool operator<(Rational a, Rational b) { return a.top * b.bottom < b.top * a.bottom; }
  friend bool operator<=(Rational a, Rational b) { return !(b < a); }
};
constexpr std::int64_t kAll = std::int64_t{1} << 32;
constexpr std::uint64_t kMost = kMaxTaskAtoms;

Rational escape_chance(std::int64_t n, std::int64_t d, std::int64_t m) {
  Rational chance = 1;
  for (std::int64_t i = 0; i < d; ++i)
    chance = chance * (n - i - m > 0 ? Rational(n - m - i, n - i) : Rational(0));
  return chance;
}

// The number of ways to draw around the false intervals, over all ways: counted, not computed.
Rational escape_count(int n, int d, int m) {
  int all = 0;
  int free = 0;
  for (unsigned set = 0; set < 1u << n; ++set) {
    if (__builtin_popcount(set) != d) continue;
    ++all;
    free += (set & ((1u << m) - 1)) == 0;
  }
  return {free, all};
}

TEST(Escapes, IsTheChanceRoundedUp) {
  for (int n = 1; n <= 9; ++n)
    for (int d = 1; d <= n; ++d)
      for (int m = 1; m <= n; ++m) {
        const Rational exact = escape_chance(n, d, m);
        const Rational counted = escape_count(n, d, m);
        ASSERT_TRUE(exact <= counted && counted <= exact);
        const std::uint64_t e =
            escapes({static_cast<std::uint64_t>(n), static_cast<std::uint32_t>(d),
                     static_cast<std::uint64_t>(m)});
        // exact 2^64 <= e <= exact 2^64 + d
        const auto scaled = Rational(exact.top * (Rational::Int{1} << 64), exact.bottom);
        const Rational got(static_cast<Rational::Int>(e));
        ASSERT_TRUE(scaled <= got);
        ASSERT_TRUE(got <= scaled + Rational(d));
      }
  EXPECT_GT(escapes({kMaxEntries, 1, 1}), ~std::uint64_t{0} - (std::uint64_t{1} << 33));
  EXPECT_EQ(escapes({kMaxEntries, kMaxDraws, kMaxEntries}), 0u);
}

// INV-ECO-003, exactly: a solver that replaces m intervals saves at most ceil(price m / n) and is
// caught unless every one of them escapes. Terms that hold make every m a loss.
TEST(Deterrence, HoldingTermsMakeEveryNumberOfFalseIntervalsALoss) {
  int held = 0;
  for (std::uint64_t price = 1; price <= 64; price += 9)
    for (std::uint64_t stake = 0; stake <= 128; stake += 16)
      for (std::uint64_t n = 2; n <= 20; ++n)
        for (std::uint32_t draws = 1; draws <= 3 && draws <= n; ++draws) {
          TaskTerms t;
          t.price = price, t.solver_stake = stake, t.entries = n, t.draws = draws;
          t.seats = 1, t.verification_fee = draws, t.verifier_stake = 4 * draws;
          t.challenger_bond = 200, t.tax = least_tax(price);
          if (check_terms(t) != TermsVerdict::kHolds) continue;
          ++held;
          for (std::uint64_t m = 1; m <= n; ++m) {
            const Rational caught =
                Rational(1) -
                escape_chance(static_cast<int>(n), static_cast<int>(draws), static_cast<int>(m));
            const Rational loss = caught * Rational(static_cast<int>(burned_part(stake) + price));
            ASSERT_TRUE(Rational(static_cast<int>(price * m), static_cast<int>(n)) < loss)
                << price << ' ' << stake << ' ' << n << ' ' << draws << ' ' << m;
          }
        }
  EXPECT_GT(held, 500);
}

TEST(Watching, PaysWhereTheExpectedLossCoversTheReplay) {
  for (std::uint64_t sixteenths = 0; sixteenths < 16; ++sixteenths)
    for (std::uint64_t n = 2; n <= 6; ++n)
      for (std::uint64_t stake = 0; stake <= 60; stake += 3)
        for (std::uint64_t reward = 0; reward <= 20; reward += 5)
          for (std::uint64_t cost = 0; cost <= 6; ++cost) {
            const Watch w{static_cast<std::uint32_t>(sixteenths << 28), n, stake, reward, cost};
            const Rational gain =
                Rational(static_cast<int>(sixteenths), static_cast<int>(16 * (n - 1))) *
                Rational(static_cast<int>(stake + reward));
            ASSERT_EQ(watching_pays(w), Rational(static_cast<int>(cost)) <= gain);
            // The least stake is the least.
            const auto least = least_at_stake(w);
            if (!least) {
              ASSERT_EQ(sixteenths, 0u);
              continue;
            }
            Watch at = w;
            at.at_stake = *least;
            ASSERT_TRUE(watching_pays(at));
            if (*least > 0) {
              --at.at_stake;
              ASSERT_FALSE(watching_pays(at));
            }
          }
  EXPECT_TRUE(watching_pays({~0u, 2, kMost, kMost, kMost}));
  EXPECT_FALSE(watching_pays({~0u, kMaxEntries, kMost, kMost, kMost}));
  EXPECT_FALSE(least_at_stake({1, kMaxEntries, 0, 0, kMost}).has_value());
}

TEST(Bribes, ExceedTheGainWhereEveryKnowerWantsTheBounty) {
  for (std::uint64_t gain = 0; gain <= 12; ++gain)
    for (std::uint64_t bounty = 0; bounty <= 6; ++bounty)
      for (std::uint64_t knowers = 0; knowers <= 4; ++knowers)
        ASSERT_EQ(bribes_exceed_gain({gain, bounty, knowers}), bounty * knowers > gain);
  EXPECT_TRUE(bribes_exceed_gain({~0ull, kMost, std::uint64_t{1} << 32}));
}

// E-9 follows from E-3: a bond whose half pays for a replay is more than an interval saves.
TEST(Insurance, CostsMoreThanItSavesWhereDefenceIsPaid) {
  for (std::uint64_t bond = 0; bond <= 100; ++bond)
    for (std::uint64_t replay = 1; replay <= 100; ++replay)
      ASSERT_TRUE(split_bond(bond).defender < replay || insurance_costs(bond, replay));
}

TEST(Abort, CostsTheTaxWhereItsBurnedPartDoes) {
  for (std::uint64_t stake = 0; stake <= 40; ++stake)
    for (std::uint64_t tax = 0; tax <= 40; ++tax)
      ASSERT_EQ(abort_costs(stake, tax), stake - stake / 2 >= tax);
}

// INV-ECO-005: whatever the jackpot, the rate and the number of aliases, one person in all roles
// pays more than it finds; and by at least e of the tax.
TEST(Farming, LosesAtEveryRateWithAnyNumberOfAliases) {
  for (std::uint64_t jackpot : {0ull, 1ull, 3ull, 1000ull, 1ull << 40, ~0ull})
    for (std::uint64_t tax = 0; tax <= 300; tax += 7)
      for (std::uint32_t rate : {0u, 1u, 7u, 1u << 10, 1u << 20, 1u << 28, 1u << 31, ~0u})
        for (std::uint64_t aliases = 1; aliases <= 40; ++aliases) {
          ASSERT_TRUE(farming_loses({jackpot, tax, rate, aliases}));
          const std::uint64_t base = jackpot_base({jackpot, tax, rate});
          ASSERT_LE(base, jackpot / 3);
          if (base > 1u << 30) continue;  // the oracle's products stay small
          const auto found = static_cast<std::int64_t>(jackpot_share(base, aliases) * aliases);
          ASSERT_TRUE(Rational(rate, kAll) * Rational(found) <=
                      Rational(7 * static_cast<std::int64_t>(tax), 8));
        }
  EXPECT_TRUE(farming_loses({~0ull, kMost, 1, 1}));
}

// INV-ECO-004. Another account of one finder never raises what all its accounts get together,
// whoever else found the error.
TEST(Jackpot, AliasesLowerWhatOneFinderGets) {
  for (std::uint64_t base = 0; base <= 5000; base += 13)
    for (std::uint64_t others = 0; others <= 5; ++others)
      for (std::uint64_t mine = 1; mine <= 6; ++mine) {
        const std::uint64_t now = mine * jackpot_share(base, others + mine);
        const std::uint64_t more = (mine + 1) * jackpot_share(base, others + mine + 1);
        ASSERT_LE(more, now);
      }
  EXPECT_EQ(jackpot_share(~0ull, 1), ~0ull);
  EXPECT_EQ(jackpot_share(~0ull, 32), 3u);
  EXPECT_EQ(jackpot_share(~0ull, 33), 0u);
}

// All winners together never get more than J0, so never more than a third of the jackpot.
TEST(Jackpot, SharesStayWithinTheBase) {
  for (std::uint64_t base = 0; base < 3000; ++base)
    for (std::uint64_t winners = 1; winners <= 20; ++winners)
      ASSERT_LE(winners * jackpot_share(base, winners), base);
}

TEST(Jackpot, BaseIsTheLesserOfBothCaps) {
  EXPECT_EQ(jackpot_base({900, 0, 1u << 31}), 0u);
  EXPECT_EQ(jackpot_base({900, 80, 0}), 0u);
  EXPECT_EQ(jackpot_base({900, 80, 1u << 31}), 140u);  // 7/8 of 80, over 1/2
  EXPECT_EQ(jackpot_base({300, 80, 1u << 31}), 100u);  // a third
  EXPECT_EQ(jackpot_base({900, 1, 1u << 31}), 1u);     // 1.75 rounded down
  EXPECT_EQ(jackpot_base({~0ull, kMost, 1}), ~0ull / 3);
}

TEST(Tax, IsTwoPercentRoundedUpAndAddsUp) {
  for (std::uint64_t price = 0; price <= 1000; ++price) {
    const std::uint64_t tax = least_tax(price);
    ASSERT_GE(100 * tax, 2 * price);
    ASSERT_TRUE(tax == 0 || 100 * (tax - 1) < 2 * price);
  }
  for (std::uint64_t tax = 0; tax <= 1000; ++tax) {
    const TaxSplit split = split_tax(tax);
    ASSERT_EQ(split.burned + split.jackpot, tax);
    ASSERT_TRUE(split.burned == split.jackpot || split.burned == split.jackpot + 1);
  }
  EXPECT_EQ(least_tax(kMost), (kMost * 2 + 99) / 100);
}

TEST(SharedStake, CoversAnNthOfTheHarm) {
  for (std::uint64_t stake = 0; stake <= 100; stake += 5)
    for (std::uint64_t harm = 0; harm <= 20; ++harm)
      for (std::uint64_t claims = 1; claims <= 10; ++claims) {
        TaskTerms t;
        t.solver_stake = stake, t.declared_harm = harm, t.draws = 1, t.entries = 2;
        ASSERT_EQ(shared_stake_covers(t, claims), burned_part(stake) / claims >= 2 * harm);
        ASSERT_TRUE(claims > 1 || shared_stake_covers(t, 1) == deters_harm(t));
      }
}

ForceTerms force_terms(std::uint64_t index) {
  ForceTerms t;
  store_le(t.beacon.bytes.data(), index);
  t.entries = 11;
  t.force_rate = 1u << 30;
  return t;
}

TEST(Force, IsDueAtItsRateAndUniformOverTheEntries) {
  int due = 0;
  std::array<int, 11> counts{};
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const Force force = draw_force(crypto::sha256_function(), force_terms(i));
    ASSERT_GE(force.entry, 1u);
    ASSERT_LE(force.entry, 10u);
    due += force.is_due ? 1 : 0;
    ++counts[force.entry];
  }
  EXPECT_NEAR(due, 5000, 300);  // five standard deviations
  double chi = 0;
  for (std::size_t e = 1; e < counts.size(); ++e)
    chi += (counts[e] - 2000.0) * (counts[e] - 2000.0) / 2000.0;
  EXPECT_LT(chi, 45.1);  // the 1e-6 quantile for 9 degrees of freedom
}

TEST(Force, DependsOnEverythingAndOnTheRateAlone) {
  ForceTerms base = force_terms(7);
  base.entries = std::uint64_t{1} << 32;
  const Force drawn = draw_force(crypto::sha256_function(), base);
  EXPECT_EQ(drawn, draw_force(crypto::sha256_function(), base));
  for (Hash256* field : {&base.r, &base.beacon, &base.claim.value}) {
    field->bytes[31] ^= 1;
    EXPECT_NE(drawn.entry, draw_force(crypto::sha256_function(), base).entry);
    field->bytes[31] ^= 1;
  }
  base.force_rate = 0;
  EXPECT_FALSE(draw_force(crypto::sha256_function(), base).is_due);
  base.force_rate = ~0u;
  EXPECT_TRUE(draw_force(crypto::sha256_function(), base).is_due);
}

// The rule in another hand: computed by Python's hashlib from the text of docs/spec/economics.md
// (r = 32 bytes 01, beacon = 32 bytes 02, claim = 32 bytes 03, 1000 entries, rate 2^31).
TEST(Force, MatchesAnIndependentComputation) {
  ForceTerms t;
  t.r.bytes.fill(1);
  t.beacon.bytes.fill(2);
  t.claim.value.bytes.fill(3);
  t.entries = 1000;
  t.force_rate = 1u << 31;
  const Force force = draw_force(crypto::sha256_function(), t);
  EXPECT_EQ(force.is_due, true);
  EXPECT_EQ(force.entry, 563u);
}

}  // namespace
}  // namespace assay::economics
