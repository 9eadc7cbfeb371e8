// The market: auctions, quotes, funding, copies, cancellation, reputation (docs/spec/protocol.md).
#include "assay/economics/market.hpp"
#include "assay/protocol/layout.hpp"
#include "assay/protocol/offer.hpp"
#include "harness.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;

enum : unsigned { kSubmitter, kSolver, kRival, kThird, kFunder, kStranger };

constexpr std::uint64_t kCost = 1000 + 205 + 20;  // of one copy of the sample

PlaceBid bid(const TaskId& task, std::uint64_t price) {
  return {task, Amount{price}, {2000, 100}, hash_of_text("r")};
}

Amount available(const Net& net, unsigned party) { return net.account(party).available; }

Reputation reputation(const Net& net, unsigned party, Standing role) {
  return net.account(party).reputation[static_cast<std::size_t>(role) - 1];
}

// From the commitment to the end, with nobody verifying or challenging.
void deliver(Net& net, const Posted& p, unsigned solver, const PostTask& terms,
             const MadeRun& run) {
  ASSERT_EQ(net.verdict(solver, commitment_of(p, run)), V::kApplied);
  net.wait(terms.windows.enlist_ms);
  ASSERT_EQ(net.verdict(solver, reveal_of(net, p, solver, terms, run)), V::kApplied);
  net.block();
  net.wait(terms.windows.challenge_ms);
}

