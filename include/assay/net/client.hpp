// An HTTPS/1.1 client over TLS 1.3 that trusts one pinned authority only.
#pragma once

#include "assay/net/http.hpp"

namespace assay::net {

struct ClientOptions {
  std::string authority_pem;    // certificates that servers' certificates must lead to
  std::string certificate_pem;  // shown to servers that ask for one; may be empty
  std::string key_pem;
  HttpLimits limits{.body_bytes = std::uint64_t{64} << 20};  // of a response
  std::uint64_t connect_timeout_ms = 5'000;                  // name, TCP and TLS together
  std::uint64_t idle_keep_ms = 20'000;  // how long an unused connection is kept
  std::size_t max_idle_per_origin = 8;
};

struct CallOptions {
  std::uint64_t timeout_ms = 30'000;  // of the whole call
  // It does no harm if the server executes it twice, so it may be sent again when a kept connection
  // turns out to be dead before a byte of the response came. GET and HEAD always are.
  bool idempotent = false;
};

struct ClientCounters {
  std::uint64_t requests = 0;
  std::uint64_t connections = 0;  // opened
  std::uint64_t retries = 0;
};

// Thread-safe: any number of threads may be in request(), each on a connection of its own.
class HttpsClient {
 public:
  // kInvalidArgument: PEM that cannot be used.
  [[nodiscard]] static Result<std::unique_ptr<HttpsClient>> create(const ClientOptions& options);
  // Cancels what runs and waits for it.
  ~HttpsClient();
  HttpsClient(const HttpsClient&) = delete;
  HttpsClient& operator=(const HttpsClient&) = delete;

  // Blocks until the response is there, whatever its status. `url.target` is overridden by
  // `request.target` unless that is "/". Errors, each with host:port and what to do: kUnavailable
  // (no connection, or it broke), kTimeout, kIntegrity (the certificate is not one to trust),
  // kMalformed (not HTTP), kLimit (a response over the limits), kCancelled, kInvalidArgument.
  [[nodiscard]] Result<HttpResponse> request(const Url& url, const HttpRequest& request,
                                             const CallOptions& options = {});
  // Every request, running or later, returns kCancelled.
  void cancel();
  [[nodiscard]] ClientCounters counters() const;

 private:
  struct State;
  explicit HttpsClient(std::shared_ptr<State> state);
  std::shared_ptr<State> m_state;
};

}  // namespace assay::net
