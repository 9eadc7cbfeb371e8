// How a validator by stake comes onto a ledger: genesis records, local networks, proofs of
// possession.
#include <gtest/gtest.h>

#include "assay/cli/devnet.hpp"
#include "assay/cli/genesis_file.hpp"
#include "assay/cli/possession.hpp"
#include "assay/host/read_file.hpp"
#include "assay/node/home.hpp"
#include "assay/node/replicated_ledger.hpp"
#include "support/share_keys.hpp"
#include "support/temporary_folder.hpp"

namespace assay::cli {
namespace {

const std::string kKey(64, '7');
const std::string kOther(64, '3');

Result<protocol::Genesis> genesis_of(const std::string& more) {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "genesis.toml";
  EXPECT_TRUE(host::write_file(path, as_bytes("name = \"x\"\n" + more)));
  return read_genesis_toml(path, 5);
}
std::string validator(const std::string& key, const std::string& rest = "tokens = 100") {
  const crypto::VrfKey share = test::share_key(static_cast<unsigned>(key[0]));
  const crypto::VrfProof proof = prove_share_key(
      share, ChainId{}, AccountId{*hash_from_hex(std::string(64, '1'))}, *hash_from_hex(key));
  return "[[validators]]\naccount = \"" + std::string(64, '1') + "\"\nkey = \"" + key +
         "\"\nshare_key = \"" + to_hex(share.public_key()) + "\"\nshare_proof = \"" +
         to_hex(proof) + "\"\n" + rest + "\n";
}

TEST(GenesisToml, NamesValidatorsInOrderAndTheirHash) {
  const auto genesis =
      genesis_of("replicated = true\n" + validator(kKey) + validator(kOther, "atoms = 200000000"));
  ASSERT_TRUE(genesis) << genesis.error().message;
  ASSERT_EQ(genesis->validators.size(), 2u);
  EXPECT_EQ(to_hex(genesis->validators[0].key), kOther);
  EXPECT_EQ(genesis->validators[0].stake.value, 200 * kAtomsPerToken);
  EXPECT_EQ(genesis->validators_hash, node::first_validators_hash(*genesis));
  const auto summary = check_genesis(*genesis);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->issued_atoms, 300 * kAtomsPerToken);
  EXPECT_NE(describe(*genesis, *summary, true).find(kKey), std::string::npos);
}

TEST(GenesisToml, RefusesValidatorsThatCannotBe) {
  const auto refused = [](const std::string& text) {
    const auto genesis = genesis_of(text);
    return !genesis || !check_genesis(*genesis);
  };
  EXPECT_FALSE(refused("replicated = true\n" + validator(kKey)));
  EXPECT_TRUE(refused("operator = \"" + kOther + "\"\n" + validator(kKey)));
  EXPECT_TRUE(refused("replicated = true\n" + validator(kKey) + validator(kKey)));
  EXPECT_TRUE(refused("replicated = true\n" + validator(kKey, "tokens = 99")));
  EXPECT_TRUE(refused("replicated = true\n" + validator(kKey, "staked_tokens = 100")));
  EXPECT_TRUE(refused("replicated = true\nvalidators = 3\n"));
  EXPECT_FALSE(refused("replicated = true\nshare_window_ms = 5000\n" + validator(kKey)));
  EXPECT_TRUE(refused("replicated = true\nshare_window_ms = 0\n" + validator(kKey)));
  EXPECT_TRUE(refused("replicated = true\nshare_window_ms = 5000\n"));
  std::string another = validator(kKey);  // a share key that is not the account's
  another.replace(another.find(std::string(64, '1')), 64, std::string(64, '2'));
  EXPECT_TRUE(refused("replicated = true\n" + another));
}

DevnetSettings devnet(const std::filesystem::path& folder) {
  DevnetSettings settings;
  settings.folder = folder;
  settings.validators = 1;
  settings.parties = {{"operator-1", 10, 0}};
  settings.stakes = {parse_stake("operator-1=" + kKey + ":500").value()};
  return settings;
}

TEST(Devnet, PutsStakesBehindValidators) {
  const test::TemporaryFolder folder;
  const auto accounts = make_devnet(devnet(folder.path() / "net"));
  ASSERT_TRUE(accounts) << accounts.error().message;
  const auto home = node::read_home(folder.path() / "net" / "validator-1");
  ASSERT_TRUE(home);
  ASSERT_EQ(home->genesis.validators.size(), 1u);
  EXPECT_EQ(home->genesis.validators[0].account, accounts->at(0).id);
  EXPECT_EQ(home->genesis.validators[0].stake.value, 500 * kAtomsPerToken);

  DevnetSettings nobody = devnet(folder.path() / "nobody");
  nobody.stakes[0].party = "operator-2";
  EXPECT_EQ(make_devnet(nobody).error().code, ErrorCode::kInvalidArgument);
  DevnetSettings embedded = devnet(folder.path() / "embedded");
  embedded.validators = 0;
  EXPECT_EQ(make_devnet(embedded).error().code, ErrorCode::kInvalidArgument);
  for (const char* wrong : {"", "x", "x=1:2", "operator-1=5", ":=", "x:5=7"})
    EXPECT_EQ(parse_stake(wrong).error().code, ErrorCode::kInvalidArgument) << wrong;
}

// What `possession` makes is what bond_validator asks for.
TEST(Possession, IsSignedByCometsKeyForTheAccountOfTheHome) {
  const test::TemporaryFolder folder;
  const auto accounts = make_devnet(devnet(folder.path() / "net"));
  ASSERT_TRUE(accounts);
  PossessionSettings settings;
  settings.home = (folder.path() / "net" / "operator-1").string();
  settings.comet_key = (folder.path() / "priv_validator_key.json").string();
  EXPECT_FALSE(make_possession(settings));
  // RFC 8032, section 7.1, test 1.
  ASSERT_TRUE(host::write_file(
      settings.comet_key,
      as_bytes("{\"priv_key\": {\"type\": \"tendermint/PrivKeyEd25519\", \"value\": "
               "\"nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/"
               "tPJZAc6DuFy89qmIyWvAhpo9wdRGg==\"}}")));
  const auto made = make_possession(settings);
  ASSERT_TRUE(made) << made.error().message;
  const auto home = node::read_home(folder.path() / "net" / "validator-1");
  const Hash256 digest =
      protocol::possession_digest(chain_id_of(home->genesis), accounts->at(0).id);
  EXPECT_TRUE(crypto::ed25519_verify(made->key, digest.view(), made->signature.data()));
  const Hash256 shared = protocol::share_possession_digest(
      chain_id_of(home->genesis), accounts->at(0).id, protocol::validator_address(made->key));
  EXPECT_TRUE(crypto::vrf_verify(made->share_key, shared.view(), made->share_proof));
  EXPECT_EQ(made->share_key, home->genesis.validators[0].share_key);
  settings.for_genesis = true;
  EXPECT_NE(make_possession(settings)->share_proof, made->share_proof);
  EXPECT_EQ(to_hex(made->key), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
}

}  // namespace
}  // namespace assay::cli