TEST(Auction, TheLowestBidWinsAndEveryDepositComesBack) {
  Net net;
  const TaskId task = post(net, kSubmitter, sample_auction());
  EXPECT_EQ(net.verdict(kSolver, bid(task, 900)), V::kApplied);
  EXPECT_EQ(net.verdict(kRival, bid(task, 880)), V::kApplied);
  EXPECT_EQ(net.verdict(kThird, bid(task, 880)), V::kApplied);
  EXPECT_EQ(available(net, kThird), Amount{1'000'000 - 51});
  EXPECT_EQ(net.task(task).bids.size(), 3u);
  net.wait(9'000);
  const TaskView ended = net.task(task);
  EXPECT_EQ(ended.record.status, TaskStatus::kClaimed);
  ASSERT_EQ(ended.claims.size(), 1u);
  // Ties to the earliest.
  EXPECT_EQ(ended.claims[0].record.solver, net.id(kRival));
  EXPECT_EQ(ended.claims[0].record.price, Amount{880});
  EXPECT_TRUE(ended.bids.empty());
  for (const unsigned party : {kSolver, kRival, kThird})
    EXPECT_EQ(available(net, party), Amount{1'000'000});
  // What the bid saved is free at once.
  EXPECT_EQ(available(net, kSubmitter), Amount{1'000'000 - kCost + 120});
  EXPECT_EQ(net.account(kSubmitter).reserved, Amount{0});
  EXPECT_EQ(net.account(kRival).staked, Amount{1'000'000 - 2001});
}

TEST(Auction, WithoutABidTheMoneyComesBack) {
  Net net;
  const TaskId task = post(net, kSubmitter, sample_auction());
  EXPECT_EQ(net.verdict(kSolver, bid(task, 900)), V::kApplied);
  EXPECT_EQ(net.verdict(kSolver, WithdrawBid{task}), V::kApplied);
  EXPECT_EQ(available(net, kSolver), Amount{1'000'000});
  EXPECT_EQ(net.verdict(kSolver, WithdrawBid{task}), V::kUnknownBid);
  EXPECT_EQ(net.verdict(kSolver, WithdrawBid{TaskId{}}), V::kUnknownTask);
  net.wait(9'000);
  EXPECT_EQ(net.task(task).record.reason, CloseReason::kNoBids);
  EXPECT_EQ(available(net, kSubmitter), Amount{1'000'000});
}

TEST(Auction, BidsHaveTheirRules) {
  Net net;
  PostTask terms = sample_auction();
  terms.deny = {net.id(kStranger)};
  terms.capabilities = {"cuda"};
  const TaskId task = post(net, kSubmitter, terms);
  const RegisterProfile able{"https://x", hash_of_text("c"), {"eu", "cuda"}};
  EXPECT_EQ(net.verdict(kSolver, RegisterProfile{"https://x", {}, {"no tag"}}), V::kBadCapability);
  PlaceBid b = bid(task, 900);
  b.r_commitment = Hash256{};
  EXPECT_EQ(net.verdict(kStranger, b), V::kZeroCommitment);
  EXPECT_EQ(net.verdict(kStranger, bid(TaskId{}, 900)), V::kUnknownTask);
  EXPECT_EQ(net.verdict(kStranger, bid(task, 900)), V::kNotAllowed);
  EXPECT_EQ(net.verdict(kSubmitter, bid(task, 900)), V::kSelfDealing);
  EXPECT_EQ(net.verdict(kSolver, bid(task, 0)), V::kLacksCapability);
  for (const unsigned party : {kSolver, kRival}) EXPECT_EQ(net.verdict(party, able), V::kApplied);
  b = bid(task, 0);
  b.times.interval_ms = 4001;
  EXPECT_EQ(net.verdict(kSolver, b), V::kQuoteTooSlow);
  EXPECT_EQ(net.verdict(kSolver, bid(task, 0)), V::kPriceOutOfRange);
  EXPECT_EQ(net.verdict(kSolver, bid(task, 1001)), V::kPriceOutOfRange);
  EXPECT_EQ(net.verdict(kSolver, bid(task, 900)), V::kApplied);
  EXPECT_EQ(net.verdict(kSolver, bid(task, 900)), V::kBidNotLower);
  EXPECT_EQ(net.verdict(kSolver, bid(task, 899)), V::kApplied);
  EXPECT_EQ(available(net, kSolver), Amount{1'000'000 - 51});  // one deposit
  EXPECT_EQ(net.verdict(kSolver, AcceptTask{task, {2000, 100}, hash_of_text("r")}), V::kWrongSale);
  ASSERT_EQ(net.verdict(kRival, Transfer{net.id(kFunder), Amount{999'950}}), V::kApplied);
  EXPECT_EQ(net.verdict(kRival, bid(task, 800)), V::kInsufficientFunds);
  net.wait(9'000);
  EXPECT_EQ(net.verdict(kThird, bid(task, 800)), V::kWrongPhase);
  const TaskId fixed = post(net, kSubmitter, sample_task());
  EXPECT_EQ(net.verdict(kThird, bid(fixed, 800)), V::kWrongSale);
}

// Twice the price would need twice the bond: the rise is refused.
TEST(Auction, APriceThatBreaksTheTermsIsRefused) {
  Net net;
  const TaskId task = post(net, kSubmitter, sample_auction());
  const Receipt receipt = net.send(kFunder, FundTask{task, Amount{5'100}});
  EXPECT_EQ(receipt.verdict, V::kPriceRefused);
  EXPECT_EQ(receipt.detail, static_cast<std::uint8_t>(economics::TermsVerdict::kDefenceUnpaid));
  const Receipt absurd = net.send(kFunder, FundTask{task, Amount{UINT64_MAX}});
  EXPECT_EQ(absurd.detail, static_cast<std::uint8_t>(economics::TermsVerdict::kAmountTooLarge));
}

TEST(Auction, AFullBookTakesOnlyLowerBids) {
  Net net(kMaxBids + 4);
  const TaskId task = post(net, 0, sample_auction());
  std::vector<Bytes> bids;
  for (unsigned i = 1; i <= kMaxBids; ++i) bids.push_back(net.tx(i, bid(task, 800 + i)));
  for (const Receipt& r : net.block(bids).receipts.receipts) ASSERT_EQ(r.verdict, V::kApplied);
  const unsigned late = kMaxBids + 1;
  EXPECT_EQ(net.verdict(late, bid(task, 800 + kMaxBids)), V::kBidsFull);
  EXPECT_EQ(net.verdict(late, bid(task, 700)), V::kApplied);
  EXPECT_EQ(net.task(task).bids.size(), kMaxBids);
  // The highest made room, and has its deposit back at once.
  EXPECT_EQ(net.account(kMaxBids).available, Amount{1'000'000});
  EXPECT_EQ(net.verdict(kMaxBids, bid(task, 799)), V::kApplied);
  // Strangers see the best bid and their own.
  const View view = proven_view(net.read(), net.id(3)).value();
  ASSERT_EQ(view.tasks.size(), 1u);
  EXPECT_EQ(view.tasks[0].bids.size(), 2u);
  EXPECT_EQ(view.tasks[0].bids[0].price, Amount{700});
  EXPECT_EQ(net.read().view(net.id(0)).value().tasks[0].bids.size(), kMaxBids);
}

// The window is 9,000 ms: in its last 900 nobody withdraws for nothing.
TEST(Auction, ALateWithdrawalCostsTheDeposit) {
  Net net;
  const TaskId task = post(net, kSubmitter, sample_auction());
  for (const unsigned who : {kSolver, kRival, kThird})
    ASSERT_EQ(net.verdict(who, bid(task, 900)), V::kApplied);
  const std::uint64_t end = net.task(task).record.deadline.value;
  net.wait(end - 900 - 1 - 100 - net.head.ledger_time.value);
  ASSERT_EQ(net.verdict(kSolver, WithdrawBid{task}), V::kApplied);
  EXPECT_EQ(net.head.ledger_time.value, end - 901);
  EXPECT_EQ(available(net, kSolver), Amount{1'000'000});
  EXPECT_EQ(reputation(net, kSolver, Standing::kSolver).faults, 0u);
  net.wait(1);
  ASSERT_EQ(net.verdict(kRival, WithdrawBid{task}), V::kApplied);
  EXPECT_EQ(available(net, kRival), Amount{1'000'000 - 51});
  EXPECT_EQ(reputation(net, kRival, Standing::kSolver).faults, 1u);
  EXPECT_EQ(available(net, kSubmitter), Amount{1'000'000 - kCost + 25});
  EXPECT_EQ(net.read().totals().value().burned, Amount{26});
  net.wait(900);
  EXPECT_EQ(net.task(task).claims.at(0).record.solver, net.id(kThird));
}

// Aliases that fill the book, push an honest bid out and withdraw: the pushing costs.
TEST(Auction, WhoEvictedAnotherDoesNotWithdrawForNothing) {
  Net net(kMaxBids + 3);
  const unsigned honest = 1, pushed_by = kMaxBids + 1;
  const TaskId task = post(net, 0, sample_auction());
  ASSERT_EQ(net.verdict(honest, bid(task, 900)), V::kApplied);
  std::vector<Bytes> aliases;
  for (unsigned i = 2; i <= kMaxBids; ++i) aliases.push_back(net.tx(i, bid(task, 800)));
  for (const Receipt& r : net.block(aliases).receipts.receipts) ASSERT_EQ(r.verdict, V::kApplied);
  ASSERT_EQ(net.verdict(pushed_by, bid(task, 800)), V::kApplied);
  EXPECT_EQ(net.account(honest).available, Amount{1'000'000});
  // It stays one that evicted, also at another price.
  ASSERT_EQ(net.verdict(pushed_by, bid(task, 799)), V::kApplied);
  ASSERT_EQ(net.verdict(pushed_by, WithdrawBid{task}), V::kApplied);
  EXPECT_EQ(net.account(pushed_by).available, Amount{1'000'000 - 51});
  // One that only stood goes free, and early enough for others to come.
  ASSERT_EQ(net.verdict(2, WithdrawBid{task}), V::kApplied);
  EXPECT_EQ(net.account(2).available, Amount{1'000'000});
  EXPECT_EQ(net.verdict(honest, bid(task, 900)), V::kApplied);
}

TEST(Auction, TheSubmitterMayAwardBeforeItsEnd) {
  Net net;
  const TaskId task = post(net, kSubmitter, sample_auction());
  ASSERT_EQ(net.verdict(kSolver, bid(task, 700)), V::kApplied);
  ASSERT_EQ(net.verdict(kRival, bid(task, 600)), V::kApplied);
  EXPECT_EQ(net.verdict(kSubmitter, AwardTask{TaskId{}, net.id(kSolver)}), V::kUnknownTask);
  EXPECT_EQ(net.verdict(kThird, AwardTask{task, net.id(kSolver)}), V::kNotSubmitter);
  EXPECT_EQ(net.verdict(kSubmitter, AwardTask{task, net.id(kThird)}), V::kUnknownBid);
  EXPECT_EQ(net.verdict(kSubmitter, AwardTask{task, net.id(kSolver)}), V::kApplied);
  EXPECT_EQ(net.verdict(kSubmitter, AwardTask{task, net.id(kRival)}), V::kWrongPhase);
  EXPECT_EQ(net.task(task).claims.at(0).record.price, Amount{700});
  EXPECT_EQ(available(net, kRival), Amount{1'000'000});
}

TEST(Quotes, ASignedQuoteIsAwardedOnce) {
  Net net;
  const PostTask terms = sample_task();
  const TaskId task = post(net, kSubmitter, terms);
  const TaskId second = post(net, kSubmitter, terms);
  AwardQuote good = quoted(net, task, terms, kSolver, 650);
  sign(net, good, kSolver);
  const auto refused = [&](const std::function<void(AwardQuote&)>& change) {
    AwardQuote bad = good;
    change(bad);
    return net.verdict(kSubmitter, sign(net, bad, kSolver));
  };
  EXPECT_EQ(refused([](AwardQuote& q) { q.quote.r_commitment = Hash256{}; }), V::kZeroCommitment);
  EXPECT_EQ(refused([](AwardQuote& q) { q.task = TaskId{}; }), V::kUnknownTask);
  EXPECT_EQ(net.verdict(kRival, good), V::kNotSubmitter);
  EXPECT_EQ(refused([&](AwardQuote& q) { q.quote.solver = net.id(kSubmitter); }), V::kSelfDealing);
  EXPECT_EQ(refused([](AwardQuote& q) { q.quote.times.interval_ms = 0; }), V::kQuoteTooSlow);
  EXPECT_EQ(refused([](AwardQuote& q) { q.quote.price = Amount{1001}; }), V::kPriceOutOfRange);
  EXPECT_EQ(refused([](AwardQuote& q) { q.quote.terms.bytes[0] ^= 1; }), V::kQuoteForAnother);
  // Terms that the solver did not see: a window in which nobody could stand up for it.
  PostTask harsh = terms;
  harsh.windows.stand_up_ms = 1;
  AwardQuote elsewhere = good;
  elsewhere.task = post(net, kSubmitter, harsh);
  EXPECT_EQ(net.verdict(kSubmitter, elsewhere), V::kQuoteForAnother);
  EXPECT_EQ(refused([&](AwardQuote& q) { q.quote.valid_until = net.head.height; }),
            V::kLastHeightOutOfRange);
  const auto too_late = [&](AwardQuote& q) {
    q.quote.valid_until = Height{net.head.height.value + kMaxValidityBlocks + 2};
  };
  EXPECT_EQ(refused(too_late), V::kLastHeightOutOfRange);
  AwardQuote forged = good;
  forged.quote.price = Amount{649};
  EXPECT_EQ(net.verdict(kSubmitter, forged), V::kWrongQuoteSignature);
  EXPECT_EQ(net.verdict(kSubmitter, good), V::kApplied);
  EXPECT_EQ(net.task(task).claims.at(0).record.price, Amount{650});
  EXPECT_EQ(net.account(kSolver).staked, Amount{1'000'000 - 2001});
  // The same header and another task of the same submitter: the quote is used.
  good.task = second;
  EXPECT_EQ(net.verdict(kSubmitter, good), V::kQuoteUsed);
  // What remembers it goes when it could not be awarded any more.
  Bytes key{'Q'};
  const Hash256 solver = net.id(kSolver).value;
  key.insert(key.end(), solver.bytes.begin(), solver.bytes.end());
  key.insert(key.end(), good.quote.id.begin(), good.quote.id.end());
  while (net.head.height < good.quote.valid_until) net.block();
  EXPECT_TRUE(net.read().record(key).value());
  EXPECT_EQ(net.verdict(kSubmitter, good), V::kLastHeightOutOfRange);
  EXPECT_FALSE(net.read().record(key).value());
}

// INV-PRO-003: a block's first results are one record under its height, of the transactions that
// were recorded and in their order; the index finds each.
TEST(ClientIds, ABlocksFirstResultsAreOneRecord) {
  Net net(2);
  const Bytes paid = net.tx(0, Transfer{net.id(1), Amount{5}});
  const Bytes refused = net.tx(1, Transfer{net.id(0), Amount{}});
  net.block({paid, refused});
  const auto transaction = [&](const Bytes& bytes) {
    ParsedTransaction parsed;
    EXPECT_EQ(parse_transaction(net.head.chain, bytes, parsed), V::kApplied);
    return parsed;
  };
  Bytes record;
  for (const auto& [bytes, verdict] :
       {std::pair(paid, V::kApplied), std::pair(refused, V::kZeroAmount)}) {
    const ParsedTransaction tx = transaction(bytes);
    const Envelope& e = tx.envelope;
    const Bytes entry = codec::encode([&](codec::Writer& w) {
      w.hash(e.sender.value);
      w.raw(e.client_id);
      w.hash(tx.id.value);
      w.hash(tx.content);
      w.u16(static_cast<std::uint16_t>(verdict));
      w.u8(0);
    });
    record.insert(record.end(), entry.begin(), entry.end());
    const auto found = net.read().result_of(e.sender, e.client_id).value();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->verdict, verdict);
    EXPECT_EQ(found->id, tx.id);
  }
  EXPECT_EQ(net.read().record(block_key('I', net.head.height)).value(), record);
}

TEST(Funding, OthersMayPayAndTheLastIsRefundedFirst) {
  Net net;
  PostTask terms = sample_task();
  terms.sought = Amount{825};  // the submitter has 400
  const TaskId task = post(net, kSubmitter, terms);
  EXPECT_EQ(net.task(task).record.status, TaskStatus::kFunding);
  EXPECT_EQ(net.account(kSubmitter).reserved, Amount{400});
  EXPECT_EQ(net.verdict(kSolver, AcceptTask{task, {2000, 100}, hash_of_text("r")}), V::kWrongPhase);
  EXPECT_EQ(net.verdict(kFunder, FundTask{task, Amount{0}}), V::kZeroAmount);
  EXPECT_EQ(net.verdict(kFunder, FundTask{TaskId{}, Amount{1}}), V::kUnknownTask);
  EXPECT_EQ(net.verdict(kFunder, FundTask{task, Amount{826}}), V::kOverfunded);
  EXPECT_EQ(net.verdict(kFunder, FundTask{task, Amount{60}}), V::kApplied);
  EXPECT_EQ(net.verdict(kStranger, FundTask{task, Amount{765}}), V::kApplied);
  EXPECT_EQ(net.task(task).record.status, TaskStatus::kOpen);
  ASSERT_EQ(net.verdict(kSolver, AcceptTask{task, {2000, 100}, hash_of_text("r")}), V::kApplied);
  const Posted p{task, claim_id_of(task, net.id(kSolver))};
  deliver(net, p, kSolver, terms, MadeRun(MadeRun::made_up(10, "run")));
  ASSERT_EQ(net.status(p.claim), ClaimStatus::kFinal);
  // 1020 were spent, first in first out: the fee that nobody earned is the last funder's.
  EXPECT_EQ(available(net, kSubmitter), Amount{1'000'000 - 400});
  EXPECT_EQ(available(net, kFunder), Amount{1'000'000 - 60});
  EXPECT_EQ(available(net, kStranger), Amount{1'000'000 - 765 + 205});
}

TEST(Funding, WhatIsNotFundedInTimeGoesBack) {
  Net net;
  PostTask terms = sample_task();
  terms.sought = Amount{kCost - 20};  // all but the tax
  const TaskId task = post(net, kSubmitter, terms);
  ASSERT_EQ(net.verdict(kFunder, FundTask{task, Amount{1000}}), V::kApplied);
  EXPECT_EQ(available(net, kFunder), Amount{999'000});
  net.wait(10'000);
  EXPECT_EQ(net.task(task).record.reason, CloseReason::kUnfunded);
  EXPECT_EQ(available(net, kFunder), Amount{1'000'000});
  EXPECT_EQ(net.verdict(kFunder, FundTask{task, Amount{1}}), V::kWrongPhase);
}

TEST(Funding, OfAnOpenTaskItRaisesThePrice) {
  Net net;
  PostTask terms = sample_task();
  terms.copies = 2;
  terms.challenger_bond = Amount{300};
  const TaskId task = post(net, kSubmitter, terms);
  EXPECT_EQ(net.verdict(kFunder, FundTask{task, Amount{101}}), V::kUnevenAmount);
  EXPECT_EQ(net.verdict(kFunder, FundTask{task, Amount{2}}), V::kUnevenAmount);
  EXPECT_EQ(net.verdict(kFunder, FundTask{task, Amount{204}}), V::kApplied);
  EXPECT_EQ(net.task(task).record.terms.price, Amount{1100});
  EXPECT_EQ(net.task(task).record.terms.tax, Amount{22});
  ASSERT_EQ(net.verdict(kSolver, AcceptTask{task, {2000, 100}, hash_of_text("r")}), V::kApplied);
  // Only the copy that is not sold yet is dearer now.
  EXPECT_EQ(net.verdict(kFunder, FundTask{task, Amount{51}}), V::kApplied);
  ASSERT_EQ(net.verdict(kRival, AcceptTask{task, {2000, 100}, hash_of_text("r")}), V::kApplied);
  const TaskView view = net.task(task);
  EXPECT_EQ(view.claims.at(0).record.price, Amount{1100});
  EXPECT_EQ(view.claims.at(1).record.price, Amount{1150});
  EXPECT_EQ(view.claims.at(1).record.tax, Amount{23});
  // Nobody delivers: everything goes back to whom it came from.
  net.wait(20'000);
  EXPECT_EQ(net.task(task).record.status, TaskStatus::kRefunded);
  EXPECT_EQ(net.task(task).record.reason, CloseReason::kNotCommitted);
  for (const unsigned party : {kSubmitter, kFunder, kSolver, kRival})
    EXPECT_EQ(available(net, party), Amount{1'000'000});
}

// A stranger cannot use up the contributions with single atoms: each leaves no more to a later one
// than it brings itself.
TEST(Funding, HasAsManyFundersAsATaskHasRoomFor) {
  Net net;
  PostTask terms = sample_task();
  terms.sought = Amount{kCost - 20};
  const TaskId task = post(net, kSubmitter, terms);
  // The submitter's own tax is one of 16.
  for (unsigned i = 0; i + 2 < kMaxFunders; ++i) {
    EXPECT_EQ(net.verdict(kStranger, FundTask{task, Amount{1}}), V::kContributionTooSmall);
    ASSERT_EQ(net.verdict(kFunder, FundTask{task, Amount{81}}), V::kApplied);
  }
  EXPECT_EQ(net.verdict(kStranger, FundTask{task, Amount{70}}), V::kContributionTooSmall);
  EXPECT_EQ(net.verdict(kStranger, FundTask{task, Amount{71}}), V::kApplied);
  EXPECT_EQ(net.task(task).record.status, TaskStatus::kOpen);
  EXPECT_EQ(net.verdict(kFunder, FundTask{task, Amount{51}}), V::kTooManyFunders);
  // A rise is a hundredth of the price at least.
  const TaskId open = post(net, kSubmitter, sample_task());
  EXPECT_EQ(net.verdict(kStranger, FundTask{open, Amount{9}}), V::kContributionTooSmall);
  EXPECT_EQ(net.verdict(kStranger, FundTask{open, Amount{10}}), V::kApplied);
}

TEST(Copies, EachIsPaidAndOneMayFall) {
  Net net;
  PostTask terms = sample_task();
  terms.copies = 2;
  const TaskId task = post(net, kSubmitter, terms);
  EXPECT_EQ(net.account(kSubmitter).reserved, Amount{2 * kCost});
  const AcceptTask accept{task, {2000, 100}, hash_of_text("r")};
  ASSERT_EQ(net.verdict(kSolver, accept), V::kApplied);
  EXPECT_EQ(net.verdict(kSolver, accept), V::kAlreadyClaimed);
  ASSERT_EQ(net.verdict(kRival, accept), V::kApplied);
  EXPECT_EQ(net.verdict(kThird, accept), V::kWrongPhase);
  const Posted one{task, claim_id_of(task, net.id(kSolver))};
  const Posted two{task, claim_id_of(task, net.id(kRival))};
  const MadeRun run(MadeRun::made_up(10, "run"));
  const MadeRun lie(MadeRun::made_up(10, "lie"));
  ASSERT_EQ(net.verdict(kRival, commitment_of(two, lie)), V::kApplied);
  deliver(net, one, kSolver, terms, run);
  EXPECT_EQ(net.status(one.claim), ClaimStatus::kFinal);
  EXPECT_EQ(available(net, kSolver), Amount{1'001'000});
  // The other one never revealed.
  EXPECT_EQ(net.claim(two.claim).record.reason, CloseReason::kNotRevealed);
  EXPECT_EQ(net.task(task).record.status, TaskStatus::kPaid);
  EXPECT_EQ(net.task(task).record.reason, CloseReason::kFinal);
  EXPECT_EQ(available(net, kSubmitter), Amount{1'000'000 - 1020});
  EXPECT_FALSE(net.read().next_deadline().value());
}

TEST(Copies, FewerMaySellThanWereOffered) {
  Net net;
  PostTask terms = sample_task();
  terms.copies = 3;
  const TaskId task = post(net, kSubmitter, terms);
  ASSERT_EQ(net.verdict(kSolver, AcceptTask{task, {2000, 100}, hash_of_text("r")}), V::kApplied);
  net.wait(10'000);
  EXPECT_EQ(net.task(task).record.status, TaskStatus::kClaimed);
  EXPECT_EQ(available(net, kSubmitter), Amount{1'000'000 - kCost});
}

struct Training {
  Net net;
  PostTask terms = sample_task();
  Posted p;
  Training() { p = post_and_accept(net, kSubmitter, kSolver, terms); }
};

// 27 steps, 10 entries; progress may run 2 entries ahead.
TEST(Cancelling, WhatWasDoneUpToTheNextProgressPointIsPaid) {
  Training t;
  const MadeRun whole(MadeRun::made_up(10, "run"));
  const auto report = [&](unsigned who, std::uint64_t entries) {
    return t.net.verdict(who, report_of(t.p, whole, entries));
  };
  EXPECT_EQ(t.net.verdict(kSolver, ReportProgress{t.p.claim, 3, {}}), V::kZeroCommitment);
  EXPECT_EQ(t.net.verdict(kSolver, ReportProgress{ClaimId{}, 3, hash_of_text("p")}),
            V::kUnknownClaim);
  EXPECT_EQ(report(kRival, 3), V::kNotSolver);
  EXPECT_EQ(report(kSolver, 1), V::kProgressOutOfRange);
  EXPECT_EQ(report(kSolver, 4), V::kProgressOutOfRange);
  EXPECT_EQ(report(kSolver, 3), V::kApplied);
  EXPECT_EQ(report(kSolver, 5), V::kApplied);
  ASSERT_EQ(t.net.verdict(kSubmitter, CancelTask{t.p.task}), V::kApplied);
  EXPECT_EQ(t.net.verdict(kSubmitter, CancelTask{t.p.task}), V::kWrongPhase);
  EXPECT_EQ(report(kSolver, 7), V::kWrongPhase);
  // At most 7 entries: 18 of 27 steps; it has done 6 entries, 15 steps.
  CommitTranscript commit = commitment_of(t.p, MadeRun(MadeRun::made_up(8, "run")));
  EXPECT_EQ(t.net.verdict(kSolver, commit), V::kWrongEntryCount);
  commit.entries = 4;  // less than it reported
  EXPECT_EQ(t.net.verdict(kSolver, commit), V::kWrongEntryCount);
  const MadeRun run(MadeRun::made_up(6, "run"));
  ASSERT_EQ(t.net.verdict(kRival, EnlistVerifier{t.p.claim}), V::kApplied);
  ASSERT_EQ(t.net.verdict(kSolver, commitment_of(t.p, run)), V::kApplied);
  t.net.wait(8'000);
  ASSERT_EQ(t.net.verdict(kSolver, reveal_of(t.net, t.p, kSolver, t.terms, run)), V::kApplied);
  t.net.block();
  // Draws, openings and games are about the six entries.
  const VerifierRecord seat = verifier_of(t.net, t.p.claim, kRival);
  Seal seal{t.p.claim, {}};
  std::vector<OpenSeal> opens;
  for (std::uint32_t i = 0; i < seat.draws.size(); ++i) {
    EXPECT_LT(seat.draws[i].entry, 6u);
    EXPECT_LE(seat.draws[i].interior_step, 15u);
    opens.push_back(opening_of(t.net, t.p, kRival, run, i, seat.draws[i].entry));
    seal.seals.push_back(seal_of(t.net, t.p, kRival, opens.back()));
  }
  ASSERT_EQ(t.net.verdict(kRival, seal), V::kApplied);
  for (const OpenSeal& open : opens) ASSERT_EQ(t.net.verdict(kRival, open), V::kApplied);
  const ChallengeId challenge = commit_challenge(t.net, t.p, kThird, 5);
  ASSERT_EQ(t.net.verdict(kThird, challenge_reveal(challenge, run, 5)), V::kApplied);
  const TaskView view = t.net.task(t.p.task);
  const ChallengeView& challenged = view.claims[0].challenges.at(0);
  EXPECT_EQ(terms_of(t.net.head.chain, view, challenged, challenged.games.at(0)).task.steps, 15u);
  EXPECT_TRUE(proven_view(t.net.read(), t.net.id(kThird)));
}

TEST(Cancelling, ThePartIsPaidAndTheRestComesBack) {
  Training t;
  ASSERT_EQ(t.net.verdict(kSolver, report_of(t.p, MadeRun(MadeRun::made_up(5, "run")), 3)),
            V::kApplied);
  ASSERT_EQ(t.net.verdict(kSubmitter, CancelTask{t.p.task}), V::kApplied);
  deliver(t.net, t.p, kSolver, t.terms, MadeRun(MadeRun::made_up(5, "run")));
  EXPECT_EQ(t.net.claim(t.p.claim).record.reason, CloseReason::kFinalPartial);
  EXPECT_EQ(t.net.task(t.p.task).record.status, TaskStatus::kPaid);
  // 12 of 27 steps: pay 444, tax 9 (8.9 rounded up), of which 5 are burned.
  EXPECT_EQ(available(t.net, kSolver), Amount{1'000'444});
  EXPECT_EQ(available(t.net, kSubmitter), Amount{1'000'000 - 444 - 9});
  EXPECT_EQ(t.net.read().totals().value().burned, Amount{5});
  EXPECT_EQ(t.net.read().totals().value().jackpot, Amount{4});
}

TEST(Cancelling, NothingDeliveredIsNoFault) {
  Training t;
  ASSERT_EQ(t.net.verdict(kSubmitter, CancelTask{t.p.task}), V::kApplied);
  t.net.wait(20'000);
  EXPECT_EQ(t.net.claim(t.p.claim).record.reason, CloseReason::kCancelledTraining);
  EXPECT_EQ(t.net.task(t.p.task).record.reason, CloseReason::kCancelledTraining);
  EXPECT_EQ(reputation(t.net, kSolver, Standing::kSolver).faults, 0u);
  EXPECT_EQ(available(t.net, kSubmitter), Amount{1'000'000});
  EXPECT_EQ(t.net.account(kSolver).staked, Amount{1'000'000});
}

// Without a transcript the price is locked no longer than the work up to the next progress point
// may take: 2 of 9 parts of 20,000 ms, and 9,000 ms to reveal.
TEST(Cancelling, TheDeadlineComesNearer) {
  Training t;
  EXPECT_EQ(deliver_ms(t.terms), 4'445u + 9'000u);
  t.net.wait(1'000);
  const LedgerTimeMs own = t.net.claim(t.p.claim).record.deadline;
  ASSERT_EQ(t.net.verdict(kSubmitter, CancelTask{t.p.task}), V::kApplied);
  const LedgerTimeMs until = t.net.claim(t.p.claim).record.deadline;
  EXPECT_EQ(until.value, t.net.head.ledger_time.value + 13'445);
  EXPECT_LT(until, own);
  t.net.wait(13'444);
  EXPECT_EQ(t.net.status(t.p.claim), ClaimStatus::kTraining);
  t.net.wait(1);
  EXPECT_EQ(t.net.claim(t.p.claim).record.reason, CloseReason::kCancelledTraining);
  EXPECT_FALSE(t.net.read().next_deadline().value());
  // A window that ends sooner stays.
  const Posted late = post_and_accept(t.net, kSubmitter, kSolver, t.terms);
  const LedgerTimeMs due = t.net.claim(late.claim).record.deadline;
  t.net.wait(19'000);
  ASSERT_EQ(t.net.verdict(kSubmitter, CancelTask{late.task}), V::kApplied);
  EXPECT_EQ(t.net.claim(late.claim).record.deadline, due);
}

// A solver that reports what it has not done can deliver no transcript.
TEST(Progress, AMadeUpReportCostsTheClaim) {
  Training t;
  const MadeRun run(MadeRun::made_up(10, "run"));
  const MadeRun made_up(MadeRun::made_up(10, "guess"));
  for (std::uint64_t entries = 3; entries <= 9; entries += 2)
    ASSERT_EQ(t.net.verdict(kSolver, report_of(t.p, made_up, entries)), V::kApplied);
  ASSERT_EQ(t.net.verdict(kSubmitter, CancelTask{t.p.task}), V::kApplied);
  CommitTranscript commit = commitment_of(t.p, run);
  commit.entries = 8;
  EXPECT_EQ(t.net.verdict(kSolver, commit), V::kWrongEntryCount);
  ASSERT_EQ(t.net.verdict(kSolver, commitment_of(t.p, run)), V::kApplied);
  t.net.wait(t.terms.windows.enlist_ms);
  // The true state, the guessed one, and nothing at all.
  RevealTranscript reveal = reveal_of(t.net, t.p, kSolver, t.terms, run);
  EXPECT_EQ(t.net.verdict(kSolver, reveal), V::kWrongProgress);
  reveal.progress->state_root = made_up.transcript.state_root(8);
  EXPECT_EQ(t.net.verdict(kSolver, reveal), V::kWrongProgress);
  reveal.progress.reset();
  EXPECT_EQ(t.net.verdict(kSolver, reveal), V::kWrongProgress);
  t.net.wait(t.terms.windows.reveal_ms);
  EXPECT_EQ(t.net.claim(t.p.claim).record.reason, CloseReason::kNotRevealed);
  EXPECT_EQ(available(t.net, kSubmitter), Amount{1'000'000});
  EXPECT_EQ(reputation(t.net, kSolver, Standing::kSolver).faults, 1u);
}

TEST(Progress, ATrueReportIsOpenedByTheTranscript) {
  Training t;
  const MadeRun run(MadeRun::made_up(10, "run"));
  ASSERT_EQ(t.net.verdict(kSolver, report_of(t.p, run, 3)), V::kApplied);
  deliver(t.net, t.p, kSolver, t.terms, run);
  EXPECT_EQ(t.net.claim(t.p.claim).record.reason, CloseReason::kFinal);
  // Nothing was reported: nothing is opened.
  const Posted p = post_and_accept(t.net, kSubmitter, kSolver, t.terms);
  ASSERT_EQ(t.net.verdict(kSolver, commitment_of(p, run)), V::kApplied);
  t.net.wait(t.terms.windows.enlist_ms);
  RevealTranscript needless = reveal_of(t.net, p, kSolver, t.terms, run);
  needless.progress = ProgressProof{run.transcript.state_root(2), run.transcript.path(2)};
  EXPECT_EQ(t.net.verdict(kSolver, needless), V::kWrongProgress);
}

TEST(Abandoning, WithoutProgressTheClaimEndsAtOnce) {
  Training t;
  EXPECT_EQ(t.net.verdict(kSolver, AbandonClaim{ClaimId{}}), V::kUnknownClaim);
  EXPECT_EQ(t.net.verdict(kRival, AbandonClaim{t.p.claim}), V::kNotSolver);
  ASSERT_EQ(t.net.verdict(kThird, EnlistVerifier{t.p.claim}), V::kApplied);
  ASSERT_EQ(t.net.verdict(kSolver, AbandonClaim{t.p.claim}), V::kApplied);
  EXPECT_EQ(t.net.claim(t.p.claim).record.reason, CloseReason::kAbandoned);
  EXPECT_EQ(t.net.task(t.p.task).record.status, TaskStatus::kRefunded);
  EXPECT_EQ(t.net.task(t.p.task).record.reason, CloseReason::kAbandoned);
  EXPECT_EQ(available(t.net, kSubmitter), Amount{1'000'000});
  // With its stake free at once it could end every task as it is posted: that costs the tax.
  EXPECT_EQ(t.net.account(kSolver).staked, Amount{1'000'000 - t.terms.tax.value});
  EXPECT_EQ(t.net.account(kThird).staked, Amount{1'000'000});
  EXPECT_EQ(reputation(t.net, kSolver, Standing::kSolver).faults, 1u);
  EXPECT_EQ(reputation(t.net, kThird, Standing::kVerifier).faults, 0u);
  EXPECT_FALSE(t.net.read().next_deadline().value());
  EXPECT_EQ(t.net.verdict(kSolver, AbandonClaim{t.p.claim}), V::kWrongPhase);
  // What was done is not paid where the terms do not say so.
  const Posted p = post_and_accept(t.net, kSubmitter, kSolver, t.terms);
  const MadeRun run(MadeRun::made_up(10, "run"));
  ASSERT_EQ(t.net.verdict(kSolver, report_of(p, run, 3)), V::kApplied);
  ASSERT_EQ(t.net.verdict(kSolver, AbandonClaim{p.claim}), V::kApplied);
  EXPECT_EQ(t.net.claim(p.claim).record.reason, CloseReason::kAbandoned);
}

TEST(Abandoning, WherePartialWorkIsPaidWhatWasDoneIsDelivered) {
  Net net;
  PostTask terms = sample_task();
  terms.pays_partial = true;
  const MadeRun run(MadeRun::made_up(5, "run"));
  const Posted p = post_and_accept(net, kSubmitter, kSolver, terms);
  ASSERT_EQ(net.verdict(kSolver, report_of(p, run, 3)), V::kApplied);
  ASSERT_EQ(net.verdict(kSolver, AbandonClaim{p.claim}), V::kApplied);
  EXPECT_EQ(net.status(p.claim), ClaimStatus::kTraining);
  EXPECT_EQ(net.verdict(kSubmitter, CancelTask{p.task}), V::kWrongPhase);
  deliver(net, p, kSolver, terms, run);
  EXPECT_EQ(net.claim(p.claim).record.reason, CloseReason::kFinalPartial);
  EXPECT_EQ(available(net, kSolver), Amount{1'000'444});
  EXPECT_EQ(reputation(net, kSolver, Standing::kSolver).faults, 0u);
  // Nothing delivered, or given up once more: a fault, and everything back.
  for (const bool again : {false, true}) {
    const Posted next = post_and_accept(net, kSubmitter, kRival, terms);
    ASSERT_EQ(net.verdict(kRival, report_of(next, run, 3)), V::kApplied);
    ASSERT_EQ(net.verdict(kRival, AbandonClaim{next.claim}), V::kApplied);
    if (again)
      ASSERT_EQ(net.verdict(kRival, AbandonClaim{next.claim}), V::kApplied);
    else
      net.wait(deliver_ms(terms));
    EXPECT_EQ(net.claim(next.claim).record.reason, CloseReason::kAbandoned);
  }
  EXPECT_EQ(reputation(net, kRival, Standing::kSolver).faults, 2u);
  EXPECT_EQ(available(net, kSubmitter), Amount{1'000'000 - 444 - 9});
  // Who is cancelled and delivers nothing has no fault, sooner or later.
  const Posted last = post_and_accept(net, kSubmitter, kThird, terms);
  ASSERT_EQ(net.verdict(kSubmitter, CancelTask{last.task}), V::kApplied);
  ASSERT_EQ(net.verdict(kThird, AbandonClaim{last.claim}), V::kApplied);
  EXPECT_EQ(net.claim(last.claim).record.reason, CloseReason::kCancelledTraining);
  EXPECT_EQ(reputation(net, kThird, Standing::kSolver).faults, 0u);
}

TEST(Reputation, IsTheTaxThatWasTakenAndFaultsTakeItAway) {
  Training t;
  deliver(t.net, t.p, kSolver, t.terms, MadeRun(MadeRun::made_up(10, "run")));
  EXPECT_EQ(reputation(t.net, kSolver, Standing::kSolver).score, 20u);
  EXPECT_EQ(reputation(t.net, kSolver, Standing::kSolver).completed, 1u);
  EXPECT_EQ(reputation(t.net, kSubmitter, Standing::kSubmitter).score, 20u);
  // Who may take a task that asks for a score.
  PostTask picky = t.terms;
  picky.reputation_min = 20;
  const TaskId wanted = post(t.net, kSubmitter, picky);
  EXPECT_EQ(t.net.verdict(kRival, AcceptTask{wanted, {2000, 100}, hash_of_text("r")}),
            V::kReputationTooLow);
  // A day's decay is enough to fall below; the record keeps what it was.
  EXPECT_LT(economics::decayed_score(20, economics::kDayMs), 20u);
  // The first missed deadline is forgiven, the second within 90 days halves the score.
  for (unsigned fault = 1; fault <= 2; ++fault) {
    post_and_accept(t.net, kSubmitter, kSolver, t.terms);
    t.net.wait(20'000);
    const Reputation now = reputation(t.net, kSolver, Standing::kSolver);
    EXPECT_EQ(now.faults, fault);
    EXPECT_GE(now.score, fault == 1 ? 19u : 9u);
    EXPECT_LE(now.score, fault == 1 ? 20u : 10u);
  }
  // A slash zeroes it.
  const Posted p = post_and_accept(t.net, kSubmitter, kSolver, t.terms);
  const MadeRun run(MadeRun::made_up(10, "run"));
  const MadeRun other(MadeRun::made_up(10, "other"));
  ASSERT_EQ(t.net.verdict(kSolver, commitment_of(p, run)), V::kApplied);
  t.net.wait(8'000);
  ASSERT_EQ(t.net.verdict(kSolver, reveal_of(t.net, p, kSolver, t.terms, run)), V::kApplied);
  t.net.block();
  const RevealTranscript twin = reveal_of(t.net, p, kSolver, t.terms, other);
  ASSERT_EQ(
      t.net.verdict(kThird, ReportContradiction{p.claim, twin.transcript_root, twin.signature}),
      V::kApplied);
  EXPECT_EQ(reputation(t.net, kSolver, Standing::kSolver).score, 0u);
  EXPECT_EQ(reputation(t.net, kSolver, Standing::kSolver).slashes, 1u);
}

// Whoever else looks has twice the time.
TEST(Verifiers, WhoFallsSilentHasAFaultAndTheWindowIsDoubled) {
  Training t;
  for (const unsigned who : {kRival, kThird})
    ASSERT_EQ(t.net.verdict(who, EnlistVerifier{t.p.claim}), V::kApplied);
  const MadeRun run(MadeRun::made_up(10, "run"));
  ASSERT_EQ(t.net.verdict(kSolver, commitment_of(t.p, run)), V::kApplied);
  t.net.wait(8'000);
  ASSERT_EQ(t.net.verdict(kSolver, reveal_of(t.net, t.p, kSolver, t.terms, run)), V::kApplied);
  t.net.block();
  // One seals and opens a part, the other does nothing.
  const VerifierRecord seat = verifier_of(t.net, t.p.claim, kRival);
  Seal seal{t.p.claim, {}};
  for (std::uint32_t i = 0; i < seat.draws.size(); ++i)
    seal.seals.push_back(
        seal_of(t.net, t.p, kRival, opening_of(t.net, t.p, kRival, run, i, seat.draws[i].entry)));
  ASSERT_EQ(t.net.verdict(kRival, seal), V::kApplied);
  t.net.wait(7'000);
  ASSERT_EQ(t.net.verdict(kRival, opening_of(t.net, t.p, kRival, run, 0, seat.draws[0].entry)),
            V::kApplied);
  t.net.wait(6'000);
  ASSERT_EQ(t.net.status(t.p.claim), ClaimStatus::kChallenging);
  EXPECT_EQ(t.net.claim(t.p.claim).record.deadline.value,
            t.net.head.ledger_time.value + 2 * t.terms.windows.challenge_ms);
  t.net.wait(12'000);
  ASSERT_EQ(t.net.status(t.p.claim), ClaimStatus::kChallenging);
  t.net.wait(12'000);
  ASSERT_EQ(t.net.status(t.p.claim), ClaimStatus::kFinal);
  // 51 a seal; the tax of 20 is burned by half.
  EXPECT_EQ(t.net.account(kRival).staked, Amount{1'000'000});
  EXPECT_EQ(available(t.net, kRival), Amount{1'000'000 + 51});
  EXPECT_EQ(t.net.account(kThird).staked, Amount{1'000'000});
  EXPECT_EQ(t.net.read().totals().value().burned, Amount{10});
  EXPECT_EQ(available(t.net, kSubmitter), Amount{1'000'000 - 1020 - 51});
  for (const unsigned who : {kRival, kThird})
    EXPECT_EQ(reputation(t.net, who, Standing::kVerifier).faults, 1u);
  EXPECT_EQ(reputation(t.net, kThird, Standing::kVerifier).completed, 0u);
}

TEST(Offer, EachRuleRefuses) {
  const PostTask good = sample_auction();
  EXPECT_EQ(check_offer(good), OfferVerdict::kHolds);
  const auto refused = [&](const std::function<void(PostTask&)>& change) {
    PostTask bad = good;
    change(bad);
    return check_offer(bad);
  };
  EXPECT_EQ(refused([](PostTask& t) { t.copies = 0; }), OfferVerdict::kCopiesOutOfRange);
  EXPECT_EQ(refused([](PostTask& t) { t.copies = 5; }), OfferVerdict::kCopiesOutOfRange);
  EXPECT_EQ(refused([](PostTask& t) { t.capabilities = {"Cuda"}; }), OfferVerdict::kBadCapability);
  EXPECT_EQ(refused([](PostTask& t) { t.bid_deposit = Amount{0}; }),
            OfferVerdict::kBidDepositMismatch);
  EXPECT_EQ(refused([](PostTask& t) { t.sale = Sale::kFixed; }), OfferVerdict::kBidDepositMismatch);
  EXPECT_EQ(refused([](PostTask& t) { t.tax = Amount{economics::kMaxTaskAtoms + 1}; }),
            OfferVerdict::kAmountTooLarge);
  EXPECT_EQ(refused([](PostTask& t) { t.sought = Amount{kCost - 20 + 1}; }),
            OfferVerdict::kSoughtTooMuch);
  EXPECT_EQ(refused([](PostTask& t) { t.work_units = 0; }), OfferVerdict::kNoWork);
  EXPECT_EQ(refused([](PostTask& t) { t.progress_entries = 0; }),
            OfferVerdict::kProgressOutOfRange);
  EXPECT_EQ(refused([](PostTask& t) { t.progress_entries = 11; }),
            OfferVerdict::kProgressOutOfRange);
  for (std::uint8_t v = 0; v <= kOfferVerdictLast; ++v)
    EXPECT_STRNE(to_string(static_cast<OfferVerdict>(v)), "?");
  Net net;
  PostTask bad = good;
  bad.copies = 0;
  const Receipt receipt = net.send(kSubmitter, bad);
  EXPECT_EQ(receipt.verdict, V::kOfferRefused);
  EXPECT_EQ(receipt.detail, static_cast<std::uint8_t>(OfferVerdict::kCopiesOutOfRange));
  // The windows in which challenges end are over before anything that unbonds is free.
  bad = good;
  bad.windows.challenge_ms = kMaxDisputeMs / 2;
  EXPECT_EQ(net.verdict(kSubmitter, bad), V::kWindowOutOfRange);
  static_assert(kMaxDisputeMs < kUnbondingMs);
}

}  // namespace
}  // namespace assay::protocol
