// An HTTPS/1.1 server over TLS 1.3. What strangers send can cost it at most what the limits say.
#pragma once

#include <functional>
#include <variant>

#include "assay/net/rate_limit.hpp"
#include "assay/net/websocket.hpp"

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

  // Addresses of one's own, without ports: limits on strangers do not concern them.
  std::vector<std::string> trusted_addresses;
  std::size_t reserved_connections = 0;           // of max_connections, that strangers do not get
  std::size_t max_connections_per_address = 256;  // of a stranger (rate_limit.hpp: address_group)
  RateLimits connection_rate{1'000'000, 1'000'000};  // new ones of a stranger
  // Of strangers: bodies of all requests that are being read or answered, answers that are being
  // sent, and WebSocket messages that are not answered. Over it: 503, or close 1013.
  std::uint64_t buffered_bytes_max = std::uint64_t{256} << 20;

  std::size_t max_websockets = 64;  // over it: 503
  std::size_t max_websockets_per_address = 8;
  std::size_t websocket_message_bytes = std::size_t{1} << 20;  // that a peer sends
  std::size_t websocket_queue_bytes = std::size_t{1} << 20;    // that wait to be sent
  std::size_t websocket_unanswered = 16;     // messages; then nothing more is read for a while
  std::uint64_t websocket_ping_ms = 30'000;  // silence until a ping, and again until the end
};

struct ServerCounters {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // connections or bodies over the limits of all together
  std::uint64_t handshake_failed = 0;
  std::uint64_t requests = 0;
  std::uint64_t bad_requests = 0;  // malformed or over a limit
  std::uint64_t timed_out = 0;
  std::uint64_t throttled = 0;  // connections of strangers over their limits
  std::uint64_t too_slow = 0;   // WebSockets closed for that
  std::size_t open_connections = 0;
  std::size_t open_websockets = 0;
  std::uint64_t buffered_bytes = 0;
};

struct AddressUse {
  std::string address;  // rate_limit.hpp: address_group
  std::size_t connections = 0;
  std::size_t websockets = 0;
};

// The sending end of a WebSocket. Thread-safe; of no effect once the connection is gone.
class WebSocketSender {
 public:
  virtual ~WebSocketSender() = default;
  // False, and nothing is sent, if the queue has no room for it or the connection is closing.
  virtual bool send(std::string_view text) = 0;
  // After what is queued.
  virtual void close(CloseCode code, std::string reason) = 0;
  [[nodiscard]] virtual std::size_t queued_bytes() const = 0;
  // "127.0.0.1:40000".
  [[nodiscard]] virtual const std::string& peer() const = 0;
};

// Whoever serves a WebSocket. Called on the server's threads, one call at a time.
struct WebSocketHandler {
  // A copy of `ticket` is kept until the message has been answered: so many may be out at once as
  // the options say.
  using Ticket = std::shared_ptr<void>;
  std::function<void(std::shared_ptr<WebSocketSender> sender)> opened;
  std::function<void(std::string text, Ticket ticket)> text;
  std::function<void()> drained;  // everything that was queued has been sent
  std::function<void()> closed;   // once, whatever the reason
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

  // Asked of every proper request for a WebSocket: serves it, or answers why not.
  using AcceptWebSocket =
      std::function<std::variant<HttpResponse, WebSocketHandler>(const HttpRequest& request)>;

  // Without `accept`, requests for a WebSocket are requests like any other.
  // kInvalidArgument: unusable PEM; kConflict: the port is taken; kPermission; kUnavailable.
  [[nodiscard]] static Result<std::unique_ptr<HttpsServer>> start(const ServerOptions& options,
                                                                  Handler handler,
                                                                  AcceptWebSocket accept = {});
  // Stops at once, if stop() was not called.
  ~HttpsServer();
  HttpsServer(const HttpsServer&) = delete;
  HttpsServer& operator=(const HttpsServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] ServerCounters counters() const;
  // Of every address that has a connection, ascending.
  [[nodiscard]] std::vector<AddressUse> connections() const;
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
