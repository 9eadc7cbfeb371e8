// Calls by JSON-RPC 2.0 over any transport. The answer is not trusted: it must be one response
// object with the id of the call and a result or an error.
#pragma once

#include "assay/rpc/method.hpp"

namespace assay::rpc {

// The request's text, and the response's parse, for whoever moves bytes in a way of their own.
[[nodiscard]] std::string make_request(std::uint64_t id, std::string_view method,
                                       const codec::Json& params);
// Errors: kMalformed (no response to that id), or what from_rpc_error makes of the server's.
[[nodiscard]] Result<codec::Json> parse_response(std::uint64_t id, std::string_view response,
                                                 std::size_t bytes_max);

inline constexpr std::size_t kMaxResponseBytes = 64u << 20;

// Blocking. Not thread-safe.
class RpcClient {
 public:
  // Sends a request body and returns the response's, at most kMaxResponseBytes.
  using Post = std::function<Result<Bytes>(const std::string& body)>;
  explicit RpcClient(Post post) : m_post(std::move(post)) {}

  // `params` by name.
  [[nodiscard]] Result<codec::Json> call(std::string_view method, const codec::Json& params);

 private:
  Post m_post;
  std::uint64_t m_next_id = 1;
};

}  // namespace assay::rpc
