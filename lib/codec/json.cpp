#include "assay/codec/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "assay/core/utf8.hpp"

namespace assay::codec {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

const char* describe(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::kNull: return "null";
    case Json::Kind::kBool: return "a boolean";
    case Json::Kind::kInt: return "a negative integer";
    case Json::Kind::kUint: return "an integer";
    case Json::Kind::kDouble: return "a fraction";
    case Json::Kind::kString: return "a string";
    case Json::Kind::kArray: return "an array";
    case Json::Kind::kObject: return "an object";
  }
  return "?";
}

template <class T>
void append_number(std::string& out, T value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, end);
}

void append_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  const std::size_t begin = out.size();
  append_number(out, value);
  if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";
}

void append_quoted(std::string& out, std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  out.push_back('"');
  const auto end = std::find_if_not(text.begin(), text.end(), is_plain);
  out.append(text.begin(), end);
  text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    switch (const char c = text.front(); c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
          out.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
        } else {
          out += length == 0 ? kReplacement : text.substr(0, length);
        }
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out.push_back('"');
}

class Dumper {
 public:
  explicit Dumper(unsigned indent) : m_indent(indent) {}

  void value(const Json& json) {
    switch (json.kind()) {
      case Json::Kind::kNull: m_out += "null"; break;
      case Json::Kind::kBool: m_out += *json.get<bool>() ? "true" : "false"; break;
      case Json::Kind::kInt: append_number(m_out, *json.get<std::int64_t>()); break;
      case Json::Kind::kUint: append_number(m_out, *json.get<std::uint64_t>()); break;
      case Json::Kind::kDouble: append_double(m_out, *json.get<double>()); break;
      case Json::Kind::kString: append_quoted(m_out, *json.get<std::string>()); break;
      case Json::Kind::kArray: array(*json.get<Json::Array>()); break;
      case Json::Kind::kObject: object(*json.get<Json::Object>()); break;
    }
  }
  std::string take() { return std::move(m_out); }

 private:
  void array(const Json::Array& items) {
    const char* separator = "";
    open('[');
    for (const Json& item : items) {
      m_out += separator;
      separator = ",";
      new_line();
      value(item);
    }
    close(']', items.empty());
  }
  void object(const Json::Object& members) {
    const char* separator = "";
    open('{');
    for (const auto& [key, member] : members) {
      m_out += separator;
      separator = ",";
      new_line();
      append_quoted(m_out, key);
      m_out += m_indent == 0 ? ":" : ": ";
      value(member);
    }
    close('}', members.empty());
  }
  void open(char bracket) {
    m_out.push_back(bracket);
    ++m_depth;
  }
  void close(char bracket, bool empty) {
    --m_depth;
    if (!empty) new_line();
    m_out.push_back(bracket);
  }
  void new_line() {
    if (m_indent == 0) return;
    m_out.push_back('\n');
    m_out.append(std::size_t{m_indent} * m_depth, ' ');
  }

  unsigned m_indent;
  unsigned m_depth = 0;
  std::string m_out;
};

}  // namespace

std::string json_quoted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_quoted(out, text);
  return out;
}

const JsonObject::Member* JsonObject::begin() const { return m_members.data(); }
const JsonObject::Member* JsonObject::end() const { return m_members.data() + m_members.size(); }

std::size_t JsonObject::size() const { return m_members.size(); }
void JsonObject::reserve(std::size_t count) { m_members.reserve(count); }

std::size_t JsonObject::place_of(std::string_view name) const {
  const auto at =
      std::lower_bound(m_members.begin(), m_members.end(), name,
                       [](const Member& member, std::string_view n) { return member.first < n; });
  return static_cast<std::size_t>(at - m_members.begin());
}

const Json* JsonObject::find(std::string_view name) const {
  const std::size_t at = place_of(name);
  return at < size() && m_members[at].first == name ? &m_members[at].second : nullptr;
}

Json& JsonObject::operator[](std::string_view name) {
  const std::size_t at = place_of(name);
  if (at == size() || m_members[at].first != name)
    m_members.emplace(m_members.begin() + static_cast<std::ptrdiff_t>(at), name, nullptr);
  return m_members[at].second;
}

Json& JsonObject::add(std::string name) {
  return m_members.emplace_back(std::move(name), nullptr).second;
}

bool JsonObject::sort() {
  const auto by_name = [](const Member& a, const Member& b) { return a.first < b.first; };
  if (!std::is_sorted(m_members.begin(), m_members.end(), by_name))
    std::sort(m_members.begin(), m_members.end(), by_name);
  return std::adjacent_find(m_members.begin(), m_members.end(),
                            [](const Member& a, const Member& b) { return a.first == b.first; }) ==
         m_members.end();
}

bool operator==(const JsonObject& a, const JsonObject& b) { return a.m_members == b.m_members; }

Json Json::object(std::initializer_list<JsonMember> members) {
  Object all;
  all.reserve(members.size());
  for (const JsonMember& member : members) {
    const std::size_t before = all.size();
    Json& place = all[member.name];
    if (all.size() != before) place = std::move(member.value);
  }
  return all;
}

