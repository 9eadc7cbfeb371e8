// The program as a script sees it: exit codes, and what goes to which stream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>

#include "assay/codec/json.hpp"
#include "assay/host/read_file.hpp"
#include "assay/protocol/block.hpp"
#include "assay/protocol/payloads.hpp"
#include "support/temporary_folder.hpp"
#include "support/toy_evidence.hpp"

namespace assay {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

struct Ran {
  int exit_code = -1;
  std::string out;
  std::string err;
};

class AssayProgram : public testing::Test {
 protected:
  // Runs it with the folder as its working directory.
  Ran run(const std::string& arguments, const std::string& environment = "") {
    const std::string command = "cd '" + m_folder.path().string() + "' && " + environment +
                                " '" ASSAY_PROGRAM "' " + arguments + " 2> stderr.txt";
    Ran ran;
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return ran;
    char buffer[4096];
    for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
      ran.out.append(buffer, n);
    const int status = ::pclose(pipe);
    ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    const Bytes err = *host::read_file(path("stderr.txt"), 1 << 20);
    ran.err.assign(err.begin(), err.end());
    return ran;
  }
  std::filesystem::path path(const char* name) const { return m_folder.path() / name; }
  void write(const char* name, ByteView bytes) { ASSERT_TRUE(host::write_file(path(name), bytes)); }

  test::TemporaryFolder m_folder;
};

TEST_F(AssayProgram, MakesShowsAndChecksKeys) {
  const std::string make = "keys new key.json --scrypt-n 2 --description mine";
  const Ran none = run(make, "env -u ASSAY_PASSWORD");
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("ASSAY_PASSWORD"));
  ASSERT_TRUE(host::write_secret_file(path("pw"), as_bytes("correct horse\n")));
  const Ran made = run(make + " --password-file pw");
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, MatchesRegex("[0-9a-f]{64}\n"));
  EXPECT_EQ(run("keys show key.json").out, made.out);
  EXPECT_EQ(run("keys check key.json --password-file pw").out, made.out);
  EXPECT_EQ(run("keys check key.json", "ASSAY_PASSWORD='correct horse'").out, made.out);
  EXPECT_EQ(run("keys check key.json", "ASSAY_PASSWORD=wrong").exit_code, 4);
  EXPECT_EQ(run(make + " --password-file pw").exit_code, 2);  // never overwritten
  EXPECT_EQ(run("keys show key.json").out, made.out);
  EXPECT_EQ(run("keys show none.json").exit_code, 1);
  ASSERT_EQ(::chmod(path("key.json").c_str(), 0644), 0);
  const Ran open_to_all = run("keys check key.json --password-file pw");
  EXPECT_EQ(open_to_all.exit_code, 5);
  EXPECT_THAT(open_to_all.err, HasSubstr("chmod 600 key.json"));
  EXPECT_EQ(open_to_all.out, "");
}

TEST_F(AssayProgram, AuditsEvidence) {
  dispute::Evidence evidence =
      toy::evidence_against({toy::Lie::Kind::kNode, false, 17, 14, 70, 0x40000000}, 1);
  const Bytes file = dispute::write_evidence(evidence);
  write("evidence", file);
  const Ran text = run("audit evidence");
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("CONVICTED: "));
  const Ran ran = run("audit evidence --json");
  EXPECT_EQ(ran.exit_code, 0);
  const codec::Json json = *codec::parse_json(ran.out);
  EXPECT_EQ(*codec::JsonRef(json)["convicted"].hash(), toy::keys().defender.public_key());

  write("cut", ByteView(file).first(file.size() - 1));
  EXPECT_EQ(run("audit cut").exit_code, 4);
  EXPECT_EQ(run("audit cut --json").exit_code, 4);
  Bytes changed = file;
  changed[file.size() / 2] ^= 1;
  write("changed", changed);
  EXPECT_EQ(run("audit changed").exit_code, 4);
  evidence.moves.pop_back();
  write("unfinished", dispute::write_evidence(evidence));
  const Ran unfinished = run("audit unfinished");
  EXPECT_EQ(unfinished.exit_code, 1);
  EXPECT_THAT(unfinished.out, HasSubstr("PROVES NOTHING"));
  EXPECT_EQ(run("audit nowhere").exit_code, 2);
  EXPECT_EQ(run("audit evidence --program cut").exit_code, 2);
}

