#include "internal/plain_json.hpp"

#include <algorithm>
#include <utility>

namespace assay::codec::internal {

namespace {

class PlainParser {
 public:
  PlainParser(std::string_view text, const JsonLimits& limits) : m_left(text), m_limits(limits) {}

  bool run(Json& out) {
    if (!value(out, 0)) return false;
    skip_space();
    return m_left.empty();
  }

 private:
  bool value(Json& out, unsigned depth) {
    skip_space();
    if (m_left.empty() || ++m_values > m_limits.values_max) return false;
    switch (m_left.front()) {
      case '{': return object(out, depth);
      case '[': return array(out, depth);
      case '"': {
        std::string text;
        if (!string(text)) return false;
        out = std::move(text);
        return true;
      }
      case 't': return literal("true", true, out);
      case 'f': return literal("false", false, out);
      case 'n': return literal("null", nullptr, out);
      default: return number(out);
    }
  }

  bool object(Json& out, unsigned depth) {
    if (depth == m_limits.depth_max) return false;
    m_left.remove_prefix(1);
    Json::Object members;
    bool first = true;
    for (skip_space(); !take('}'); skip_space()) {
      if (!std::exchange(first, false) && !take(',')) return false;
      skip_space();
      std::string name;
      if (!string(name)) return false;
      skip_space();
      const auto [member, is_new] = members.try_emplace(std::move(name));
      if (!is_new || !take(':') || !value(member->second, depth + 1)) return false;
    }
    out = std::move(members);
    return true;
  }

  bool array(Json& out, unsigned depth) {
    if (depth == m_limits.depth_max) return false;
    m_left.remove_prefix(1);
    Json::Array items;
    bool first = true;
    for (skip_space(); !take(']'); skip_space()) {
      if (!std::exchange(first, false) && !take(',')) return false;
      if (!value(items.emplace_back(), depth + 1)) return false;
    }
    out = std::move(items);
    return true;
  }

  bool string(std::string& out) {
    if (!take('"')) return false;
    const auto unusual = [](char c) { return c < 0x20 || c >= 0x7f || c == '"' || c == '\\'; };
    const auto end = std::find_if(m_left.begin(), m_left.end(), unusual);
    if (end == m_left.end() || *end != '"') return false;
    out.assign(m_left.begin(), end);
    m_left.remove_prefix(out.size() + 1);
    return true;
  }

  bool number(Json& out) {
    constexpr std::size_t kDigitsMost = 18;  // of which every number fits
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    std::uint64_t number = 0;
    std::size_t digits = 0;
    for (; digits < m_left.size() && is_digit(m_left[digits]); ++digits) {
      if (digits == kDigitsMost) return false;
      number = number * 10 + static_cast<std::uint64_t>(m_left[digits] - '0');
    }
    if (digits == 0 || (digits > 1 && m_left.front() == '0')) return false;
    m_left.remove_prefix(digits);
    if (!m_left.empty() && (m_left[0] == '.' || m_left[0] == 'e' || m_left[0] == 'E')) return false;
    out = number;
    return true;
  }

  bool literal(std::string_view word, Json meaning, Json& out) {
    if (!m_left.starts_with(word)) return false;
    m_left.remove_prefix(word.size());
    out = std::move(meaning);
    return true;
  }

  bool take(char c) {
    if (m_left.empty() || m_left.front() != c) return false;
    m_left.remove_prefix(1);
    return true;
  }
  void skip_space() {
    while (!m_left.empty() &&
           (m_left[0] == ' ' || m_left[0] == '\t' || m_left[0] == '\n' || m_left[0] == '\r'))
      m_left.remove_prefix(1);
  }

  std::string_view m_left;
  const JsonLimits& m_limits;
  std::size_t m_values = 0;
};

}  // namespace

std::optional<Json> parse_plain_json(std::string_view text, const JsonLimits& limits) {
  Json out;
  if (!PlainParser(text, limits).run(out)) return std::nullopt;
  return out;
}

}  // namespace assay::codec::internal
