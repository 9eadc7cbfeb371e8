// What the market's money withstands: the wrong hour, the wrong sender, amounts that would wrap,
// the same thing twice, clocks that nobody turns, submitters that would rather not pay.
#include "assay/protocol/offer.hpp"
#include "assay/protocol/transaction.hpp"
#include "harness.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;

enum : unsigned { kSubmitter, kSolver, kRival, kVerifier, kFunder, kStranger };
constexpr unsigned kParties = 6;
constexpr std::uint64_t kFree = 1'000'000;
constexpr std::uint64_t kCost = 1000 + 205 + 20;  // of one copy of the sample
constexpr std::uint64_t kMost = ~std::uint64_t{0};

PlaceBid bid_of(const TaskId& task, std::uint64_t price) {
  return {task, Amount{price}, {2000, 100}, hash_of_text("r")};
}
AcceptTask acceptance_of(const TaskId& task) { return {task, {2000, 100}, hash_of_text("r")}; }

// Everything that anybody owns.
using Wealth = std::vector<std::uint64_t>;
Wealth wealth_of(const Net& net) {
  Wealth all;
  for (unsigned i = 0; i < kParties; ++i) {
    const AccountView a = net.account(i);
    for (const Amount part : {a.available, a.reserved, a.staked, a.unbonding})
      all.push_back(part.value);
  }
  const Totals totals = net.read().totals().value();
  all.push_back(totals.burned.value);
  all.push_back(totals.jackpot.value);
  return all;
}

// Refused, and nobody's money has moved.
void refuse(Net& net, unsigned who, const Payload& payload, V expected, const char* what) {
  const Wealth before = wealth_of(net);
  EXPECT_EQ(to_string(net.verdict(who, payload)), std::string(to_string(expected))) << what;
  EXPECT_EQ(wealth_of(net), before) << what;
}

// A task with one claim, one verifier and one challenge, taken from stage to stage.
enum class Stage {
  kFunding,
  kOpen,
  kTraining,
  kEnlisting,
  kRevealing,
  kSealing,
  kOpening,
  kChallenging,
  kResolving,
  kSettled,
};
constexpr Stage kLastStage = Stage::kSettled;

struct Story {
  Net net;
  PostTask terms = sample_task();
  Posted p;
  MadeRun run{MadeRun::made_up(10, "run")};
  ChallengeId challenge;
  VerifierRecord seat;
  Stage stage = Stage::kFunding;

  Story() {
    terms.sought = Amount{100};
    p.task = post(net, kSubmitter, terms);
    p.claim = claim_id_of(p.task, net.id(kSolver));
    challenge = challenge_id_of(p.claim, net.id(kStranger), challenge_hash());
  }
  Hash256 challenge_hash() const {
    return challenge_commitment({p.claim, 4, net.id(kStranger), hash_of_text("challenge")});
  }
  OpenSeal open() const {
    const std::uint64_t entry = seat.draws.empty() ? 0 : seat.draws[0].entry;
    OpenSeal o;
    o.claim = p.claim;
    if (!seat.draws.empty()) o = opening_of(net, p, kVerifier, run, 0, entry);
    return o;
  }
  Seal seal() const {
    Seal s{p.claim, {}};
    for (std::uint32_t i = 0; i < seat.draws.size(); ++i)
      s.seals.push_back(
          seal_of(net, p, kVerifier, opening_of(net, p, kVerifier, run, i, seat.draws[i].entry)));
    if (s.seals.empty()) s.seals = {hash_of_text("seal"), hash_of_text("seal")};
    return s;
  }
  void take(unsigned who, const Payload& payload) {
    ASSERT_EQ(to_string(net.verdict(who, payload)), std::string(to_string(V::kApplied)));
  }

