// What a stranger hears that calls too often.
#pragma once

#include "assay/net/http.hpp"
#include "assay/net/rate_limit.hpp"
#include "assay/rpc/error.hpp"

namespace assay::rpc {

inline const RpcError kTooMany{kTooManyCalls, "too many calls; ask again in a while"};

// To a request whose id is not known.
[[nodiscard]] inline std::string error_response(const RpcError& error) {
  using codec::Json;
  return Json::object({{"jsonrpc", "2.0"},
                       {"id", Json()},
                       {"error", Json::object({{"code", error.code}, {"message", error.message}})}})
      .dump();
}

[[nodiscard]] inline net::HttpResponse too_many(const net::RateLimiter& limiter) {
  net::HttpResponse response =
      net::make_response(429, "application/json", error_response(kTooMany));
  response.headers.set("Retry-After", std::to_string(limiter.retry_after_s()));
  return response;
}

}  // namespace assay::rpc
