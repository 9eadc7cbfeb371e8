#include "assay/cli/doctor.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "assay/cli/genesis_file.hpp"
#include "assay/cli/self_check.hpp"
#include "assay/host/read_file.hpp"
#include "support/temporary_folder.hpp"

namespace assay::cli {
namespace {

using testing::HasSubstr;

// The goldens are the reference execution's, so every kernel is held to the scalar definitions.
TEST(SelfCheck, EveryInstructionSetGivesTheRecordedBits) {
  SerialTaskPool pool;
  for (const numerics::Isa isa : numerics::kAllIsas) {
    if (!numerics::is_supported(isa)) continue;
    const auto found = run_self_checks(isa, pool);
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), self_check_goldens().size());
    for (std::size_t i = 0; i < found->size(); ++i) {
      const SelfCheck& golden = self_check_goldens()[i];
      EXPECT_EQ((*found)[i].family, golden.family);
      EXPECT_EQ(to_hex((*found)[i].programs), to_hex(golden.programs)) << golden.family;
      EXPECT_EQ(to_hex((*found)[i].state), to_hex(golden.state))
          << golden.family << " " << name_of(isa);
    }
  }
}

Health health_of(const std::vector<Finding>& findings, const std::string& check) {
  for (const Finding& finding : findings)
    if (finding.check == check) return finding.health;
  ADD_FAILURE() << "no check " << check;
  return Health::kFail;
}

TEST(Doctor, FindsOpenKeysChangedProgramsAndMissingFolders) {
  const test::TemporaryFolder folder;
  const std::string home = folder.path().string();
  ASSERT_TRUE(host::write_secret_file(folder.path() / "key.json", as_bytes("{}")));
  ASSERT_TRUE(host::write_secret_file(folder.path() / "password", as_bytes("x\n")));
  ASSERT_EQ(::chmod((home + "/password").c_str(), 0640), 0);
  ASSERT_TRUE(host::write_file(folder.path() / "authority.pem", as_bytes("no certificate")));
  DoctorSettings settings;
  settings.home = home;
  settings.program = home + "/key.json";
  // SHA-256 of "{}", by sha256sum.
  settings.program_sha256 = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
  const auto findings = run_doctor(settings);
  EXPECT_EQ(health_of(findings, "program"), Health::kOk);
  EXPECT_EQ(health_of(findings, "floating point"), Health::kOk);
  EXPECT_EQ(health_of(findings, "key.json"), Health::kOk);
  EXPECT_EQ(health_of(findings, "password"), Health::kFail);
  EXPECT_EQ(health_of(findings, "authority.pem"), Health::kFail);
  EXPECT_EQ(worst_of(findings), Health::kFail);
  EXPECT_THAT(table_of(findings), HasSubstr("chmod 600"));
  settings.program_sha256[0] = '5';
  settings.home = home + "/nowhere";
  const auto worse = run_doctor(settings);
  EXPECT_EQ(health_of(worse, "program"), Health::kFail);
  EXPECT_EQ(health_of(worse, "home"), Health::kFail);
  EXPECT_EQ(worst_of({}), Health::kOk);
}

TEST(GenesisFile, ReadsAccountsInAnyOrderAndRefusesMistakes) {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "genesis.toml";
  const auto read = [&](const std::string& text) {
    std::ofstream(path) << text;
    return read_genesis_toml(path, 77);
  };
  const std::string a(64, 'a'), b(64, 'b');
  const std::string head = "name = \"net\"\noperator = \"" + a + "\"\n";
  const auto made = read(head + "[[accounts]]\nid = \"" + b + "\"\ntokens = 2\natoms = 5\n" +
                         "[[accounts]]\nid = \"" + a + "\"\nstaked_tokens = 1\n");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->time_ms, 77u);
  ASSERT_EQ(made->accounts.size(), 2u);
  EXPECT_EQ(to_hex(made->accounts[0].account.value), a);
  EXPECT_EQ(made->accounts[0].staked.value, kAtomsPerToken);
  EXPECT_EQ(made->accounts[1].amount.value, 2 * kAtomsPerToken + 5);
  const auto summary = check_genesis(*made);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->issued_atoms, 3 * kAtomsPerToken + 5);
  EXPECT_EQ(summary->chain, chain_id_of(*made));
  EXPECT_THAT(describe(*made, *summary, true), HasSubstr(b));

  for (const std::string& bad :
       {std::string("operator = \"" + a + "\"\n"),
        "name = \"net\"\n" + std::string("operator = 1\n"), head + "what = 1\n",
        head + "accounts = 1\n", head + "[[accounts]]\ntokens = 1\n",
        head + "[[accounts]]\nid = \"" + b + "\"\ntokens = -1\n",
        head + "[[accounts]]\nid = \"" + b + "\"\ntokens = 9223372036854775807\n",
        head + "[[accounts]]\nid = \"" + b + "\"\n[[accounts]]\nid = \"" + b + "\"\n", head + "[[",
        head + "replicated = true\n", head + "replicated = 1\n",
        std::string("name = \"net\"\nreplicated = false\n")})
    EXPECT_EQ(read(bad).error().code, ErrorCode::kInvalidArgument) << bad;
  // CometBFT's validators order a record without an operator, under the id that it is shown with.
  const auto replicated = read("name = \"net\"\nreplicated = true\n");
  ASSERT_TRUE(replicated) << replicated.error().message;
  EXPECT_EQ(replicated->operator_key, Hash256{});
  const auto shown = check_genesis(*replicated);
  ASSERT_TRUE(shown);
  EXPECT_THAT(describe(*replicated, *shown, false),
              HasSubstr("CometBFT's chain " + to_hex(shown->chain.value).substr(0, 32)));

  // And it names them, if CometBFT's genesis file is at hand.
  const std::string bound = "name = \"net\"\nreplicated = true\ncomet_genesis = \"comet.json\"\n";
  EXPECT_EQ(read(bound).error().code, ErrorCode::kNotFound);
  const auto comet_file = [&](const std::string& text) {
    ASSERT_TRUE(host::write_file((folder.path() / "comet.json").string(), as_bytes(text)));
  };
  comet_file(
      "{\"validators\": [{\"address\": \"1DBCC50CC1A9C79806C86698E83B0A9551F84FFB\", \"pub_key\": "
      "{\"type\": \"tendermint/PubKeyEd25519\", \"value\": "
      "\"pxVGfF1TlnEn7EhINFCg+KZUKUCkdMcpl/0izpP/Sq0=\"}, \"power\": \"1\", \"name\": "
      "\"node0\"}]}");
  const auto with_validators = read(bound);
  ASSERT_TRUE(with_validators) << with_validators.error().message;
  EXPECT_NE(with_validators->validators_hash, Hash256{});
  EXPECT_NE(chain_id_of(*with_validators), chain_id_of(*replicated));
  EXPECT_THAT(describe(*with_validators, *check_genesis(*with_validators), false),
              HasSubstr("validators " + to_hex(with_validators->validators_hash)));
  EXPECT_EQ(read(head + "comet_genesis = \"comet.json\"\n").error().code,
            ErrorCode::kInvalidArgument);
  comet_file("{\"validators\": []}");
  EXPECT_EQ(read(bound).error().code, ErrorCode::kNotFound);
  comet_file("{");
  EXPECT_EQ(read(bound).error().code, ErrorCode::kMalformed);
}

}  // namespace
}  // namespace assay::cli
