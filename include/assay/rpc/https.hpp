// JSON-RPC over HTTPS and WebSocket (docs/spec/rpc.md): POST /rpc, GET /ws, and for people and
// monitors GET /healthz, /readyz, /status and /metrics.
#pragma once

#include "assay/net/client.hpp"
#include "assay/net/event_loop.hpp"
#include "assay/net/server.hpp"
#include "assay/rpc/client.hpp"
#include "assay/rpc/dispatcher.hpp"

namespace assay::rpc {

struct HttpsFace {
  const Dispatcher* dispatcher = nullptr;
  std::function<codec::Json()> status;   // of GET /status
  std::function<std::string()> trouble;  // of GET /healthz: empty if all is well
  std::function<std::string()>
      not_ready;                         // of GET /readyz: empty if it takes work; none: as trouble
  std::function<std::string()> metrics;  // of GET /metrics, in Prometheus' text format
  std::function<void()> after_call;      // once a request's methods were called; may be none
  // Of strangers' calls (those of trusted addresses are free); none: no limit.
  net::RateLimiter* limiter = nullptr;
  // A WebSocket has room again; it is gone. May be none.
  std::function<void(const std::shared_ptr<Subscriber>& subscriber)> drained;
  std::function<void(const std::shared_ptr<Subscriber>& subscriber)> gone;
};

// Everything in `face` is called on the loop's thread. The loop and what `face` refers to must
// outlive the server. The server's limit on bodies should be kMaxRequestBytes.
[[nodiscard]] net::HttpsServer::Handler make_handler(net::EventLoop& loop, HttpsFace face);
// Calls over WebSockets at /ws: each text is a request or a batch, as the body of POST /rpc is.
[[nodiscard]] net::HttpsServer::AcceptWebSocket make_websocket_accept(net::EventLoop& loop,
                                                                      HttpsFace face);

// Calls of an RpcClient to `base_url` ("https://host:port"). Every method here may be sent twice: a
// transaction is applied once. `client` must outlive it.
[[nodiscard]] RpcClient::Post make_post(net::HttpsClient& client, const std::string& base_url,
                                        std::uint64_t timeout_ms);

}  // namespace assay::rpc
