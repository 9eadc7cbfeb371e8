#include "assay/rpc/dispatcher.hpp"

#include <algorithm>

namespace assay::rpc {

using codec::Json;

namespace {

std::string response(const Json& id, const Json* result, const RpcError* error) {
  Json r = Json::object({{"jsonrpc", "2.0"}, {"id", id}});
  if (error)
    r["error"] = Json::object({{"code", error->code}, {"message", error->message}});
  else
    r["result"] = *result;
  return r.dump();
}

std::string failure(const Json& id, int code, std::string message) {
  const RpcError error{code, std::move(message)};
  return response(id, nullptr, &error);
}

bool is_usable_id(const Json& id) {
  if (const auto* text = id.get<std::string>()) return text->size() <= kMaxIdBytes;
  return id.is_null() || id.get<std::uint64_t>() || id.get<std::int64_t>();
}

bool is_method_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Json fields_json(const std::vector<Field>& fields) {
  Json list = Json::array();
  for (const Field& f : fields)
    list.push_back(Json::object(
        {{"name", f.name}, {"type", to_string(f.type)}, {"doc", f.doc}, {"optional", f.optional}}));
  return list;
}

// Collects the responses of a batch, in the order of the requests, until none is missing.
struct Batch {
  std::vector<std::string> responses;
  std::size_t missing = 0;
  std::function<void(std::string)> done;

  void answer(std::size_t i, std::string text) {
    responses[i] = std::move(text);
    if (--missing > 0) return;
    std::string all;
    for (const std::string& r : responses)
      if (!r.empty()) all += (all.empty() ? "[" : ",") + r;
    done(all.empty() ? all : all + "]");
  }
};

}  // namespace

Dispatcher::Dispatcher() {
  add({"rpc_methods",
       "Every method with its parameters and results.",
       {},
       {{"methods", Type::kList, "name, doc, params, result of each"}},
       {},
       immediate([this](const Params&) -> Result<Json> {
         Json list = Json::array();
         for (const auto& [name, m] : m_methods)
           list.push_back(Json::object({{"name", name},
                                        {"doc", m.doc},
                                        {"params", fields_json(m.params)},
                                        {"result", fields_json(m.result)}}));
         return Json::object({{"methods", list}});
       })});
}

void Dispatcher::add(Method method) {
  ASSAY_EXPECTS(is_method_name(method.name) && method.handle);
  std::string name = method.name;
  const bool added = m_methods.emplace(std::move(name), std::move(method)).second;
  ASSAY_EXPECTS(added);
}

void Dispatcher::handle(std::string_view request,
                        std::function<void(std::string response)> done) const {
  auto parsed = codec::parse_json(request, {kMaxRequestBytes, kMaxRequestDepth});
  if (!parsed) return done(failure({}, kParseError, parsed.error().message));
  const auto* items = parsed->get<Json::Array>();
  if (!items) return call(*parsed, std::move(done));
  if (items->empty()) return done(failure({}, kInvalidRequest, "an empty batch"));
  if (items->size() > kMaxBatch)
    return done(failure({}, kInvalidRequest,
                        "a batch of more than " + std::to_string(kMaxBatch) + " requests"));
  auto batch = std::make_shared<Batch>();
  batch->responses.resize(items->size());
  batch->missing = items->size();
  batch->done = std::move(done);
  for (std::size_t i = 0; i < items->size(); ++i)
    call((*items)[i], [batch, i](std::string text) { batch->answer(i, std::move(text)); });
}

void Dispatcher::call(const Json& request, std::function<void(std::string response)> done) const {
  const auto invalid = [&](const Json& id, const char* why) {
    done(failure(id, kInvalidRequest, why));
  };
  if (!request.get<Json::Object>()) return invalid({}, "a request is an object");
  const Json* id_found = request.find("id");
  if (id_found && !is_usable_id(*id_found))
    return invalid({}, "an id is a string, an integer or null");
  const Json id = id_found ? *id_found : Json();
  const Json* version = request.find("jsonrpc");
  if (!version || !version->get<std::string>() || *version->get<std::string>() != "2.0")
    return invalid(id, "'jsonrpc' must be \"2.0\"");
  const Json* name = request.find("method");
  if (!name || !name->get<std::string>()) return invalid(id, "'method' must be a string");
  const Json* given = request.find("params");
  if (given && !given->get<Json::Object>() && !given->get<Json::Array>())
    return invalid(id, "'params' must be an object or an array");
  for (const auto& [member, value] : *request.get<Json::Object>())
    if (member != "id" && member != "jsonrpc" && member != "method" && member != "params")
      return invalid(id, "a request has no members but jsonrpc, id, method and params");

  const bool notification = id_found == nullptr;
  const auto fail = [&](int code, std::string message) {
    done(notification ? "" : failure(id, code, std::move(message)));
  };
  const auto found = m_methods.find(*name->get<std::string>());
  if (found == m_methods.end())
    return fail(kMethodNotFound, "no such method; rpc_methods lists them");
  const Method& method = found->second;
  const auto params = Params::check(method.params, given ? *given : Json());
  if (!params) return fail(kInvalidParams, params.error().message);
  const Reply reply([id, notification, &method, done](const Json* result, const RpcError* error) {
    ASSAY_ENSURES(error || conforms(method.result, *result));
    done(notification ? "" : response(id, result, error));
  });
  method.handle(*params, reply);
}

}  // namespace assay::rpc
