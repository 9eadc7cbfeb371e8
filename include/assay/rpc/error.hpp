// Errors of JSON-RPC 2.0 calls (docs/spec/rpc.md): the specification's own codes, and one server
// code for each assay::ErrorCode, so that a Result survives the wire.
#pragma once

#include <optional>

#include "assay/codec/json.hpp"

namespace assay::rpc {

inline constexpr int kParseError = -32700;      // no JSON
inline constexpr int kInvalidRequest = -32600;  // no request object, or an empty or too long batch
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternalError = -32603;
inline constexpr int kTooManyCalls = -32029;     // of a stranger: ask again in a while
inline constexpr int kBusy = -32028;             // of anybody: data.retry_after_ms says when
inline constexpr int kServerErrorBase = -32000;  // less the number of the ErrorCode

struct RpcError {
  int code = kInternalError;
  std::string message;
  std::optional<std::uint64_t> retry_after_ms = std::nullopt;  // in `data`
  friend bool operator==(const RpcError&, const RpcError&) = default;
};

[[nodiscard]] constexpr int code_of(ErrorCode code) noexcept {
  return kServerErrorBase - static_cast<int>(code);
}
[[nodiscard]] RpcError to_rpc_error(const Error& error);
// As it stands in a response: code, message, data.
[[nodiscard]] codec::Json error_json(const RpcError& error);
// The caller's side. Codes that are not ours become kInternal, "no such method" kUnsupported, "too
// many calls" and "busy" kUnavailable.
[[nodiscard]] Error from_rpc_error(const RpcError& error);

}  // namespace assay::rpc
