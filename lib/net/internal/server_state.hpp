// What the listening side and its sessions share.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "assay/net/server.hpp"
#include "internal/asio_tls.hpp"

namespace assay::net {

class Session;

struct HttpsServer::State : std::enable_shared_from_this<HttpsServer::State> {
  State(const ServerOptions& o, asio::ssl::context c, Handler h)
      : options(o), context(std::move(c)), handler(std::move(h)) {}

  ServerOptions options;
  asio::ssl::context context;
  Handler handler;

  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> handshake_failed{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> bad_requests{0};
  std::atomic<std::uint64_t> timed_out{0};
  std::atomic<bool> stopping{false};

  std::mutex mutex;
  std::condition_variable session_ended;
  std::unordered_map<Session*, std::weak_ptr<Session>> sessions;  // under the mutex

  std::uint16_t port = 0;
  std::vector<std::thread> threads;
  // After all that its pending handlers, destroyed with it, touch.
  asio::io_context io;
  tcp::acceptor acceptor{io};
  asio::steady_timer accept_pause{io};

  void accept();
  void start_session(tcp::socket socket);
  [[nodiscard]] std::vector<std::shared_ptr<Session>> live_sessions();
};

}  // namespace assay::net
