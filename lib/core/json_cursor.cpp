#include "assay/core/json_cursor.hpp"

#include <set>

#include "assay/core/checked.hpp"

namespace assay {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&](unsigned b) { out.push_back(static_cast<char>(b)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 63));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 63));
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  }
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned b = byte(0);
  if (text.empty()) return 0;
  if (b < 0x80) return 1;
  if (b >= 0xC2 && b <= 0xDF) return follows(1) ? 2 : 0;
  if (b >= 0xE0 && b <= 0xEF) {
    if (!follows(1) || !follows(2)) return 0;
    const bool overlong = b == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = b == 0xED && byte(1) >= 0xA0;
    return overlong || surrogate ? 0 : 3;
  }
  if (b >= 0xF0 && b <= 0xF4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    return (b == 0xF0 && byte(1) < 0x90) || (b == 0xF4 && byte(1) >= 0x90) ? 0 : 4;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t n = utf8_length(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

std::string json_quoted(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
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
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
  return out;
}

void JsonCursor::fail(ErrorCode code, const std::string& what) {
  if (!ok()) return;
  m_error = {code, what + " (at byte " + std::to_string(m_at) + ")"};
  m_at = m_text.size();
}

Status JsonCursor::finish() {
  skip_space();
  if (m_at != m_text.size()) fail(ErrorCode::kMalformed, "text after the end of the JSON value");
  if (!ok()) return m_error;
  return {};
}

void JsonCursor::skip_space() {
  while (next() == ' ' || next() == '\n' || next() == '\r' || next() == '\t') ++m_at;
}

bool JsonCursor::take(char c) {
  skip_space();
  if (m_at >= m_text.size() || m_text[m_at] != c) return false;
  ++m_at;
  return true;
}

JsonCursor::Kind JsonCursor::peek() {
  skip_space();
  switch (next()) {
    case '{': return Kind::kObject;
    case '[': return Kind::kArray;
    case '"': return Kind::kString;
    case 't':
    case 'f': return Kind::kBool;
    case 'n': return Kind::kNull;
    default: return next() == '-' || is_digit(next()) ? Kind::kNumber : Kind::kNone;
  }
}

void JsonCursor::object(const std::function<void(const std::string&)>& member) {
  if (!take('{')) return fail(ErrorCode::kMalformed, "expected a JSON object");
  if (++m_depth > kJsonDepthMax) return fail(ErrorCode::kLimit, "JSON nests too deeply");
  std::set<std::string> seen;
  if (!take('}')) {
    do {
      skip_space();
      const std::string key = string();
      if (!ok()) return;
      if (!seen.insert(key).second)
        return fail(ErrorCode::kMalformed, "duplicate key " + json_quoted(key));
      if (!take(':')) return fail(ErrorCode::kMalformed, "expected ':' after a key");
      member(key);
    } while (ok() && take(','));
    if (ok() && !take('}')) fail(ErrorCode::kMalformed, "expected ',' or '}'");
  }
  --m_depth;
}

void JsonCursor::array(const std::function<void()>& item) {
  if (!take('[')) return fail(ErrorCode::kMalformed, "expected a JSON array");
  if (++m_depth > kJsonDepthMax) return fail(ErrorCode::kLimit, "JSON nests too deeply");
  if (!take(']')) {
    do {
      item();
    } while (ok() && take(','));
    if (ok() && !take(']')) fail(ErrorCode::kMalformed, "expected ',' or ']'");
  }
  --m_depth;
}

unsigned JsonCursor::hex4() {
  unsigned value = 0;
  for (unsigned i = 0; i < 4; ++i, ++m_at) {
    const char c = next();
    if (is_digit(c)) {
      value = value * 16 + static_cast<unsigned>(c - '0');
    } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
      value = value * 16 + static_cast<unsigned>((c | 0x20) - 'a' + 10);
    } else {
      fail(ErrorCode::kMalformed, "expected four hexadecimal digits after \\u");
      return 0;
    }
  }
  return value;
}

void JsonCursor::escape(std::string& out) {
  static constexpr std::string_view kFrom = "\"\\/bfnrt";
  static constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
  const char c = next();
  ++m_at;
  if (c != 'u') {
    const std::size_t which = kFrom.find(c);
    if (which == std::string_view::npos) return fail(ErrorCode::kMalformed, "unknown escape");
    out.push_back(kTo[which]);
    return;
  }
  unsigned code = hex4();
  if (code >= 0xDC00 && code <= 0xDFFF) return fail(ErrorCode::kMalformed, "lone surrogate");
  if (code >= 0xD800 && code <= 0xDBFF) {
    if (m_text.substr(m_at, 2) != "\\u") return fail(ErrorCode::kMalformed, "lone surrogate");
    m_at += 2;
    const unsigned low = hex4();
    if (low < 0xDC00 || low > 0xDFFF) return fail(ErrorCode::kMalformed, "lone surrogate");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  if (ok()) append_utf8(out, code);
}

void JsonCursor::utf8_character(std::string& out) {
  const std::size_t n = utf8_length(m_text.substr(m_at));
  if (n == 0) return fail(ErrorCode::kMalformed, "a string is not UTF-8");
  out.append(m_text.substr(m_at, n));
  m_at += n;
}

std::string JsonCursor::string() {
  std::string out;
  if (!take('"')) {
    fail(ErrorCode::kMalformed, "expected a string");
    return out;
  }
  while (ok()) {
    if (m_at >= m_text.size()) {
      fail(ErrorCode::kMalformed, "a string has no end");
      break;
    }
    const char c = m_text[m_at];
    if (c == '"') {
      ++m_at;
      return out;
    }
    if (c == '\\') {
      ++m_at;
      escape(out);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fail(ErrorCode::kMalformed, "a control character in a string");
    } else {
      utf8_character(out);
    }
  }
  return {};
}

std::uint64_t JsonCursor::u64() {
  skip_space();
  const std::size_t start = m_at;
  std::uint64_t value = 0;
  for (; is_digit(next()); ++m_at) {
    const auto digit = static_cast<std::uint64_t>(next() - '0');
    if (!checked_mul<std::uint64_t>(value, 10, value) || !checked_add(value, digit, value)) {
      fail(ErrorCode::kLimit, "an integer does not fit 64 bits");
      return 0;
    }
  }
  const std::size_t digits = m_at - start;
  const bool leading_zero = digits > 1 && m_text[start] == '0';
  if (digits == 0 || leading_zero || next() == '.' || next() == 'e' || next() == 'E') {
    fail(ErrorCode::kMalformed, "expected an unsigned integer");
    return 0;
  }
  return value;
}

void JsonCursor::literal(std::string_view word) {
  if (m_text.substr(m_at, word.size()) != word)
    return fail(ErrorCode::kMalformed, "expected " + std::string(word));
  m_at += word.size();
}

void JsonCursor::number() {
  const auto digits = [&] {
    if (!is_digit(next())) return fail(ErrorCode::kMalformed, "a number has no digits");
    while (is_digit(next())) ++m_at;
  };
  if (next() == '-') ++m_at;
  if (next() == '0') {
    ++m_at;
  } else {
    digits();
  }
  if (next() == '.') {
    ++m_at;
    digits();
  }
  if (next() == 'e' || next() == 'E') {
    ++m_at;
    if (next() == '+' || next() == '-') ++m_at;
    digits();
  }
}

void JsonCursor::skip() {
  switch (peek()) {
    case Kind::kObject: return object([&](const std::string&) { skip(); });
    case Kind::kArray: return array([&] { skip(); });
    case Kind::kString: return static_cast<void>(string());
    case Kind::kNumber: return number();
    case Kind::kBool: return literal(next() == 't' ? "true" : "false");
    case Kind::kNull: return literal("null");
    case Kind::kNone: break;
  }
  fail(ErrorCode::kMalformed, "expected a JSON value");
}

}  // namespace assay
