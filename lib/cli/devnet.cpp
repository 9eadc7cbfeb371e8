#include "assay/cli/devnet.hpp"

#include <algorithm>
#include <charconv>

#include "assay/cli/genesis_file.hpp"
#include "assay/cli/possession.hpp"
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
constexpr std::uint64_t kMaxPemBytes = std::uint64_t{64} << 10;

constexpr char kValidator[] = "validator-";

bool is_party_name(const std::string& name) {
  return !name.empty() && name.size() <= 32 && name != "ledger" && name.front() != '.' &&
         !name.starts_with(kValidator) && std::all_of(name.begin(), name.end(), [](char c) {
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
    return {ErrorCode::kInvalidArgument,
            "'" + party.name +
                "' is no name for a party: 1 to 32 of a-z 0-9 - _ . and not "
                "'ledger' or 'validator-...'"};
  if (equals == std::string::npos) return party;
  const std::string_view amounts = std::string_view(text).substr(equals + 1);
  const std::size_t colon = amounts.find(':');
  ASSAY_TRY(party.balance_tokens, parse_tokens(amounts.substr(0, colon), text));
  if (colon != std::string_view::npos) {
    ASSAY_TRY(party.staked_tokens, parse_tokens(amounts.substr(colon + 1), text));
  }
  return party;
}

Result<DevnetStake> parse_stake(const std::string& text) {
  DevnetStake stake;
  const std::size_t equals = text.find('=');
  const std::size_t colon = text.find(':');
  const bool is_form = equals < colon && colon != std::string::npos;
  const auto key = hash_from_hex(is_form ? text.substr(equals + 1, colon - equals - 1) : "");
  if (!key)
    return {ErrorCode::kInvalidArgument,
            "'" + text + "' is not PARTY=KEY:TOKENS, a key of 64 hexadecimal digits"};
  stake.party = text.substr(0, equals);
  stake.key = *key;
  ASSAY_TRY(stake.tokens, parse_tokens(std::string_view(text).substr(colon + 1), text));
  return stake;
}

namespace {

// The first validators by stake.
Result<std::vector<protocol::GenesisValidator>> read_stakes(
    const DevnetSettings& settings, const std::vector<DevnetAccount>& accounts) {
  std::vector<protocol::GenesisValidator> found;
  for (const DevnetStake& stake : settings.stakes) {
    const auto owner =
        std::find_if(accounts.begin(), accounts.end(),
                     [&](const DevnetAccount& account) { return account.name == stake.party; });
    if (owner == accounts.end())
      return {ErrorCode::kInvalidArgument, "there is no party '" + stake.party + "'"};
    // Its shares of the beacon are made with the party's key file.
    const std::filesystem::path folder = settings.folder / stake.party;
    ASSAY_TRY(const std::string password, host::read_password({.file = folder / "password"}));
    ASSAY_TRY(const crypto::VrfKey share, host::open_share_key_file(folder / "key.json", password));
    found.push_back({owner->id, stake.key, Amount(stake.tokens * kAtomsPerToken),
                     share.public_key(), prove_share_key(share, ChainId{}, owner->id, stake.key)});
  }
  return found;
}

// The key of each party, in a folder of its own, and what it begins with.
Result<std::vector<DevnetAccount>> make_keys(const DevnetSettings& settings, Rng& rng,
                                             std::vector<protocol::GenesisAccount>& begin) {
  std::vector<DevnetAccount> accounts;
  for (const DevnetParty& party : settings.parties) {
    const std::filesystem::path folder = settings.folder / party.name;
    ASSAY_TRY(const std::string password, make_password(folder, rng));
    crypto::KeystoreOptions options;
    options.scrypt_n = kDevnetScryptN;
    options.description = "assay devnet " + party.name;
    ASSAY_TRY(const Hash256 key,
              host::create_key_file(folder / "key.json", password, rng, options));
    begin.push_back({AccountId(key), Amount(party.balance_tokens * kAtomsPerToken),
                     Amount(party.staked_tokens * kAtomsPerToken)});
    accounts.push_back({party.name, AccountId(key)});
  }
  return accounts;
}

// The homes of the ledger's nodes.
Result<std::vector<std::filesystem::path>> make_homes(
    const DevnetSettings& settings, const std::vector<protocol::GenesisAccount>& begin,
    std::vector<protocol::GenesisValidator> stakes, const Clock& clock, Rng& rng) {
  node::HomeOptions home;
  home.chain_name = settings.chain;
  home.scrypt_n = kDevnetScryptN;
  if (settings.validators == 0) {
    home.home = settings.folder / "ledger";
    home.accounts = begin;
    ASSAY_TRY(home.password, make_password(home.home, rng));
    ASSAY_TRY_STATUS(node::init_home(home, clock, rng));
    return std::vector{home.home};
  }
  protocol::Genesis genesis;
  genesis.name = settings.chain;
  genesis.time_ms = clock.unix_ms();
  if (!stakes.empty()) {
    ASSAY_TRY(genesis, with_validators(std::move(genesis), std::move(stakes)));
    if (settings.share_window_ms != 0) genesis.share_window_ms = settings.share_window_ms;
  }
  ASSAY_TRY(home.genesis, with_accounts(std::move(genesis), begin));
  std::vector<std::filesystem::path> homes;
  for (std::uint64_t number = 1; number <= settings.validators; ++number) {
    home.home = settings.folder / (kValidator + std::to_string(number));
    ASSAY_TRY_STATUS(node::init_home(home, clock, rng));
    homes.push_back(home.home);
  }
  return homes;
}

// What the certificates of all of them lead to.
Result<Bytes> read_authorities(const std::vector<std::filesystem::path>& homes) {
  Bytes all;
  for (const std::filesystem::path& home : homes) {
    ASSAY_TRY(const Bytes one, host::read_file(node::authority_path(home), kMaxPemBytes));
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

}  // namespace

Result<std::vector<DevnetAccount>> make_devnet(const DevnetSettings& settings) {
  if (settings.validators == 0 && !settings.stakes.empty())
    return {ErrorCode::kInvalidArgument, "only a ledger of validators has stakes of theirs"};
  if (settings.validators > kDevnetValidatorsMax)
    return {ErrorCode::kInvalidArgument,
            "a local network has at most " + std::to_string(kDevnetValidatorsMax) + " validators"};
  std::error_code failure;
  if (std::filesystem::exists(settings.folder, failure) &&
      !std::filesystem::is_empty(settings.folder, failure))
    return {ErrorCode::kAlreadyExists,
            settings.folder.string() + " is not empty: name another folder"};
  ASSAY_TRY_STATUS(node::make_private_folder(settings.folder));
  const host::SystemClock clock;
  crypto::SystemRng rng;
  std::vector<protocol::GenesisAccount> begin;
  ASSAY_TRY(const auto accounts, make_keys(settings, rng, begin));
  ASSAY_TRY(auto stakes, read_stakes(settings, accounts));
  ASSAY_TRY(const auto homes, make_homes(settings, begin, std::move(stakes), clock, rng));
  ASSAY_TRY(const Bytes authorities, read_authorities(homes));
  for (const DevnetAccount& account : accounts) {
    const std::filesystem::path folder = settings.folder / account.name;
    ASSAY_TRY_STATUS(node::issue_party_certificate(homes.front(), folder, account.name,
                                                   {"127.0.0.1", "localhost"}, clock));
    ASSAY_TRY_STATUS(host::write_file(folder / "authority.pem", authorities));
  }
  return accounts;
}

}  // namespace assay::cli
