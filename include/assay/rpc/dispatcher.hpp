// JSON-RPC 2.0 (jsonrpc.org/specification) over any transport: request text in, response text out,
// batches and notifications included. docs/spec/rpc.md has the rules and limits.
#pragma once

#include <map>

#include "assay/rpc/openrpc.hpp"

namespace assay::rpc {

inline constexpr std::size_t kMaxRequestBytes = 4u << 20;
inline constexpr std::size_t kMaxBatch = 256;
inline constexpr std::size_t kMaxIdBytes = 128;
inline constexpr unsigned kMaxRequestDepth = 16;
inline constexpr std::size_t kMaxRequestValues = std::size_t{1} << 16;

// Not thread-safe: one thread registers and dispatches.
class Dispatcher {
 public:
  // Adds "rpc_methods", which lists the registry, and "rpc.discover", which describes it.
  explicit Dispatcher(ServiceInfo info = {});
  // Registering a name twice is a bug.
  void add(Method method);
  [[nodiscard]] const std::map<std::string, Method, std::less<>>& methods() const {
    return m_methods;
  }

  // Calls `done` once with the response, empty if there is none to give (notifications only), now
  // or after the methods called have answered.
  void handle(std::string_view request, std::function<void(std::string response)> done,
              const Caller& caller = {}) const;

  // Told of each answered call: the method's name, empty where no method was reached; the error's
  // code, 0 for a result; how long it took.
  using Observer =
      std::function<void(std::string_view method, int code, std::uint64_t microseconds)>;
  void observe(Observer observer) { m_observer = std::move(observer); }

 private:
  using Done = std::function<void(std::string response)>;
  void call(const codec::Json& request, const Caller& caller, Done done) const;
  void run(const Method& method, const Params& params, const codec::Json* id, const Caller& caller,
           Done done) const;
  [[nodiscard]] std::string refusal(const codec::Json& id, int code, std::string message) const;
  std::map<std::string, Method, std::less<>> m_methods;
  Observer m_observer;
};

}  // namespace assay::rpc