const Json* Json::find(std::string_view key) const {
  const Object* members = get<Object>();
  return members == nullptr ? nullptr : members->find(key);
}

Json& Json::operator[](std::string_view key) {
  if (is_null()) m_value = Object{};
  Object* members = std::get_if<Object>(&m_value);
  ASSAY_EXPECTS(members != nullptr);
  return (*members)[key];
}

void Json::push_back(Json item) {
  if (is_null()) m_value = Array{};
  Array* items = std::get_if<Array>(&m_value);
  ASSAY_EXPECTS(items != nullptr);
  items->push_back(std::move(item));
}

std::string Json::dump(unsigned indent) const {
  Dumper dumper(indent);
  dumper.value(*this);
  return dumper.take();
}

JsonRef JsonRef::operator[](std::string_view key) const {
  JsonRef child;
  child.m_value = m_value == nullptr ? nullptr : m_value->find(key);
  child.m_path = m_path;
  if (!m_path.empty()) child.m_path += '.';
  child.m_path += key;
  return child;
}

JsonRef JsonRef::at(std::size_t index) const {
  JsonRef child;
  const Json::Array* items = m_value == nullptr ? nullptr : m_value->get<Json::Array>();
  if (items != nullptr && index < items->size()) child.m_value = &(*items)[index];
  child.m_path = m_path;
  child.m_path += '[';
  child.m_path += std::to_string(index);
  child.m_path += ']';
  return child;
}

Error JsonRef::error(ErrorCode code, const std::string& what) const {
  return {code, (m_path.empty() ? "the document" : m_path) + ": " + what};
}

Error JsonRef::wrong_kind(const char* wanted) const {
  if (m_value == nullptr)
    return error(ErrorCode::kNotFound, std::string("missing; it should be ") + wanted);
  return error(ErrorCode::kInvalidArgument,
               std::string("expected ") + wanted + ", found " + describe(*m_value));
}

Error malformed_file(Error error) {
  if (error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kNotFound)
    error.code = ErrorCode::kMalformed;
  return error;
}

Result<bool> JsonRef::boolean() const {
  if (const bool* v = m_value == nullptr ? nullptr : m_value->get<bool>()) return *v;
  return wrong_kind("true or false");
}

Result<std::uint64_t> JsonRef::u64() const {
  if (const auto* v = m_value == nullptr ? nullptr : m_value->get<std::uint64_t>()) return *v;
  return wrong_kind("an unsigned integer");
}

Result<std::uint32_t> JsonRef::u32() const {
  ASSAY_TRY(const std::uint64_t wide, u64());
  if (wide > std::numeric_limits<std::uint32_t>::max())
    return error(ErrorCode::kInvalidArgument, "does not fit 32 bits");
  return static_cast<std::uint32_t>(wide);
}

Result<std::int64_t> JsonRef::i64() const {
  if (m_value == nullptr) return wrong_kind("an integer");
  if (const auto* v = m_value->get<std::int64_t>()) return *v;
  const auto* v = m_value->get<std::uint64_t>();
  if (v == nullptr) return wrong_kind("an integer");
  if (*v > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return error(ErrorCode::kInvalidArgument, "does not fit 64 bits with a sign");
  return static_cast<std::int64_t>(*v);
}

Result<double> JsonRef::number() const {
  if (m_value == nullptr) return wrong_kind("a number");
  if (const auto* v = m_value->get<double>()) return *v;
  if (const auto* v = m_value->get<std::int64_t>()) return static_cast<double>(*v);
  if (const auto* v = m_value->get<std::uint64_t>()) return static_cast<double>(*v);
  return wrong_kind("a number");
}

Result<std::string> JsonRef::string() const {
  if (const auto* v = m_value == nullptr ? nullptr : m_value->get<std::string>()) return *v;
  return wrong_kind("a string");
}

Result<Bytes> JsonRef::hex() const {
  ASSAY_TRY(const std::string text, string());
  Result<Bytes> bytes = from_hex(text);
  if (!bytes) return error(ErrorCode::kInvalidArgument, bytes.error().message);
  return bytes;
}

Result<Hash256> JsonRef::hash() const {
  ASSAY_TRY(const std::string text, string());
  Result<Hash256> digest = hash_from_hex(text);
  if (!digest) return error(ErrorCode::kInvalidArgument, digest.error().message);
  return digest;
}

Result<std::vector<JsonRef>> JsonRef::items() const {
  const auto* array = m_value == nullptr ? nullptr : m_value->get<Json::Array>();
  if (array == nullptr) return wrong_kind("an array");
  std::vector<JsonRef> out;
  out.reserve(array->size());
  for (std::size_t i = 0; i < array->size(); ++i) out.push_back(at(i));
  return out;
}

Result<const Json*> JsonRef::value() const {
  if (m_value == nullptr) return wrong_kind("there");
  return m_value;
}

}  // namespace assay::codec
