#include "assay/cli/dispute_picture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/cli/audit.hpp"
#include "support/toy_evidence.hpp"

namespace assay::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr toy::Lie kMatMulLie{toy::Lie::Kind::kNode, false, 17, 14, 70, 0x40000000};

Audit audited(const dispute::Evidence& evidence) {
  return *audit_evidence(dispute::write_evidence(evidence));
}

// Of a lie in one matrix product: from the run to its element and the step of its fold.
TEST(DisputePicture, TheTreeLeadsFromTheRunToTheScalar) {
  const Audit audit = audited(toy::evidence_against(kMatMulLie, 1));
  ASSERT_TRUE(audit.story);
  const std::string tree = dispute_tree(*audit.story, audit.report.terms, audit.about);
  EXPECT_TRUE(tree.starts_with("About the transcript that the solver " +
                               to_hex(toy::keys().defender.public_key()) + " signed\n"))
      << tree;
  for (const char* words :
       {"transcript of 20 steps\n", "├─ part 1 of 3: agreed\n", "├─ part 3 of 3: not looked at\n",
        "└▶ part 2 of 3: entry 1: steps 0 to 18\n", "part 2 of 2: step 17\n", "node 14 (matmul)",
        "element [2, 10]", "fold step ", "claimed: 0x", "computed: 0x",
        "outcome: challenger wins, decided at the scalar\n"})
    EXPECT_THAT(tree, HasSubstr(words)) << tree;
  // Each level hangs below the one before, each part is in range, and all before it are agreed.
  for (const dispute::Narrowing& n : audit.story->narrowings) EXPECT_LT(n.chosen, n.parts);
  EXPECT_EQ(audit.story->end, audit.report.position);
}

// A game about a verifier's word says so, and whose it is.
TEST(DisputePicture, NamesTheAttestationAndItsAttestor) {
  const toy::World liar(toy::task(), kMatMulLie);
  const toy::Challenge made = toy::challenge(liar, 1, dispute::ClaimKind::kAttestation);
  toy::PlayOptions options;
  options.sign = true;
  const Audit audit =
      audited({made.terms, made.claim, toy::play(made.terms, liar, toy::truth(), options).moves});
  ASSERT_TRUE(audit.story);
  const std::string attestor = to_hex(made.terms.defender.value);
  const std::string about = "an attestation of entry 1 that the verifier " + attestor +
                            " signed: the state after step 18";
  EXPECT_THAT(dispute_tree(*audit.story, audit.report.terms, audit.about),
              HasSubstr("About " + about + "\n"));
  EXPECT_THAT(dispute_svg(*audit.story, audit.report.terms, audit.about), HasSubstr(about));
  EXPECT_THAT(audit.text, HasSubstr(about));
  EXPECT_THAT(audit.text, HasSubstr("PROVEN: the signed attestation is false: "));
  EXPECT_THAT(audit.text, HasSubstr(attestor + ", who signed the attestation (the defender)."));
  EXPECT_EQ(*codec::JsonRef(audit.json)["about"].string(), "attestation");
}

// Whoever moved for a party is told, and that the ledger has to say whether it might.
TEST(DisputePicture, AuditsNameDelegatesAndStrangers) {
  toy::PlayOptions options;
  options.by_delegates = true;
  options.strangers_open = true;
  const Audit audit = audited(toy::evidence_of(toy::World(toy::task(), kMatMulLie), 1, options));
  ASSERT_TRUE(audit.story);
  const std::string delegate = to_hex(toy::other_keys().defender_delegate.public_key());
  EXPECT_THAT(audit.text, HasSubstr("the defender's delegate " + delegate));
  EXPECT_THAT(audit.text, HasSubstr("strangers, who opened"));
  EXPECT_THAT(audit.moves, HasSubstr("(by its delegate)"));
  EXPECT_THAT(audit.moves, HasSubstr("(by a stranger)"));
  EXPECT_EQ(*codec::JsonRef(audit.json)["defender_delegate"].string(), delegate);
  EXPECT_THAT(audited(toy::evidence_against(kMatMulLie, 1)).text, Not(HasSubstr("moved too")));
}

TEST(DisputePicture, TheDrawingHasARowForEachNarrowing) {
  const Audit audit = audited(toy::evidence_against(kMatMulLie, 1));
  const std::string svg = dispute_svg(*audit.story, audit.report.terms, audit.about);
  EXPECT_TRUE(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"));
  std::size_t disputed = 0;
  for (std::size_t at = svg.find("#d55e00' stroke"); at != std::string::npos;
       at = svg.find("#d55e00' stroke", at + 1))
    ++disputed;
  EXPECT_EQ(disputed, audit.story->narrowings.size());
  EXPECT_THAT(svg, HasSubstr("part 2 of 2: step 17"));
}

// Whatever the lie, all of the game is told, and a label never brings markup or controls.
TEST(DisputePicture, TellsEveryGame) {
  for (const toy::Lie& lie : {kMatMulLie, toy::Lie{toy::Lie::Kind::kState, false, 17, 2, 0, 1},
                              toy::Lie{toy::Lie::Kind::kNode, false, 17, 3, 5, 1}}) {
    const dispute::Evidence evidence = toy::evidence_against(lie, 1);
    const Audit audit = audited(evidence);
    ASSERT_TRUE(audit.story);
    ASSERT_EQ(audit.story->chapters.size(), evidence.moves.size());
    for (const dispute::Chapter& chapter : audit.story->chapters) {
      EXPECT_FALSE(chapter.words.empty()) << to_string(chapter.stage);
      EXPECT_EQ(chapter.bytes, evidence.moves[chapter.turn].body.size());
      EXPECT_THAT(audit.moves, HasSubstr(chapter.words));
    }
    EXPECT_FALSE(dispute_tree(*audit.story, audit.report.terms, audit.about).empty());
  }
  dispute::Evidence hostile = toy::evidence_against({toy::Lie::Kind::kNode, true, 0, 4, 33, 1}, 0);
  graph::Program program = toy::graph_program(toy::task().init);
  program.labels.assign(program.nodes.size(), "");
  program.labels[4] = "</text><script>\x1b[2J";
  const Audit audit = *audit_evidence(dispute::write_evidence(hostile), &program);
  const std::string svg = dispute_svg(*audit.story, audit.report.terms, audit.about);
  EXPECT_THAT(svg, Not(HasSubstr("<script>")));
  EXPECT_THAT(svg, HasSubstr("&lt;script>?[2J"));
}

TEST(DisputePicture, OfAGameThatStopsTheRestIsTold) {
  dispute::Evidence evidence = toy::evidence_against(kMatMulLie, 1);
  while (!evidence.moves.empty()) {
    evidence.moves.pop_back();
    const Audit audit = audited(evidence);
    ASSERT_TRUE(audit.story);
    EXPECT_EQ(audit.story->chapters.size(), evidence.moves.size());
    EXPECT_THAT(dispute_tree(*audit.story, audit.report.terms, audit.about), HasSubstr("next: "));
  }
  EXPECT_FALSE(audit_evidence(Bytes(100))->story);
}

}  // namespace
}  // namespace assay::cli
