#include "assay/rpc/dispatcher.hpp"

#include <algorithm>
#include <chrono>

namespace assay::rpc {

using codec::Json;

namespace {

std::string response(const Json& id, const Json* result, const RpcError* error) {
  const std::string head = "\"id\":" + id.dump() + ",\"jsonrpc\":\"2.0\"";
  return error ? "{\"error\":" + error_json(*error).dump() + "," + head + "}"
               : "{" + head + ",\"result\":" + result->dump() + "}";
}

std::string failure(const Json& id, int code, std::string message) {
  const RpcError error{code, std::move(message)};
  return response(id, nullptr, &error);
}

bool is_usable_id(const Json& id) {
  if (const auto* text = id.get<std::string>()) return text->size() <= kMaxIdBytes;
  return id.is_null() || id.get<std::uint64_t>() || id.get<std::int64_t>();
}

bool is_method_name(std::string_view name) {
  if (name.starts_with("rpc.")) name.remove_prefix(4);
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

Dispatcher::Dispatcher(ServiceInfo info) {
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
  add({"rpc.discover",
       "The OpenRPC description of every method.",
       {},
       {{"openrpc", Type::kText, "the specification's version"},
        {"info", Type::kObject, "title and version"},
        {"methods", Type::kList, "name, summary, params, result, errors of each"},
        {"components", Type::kObject, "schemas of the types"}},
       {},
       immediate([this, info = std::move(info)](const Params&) -> Result<Json> {
         return openrpc_document(info, m_methods);
       })});
}

void Dispatcher::add(Method method) {
  ASSAY_EXPECTS(is_method_name(method.name) && method.handle);
  std::string name = method.name;
  const bool added = m_methods.emplace(std::move(name), std::move(method)).second;
  ASSAY_EXPECTS(added);
}

std::string Dispatcher::refusal(const Json& id, int code, std::string message) const {
  if (m_observer) m_observer("", code, 0);
  return failure(id, code, std::move(message));
}

void Dispatcher::handle(std::string_view request, Done done, const Caller& caller) const {
  auto parsed = codec::parse_json(request, {kMaxRequestBytes, kMaxRequestDepth, kMaxRequestValues});
  if (!parsed) return done(refusal({}, kParseError, parsed.error().message));
  const auto* items = parsed->get<Json::Array>();
  if (!items) return call(*parsed, caller, std::move(done));
  if (items->empty()) return done(refusal({}, kInvalidRequest, "an empty batch"));
  if (items->size() > kMaxBatch)
    return done(refusal({}, kInvalidRequest,
                        "a batch of more than " + std::to_string(kMaxBatch) + " requests"));
  if (caller.may_call && items->size() > 1 && !caller.may_call(items->size() - 1))
    return done(refusal({}, kTooManyCalls, "too many calls; ask again in a while"));
  auto batch = std::make_shared<Batch>();
  batch->responses.resize(items->size());
  batch->missing = items->size();
  batch->done = std::move(done);
  for (std::size_t i = 0; i < items->size(); ++i)
    call((*items)[i], caller, [batch, i](std::string text) { batch->answer(i, std::move(text)); });
}

void Dispatcher::call(const Json& request, const Caller& caller, Done done) const {
  const auto invalid = [&](const Json& id, const char* why) {
    done(refusal(id, kInvalidRequest, why));
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
    std::string text = refusal(id, code, std::move(message));
    done(notification ? std::string() : std::move(text));
  };
  const auto found = m_methods.find(*name->get<std::string>());
  if (found == m_methods.end())
    return fail(kMethodNotFound, "no such method; rpc_methods lists them");
  const Json none;
  const auto params = Params::check(found->second.params, given ? *given : none);
  if (!params) return fail(kInvalidParams, params.error().message);
  run(found->second, *params, id_found, caller, std::move(done));
}

// `id_found`: none for a notification.
void Dispatcher::run(const Method& method, const Params& params, const Json* id_found,
                     const Caller& caller, Done done) const {
  const auto start = std::chrono::steady_clock::now();
  const bool notification = id_found == nullptr;
  const Json id = notification ? Json() : *id_found;
  const Reply reply(
      [this, id, notification, start, &method, done](const Json* result, const RpcError* error) {
        ASSAY_ENSURES(error || conforms(method.result, *result));
        if (m_observer) {
          const auto took = std::chrono::steady_clock::now() - start;
          m_observer(method.name, error ? error->code : 0,
                     static_cast<std::uint64_t>(
                         std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
        }
        done(notification ? std::string() : response(id, result, error));
      },
      caller);
  method.handle(params, reply);
}

}  // namespace assay::rpc
