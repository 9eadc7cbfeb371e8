#include "assay/economics/market.hpp"
#include "assay/economics/jackpot.hpp"

#include <gtest/gtest.h>

#include <random>

namespace assay::economics {
namespace {

// A task whose tax was enough is taxed enough after a rise, whatever the amounts.
TEST(Market, ARiseKeepsTheTaxSufficient) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t price = random() >> (4 + random() % 60);
    const std::uint64_t atoms = random() >> (4 + random() % 60);
    const Rise rise = split_rise(atoms);
    ASSERT_EQ(rise.price + rise.tax, atoms);
    ASSERT_GE(least_tax(price) + rise.tax, least_tax(price + rise.price)) << price << " " << atoms;
  }
}

// INV-ECO-001 of the market's splits: they add up, and nothing is rounded in a payer's favour.
TEST(Market, SplitsAddUp) {
  for (std::uint64_t n = 0; n < 1000; ++n) {
    EXPECT_EQ(split_deposit(n).submitter + split_deposit(n).burned, n);
    EXPECT_GE(split_deposit(n).burned, split_deposit(n).submitter);
  }
  EXPECT_EQ(part_down(1000, 9, 27), 333u);
  EXPECT_EQ(part_up(1000, 9, 27), 334u);
  EXPECT_EQ(part_down(UINT64_MAX, 5, 5), UINT64_MAX);
  EXPECT_EQ(part_up(UINT64_MAX, 5, 5), UINT64_MAX);
  EXPECT_EQ(part_down(7, 0, 3), 0u);
}

TEST(Market, AScoreHalvesEveryThirtyDaysAndNeverRises) {
  EXPECT_EQ(decayed_score(1000, 0), 1000u);
  EXPECT_EQ(decayed_score(1000, kReputationHalvingMs), 500u);
  EXPECT_EQ(decayed_score(1000, 2 * kReputationHalvingMs), 250u);
  EXPECT_EQ(decayed_score(1000, kReputationHalvingMs / 2), 750u);
  EXPECT_EQ(decayed_score(UINT64_MAX, 64 * kReputationHalvingMs), 0u);
  EXPECT_EQ(decayed_score(UINT64_MAX, UINT64_MAX), 0u);
  std::uint64_t last = 12'345;
  for (std::uint64_t ms = 0; ms < 5 * kReputationHalvingMs; ms += kReputationHalvingMs / 97) {
    const std::uint64_t now = decayed_score(12'345, ms);
    EXPECT_LE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace assay::economics
