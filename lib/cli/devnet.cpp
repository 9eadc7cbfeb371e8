#include "assay/cli/devnet.hpp"

#include <algorithm>
#include <charconv>

#include "assay/core/checked.hpp"
#include "assay/crypto/random.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/key_file.hpp"
#include "assay/host/read_file.hpp"
#include "assay/node/certificates.hpp"
#include "assay/node/home.hpp"

namespace assay::cli {

namespace {

// The password lies beside the key, so a slow derivation would protect nothing.
constexpr std::uint64_t kDevnetScryptN = 1024;

bool is_party_name(const std::string& name) {
  return !name.empty() && name.size() <= 32 && name != "ledger" && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.';
         });
}

Result<std::uint64_t> parse_tokens(std::string_view text, const std::string& whole) {
  std::uint64_t tokens = 0, atoms = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), tokens);
  if (failure != std::errc() || end != text.data() + text.size() ||
      !checked_mul(tokens, kAtomsPerToken, atoms))
    return {ErrorCode::kInvalidArgument,
            "'" + whole + "' is not NAME=TOKENS or NAME=TOKENS:STAKED"};
  return tokens;
}

// Makes FOLDER with a password and returns it.
Result<std::string> make_password(const std::filesystem::path& folder, Rng& rng) {
  ASSAY_TRY_STATUS(node::make_private_folder(folder));
  std::array<std::uint8_t, 16> random;
  rng.fill(random);
  const std::string password = to_hex(random);
  ASSAY_TRY_STATUS(host::write_secret_file(folder / "password", as_bytes(password + "\n")));
  return password;
}

}  // namespace

Result<DevnetParty> parse_party(const std::string& text) {
  DevnetParty party;
  const std::size_t equals = text.find('=');
  party.name = text.substr(0, equals);
  if (!is_party_name(party.name))
    return {
        ErrorCode::kInvalidArgument,
        "'" + party.name + "' is no name for a party: 1 to 32 of a-z 0-9 - _ . and not 'ledger'"};
  if (equals == std::string::npos) return party;
  const std::string_view amounts = std::string_view(text).substr(equals + 1);
  const std::size_t colon = amounts.find(':');
  ASSAY_TRY(party.balance_tokens, parse_tokens(amounts.substr(0, colon), text));
  if (colon != std::string_view::npos) {
    ASSAY_TRY(party.staked_tokens, parse_tokens(amounts.substr(colon + 1), text));
  }
  return party;
}

Result<std::vector<DevnetAccount>> make_devnet(const DevnetSettings& settings) {
  std::error_code failure;
  if (std::filesystem::exists(settings.folder, failure) &&
      !std::filesystem::is_empty(settings.folder, failure))
    return {ErrorCode::kAlreadyExists,
            settings.folder.string() + " is not empty: name another folder"};
  ASSAY_TRY_STATUS(node::make_private_folder(settings.folder));
  const host::SystemClock clock;
  crypto::SystemRng rng;
  const std::filesystem::path ledger = settings.folder / "ledger";

  node::HomeOptions home;
  home.home = ledger;
  home.chain_name = settings.chain;
  home.scrypt_n = kDevnetScryptN;
  std::vector<DevnetAccount> accounts;
  for (const DevnetParty& party : settings.parties) {
    const std::filesystem::path folder = settings.folder / party.name;
    ASSAY_TRY(const std::string password, make_password(folder, rng));
    crypto::KeystoreOptions options;
    options.scrypt_n = kDevnetScryptN;
    options.description = "assay devnet " + party.name;
    ASSAY_TRY(const Hash256 key,
              host::create_key_file(folder / "key.json", password, rng, options));
    home.accounts.push_back({AccountId(key), Amount(party.balance_tokens * kAtomsPerToken),
                             Amount(party.staked_tokens * kAtomsPerToken)});
    accounts.push_back({party.name, AccountId(key)});
  }
  ASSAY_TRY(home.password, make_password(ledger, rng));
  ASSAY_TRY_STATUS(node::init_home(home, clock, rng));
  for (const DevnetAccount& account : accounts)
    if (const auto issued =
            node::issue_party_certificate(ledger, settings.folder / account.name, account.name,
                                          {"127.0.0.1", "localhost"}, clock);
        !issued)
      return issued.error();
  return accounts;
}

}  // namespace assay::cli
