// An HTTPS/1.1 server over TLS 1.3. What strangers send can cost it at most what the limits say.
#pragma once

#include <functional>

#include "assay/net/http.hpp"

namespace assay::net {

struct ServerOptions {
  std::string host = "127.0.0.1";  // an address, or a name that stands for one of this machine's
  std::uint16_t port = 0;          // 0: any free one, see port()
  std::string certificate_pem;     // the server's certificate, then any intermediate ones
  std::string key_pem;
  std::string client_authority_pem;  // if set, clients need a certificate that it signed
  unsigned threads = 1;

  HttpLimits limits;
  std::size_t max_connections = 256;  // more are closed at once
  // A phase may last its timeout, and the time that the bytes it moves take at the slowest rate;
  // nothing may stall for longer than its timeout.
  std::uint64_t handshake_timeout_ms = 10'000;
  std::uint64_t idle_timeout_ms = 60'000;  // between requests
  std::uint64_t header_timeout_ms = 10'000;
  std::uint64_t body_timeout_ms = 20'000;
  std::uint64_t handler_timeout_ms = 60'000;  // then 503, and the late reply is dropped
  std::uint64_t write_timeout_ms = 20'000;
  std::uint64_t slowest_bytes_per_s = 64 << 10;
};

struct ServerCounters {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // over max_connections
  std::uint64_t handshake_failed = 0;
  std::uint64_t requests = 0;
  std::uint64_t bad_requests = 0;  // malformed or over a limit
  std::uint64_t timed_out = 0;
  std::size_t open_connections = 0;
};

// Thread-safe. Runs on threads of its own from start() to the end of stop().
class HttpsServer {
 public:
  // Answers once, now or later, from any thread; further calls do nothing. A reply that is
  // destroyed unused answers 500.
  using Reply = std::function<void(HttpResponse)>;
  // Called on the server's threads: must not block for long. Requests of one connection come one
  // after the other. An exception is a 500.
  using Handler = std::function<void(HttpRequest request, Reply reply)>;

  // kInvalidArgument: unusable PEM; kConflict: the port is taken; kPermission; kUnavailable.
  [[nodiscard]] static Result<std::unique_ptr<HttpsServer>> start(const ServerOptions& options,
                                                                  Handler handler);
  // Stops at once, if stop() was not called.
  ~HttpsServer();
  HttpsServer(const HttpsServer&) = delete;
  HttpsServer& operator=(const HttpsServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] ServerCounters counters() const;
  // Accepts no more, closes idle connections, lets running requests finish for `grace_ms`, then
  // closes the rest. Returns when no handler runs and none will. Not from a handler.
  void stop(std::uint64_t grace_ms = 2000);

 private:
  friend class Session;
  struct State;
  explicit HttpsServer(std::shared_ptr<State> state);
  std::shared_ptr<State> m_state;
};

}  // namespace assay::net
