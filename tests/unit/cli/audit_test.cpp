#include "assay/cli/audit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/host/read_file.hpp"
#include "support/temporary_folder.hpp"
#include "support/toy_evidence.hpp"

namespace assay::cli {
namespace {

using dispute::EvidenceVerdict;
using testing::HasSubstr;
using testing::Not;

constexpr toy::Lie kMatMulLie{toy::Lie::Kind::kNode, false, 17, 14, 70, 0x40000000};

Bytes conviction() { return dispute::write_evidence(toy::evidence_against(kMatMulLie, 1)); }

Audit audited(ByteView file) { return *audit_evidence(file); }

TEST(Audit, TellsWhereAFalseClaimPartsFromTheTruth) {
  const Audit audit = audited(conviction());
  EXPECT_EQ(audit.exit_code, ExitCode::kOk);
  const std::string liar = to_hex(toy::keys().defender.public_key());
  for (const std::string& words :
       {std::string("entry 1 of the transcript: steps 0 to 18"), std::string("step 17"),
        std::string("node 14 of 40, matmul"), std::string("[2, 10] (number 70 of 240, f32)"),
        std::string("of 40\n"), std::string("PROVEN: the signed claim is false: it claims 0x"),
        "CONVICTED: " + liar + ", who signed the claim (the defender)."})
    EXPECT_THAT(audit.text, HasSubstr(words));
  const codec::JsonRef json(audit.json);
  EXPECT_EQ(*json["verdict"].string(), "proven");
  EXPECT_EQ(*json["convicts"].boolean(), true);
  EXPECT_EQ(*json["convicted"].string(), liar);
  EXPECT_EQ(*json["convicted_role"].string(), "defender");
  EXPECT_EQ(*json["place"]["node"].u64(), 14u);
  EXPECT_EQ(*json["place"]["operator"].string(), "matmul");
  EXPECT_EQ(*json["place"]["step_agreed"].u64(), 17u);
  EXPECT_EQ(*json["place"]["coordinates"].string(), "[2, 10]");
  EXPECT_EQ(*json["place"]["fold_disputed"].u64(), *json["place"]["fold_agreed"].u64() + 1);
  // Both values, in both bases: the lie flipped one bit of the right one.
  const auto bits = [&](const char* name) {
    return std::stoul(json[name].string()->substr(2, 8), nullptr, 16);
  };
  EXPECT_EQ(bits("claimed") ^ bits("computed"), 0x40000000u);
  EXPECT_THAT(audit.text, HasSubstr("claimed     " + *json["claimed"].string()));
  EXPECT_THAT(audit.text, HasSubstr("computed    " + *json["computed"].string()));
}

TEST(Audit, ConvictsWhoeverDisputesATrueClaim) {
  const Audit audit = audited(dispute::write_evidence(toy::evidence_of_blind_challenge(1, 7)));
  EXPECT_EQ(audit.exit_code, ExitCode::kOk);
  EXPECT_THAT(audit.text, HasSubstr("PROVEN: the claim was disputed without ground: "));
  EXPECT_THAT(audit.text, HasSubstr("CONVICTED: " + to_hex(toy::keys().challenger.public_key()) +
                                    ", who disputed it (the challenger)."));
  EXPECT_EQ(*codec::JsonRef(audit.json)["convicted_role"].string(), "challenger");
}

TEST(Audit, TellsAFalseStateAndAFalseSource) {
  const toy::Lie state{toy::Lie::Kind::kState, false, 17, 2, 0, 1};
  EXPECT_THAT(audited(dispute::write_evidence(toy::evidence_against(state, 1))).text,
              HasSubstr("slot 2 of the claimed state is not the output of the node"));
  const toy::Lie source{toy::Lie::Kind::kNode, false, 17, 3, 5, 1};
  EXPECT_THAT(audited(dispute::write_evidence(toy::evidence_against(source, 1))).text,
              HasSubstr("the node reads data tensor 0, but its claimed output is another tensor"));
}

TEST(Audit, AGameThatStopsProvesNothing) {
  dispute::Evidence evidence = toy::evidence_against(kMatMulLie, 1);
  while (!evidence.moves.empty()) {
    evidence.moves.pop_back();
    const Audit audit = audited(dispute::write_evidence(evidence));
    ASSERT_EQ(audit.exit_code, ExitCode::kFailed);
    ASSERT_THAT(audit.text, HasSubstr("PROVES NOTHING"));
    ASSERT_THAT(audit.text, Not(HasSubstr("CONVICTED")));
    ASSERT_EQ(*codec::JsonRef(audit.json)["convicts"].boolean(), false);
  }
}

TEST(Audit, WhatWasCutOrChangedIsNoEvidence) {
  const Bytes file = conviction();
  for (std::size_t at = 0; at < file.size(); at += at < 600 ? 13 : 211) {
    const Audit cut = audited(ByteView(file).first(at));
    ASSERT_EQ(cut.exit_code, ExitCode::kIntegrity) << at;
    ASSERT_THAT(cut.text, HasSubstr("NOT EVIDENCE: "));
    Bytes changed = file;
    changed[at] ^= 1;
    const Audit audit = audited(changed);
    ASSERT_EQ(audit.exit_code, ExitCode::kIntegrity) << at << audit.text;
    ASSERT_THAT(audit.text, Not(HasSubstr("CONVICTED")));
    ASSERT_TRUE(audit.json.find("convicted")->is_null());
  }
  dispute::Evidence evidence = toy::evidence_against(kMatMulLie, 1);
  evidence.moves.at(2).signature[5] ^= 1;
  const Audit forged = audited(dispute::write_evidence(evidence));
  EXPECT_EQ(forged.exit_code, ExitCode::kIntegrity);
  EXPECT_THAT(forged.text, HasSubstr("NOT EVIDENCE: move 2 does not stand: wrong signature."));
  EXPECT_EQ(*codec::JsonRef(forged.json)["move_verdict"].string(), "wrong signature");
}

TEST(Audit, NamesNodesOfTheProgramAndNoOther) {
  const toy::Lie lie{toy::Lie::Kind::kNode, true, 0, 4, 33, 1};
  const Bytes file = dispute::write_evidence(toy::evidence_against(lie, 0));
  graph::Program program = toy::graph_program(toy::task().init);
  program.labels.assign(program.nodes.size(), "");
  program.labels[4] = "weights/initial\x1b[2J";
  const Audit audit = *audit_evidence(file, &program);
  EXPECT_EQ(audit.exit_code, ExitCode::kOk);
  EXPECT_THAT(audit.text, HasSubstr("weights/initial?[2J (node 4 of 9, sub)"));
  EXPECT_EQ(*codec::JsonRef(audit.json)["place"]["label"].string(), "weights/initial?[2J");
  EXPECT_THAT(audit.text, HasSubstr("the initial state, made by the init program from seed 5"));
  program.nodes[3].spec.attributes[0] ^= 1;
  EXPECT_EQ(audit_evidence(file, &program).error().code, ErrorCode::kInvalidArgument);
}

TEST(Audit, ReadsFiles) {
  const test::TemporaryFolder folder;
  const std::string path = (folder.path() / "evidence").string();
  const std::string program = (folder.path() / "program").string();
  ASSERT_TRUE(host::write_file(path, conviction()));
  EXPECT_EQ(audit_evidence_file(path)->exit_code, ExitCode::kOk);
  // A mistake in the names must not look like a judgement (exit codes 1 and 4).
  const auto exit_code = [](const Result<Audit>& audit) {
    return exit_code_of(audit.error().code);
  };
  EXPECT_EQ(exit_code(audit_evidence_file(path + "x")), ExitCode::kUsage);
  EXPECT_EQ(exit_code(audit_evidence_file(path, program)), ExitCode::kUsage);
  for (const char* text : {"", "no program", "\x01"}) {
    ASSERT_TRUE(host::write_file(program, as_bytes(text)));
    EXPECT_EQ(exit_code(audit_evidence_file(path, program)), ExitCode::kUsage) << text;
  }
  ASSERT_TRUE(host::write_file(path, Bytes(dispute::kMaxEvidenceBytes + 2)));
  const Audit too_long = *audit_evidence_file(path);
  EXPECT_EQ(too_long.exit_code, ExitCode::kIntegrity);
  EXPECT_EQ(too_long.report.verdict, EvidenceVerdict::kTooLong);
}

}  // namespace
}  // namespace assay::cli
