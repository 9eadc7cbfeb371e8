// The folder of a ledger node, made and read: genesis record, operator's key, and an authority of
// its own whose certificate the roles pin (docs/spec/node.md has the layout).
#pragma once

#include <filesystem>
#include <optional>

#include "assay/crypto/keystore.hpp"
#include "assay/protocol/block.hpp"

namespace assay::node {

struct HomeOptions {
  std::filesystem::path home;
  std::string chain_name = "devnet";
  std::vector<protocol::GenesisAccount> accounts;
  std::vector<std::string> hosts{"127.0.0.1", "localhost"};  // that the server's certificate names
  std::string password;                                      // of the operator's key file
  // A record that was made before, instead of `chain_name` and `accounts`; its operator's key file
  // is copied, if it names one: a replicated ledger's home has no such key.
  std::optional<protocol::Genesis> genesis;
  std::filesystem::path key_file;
  std::uint64_t scrypt_n = crypto::KeystoreOptions{}.scrypt_n;
};

// What a node needs to start, read back from its folder.
struct Home {
  protocol::Genesis genesis;
  std::string certificate_pem;  // the server's
  std::string key_pem;
  std::string operators_authority_pem;  // of clients that may make the operator's calls; or empty
};

// Makes it if it is not there; its owner's alone.
[[nodiscard]] Status make_private_folder(const std::filesystem::path& folder);

// Where things are below the home.
[[nodiscard]] std::filesystem::path genesis_path(const std::filesystem::path& home);
[[nodiscard]] std::filesystem::path operator_key_path(const std::filesystem::path& home);
[[nodiscard]] std::filesystem::path authority_path(const std::filesystem::path& home);  // to pin
[[nodiscard]] std::filesystem::path authority_key_path(
    const std::filesystem::path& home);  // issues more
[[nodiscard]] std::filesystem::path server_certificate_path(const std::filesystem::path& home);
[[nodiscard]] std::filesystem::path server_key_path(const std::filesystem::path& home);

// The authority of the operator's clients, and a client certificate of it.
[[nodiscard]] std::filesystem::path operators_authority_path(const std::filesystem::path& home);
[[nodiscard]] std::filesystem::path operators_authority_key_path(const std::filesystem::path& home);
[[nodiscard]] std::filesystem::path operator_client_certificate_path(
    const std::filesystem::path& home);
[[nodiscard]] std::filesystem::path operator_client_key_path(const std::filesystem::path& home);

// Errors: kAlreadyExists (the folder has a genesis record: nothing is changed), kInvalidArgument
// (an account twice, a bad name or host, a key file that is not the genesis record's operator's),
// those of the disk.
[[nodiscard]] Result<ChainId> init_home(const HomeOptions& options, const Clock& clock, Rng& rng);

// A genesis record's file. Errors, which name the path: what read_file() returns; kMalformed.
[[nodiscard]] Result<protocol::Genesis> read_genesis_record(const std::filesystem::path& path);

// Errors: kNotFound with the command that makes a home, kPermission (a key that others can read).
[[nodiscard]] Result<Home> read_home(const std::filesystem::path& home);

// "<64 hex digits>=<atoms>" or "<64 hex digits>=<atoms>:<staked atoms>". kInvalidArgument.
[[nodiscard]] Result<protocol::GenesisAccount> parse_genesis_account(const std::string& text);

}  // namespace assay::node
