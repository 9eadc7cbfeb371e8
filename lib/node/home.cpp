#include "assay/node/home.hpp"

#include <algorithm>
#include <charconv>

#include "assay/host/key_file.hpp"
#include "assay/host/read_file.hpp"
#include "assay/node/certificates.hpp"
#include "assay/node/header.hpp"

namespace assay::node {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxPemBytes = 64 * 1024;
constexpr std::uint64_t kMaxGenesisBytes = 1024 * 1024;

std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

Status make_private_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error)
    return {ErrorCode::kIo, "cannot make folder " + folder.string() + ": " + error.message()};
  return {};
}

fs::path genesis_path(const fs::path& home) { return home / "config" / "genesis.bin"; }
fs::path operator_key_path(const fs::path& home) { return home / "keys" / "operator.json"; }
fs::path authority_path(const fs::path& home) { return home / "tls" / "authority.pem"; }
fs::path authority_key_path(const fs::path& home) { return home / "tls" / "authority.key"; }
fs::path server_certificate_path(const fs::path& home) { return home / "tls" / "server.pem"; }
fs::path server_key_path(const fs::path& home) { return home / "tls" / "server.key"; }
fs::path operators_authority_path(const fs::path& home) {
  return home / "tls" / "operators-authority.pem";
}
fs::path operators_authority_key_path(const fs::path& home) {
  return home / "tls" / "operators-authority.key";
}
fs::path operator_client_certificate_path(const fs::path& home) {
  return home / "tls" / "operator.pem";
}
fs::path operator_client_key_path(const fs::path& home) { return home / "tls" / "operator.key"; }

namespace {

Result<protocol::Genesis> new_genesis(const HomeOptions& options, const Clock& clock) {
  protocol::Genesis genesis;
  genesis.name = options.chain_name;
  genesis.time_ms = clock.unix_ms();
  genesis.accounts = options.accounts;
  const auto by_id = [](const auto& a, const auto& b) { return a.account < b.account; };
  std::sort(genesis.accounts.begin(), genesis.accounts.end(), by_id);
  for (std::size_t i = 1; i < genesis.accounts.size(); ++i)
    if (genesis.accounts[i].account == genesis.accounts[i - 1].account)
      return {ErrorCode::kInvalidArgument,
              "account " + to_hex(genesis.accounts[i].account.value) + " is given twice"};
  return genesis;
}

// Checks the key file of a record that was made before, and copies it.
Status copy_operator_key(const HomeOptions& options) {
  ASSAY_TRY(const crypto::KeyPair key, host::open_key_file(options.key_file, options.password));
  if (key.public_key() != options.genesis->operator_key)
    return {ErrorCode::kInvalidArgument,
            options.key_file.string() + " holds the key " + to_hex(key.public_key()) +
                ", but the genesis record's operator is " + to_hex(options.genesis->operator_key)};
  ASSAY_TRY(const Bytes text, host::read_secret_file(options.key_file, kMaxPemBytes));
  return host::write_secret_file(operator_key_path(options.home), text);
}

}  // namespace

Result<ChainId> init_home(const HomeOptions& options, const Clock& clock, Rng& rng) {
  const fs::path& home = options.home;
  if (fs::exists(genesis_path(home)))
    return {ErrorCode::kAlreadyExists,
            home.string() + " already holds a node; name another folder or remove it"};
  protocol::Genesis genesis;
  if (options.genesis) {
    genesis = *options.genesis;
  } else {
    ASSAY_TRY(genesis, new_genesis(options, clock));
  }
  for (const char* folder : {"config", "keys", "tls"})
    ASSAY_TRY_STATUS(make_private_folder(home / folder));
  // What a broken-off init left is not worth keeping: without genesis nothing refers to it.
  for (const fs::path& path :
       {operator_key_path(home), authority_key_path(home), server_key_path(home),
        operators_authority_key_path(home), operator_client_key_path(home)}) {
    std::error_code ignored;
    fs::remove(path, ignored);
  }
  if (options.genesis) {
    if (!is_replicated(genesis)) ASSAY_TRY_STATUS(copy_operator_key(options));
  } else {
    crypto::KeystoreOptions keystore;
    keystore.scrypt_n = options.scrypt_n;
    keystore.description = "operator of " + genesis.name;
    ASSAY_TRY(genesis.operator_key,
              host::create_key_file(operator_key_path(home), options.password, rng, keystore));
  }
  ASSAY_TRY_STATUS(make_certificates(home, genesis.name, options.hosts, clock));
  // Last: it is what makes the folder a home.
  ASSAY_TRY_STATUS(host::write_file(genesis_path(home), encode(genesis)));
  return chain_id_of(genesis);
}

Result<protocol::Genesis> read_genesis_record(const fs::path& path) {
  ASSAY_TRY(const Bytes bytes, host::read_file(path, kMaxGenesisBytes));
  auto genesis = protocol::decode_genesis(bytes);
  if (!genesis) return with_context(std::move(genesis).error(), path.string());
  return genesis;
}

Result<Home> read_home(const fs::path& home) {
  if (!fs::exists(genesis_path(home)))
    return {ErrorCode::kNotFound,
            home.string() + " holds no node; make one with: assayd init --home " + home.string()};
  Home out;
  ASSAY_TRY(out.genesis, read_genesis_record(genesis_path(home)));
  ASSAY_TRY(const Bytes certificate, host::read_file(server_certificate_path(home), kMaxPemBytes));
  ASSAY_TRY(const Bytes key, host::read_secret_file(server_key_path(home), kMaxPemBytes));
  out.certificate_pem = text_of(certificate);
  out.key_pem = text_of(key);
  if (fs::exists(operators_authority_path(home))) {
    ASSAY_TRY(const Bytes operators, host::read_file(operators_authority_path(home), kMaxPemBytes));
    out.operators_authority_pem = text_of(operators);
  }
  return out;
}

Result<protocol::GenesisAccount> parse_genesis_account(const std::string& text) {
  const Error wrong{ErrorCode::kInvalidArgument,
                    "'" + text.substr(0, 100) +
                        "' is no genesis account; write <64 hex digits>=<atoms>[:<staked atoms>]"};
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return wrong;
  const auto key = hash_from_hex(std::string_view(text).substr(0, equals));
  const std::string_view amounts = std::string_view(text).substr(equals + 1);
  const std::size_t colon = std::min(amounts.find(':'), amounts.size());
  const auto number = [](std::string_view digits, std::uint64_t& out) {
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, out);
    return !digits.empty() && error == std::errc{} && stop == end;
  };
  protocol::GenesisAccount account;
  if (!key || !number(amounts.substr(0, colon), account.amount.value)) return wrong;
  if (colon < amounts.size() && !number(amounts.substr(colon + 1), account.staked.value))
    return wrong;
  account.account = AccountId{*key};
  return account;
}

}  // namespace assay::node
