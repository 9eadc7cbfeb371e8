#include "assay/rpc/https.hpp"

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

}  // namespace

net::HttpsServer::Handler make_handler(net::EventLoop& loop, HttpsFace face) {
  return [&loop, face = std::move(face)](net::HttpRequest request, net::HttpsServer::Reply reply) {
    const bool get = request.method == "GET" || request.method == "HEAD";
    if (request.target == "/rpc") {
      if (request.method != "POST") return reply(not_allowed("POST"));
      loop.post([dispatcher = face.dispatcher, after_call = face.after_call,
                 body = std::move(request.body), reply] {
        const std::string_view text(reinterpret_cast<const char*>(body.data()), body.size());
        dispatcher->handle(text, [reply](const std::string& response) {
          reply(json_response(response.empty() ? 204 : 200, response));
        });
        if (after_call) after_call();
      });
    } else if (request.target == "/status") {
      if (!get) return reply(not_allowed("GET"));
      loop.post(
          [status = face.status, reply] { reply(json_response(200, status().dump(2) + "\n")); });
    } else if (request.target == "/healthz") {
      if (!get) return reply(not_allowed("GET"));
      loop.post([trouble = face.trouble, reply] {
        const std::string why = trouble();
        reply(net::make_response(why.empty() ? 200 : 503, "text/plain",
                                 (why.empty() ? "ok" : why) + "\n"));
      });
    } else if (request.target == "/metrics") {
      if (!get) return reply(not_allowed("GET"));
      loop.post([metrics = face.metrics, reply] {
        reply(net::make_response(200, "text/plain; version=0.0.4", metrics()));
      });
    } else {
      reply(net::make_response(404, "text/plain",
                               "POST /rpc, GET /healthz, GET /status or GET /metrics\n"));
    }
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
