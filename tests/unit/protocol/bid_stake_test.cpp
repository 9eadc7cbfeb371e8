// INV-PRO-016: a bid that stands has locked its bidder's stake, in the lock of the claim that it
// would become; it wins with it, and frees it at once however else it ends.
#include "assay/ledger/account.hpp"
#include "assay/protocol/offer.hpp"
#include "harness.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;

enum : unsigned { kSubmitter, kSolver, kRival, kThird };

constexpr std::uint64_t kFree = 1'000'000;
constexpr std::uint64_t kStake = 2'001;  // of the sample
constexpr std::uint64_t kDeposit = 51;
constexpr std::uint64_t kStaked = kStake + 999;  // enough for one claim, and not for two

PlaceBid bid(const TaskId& task, std::uint64_t price) {
  return {task, Amount{price}, {2000, 100}, hash_of_text("r")};
}

// What the specification's account for a stake behind a claim of the task holds.
std::uint64_t locked(const Net& net, const TaskId& task, unsigned party) {
  const AccountId id = net.id(party);
  const Hash256 owner = crypto::sha256(
      {as_bytes("assay/lock/1"), claim_id_of(task, id).value.view(), id.value.view()});
  Bytes key{'A', static_cast<std::uint8_t>(ledger::AccountKind::kLock)};
  key.insert(key.end(), owner.bytes.begin(), owner.bytes.end());
  const auto record = net.read().record(key).value();
  return record ? ledger::decode_account(*record).value().balance.value : 0;
}

struct BidStake : ::testing::Test {
  Net net{4, kFree, kStaked};
  TaskId task = post(net, kSubmitter, sample_auction());

  void expect_stands(unsigned party) {
    EXPECT_EQ(locked(net, task, party), kStake);
    EXPECT_EQ(net.account(party).staked, Amount{kStaked - kStake});
    EXPECT_EQ(net.account(party).available, Amount{kFree - kDeposit});
  }
  void expect_free(unsigned party, std::uint64_t lost = 0) {
    EXPECT_EQ(locked(net, task, party), 0u);
    EXPECT_EQ(net.account(party).staked, Amount{kStaked});
    EXPECT_EQ(net.account(party).available, Amount{kFree - lost});
  }
  // It trains: its stake is locked, its deposit back.
  void expect_won(unsigned party, std::uint64_t price) {
    const std::optional<ClaimView> claim =
        net.read().claim(claim_id_of(task, net.id(party))).value();
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->record.status, ClaimStatus::kTraining);
    EXPECT_EQ(claim->record.price, Amount{price});
    EXPECT_EQ(locked(net, task, party), kStake);
    EXPECT_EQ(net.account(party).staked, Amount{kStaked - kStake});
    EXPECT_EQ(net.account(party).available, Amount{kFree});
  }
  std::uint64_t faults(unsigned party) const {
    return net.account(party).reputation[static_cast<std::size_t>(Standing::kSolver) - 1].faults;
  }
};

TEST_F(BidStake, IsLockedOnceAndALowerBidKeepsIt) {
  ASSERT_EQ(net.verdict(kSolver, bid(task, 900)), V::kApplied);
  expect_stands(kSolver);
  ASSERT_EQ(net.verdict(kSolver, bid(task, 800)), V::kApplied);
  expect_stands(kSolver);
  // It stands behind nothing else, and does not unbond.
  EXPECT_EQ(net.verdict(kSolver, Unstake{Amount{kStaked - kStake + 1}}), V::kInsufficientStake);
  const TaskId other = post(net, kSubmitter, sample_task());
  EXPECT_EQ(net.verdict(kSolver, AcceptTask{other, {2000, 100}, hash_of_text("r")}),
            V::kInsufficientStake);
  expect_stands(kSolver);
}

