// What an EventLoop and its workers share: it outlives both.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "assay/net/event_loop.hpp"

namespace assay::net {

struct EventLoop::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Task> tasks;
  std::map<std::pair<std::uint64_t, TimerId>, Task> timers;  // by time, then by order of creation
  std::map<TimerId, std::uint64_t> times;
  TimerId next_timer = 1;
  bool stopped = false;
  bool closed = false;

  void post(Task task);
  [[nodiscard]] Task pop();  // with the mutex held; empty if nothing is ready
  void close();
  [[nodiscard]] static std::uint64_t now_ms();
  [[nodiscard]] static std::chrono::steady_clock::time_point time_of(std::uint64_t monotonic_ms);
};

}  // namespace assay::net
