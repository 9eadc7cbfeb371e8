#include "assay/rpc/method.hpp"

#include <algorithm>
#include <charconv>

namespace assay::rpc {

using codec::Json;

namespace {

Result<std::uint64_t> parse_amount(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc{} || stop != end || (text.size() > 1 && text[0] == '0'))
    return {ErrorCode::kMalformed, "not a decimal 64-bit integer"};
  return number;
}

// from_hex takes it.
bool is_hex(const std::string& text) {
  return text.size() % 2 == 0 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

bool is_type(Type type, const Json& value) {
  switch (type) {
    case Type::kBool: return value.get<bool>() != nullptr;
    case Type::kNumber: {
      const auto* number = value.get<std::uint64_t>();
      return number && *number <= kMaxNumber;
    }
    case Type::kAmount: {
      const auto* text = value.get<std::string>();
      return text && parse_amount(*text).has_value();
    }
    case Type::kHash: {
      const auto* text = value.get<std::string>();
      return text && text->size() == 64 && is_hex(*text);
    }
    case Type::kHex: {
      const auto* text = value.get<std::string>();
      return text && is_hex(*text);
    }
    case Type::kText: {
      const auto* text = value.get<std::string>();
      return text && text->size() <= kMaxTextBytes;
    }
    case Type::kObject: return value.get<Json::Object>() != nullptr;
    case Type::kList: return value.get<Json::Array>() != nullptr;
  }
  return false;
}

std::string fields_text(const std::vector<Field>& fields) {
  std::string text;
  for (const Field& f : fields) {
    if (!text.empty()) text += ", ";
    text += "`" + f.name + "` " + to_string(f.type);
    if (f.optional) text += "?";
  }
  return text.empty() ? "-" : text;
}

}  // namespace

RpcError to_rpc_error(const Error& error) { return {code_of(error.code), error.message}; }

Json error_json(const RpcError& error) {
  Json json = Json::object({{"code", error.code}, {"message", error.message}});
  if (error.retry_after_ms)
    json["data"] = Json::object({{"retry_after_ms", *error.retry_after_ms}});
  return json;
}

Error from_rpc_error(const RpcError& error) {
  const int number = kServerErrorBase - error.code;
  if (number >= static_cast<int>(ErrorCode::kInvalidArgument) &&
      number <= static_cast<int>(ErrorCode::kInternal))
    return {static_cast<ErrorCode>(number), error.message};
  if (error.code == kMethodNotFound) return {ErrorCode::kUnsupported, error.message};
  if (error.code == kTooManyCalls || error.code == kBusy)
    return {ErrorCode::kUnavailable, error.message};
  if (error.code == kInvalidParams) return {ErrorCode::kInvalidArgument, error.message};
  return {ErrorCode::kInternal, error.message};
}

const char* to_string(Type type) noexcept {
  switch (type) {
    case Type::kBool: return "bool";
    case Type::kNumber: return "number";
    case Type::kAmount: return "amount";
    case Type::kHash: return "hash";
    case Type::kHex: return "hex";
    case Type::kText: return "text";
    case Type::kObject: return "object";
    case Type::kList: return "list";
  }
  return "?";
}

Result<Params> Params::check(const std::vector<Field>& fields, const Json& json) {
  const auto refuse = [](const std::string& why) -> Result<Params> {
    return {ErrorCode::kInvalidArgument, why};
  };
  Params params;
  if (const auto* items = json.get<Json::Array>()) {
    if (items->size() > fields.size()) return refuse("too many parameters");
    for (std::size_t i = 0; i < items->size(); ++i)
      if (!(*items)[i].is_null()) params.m_members.emplace_back(fields[i].name, &(*items)[i]);
  } else if (const auto* members = json.get<Json::Object>()) {
    for (const auto& [name, value] : *members)
      if (!value.is_null()) params.m_members.emplace_back(name, &value);
  } else if (!json.is_null()) {
    return refuse("parameters must be an object or an array");
  }
  for (const Field& field : fields) {
    const bool given = params.has(field.name);
    if (!given && !field.optional) return refuse("'" + field.name + "' is missing: " + field.doc);
    if (given && !is_type(field.type, params.json(field.name)))
      return refuse("'" + field.name + "' must be of type " + to_string(field.type) + ": " +
                    field.doc);
  }
  for (const auto& member : params.m_members) {
    const std::string_view name = member.first;
    if (std::none_of(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; }))
      return refuse("there is no parameter '" + std::string(name.substr(0, 64)) + "'");
  }
  return params;
}

const Json* Params::find(std::string_view name) const {
  const auto found = std::find_if(m_members.begin(), m_members.end(),
                                  [&](const auto& member) { return member.first == name; });
  return found == m_members.end() ? nullptr : found->second;
}
const Json& Params::json(std::string_view name) const {
  const Json* const found = find(name);
  ASSAY_EXPECTS(found != nullptr);
  return *found;
}
bool Params::flag(std::string_view name) const {
  const auto* value = json(name).get<bool>();
  ASSAY_EXPECTS(value != nullptr);
  return *value;
}
std::uint64_t Params::number(std::string_view name) const {
  const auto* value = json(name).get<std::uint64_t>();
  ASSAY_EXPECTS(value != nullptr);
  return *value;
}
const std::string& Params::text(std::string_view name) const {
  const auto* value = json(name).get<std::string>();
  ASSAY_EXPECTS(value != nullptr);
  return *value;
}
std::uint64_t Params::amount(std::string_view name) const { return *parse_amount(text(name)); }
Hash256 Params::hash(std::string_view name) const { return *hash_from_hex(text(name)); }
Bytes Params::bytes(std::string_view name) const { return *from_hex(text(name)); }

struct Reply::State {
  Done done;
  Caller caller;
  bool answered = false;
  void answer(const Json* result, const RpcError* error) {
    if (std::exchange(answered, true)) return;
    done(result, error);
  }
  ~State() {
    const RpcError lost{kInternalError, "the server gave up on this call; try again"};
    answer(nullptr, &lost);
  }
};

Reply::Reply(Done done, Caller caller) : m_state(std::make_shared<State>()) {
  m_state->done = std::move(done);
  m_state->caller = std::move(caller);
}
const Caller& Reply::caller() const { return m_state->caller; }
void Reply::result(Json value) const { m_state->answer(&value, nullptr); }
void Reply::error(const RpcError& error) const { m_state->answer(nullptr, &error); }
void Reply::operator()(Result<Json> outcome) const {
  if (outcome)
    result(std::move(*outcome));
  else
    error(outcome.error());
}

std::function<void(const Params&, const Reply&)> immediate(
    std::function<Result<Json>(const Params&)> body) {
  return
      [body = std::move(body)](const Params& params, const Reply& reply) { reply(body(params)); };
}

bool conforms(const std::vector<Field>& fields, const Json& value) {
  const auto* members = value.get<Json::Object>();
  if (!members) return false;
  for (const Field& field : fields) {
    const Json* found = value.find(field.name);
    const bool absent = !found || found->is_null();
    if (absent ? !field.optional : field.type != Type::kText && !is_type(field.type, *found))
      return false;
  }
  return true;
}

std::string table_row(const Method& method) {
  std::string errors;
  for (const ErrorCode code : method.errors) {
    if (!errors.empty()) errors += ", ";
    errors += std::to_string(code_of(code));
  }
  return "| `" + method.name + "` | " + method.doc + " | " + fields_text(method.params) + " | " +
         fields_text(method.result) + " | " + (errors.empty() ? "-" : errors) + " |";
}

}  // namespace assay::rpc
