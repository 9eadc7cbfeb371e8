#include "assay/net/event_loop.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include "internal/loop_state.hpp"

namespace assay::net {

EventLoop::EventLoop() : m_state(std::make_shared<State>()) {}
EventLoop::~EventLoop() { m_state->close(); }

void EventLoop::post(Task task) { m_state->post(std::move(task)); }

TimerId EventLoop::call_at(std::uint64_t monotonic_ms, Task task) {
  const std::lock_guard lock(m_state->mutex);
  const TimerId id = m_state->next_timer++;
  m_state->timers.emplace(std::pair{monotonic_ms, id}, std::move(task));
  m_state->times.emplace(id, monotonic_ms);
  m_state->changed.notify_one();
  return id;
}

TimerId EventLoop::call_after(std::uint64_t delay_ms, Task task) {
  return call_at(now_ms() + delay_ms, std::move(task));
}

bool EventLoop::cancel(TimerId timer) {
  Task dropped;  // destroyed outside the lock: it may own what calls back into the loop
  const std::lock_guard lock(m_state->mutex);
  const auto found = m_state->times.find(timer);
  if (found == m_state->times.end()) return false;
  const auto entry = m_state->timers.find({found->second, timer});
  dropped = std::move(entry->second);
  m_state->timers.erase(entry);
  m_state->times.erase(found);
  return true;
}

std::uint64_t EventLoop::now_ms() const { return State::now_ms(); }

void EventLoop::run() {
  State& s = *m_state;
  std::unique_lock lock(s.mutex);
  while (!s.stopped) {
    if (EventLoop::Task task = s.pop(); task) {
      lock.unlock();
      task();
      task = nullptr;
      lock.lock();
    } else if (s.timers.empty()) {
      s.changed.wait(lock);
    } else {
      s.changed.wait_until(lock, State::time_of(s.timers.begin()->first.first));
    }
  }
  s.stopped = false;
}

std::size_t EventLoop::poll() {
  State& s = *m_state;
  std::size_t count = 0;
  std::unique_lock lock(s.mutex);
  while (!s.stopped) {
    EventLoop::Task task = s.pop();
    if (!task) return count;
    lock.unlock();
    task();
    task = nullptr;
    ++count;
    lock.lock();
  }
  s.stopped = false;
  return count;
}

void EventLoop::stop() {
  const std::lock_guard lock(m_state->mutex);
  m_state->stopped = true;
  m_state->changed.notify_all();
}

void EventLoop::State::post(Task task) {
  const std::lock_guard lock(mutex);
  if (closed) return;
  tasks.push_back(std::move(task));
  changed.notify_one();
}

EventLoop::Task EventLoop::State::pop() {
  // Due timers before posted tasks, so that a flood of events cannot hold up a deadline; each timer
  // is due once, so they cannot starve the tasks.
  Task task;
  if (!timers.empty() && timers.begin()->first.first <= now_ms()) {
    times.erase(timers.begin()->first.second);
    task = std::move(timers.begin()->second);
    timers.erase(timers.begin());
  } else if (!tasks.empty()) {
    task = std::move(tasks.front());
    tasks.pop_front();
  }
  return task;
}

void EventLoop::State::close() {
  std::deque<Task> dropped_tasks;
  std::map<std::pair<std::uint64_t, TimerId>, Task> dropped_timers;
  const std::lock_guard lock(mutex);
  closed = true;
  dropped_tasks.swap(tasks);
  dropped_timers.swap(timers);
  times.clear();
}

std::uint64_t EventLoop::State::now_ms() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

std::chrono::steady_clock::time_point EventLoop::State::time_of(std::uint64_t monotonic_ms) {
  // Far future times must not overflow the clock's nanoseconds.
  const std::uint64_t horizon = now_ms() + 3'600'000;
  const auto count = static_cast<std::int64_t>(monotonic_ms < horizon ? monotonic_ms : horizon);
  return std::chrono::steady_clock::time_point(std::chrono::milliseconds(count));
}

}  // namespace assay::net
