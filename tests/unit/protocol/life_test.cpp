// The life of a task, from posting to settlement, and each rule on the way.
#include <functional>

#include "harness.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;

enum : unsigned { kSubmitter, kSolver, kAnn, kBob, kEve, kStranger };

struct Started {
  Net net;
  PostTask terms = sample_task();
  Posted posted;
  MadeRun run{MadeRun::made_up(10, "run")};
  Started() { posted = post_and_accept(net, kSubmitter, kSolver, terms); }
  ClaimStatus status() const { return net.status(posted.claim); }

  void reveal() {
    ASSERT_EQ(net.verdict(kAnn, EnlistVerifier{posted.claim}), V::kApplied);
    ASSERT_EQ(net.verdict(kBob, EnlistVerifier{posted.claim}), V::kApplied);
    ASSERT_EQ(net.verdict(kSolver, commitment_of(posted, run)), V::kApplied);
    ASSERT_EQ(net.verdict(kSolver, reveal_of(net, posted, kSolver, terms, run)), V::kApplied);
    ASSERT_EQ(status(), ClaimStatus::kDrawing);
    net.block();
    ASSERT_EQ(status(), ClaimStatus::kSealing);
  }
  std::vector<OpenSeal> openings(unsigned verifier, bool match = true) {
    std::vector<OpenSeal> all;
    const VerifierRecord v = verifier_of(net, posted.claim, verifier);
    for (std::uint32_t i = 0; i < v.draws.size(); ++i)
      all.push_back(opening_of(net, posted, verifier, run, i, v.draws[i].entry, match));
    return all;
  }
  void seal(unsigned verifier, bool match = true) {
    Seal seal{posted.claim, {}};
    for (const OpenSeal& o : openings(verifier, match))
      seal.seals.push_back(seal_of(net, posted, verifier, o));
    ASSERT_EQ(net.verdict(verifier, seal), V::kApplied);
  }
  void open(unsigned verifier, bool match = true) {
    for (const OpenSeal& o : openings(verifier, match))
      ASSERT_EQ(net.verdict(verifier, o), V::kApplied);
  }
  void to_challenging() {
    reveal();
    seal(kAnn);
    seal(kBob);
    open(kAnn);
    open(kBob);
    ASSERT_EQ(status(), ClaimStatus::kChallenging);
  }
};

