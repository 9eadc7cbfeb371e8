// From games that were played on a ledger to files that prove their end, and to light clients.
#include <gtest/gtest.h>

#include <set>

#include "assay/node/json.hpp"
#include "assay/node/light_client.hpp"
#include "assay/node/service.hpp"
#include "unit/protocol/played.hpp"

namespace assay::node::test {
namespace {

using namespace protocol;
using namespace protocol::test;

dispute::EvidenceReport judge(ByteView file) {
  return dispute::judge_evidence(crypto::sha256_function(), crypto::ed25519_verify, file);
}

TEST(Evidence, ALostLieIsAFileThatConvictsItsSolver) {
  Played p(lie());
  const ChallengeId id = p.challenge(1);
  const GameId game = game_id_of(id, p.net.id(kSolver));
  EXPECT_EQ(make_evidence(p.net.read(), game).error().code, ErrorCode::kUnavailable);  // still open
  p.play(id, kSolver, lie(), toy::Challenger::kHonest);
  const auto file = make_evidence(p.net.read(), game);
  ASSERT_TRUE(file) << file.error().message;
  const auto report = judge(*file);
  EXPECT_EQ(report.verdict, dispute::EvidenceVerdict::kProven) << to_string(report.verdict);
  ASSERT_TRUE(report.has_convicted);
  EXPECT_EQ(report.convicted, p.net.id(kSolver));
  // It says the same long after the claim is settled.
  p.net.wait(60'000);
  EXPECT_EQ(*make_evidence(p.net.read(), game), *file);
  EXPECT_EQ(make_evidence(p.net.read(), GameId{}).error().code, ErrorCode::kNotFound);
}

TEST(Evidence, AnUnfoundedChallengeConvictsTheChallenger) {
  Played p(truth());
  const ChallengeId id = p.challenge(1);
  ASSERT_EQ(p.net.verdict(kAnn, StandUp{id}), TxVerdict::kApplied);
  p.play(id, kAnn, truth(), toy::Challenger::kBlind);
  // The attestor's game is bound by its attestation; the solver's was decided by it and proves
  // nothing.
  const auto file = make_evidence(p.net.read(), game_id_of(id, p.net.id(kAnn)));
  ASSERT_TRUE(file) << file.error().message;
  const auto report = judge(*file);
  EXPECT_EQ(report.verdict, dispute::EvidenceVerdict::kProven) << to_string(report.verdict);
  EXPECT_EQ(report.convicted, p.net.id(kEve));
  EXPECT_EQ(make_evidence(p.net.read(), game_id_of(id, p.net.id(kSolver))).error().code,
            ErrorCode::kUnavailable);
}

// A verifier that copied the end root and made up what was in between: anybody can check that it
// signed it.
TEST(Evidence, AGuessedInteriorRootConvictsItsVerifier) {
  Played p(toy_terms(), truth().transcript_roots(), truth().transcript_roots(), 6, {},
           [](unsigned, const economics::Draw& draw) {
             return early_lie().state_root(draw.interior_step);
           });
  const ChallengeId id = p.challenge(p.word_of(kAnn, 1, Disputed::kInterior));
  const GameId game = game_id_of(id, p.net.id(kAnn));
  p.play(id, kAnn, early_lie(), toy::Challenger::kHonest);
  ASSERT_EQ(p.game_status(id, kAnn), GameStatus::kChallengerWon);
  const auto file = make_evidence(p.net.read(), game);
  ASSERT_TRUE(file) << file.error().message;
  const auto report = judge(*file);
  EXPECT_EQ(report.verdict, dispute::EvidenceVerdict::kProven) << to_string(report.verdict);
  EXPECT_EQ(report.convicted, p.net.id(kAnn));
}

TEST(Evidence, AClockIsNoEvidence) {
  Played p(truth());
  const ChallengeId id = p.challenge(1);
  p.net.wait(70'000);
  const GameId game = game_id_of(id, p.net.id(kSolver));
  ASSERT_TRUE(p.net.read().game(game).value()->record.by_clock);
  EXPECT_EQ(make_evidence(p.net.read(), game).error().code, ErrorCode::kUnavailable);
}

// What a phone can check: the header's signature, and the game's record under its state root.
TEST(LightClient, ChecksTheVerdictOfAGame) {
  Played p(lie());
  const ChallengeId id = p.challenge(1);
  p.play(id, kSolver, lie(), toy::Challenger::kHonest);
  LightClient client(*p.net.read().genesis());
  BlockHeader head = p.net.head;
  // The harness has beacons of its own: sign its head as the operator would.
  head.beacon = {};
  head.height = {};
  ASSERT_EQ(client.follow(SignedHeader{head, {}, sign_header(p.net.keys[0], head)}),
            HeaderVerdict::kValid);
  Bytes key{'G'};
  const GameId game = game_id_of(id, p.net.id(kSolver));
  key.insert(key.end(), game.value.bytes.begin(), game.value.bytes.end());
  const Bytes record = **p.net.read().record(key);
  const Bytes proof = *p.net.read().prove(key);
  ASSERT_EQ(client.check_present(key, record, proof), commit::MapProofVerdict::kValid);
  codec::Reader reader(record);
  GameRecord decoded;
  read(reader, decoded);
  EXPECT_TRUE(reader.finish());
  EXPECT_EQ(decoded.status, GameStatus::kChallengerWon);
  for (std::size_t i = 0; i < record.size(); ++i) {
    Bytes forged = record;
    forged[i] ^= 1;
    EXPECT_NE(client.check_present(key, forged, proof), commit::MapProofVerdict::kValid) << i;
  }
  for (std::size_t i = 0; i < proof.size(); ++i) {
    Bytes forged = proof;
    forged[i] ^= 1;
    EXPECT_NE(client.check_present(key, record, forged), commit::MapProofVerdict::kValid) << i;
  }
  EXPECT_NE(client.check_absent(key, proof), commit::MapProofVerdict::kValid);
}

// Every record and event of a played claim becomes JSON that parses.
TEST(Json, EverythingOfAPlayedClaim) {
  Played p(lie());
  const ChallengeId id = p.challenge(1);
  p.play(id, kSolver, lie(), toy::Challenger::kHonest);
  p.net.wait(60'000);
  std::set<std::string> events;
  for (std::uint64_t h = 1; h <= p.net.head.height.value; ++h) {
    const BlockReceipts receipts = p.net.read().receipts(Height{h}).value().value();
    for (const Event& event : receipts.block_events) events.insert(name_of(event));
    for (const Receipt& receipt : receipts.receipts) {
      EXPECT_TRUE(codec::parse_json(to_json(receipt).dump()));
      for (const Event& event : receipt.events) events.insert(name_of(event));
    }
  }
  EXPECT_GE(events.size(), 15u);
  const TaskView task = **p.net.read().task(p.posted.task);
  EXPECT_EQ(*to_json(task).find("status"), codec::Json(to_string(task.record.status)));
  const codec::Json claim = to_json(task.claims.at(0));
  EXPECT_EQ(*claim.find("status"), codec::Json("fallen"));
  EXPECT_EQ(claim.find("verifiers")->get<codec::Json::Array>()->size(), 2u);
  const ChallengeView& challenge = task.claims.at(0).challenges.front();
  EXPECT_EQ(to_json(challenge).find("games")->get<codec::Json::Array>()->size(), 1u);
  const auto& game = challenge.games.front();
  const auto terms = terms_of(p.net.head.chain, task, challenge, game);
  const codec::Json position = to_json(position_of(terms, game));
  EXPECT_TRUE(codec::parse_json(position.dump()));
  EXPECT_EQ(*to_json(game.record).find("by_clock"), codec::Json(false));
}

}  // namespace
}  // namespace assay::node::test
