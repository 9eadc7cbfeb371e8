// Seeds: the whole protocol with liars under faults, and bugs planted in it that they have to find.
// INV-SIM-001 to 009 (docs/spec/sim.md).
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "assay/core/planted.hpp"
#include "assay/protocol/horizon.hpp"
#include "assay/sim/disk.hpp"
#include "assay/sim/network.hpp"
#include "assay/sim/seeds.hpp"
#include "cheats/liars.hpp"

namespace assay::sim {
namespace {

using testing::Plant;
using testing::Planted;

SeedReport run(std::uint64_t seed, FaultLevel faults = FaultLevel::kAll) {
  return run_seed({seed, faults, true, &cheats::liars()});
}

class EveryLevel : public ::testing::TestWithParam<std::pair<FaultLevel, std::uint64_t>> {};

// INV-SIM-010 among them.
TEST_P(EveryLevel, NoSeedBreaksAnInvariant) {
  const auto [level, count] = GetParam();
  const std::clock_t before = std::clock();
  const SeedsReport report = run_seeds({.first = 1,
                                        .count = count,
                                        .threads = 2,
                                        .faults = level,
                                        .liars = &cheats::liars(),
                                        .replay_every = 32});
  for (const SeedReport& failure : report.failures)
    ADD_FAILURE() << "seed " << failure.seed << ": " << failure.failure;
  EXPECT_EQ(report.seeds, count);
  // A run in which nothing happens proves nothing.
  EXPECT_GT(report.claims_paid, count / 4);
  EXPECT_GT(report.claims_fallen, count / 16);
  EXPECT_GT(report.games, count / 4);
  EXPECT_GT(report.errors_found, count / 32);
  const double ms = 1e3 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  std::printf("figure sim_level_%d %llu seeds\nfigure sim_level_%d_cpu %.1f ms\n",
              static_cast<int>(level), static_cast<unsigned long long>(report.seeds),
              static_cast<int>(level), ms / static_cast<double>(report.seeds));
}

INSTANTIATE_TEST_SUITE_P(Seeds, EveryLevel,
                         ::testing::Values(std::pair{FaultLevel::kNone, std::uint64_t{64}},
                                           std::pair{FaultLevel::kSome, std::uint64_t{64}},
                                           std::pair{FaultLevel::kAll, std::uint64_t{128}}),
                         [](const auto& param_info) {
                           return "Faults" +
                                  std::to_string(static_cast<int>(param_info.param.first));
                         });

// INV-SIM-002: with everybody honest too.
TEST(Seeds, OfHonestPartiesAllArePaid) {
  for (std::uint64_t seed = 1; seed <= 16; ++seed) {
    const SeedReport report = run_seed({seed, FaultLevel::kAll, true, nullptr});
    EXPECT_EQ(report.failure, "") << "seed " << seed;
    EXPECT_EQ(report.claims_fallen, 0u) << "seed " << seed;
    EXPECT_EQ(run_seed({seed, FaultLevel::kAll, true, nullptr}).sim.log, report.sim.log);
  }
}

#if defined(ASSAY_AUDIT) && ASSAY_AUDIT
// INV-PRO-018: with tasks that are forgotten, a few records a block, while others go on.
TEST(Seeds, BreakNoInvariantWhereTasksAreSoonForgotten) {
  const protocol::ShortMemory memory({protocol::kMaxValidityBlocks, 12, 5});
  std::uint64_t forgotten = 0;
  for (std::uint64_t seed = 1; seed <= 64; ++seed) {
    const SeedReport report = run(seed);
    EXPECT_EQ(report.failure, "") << "seed " << seed;
    forgotten += report.forgotten;
  }
  EXPECT_GT(forgotten, 32u);
  std::printf("figure sim_forgotten %llu tasks\n", static_cast<unsigned long long>(forgotten));
}

// What the ledger finds itself stops the program (INV-PRO-020), so no report tells the seed.
bool stops_the_program(Planted bug) {
  return bug == Planted::kUncheckedDeposit || bug == Planted::kStuckStake ||
         bug == Planted::kMixedDeposit;
}

class EveryPlantedBug : public ::testing::TestWithParam<Planted> {};

TEST_P(EveryPlantedBug, IsFoundAndItsSeedReplays) {
  constexpr std::uint64_t kSeeds = 500;
  std::uint64_t seed = 1;
  SeedReport found;
  if (stops_the_program(GetParam())) {
    const auto all = [] {
      const Plant plant(GetParam());
      for (std::uint64_t each = 1; each <= kSeeds; ++each) static_cast<void>(run(each));
    };
    EXPECT_DEATH(all(), "broken .* is_solvent");
    return;
  }
  {
    const Plant plant(GetParam());
    for (; seed <= kSeeds && found.failure.empty(); ++seed) found = run(seed);
    ASSERT_NE(found.failure, "") << "not found in " << kSeeds << " seeds";
    // The seed alone brings it back, to the last line of its log.
    const SeedReport again = run(found.seed);
    EXPECT_EQ(again.failure, found.failure);
    EXPECT_EQ(again.sim.log, found.sim.log);
    EXPECT_EQ(again.digest, found.digest);
  }
  EXPECT_EQ(run(found.seed).failure, "") << "without the bug";
  std::printf("figure planted_%d %llu seed\n  %s\n", static_cast<int>(GetParam()),
              static_cast<unsigned long long>(found.seed), found.failure.c_str());
}

std::vector<Planted> all_planted() {
  std::vector<Planted> all;
  for (std::uint8_t bug = 1; bug <= testing::kSimulatedLast; ++bug)
    all.push_back(static_cast<Planted>(bug));
  return all;
}
INSTANTIATE_TEST_SUITE_P(Planted, EveryPlantedBug, ::testing::ValuesIn(all_planted()),
                         [](const auto& param_info) {
                           return "Bug" + std::to_string(static_cast<int>(param_info.param));
                         });
#endif

// The disk's own rules: synced bytes survive, others may be gone or torn; a batch is there whole or
// not at all.
TEST(SimDisk, KeepsWhatWasSyncedAndNoHalfBatch) {
  unsigned torn = 0, whole = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SimRng rng(seed);
    SimDisk disk(rng);
    SimStore store(disk);
    WriteBatch first, second;
    first.put(Bytes{1}, Bytes(3'000, 7));
    ASSERT_TRUE(store.write(first));
    for (std::uint8_t key = 2; key < 9; ++key) second.put(Bytes{key}, Bytes(900, key));
    disk.cut_power_after(rng.below(4));
    const bool acknowledged = static_cast<bool>(store.write(second));
    disk.crash();
    ASSERT_TRUE(store.recover());
    EXPECT_EQ((*store.get(Bytes{1})).value(), Bytes(3'000, 7));
    unsigned there = 0;
    for (std::uint8_t key = 2; key < 9; ++key)
      there += (*store.get(Bytes{key})).has_value() ? 1 : 0;
    EXPECT_TRUE(there == 0 || there == 7) << there;
    if (acknowledged) {
      EXPECT_EQ(there, 7u);
    }
    (there == 0 ? torn : whole) += 1;
    // It goes on from there.
    ASSERT_TRUE(store.write(second));
    disk.crash();
    ASSERT_TRUE(store.recover());
    EXPECT_TRUE((*store.get(Bytes{8})).has_value());
  }
  EXPECT_GT(torn, 20u);
  EXPECT_GT(whole, 20u);
}

TEST(SimDisk, AFileIsTheOldOneOrTheNew) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SimRng rng(seed);
    SimDisk disk(rng);
    SimFiles files(disk);
    ASSERT_TRUE(files.write_atomically("a", Bytes(2'000, 1)));
    disk.cut_power_after(rng.below(5));
    const bool acknowledged = static_cast<bool>(files.write_atomically("a", Bytes(2'500, 2)));
    disk.crash();
    const auto bytes = files.read("a");
    ASSERT_TRUE(bytes);
    EXPECT_TRUE(*bytes == Bytes(2'500, 2) || (!acknowledged && *bytes == Bytes(2'000, 1)));
  }
}

TEST(SimDisk, TakesNothingWhileItIsFull) {
  SimRng rng(1);
  SimDisk disk(rng);
  SimFiles files(disk);
  ASSERT_TRUE(files.write_atomically("a", Bytes(10, 1)));
  disk.set_full(true);
  EXPECT_EQ(files.write_atomically("a", Bytes(10, 2)).error().code, ErrorCode::kIo);
  EXPECT_EQ(*files.read("a"), Bytes(10, 1));
  disk.set_full(false);
  EXPECT_TRUE(files.write_atomically("a", Bytes(10, 2)));
}

// The bound that honest parties' faults keep.
TEST(Outages, LeaveThreeTimesTheirLengthBehindThem) {
  Outages outages(8'000);
  EXPECT_FALSE(outages.book("a", 0, 8'001));
  EXPECT_TRUE(outages.book("a", 0, 1'000));
  EXPECT_FALSE(outages.book("a", 5'999, 1));
  EXPECT_TRUE(outages.book("b", 5'999, 1));
  EXPECT_TRUE(outages.book("a", 6'000, 8'000));
  EXPECT_FALSE(outages.book("a", 39'999, 1));
  EXPECT_TRUE(outages.book("a", 40'000, 1));
}

TEST(Network, CutsThoseOffWhoAreNamedAndHeals) {
  SimRng rng(1);
  Network network({}, rng);
  network.cut({"a", "b"});
  EXPECT_TRUE(network.reaches("a", "b"));
  EXPECT_FALSE(network.reaches("a", "c"));
  EXPECT_FALSE(network.reaches(kLedgerName, "b"));
  EXPECT_TRUE(network.reaches(kLedgerName, "c"));
  network.heal();
  EXPECT_TRUE(network.reaches("a", "c"));
}

}  // namespace
}  // namespace assay::sim
