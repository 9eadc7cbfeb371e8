#include "assay/host/background_sink.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace assay::host {

struct BackgroundSink::State {
  explicit State(Files& f) : files(f) {}

  struct Order {
    std::string name;
    std::optional<Bytes> bytes;  // none: remove
  };

  // Runs on the sink's thread until stopped and empty.
  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return stopping || !queue.empty(); });
      if (queue.empty()) return;
      const Order order = std::move(queue.front());
      queue.pop_front();
      if (!failure) {
        lock.unlock();
        const Status done = order.bytes ? files.write_atomically(order.name, *order.bytes)
                                        : files.remove(order.name);
        lock.lock();
        if (!done) failure = done.error();
      }
      --unfinished;
      changed.notify_all();
    }
  }

  Status push(Order order) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return failure || unfinished < kMaxQueued; });
    if (failure) return *failure;
    queue.push_back(std::move(order));
    ++unfinished;
    changed.notify_all();
    return {};
  }

  Files& files;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Order> queue;
  std::size_t unfinished = 0;  // queued or being written
  std::optional<Error> failure;
  bool stopping = false;
  std::thread thread;
};

BackgroundSink::BackgroundSink(Files& files) : m_state(std::make_unique<State>(files)) {
  m_state->thread = std::thread([state = m_state.get()] { state->work(); });
}

BackgroundSink::~BackgroundSink() {
  {
    const std::lock_guard lock(m_state->mutex);
    m_state->stopping = true;
  }
  m_state->changed.notify_all();
  m_state->thread.join();
}

Status BackgroundSink::write(const std::string& name, Bytes bytes) {
  return m_state->push({name, std::move(bytes)});
}

Status BackgroundSink::remove(const std::string& name) {
  return m_state->push({name, std::nullopt});
}

Status BackgroundSink::flush() {
  std::unique_lock lock(m_state->mutex);
  m_state->changed.wait(lock, [this] { return m_state->failure || m_state->unfinished == 0; });
  if (m_state->failure) return *m_state->failure;
  return {};
}

}  // namespace assay::host
