// The parser behind json.hpp; the only file that knows nlohmann/json.
#include <nlohmann/json.hpp>

#include "assay/codec/json.hpp"

namespace assay::codec {

namespace {

using Nlohmann = nlohmann::json;

// Builds the value while the parser calls; returning false stops it.
class Builder final : public nlohmann::json_sax<Nlohmann> {
 public:
  explicit Builder(const JsonLimits& limits) : m_limits(limits) {}

  bool null() override { return put(Json()) != nullptr; }
  bool boolean(bool v) override { return put(v) != nullptr; }
  bool number_integer(number_integer_t v) override { return put(v) != nullptr; }
  bool number_unsigned(number_unsigned_t v) override { return put(v) != nullptr; }
  bool number_float(number_float_t v, const string_t& text) override {
    // The parser turns integers beyond 64 bits into doubles, which would lose digits silently.
    if (text.find_first_of(".eE") == std::string::npos)
      return fail(ErrorCode::kLimit, "an integer does not fit 64 bits");
    return put(v) != nullptr;
  }
  // A copy: the parser's own grows once, if it may keep it.
  bool string(string_t& v) override { return put(std::string_view(v)) != nullptr; }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(Json::Object{}); }
  bool key(string_t& name) override {
    m_member = &open_object().add(std::move(name));
    return true;
  }
  bool end_object() override {
    if (!open_object().sort()) return fail(ErrorCode::kMalformed, "a key is there twice");
    return close();
  }
  bool start_array(std::size_t) override { return open(Json::Array{}); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& cause) override {
    constexpr int kNumberOverflow = 406;
    const ErrorCode code = cause.id == kNumberOverflow ? ErrorCode::kLimit : ErrorCode::kMalformed;
    return fail(code, "not JSON from byte " + std::to_string(position) + " on");
  }

  [[nodiscard]] Error error() const { return m_error; }
  [[nodiscard]] Json take() { return std::move(m_root); }

 private:
  Json* put(Json value) {
    if (++m_values > m_limits.values_max) {
      fail(ErrorCode::kLimit,
           "JSON of more than " + std::to_string(m_limits.values_max) + " values");
      return nullptr;
    }
    if (m_open.empty()) {
      m_root = std::move(value);
      return &m_root;
    }
    if (m_member != nullptr) {
      Json* const at = m_member;
      m_member = nullptr;
      *at = std::move(value);
      return at;
    }
    m_open.back()->push_back(std::move(value));
    return &const_cast<Json&>(m_open.back()->get<Json::Array>()->back());
  }
  bool open(Json container) {
    if (m_open.size() == m_limits.depth_max)
      return fail(ErrorCode::kLimit, "JSON nests too deeply");
    m_open.push_back(put(std::move(container)));
    return m_open.back() != nullptr;
  }
  JsonObject& open_object() { return const_cast<JsonObject&>(*m_open.back()->get<JsonObject>()); }
  bool close() {
    m_open.pop_back();
    return true;
  }
  bool fail(ErrorCode code, std::string what) {
    if (m_error.message.empty()) m_error = {code, std::move(what)};
    return false;
  }

  const JsonLimits& m_limits;
  std::size_t m_values = 0;
  Json m_root;
  std::vector<Json*> m_open;  // stable: a container does not grow while one inside it is open
  Json* m_member = nullptr;
  Error m_error;
};

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes_max)
    return {ErrorCode::kLimit, "JSON of more than " + std::to_string(limits.bytes_max) + " bytes"};
  if (text.starts_with("\xef\xbb\xbf"))
    return {ErrorCode::kMalformed, "JSON with a byte order mark"};
  // The parser takes a zero byte for the end, and would let anything follow it.
  if (text.find('\0') != std::string_view::npos)
    return {ErrorCode::kMalformed, "JSON with a zero byte"};
  Builder builder(limits);
  if (!Nlohmann::sax_parse(text, &builder)) return builder.error();
  return builder.take();
}

}  // namespace assay::codec
