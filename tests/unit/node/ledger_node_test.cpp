#include "assay/node/ledger_node.hpp"

#include "assay/node/light_client.hpp"
#include "node_world.hpp"

namespace assay::node::test {
namespace {

using protocol::TxVerdict;

struct Answer {
  std::optional<Result<TxOutcome>> got;
  LedgerNode::SubmitDone done() {
    return [this](const Result<TxOutcome>& outcome) {
      EXPECT_FALSE(got) << "answered twice";
      got = outcome;
    };
  }
};

TEST(LedgerNode, AnswersWhenTheBlockIsOnDisk) {
  World w;
  Answer a, b;
  EXPECT_EQ(w.node->next_wake_ms(), std::nullopt);
  w.node->submit(w.transfer(2, 3, 1, 10), a.done());
  w.node->submit(w.transfer(3, 2, 1, 3), b.done());
  EXPECT_FALSE(a.got);
  EXPECT_EQ(w.node->waiting(), 2u);
  w.clock.now = 199;
  EXPECT_FALSE(*w.node->tick());
  w.clock.now = 200;
  EXPECT_TRUE(*w.node->tick());
  ASSERT_TRUE(a.got && *a.got && b.got && *b.got);
  EXPECT_EQ((*a.got)->verdict, TxVerdict::kApplied);
  EXPECT_EQ((*a.got)->height, Height{1});
  EXPECT_EQ(w.balance(2), 993u);
  EXPECT_EQ(*w.node->outcome_of((*a.got)->id), **a.got);
  EXPECT_EQ(w.node->next_wake_ms(), std::nullopt);
}

// INV-NOD-004.
TEST(LedgerNode, SendingAgainChangesNothing) {
  World w;
  const Bytes tx = w.transfer(2, 3, 1, 10);
  Answer first, together, later, other_nonce;
  w.node->submit(tx, first.done());
  w.node->submit(tx, together.done());
  w.step();
  EXPECT_EQ(**first.got, **together.got);
  w.node->submit(tx, later.done());
  ASSERT_TRUE(later.got);
  EXPECT_EQ(**later.got, **first.got);
  EXPECT_EQ(w.balance(2), 990u);
  // The same client id under another nonce is the same action.
  protocol::Envelope e;
  e.chain = w.node->head().chain;
  e.sender = account_of(2);
  e.nonce = 2;
  store_le(e.client_id.data(), std::uint64_t{1});
  e.valid_until = Height{1000};
  e.payload = protocol::Transfer{account_of(3), Amount{10}};
  w.node->submit(sign_transaction(e, key_of(2)), other_nonce.done());
  while (!other_nonce.got) ASSERT_TRUE(w.step());
  EXPECT_TRUE((*other_nonce.got)->repeated);
  EXPECT_EQ((*other_nonce.got)->verdict, TxVerdict::kApplied);
  EXPECT_EQ(w.balance(2), 990u);
}

// It stays in the pool, so this is no refusal: whoever sends it again later learns its result.
TEST(LedgerNode, SoManyWaitForOneTransactionAndNoMore) {
  World w;
  const Bytes tx = w.transfer(2, 3, 1, 10);
  std::vector<Answer> answers(kMaxSubmitWaiters);
  for (Answer& answer : answers) w.node->submit(tx, answer.done());
  Answer more;
  w.node->submit(tx, more.done());
  ASSERT_TRUE(more.got);
  EXPECT_EQ(more.got->error().code, ErrorCode::kAlreadyExists);
  w.step();
  for (const Answer& answer : answers) {
    ASSERT_TRUE(answer.got && *answer.got);
    EXPECT_EQ((*answer.got)->verdict, TxVerdict::kApplied);
  }
}

TEST(LedgerNode, RefusesAtOnceWhatBytesDecide) {
  World w;
  Bytes forged = w.transfer(2, 3, 1, 10);
  forged.back() ^= 1;
  const std::vector<std::pair<Bytes, TxVerdict>> cases = {
      {Bytes{}, TxVerdict::kMalformed},
      {Bytes(100'000), TxVerdict::kTooLong},
      {forged, TxVerdict::kWrongSignature},
      {w.transfer(2, 3, 0, 10), TxVerdict::kNonceTooLow}};
  for (const auto& [bytes, verdict] : cases) {
    Answer a;
    w.node->submit(bytes, a.done());
    ASSERT_TRUE(a.got && *a.got);
    EXPECT_EQ((*a.got)->verdict, verdict) << to_string((*a.got)->verdict);
  }
  EXPECT_EQ(w.node->waiting(), 0u);
}

TEST(LedgerNode, FirstMoneyAndFirstSpendingInOneBlock) {
  World w;
  Answer a, b;
  w.node->submit(w.transfer(2, 4, 1, 100), a.done());
  w.node->submit(w.transfer(4, 2, 1, 40), b.done());
  w.step();
  ASSERT_TRUE(b.got && *b.got);
  EXPECT_EQ((*b.got)->verdict, TxVerdict::kApplied);
  EXPECT_EQ(w.balance(4), 60u);
}

// Keys cost nothing: blocks must not fill with what accounts send that hold nothing.
TEST(LedgerNode, UnknownAccountsGetNoBlockSpace) {
  World w;
  for (std::uint8_t sender = 5; sender < 9; ++sender) {
    Answer a;
    w.node->submit(w.transfer(sender, sender + 1, 1, 10), a.done());
    ASSERT_TRUE(a.got && *a.got);
    EXPECT_EQ((*a.got)->verdict, TxVerdict::kUnknownAccount);
  }
  EXPECT_EQ(w.node->waiting(), 0u);
}

TEST(LedgerNode, ARestartContinues) {
  World w;
  Answer a;
  w.node->submit(w.transfer(2, 3, 1, 10), a.done());
  w.step();
  const auto head = w.node->head();
  w.start();
  EXPECT_EQ(w.node->head(), head);
  EXPECT_EQ(*w.node->outcome_of((*a.got)->id), **a.got);
  Answer b;
  w.node->submit(w.transfer(2, 3, 2, 10), b.done());
  w.step();
  EXPECT_EQ((*b.got)->height, Height{2});
  const auto one = *w.node->signed_header(Height{1}), two = *w.node->signed_header(Height{2});
  EXPECT_EQ(verify_successor(w.key.public_key(), one->header, *two), HeaderVerdict::kValid);
}

// INV-NOD-002. A crash keeps what was written and nothing else: from every state of the store, the
// same chain.
TEST(LedgerNode, ACrashLosesNothingThatWasAnswered) {
  World w;
  std::vector<MemoryStore::Map> snapshots;
  std::vector<protocol::BlockHeader> heads;
  for (std::uint64_t n = 1; n <= 5; ++n) {
    snapshots.push_back(w.store.map());
    heads.push_back(w.node->head());
    Answer a;
    w.node->submit(w.transfer(2, 3, n, n), a.done());
    w.step();
    ASSERT_TRUE(a.got && *a.got);
  }
  for (std::size_t i = 0; i < snapshots.size(); ++i) {
    w.store.restore(snapshots[i]);
    w.start();
    EXPECT_EQ(w.node->head(), heads[i]);
  }
}

TEST(LedgerNode, ADiskThatFailsStopsIt) {
  World w;
  Answer a, b;
  const auto before = w.store.map().size();
  w.node->submit(w.transfer(2, 3, 1, 10), a.done());
  bool told = false;
  w.node->wait_block(Height{0}, 99'999, [&](const Result<Height>& head) { told = !head; });
  w.store.fail_writes(true);
  w.clock.now = 1000;
  EXPECT_EQ(w.node->tick().error().code, ErrorCode::kIo);
  ASSERT_TRUE(a.got);
  EXPECT_EQ(a.got->error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(told);
  EXPECT_EQ(w.store.map().size(), before);
  w.node->submit(w.transfer(2, 3, 1, 10), b.done());
  EXPECT_EQ(b.got->error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(w.node->failure());
  w.store.fail_writes(false);
  w.start();
  Answer c;
  w.node->submit(w.transfer(2, 3, 1, 10), c.done());
  w.step();
  EXPECT_EQ((*c.got)->verdict, TxVerdict::kApplied);
}

// INV-NOD-003.
TEST(LedgerNode, RefusesAnotherChainOperatorOrADamagedTree) {
  World w;
  Answer a;
  w.node->submit(w.transfer(2, 3, 1, 10), a.done());
  w.step();
  const auto open = [&](const protocol::Genesis& g, const crypto::KeyPair& k) {
    const auto opened = LedgerNode::open(w.store, g, k, w.clock, w.log, {});
    return opened ? ErrorCode{} : opened.error().code;
  };
  EXPECT_EQ(open(w.genesis, key_of(9)), ErrorCode::kInvalidArgument);
  protocol::Genesis other = w.genesis;
  other.name = "other";
  EXPECT_EQ(open(other, w.key), ErrorCode::kConflict);
  // One flipped bit in any value that opening reads is noticed; none makes it crash.
  const auto good = w.store.map();
  std::size_t noticed = 0;
  for (const auto& [key, value] : good) {
    if (value.empty()) continue;
    auto bad = good;
    bad[key][value.size() / 2] ^= 1;
    w.store.restore(bad);
    noticed += open(w.genesis, w.key) != ErrorCode{};
  }
  EXPECT_GE(noticed, 3u);
  w.store.restore(good);
  EXPECT_EQ(open(w.genesis, w.key), ErrorCode{});
}

TEST(LedgerNode, WaitersHearOfBlocksAndOfTime) {
  World w;
  std::vector<std::uint64_t> heard;
  const auto wait = [&](std::uint64_t after, std::uint64_t deadline) {
    w.node->wait_block(Height{after}, deadline,
                       [&](const Result<Height>& head) { heard.push_back(head->value); });
  };
  wait(0, 5000);
  wait(0, 100);
  wait(1, 9000);
  EXPECT_TRUE(heard.empty());
  EXPECT_EQ(w.node->next_wake_ms(), 100u);
  w.clock.now = 100;
  EXPECT_FALSE(*w.node->tick());
  EXPECT_EQ(heard, (std::vector<std::uint64_t>{0}));
  Answer a;
  w.node->submit(w.transfer(2, 3, 1, 1), a.done());
  w.step();
  EXPECT_EQ(heard, (std::vector<std::uint64_t>{0, 1}));
  wait(0, 5000);
  EXPECT_EQ(heard.back(), 1u);
  EXPECT_EQ(w.node->next_wake_ms(), 9000u);
}

// Unstaking is due after its time: until then blocks come by themselves, as seldom as ledger time
// lets them.
TEST(LedgerNode, APendingDeadlineForcesEmptyBlocks) {
  World w;
  Answer a, b;
  w.node->submit(w.transaction(2, 1, protocol::Stake{Amount{500}}), a.done());
  w.node->submit(w.transaction(2, 2, protocol::Unstake{Amount{500}}), b.done());
  w.step();
  ASSERT_TRUE(b.got && *b.got);
  ASSERT_EQ((*b.got)->verdict, TxVerdict::kApplied) << to_string((*b.got)->verdict);
  const auto deadline = *w.node->reader().next_deadline();
  ASSERT_TRUE(deadline);
  ASSERT_GT(deadline->value, w.node->head().ledger_time.value + 3 * protocol::kMaxLedgerStepMs);
  for (std::uint64_t height = 2; height <= 4; ++height) {
    const std::uint64_t before = w.clock.now;
    const LedgerTimeMs ledger_before = w.node->head().ledger_time;
    ASSERT_TRUE(w.step());
    EXPECT_EQ(w.node->head().height, Height{height});
    EXPECT_EQ(w.clock.now - before, protocol::kMaxLedgerStepMs);
    EXPECT_EQ(w.node->head().ledger_time.value - ledger_before.value, protocol::kMaxLedgerStepMs);
  }
  // A machine that slept does not let the clocks of games run out meanwhile.
  w.clock.now += 3'600'000;
  const LedgerTimeMs asleep = w.node->head().ledger_time;
  ASSERT_TRUE(w.step());
  EXPECT_EQ(w.node->head().ledger_time.value - asleep.value, protocol::kMaxLedgerStepMs);
}

TEST(LedgerNode, ALightClientFollowsIt) {
  World w;
  LightClient client(w.genesis);
  ASSERT_EQ(client.follow(**w.node->signed_header(Height{0})), HeaderVerdict::kValid);
  for (std::uint64_t n = 1; n <= 3; ++n) {
    Answer a;
    w.node->submit(w.transfer(2, 3, n, 1), a.done());
    w.step();
    ASSERT_EQ(client.follow(**w.node->signed_header(Height{n})), HeaderVerdict::kValid);
  }
  const Bytes nothing = to_bytes(as_bytes("no such record"));
  const Bytes proof = *w.node->reader().prove(nothing);
  EXPECT_EQ(client.check_absent(nothing, proof), commit::MapProofVerdict::kValid);
  EXPECT_NE(client.check_present(nothing, Bytes{1}, proof), commit::MapProofVerdict::kValid);
}

}  // namespace
}  // namespace assay::node::test
