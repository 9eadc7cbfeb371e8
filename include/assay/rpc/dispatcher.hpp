// JSON-RPC 2.0 (jsonrpc.org/specification) over any transport: request text in, response text out,
// batches and notifications included. docs/spec/rpc.md has the rules and limits.
#pragma once

#include <map>

#include "assay/rpc/method.hpp"

namespace assay::rpc {

inline constexpr std::size_t kMaxRequestBytes = 4u << 20;
inline constexpr std::size_t kMaxBatch = 64;
inline constexpr std::size_t kMaxIdBytes = 128;
inline constexpr unsigned kMaxRequestDepth = 16;

// Not thread-safe: one thread registers and dispatches.
class Dispatcher {
 public:
  // Adds "rpc_methods", which lists the registry.
  Dispatcher();
  // Registering a name twice is a bug.
  void add(Method method);
  [[nodiscard]] const std::map<std::string, Method, std::less<>>& methods() const {
    return m_methods;
  }

  // Calls `done` once with the response, empty if there is none to give (notifications only), now
  // or after the methods called have answered.
  void handle(std::string_view request, std::function<void(std::string response)> done) const;

 private:
  void call(const codec::Json& request, std::function<void(std::string response)> done) const;
  std::map<std::string, Method, std::less<>> m_methods;
};

}  // namespace assay::rpc
