#include "assay/cli/possession.hpp"

#include <cstdio>

#include "assay/cli/party.hpp"
#include "assay/comet/rpc.hpp"
#include "assay/host/key_file.hpp"
#include "assay/host/read_file.hpp"

namespace assay::cli {

namespace {

constexpr std::uint64_t kCometKeyBytesMax = std::uint64_t{64} << 10;

Status print_possession(const PossessionSettings& settings) {
  ASSAY_TRY(const Possession made, make_possession(settings));
  std::printf("--validator %s --possession %s\n", to_hex(made.key).c_str(),
              to_hex(made.signature).c_str());
  return {};
}

}  // namespace

Result<Possession> make_possession(const PossessionSettings& settings) {
  PartySettings party;
  party.home = settings.home;
  ASSAY_TRY(const protocol::Genesis genesis, read_party_genesis(party));
  ASSAY_TRY(const Hash256 account,
            host::key_file_public_key(path_or({}, settings.home, "key.json")));
  ASSAY_TRY(const Bytes file, host::read_file(settings.comet_key, kCometKeyBytesMax));
  const auto json = codec::parse_json({reinterpret_cast<const char*>(file.data()), file.size()});
  if (!json) return with_context(json.error(), settings.comet_key);
  const auto key = comet::signing_key_of(*json);
  if (!key) return with_context(key.error(), settings.comet_key);
  const Hash256 digest = protocol::possession_digest(chain_id_of(genesis), AccountId(account));
  return Possession{key->public_key(), key->sign(digest.view())};
}

void add_possession_command(Command& root, PossessionSettings& settings) {
  root.subcommand("possession", "Show that a CometBFT's key is behind one's account")
      .option("comet-key", settings.comet_key, "CometBFT's priv_validator_key.json, on its host")
      .option("home", settings.home, "of the account: key.json and genesis.bin")
      .examples(
          "  assay send bond-validator --home operator --tokens 1000 \\\n"
          "    $(assay possession --home operator --comet-key "
          "comet/config/priv_validator_key.json)")
      .action([&settings] { return print_possession(settings); });
}

}  // namespace assay::cli