// Of the money's two rules the deposit comes first, and a refused bid puts nothing down.
TEST_F(BidStake, IsNeededToBid) {
  ASSERT_EQ(net.verdict(kSolver, Unstake{Amount{kStaked - kStake + 1}}), V::kApplied);
  EXPECT_EQ(net.verdict(kSolver, bid(task, 900)), V::kInsufficientStake);
  EXPECT_EQ(net.account(kSolver).available, Amount{kFree});
  EXPECT_TRUE(net.task(task).bids.empty());
  ASSERT_EQ(net.verdict(kSolver, Transfer{net.id(kThird), Amount{kFree - 1}}), V::kApplied);
  EXPECT_EQ(net.verdict(kSolver, bid(task, 900)), V::kInsufficientFunds);
  // Several bids need the stake of each.
  const TaskId other = post(net, kSubmitter, sample_auction());
  ASSERT_EQ(net.verdict(kRival, bid(task, 900)), V::kApplied);
  EXPECT_EQ(net.verdict(kRival, bid(other, 900)), V::kInsufficientStake);
  ASSERT_EQ(net.verdict(kRival, WithdrawBid{task}), V::kApplied);
  EXPECT_EQ(net.verdict(kRival, bid(other, 900)), V::kApplied);
}

TEST_F(BidStake, ComesBackWithAWithdrawal) {
  for (const unsigned who : {kSolver, kRival})
    ASSERT_EQ(net.verdict(who, bid(task, 900)), V::kApplied);
  ASSERT_EQ(net.verdict(kSolver, WithdrawBid{task}), V::kApplied);
  expect_free(kSolver);
  // Also with one that is late: that costs the deposit, and the stake nothing.
  net.wait(net.task(task).record.deadline.value - 500 - net.head.ledger_time.value);
  ASSERT_EQ(net.verdict(kRival, WithdrawBid{task}), V::kApplied);
  expect_free(kRival, kDeposit);
  EXPECT_EQ(faults(kRival), 1u);
  // Whoever bids again locks it again.
  ASSERT_EQ(net.verdict(kSolver, bid(task, 900)), V::kApplied);
  expect_stands(kSolver);
}

