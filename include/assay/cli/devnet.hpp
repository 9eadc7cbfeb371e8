// A local network's folders: an authority, a ledger's home, and a home for each party with key,
// password, certificate and genesis record. For machines of one's own: the passwords lie beside the
// keys.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "assay/core/ids.hpp"
#include "assay/core/result.hpp"

namespace assay::cli {

struct DevnetParty {
  std::string name;  // its folder
  std::uint64_t balance_tokens = 0;
  std::uint64_t staked_tokens = 0;
};
struct DevnetSettings {
  std::filesystem::path folder;  // must not exist yet, or be empty
  std::string chain = "devnet";
  std::vector<DevnetParty> parties;
};
struct DevnetAccount {
  std::string name;
  AccountId id;
};
// Writes FOLDER/ledger (node/home.hpp and the password of its key) and for each party
// FOLDER/<party>: key.json, password, tls.pem, tls-key.pem, authority.pem, genesis.bin. The
// parties' accounts.
[[nodiscard]] Result<std::vector<DevnetAccount>> make_devnet(const DevnetSettings& settings);

// "solver-1=1000:500": name, tokens and staked tokens. Errors: kInvalidArgument.
[[nodiscard]] Result<DevnetParty> parse_party(const std::string& text);

}  // namespace assay::cli
