#include "assay/host/signals.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "internal/posix.hpp"

namespace assay::host {

namespace {

// What a signal handler may touch: lock-free words and write(2).
std::atomic<int> g_event_fd{-1};
std::atomic<bool> g_stop{false};
std::atomic<int> g_signal{0};
std::atomic<bool> g_installed{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void raise_event(int fd) noexcept {
  const std::uint64_t one = 1;
  // It can only fail when the count is full, and then the descriptor is readable already.
  [[maybe_unused]] const ssize_t n = ::write(fd, &one, sizeof one);
}

extern "C" void assay_on_stop_signal(int number) {
  const int saved = errno;
  g_signal.store(number);
  g_stop.store(true);
  raise_event(g_event_fd.load());
  errno = saved;
}

bool poll_readable(int fd, int timeout_ms) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, timeout_ms) > 0;
}

}  // namespace

struct StopSource::State {
  Fd event;
  Fd leave;  // ends the watching thread
  struct sigaction old_int {};
  struct sigaction old_term {};
  std::thread watcher;
};

StopSource::StopSource() : m_state(std::make_unique<State>()) {}

Result<std::unique_ptr<StopSource>> StopSource::install() {
  if (g_installed.exchange(true))
    return {ErrorCode::kConflict, "the stop signals are already watched in this process"};
  std::unique_ptr<StopSource> source(new StopSource);
  State& s = *source->m_state;
  s.event = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  s.leave = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  g_event_fd.store(s.event.get());
  g_stop.store(false);
  g_signal.store(0);
  struct sigaction action {};
  action.sa_handler = assay_on_stop_signal;
  // RESETHAND: the second signal has its usual effect.
  action.sa_flags = static_cast<int>(SA_RESTART | SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, &s.old_int);
  ::sigaction(SIGTERM, &action, &s.old_term);
  if (!s.event.valid() || !s.leave.valid())
    return {ErrorCode::kLimit, "cannot watch the stop signals; raise the limit on open files"};
  return source;
}

StopSource::~StopSource() {
  State& s = *m_state;
  ::sigaction(SIGINT, &s.old_int, nullptr);
  ::sigaction(SIGTERM, &s.old_term, nullptr);
  if (s.watcher.joinable()) {
    raise_event(s.leave.get());
    s.watcher.join();
  }
  g_event_fd.store(-1);
  g_installed.store(false);
}

bool StopSource::stop_requested() const noexcept { return g_stop.load(); }
int StopSource::signal_number() const noexcept { return g_signal.load(); }
int StopSource::event_fd() const noexcept { return m_state->event.get(); }

void StopSource::request_stop() noexcept {
  g_stop.store(true);
  raise_event(m_state->event.get());
}

bool StopSource::wait_ms(std::uint64_t timeout_ms) const {
  const int wait = static_cast<int>(std::min<std::uint64_t>(timeout_ms, 1u << 30));
  if (!stop_requested()) poll_readable(m_state->event.get(), wait);
  return stop_requested();
}

void StopSource::on_stop(std::function<void()> callback) {
  ASSAY_EXPECTS(!m_state->watcher.joinable());
  m_state->watcher = std::thread([this, callback = std::move(callback)] {
    pollfd waiting[2] = {{m_state->event.get(), POLLIN, 0}, {m_state->leave.get(), POLLIN, 0}};
    while (::poll(waiting, 2, -1) < 0 && errno == EINTR) {
    }
    if (stop_requested()) callback();
  });
}

}  // namespace assay::host
