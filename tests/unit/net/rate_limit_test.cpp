#include "assay/net/rate_limit.hpp"

#include <gtest/gtest.h>

namespace assay::net {
namespace {

TEST(RateLimiter, ABurstThenTheRate) {
  RateLimiter limiter({.calls_per_s = 10, .burst = 5});
  std::uint64_t now = 1000;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limiter.take("a", 1, now)) << i;
  EXPECT_FALSE(limiter.take("a", 1, now));
  EXPECT_TRUE(limiter.take("b", 5, now)) << "another address has a bucket of its own";
  EXPECT_FALSE(limiter.take("a", 1, now += 99));
  EXPECT_TRUE(limiter.take("a", 1, now += 1)) << "a tenth of a second is one call";
  EXPECT_FALSE(limiter.take("a", 1, now));
  EXPECT_TRUE(limiter.take("a", 5, now += 1'000'000)) << "a rest fills it";
  EXPECT_FALSE(limiter.take("a", 1, now)) << "but not above the burst";
  EXPECT_FALSE(limiter.take("a", 6, now += 1'000'000)) << "more than a burst never";
  EXPECT_TRUE(limiter.take("a", 5, now)) << "and what was refused cost nothing";
  EXPECT_FALSE(limiter.take("a", 1, now - 500)) << "a clock that goes back gives nothing";
}

// INV-NET-001: in any t seconds an address gets at most burst + rate * t calls.
TEST(RateLimiter, NoWayOfAskingGetsMore) {
  for (const std::uint64_t every_ms : {1u, 3u, 7u, 100u, 1500u}) {
    RateLimiter limiter({.calls_per_s = 20, .burst = 8});
    std::uint64_t got = 0, now = 5;
    for (; now < 60'005; now += every_ms)
      for (int i = 0; i < 50; ++i) got += limiter.take("a", 1, now) ? 1 : 0;
    EXPECT_LE(got, 8 + 20 * (now - 5) / 1000) << every_ms;
  }
}

TEST(RateLimiter, MemoryIsBoundedAndChurnGainsNothing) {
  RateLimiter limiter({.calls_per_s = 1, .burst = 2}, 16);
  std::uint64_t allowed = 0;
  EXPECT_TRUE(limiter.take("honest", 2, 0));
  for (int i = 0; i < 10'000; ++i) allowed += limiter.take("x" + std::to_string(i), 2, 0) ? 1 : 0;
  EXPECT_LE(limiter.addresses(), 16u);
  EXPECT_EQ(allowed, 15u + 1u) << "one burst for each known address and one for all others";
  EXPECT_FALSE(limiter.take("honest", 1, 0)) << "nobody's debt was forgotten";
  // Once they have rested, places are given to newcomers again.
  EXPECT_TRUE(limiter.take("late", 2, 10'000));
  EXPECT_TRUE(limiter.take("later", 2, 10'000));
  EXPECT_LE(limiter.addresses(), 16u);
}

TEST(RateLimiter, LimitsChangeWhileItRuns) {
  RateLimiter limiter({.calls_per_s = 0, .burst = 0});
  EXPECT_FALSE(limiter.take("a", 1, 0));
  EXPECT_EQ(limiter.retry_after_s(), 3600u);
  limiter.set_limits({.calls_per_s = 1, .burst = 1});
  EXPECT_TRUE(limiter.take("a", 1, 1000));
  EXPECT_EQ(limiter.retry_after_s(), 1u);
  limiter.set_limits({.calls_per_s = ~std::uint64_t{0}, .burst = ~std::uint64_t{0}});
  EXPECT_TRUE(limiter.take("a", 1'000'000, ~std::uint64_t{0}));
}

TEST(RateLimiter, GroupsAddresses) {
  EXPECT_EQ(address_group("127.0.0.1:40000"), "127.0.0.1");
  EXPECT_EQ(address_group("[2001:db8:1:2:3:4:5:6]:40000"), "2001:db8:1:2::/64");
  EXPECT_EQ(address_group("[::1]:1"), "::/64");
  EXPECT_EQ(address_group("[fe80::1%lo]:1"), "fe80::1%lo");
  EXPECT_EQ(address_group("?"), "?");
}

}  // namespace
}  // namespace assay::net
