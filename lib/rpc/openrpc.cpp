#include "assay/rpc/openrpc.hpp"

namespace assay::rpc {

using codec::Json;

namespace {

Json schema_of(Type type) {
  return Json::object({{"$ref", std::string("#/components/schemas/") + to_string(type)}});
}

// What the words of docs/spec/rpc.md, "Types", mean in JSON Schema.
Json schemas() {
  const auto text = [](const char* pattern, const char* doc) {
    return Json::object({{"type", "string"}, {"pattern", pattern}, {"description", doc}});
  };
  return Json::object(
      {{"bool", Json::object({{"type", "boolean"}})},
       {"number", Json::object({{"type", "integer"}, {"minimum", 0}, {"maximum", kMaxNumber}})},
       {"amount", text("^(0|[1-9][0-9]{0,19})$", "a 64-bit unsigned integer; money in atoms")},
       {"hash", text("^[0-9a-fA-F]{64}$", "32 bytes: an id, a key, a root")},
       {"hex", text("^([0-9a-fA-F]{2})*$", "bytes")},
       {"text", Json::object({{"type", "string"}})},
       {"object", Json::object({{"type", "object"}})},
       {"list", Json::object({{"type", "array"}})}});
}

Json result_of(const Method& method) {
  Json properties = Json::object(), required = Json::array();
  for (const Field& field : method.result) {
    Json schema =
        Json::object({{"allOf", Json::array({schema_of(field.type)})}, {"description", field.doc}});
    // Optional: null or absent.
    properties[field.name] =
        field.optional
            ? Json::object(
                  {{"oneOf", Json::array({std::move(schema), Json::object({{"type", "null"}})})}})
            : std::move(schema);
    if (!field.optional) required.push_back(field.name);
  }
  return Json::object({{"name", "result"},
                       {"schema", Json::object({{"type", "object"},
                                                {"properties", std::move(properties)},
                                                {"required", std::move(required)}})}});
}

Json method_json(const Method& method) {
  Json params = Json::array(), errors = Json::array();
  for (const Field& field : method.params)
    params.push_back(Json::object({{"name", field.name},
                                   {"description", field.doc},
                                   {"required", !field.optional},
                                   {"schema", schema_of(field.type)}}));
  for (const ErrorCode code : method.errors)
    errors.push_back(Json::object({{"code", code_of(code)}, {"message", to_string(code)}}));
  return Json::object({{"name", method.name},
                       {"summary", method.doc},
                       {"paramStructure", "either"},
                       {"params", std::move(params)},
                       {"result", result_of(method)},
                       {"errors", std::move(errors)}});
}

}  // namespace

Json openrpc_document(const ServiceInfo& info,
                      const std::map<std::string, Method, std::less<>>& methods) {
  Json list = Json::array();
  for (const auto& [name, method] : methods) list.push_back(method_json(method));
  return Json::object({{"openrpc", kOpenRpcVersion},
                       {"info", Json::object({{"title", info.title},
                                              {"version", info.version},
                                              {"description", info.description}})},
                       {"methods", std::move(list)},
                       {"components", Json::object({{"schemas", schemas()}})}});
}

}  // namespace assay::rpc
