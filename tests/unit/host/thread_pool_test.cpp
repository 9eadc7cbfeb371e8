#include "assay/host/thread_pool.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <set>
#include <thread>

namespace assay::host {
namespace {

// INV-COR-003.
TEST(ThreadTaskPool, CoversEveryIndexOnceInMultiplesOfTheGrain) {
  for (const unsigned threads : {1u, 2u, 3u, 8u}) {
    ThreadTaskPool pool(threads);
    ASSERT_EQ(pool.thread_count(), threads);
    for (const std::size_t count : {0u, 1u, 2u, 15u, 16u, 17u, 1000u, 4097u}) {
      for (const std::size_t grain : {0u, 1u, 7u, 16u, 5000u}) {
        std::vector<std::atomic<int>> hits(count);
        std::atomic<bool> aligned{true};
        pool.run(count, grain, [&](std::size_t first, std::size_t last) {
          const std::size_t unit = grain == 0 ? 1 : grain;
          if (first % unit != 0 || (last % unit != 0 && last != count) || first >= last)
            aligned = false;
          for (std::size_t i = first; i < last; ++i) hits[i].fetch_add(1);
        });
        EXPECT_TRUE(aligned);
        for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(hits[i], 1) << i << " of " << count;
      }
    }
  }
}

TEST(ThreadTaskPool, UsesItsThreads) {
  ThreadTaskPool pool(3);
  std::atomic<int> inside{0};
  // Two bodies wait for each other, so one thread alone would not get through.
  pool.run(2, 1, [&](std::size_t, std::size_t) {
    ++inside;
    while (inside < 2) std::this_thread::yield();
  });
  EXPECT_EQ(inside, 2);
}

TEST(ThreadTaskPool, NestedRunsAreSerialOnTheSameThread) {
  ThreadTaskPool pool(4);
  std::atomic<std::size_t> covered{0};
  std::atomic<bool> same{true};
  pool.run(64, 1, [&](std::size_t first, std::size_t last) {
    const auto self = std::this_thread::get_id();
    for (std::size_t i = first; i < last; ++i)
      pool.run(10, 1, [&](std::size_t a, std::size_t b) {
        covered += b - a;
        if (std::this_thread::get_id() != self || b - a != 10) same = false;
      });
  });
  EXPECT_EQ(covered, 640u);
  EXPECT_TRUE(same);
}

TEST(ThreadTaskPool, ManySmallRunsFromSeveralThreads) {
  ThreadTaskPool pool(3);
  std::atomic<std::uint64_t> sum{0};
  const auto caller = [&] {
    for (int round = 0; round < 2000; ++round)
      pool.run(33, 2, [&](std::size_t a, std::size_t b) {
        for (std::size_t i = a; i < b; ++i) sum += i;
      });
  };
  std::thread other(caller);
  caller();
  other.join();
  EXPECT_EQ(sum, 2u * 2000u * (33u * 32u / 2u));
}

// A worker late at the end of a job of few ranges met the count of the next job, of more, and took
// a range that it ran twice; the caller then returned too early, or never. About one in a million.
TEST(ThreadTaskPool, AWorkerLateAtTheEndOfAShortJobTakesNoRangeOfTheNext) {
  ThreadTaskPool pool(4);
  std::array<std::atomic<int>, 16> seen;
  for (std::uint64_t job = 0; job < 1'500'000; ++job) {
    const std::size_t count = job % 2 == 0 ? 2 : seen.size();
    for (auto& times : seen) times.store(0, std::memory_order_relaxed);
    pool.run(count, 1, [&](std::size_t a, std::size_t b) {
      for (std::size_t i = a; i < b; ++i) seen[i].fetch_add(1, std::memory_order_relaxed);
    });
    for (std::size_t i = 0; i < count; ++i)
      ASSERT_EQ(seen[i], 1) << "job " << job << " range " << i;
  }
}

TEST(ThreadTaskPool, PlainMemoryWrittenByWorkersIsSeenByTheCaller) {
  ThreadTaskPool pool(4);
  std::vector<std::uint64_t> values(512);
  for (std::uint64_t round = 0; round < 500; ++round) {
    pool.run(values.size(), 8, [&](std::size_t a, std::size_t b) {
      for (std::size_t i = a; i < b; ++i) values[i] += i * round;
    });
  }
  for (std::size_t i = 0; i < values.size(); ++i) ASSERT_EQ(values[i], i * (499u * 500u / 2u));
}

TEST(ThreadTaskPool, SleepersWakeForTheNextJob) {
  ThreadTaskPool pool(2);
  for (int i = 0; i < 5; ++i) {
    std::atomic<int> inside{0};
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    pool.run(2, 1, [&](std::size_t, std::size_t) {
      ++inside;
      while (inside < 2) std::this_thread::yield();
    });
    EXPECT_EQ(inside, 2);
  }
}

TEST(ThreadTaskPool, ReportsItsDispatchLatency) {
  ThreadTaskPool pool(0);
  constexpr int kRuns = 5000;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kRuns; ++i) pool.run(64, 1, [](std::size_t, std::size_t) {});
  const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - start;
  std::printf("figure pool_dispatch %.2f us\n", spent.count() / kRuns);
}

}  // namespace
}  // namespace assay::host
