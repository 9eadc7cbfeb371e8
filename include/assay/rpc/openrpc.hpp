// The OpenRPC description (spec.open-rpc.org) of a registry of methods, made from the registry.
#pragma once

#include <map>

#include "assay/rpc/method.hpp"

namespace assay::rpc {

inline constexpr char kOpenRpcVersion[] = "1.2.6";

struct ServiceInfo {
  std::string title = "assay";
  std::string version = "0";
  std::string description;
};

// Thread-safe.
[[nodiscard]] codec::Json openrpc_document(
    const ServiceInfo& info, const std::map<std::string, Method, std::less<>>& methods);

}  // namespace assay::rpc
