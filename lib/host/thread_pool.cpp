#include "assay/host/thread_pool.hpp"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "assay/core/checked.hpp"
#include "assay/core/contract.hpp"

namespace assay::host {

namespace {

using Body = std::function<void(std::size_t, std::size_t)>;

// Some of what a training step runs on one thread between two jobs. Waking costs tens of
// microseconds, and on a busy machine the wait for a processor, milliseconds.
constexpr auto kSpin = std::chrono::microseconds(200);
// More ranges than threads, so that a thread that lost its core for a while delays little.
constexpr std::size_t kRangesPerThread = 16;

// A job's number and how many of its ranges are unclaimed, in one word: whoever claims a range by
// compare-exchange knows that the job still ran, and so that what it read of the job is the job's.
// (A next index, compared with a count beside it, does not tell: a worker late at the end of one
// job would meet the next one's count and take a range that is not its own.)
constexpr unsigned kRangeBits = 24;
constexpr std::uint64_t kRangeMask = (std::uint64_t{1} << kRangeBits) - 1;

thread_local bool t_in_body = false;

void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

template <class Ready>
bool spin_until(const Ready& ready) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 16; ++i) {
      if (ready()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return ready();
}

void call(const Body& body, std::size_t first, std::size_t last) noexcept {
  t_in_body = true;
  body(first, last);
  t_in_body = false;
}

}  // namespace

unsigned usable_processors() noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) {
    const int count = CPU_COUNT(&set);
    if (count > 0) return static_cast<unsigned>(count);
  }
  return std::max(1u, std::thread::hardware_concurrency());
}

std::uint64_t physical_memory_bytes() noexcept {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGE_SIZE);
  if (pages <= 0 || page_bytes <= 0) return std::uint64_t{1} << 63;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
}

struct ThreadTaskPool::State {
  // Of the running job. Written only while no range is unclaimed or unfinished, and used only after
  // a range was claimed.
  std::atomic<const Body*> body{nullptr};
  std::atomic<std::size_t> count{0};
  std::atomic<std::size_t> length{0};
  std::atomic<std::size_t> ranges{0};

  alignas(64) std::atomic<std::uint64_t> ticket{0};  // job number << 24 | unclaimed ranges
  alignas(64) std::atomic<std::uint32_t> unfinished{
      0};                                               // ranges; 32 bits, so that a futex can wait
  alignas(64) std::atomic<std::uint32_t> announced{0};  // job number, for sleepers
  std::atomic<bool> stopping{false};

  std::mutex one_job;
  std::vector<std::thread> threads;
  cpu_set_t allowed;         // processors, of whoever made the pool
  int kept_free = kUnknown;  // of workers
  static constexpr int kUnknown = -1;

  State() {
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) CPU_ZERO(&allowed);
  }

  // Keeps workers off the caller's processor. Where every processor is busy, be it with work of the
  // lowest priority, the system may wake a worker beside the thread that wakes it, and leaves both
  // there, since neither waits long enough to be moved: two threads then run as one.
  void keep_free(int processor) noexcept {
    if (processor == kept_free || processor < 0 || processor >= CPU_SETSIZE) return;
    kept_free = processor;
    cpu_set_t others = allowed;
    CPU_CLR(static_cast<std::size_t>(processor), &others);
    if (CPU_COUNT(&others) == 0) return;
    for (std::thread& thread : threads) {
      ::pthread_setaffinity_np(thread.native_handle(), sizeof others, &others);
    }
  }

  // Works on job `job` until no range is left to claim.
  void work(std::uint64_t job) {
    std::uint64_t now = ticket.load(std::memory_order_acquire);
    while ((now >> kRangeBits) == job) {
      const Body* const what = body.load(std::memory_order_relaxed);
      const std::size_t all = count.load(std::memory_order_relaxed);
      const std::size_t step = length.load(std::memory_order_relaxed);
      const std::size_t parts = ranges.load(std::memory_order_relaxed);
      const auto left = static_cast<std::size_t>(now & kRangeMask);
      if (left == 0) return;
      if (!ticket.compare_exchange_weak(now, now - 1, std::memory_order_acq_rel,
                                        std::memory_order_acquire))
        continue;
      const std::size_t index = parts - left;
      call(*what, index * step, std::min(all, index * step + step));
      if (unfinished.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished.notify_one();
      now = ticket.load(std::memory_order_acquire);
    }
  }

  void worker() {
    std::uint32_t seen = 0;
    while (true) {
      const auto changed = [&] { return announced.load(std::memory_order_acquire) != seen; };
      if (!spin_until(changed)) announced.wait(seen, std::memory_order_acquire);
      seen = announced.load(std::memory_order_acquire);
      if (stopping.load(std::memory_order_acquire)) return;
      work(ticket.load(std::memory_order_acquire) >> kRangeBits);
    }
  }
};

ThreadTaskPool::ThreadTaskPool(unsigned threads) : m_state(std::make_unique<State>()) {
  if (threads == 0) threads = usable_processors();
  for (unsigned i = 1; i < threads; ++i)
    m_state->threads.emplace_back([state = m_state.get()] { state->worker(); });
}

ThreadTaskPool::~ThreadTaskPool() {
  m_state->stopping.store(true, std::memory_order_release);
  m_state->announced.fetch_add(1, std::memory_order_release);
  m_state->announced.notify_all();
  for (std::thread& thread : m_state->threads) thread.join();
}

unsigned ThreadTaskPool::thread_count() const {
  return static_cast<unsigned>(m_state->threads.size()) + 1;
}

void ThreadTaskPool::run(std::size_t count, std::size_t grain, const Body& body) {
  if (count == 0) return;
  grain = std::max<std::size_t>(grain, 1);
  State& s = *m_state;
  if (t_in_body || s.threads.empty() || count <= grain) return body(0, count);
  std::unique_lock lock(s.one_job, std::try_to_lock);
  if (!lock) return body(0, count);

  const std::size_t grains = ceil_div(count, grain);
  const std::size_t wanted = std::min<std::size_t>(grains, thread_count() * kRangesPerThread);
  const std::size_t length = ceil_div(grains, wanted) * grain;
  const std::size_t ranges = ceil_div(count, length);
  ASSAY_INVARIANT(ranges <= kRangeMask);
  s.body.store(&body, std::memory_order_relaxed);
  s.count.store(count, std::memory_order_relaxed);
  s.length.store(length, std::memory_order_relaxed);
  s.ranges.store(ranges, std::memory_order_relaxed);
  s.unfinished.store(static_cast<std::uint32_t>(ranges), std::memory_order_relaxed);
  const std::uint64_t job = (s.ticket.load(std::memory_order_relaxed) >> kRangeBits) + 1;
  s.ticket.store(job << kRangeBits | ranges, std::memory_order_release);
  s.keep_free(::sched_getcpu());
  s.announced.fetch_add(1, std::memory_order_release);
  s.announced.notify_all();

  s.work(job);
  const auto finished = [&] { return s.unfinished.load(std::memory_order_acquire) == 0; };
  if (spin_until(finished)) return;
  while (true) {
    const std::uint32_t left = s.unfinished.load(std::memory_order_acquire);
    if (left == 0) return;
    s.unfinished.wait(left, std::memory_order_acquire);
  }
}

}  // namespace assay::host
