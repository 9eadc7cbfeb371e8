// The calls of a node's operator, on a listener of their own that wants a client certificate of the
// operator's authority (docs/spec/rpc.md, "Operators' methods").
#pragma once

#include "assay/node/ledger.hpp"
#include "assay/rpc/dispatcher.hpp"
#include "assay/rpc/https.hpp"

namespace assay::node {

// What the methods act on. All must outlive the dispatcher.
struct OperatorFace {
  std::function<void()> shut_down;
  std::function<LogLevel()> log_level;
  std::function<void(LogLevel)> set_log_level;
  net::RateLimiter* limiter = nullptr;  // of strangers' calls
  std::function<std::vector<net::AddressUse>()> connections;
};

void register_operator_methods(rpc::Dispatcher& dispatcher, const OperatorFace& face);

}  // namespace assay::node