// What it prints is what award_quote takes: signed by the key's account, for the chain of the
// record.
TEST_F(AssayProgram, SignsQuotes) {
  ASSERT_TRUE(host::write_secret_file(path("pw"), as_bytes("correct horse\n")));
  const std::string key = run("keys new key.json --scrypt-n 2 --password-file pw").out;
  protocol::Genesis genesis;
  genesis.name = "test";
  genesis.operator_key = *hash_from_hex(std::string(64, '7'));
  write("genesis.bin", encode(genesis));
  std::string text;
  for (int i = 0; i < 20; ++i) text += "the cat sat on the mat and the dog sat on the cat. ";
  write("text", as_bytes(text));
  write("model.toml", as_bytes("[model]\nfamily = 'llama'\nlayers = 1\nwidth = 16\nheads = 4\n"
                               "key_heads = 2\nsequence = 8\n[training]\nsteps = 8\nbatch = 2\n"));
  const std::string quote =
      "quote model.toml --text text --interval 2 --seconds 0 --threads 1 --json --sign "
      "--password-file pw --price 30 ";
  const Ran endless = run(quote + "--id " + std::string(32, '5'));
  EXPECT_EQ(endless.exit_code, 2);
  EXPECT_THAT(endless.err, HasSubstr("--valid-until"));
  EXPECT_EQ(run(quote + "--valid-until 90 --id 12").exit_code, 2);
  const Ran ran = run(quote + "--valid-until 90 --id " + std::string(32, '5'));
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const codec::Json json = *codec::parse_json(ran.out);
  const codec::JsonRef sealed = codec::JsonRef(json)["signed"];
  const Bytes bytes = *sealed["quote"].hex();
  codec::Reader reader(bytes);
  protocol::Quote read_back;
  read(reader, read_back);
  ASSERT_TRUE(reader.finish());
  EXPECT_EQ(to_hex(read_back.solver.value) + "\n", key);
  EXPECT_EQ(read_back.price, Amount{30'000'000});
  EXPECT_EQ(read_back.valid_until, Height{90});
  const Bytes signature = *sealed["signature"].hex();
  ASSERT_EQ(signature.size(), 64u);
  const auto signs = [&](const ChainId& chain) {
    return crypto::ed25519_verify(
        read_back.solver.value, protocol::quote_digest(chain, read_back).view(), signature.data());
  };
  EXPECT_TRUE(signs(protocol::chain_id_of(genesis)));
  genesis.name = "other";
  EXPECT_FALSE(signs(protocol::chain_id_of(genesis)));
}

TEST_F(AssayProgram, ChecksVerdicts) {
  protocol::Genesis genesis;
  genesis.name = "test";
  write("genesis.bin", encode(genesis));
  write("claim.proof", as_bytes("{}"));
  EXPECT_EQ(run("verdict claim.proof").exit_code, 4);
  EXPECT_EQ(run("verdict none.proof").exit_code, 2);
  EXPECT_EQ(run("verdict claim.proof --genesis none").exit_code, 2);
}

TEST_F(AssayProgram, MeasuresTheOverheadOfProofs) {
  const Ran ran = run("bench overhead --quick --folder out/deep");
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Roots while training"));
  EXPECT_THAT(ran.out, HasSubstr("Replays and disputes"));
  const auto text_of = [&](const char* name) {
    const Bytes bytes = *host::read_file(path("out/deep") / name, 1 << 20);
    return std::string(bytes.begin(), bytes.end());
  };
  const codec::Json json = *codec::parse_json(text_of("overhead.json"));
  const auto rows = *codec::JsonRef(json)["rows"].items();
  ASSERT_EQ(rows.size(), 2U);
  for (const codec::JsonRef& row : rows) {
    EXPECT_GT(*row["step_ms"].number(), 0);
    EXPECT_GT(*row["root_share"]["median"].number(), 0);
    EXPECT_GT(*row["replay_s"].number(), 0);
    EXPECT_GT(*row["dispute"]["moves"].u64(), 4U);
    EXPECT_GT(*row["dispute"]["ledger_bytes"].u64(), *row["dispute"]["move_bytes"].u64());
    EXPECT_GT(*row["checkpoint_bytes"].u64(), *row["state_bytes"].u64());
  }
  const std::string csv = text_of("overhead.csv");
  EXPECT_EQ(std::ranges::count(csv, '\n'), 3);
  EXPECT_THAT(text_of("overhead.svg"), HasSubstr("</svg>"));
}

TEST_F(AssayProgram, RefusesToMeasureWhatMakesNoSense) {
  const std::pair<const char*, const char*> mistakes[] = {
      {"--models perceptron", "mlp, cnn, gpt-small, gpt-medium"},
      {"--intervals 0", "--intervals must be 1"},
      {"--intervals ten", "ten"},
      {"--threads 0", "--threads must be 1"},
      {"--pairs 0", "--pairs must be 1"},
      {"--seconds-each -1", "--seconds-each"},
  };
  for (const auto& [options, complaint] : mistakes) {
    const Ran ran = run(std::string("bench overhead ") + options);
    EXPECT_EQ(ran.exit_code, 2) << options;
    EXPECT_THAT(ran.err, HasSubstr(complaint)) << options;
    EXPECT_FALSE(std::filesystem::exists(path("overhead"))) << options;
  }
  write("file", as_bytes("not a folder"));
  const Ran ran = run("bench overhead --quick --folder file/in");
  EXPECT_EQ(ran.exit_code, 5);
  EXPECT_THAT(ran.err, HasSubstr("file/in"));
}

TEST_F(AssayProgram, TellsHowItIsUsed) {
  EXPECT_EQ(run("--version").exit_code, 0);
  EXPECT_THAT(run("audit --help").out, HasSubstr("assay audit game.evidence"));
  EXPECT_EQ(run("").exit_code, 2);
  EXPECT_EQ(run("keys").exit_code, 2);
  EXPECT_EQ(run("audit").exit_code, 2);
  const Ran mistake = run("audit evidence --jsn");
  EXPECT_EQ(mistake.exit_code, 2);
  EXPECT_THAT(mistake.err, HasSubstr("--jsn"));
}

}  // namespace
}  // namespace assay
