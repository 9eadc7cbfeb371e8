// Result<T>: a value, or an Error with a code for programs and words for people. A strict subset of
// std::expected. For what our disk, a socket or malformed bytes did to us; a peer that broke a rule
// gets a verdict (an ordinary enum), a bug of ours gets a contract (core/contract.hpp).
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "assay/core/contract.hpp"

namespace assay {

enum class ErrorCode : int {
  kInvalidArgument = 1,  // a flag, a field or a parameter that cannot be used
  kMalformed,            // bytes that do not parse
  kIntegrity,            // bytes that parse but do not match their digest or signature
  kNotFound,
  kAlreadyExists,
  kPermission,   // a key file that others can read, a folder we may not write
  kLimit,        // over a named limit
  kUnavailable,  // a peer or service that does not answer now: try again
  kTimeout,
  kCancelled,
  kIo,  // disk or socket
  kNoSpace,
  kUnsupported,
  kConflict,  // another process holds the folder; the state moved on
  kInternal,
};

[[nodiscard]] const char* to_string(ErrorCode code) noexcept;

struct Error {
  ErrorCode code{};
  std::string message;  // says what happened and what to do about it
};

// The Error with `context` before its message: "reading task.toml: ...".
[[nodiscard]] inline Error with_context(Error error, const std::string& context) {
  error.message = context + ": " + error.message;
  return error;
}

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value)
      : m_state(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {}  // NOLINT
  Result(ErrorCode code, std::string message) : Result(Error{code, std::move(message)}) {}

  [[nodiscard]] bool has_value() const noexcept { return m_state.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & { return ASSAY_EXPECTS(has_value()), *std::get_if<0>(&m_state); }
  [[nodiscard]] const T& value() const& {
    return ASSAY_EXPECTS(has_value()), *std::get_if<0>(&m_state);
  }
  [[nodiscard]] T&& value() && {
    return ASSAY_EXPECTS(has_value()), std::move(*std::get_if<0>(&m_state));
  }
  [[nodiscard]] const Error& error() const& {
    return ASSAY_EXPECTS(!has_value()), *std::get_if<1>(&m_state);
  }
  [[nodiscard]] Error&& error() && {
    return ASSAY_EXPECTS(!has_value()), std::move(*std::get_if<1>(&m_state));
  }

  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Error> m_state;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  Result() = default;
  Result(Error error) : m_failed(true), m_error(std::move(error)) {}  // NOLINT: implicit by design
  Result(ErrorCode code, std::string message) : Result(Error{code, std::move(message)}) {}

  [[nodiscard]] bool has_value() const noexcept { return !m_failed; }
  explicit operator bool() const noexcept { return has_value(); }
  [[nodiscard]] const Error& error() const& { return ASSAY_EXPECTS(m_failed), m_error; }
  [[nodiscard]] Error&& error() && { return ASSAY_EXPECTS(m_failed), std::move(m_error); }

 private:
  bool m_failed = false;
  Error m_error;
};

using Status = Result<void>;

}  // namespace assay

// Return the error of a Result to the caller, or bind its value: ASSAY_TRY(auto bytes, read(path));
#define ASSAY_CONCAT_INNER(a, b) a##b
#define ASSAY_CONCAT(a, b) ASSAY_CONCAT_INNER(a, b)
#define ASSAY_TRY(declaration, ...)                               \
  auto ASSAY_CONCAT(assay_try_, __LINE__) = (__VA_ARGS__);        \
  if (!ASSAY_CONCAT(assay_try_, __LINE__))                        \
    return std::move(ASSAY_CONCAT(assay_try_, __LINE__)).error(); \
  declaration = std::move(*ASSAY_CONCAT(assay_try_, __LINE__))
#define ASSAY_TRY_STATUS(...)                                                                     \
  do {                                                                                            \
    if (auto assay_status = (__VA_ARGS__); !assay_status) return std::move(assay_status).error(); \
  } while (false)
