#include "assay/abci/server.hpp"

#include <chrono>
#include <condition_variable>
#include <list>
#include <thread>

#include "internal/session.hpp"

namespace assay::abci {

namespace {

constexpr std::chrono::milliseconds kAcceptPause{50};  // out of descriptors, say

}  // namespace

struct Server::State {
  struct Running {
    Running(ConnectionId id, net::Stream stream, std::size_t message_bytes_max, Calls& calls)
        : session(id, std::move(stream), message_bytes_max, calls) {}
    Session session;
    bool ended = false;  // under the mutex
    std::thread thread;
  };

  State(const ServerOptions& o, net::StreamListener l, Application& application, Log& g)
      : options(o),
        address(l.address()),
        listener(std::move(l)),
        calls(o, application, g),
        log(g) {}

  void accept_all();
  void add(net::Stream stream);
  void reap();  // joins the threads of those that ended

  ServerOptions options;
  net::StreamAddress address;
  std::optional<net::StreamListener> listener;  // none once stopped
  Calls calls;
  Log& log;
  std::thread acceptor;

  std::mutex mutex;
  std::condition_variable session_ended;
  // Under the mutex; only the acceptor, and stop() after it, add and remove.
  std::list<Running> sessions;
  std::size_t open = 0;  // of them, not ended
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  bool stopping = false;
};

Server::Server(std::unique_ptr<State> state) : m_state(std::move(state)) {}

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options,
                                              Application& application, Log& log) {
  ASSAY_TRY(auto listener, net::StreamListener::listen(options.address));
  auto state = std::make_unique<State>(options, std::move(listener), application, log);
  state->acceptor = std::thread([raw = state.get()] { raw->accept_all(); });
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::~Server() { stop(0); }

const net::StreamAddress& Server::address() const noexcept { return m_state->address; }

ServerCounters Server::counters() const {
  State& s = *m_state;
  const std::lock_guard lock(s.mutex);
  return {s.accepted, s.refused, s.calls.requests, s.calls.exceptions, s.calls.grammar_breaks,
          s.open};
}

void Server::stop(std::uint64_t grace_ms) {
  State& s = *m_state;
  {
    const std::lock_guard lock(s.mutex);
    if (std::exchange(s.stopping, true)) return;
  }
  s.listener->cancel();
  s.acceptor.join();
  s.listener.reset();
  std::unique_lock lock(s.mutex);
  for (State::Running& running : s.sessions) running.session.stop_reading();
  s.session_ended.wait_for(lock, std::chrono::milliseconds(grace_ms), [&] { return s.open == 0; });
  for (State::Running& running : s.sessions) running.session.stop();
  s.session_ended.wait(lock, [&] { return s.open == 0; });
  lock.unlock();
  s.reap();
}

void Server::State::accept_all() {
  while (true) {
    Result<net::Stream> stream = listener->accept();
    reap();
    if (stream)
      add(std::move(*stream));
    else if (stream.error().code == ErrorCode::kCancelled)
      return;
    else
      std::this_thread::sleep_for(kAcceptPause);
  }
}

void Server::State::add(net::Stream stream) {
  const std::lock_guard lock(mutex);
  if (open >= options.connections_max) {
    ++refused;
    log.write(LogLevel::kWarning, "abci.refused", {{"open", std::to_string(open)}});
    return;
  }
  const ConnectionId id = ++accepted;
  ++open;
  log.write(LogLevel::kInfo, "abci.connected", {{"connection", std::to_string(id)}});
  Running& running = sessions.emplace_back(id, std::move(stream), options.message_bytes_max, calls);
  const auto serve = [this, id, &running] {
    const std::string why = running.session.run();
    running.session.stop();
    {
      const std::lock_guard ending(mutex);
      running.ended = true;
      --open;
      session_ended.notify_all();
    }
    // Now its place is free. The thread is joined before anything here goes.
    log.write(LogLevel::kInfo, "abci.disconnected",
              {{"connection", std::to_string(id)}, {"why", why}});
  };
  try {
    running.thread = std::thread(serve);
  } catch (const std::system_error& error) {  // the machine has no more threads
    sessions.pop_back();
    --open;
    ++refused;
    log.write(LogLevel::kWarning, "abci.refused", {{"error", error.what()}});
  }
}

void Server::State::reap() {
  std::list<Running> ended;
  {
    const std::lock_guard lock(mutex);
    for (auto it = sessions.begin(); it != sessions.end();) {
      const auto next = std::next(it);
      if (it->ended) ended.splice(ended.end(), sessions, it);
      it = next;
    }
  }
  for (Running& running : ended) running.thread.join();
}

}  // namespace assay::abci