  void next() {
    switch (stage) {
      case Stage::kFunding: take(kFunder, FundTask{p.task, Amount{100}}); break;
      case Stage::kOpen: take(kSolver, acceptance_of(p.task)); break;
      case Stage::kTraining:
        take(kVerifier, EnlistVerifier{p.claim});
        take(kSolver, commitment_of(p, run));
        break;
      case Stage::kEnlisting: net.wait(terms.windows.enlist_ms); break;
      case Stage::kRevealing:
        take(kSolver, reveal_of(net, p, kSolver, terms, run));
        net.block();  // the draw, at its start
        seat = verifier_of(net, p.claim, kVerifier);
        break;
      case Stage::kSealing: take(kVerifier, seal()); break;
      case Stage::kOpening: open_all(); break;
      case Stage::kChallenging:
        take(kStranger, CommitChallenge{p.claim, challenge_hash()});
        while (net.status(p.claim) == ClaimStatus::kChallenging) net.block({}, 500);
        take(kStranger, challenge_reveal(challenge, run, 4));
        break;
      case Stage::kResolving: net.wait(60'000); break;
      case Stage::kSettled: break;
    }
    stage = static_cast<Stage>(static_cast<int>(stage) + 1);
  }
  void open_all() {
    for (std::uint32_t i = 0; i < seat.draws.size(); ++i)
      take(kVerifier, opening_of(net, p, kVerifier, run, i, seat.draws[i].entry));
  }
};

// One transaction of each kind about the story, by whoever may send it.
struct Act {
  unsigned who;
  Payload payload;
  std::set<Stage> allowed;  // where it would be taken; elsewhere it is out of phase
};
std::vector<Act> acts_of(const Story& s) {
  using enum Stage;
  const TaskId& task = s.p.task;
  const ClaimId& claim = s.p.claim;
  AwardQuote quote{task, {}, {}};
  quote.quote.solver = s.net.id(kRival);
  quote.quote.r_commitment = hash_of_text("r");
  return {
      {kSubmitter, CancelTask{task}, {kFunding, kOpen, kTraining}},
      {kFunder, FundTask{task, Amount{51}}, {kFunding, kOpen}},
      {kRival, acceptance_of(task), {kOpen}},
      {kRival, bid_of(task, 900), {}},
      {kSubmitter, AwardTask{task, s.net.id(kRival)}, {}},
      {kSubmitter, quote, {kOpen}},
      {kSolver, ReportProgress{claim, 2, hash_of_text("p")}, {kTraining}},
      {kSolver, AbandonClaim{claim}, {kTraining}},
      {kSolver, commitment_of(s.p, s.run), {kTraining}},
      {kSolver, reveal_of(s.net, s.p, kSolver, s.terms, s.run), {kRevealing}},
      {kRival, EnlistVerifier{claim}, {kTraining, kEnlisting}},
      {kVerifier, s.seal(), {kSealing}},
      {kVerifier, s.open(), {kOpening}},
      {kRival, CommitChallenge{claim, hash_of_text("c")}, {kSealing, kOpening, kChallenging}},
      {kStranger, challenge_reveal(s.challenge, s.run, 4), {}},
      {kVerifier, StandUp{s.challenge}, {kResolving}},
      {kSolver, PlayMove{game_id_of(s.challenge, s.net.id(kSolver)), {}}, {kResolving}},
      {kSolver,
       Disclose{claim, hash_of_text("r"), s.run.salt, s.run.transcript.root(), {}, {}, {}},
       {}},
      {kRival,
       ReportContradiction{claim, s.run.transcript.root(), {}},
       {kSealing, kOpening, kChallenging, kResolving}},
  };
}

// "Not there yet" is the answer while the object of a transaction does not exist.
bool is_early(V v) {
  return v == V::kUnknownClaim || v == V::kUnknownChallenge || v == V::kUnknownGame ||
         v == V::kUnknownBid || v == V::kNotVerifier || v == V::kWrongSale;
}

TEST(Money, NothingMovesInTheWrongPhase) {
  Story s;
  std::map<std::size_t, unsigned> out_of_phase;
  for (;; s.next()) {
    ASSERT_FALSE(testing::Test::HasFailure());
    const std::vector<Act> acts = acts_of(s);
    for (std::size_t i = 0; i < acts.size(); ++i) {
      if (acts[i].allowed.contains(s.stage)) continue;
      SCOPED_TRACE(std::string(to_string(kind_of(acts[i].payload))) + " in stage " +
                   std::to_string(static_cast<int>(s.stage)));
      const Wealth before = wealth_of(s.net);
      const V verdict = s.net.verdict(acts[i].who, acts[i].payload);
      const bool late = verdict == V::kWrongPhase || verdict == V::kGameFinished;
      EXPECT_TRUE(late || is_early(verdict)) << to_string(verdict);
      EXPECT_EQ(wealth_of(s.net), before);
      out_of_phase[i] += late;
    }
    if (s.stage == kLastStage) break;
  }
  EXPECT_TRUE(is_settled(s.net.status(s.p.claim)));
  // Each kind but those that ask for a bid or quote first was refused for its phase.
  for (const auto& [act, times] : out_of_phase) EXPECT_GT(times, 0u) << act;
}

// Every kind that is somebody's, from somebody else.
TEST(Money, NothingMovesForTheWrongSender) {
  Story s;
  Net& net = s.net;
  const auto expect_refusals = [&](const std::vector<std::tuple<unsigned, Payload, V>>& list) {
    for (const auto& [who, payload, verdict] : list)
      refuse(net, who, payload, verdict, to_string(kind_of(payload)));
  };
  const ClaimId& claim = s.p.claim;
  s.next();
  expect_refusals({{kStranger, CancelTask{s.p.task}, V::kNotSubmitter},
                   {kSubmitter, acceptance_of(s.p.task), V::kSelfDealing},
                   {kStranger, AwardTask{s.p.task, net.id(kSolver)}, V::kNotSubmitter},
                   {kStranger, WithdrawBid{s.p.task}, V::kUnknownBid}});
  s.next();
  expect_refusals({{kRival, ReportProgress{claim, 2, hash_of_text("p")}, V::kNotSolver},
                   {kRival, AbandonClaim{claim}, V::kNotSolver},
                   {kSubmitter, commitment_of(s.p, s.run), V::kNotSolver},
                   {kSolver, EnlistVerifier{claim}, V::kSelfDealing}});
  s.next();
  s.next();
  expect_refusals({{kRival, reveal_of(net, s.p, kSolver, s.terms, s.run), V::kNotSolver}});
  // In the solver's name, but not by its key.
  RevealTranscript forged = reveal_of(net, s.p, kRival, s.terms, s.run);
  refuse(net, kSolver, forged, V::kWrongClaimSignature, "reveal_transcript");
  s.next();
  expect_refusals({{kRival, s.seal(), V::kNotVerifier},
                   {kSolver, CommitChallenge{claim, hash_of_text("c")}, V::kSelfDealing}});
  s.next();
  expect_refusals(
      {{kRival, s.open(), V::kNotVerifier},
       {kSolver, ReportContradiction{claim, s.run.transcript.root(), {}}, V::kSelfDealing}});
  s.next();
  s.take(kStranger, CommitChallenge{claim, s.challenge_hash()});
  expect_refusals({{kRival, challenge_reveal(s.challenge, s.run, 4), V::kNotChallenger},
                   {kSolver, Disclose{claim, {}, {}, {}, {}, {}, {}}, V::kWrongPhase},
                   {kRival, Disclose{claim, {}, {}, {}, {}, {}, {}}, V::kNotSolver}});
  s.take(kStranger, challenge_reveal(s.challenge, s.run, 4));
  expect_refusals({{kRival, StandUp{s.challenge}, V::kNotVerifier}});
}

// A transaction in another's name is nothing at all: not even its nonce is used.
TEST(Money, NobodySignsForAnother) {
  Net net;
  Envelope e = net.envelope(kSubmitter, Transfer{net.id(kStranger), Amount{1000}});
  Envelope own = e;
  own.sender = net.id(kStranger);
  Bytes forged = sign_transaction(own, net.keys[kStranger]);
  const Hash256 victim = e.sender.value;
  std::copy(victim.bytes.begin(), victim.bytes.end(), forged.begin() + 33);
  const Wealth before = wealth_of(net);
  EXPECT_EQ(net.block({forged}).receipts.receipts[0].verdict, V::kWrongSignature);
  EXPECT_EQ(wealth_of(net), before);
  // The right signature over the same nonce and client id is taken.
  EXPECT_EQ(net.block({sign_transaction(e, net.keys[kSubmitter])}).receipts.receipts[0].verdict,
            V::kApplied);
}

TEST(Money, AmountsThatWouldWrapAreRefused) {
  Net net;
  for (const std::uint64_t amount : {kMost, kMost - 1, kFree + 1, std::uint64_t{1} << 63}) {
    refuse(net, kStranger, Transfer{net.id(kRival), Amount{amount}}, V::kInsufficientFunds,
           "transfer");
    refuse(net, kStranger, Stake{Amount{amount}}, V::kInsufficientFunds, "stake");
    refuse(net, kStranger, Unstake{Amount{amount}}, V::kInsufficientStake, "unstake");
  }
  // Each field of a task at its largest, alone and with the others.
  const std::vector<Amount PostTask::*> amounts = {
      &PostTask::price,        &PostTask::verification_fee, &PostTask::tax,
      &PostTask::solver_stake, &PostTask::verifier_stake,   &PostTask::challenger_bond,
      &PostTask::declared_harm};
  PostTask all = sample_task();
  all.copies = kMaxCopies;
  for (const auto field : amounts) {
    all.*field = Amount{economics::kMaxTaskAtoms};
    for (const std::uint64_t value : {kMost, economics::kMaxTaskAtoms + 1}) {
      PostTask t = sample_task();
      t.*field = Amount{value};
      const V verdict = net.verdict(kSubmitter, t);
      EXPECT_TRUE(verdict == V::kOfferRefused || verdict == V::kTermsRefused) << to_string(verdict);
    }
  }
  // Four copies at the limit: their sum fits 64 bits, and nobody has it.
  all.challenger_bond = Amount{economics::kMaxTaskAtoms};
  all.declared_harm = Amount{1};
  EXPECT_EQ(check_offer(all), OfferVerdict::kHolds);
  EXPECT_EQ(task_cost(all), 12 * economics::kMaxTaskAtoms);
  const V verdict = net.verdict(kSubmitter, all);
  EXPECT_TRUE(verdict == V::kInsufficientFunds || verdict == V::kTermsRefused);
  PostTask t = sample_task();
  t.sought = Amount{kMost};
  refuse(net, kSubmitter, t, V::kOfferRefused, "sought");
  t = sample_auction();
  t.bid_deposit = Amount{kMost};
  refuse(net, kSubmitter, t, V::kOfferRefused, "deposit");
  t = sample_task();
  t.windows.train_ms = kMost;
  refuse(net, kSubmitter, t, V::kWindowOutOfRange, "window");
}

TEST(Money, AbsurdOffersAreRefused) {
  Net net;
  const TaskId sold = post(net, kSubmitter, sample_auction());
  refuse(net, kFunder, FundTask{sold, Amount{kMost}}, V::kPriceRefused, "fund_task");
  refuse(net, kFunder, FundTask{sold, Amount{economics::kMaxTaskAtoms}}, V::kPriceRefused,
         "fund_task");
  refuse(net, kRival, bid_of(sold, kMost), V::kPriceOutOfRange, "place_bid");
  PlaceBid slow = bid_of(sold, 900);
  slow.times.interval_ms = kMost;
  refuse(net, kRival, slow, V::kQuoteTooSlow, "place_bid");
  EXPECT_EQ(net.verdict(kRival, bid_of(sold, 900)), V::kApplied);
  net.wait(9'000);
  const ClaimId claim = claim_id_of(sold, net.id(kRival));
  EXPECT_EQ(net.status(claim), ClaimStatus::kTraining);
  refuse(net, kRival, ReportProgress{claim, kMost, hash_of_text("p")}, V::kProgressOutOfRange,
         "report_progress");
  refuse(net, kRival, CommitTranscript{claim, hash_of_text("c"), kMost}, V::kWrongEntryCount,
         "commit_transcript");
}

// The same transaction again, in the same block and later, and its parts in others.
TEST(Money, NothingCountsTwice) {
  Net net;
  const Bytes once = net.tx(kSubmitter, Transfer{net.id(kStranger), Amount{1000}});
  const BlockResult block = net.block({once, once});
  EXPECT_EQ(block.receipts.receipts[0].verdict, V::kApplied);
  EXPECT_FALSE(block.receipts.receipts[0].repeated);
  EXPECT_EQ(block.receipts.receipts[1].verdict, V::kApplied);
  EXPECT_TRUE(block.receipts.receipts[1].repeated);
  EXPECT_TRUE(block.receipts.receipts[1].events.empty());
  EXPECT_TRUE(net.block({once}).receipts.receipts[0].repeated);
  EXPECT_EQ(net.account(kStranger).available, Amount{kFree + 1000});
  // Its client id for something else; its nonce for something else.
  Envelope e = net.envelope(kSubmitter, Transfer{net.id(kStranger), Amount{5}});
  const ClientId fresh = e.client_id;
  store_le(e.client_id.data(), std::uint64_t{1});
  EXPECT_EQ(net.block({sign_transaction(e, net.keys[kSubmitter])}).receipts.receipts[0].verdict,
            V::kClientIdReused);
  e.client_id = fresh;
  e.nonce = 1;
  EXPECT_EQ(net.block({sign_transaction(e, net.keys[kSubmitter])}).receipts.receipts[0].verdict,
            V::kNonceTooLow);
  EXPECT_EQ(net.account(kStranger).available, Amount{kFree + 1000});
}

TEST(Money, NoDepositNoShareAndNoStakeComesBackTwice) {
  Net net;
  const TaskId task = post(net, kSubmitter, sample_auction());
  ASSERT_EQ(net.verdict(kRival, bid_of(task, 900)), V::kApplied);
  ASSERT_EQ(net.verdict(kRival, WithdrawBid{task}), V::kApplied);
  refuse(net, kRival, WithdrawBid{task}, V::kUnknownBid, "withdraw_bid");
  ASSERT_EQ(net.verdict(kRival, bid_of(task, 900)), V::kApplied);
  ASSERT_EQ(net.verdict(kSolver, bid_of(task, 950)), V::kApplied);
  ASSERT_EQ(net.verdict(kSubmitter, AwardTask{task, net.id(kRival)}), V::kApplied);
  refuse(net, kSubmitter, AwardTask{task, net.id(kRival)}, V::kWrongPhase, "award_task");
  refuse(net, kRival, WithdrawBid{task}, V::kUnknownBid, "withdraw_bid");
  refuse(net, kSolver, WithdrawBid{task}, V::kUnknownBid, "withdraw_bid");
  EXPECT_EQ(net.account(kRival).available, Amount{kFree});
  EXPECT_EQ(net.account(kSolver).available, Amount{kFree});
  EXPECT_EQ(net.account(kRival).staked, Amount{kFree - 2001});
  EXPECT_EQ(net.account(kSolver).staked, Amount{kFree});
  // What unbonds cannot be put behind a claim, nor unbond again.
  ASSERT_EQ(net.verdict(kFunder, Unstake{Amount{kFree - 100}}), V::kApplied);
  refuse(net, kFunder, Unstake{Amount{101}}, V::kInsufficientStake, "unstake");
  const TaskId fixed = post(net, kSubmitter, sample_task());
  refuse(net, kFunder, acceptance_of(fixed), V::kInsufficientStake, "accept_task");
  refuse(net, kFunder, EnlistVerifier{claim_id_of(task, net.id(kRival))}, V::kInsufficientStake,
         "enlist_verifier");
}

// A stake stands behind one claim: of two tasks that it would cover once, one is refused.
TEST(Money, OneStakeIsNotBehindTwoClaims) {
  Net net(kParties, kFree, 3'000);
  const TaskId one = post(net, kSubmitter, sample_task());
  PostTask second = sample_auction();
  second.header.seed = 2;
  const TaskId two = post(net, kSubmitter, second);
  ASSERT_EQ(net.verdict(kSolver, bid_of(two, 800)), V::kApplied);
  refuse(net, kSolver, acceptance_of(one), V::kInsufficientStake, "accept_task");
  refuse(net, kSolver, Unstake{Amount{1'000}}, V::kInsufficientStake, "unstake");
  ASSERT_EQ(net.verdict(kRival, acceptance_of(one)), V::kApplied);
  refuse(net, kRival, bid_of(two, 700), V::kInsufficientStake, "place_bid");
  net.wait(9'000);
  EXPECT_EQ(net.task(two).claims.at(0).record.solver, net.id(kSolver));
  EXPECT_EQ(net.account(kSolver).available, Amount{kFree});
}

// Time-outs need nobody: the block that any stranger's transfer brings about ends what is due, at
// its start, in the order in which it fell due.
TEST(TimeOuts, AreTurnedByWhoeverMakesABlock) {
  Net net;
  PostTask unfunded = sample_task();
  unfunded.sought = Amount{1};
  unfunded.windows.accept_ms = 4'000;
  const TaskId waiting = post(net, kSubmitter, unfunded);
  const TaskId sold = post(net, kSubmitter, sample_auction());
  const TaskId lonely = post(net, kSubmitter, sample_task());
  ASSERT_EQ(net.verdict(kSolver, bid_of(sold, 900)), V::kApplied);
  ASSERT_EQ(net.verdict(kRival, bid_of(sold, 880)), V::kApplied);
  const auto stir = [&](std::uint64_t ms) {
    const Transfer one{net.id(kFunder), Amount{1}};
    EXPECT_EQ(net.block({net.tx(kStranger, one)}, ms).receipts.receipts[0].verdict, V::kApplied);
  };
  stir(3'900);
  EXPECT_EQ(net.task(waiting).record.reason, CloseReason::kUnfunded);
  EXPECT_EQ(net.task(sold).record.status, TaskStatus::kOpen);
  // The last block before the window's end still takes bids; the one at its end awards first.
  stir(4'000);
  EXPECT_EQ(net.task(sold).record.status, TaskStatus::kOpen);
  const std::uint64_t left = net.task(sold).record.deadline.value - net.head.ledger_time.value;
  const Bytes late = net.tx(kVerifier, bid_of(sold, 500));
  EXPECT_EQ(net.block({late}, left).receipts.receipts[0].verdict, V::kWrongPhase);
  EXPECT_EQ(net.task(sold).claims.at(0).record.solver, net.id(kRival));
  for (const unsigned party : {kSolver, kRival, kVerifier})
    EXPECT_EQ(net.account(party).available, Amount{kFree});
  stir(3'000);
  EXPECT_EQ(net.task(lonely).record.reason, CloseReason::kNotAccepted);
  // The winner never delivers.
  for (int i = 0; i < 5; ++i) stir(5'000);
  EXPECT_EQ(net.claim(claim_id_of(sold, net.id(kRival))).record.reason, CloseReason::kNotCommitted);
  EXPECT_EQ(net.account(kSubmitter).available, Amount{kFree});
  EXPECT_EQ(net.account(kSubmitter).reserved, Amount{0});
  EXPECT_EQ(net.account(kRival).staked, Amount{kFree});
  EXPECT_FALSE(net.read().next_deadline().value());
}

// From the award on the pay is in escrow: whatever the submitter does, the work is paid.
TEST(Paying, ASubmitterThatWillNotPayPays) {
  Net net(kParties, 2'000);
  const PostTask terms = sample_task();
  const TaskId task = post(net, kSubmitter, terms);
  // What is reserved is not there for anything else.
  refuse(net, kSubmitter, Transfer{net.id(kStranger), Amount{2'000 - kCost + 1}},
         V::kInsufficientFunds, "transfer");
  refuse(net, kSubmitter, Stake{Amount{2'000 - kCost + 1}}, V::kInsufficientFunds, "stake");
  PostTask more = terms;
  more.header.seed = 2;
  refuse(net, kSubmitter, more, V::kInsufficientFunds, "post_task");
  ASSERT_EQ(net.verdict(kSubmitter, Transfer{net.id(kStranger), Amount{2'000 - kCost}}),
            V::kApplied);
  ASSERT_EQ(net.verdict(kSolver, acceptance_of(task)), V::kApplied);
  const Posted p{task, claim_id_of(task, net.id(kSolver))};
  const MadeRun run(MadeRun::made_up(10, "run"));
  ASSERT_EQ(net.verdict(kSolver, commitment_of(p, run)), V::kApplied);
  refuse(net, kSubmitter, CancelTask{task}, V::kWrongPhase, "cancel_task");
  net.wait(terms.windows.enlist_ms);
  ASSERT_EQ(net.verdict(kSolver, reveal_of(net, p, kSolver, terms, run)), V::kApplied);
  refuse(net, kSubmitter, CancelTask{task}, V::kWrongPhase, "cancel_task");
  net.block();
  net.wait(terms.windows.challenge_ms);
  EXPECT_EQ(net.claim(p.claim).record.reason, CloseReason::kFinal);
  EXPECT_EQ(net.account(kSolver).available, Amount{3'000});
  EXPECT_EQ(net.account(kSubmitter).available, Amount{205});
}

// Cancelling stops what still trains, and nothing else: of two copies, one is delivered and paid
// whole, the other as far as it came.
TEST(Paying, CancellingPaysWhatWasDone) {
  Net net;
  PostTask terms = sample_task();
  terms.copies = 2;
  const TaskId task = post(net, kSubmitter, terms);
  for (const unsigned who : {kSolver, kRival})
    ASSERT_EQ(net.verdict(who, acceptance_of(task)), V::kApplied);
  const Posted whole{task, claim_id_of(task, net.id(kSolver))};
  const Posted part{task, claim_id_of(task, net.id(kRival))};
  const MadeRun run(MadeRun::made_up(10, "run"));
  const MadeRun half(MadeRun::made_up(5, "run"));
  ASSERT_EQ(net.verdict(kSolver, commitment_of(whole, run)), V::kApplied);
  ASSERT_EQ(net.verdict(kRival, report_of(part, half, 3)), V::kApplied);
  ASSERT_EQ(net.verdict(kSubmitter, CancelTask{task}), V::kApplied);
  EXPECT_FALSE(net.claim(whole.claim).record.cancelled);
  EXPECT_TRUE(net.claim(part.claim).record.cancelled);
  // No further than its next progress point, and not nothing.
  refuse(net, kRival, commitment_of(part, MadeRun(MadeRun::made_up(6, "run"))), V::kWrongEntryCount,
         "commit_transcript");
  ASSERT_EQ(net.verdict(kRival, commitment_of(part, half)), V::kApplied);
  net.wait(terms.windows.enlist_ms);
  ASSERT_EQ(net.verdict(kSolver, reveal_of(net, whole, kSolver, terms, run)), V::kApplied);
  ASSERT_EQ(net.verdict(kRival, reveal_of(net, part, kRival, terms, half)), V::kApplied);
  net.block();
  net.wait(terms.windows.challenge_ms + 5'000);
  EXPECT_EQ(net.claim(whole.claim).record.reason, CloseReason::kFinal);
  EXPECT_EQ(net.claim(part.claim).record.reason, CloseReason::kFinalPartial);
  EXPECT_EQ(net.task(task).record.reason, CloseReason::kFinal);
  // 12 of 27 steps: 444 of 1000, tax 9 of 20.
  EXPECT_EQ(net.account(kSolver).available, Amount{kFree + 1000});
  EXPECT_EQ(net.account(kRival).available, Amount{kFree + 444});
  EXPECT_EQ(net.account(kSubmitter).available, Amount{kFree - 1020 - 453});
}

// Three funders of a cancelled task: what is not spent goes back to the last first, and together
// they have paid exactly what was earned.
TEST(Paying, FundersShareWhatIsLeftInTheOrderThatTheyCame) {
  Net net;
  PostTask terms = sample_task();
  terms.sought = Amount{kCost - 20};
  const TaskId task = post(net, kSubmitter, terms);
  for (const auto& [who, atoms] :
       {std::pair<unsigned, std::uint64_t>{kFunder, 400}, {kStranger, 500}, {kVerifier, 305}})
    ASSERT_EQ(net.verdict(who, FundTask{task, Amount{atoms}}), V::kApplied);
  ASSERT_EQ(net.verdict(kSolver, acceptance_of(task)), V::kApplied);
  const Posted p{task, claim_id_of(task, net.id(kSolver))};
  ASSERT_EQ(net.verdict(kSolver, report_of(p, MadeRun(MadeRun::made_up(5, "run")), 3)),
            V::kApplied);
  // Not the funders: who posted it decides.
  refuse(net, kFunder, CancelTask{task}, V::kNotSubmitter, "cancel_task");
  ASSERT_EQ(net.verdict(kSubmitter, CancelTask{task}), V::kApplied);
  const MadeRun half(MadeRun::made_up(5, "run"));
  ASSERT_EQ(net.verdict(kSolver, commitment_of(p, half)), V::kApplied);
  net.wait(terms.windows.enlist_ms);
  ASSERT_EQ(net.verdict(kSolver, reveal_of(net, p, kSolver, terms, half)), V::kApplied);
  net.block();
  net.wait(terms.windows.challenge_ms);
  ASSERT_EQ(net.claim(p.claim).record.reason, CloseReason::kFinalPartial);
  // 453 were spent: the submitter's tax, all of the first contribution and 33 of the second.
  EXPECT_EQ(net.account(kFunder).available, Amount{kFree - 400});
  EXPECT_EQ(net.account(kStranger).available, Amount{kFree - 33});
  EXPECT_EQ(net.account(kVerifier).available, Amount{kFree});
  EXPECT_EQ(net.account(kSubmitter).available, Amount{kFree - 20});
}

}  // namespace
}  // namespace assay::protocol
