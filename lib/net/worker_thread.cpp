#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "internal/loop_state.hpp"

namespace assay::net {

struct WorkerThread::State {
  struct Entry {
    std::function<void()> job;
    std::function<void()> done;
  };
  std::shared_ptr<EventLoop::State> loop;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::multimap<std::uint64_t, Entry> entries;  // by `due`, then by arrival
  bool stopping = false;
  std::vector<std::thread> threads;

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return stopping || !entries.empty(); });
      if (stopping) return;
      Entry entry = std::move(entries.begin()->second);
      entries.erase(entries.begin());
      lock.unlock();
      entry.job();
      entry.job = nullptr;
      if (entry.done) loop->post(std::move(entry.done));
      lock.lock();
    }
  }
};

WorkerThread::WorkerThread(EventLoop& loop, unsigned threads) : m_state(std::make_unique<State>()) {
  m_state->loop = loop.m_state;
  for (unsigned i = 0; i < (threads == 0 ? 1 : threads); ++i)
    m_state->threads.emplace_back([state = m_state.get()] { state->work(); });
}

WorkerThread::~WorkerThread() {
  {
    const std::lock_guard lock(m_state->mutex);
    m_state->stopping = true;
  }
  m_state->changed.notify_all();
  for (std::thread& thread : m_state->threads) thread.join();
}

bool WorkerThread::submit(std::function<void()> job, std::function<void()> done,
                          std::uint64_t due) {
  {
    const std::lock_guard lock(m_state->mutex);
    if (m_state->entries.size() >= kMaxQueuedJobs) return false;
    m_state->entries.emplace(due, State::Entry{std::move(job), std::move(done)});
  }
  m_state->changed.notify_one();
  return true;
}

std::size_t WorkerThread::queued() const {
  const std::lock_guard lock(m_state->mutex);
  return m_state->entries.size();
}

bool WorkerThread::has_earlier(std::uint64_t due) const {
  const std::lock_guard lock(m_state->mutex);
  return !m_state->entries.empty() && m_state->entries.begin()->first < due;
}

}  // namespace assay::net
