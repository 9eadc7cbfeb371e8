// One call to a ledger node, for scripts and people.
#pragma once

#include <string>

#include "assay/cli/options.hpp"
#include "assay/codec/json.hpp"

namespace assay::cli {

// The client certificate that an operator's calls want; empty: none is shown.
struct ClientIdentity {
  std::string certificate_path;
  std::string key_path;
};

// `params`: a JSON object. Errors: kInvalidArgument (it is none, or no such address), those of the
// connection, and the node's own.
[[nodiscard]] Result<codec::Json> call_ledger(const std::string& url,
                                              const std::string& authority_path,
                                              const std::string& method, const std::string& params,
                                              const ClientIdentity& identity = {});

struct CallSettings {
  std::string method;
  std::string params = "{}";
  std::string ledger = "https://127.0.0.1:8645";
  std::string authority = "authority.pem";
  ClientIdentity identity;
};
// Adds `call`. `settings` must outlive the parse.
void add_call_command(Command& root, CallSettings& settings);

}  // namespace assay::cli
