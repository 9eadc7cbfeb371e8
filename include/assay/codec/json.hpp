// JSON values for interfaces (RPC, --json output, reports). Never on a committed path: what is
// hashed or signed goes through codec.hpp. Not thread-safe beyond what std::vector is.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "assay/core/hex.hpp"

namespace assay::codec {

class Json;
struct JsonMember;

// The members of an object, ascending by name, in one piece of memory: with one for each, memory
// is what an answer of many small objects costs most.
class JsonObject {
 public:
  using Member = std::pair<std::string, Json>;

  [[nodiscard]] const Member* begin() const;
  [[nodiscard]] const Member* end() const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool empty() const { return size() == 0; }
  // None if there is no member of that name.
  [[nodiscard]] const Json* find(std::string_view name) const;
  [[nodiscard]] bool contains(std::string_view name) const { return find(name) != nullptr; }
  // A null where there was no such member.
  Json& operator[](std::string_view name);
  // For many members in any order: add() each, then sort(), and nothing else between them; sort()
  // returns false if a name is there twice.
  Json& add(std::string name);
  [[nodiscard]] bool sort();
  void reserve(std::size_t count);

  friend bool operator==(const JsonObject& a, const JsonObject& b);

 private:
  [[nodiscard]] std::size_t place_of(std::string_view name) const;
  std::vector<Member> m_members;
};

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = JsonObject;  // dumped by ascending name
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
  // Of members with the same name the first counts.
  [[nodiscard]] static Json object(std::initializer_list<JsonMember> members = {});

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

// A member on its way into an object. Mutable, or a list of them could only be copied.
struct JsonMember {
  mutable std::string name;
  mutable Json value;
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
