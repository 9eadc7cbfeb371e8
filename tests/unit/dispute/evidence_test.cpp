// Evidence files: what they prove, whom they convict, and that no byte of one can be changed.
#include <gtest/gtest.h>

#include "assay/crypto/sha256.hpp"
#include "assay/dispute/evidence_file.hpp"
#include "support/toy_player.hpp"

namespace assay::dispute {
namespace {

using toy::Lie;
using toy::task;
using toy::truth;
using toy::World;

Evidence evidence_of(const World& defender, std::uint64_t entry, const toy::PlayOptions& base,
                     ClaimKind kind = ClaimKind::kTranscript) {
  const toy::Challenge challenge = toy::challenge(defender, entry, kind);
  toy::PlayOptions options = base;
  options.sign = true;
  const toy::Game game = toy::play(challenge.terms, defender, truth(), options);
  return {challenge.terms, challenge.claim, game.moves};
}

EvidenceReport judged(const Evidence& evidence) {
  return judge_evidence(crypto::sha256_function(), crypto::ed25519_verify,
                        write_evidence(evidence));
}

const World& liar() {
  static const World kLiar(task(), Lie{Lie::Kind::kNode, false, 17, 28, 70, 0x40000000});
  return kLiar;
}

TEST(Evidence, ConvictsTheDefenderOfAFalseClaim) {
  for (const ClaimKind kind : {ClaimKind::kTranscript, ClaimKind::kAttestation}) {
    const EvidenceReport report = judged(evidence_of(liar(), 1, {}, kind));
    ASSERT_EQ(report.verdict, EvidenceVerdict::kProven) << to_string(report.verdict);
    EXPECT_EQ(report.position.outcome, Outcome::kChallengerWins);
    ASSERT_TRUE(report.has_convicted);
    EXPECT_EQ(report.convicted.value, toy::keys().defender.public_key());
    EXPECT_EQ(report.position.node_index, 28U);
    EXPECT_EQ(report.position.element, 70U);
  }
}

TEST(Evidence, ConvictsTheChallengerOfATrueClaim) {
  for (const std::uint64_t entry : {0, 1, 2}) {
    toy::PlayOptions options;
    options.challenger = toy::Challenger::kBlind;
    options.seed = static_cast<unsigned>(entry + 7);
    const EvidenceReport report = judged(evidence_of(truth(), entry, options));
    ASSERT_EQ(report.verdict, EvidenceVerdict::kProven);
    EXPECT_EQ(report.position.outcome, Outcome::kDefenderWins);
    EXPECT_EQ(report.convicted.value, toy::keys().challenger.public_key());
  }
}

TEST(Evidence, AnUnfinishedGameProvesNothing) {
  Evidence evidence = evidence_of(liar(), 1, {});
  while (!evidence.moves.empty()) {
    evidence.moves.pop_back();
    const EvidenceReport report = judged(evidence);
    EXPECT_EQ(report.verdict, EvidenceVerdict::kUnfinished);
    EXPECT_FALSE(report.has_convicted);
    EXPECT_EQ(report.move, evidence.moves.size());
  }
}

TEST(Evidence, NothingAfterTheEndAndNothingLeftOut) {
  Evidence evidence = evidence_of(liar(), 1, {});
  evidence.moves.push_back(evidence.moves.back());
  EvidenceReport report = judged(evidence);
  EXPECT_EQ(report.verdict, EvidenceVerdict::kInvalidMove);
  EXPECT_EQ(report.move_verdict, MoveVerdict::kGameFinished);
  EXPECT_FALSE(report.has_convicted);
  evidence.moves.pop_back();
  evidence.moves.erase(evidence.moves.begin() + 2);
  report = judged(evidence);
  EXPECT_EQ(report.verdict, EvidenceVerdict::kInvalidMove);
  EXPECT_EQ(report.move_verdict, MoveVerdict::kWrongTurnNumber);
  EXPECT_EQ(report.move, 2U);
}

TEST(Evidence, TheClaimMustBeTheDefenders) {
  const Evidence sound = evidence_of(liar(), 1, {});
  Evidence evidence = sound;
  evidence.claim.signature = toy::challenge(truth(), 1).claim.signature;
  EXPECT_EQ(judged(evidence).verdict, EvidenceVerdict::kClaimNotSigned);
  evidence = sound;
  evidence.terms.start_root.bytes[0] ^= 1;
  EXPECT_EQ(judged(evidence).verdict, EvidenceVerdict::kClaimNotOpened);
  evidence = sound;
  evidence.terms.entry = 3;
  EXPECT_EQ(judged(evidence).verdict, EvidenceVerdict::kInvalidTerms);
  evidence.terms.entry = ~std::uint64_t{0};
  EXPECT_EQ(judged(evidence).verdict, EvidenceVerdict::kInvalidTerms);
  evidence = sound;
  evidence.terms.task.commit_interval = 0;
  EXPECT_EQ(judged(evidence).verdict, EvidenceVerdict::kInvalidTerms);
  // A claim on another task by the same defender does not bind it here.
  evidence = sound;
  evidence.terms.task.seed ^= 1;
  EXPECT_EQ(judged(evidence).verdict, EvidenceVerdict::kClaimNotSigned);
}

// INV-DSP-006: every byte of an evidence file stands for something.
TEST(Evidence, NoByteCanBeChangedOrCut) {
  for (const ClaimKind kind : {ClaimKind::kTranscript, ClaimKind::kAttestation}) {
    const Bytes file = write_evidence(evidence_of(liar(), 1, {}, kind));
    const auto is_proven = [](ByteView bytes) {
      return judge_evidence(crypto::sha256_function(), crypto::ed25519_verify, bytes).verdict ==
             EvidenceVerdict::kProven;
    };
    ASSERT_TRUE(is_proven(file));
    for (std::size_t at = 0; at < file.size(); at += at < 1200 ? 1 : 7) {
      Bytes bad = file;
      bad[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
      ASSERT_FALSE(is_proven(bad)) << at;
      ASSERT_FALSE(is_proven(ByteView(file).first(at))) << at;
    }
    Bytes longer = file;
    longer.push_back(0);
    EXPECT_FALSE(is_proven(longer));
  }
  EXPECT_EQ(judge_evidence(crypto::sha256_function(), crypto::ed25519_verify,
                           Bytes(kMaxEvidenceBytes + 1))
                .verdict,
            EvidenceVerdict::kTooLong);
  Bytes other_version = write_evidence(evidence_of(liar(), 1, {}));
  other_version[8] = 1;
  EXPECT_EQ(
      judge_evidence(crypto::sha256_function(), crypto::ed25519_verify, other_version).verdict,
      EvidenceVerdict::kUnknownVersion);
}

}  // namespace
}  // namespace assay::dispute
