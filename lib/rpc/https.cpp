#include "assay/rpc/https.hpp"

#include "internal/too_many.hpp"

namespace assay::rpc {

namespace {

constexpr std::string_view kJson = "application/json";

net::HttpResponse json_response(unsigned status, std::string_view text) {
  net::HttpResponse response = net::make_response(status, kJson, text);
  response.headers.set("Cache-Control", "no-store");
  return response;
}

net::HttpResponse not_allowed(const char* allow) {
  net::HttpResponse response =
      net::make_response(405, "text/plain", std::string(allow) + " only\n");
  response.headers.set("Allow", allow);
  return response;
}

// "ok", or 503 and why not.
net::HttpResponse well_or(const std::string& why) {
  return net::make_response(why.empty() ? 200 : 503, "text/plain",
                            (why.empty() ? "ok" : why) + "\n");
}

// The pages for people and monitors.
void answer_page(net::EventLoop& loop, const std::shared_ptr<const HttpsFace>& face,
                 const net::HttpRequest& request, const net::HttpsServer::Reply& reply) {
  std::function<net::HttpResponse()> page;
  if (request.target == "/status")
    page = [face] { return json_response(200, face->status().dump(2) + "\n"); };
  else if (request.target == "/healthz")
    page = [face] { return well_or(face->trouble()); };
  else if (request.target == "/readyz")
    page = [face] { return well_or(face->not_ready ? face->not_ready() : face->trouble()); };
  else if (request.target == "/metrics")
    page = [face] {
      return net::make_response(200, "text/plain; version=0.0.4; charset=utf-8", face->metrics());
    };
  else
    return reply(net::make_response(
        404, "text/plain",
        "POST /rpc, WebSockets at /ws, GET /healthz, /readyz, /status or /metrics\n"));
  if (request.method != "GET" && request.method != "HEAD") return reply(not_allowed("GET"));
  loop.post([page = std::move(page), reply] { reply(page()); });
}

}  // namespace

net::HttpsServer::Handler make_handler(net::EventLoop& loop, HttpsFace face_given) {
  const auto face = std::make_shared<const HttpsFace>(std::move(face_given));
  return [&loop, face](net::HttpRequest request, net::HttpsServer::Reply reply) {
    net::RateLimiter* const limiter = request.trusted ? nullptr : face->limiter;
    const std::string group = net::address_group(request.peer);
    if (limiter && !limiter->take(group, 1, loop.now_ms())) return reply(too_many(*limiter));
    if (request.target == "/rpc") {
      if (request.method != "POST") return reply(not_allowed("POST"));
      Caller caller{group, request.trusted, nullptr, {}};
      if (limiter)
        caller.may_call = [&loop, limiter, group](std::size_t calls) {
          return limiter->take(group, calls, loop.now_ms());
        };
      return loop.post([face, caller, body = std::move(request.body), reply] {
        const std::string_view text(reinterpret_cast<const char*>(body.data()), body.size());
        face->dispatcher->handle(
            text,
            [reply](const std::string& response) {
              reply(json_response(response.empty() ? 204 : 200, response));
            },
            caller);
        if (face->after_call) face->after_call();
      });
    }
    answer_page(loop, face, request, reply);
  };
}

RpcClient::Post make_post(net::HttpsClient& client, const std::string& base_url,
                          std::uint64_t timeout_ms) {
  return [&client, base_url, timeout_ms](const std::string& body) -> Result<Bytes> {
    ASSAY_TRY(const net::Url url, net::parse_url(base_url + "/rpc"));
    net::HttpRequest request;
    request.method = "POST";
    request.target = url.target;
    request.headers.set("Content-Type", std::string(kJson));
    request.body = to_bytes(as_bytes(body));
    net::CallOptions options;
    options.timeout_ms = timeout_ms;
    options.idempotent = true;
    ASSAY_TRY(net::HttpResponse response, client.request(url, request, options));
    if (response.status != 200)
      return {ErrorCode::kUnavailable,
              base_url + " answered with status " + std::to_string(response.status)};
    return std::move(response.body);
  };
}

}  // namespace assay::rpc
