// A strict pull reader of JSON text (RFC 8259), for formats whose fields are known beforehand: key
// files, safetensors headers. Whoever wants a value to walk about in takes codec/json.hpp.
//
// Text must be UTF-8. Rejected: duplicate keys, lone surrogates, nesting beyond kJsonDepthMax, and
// integers that do not fit. Like codec::Reader it keeps the first failure: read on, check once.
// Not thread-safe. The text must outlive the cursor.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "assay/core/result.hpp"

namespace assay {

inline constexpr unsigned kJsonDepthMax = 32;

class JsonCursor {
 public:
  enum class Kind { kNone, kObject, kArray, kString, kNumber, kBool, kNull };

  explicit JsonCursor(std::string_view text) : m_text(text) {}

  // What comes next; kNone at the end, after a failure, or before what starts no value.
  [[nodiscard]] Kind peek();
  // Calls member(key) for each member; it must consume exactly the member's value.
  void object(const std::function<void(const std::string& key)>& member);
  // Calls item() for each item; it must consume exactly the item.
  void array(const std::function<void()>& item);
  [[nodiscard]] std::string string();
  // Digits alone: no sign, point, exponent or leading zero.
  [[nodiscard]] std::uint64_t u64();
  // Consumes any value, checking its grammar.
  void skip();

  // Records the first failure; later calls change nothing.
  void fail(ErrorCode code, const std::string& what);
  [[nodiscard]] bool ok() const { return m_error.message.empty(); }
  // Nothing failed, and nothing but white space is left.
  [[nodiscard]] Status finish();

 private:
  void skip_space();
  [[nodiscard]] bool take(char c);
  [[nodiscard]] char next() const { return m_at < m_text.size() ? m_text[m_at] : '\0'; }
  [[nodiscard]] unsigned hex4();
  void escape(std::string& out);
  void utf8_character(std::string& out);
  void literal(std::string_view word);
  void number();

  std::string_view m_text;
  std::size_t m_at = 0;
  unsigned m_depth = 0;
  Error m_error;
};

// True if `text` is well-formed UTF-8 (no overlong forms, surrogates or values past U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text);
// The length in bytes of the well-formed UTF-8 character at the start of `text`; 0 if there is
// none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);
// `text` as a JSON string with its quotes: only '"', '\\' and characters below U+0020 are escaped.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace assay
