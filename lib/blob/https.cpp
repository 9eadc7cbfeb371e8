#include "assay/blob/blob_client.hpp"

namespace assay::blob {

Get make_get(net::HttpsClient& client, std::uint64_t timeout_ms) {
  return [&client, timeout_ms](const GetRequest& request) -> Result<GetReply> {
    ASSAY_TRY(const net::Url url, net::parse_url(request.url));
    net::HttpRequest http;
    http.target = url.target;
    if (request.count > 0)
      http.headers.set("Range",
                       net::range_header({request.first, request.first + request.count - 1}));
    net::CallOptions options;
    options.timeout_ms = timeout_ms;
    ASSAY_TRY(net::HttpResponse response, client.request(url, http, options));
    if (response.body.size() > request.limit_bytes)
      return {ErrorCode::kLimit, request.url + " answered with more than was asked for"};
    if (response.status == 206) {
      const auto where =
          net::parse_content_range(response.headers.find("Content-Range").value_or(""));
      if (!where || where->range.first != request.first)
        return {ErrorCode::kMalformed, request.url + " answered with another range"};
    }
    return GetReply{response.status, std::move(response.body)};
  };
}

}  // namespace assay::blob
