// A local network's folders: the home of a ledger or of each validator, and a home for each party
// with key, password, certificate and genesis record. For machines of one's own: the passwords lie
// beside the keys.
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
struct DevnetStake {  // of a validator
  std::string party;  // whose it is
  Hash256 key;        // with which its CometBFT signs
  std::uint64_t tokens = 0;
};
struct DevnetSettings {
  std::filesystem::path folder;  // must not exist yet, or be empty
  std::string chain = "devnet";
  std::uint64_t validators = 0;  // of a replicated ledger, 1 to kDevnetValidatorsMax; 0: embedded
  std::vector<DevnetParty> parties;
  std::uint64_t share_window_ms = 0;  // where there are stakes; 0: the ledger's default
  std::vector<DevnetStake> stakes;    // none: the validators are those of CometBFT's genesis file
};
inline constexpr std::uint64_t kDevnetValidatorsMax = 64;
struct DevnetAccount {
  std::string name;
  AccountId id;
};
// Writes FOLDER/ledger (node/home.hpp and the password of its key), or FOLDER/validator-1 and so
// on, each with an authority of its own, and for each party FOLDER/<party>: key.json, password,
// tls.pem, tls-key.pem, authority.pem (of all validators), genesis.bin. The parties' accounts.
// Errors: kInvalidArgument (too many validators), kAlreadyExists.
[[nodiscard]] Result<std::vector<DevnetAccount>> make_devnet(const DevnetSettings& settings);

// "operator-1=KEY:TOKENS": a party, 64 hexadecimal digits, tokens. Errors: kInvalidArgument.
[[nodiscard]] Result<DevnetStake> parse_stake(const std::string& text);

// "solver-1=1000:500": name, tokens and staked tokens. Errors: kInvalidArgument.
[[nodiscard]] Result<DevnetParty> parse_party(const std::string& text);

}  // namespace assay::cli
