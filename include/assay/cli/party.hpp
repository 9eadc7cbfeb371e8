// What a party signs with and which ledger it asks: common to the role programs, `assay send` and
// `assay quote`.
#pragma once

#include <filesystem>

#include "assay/cli/options.hpp"
#include "assay/codec/json.hpp"
#include "assay/crypto/ed25519.hpp"
#include "assay/protocol/block.hpp"

namespace assay::cli {

// Paths that are empty stand for the file of the usual name in `home` (docs/spec/cli.md).
struct PartySettings {
  std::string home = ".";
  std::vector<std::string> ledgers{"https://127.0.0.1:8645"};  // nodes of one ledger
  std::string key;                                             // key.json
  std::string password_file;                                   // see read_home_password()
  std::string genesis;                                         // genesis.bin
  std::string authority;                                       // authority.pem
};
void add_party_options(Command& command, PartySettings& settings);

// `given`, or the file of the `usual` name in `home`.
[[nodiscard]] std::filesystem::path path_or(const std::string& given, const std::string& home,
                                            const char* usual);

// The password of a home's key: of the file if one is named, else ASSAY_PASSWORD, else
// HOME/password.
[[nodiscard]] Result<std::string> read_home_password(const std::string& home,
                                                     const std::string& password_file);
// Errors: those of the password and host::open_key_file().
[[nodiscard]] Result<crypto::KeyPair> open_party_key(const PartySettings& settings);
// Errors: as read_genesis_record().
[[nodiscard]] Result<protocol::Genesis> read_party_genesis(const PartySettings& settings);

// One call to the party's ledger: to the first of its nodes that answers. Every call may be made
// twice. Errors: those of call_ledger(), of the last node that was asked.
[[nodiscard]] Result<codec::Json> ask_ledger(const PartySettings& settings,
                                             const std::string& method, const codec::Json& params);

struct LedgerHead {
  ChainId chain;
  Height height;
};
// The nodes' addresses, for messages.
[[nodiscard]] std::string name_ledgers(const PartySettings& settings);
// The ledger's head. Errors: kIntegrity if it runs another chain than the party's genesis record.
[[nodiscard]] Result<LedgerHead> read_ledger_head(const PartySettings& settings);

}  // namespace assay::cli
