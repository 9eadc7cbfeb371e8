// A method of the RPC: its name, what it takes and gives, in words and types, and what it does. The
// registry of these is what docs/spec/rpc.md is tested against.
#pragma once

#include <functional>
#include <memory>

#include "assay/rpc/caller.hpp"
#include "assay/rpc/error.hpp"

namespace assay::rpc {

// How a value is written in JSON.
enum class Type : std::uint8_t {
  kBool,
  kNumber,  // an unsigned integer up to 2^53 - 1
  kAmount,  // a 64-bit unsigned integer as a string of decimal digits
  kHash,    // 32 bytes as 64 hexadecimal digits
  kHex,     // bytes as hexadecimal digits
  kText,
  kObject,
  kList,
};
[[nodiscard]] const char* to_string(Type type) noexcept;

inline constexpr std::uint64_t kMaxNumber = (std::uint64_t{1} << 53) - 1;
inline constexpr std::size_t kMaxTextBytes = 4096;

struct Field {
  std::string name;
  Type type = Type::kText;
  std::string doc;
  bool optional = false;  // a result's: null or absent
};

// Parameters that were checked against a method's fields. Asking for one that the method does not
// declare with that type, or for an absent one by the plain accessors, is a bug. The JSON must
// outlive them.
class Params {
 public:
  // By name from an object, by position from an array, none from null.
  [[nodiscard]] static Result<Params> check(const std::vector<Field>& fields,
                                            const codec::Json& json);

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] std::uint64_t number(std::string_view name) const;
  [[nodiscard]] std::uint64_t number_or(std::string_view name, std::uint64_t fallback) const {
    return has(name) ? number(name) : fallback;
  }
  [[nodiscard]] std::uint64_t amount(std::string_view name) const;
  [[nodiscard]] Hash256 hash(std::string_view name) const;
  [[nodiscard]] Bytes bytes(std::string_view name) const;
  [[nodiscard]] const std::string& text(std::string_view name) const;
  [[nodiscard]] const codec::Json& json(std::string_view name) const;

 private:
  [[nodiscard]] const codec::Json* find(std::string_view name) const;
  std::vector<std::pair<std::string_view, const codec::Json*>> m_members;  // none is null
};

// Where a method puts its answer, now or later (a long poll). Copies share one answer, the first
// counts; when the last copy goes without one, the caller gets an internal error. Keep it on the
// dispatcher's thread.
class Reply {
 public:
  using Done = std::function<void(const codec::Json* result, const RpcError* error)>;
  explicit Reply(Done done, Caller caller = {});

  [[nodiscard]] const Caller& caller() const;
  void result(codec::Json value) const;
  void error(const RpcError& error) const;
  void error(const Error& error) const { this->error(to_rpc_error(error)); }
  // A Result as an answer.
  void operator()(Result<codec::Json> outcome) const;

 private:
  struct State;
  std::shared_ptr<State> m_state;
};

struct Method {
  std::string name;  // [a-z0-9_]{1,64}, or "rpc." and such a name
  std::string doc;   // one line
  std::vector<Field> params;
  std::vector<Field> result;      // of the result object
  std::vector<ErrorCode> errors;  // besides those that any call may meet
  std::function<void(const Params& params, const Reply& reply)> handle;
};

// A handler that answers at once.
[[nodiscard]] std::function<void(const Params&, const Reply&)> immediate(
    std::function<Result<codec::Json>(const Params&)> body);

// True if `value` has the fields that are not optional, each of its type.
[[nodiscard]] bool conforms(const std::vector<Field>& fields, const codec::Json& value);

// The method's row of docs/spec/rpc.md:
// | `name` | doc | `param` type, ... | `field` type, ... | code, ... |
[[nodiscard]] std::string table_row(const Method& method);

}  // namespace assay::rpc
