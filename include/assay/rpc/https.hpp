// JSON-RPC over HTTPS (docs/spec/rpc.md): POST /rpc, GET /healthz, GET /status,
// GET /metrics.
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
  std::function<std::string()> metrics;  // of GET /metrics, in Prometheus' text format
  std::function<void()> after_call;      // once a request's methods were called; may be none
};

// Everything in `face` is called on the loop's thread. The loop and what `face` refers to must
// outlive the server. The server's limit on bodies should be kMaxRequestBytes.
[[nodiscard]] net::HttpsServer::Handler make_handler(net::EventLoop& loop, HttpsFace face);

// Calls of an RpcClient to `base_url` ("https://host:port"). Every method here may be sent twice: a
// transaction is applied once. `client` must outlive it.
[[nodiscard]] RpcClient::Post make_post(net::HttpsClient& client, const std::string& base_url,
                                        std::uint64_t timeout_ms);

}  // namespace assay::rpc
