// What the listening side and its sessions share.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "assay/net/server.hpp"
#include "internal/asio_tls.hpp"

namespace assay::net {

class Session;

struct HttpsServer::State : std::enable_shared_from_this<HttpsServer::State> {
  State(const ServerOptions& o, asio::ssl::context c, Handler h, AcceptWebSocket a)
      : options(o),
        context(std::move(c)),
        handler(std::move(h)),
        accept_websocket(std::move(a)),
        connection_rate(o.connection_rate) {}

  ServerOptions options;
  asio::ssl::context context;
  Handler handler;
  AcceptWebSocket accept_websocket;
  RateLimiter connection_rate;

  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> handshake_failed{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> bad_requests{0};
  std::atomic<std::uint64_t> timed_out{0};
  std::atomic<std::uint64_t> throttled{0};
  std::atomic<std::uint64_t> too_slow{0};
  std::atomic<std::uint64_t> buffered_bytes{0};
  std::atomic<bool> stopping{false};

  std::mutex mutex;
  std::condition_variable session_ended;
  // Under the mutex.
  std::unordered_map<Session*, std::weak_ptr<Session>> sessions;
  struct Use {
    std::size_t connections = 0;
    std::size_t websockets = 0;
  };
  std::unordered_map<std::string, Use> by_address;  // of those that have any connection
  std::size_t strangers = 0;                        // connections
  std::size_t websockets = 0;

  std::uint16_t port = 0;
  std::vector<std::thread> threads;
  // After all that its pending handlers, destroyed with it, touch.
  asio::io_context io;
  tcp::acceptor acceptor{io};
  asio::steady_timer accept_pause{io};

  void accept();
  void start_session(tcp::socket socket);
  // A connection's place among the limits.
  [[nodiscard]] bool enter(const std::string& group, bool trusted);
  void leave(const std::string& group, bool trusted);
  [[nodiscard]] bool enter_websocket(const std::string& group, bool trusted);
  void leave_websocket(const std::string& group);
  [[nodiscard]] std::vector<std::shared_ptr<Session>> live_sessions();
};

}  // namespace assay::net
