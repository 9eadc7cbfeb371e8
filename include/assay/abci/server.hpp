// Serves an application to CometBFT v0.38 over a unix or TCP socket (`proxy_app` of its
// configuration). Whoever can connect can drive the application: listen on a unix socket, whose
// file gets mode 0600, or on a loopback address.
#pragma once

#include <memory>

#include "assay/abci/application.hpp"
#include "assay/abci/grammar.hpp"
#include "assay/core/faces.hpp"
#include "assay/net/stream.hpp"

namespace assay::abci {

enum class GrammarPolicy : std::uint8_t {
  kReport,  // a call out of order is logged, counted and answered
  kRefuse,  // and not shown to the application: its answer is an exception
};

struct ServerOptions {
  net::StreamAddress address;  // net::parse_stream_address("unix:///run/app.sock")
  // Of one message, either way. CometBFT's blocks are at most 100 MB; a request carries one.
  std::size_t message_bytes_max = std::size_t{128} << 20;
  std::size_t connections_max = 16;  // CometBFT makes four; more than the limit are closed at once
  GrammarPolicy grammar = GrammarPolicy::kReport;
};

struct ServerCounters {
  std::uint64_t accepted = 0;    // connections
  std::uint64_t refused = 0;     // connections over the limit
  std::uint64_t requests = 0;    // answered
  std::uint64_t exceptions = 0;  // answers that were ExceptionResponse
  std::uint64_t grammar_breaks = 0;
  std::size_t open_connections = 0;
};

// Each connection has a thread, which answers its requests in their order; answers are sent when
// the peer asks for it by Flush, and before the thread waits for more. What may overlap is said at
// Application. After an ExceptionResponse the connection is closed: CometBFT stops, the server
// stays. The log's events are abci.connected, abci.disconnected, abci.refused, abci.exception and
// abci.grammar. No timeouts: a peer that was paused must find its connections as it left them.
class Server {
 public:
  // `application` and `log` must outlive the server. Errors: see net::StreamListener::listen().
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(const ServerOptions& options,
                                                             Application& application, Log& log);
  // Stops at once, if stop() was not called.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // With the port that was chosen.
  [[nodiscard]] const net::StreamAddress& address() const noexcept;
  [[nodiscard]] ServerCounters counters() const;
  // Takes no more connections and requests, lets calls that run end and their answers be sent, for
  // `grace_ms` at most if the peer does not take them. Returns when no call runs and none will: a
  // call that runs is waited for however long it takes. Not from a call.
  void stop(std::uint64_t grace_ms = 2000);

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

}  // namespace assay::abci
