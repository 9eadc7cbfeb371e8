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
  const std::string share_key = to_hex(made.share_key), share_proof = to_hex(made.share_proof);
  if (settings.for_genesis)
    std::printf("key = \"%s\"\nshare_key = \"%s\"\nshare_proof = \"%s\"\n",
                to_hex(made.key).c_str(), share_key.c_str(), share_proof.c_str());
  else
    std::printf("--validator %s --possession %s --share-key %s --share-proof %s\n",
                to_hex(made.key).c_str(), to_hex(made.signature).c_str(), share_key.c_str(),
                share_proof.c_str());
  return {};
}

}  // namespace

Result<Possession> make_possession(const PossessionSettings& settings) {
  PartySettings party;
  party.home = settings.home;
  ChainId chain;
  if (!settings.for_genesis) {
    ASSAY_TRY(const protocol::Genesis genesis, read_party_genesis(party));
    chain = chain_id_of(genesis);
  }
  ASSAY_TRY(const Hash256 account,
            host::key_file_public_key(path_or({}, settings.home, "key.json")));
  ASSAY_TRY(const Bytes file, host::read_file(settings.comet_key, kCometKeyBytesMax));
  const auto json = codec::parse_json({reinterpret_cast<const char*>(file.data()), file.size()});
  if (!json) return with_context(json.error(), settings.comet_key);
  const auto key = comet::signing_key_of(*json);
  if (!key) return with_context(key.error(), settings.comet_key);
  const Hash256 digest = protocol::possession_digest(chain, AccountId(account));
  ASSAY_TRY(const std::string password,
            read_home_password(settings.home, settings.share_password_file));
  ASSAY_TRY(
      const crypto::VrfKey share,
      host::open_share_key_file(path_or(settings.share_key, settings.home, "key.json"), password));
  return Possession{key->public_key(), key->sign(digest.view()), share.public_key(),
                    prove_share_key(share, chain, AccountId(account), key->public_key())};
}

crypto::VrfProof prove_share_key(const crypto::VrfKey& key, const ChainId& chain,
                                 const AccountId& account, const Hash256& validator) {
  const Hash256 digest =
      protocol::share_possession_digest(chain, account, protocol::validator_address(validator));
  return key.prove(digest.view());
}

void add_possession_command(Command& root, PossessionSettings& settings) {
  root.subcommand("possession",
                  "Show that a CometBFT's key and a share key are behind one's account")
      .option("comet-key", settings.comet_key, "CometBFT's priv_validator_key.json, on its host")
      .option("home", settings.home, "of the account: key.json and genesis.bin")
      .option("share-key", settings.share_key,
              "key file of the shares of the beacon; without it, the account's own")
      .option("share-password-file", settings.share_password_file,
              "its password's file; without it, ASSAY_PASSWORD or `password` in the home")
      .flag("for-genesis", settings.for_genesis,
            "print lines of a genesis record's [[validators]] instead")
      .examples(
          "  assay send bond-validator --home operator --tokens 1000 \\\n"
          "    $(assay possession --home operator --comet-key "
          "comet/config/priv_validator_key.json)")
      .action([&settings] { return print_possession(settings); });
}

}  // namespace assay::cli