TEST(Life, AnHonestRunIsPaid) {
  Started s;
  EXPECT_EQ(s.net.account(kSubmitter).available, Amount{1'000'000 - 1225});
  EXPECT_EQ(s.net.account(kSolver).staked, Amount{1'000'000 - 2001});
  s.to_challenging();
  s.net.wait(12'000);
  EXPECT_EQ(s.status(), ClaimStatus::kFinal);
  // 205 / (2 * 2) = 51 a seal; 1 atom goes back.
  EXPECT_EQ(s.net.account(kSubmitter).available, Amount{1'000'000 - 1224});
  EXPECT_EQ(s.net.account(kSolver).available, Amount{1'001'000});
  EXPECT_EQ(s.net.account(kSolver).staked, Amount{1'000'000});
  EXPECT_EQ(s.net.account(kAnn).available, Amount{1'000'102});
  EXPECT_EQ(s.net.account(kAnn).staked, Amount{1'000'000});
  // The tax: half burned, half to the jackpot.
  EXPECT_EQ(s.net.read().totals().value().burned, Amount{10});
  EXPECT_EQ(s.net.read().totals().value().jackpot, Amount{10});
  EXPECT_TRUE(s.net.read().live_tasks().value().empty());
  EXPECT_EQ(s.net.task(s.posted.task).record.status, TaskStatus::kPaid);
  EXPECT_EQ(s.net.task(s.posted.task).record.reason, CloseReason::kFinal);
  EXPECT_FALSE(s.net.read().next_deadline().value());
}

TEST(Life, ATaskThatBreaksTheInequalitiesIsRefused) {
  Net net;
  PostTask t = sample_task();
  t.challenger_bond = Amount{10};
  const Receipt receipt = net.send(kSubmitter, t);
  EXPECT_EQ(receipt.verdict, V::kTermsRefused);
  EXPECT_EQ(receipt.detail, static_cast<std::uint8_t>(economics::TermsVerdict::kDefenceUnpaid));
  t = sample_task();
  t.windows.move_ms = 0;
  t.tax = Amount{0};
  EXPECT_EQ(net.verdict(kSubmitter, t), V::kWindowOutOfRange);
  t.header.steps = 0;
  EXPECT_EQ(net.verdict(kSubmitter, t), V::kInvalidTaskHeader);
  t = sample_task();
  t.allow = {net.id(kSubmitter)};
  EXPECT_EQ(net.verdict(kSubmitter, t), V::kSelfDealing);
  t = sample_task();
  t.price = Amount{2'000'000};
  t.tax = Amount{40'000};
  t.solver_stake = Amount{4'000'000};
  t.challenger_bond = Amount{1'000'000};
  EXPECT_EQ(net.verdict(kSubmitter, t), V::kInsufficientFunds);
}

// Each inequality, broken by one field, with its own detail.
TEST(Life, EachInequalityRefusesByName) {
  using T = economics::TermsVerdict;
  Net net;
  const auto refused = [&](T expected, const std::function<void(PostTask&)>& change) {
    PostTask t = sample_task();
    change(t);
    const Receipt receipt = net.send(kSubmitter, t);
    EXPECT_EQ(receipt.verdict, V::kTermsRefused) << economics::to_string(expected);
    EXPECT_EQ(receipt.detail, static_cast<std::uint8_t>(expected))
        << economics::to_string(expected) << ", not "
        << economics::to_string(static_cast<T>(receipt.detail));
    EXPECT_EQ(net.account(kSubmitter).available, Amount{1'000'000});
  };
  const auto forces = [](PostTask& t, std::uint32_t rate) {
    t.force_rate = rate;
    t.windows.disclose_ms = 8'000;
  };
  refused(T::kNoPrice, [](PostTask& t) { t.price = Amount{0}; });
  refused(T::kSeatsOutOfRange, [](PostTask& t) { t.seats = 0; });
  refused(T::kDrawsOutOfRange, [](PostTask& t) { t.draws = 11; });
  refused(T::kFeeTooSmall, [](PostTask& t) { t.verification_fee = Amount{3}; });
  refused(T::kVerifierUndeterred, [](PostTask& t) { t.verifier_stake = Amount{200}; });
  refused(T::kDefenceUnpaid, [](PostTask& t) { t.challenger_bond = Amount{199}; });
  refused(T::kWhistleblowerUnpaid, [](PostTask& t) { t.solver_stake = Amount{399}; });
  refused(T::kTaxTooSmall, [](PostTask& t) { t.tax = Amount{19}; });
  refused(T::kAbortCheap, [](PostTask& t) { t.tax = Amount{1002}; });
  refused(T::kBribeCheap, [](PostTask& t) { t.solver_stake = Amount{400}; });
  // Stake 400 and ten entries: 900 are to be covered by the chance of an error times the stake.
  refused(T::kWatchingUnpaid, [&](PostTask& t) { forces(t, ~0u); });
  refused(T::kWatchingUnpaid, [&](PostTask& t) {
    forces(t, 1u << 31);
    t.verifier_stake = Amount{1799};
  });
  // As much as is needed, and the price may not rise without it.
  PostTask t = sample_task();
  forces(t, 1u << 31);
  t.verifier_stake = Amount{1800};
  t.challenger_bond = Amount{1000};
  const TaskId task = post(net, kSubmitter, t);
  const Receipt receipt = net.send(kStranger, FundTask{task, Amount{102}});
  EXPECT_EQ(receipt.verdict, V::kPriceRefused);
  EXPECT_EQ(receipt.detail, static_cast<std::uint8_t>(T::kWatchingUnpaid));
}

TEST(Life, CancelledOrUnclaimedMoneyComesBack) {
  Net net;
  Envelope e = net.envelope(kSubmitter, sample_task());
  const TaskId task = task_id_of(net.head.chain, e.sender, e.client_id);
  ASSERT_EQ(net.block({sign_transaction(e, net.keys[kSubmitter])}).receipts.receipts[0].verdict,
            V::kApplied);
  EXPECT_EQ(net.account(kSubmitter).reserved, Amount{1225});
  EXPECT_EQ(net.verdict(kStranger, CancelTask{TaskId{hash_of_text("x")}}), V::kUnknownTask);
  EXPECT_EQ(net.verdict(kStranger, CancelTask{task}), V::kNotSubmitter);
  EXPECT_EQ(net.verdict(kSubmitter, CancelTask{task}), V::kApplied);
  EXPECT_EQ(net.verdict(kSubmitter, CancelTask{task}), V::kWrongPhase);
  EXPECT_EQ(net.account(kSubmitter).available, Amount{1'000'000});

  e = net.envelope(kSubmitter, sample_task());
  net.block({sign_transaction(e, net.keys[kSubmitter])});
  net.wait(9'000);
  EXPECT_EQ(net.account(kSubmitter).reserved, Amount{1225});
  net.wait(1'000);
  EXPECT_EQ(net.account(kSubmitter).reserved, Amount{0});
  EXPECT_EQ(
      net.read().task(task_id_of(net.head.chain, e.sender, e.client_id)).value()->record.status,
      TaskStatus::kUnclaimed);
}

TEST(Life, AcceptingHasItsRules) {
  Net net;
  PostTask t = sample_task();
  t.allow = {net.id(kSolver)};
  const Envelope e = net.envelope(kSubmitter, t);
  net.block({sign_transaction(e, net.keys[kSubmitter])});
  const TaskId task = task_id_of(net.head.chain, e.sender, e.client_id);
  const Hash256 r = hash_of_text("r");
  EXPECT_EQ(net.verdict(kStranger, AcceptTask{TaskId{}, {0, 100}, Hash256{}}), V::kZeroCommitment);
  EXPECT_EQ(net.verdict(kStranger, AcceptTask{TaskId{}, {0, 100}, r}), V::kUnknownTask);
  EXPECT_EQ(net.verdict(kStranger, AcceptTask{task, {0, 100}, r}), V::kNotAllowed);
  EXPECT_EQ(net.verdict(kSolver, AcceptTask{task, {4001, 100}, r}), V::kQuoteTooSlow);
  ASSERT_EQ(net.verdict(kSolver, Unstake{Amount{999'000}}), V::kApplied);
  EXPECT_EQ(net.account(kSolver).unbonding, Amount{999'000});
  EXPECT_EQ(net.verdict(kSolver, AcceptTask{task, {4000, 100}, r}), V::kInsufficientStake);
  ASSERT_EQ(net.verdict(kSolver, Stake{Amount{1001}}), V::kApplied);
  EXPECT_EQ(net.verdict(kSolver, AcceptTask{task, {4000, 100}, r}), V::kApplied);
  EXPECT_EQ(net.verdict(kSolver, AcceptTask{task, {4000, 100}, r}), V::kWrongPhase);
}

TEST(Life, UnbondingTakesItsTime) {
  Net net(1);
  ASSERT_EQ(net.verdict(0, Unstake{Amount{7}}), V::kApplied);
  const LedgerTimeMs due = net.read().next_deadline().value().value();
  EXPECT_EQ(due.value, net.head.ledger_time.value + kUnbondingMs);
  EXPECT_EQ(net.account(0).unbonding, Amount{7});
  EXPECT_EQ(net.account(0).available, Amount{1'000'000});
}

// INV-PRO-005: ledger time adds at most kMaxLedgerStepMs per block.
TEST(Life, LedgerTimeStandsStillWhenTheLedgerDoes) {
  Started s;
  s.net.block({}, 100 * 3600 * 1000);
  EXPECT_EQ(s.status(), ClaimStatus::kTraining);
  EXPECT_EQ(ledger_time_at(s.net.head, s.net.head.time_ms + 90'000).value,
            s.net.head.ledger_time.value + 5000);
}

TEST(Life, NoTranscriptInTimeRefundsWithoutASlash) {
  Started s;
  ASSERT_EQ(s.net.verdict(kAnn, EnlistVerifier{s.posted.claim}), V::kApplied);
  s.net.wait(20'000);
  EXPECT_EQ(s.status(), ClaimStatus::kExpired);
  for (const unsigned party : {kSubmitter, kSolver, kAnn}) {
    EXPECT_EQ(s.net.account(party).available, Amount{1'000'000});
    EXPECT_EQ(s.net.account(party).staked, Amount{1'000'000});
  }
}

// Fewer steps than the task's: the last entry that the count asks for cannot be opened.
TEST(Life, AShorterTranscriptIsRefused) {
  for (const std::uint64_t entries : {9u, 11u, 5u}) {
    Started s;
    s.run = MadeRun(MadeRun::made_up(entries, "short"));
    CommitTranscript commit = commitment_of(s.posted, s.run);
    EXPECT_EQ(s.net.verdict(kSolver, commit), V::kWrongEntryCount);
    commit.entries = 10;
    ASSERT_EQ(s.net.verdict(kSolver, commit), V::kApplied);
    s.net.wait(8'000);
    ASSERT_EQ(s.status(), ClaimStatus::kRevealing);
    EXPECT_EQ(s.net.verdict(kSolver, reveal_of(s.net, s.posted, kSolver, s.terms, s.run)),
              V::kWrongOpening);
  }
}

TEST(Life, RevealingHasItsRules) {
  Started s;
  const RevealTranscript good = reveal_of(s.net, s.posted, kSolver, s.terms, s.run);
  EXPECT_EQ(s.net.verdict(kStranger, CommitTranscript{s.posted.claim, Hash256{}, 10}),
            V::kZeroCommitment);
  EXPECT_EQ(s.net.verdict(kStranger, commitment_of(s.posted, s.run)), V::kNotSolver);
  EXPECT_EQ(s.net.verdict(kSolver, good), V::kWrongPhase);
  ASSERT_EQ(s.net.verdict(kSolver, commitment_of(s.posted, s.run)), V::kApplied);
  EXPECT_EQ(s.net.verdict(kSolver, good), V::kWrongPhase);  // seats are still free
  s.net.wait(8'000);
  EXPECT_EQ(s.net.verdict(kAnn, EnlistVerifier{s.posted.claim}), V::kWrongPhase);
  RevealTranscript bad = good;
  bad.salt.bytes[0] ^= 1;
  EXPECT_EQ(s.net.verdict(kSolver, bad), V::kWrongCommitment);
  bad = good;
  bad.final_path.hashes[0].bytes[0] ^= 1;
  bad.signature[0] ^= 1;
  EXPECT_EQ(s.net.verdict(kSolver, bad), V::kWrongOpening);
  bad = good;
  bad.signature[0] ^= 1;
  EXPECT_EQ(s.net.verdict(kSolver, bad), V::kWrongClaimSignature);
  EXPECT_EQ(s.net.verdict(kSolver, good), V::kApplied);
  s.net.block();
  EXPECT_EQ(s.status(), ClaimStatus::kChallenging);  // nobody enlisted
}

TEST(Life, VerifyingHasItsRules) {
  Started s;
  const ClaimId claim = s.posted.claim;
  EXPECT_EQ(s.net.verdict(kSolver, EnlistVerifier{claim}), V::kSelfDealing);
  ASSERT_EQ(s.net.verdict(kAnn, EnlistVerifier{claim}), V::kApplied);
  EXPECT_EQ(s.net.verdict(kAnn, EnlistVerifier{claim}), V::kAlreadyEnlisted);
  ASSERT_EQ(s.net.verdict(kBob, EnlistVerifier{claim}), V::kApplied);
  EXPECT_EQ(s.net.verdict(kEve, EnlistVerifier{claim}), V::kSeatsFull);
  ASSERT_EQ(s.net.verdict(kSolver, commitment_of(s.posted, s.run)), V::kApplied);
  ASSERT_EQ(s.status(), ClaimStatus::kRevealing);  // the seats are full
  ASSERT_EQ(s.net.verdict(kSolver, reveal_of(s.net, s.posted, kSolver, s.terms, s.run)),
            V::kApplied);
  EXPECT_EQ(s.net.verdict(kAnn, Seal{claim, {}}),
            V::kWrongSealCount);  // the draw came with this block
  EXPECT_EQ(s.net.verdict(kEve, Seal{claim, {}}), V::kNotVerifier);
  const std::vector<OpenSeal> opens = s.openings(kAnn);
  EXPECT_EQ(s.net.verdict(kAnn, opens[0]), V::kWrongPhase);
  s.seal(kAnn);
  EXPECT_EQ(s.net.verdict(kAnn, Seal{claim, {Hash256{}, Hash256{}}}), V::kAlreadySealed);
  s.net.wait(7'000);
  ASSERT_EQ(s.status(), ClaimStatus::kOpening);  // Bob never sealed
  EXPECT_EQ(s.net.verdict(kBob, opens[0]), V::kNotSealed);
  OpenSeal bad = opens[0];
  bad.draw = 2;
  EXPECT_EQ(s.net.verdict(kAnn, bad), V::kDrawOutOfRange);
  bad = opens[0];
  bad.interior_root.bytes[0] ^= 1;
  EXPECT_EQ(s.net.verdict(kAnn, bad), V::kWrongCommitment);
  bad = opens[0];
  bad.end_path.length = 1;
  EXPECT_EQ(s.net.verdict(kAnn, bad), V::kWrongOpening);
  bad = opens[0];
  bad.attestation->interior = bad.attestation->end;
  EXPECT_EQ(s.net.verdict(kAnn, bad), V::kWrongAttestation);
  bad = opens[0];
  bad.attestation->end[5] ^= 1;
  EXPECT_EQ(s.net.verdict(kAnn, bad), V::kWrongAttestation);
  EXPECT_EQ(s.net.verdict(kAnn, opens[0]), V::kApplied);
  EXPECT_EQ(s.net.verdict(kAnn, opens[0]), V::kAlreadyOpened);
}

TEST(Life, ChallengingHasItsRules) {
  Started s;
  s.reveal();
  const ClaimId claim = s.posted.claim;
  EXPECT_EQ(s.net.verdict(kEve, CommitChallenge{claim, Hash256{}}), V::kZeroCommitment);
  EXPECT_EQ(s.net.verdict(kEve, CommitChallenge{ClaimId{}, hash_of_text("c")}), V::kUnknownClaim);
  EXPECT_EQ(s.net.verdict(kSolver, CommitChallenge{claim, hash_of_text("c")}), V::kSelfDealing);
  const ChallengeId id = commit_challenge(s.net, s.posted, kEve, 4);
  const Hash256 same = challenge_commitment({claim, 4, s.net.id(kEve), hash_of_text("challenge")});
  EXPECT_EQ(s.net.verdict(kEve, CommitChallenge{claim, same}), V::kAlreadyExists);
  // Before the seals are open nothing is revealed.
  EXPECT_EQ(s.net.verdict(kEve, challenge_reveal(id, s.run, 4)), V::kWrongPhase);
  s.seal(kAnn);
  s.seal(kBob);
  s.open(kAnn);
  s.open(kBob);
  EXPECT_EQ(s.net.verdict(kEve, challenge_reveal(ChallengeId{}, s.run, 4)), V::kUnknownChallenge);
  EXPECT_EQ(s.net.verdict(kAnn, challenge_reveal(id, s.run, 4)), V::kNotChallenger);
  RevealChallenge bad = challenge_reveal(id, s.run, 4);
  bad.target = 10;
  EXPECT_EQ(s.net.verdict(kEve, bad), V::kEntryOutOfRange);
  EXPECT_EQ(s.net.verdict(kEve, challenge_reveal(id, s.run, 5)), V::kWrongCommitment);
  bad = challenge_reveal(id, s.run, 4);
  bad.start_path.hashes[0].bytes[0] ^= 1;
  EXPECT_EQ(s.net.verdict(kEve, bad), V::kWrongOpening);
  bad = challenge_reveal(id, s.run, 4);
  bad.end_root.bytes[0] ^= 1;
  EXPECT_EQ(s.net.verdict(kEve, bad), V::kWrongOpening);
  EXPECT_EQ(s.net.verdict(kEve, challenge_reveal(id, s.run, 4)), V::kApplied);
  EXPECT_EQ(s.net.verdict(kEve, challenge_reveal(id, s.run, 4)), V::kWrongPhase);
  // Two blocks are needed, so that nobody orders a reveal right behind a commitment it has seen.
  const Hash256 commitment =
      challenge_commitment({claim, 6, s.net.id(kStranger), hash_of_text("challenge")});
  const ChallengeId second = challenge_id_of(claim, s.net.id(kStranger), commitment);
  const BlockResult both = s.net.block({s.net.tx(kStranger, CommitChallenge{claim, commitment}),
                                        s.net.tx(kStranger, challenge_reveal(second, s.run, 6))});
  EXPECT_EQ(both.receipts.receipts[1].verdict, V::kSameBlock);

  const GameId game = game_id_of(id, s.net.id(kSolver));
  EXPECT_EQ(s.net.verdict(kEve, PlayMove{GameId{}, {}}), V::kUnknownGame);
  const Receipt refused = s.net.send(kEve, PlayMove{game, {}});
  EXPECT_EQ(refused.verdict, V::kMoveRefused);
  EXPECT_EQ(refused.detail, static_cast<std::uint8_t>(dispute::MoveVerdict::kMalformed));
  EXPECT_EQ(s.net.verdict(kStranger, StandUp{id}), V::kNotVerifier);
}

// The defender falls silent: its first turn's clock runs out, after the replay time that it quoted.
TEST(Life, ASilentSolverLosesItsStake) {
  Started s;
  s.to_challenging();
  const ChallengeId id = commit_challenge(s.net, s.posted, kEve, 4);
  ASSERT_EQ(s.net.verdict(kEve, challenge_reveal(id, s.run, 4)), V::kApplied);
  const GameId game = game_id_of(id, s.net.id(kSolver));
  const GameRecord record = s.net.read().game(game).value()->record;
  EXPECT_EQ(record.deadline.value, s.net.head.ledger_time.value + 3'000 + 2'000);
  s.net.wait(5'000);
  EXPECT_EQ(s.net.read().game(game).value()->record.status, GameStatus::kChallengerWon);
  EXPECT_EQ(s.status(), ClaimStatus::kFallen);
  // Stake 2001: burned 1001, the bounty 1000. Price back; the four seals are paid but for those of
  // the fallen interval.
  std::uint64_t earned = 0;
  for (const unsigned v : {kAnn, kBob})
    for (const economics::Draw& d : verifier_of(s.net, s.posted.claim, v).draws)
      earned += d.entry != 4 ? 51 : 0;
  EXPECT_EQ(s.net.account(kEve).available, Amount{1'001'000});
  EXPECT_EQ(s.net.account(kSolver).staked, Amount{1'000'000 - 2001});
  EXPECT_EQ(s.net.account(kSubmitter).available, Amount{1'000'000 - earned});
  EXPECT_EQ(s.net.account(kAnn).staked, Amount{1'000'000});
  EXPECT_EQ(s.net.read().totals().value().burned, Amount{1001});
}

TEST(Life, AnUnrevealedChallengeCostsItsBond) {
  Started s;
  s.to_challenging();
  const ChallengeId id = commit_challenge(s.net, s.posted, kEve, 4);
  s.net.wait(11'000);
  EXPECT_EQ(s.net.read().challenge(id).value()->record.status, ChallengeStatus::kUnrevealed);
  EXPECT_EQ(s.net.account(kEve).available, Amount{1'000'000 - 251});
  EXPECT_EQ(s.net.read().totals().value().jackpot, Amount{125});
  EXPECT_EQ(s.net.read().totals().value().burned, Amount{126});
  s.net.wait(5'000);
  EXPECT_EQ(s.status(), ClaimStatus::kFinal);
}

// Two transcripts under the solver's signature for one claim.
TEST(Life, AContradictionIsSlashed) {
  Started s;
  s.to_challenging();
  const MadeRun other(MadeRun::made_up(10, "other"));
  const RevealTranscript twin = reveal_of(s.net, s.posted, kSolver, s.terms, other);
  ReportContradiction report{s.posted.claim, twin.transcript_root, twin.signature};
  EXPECT_EQ(s.net.verdict(kSolver, report), V::kSelfDealing);
  report.signature[1] ^= 1;
  EXPECT_EQ(s.net.verdict(kEve, report), V::kNoContradiction);
  report.signature[1] ^= 1;
  EXPECT_EQ(s.net.verdict(kEve, report), V::kApplied);
  EXPECT_EQ(s.status(), ClaimStatus::kFallen);
  EXPECT_EQ(s.net.account(kEve).available, Amount{1'001'000});
  EXPECT_EQ(s.net.account(kSolver).staked, Amount{1'000'000 - 2001});
  EXPECT_EQ(s.net.claim(s.posted.claim).record.reason, CloseReason::kContradicted);
}

// INV-PRO-001: the same blocks on another store give the same headers, receipts and views.
TEST(Life, ReplayedBlocksGiveTheSameRoots) {
  Started s;
  s.to_challenging();
  const ChallengeId id = commit_challenge(s.net, s.posted, kEve, 4);
  ASSERT_EQ(s.net.verdict(kEve, challenge_reveal(id, s.run, 4)), V::kApplied);
  s.net.wait(10'000);
  expect_replayed_alike(s.net);
  const View view = s.net.read().view(s.net.id(kEve)).value();
  EXPECT_EQ(view.tasks.size(), 1u);
  EXPECT_EQ(view.accounts.size(), 5u);
  EXPECT_TRUE(proven_view(s.net.read(), s.net.id(kEve)));
  for (std::uint64_t h = 1; h <= s.net.head.height.value; ++h) {
    const BlockReceipts receipts = s.net.read().receipts(Height{h}).value().value();
    EXPECT_EQ(receipts.receipts.size(), s.net.history[h - 1].transactions.size());
    for (const Receipt& r : receipts.receipts) EXPECT_EQ(decode_receipt(encode(r)).value(), r);
  }
}

TEST(Life, ARecordIsProvenUnderTheStateRoot) {
  Net net(2);
  ASSERT_EQ(net.verdict(0, Transfer{net.id(1), Amount{10}}), V::kApplied);
  Bytes key{'A', 1};
  const AccountId owner = net.id(1);
  key.insert(key.end(), owner.value.bytes.begin(), owner.value.bytes.end());
  const Bytes value = net.read().record(key).value().value();
  const Bytes proof = net.read().prove(key).value();
  EXPECT_EQ(
      commit::verify_present(crypto::sha256_function(), net.head.state_root, key, value, proof),
      commit::MapProofVerdict::kValid);
  EXPECT_EQ(ledger::decode_account(value).value().balance, Amount{1'000'010});
}

TEST(Life, ABlockThatCannotFollowIsAnError) {
  Net net(1);
  Block block;
  block.height = Height{2};
  block.time_ms = net.head.time_ms;
  EXPECT_EQ(apply(net.store, block).error().code, ErrorCode::kInvalidArgument);
  block.height = Height{1};
  block.time_ms = net.head.time_ms - 1;
  EXPECT_EQ(apply(net.store, block).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(init_chain(net.store, Genesis{"again", {}, 0, {}}).error().code,
            ErrorCode::kAlreadyExists);
}

TEST(Life, AGenesisNamesAnAccountOnce) {
  Genesis genesis{"twice", hash_of_text("operator"), 0, {}};
  const AccountId one{hash_of_text("one")}, two{hash_of_text("two")};
  genesis.accounts = {{one, Amount{5}, {}}, {two, Amount{5}, {}}, {one, {}, Amount{5}}};
  const auto made = init_chain(MemoryStore(), genesis);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(made.error().message.find(to_hex(one.value)), std::string::npos);
  genesis.accounts.pop_back();
  EXPECT_TRUE(init_chain(MemoryStore(), genesis));
}

}  // namespace
}  // namespace assay::protocol