TEST_F(BidStake, IsTheClaimsWhenTheAuctionEnds) {
  ASSERT_EQ(net.verdict(kSolver, bid(task, 900)), V::kApplied);
  ASSERT_EQ(net.verdict(kRival, bid(task, 880)), V::kApplied);
  // All that is not locked is gone: the winner has its stake all the same.
  ASSERT_EQ(net.verdict(kRival, Unstake{Amount{kStaked - kStake}}), V::kApplied);
  net.wait(9'000);
  EXPECT_EQ(net.task(task).claims.at(0).record.solver, net.id(kRival));
  EXPECT_EQ(locked(net, task, kRival), kStake);
  EXPECT_EQ(net.account(kRival).available, Amount{kFree});
  EXPECT_EQ(faults(kRival), 0u);
  expect_free(kSolver);
  // It never delivers: the stake comes back as any claim's.
  net.wait(sample_task().windows.train_ms);
  EXPECT_EQ(net.task(task).record.status, TaskStatus::kRefunded);
  EXPECT_EQ(net.account(kRival).staked.value + net.account(kRival).unbonding.value, kStaked);
}

TEST_F(BidStake, IsTheClaimsWhenTheSubmitterAwards) {
  for (const unsigned who : {kSolver, kRival})
    ASSERT_EQ(net.verdict(who, bid(task, 900)), V::kApplied);
  ASSERT_EQ(net.verdict(kSubmitter, AwardTask{task, net.id(kRival)}), V::kApplied);
  expect_won(kRival, 900);
  expect_free(kSolver);
}

TEST_F(BidStake, ComesBackWhenTheTaskIsCancelled) {
  ASSERT_EQ(net.verdict(kSolver, bid(task, 900)), V::kApplied);
  ASSERT_EQ(net.verdict(kSubmitter, CancelTask{task}), V::kApplied);
  expect_free(kSolver);
}

TEST(BidStakes, ComesBackWithAnEviction) {
  Net net(kMaxBids + 2, kFree, kStaked);
  const TaskId task = post(net, 0, sample_auction());
  std::vector<Bytes> bids;
  for (unsigned i = 1; i <= kMaxBids; ++i) bids.push_back(net.tx(i, bid(task, 800 + i)));
  for (const Receipt& r : net.block(bids).receipts.receipts) ASSERT_EQ(r.verdict, V::kApplied);
  ASSERT_EQ(net.verdict(kMaxBids + 1, bid(task, 700)), V::kApplied);
  EXPECT_EQ(locked(net, task, kMaxBids), 0u);
  EXPECT_EQ(net.account(kMaxBids).staked, Amount{kStaked});
  EXPECT_EQ(locked(net, task, kMaxBids + 1), kStake);
}

// Quotes: what a solver signed off the ledger, and anybody's task may be sold by.
struct BidStakeAndQuotes : BidStake {
  V award(const TaskId& to, const PostTask& terms, unsigned solver, std::uint64_t price) {
    AwardQuote award = quoted(net, to, terms, solver, price);
    return net.verdict(kSubmitter, sign(net, award, solver));
  }
};

// The quote of the same task takes the place of the bid, and its stake: one is enough.
TEST_F(BidStakeAndQuotes, OfOneTaskNeedOneStake) {
  ASSERT_EQ(net.verdict(kSolver, bid(task, 900)), V::kApplied);
  ASSERT_EQ(award(task, sample_auction(), kSolver, 950), V::kApplied);
  expect_won(kSolver, 950);
  EXPECT_TRUE(net.task(task).bids.empty());
}

// Of another: whichever comes second is refused, and nobody loses anything. An awarded quote took
// the stake of a standing bid once, which then lost its deposit.
TEST_F(BidStakeAndQuotes, OfTwoTasksNeedTwo) {
  const PostTask fixed = sample_task();
  const TaskId other = post(net, kSubmitter, fixed);
  ASSERT_EQ(net.verdict(kSolver, bid(task, 900)), V::kApplied);
  EXPECT_EQ(award(other, fixed, kSolver, 900), V::kInsufficientStake);
  expect_stands(kSolver);
  ASSERT_EQ(award(other, fixed, kRival, 900), V::kApplied);
  EXPECT_EQ(net.verdict(kRival, bid(task, 800)), V::kInsufficientStake);
  EXPECT_EQ(net.account(kRival).available, Amount{kFree});
  net.wait(9'000);
  expect_won(kSolver, 900);
}

// A stake that another claim loses is that claim's own: the bid's is not touched by it.
TEST_F(BidStake, OutlivesASlashElsewhere) {
  ASSERT_EQ(net.verdict(kSolver, Stake{Amount{kStake}}), V::kApplied);
  const PostTask fixed = sample_task();
  const Posted p = post_and_accept(net, kSubmitter, kSolver, fixed);
  PostTask auction = sample_auction();
  auction.windows.bid_ms = 100'000;
  const TaskId late = post(net, kSubmitter, auction);
  ASSERT_EQ(net.verdict(kSolver, bid(late, 900)), V::kApplied);
  const MadeRun run(MadeRun::made_up(10, "run"));
  ASSERT_EQ(net.verdict(kSolver, commitment_of(p, run)), V::kApplied);
  net.wait(fixed.windows.enlist_ms);
  ASSERT_EQ(net.verdict(kSolver, reveal_of(net, p, kSolver, fixed, run)), V::kApplied);
  net.block();
  // It signed a second transcript: the claim falls, its stake is slashed.
  ReportContradiction report{p.claim, hash_of_text("another"), {}};
  report.signature =
      net.keys[kSolver].sign(dispute::claim_digest(crypto::sha256_function(), net.head.chain,
                                                   p.task, fixed.header, report.transcript_root)
                                 .view());
  ASSERT_EQ(net.verdict(kRival, report), V::kApplied);
  ASSERT_EQ(net.claim(p.claim).record.reason, CloseReason::kContradicted);
  EXPECT_EQ(locked(net, p.task, kSolver), 0u);
  EXPECT_EQ(locked(net, late, kSolver), kStake);
  ASSERT_EQ(net.verdict(kSolver, WithdrawBid{late}), V::kApplied);
  EXPECT_EQ(net.account(kSolver).staked, Amount{kStaked});
}

}  // namespace
}  // namespace assay::protocol
