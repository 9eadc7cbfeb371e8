#include "assay/node/intake.hpp"

#include "node_world.hpp"

namespace assay::node::test {
namespace {

struct Threads {
  std::vector<std::pair<std::function<void()>, std::function<void()>>> pieces;
  Intake::Run run() {
    return [this](auto job, auto done) {
      pieces.emplace_back(std::move(job), std::move(done));
      return true;
    };
  }
  void work(std::size_t piece) {
    pieces[piece].first();
    pieces[piece].second();
  }
};

TEST(Intake, WhatCameFirstEntersFirstWhicheverThreadIsFaster) {
  World w;
  Threads threads;
  Intake intake(*w.node, threads.run());
  std::size_t answered = 0;
  for (std::uint64_t nonce = 1; nonce <= 2 * kIntakePiece; ++nonce)
    intake.submit(w.transfer(2, 3, nonce, 1), [&](const auto& outcome) {
      ASSERT_TRUE(outcome);
      EXPECT_EQ(outcome->verdict, protocol::TxVerdict::kApplied);
      ++answered;
    });
  ASSERT_EQ(threads.pieces.size(), 2u);
  threads.work(1);
  EXPECT_EQ(w.node->waiting(), 0u);
  EXPECT_EQ(intake.checking(), 2 * kIntakePiece);
  threads.work(0);
  EXPECT_EQ(w.node->waiting(), 2 * kIntakePiece);
  EXPECT_EQ(intake.checking(), 0u);
  w.step();
  EXPECT_EQ(answered, 2 * kIntakePiece);
}

// INV-NOD-012.
TEST(Intake, AForgedSignatureNeverReachesThePool) {
  World w;
  Threads threads;
  Intake intake(*w.node, threads.run());
  const Bytes good = w.transfer(2, 3, 1, 1);
  std::vector<protocol::TxVerdict> verdicts;
  for (const std::size_t at : {good.size() - 1, good.size() - 64, good.size() - 65}) {
    Bytes forged = good;
    forged[at] ^= 1;
    intake.submit(forged, [&](const auto& outcome) { verdicts.push_back(outcome->verdict); });
  }
  intake.flush();
  threads.work(0);
  EXPECT_EQ(verdicts, std::vector(3, protocol::TxVerdict::kWrongSignature));
  EXPECT_EQ(w.node->waiting(), 0u);
}

TEST(Intake, RefusesAtOnceWhatItHasNoRoomFor) {
  World w;
  Threads threads;
  Intake intake(*w.node, threads.run());
  const Bytes tx = w.transfer(2, 3, 1, 1);
  std::size_t refused = 0;
  for (std::size_t i = 0; i < kIntakeTransactionsMax / 2 + 10; ++i)
    intake.submit(tx, [&](const auto& outcome) {
      if (!outcome && outcome.error().code == ErrorCode::kUnavailable) ++refused;
    });
  EXPECT_EQ(refused, 10u);
  EXPECT_GT(intake.retry_after_ms(), 0u);
  // Games have a half of their own.
  intake.submit(w.transaction(2, 2, protocol::StandUp{}), [](const auto&) {});
  EXPECT_EQ(intake.checking(), kIntakeTransactionsMax / 2 + 1);
}

// Found by a node that was stopped under load: calls that were dropped with their pieces answered
// through a dispatcher that was gone.
TEST(Intake, AnswersAllBeforeItsEnd) {
  World w;
  Threads threads;
  std::size_t refused = 0;
  const auto count = [&](const auto& outcome) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::kUnavailable);
    ++refused;
  };
  {
    Intake intake(*w.node, threads.run());
    for (std::uint64_t nonce = 1; nonce <= kIntakePiece + 1; ++nonce)
      intake.submit(w.transfer(2, 3, nonce, 1), count);
    threads.pieces[0].first();  // checked, but not handed on
    intake.shut_down();
    EXPECT_EQ(refused, kIntakePiece + 1);
    EXPECT_EQ(intake.checking(), 0u);
    intake.submit(w.transfer(2, 3, 1, 1), count);
    EXPECT_EQ(refused, kIntakePiece + 2);
    threads.pieces[0].second();
  }
  threads.work(0);
  EXPECT_EQ(refused, kIntakePiece + 2);
  EXPECT_EQ(w.node->waiting(), 0u);
}

}  // namespace
}  // namespace assay::node::test
