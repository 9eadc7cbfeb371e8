// What every role program has in common: its options, its folder, its log, and running one role
// until it finishes or is told to stop.
#pragma once

#include "assay/cli/party.hpp"
#include "assay/roles/role.hpp"

namespace assay::cli {

// Which headers are the chain's, where more is known than the genesis record and what was followed
// before (docs/spec/node.md, "Trusted header").
struct TrustSettings {
  std::string header;    // HEIGHT:HASH of CometBFT's; empty: none
  bool old = false;      // also what is older than validators' stakes are held
  bool genesis = false;  // what was followed before is not looked at
};

// Paths that are empty: as PartySettings.
struct RoleSettings : PartySettings {
  std::string certificate;  // tls.pem
  std::string tls_key;      // tls-key.pem
  std::string listen_host = "127.0.0.1";
  std::uint64_t listen_port = 0;
  std::string advertise_host = "127.0.0.1";
  std::vector<std::string> capabilities;
  std::string delegate;                // account; empty: none
  std::vector<std::string> plays_for;  // accounts; of whistleblowers
  TrustSettings trust;
  std::uint64_t threads = 0;
  std::string log_format = "text";
  std::string log_level = "info";
  std::string log_file;
};

void add_role_options(Command& command, RoleSettings& settings);

using MakeRole =
    std::function<Result<std::unique_ptr<roles::Role>>(const roles::RoleContext& context)>;

// Opens key, genesis record and folder (one process a folder), refuses to start where the
// floating-point mode is not sound, and drives the role. SIGINT and SIGTERM end it cleanly
// (kCancelled).
[[nodiscard]] Status run_role(const RoleSettings& settings, const MakeRole& make,
                              const roles::ExecutionFactory& execution = roles::honest_execution());

}  // namespace assay::cli
