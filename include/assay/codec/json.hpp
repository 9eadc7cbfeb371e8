// JSON values for interfaces (RPC, --json output, reports). Never on a committed path: what is
// hashed or signed goes through codec.hpp. Not thread-safe beyond what std::map is.
#pragma once

#include <concepts>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "assay/core/hex.hpp"

namespace assay::codec {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::map<std::string, Json, std::less<>>;  // dumped by ascending key
  enum class Kind { kNull, kBool, kInt, kUint, kDouble, kString, kArray, kObject };

  Json() = default;
  Json(std::nullptr_t) {}                                        // NOLINT: implicit by design, all
  Json(std::same_as<bool> auto value) : m_value(value) {}        // NOLINT
  Json(double value) : m_value(value) {}                         // NOLINT
  Json(const char* value) : m_value(std::string(value)) {}       // NOLINT
  Json(std::string_view value) : m_value(std::string(value)) {}  // NOLINT
  Json(std::string value) : m_value(std::move(value)) {}         // NOLINT
  Json(Array value) : m_value(std::move(value)) {}               // NOLINT
  Json(Object value) : m_value(std::move(value)) {}              // NOLINT
  // An integer that is not negative is a kUint, whatever its type was.
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) Json(T value) {  // NOLINT
    if (value < T{0}) {
      m_value = static_cast<std::int64_t>(value);
    } else {
      m_value = static_cast<std::uint64_t>(value);
    }
  }
  [[nodiscard]] static Json array(std::initializer_list<Json> items = {}) { return Array(items); }
  [[nodiscard]] static Json object(
      std::initializer_list<std::pair<const std::string, Json>> members = {}) {
    return Object(members);
  }

  [[nodiscard]] Kind kind() const { return static_cast<Kind>(m_value.index()); }
  [[nodiscard]] bool is_null() const { return kind() == Kind::kNull; }
  // The value if it is a T: bool, std::int64_t, std::uint64_t, double, std::string, Array, Object.
  template <class T>
  [[nodiscard]] const T* get() const {
    return std::get_if<T>(&m_value);
  }
  // The member of that name; none if this is no object or has no such member.
  [[nodiscard]] const Json* find(std::string_view key) const;
  // Sets a member; a null becomes an object first. Anything else is a broken contract.
  Json& operator[](std::string_view key);
  // Appends an item; a null becomes an array first. Anything else is a broken contract.
  void push_back(Json item);

  // indent 0: one line without spaces; otherwise that many spaces a level. Doubles in the shortest
  // form that reads back the same; infinities and NaN as null. Strings that are not UTF-8 are
  // written with U+FFFD for what is not.
  [[nodiscard]] std::string dump(unsigned indent = 0) const;

  friend bool operator==(const Json&, const Json&) = default;

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array,
               Object>
      m_value;
};

// `text` as a JSON string with its quotes: only '"', '\\' and characters below U+0020 are escaped;
// what is not UTF-8 becomes U+FFFD.
[[nodiscard]] std::string json_quoted(std::string_view text);

struct JsonLimits {
  std::size_t bytes_max = std::size_t{1} << 20;
  unsigned depth_max = 32;
  // A value takes 56 bytes and more, and two bytes of text: what a sender could make us allocate.
  std::size_t values_max = std::size_t{1} << 20;
};

// RFC 8259, strictly. Errors: kLimit (longer, deeper or more values than the limits; a number that
// does not fit), kMalformed (anything else, duplicate keys too).
[[nodiscard]] Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

// A place in a document, for reading what somebody sent: its accessors name the place in what they
// complain of ("result.blocks[3].height: expected an unsigned integer, found a string"). A place
// that does not exist can be formed; reading it is kNotFound, a value of another kind
// kInvalidArgument. The document must outlive it.
//   ASSAY_TRY(const auto height, JsonRef(reply)["result"]["height"].u64());
class JsonRef {
 public:
  explicit JsonRef(const Json& root, std::string path = "")
      : m_value(&root), m_path(std::move(path)) {}

  [[nodiscard]] JsonRef operator[](std::string_view key) const;
  [[nodiscard]] JsonRef operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  [[nodiscard]] JsonRef at(std::size_t index) const;
  // There is a value here, and it is not null.
  [[nodiscard]] bool exists() const { return m_value != nullptr && !m_value->is_null(); }
  [[nodiscard]] const std::string& path() const { return m_path; }

  [[nodiscard]] Result<bool> boolean() const;
  [[nodiscard]] Result<std::uint64_t> u64() const;
  [[nodiscard]] Result<std::uint32_t> u32() const;
  [[nodiscard]] Result<std::int64_t> i64() const;
  [[nodiscard]] Result<double> number() const;  // integers too
  [[nodiscard]] Result<std::string> string() const;
  [[nodiscard]] Result<Bytes> hex() const;                   // a string of hexadecimal digits
  [[nodiscard]] Result<Hash256> hash() const;                // 64 of them
  [[nodiscard]] Result<std::vector<JsonRef>> items() const;  // of an array
  [[nodiscard]] Result<const Json*> value() const;           // whatever it is
  // An Error of that code that names this place.
  [[nodiscard]] Error error(ErrorCode code, const std::string& what) const;

 private:
  JsonRef() = default;
  [[nodiscard]] Error wrong_kind(const char* wanted) const;
  const Json* m_value = nullptr;
  std::string m_path;
};

// What a JsonRef complains of, where the document is a file: a field that is missing or of another
// kind is kMalformed there.
[[nodiscard]] Error malformed_file(Error error);

}  // namespace assay::codec
