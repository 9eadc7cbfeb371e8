#include "assay/rpc/client.hpp"

namespace assay::rpc {

using codec::Json;

std::string make_request(std::uint64_t id, std::string_view method, const Json& params) {
  return Json::object({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}})
      .dump();
}

Result<Json> parse_response(std::uint64_t id, std::string_view text, std::size_t bytes_max) {
  auto parsed = codec::parse_json(text, {bytes_max, 64});
  if (!parsed) return with_context(std::move(parsed).error(), "the server's answer");
  const auto wrong = [](const char* what) -> Result<Json> {
    return {ErrorCode::kMalformed, std::string("the server's answer ") + what};
  };
  const Json* version = parsed->find("jsonrpc");
  if (!version || *version != Json("2.0")) return wrong("is no JSON-RPC 2.0 response");
  const Json* result = parsed->find("result");
  const Json* error = parsed->find("error");
  if ((result != nullptr) == (error != nullptr)) return wrong("has no one result or error");
  const Json* got = parsed->find("id");
  // A request that the server could not read is answered under no id.
  if (!got || (*got != Json(id) && !(error && got->is_null())))
    return wrong("has another call's id");
  if (result) return *result;
  const Json* code = error->find("code");
  const Json* message = error->find("message");
  if (!code || !code->get<std::int64_t>() || !message || !message->get<std::string>())
    return wrong("has no proper error");
  const std::int64_t number = *code->get<std::int64_t>();
  if (number < -32768) return wrong("has no proper error");
  return from_rpc_error({static_cast<int>(number), *message->get<std::string>()});
}

Result<Json> RpcClient::call(std::string_view method, const Json& params) {
  const std::uint64_t id = m_next_id++;
  ASSAY_TRY(const Bytes body, m_post(make_request(id, method, params)));
  const std::string_view text(reinterpret_cast<const char*>(body.data()), body.size());
  auto result = parse_response(id, text, kMaxResponseBytes);
  if (!result) return with_context(std::move(result).error(), std::string(method));
  return result;
}

}  // namespace assay::rpc
