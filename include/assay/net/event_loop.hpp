// A single-threaded event loop with timers, and threads for work that blocks. This is what drives
// the sans-I/O roles: events are posted in, actions are run on workers, their ends come back as
// events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace assay::net {

using TimerId = std::uint64_t;  // never 0

// Everything posted runs on the thread that is in run(), in the order of posting. All members but
// run() may be called from any thread. Tasks must not throw.
class EventLoop {
 public:
  using Task = std::function<void()>;

  EventLoop();
  // Drops what did not run. Not while run() is running.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void post(Task task);
  // At a time of host::SystemClock::monotonic_ms (std::chrono::steady_clock); at once if it is
  // past.
  TimerId call_at(std::uint64_t monotonic_ms, Task task);
  TimerId call_after(std::uint64_t delay_ms, Task task);
  // Whether the timer had not run yet; it will not.
  bool cancel(TimerId timer);
  [[nodiscard]] std::uint64_t now_ms() const;

  // Runs tasks until stop(), also when there are none. May be called again after stop().
  void run();
  // Runs what is ready now, without waiting; how many tasks ran.
  std::size_t poll();
  // Ends run() after the task that is running. Before run(): the next run() returns at once.
  void stop();

 private:
  friend class WorkerThread;
  struct State;
  std::shared_ptr<State> m_state;
};

// Threads for jobs that block or compute. Thread-safe.
class WorkerThread {
 public:
  static constexpr std::size_t kMaxQueuedJobs = 65'536;

  explicit WorkerThread(EventLoop& loop, unsigned threads = 1);
  // Waits for the jobs that run, drops those that do not yet, and their completions.
  ~WorkerThread();
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  // Runs `job` on a worker, then `done` on the loop (also if the worker is destroyed meanwhile, but
  // not the loop). Of jobs that wait the one with the least `due` is next, in whatever unit; among
  // equals the first that came. False, and neither runs, if the queue is full. Jobs must not throw.
  bool submit(std::function<void()> job, std::function<void()> done, std::uint64_t due = 0);

  // The same for a job with a result: then(result) runs on the loop.
  template <class Job, class Then>
  bool call(Job job, Then then, std::uint64_t due = 0) {
    using T = decltype(job());
    auto slot = std::make_shared<std::unique_ptr<T>>();
    return submit([slot, job = std::move(job)]() mutable { *slot = std::make_unique<T>(job()); },
                  [slot, then = std::move(then)]() mutable { then(std::move(**slot)); }, due);
  }

  [[nodiscard]] std::size_t queued() const;
  // True if a job waits whose `due` is less.
  [[nodiscard]] bool has_earlier(std::uint64_t due) const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace assay::net
