// HTTP/1.1 over a plain Stream, one call after another on one connection: for a service on this
// machine, such as a consensus engine's RPC. Nothing is encrypted (net/client.hpp is for the rest
// of the world).
#pragma once

#include <mutex>

#include "assay/net/http.hpp"
#include "assay/net/stream.hpp"

namespace assay::net {

struct StreamHttpOptions {
  StreamAddress address;
  HttpLimits limits;                 // of a response
  std::uint64_t timeout_ms = 5'000;  // that nothing may move for, and of a whole call
};

// One thread calls; cancel() from any.
class StreamHttp {
 public:
  explicit StreamHttp(StreamHttpOptions options) : m_options(std::move(options)) {}
  StreamHttp(const StreamHttp&) = delete;
  StreamHttp& operator=(const StreamHttp&) = delete;

  // Blocks until the response is there, whatever its status. Connects where there is no connection,
  // and once more, sending again, if a kept one proves dead before a byte of the answer. Errors:
  // kUnavailable and kPermission: the request was not sent; kTimeout, kIo, kMalformed, kLimit:
  // whether the server acted on it is not known; kCancelled.
  [[nodiscard]] Result<HttpResponse> request(const HttpRequest& request);
  // The call that runs and all later ones are kCancelled.
  void cancel();

 private:
  [[nodiscard]] Status connect();
  [[nodiscard]] Result<HttpResponse> exchange(ByteView message, bool to_head, bool& answered);
  void drop();

  StreamHttpOptions m_options;
  std::mutex m_mutex;  // of who makes, ends and shuts down the stream
  std::optional<Stream> m_stream;
  bool m_cancelled = false;
};

}  // namespace assay::net
