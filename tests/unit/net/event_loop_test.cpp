#include "assay/net/event_loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace assay::net {
namespace {

TEST(EventLoop, RunsPostedTasksInOrderAndStops) {
  EventLoop loop;
  std::string order;
  loop.post([&] { order += 'a'; });
  loop.post([&] {
    order += 'b';
    loop.post([&] { order += 'd'; });
  });
  loop.post([&] { order += 'c'; });
  EXPECT_EQ(loop.poll(), 4u);
  EXPECT_EQ(order, "abcd");
  loop.post([&] { loop.stop(); });
  loop.post([&] { order += 'e'; });
  loop.run();
  EXPECT_EQ(order, "abcd");
  loop.stop();
  loop.run();
  EXPECT_EQ(loop.poll(), 1u);
  EXPECT_EQ(order, "abcde");
}

TEST(EventLoop, TimersRunInOrderOfTimeThenOfCreation) {
  EventLoop loop;
  std::vector<int> order;
  const std::uint64_t now = loop.now_ms();
  loop.call_at(now + 20, [&] { order.push_back(3); });
  loop.call_at(now + 5, [&] { order.push_back(1); });
  loop.call_at(now + 5, [&] { order.push_back(2); });
  const TimerId never = loop.call_after(10, [&] { order.push_back(99); });
  loop.call_at(~std::uint64_t{0}, [&] { order.push_back(98); });
  loop.call_after(30, [&] { loop.stop(); });
  loop.call_at(0, [&] { order.push_back(0); });
  EXPECT_TRUE(loop.cancel(never));
  EXPECT_FALSE(loop.cancel(never));
  EXPECT_FALSE(loop.cancel(12345));
  loop.run();
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3));
  EXPECT_GE(loop.now_ms(), now + 30);
}

TEST(EventLoop, IsWokenByOtherThreads) {
  EventLoop loop;
  std::atomic<int> count{0};
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) loop.post([&] { ++count; });
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  other.join();
  EXPECT_EQ(count, 1000);
}

TEST(WorkerThread, BringsResultsBackToTheLoop) {
  EventLoop loop;
  WorkerThread workers(loop, 2);
  const auto self = std::this_thread::get_id();
  int sum = 0;
  int left = 100;
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(workers.call(
        [i, self] {
          EXPECT_NE(std::this_thread::get_id(), self);
          return std::make_unique<int>(i);
        },
        [&](std::unique_ptr<int> value) {
          EXPECT_EQ(std::this_thread::get_id(), self);
          sum += *value;
          if (--left == 0) loop.stop();
        }));
  loop.run();
  EXPECT_EQ(sum, 4950);
}

TEST(WorkerThread, TakesWhatIsDueFirst) {
  EventLoop loop;
  WorkerThread worker(loop);
  std::mutex held;
  std::vector<int> order;
  held.lock();
  ASSERT_TRUE(worker.submit([&] { const std::lock_guard wait(held); }, nullptr));
  while (worker.queued() > 0) std::this_thread::yield();
  for (const auto& [name, due] : {std::pair{1, 30}, {2, 20}, {3, 30}, {4, 0}})
    ASSERT_TRUE(worker.submit([&order, job = name] { order.push_back(job); }, nullptr,
                              static_cast<std::uint64_t>(due)));
  ASSERT_TRUE(worker.submit([&loop] { loop.stop(); }, nullptr, 40));
  EXPECT_TRUE(worker.has_earlier(1));
  EXPECT_FALSE(worker.has_earlier(0));
  held.unlock();
  loop.run();
  EXPECT_EQ(order, (std::vector{4, 2, 1, 3}));
}

TEST(WorkerThread, EndsWithJobsWaitingAndTheLoopGone) {
  auto loop = std::make_unique<EventLoop>();
  auto workers = std::make_unique<WorkerThread>(*loop, 1);
  std::atomic<int> done{0};
  std::atomic<bool> started{false};
  for (int i = 0; i < 10; ++i)
    workers->submit(
        [&] {
          started = true;
          std::this_thread::sleep_for(std::chrono::milliseconds(2));
        },
        [&] { ++done; });
  while (!started) std::this_thread::yield();
  loop.reset();
  workers.reset();
  EXPECT_EQ(done, 0);
}

}  // namespace
}  // namespace assay::net
