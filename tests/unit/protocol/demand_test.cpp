// Demands for pieces of what a claim's solver has to keep: what may be demanded, what shows it, who
// pays, and what it costs to leave one unanswered (docs/spec/protocol.md, "Demands").
#include "assay/commit/piece.hpp"
#include "assay/core/faces.hpp"
#include "assay/economics/jackpot.hpp"
#include "assay/protocol/lane.hpp"
#include "assay/protocol/obligations.hpp"
#include "unit/protocol/made_data.hpp"
#include "unit/protocol/played.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;

constexpr std::uint64_t kWindow = 3'000;  // to move, and so to supply
constexpr std::uint64_t kKib = 2;         // a 512th of the price of 1000
constexpr std::uint32_t kAlways = ~0u;

class Demands : public testing::Test {
 protected:
  Demands() {
    terms.header.init_program = terms.header.step_program = program.root();
    terms.header.data_set = data.tree().root(commit::Tag::kDataSet);
  }
  // Revealed: drawn, and in the windows to seal and to open for as long as nobody does.
  void start() {
    posted = post_and_accept(net, kSubmitter, kSolver, terms);
    ASSERT_EQ(net.verdict(kAnn, EnlistVerifier{posted.claim}), V::kApplied);
    ASSERT_EQ(net.verdict(kSolver, commitment_of(posted, run)), V::kApplied);
    net.wait(terms.windows.enlist_ms);
    RevealTranscript reveal = reveal_of(net, posted, kSolver, terms, run);
    if (terms.force_rate != 0) {
      due = economics::draw_force(
          crypto::sha256_function(),
          {hash_of_text("r"), record().force_beacon, posted.claim, kEntries, terms.force_rate});
      claimed = run_with(due.is_due ? due.entry : 0);
      reveal = reveal_of(net, posted, kSolver, terms, claimed);
      reveal.salt = {};
    }
    ASSERT_EQ(net.verdict(kSolver, reveal), V::kApplied);
    net.block();
    ASSERT_EQ(net.status(posted.claim), ClaimStatus::kSealing);
  }
  void start_challenging() {
    start();
    net.wait(terms.windows.seal_ms);
    ASSERT_EQ(net.status(posted.claim), ClaimStatus::kChallenging);
  }

  V demand(const Piece& piece, unsigned who = kEve) {
    return net.verdict(who, DemandChunk{posted.claim, piece});
  }
  PieceOpening opening_of(const Piece& piece, const MadeRun& of, const Tensors& state) const {
    return open_made(piece, of, state, data, program);
  }
  PieceOpening opening_of(const Piece& piece) const {
    return opening_of(piece, run, state_at(piece.entry));
  }
  V supply(const Piece& piece, unsigned who = kSolver) {
    return supply(piece, opening_of(piece), who);
  }
  V supply(const Piece& piece, PieceOpening opening, unsigned who = kSolver) {
    return net.verdict(who, SupplyChunk{demand_id_of(posted.claim, piece), std::move(opening)});
  }
  DemandRecord demanded(const Piece& piece) const {
    for (const DemandRecord& d : net.claim(posted.claim).demands)
      if (d.piece == piece) return d;
    ADD_FAILURE() << "no such demand";
    return {};
  }
  Bytes supplied(const Piece& piece) const {
    return net.read().supplied(demand_id_of(posted.claim, piece)).value().value_or(Bytes{});
  }
  ClaimRecord record() const { return net.claim(posted.claim).record; }
  std::uint64_t has(unsigned party) const { return net.account(party).available.value; }
  std::uint64_t burned() const { return net.read().totals().value().burned.value; }

  Net net;
  PostTask terms = sample_task();
  Tensors data;
  MadeProgram program;
  MadeRun run = run_with(0);
  MadeRun claimed = run_with(0);
  Posted posted;
  economics::Force due;
};

const Piece kPart{PieceKind::kTranscript, 0, 0, 0};
const Piece kOfState{PieceKind::kState, 6, 0, 2};
const Piece kOfData{PieceKind::kDataSet, 0, 2, 0};
const Piece kOfInit{PieceKind::kInitProgram, 0, 2, 0};
const Piece kOfStep{PieceKind::kStepProgram, 0, 1, 0};
const Piece kEach[] = {kPart, kOfState, kOfData, kOfInit, kOfStep};

TEST_F(Demands, APieceOfEveryKindIsShownAndPaid) {
  start();
  for (const Piece& piece : kEach) {
    const std::uint64_t eve = has(kEve), solver = has(kSolver), burnt = burned();
    ASSERT_EQ(demand(piece), V::kApplied) << to_string(piece.kind);
    EXPECT_EQ(demanded(piece).price, Amount{kKib});
    EXPECT_EQ(net.account(kEve).locked.bonds, Amount{kKib});
    EXPECT_EQ(has(kEve), eve - kKib);
    // By whom it comes is all the same.
    ASSERT_EQ(supply(piece, piece == kPart ? kBob : kSolver), V::kApplied) << to_string(piece.kind);
    EXPECT_EQ(has(kSolver), solver + kKib / 2);
    EXPECT_EQ(burned(), burnt + kKib / 2);
    EXPECT_EQ(has(kEve), eve - kKib);
    EXPECT_EQ(net.account(kEve).locked, Locked{});
    const DemandRecord shown = demanded(piece);
    EXPECT_EQ(shown.status, DemandStatus::kSupplied);
    EXPECT_EQ(owed_by_demand(shown), Amount{});
    EXPECT_EQ(supply(piece), V::kWrongPhase);
    EXPECT_EQ(demand(piece, kBob), V::kAlreadyExists);
  }
  EXPECT_EQ(supplied(kOfState), Bytes(2500 - 2048, 7));
  EXPECT_EQ(supplied(kOfInit), Bytes(50, 3));
  EXPECT_EQ(supplied(kPart).size(), 32 * kEntries);
  // Views carry parts of transcripts alone, and not to who has them.
  for (const unsigned who : {kBob, kSolver}) {
    const View view = proven_view(net.read(), net.id(who)).value();
    const ClaimView& claim = view.tasks.at(0).claims.at(0);
    EXPECT_EQ(claim.demands.size(), 5u);
    ASSERT_EQ(claim.parts.size(), who == kBob ? 1u : 0u);
    if (who == kBob) {
      EXPECT_EQ(claim.parts.at(0), supplied(kPart));
    }
  }
  net.wait(60'000);
  EXPECT_EQ(record().reason, CloseReason::kFinal);
}

TEST_F(Demands, WhatNobodyHasToKeepIsNotDemanded) {
  start();
  EXPECT_EQ(net.verdict(kEve, DemandChunk{ClaimId{hash_of_text("x")}, kPart}), V::kUnknownClaim);
  EXPECT_EQ(demand(kPart, kSolver), V::kSelfDealing);
  const Piece bad[] = {{PieceKind::kTranscript, 0, 0, 1},   {PieceKind::kTranscript, 1, 0, 0},
                       {PieceKind::kTranscript, 0, 1, 0},   {PieceKind::kState, 0, 0, 0},
                       {PieceKind::kState, 1, 0, 0},        {PieceKind::kState, 5, 0, 0},
                       {PieceKind::kState, kEntries, 0, 0}, {PieceKind::kDataSet, 1, 0, 0},
                       {PieceKind::kInitProgram, 0, 0, 1},  {PieceKind::kStepProgram, 2, 0, 0}};
  for (const Piece& piece : bad)
    EXPECT_EQ(demand(piece), V::kPieceOutOfRange) << to_string(piece.kind) << piece.entry;
  for (const std::uint64_t entry : {3u, 6u, 9u})
    EXPECT_EQ(demand({PieceKind::kState, entry, 0, 0}), V::kApplied) << entry;
  EXPECT_EQ(net.verdict(kEve, SupplyChunk{DemandId{hash_of_text("x")}, opening_of(kPart)}),
            V::kUnknownDemand);
  EXPECT_EQ(net.verdict(kEve, Transfer{net.id(kBob), Amount{has(kEve)}}), V::kApplied);
  EXPECT_EQ(demand(kPart), V::kInsufficientFunds);
}

TEST_F(Demands, AnEmptyDataSetHasNoChunk) {
  terms.header.data_set = commit::counted_root(crypto::sha256_function(), commit::Tag::kDataSet, 0,
                                               commit::MerkleTree().root());
  start();
  EXPECT_EQ(demand(kOfData), V::kPieceOutOfRange);
}

// INV-PRO-028: whatever number a piece is named by, who has what stands under the root shows it.
TEST_F(Demands, EveryIndexNamesAPieceThatThereIs) {
  start();
  for (const std::uint64_t n : {std::uint64_t{3}, std::uint64_t{77}, UINT64_MAX - 1})
    for (const Piece& piece : {Piece{PieceKind::kState, 9, n, n},
                               {PieceKind::kDataSet, 0, n, n},
                               {PieceKind::kInitProgram, 0, n, 0}}) {
      EXPECT_EQ(demand(piece), V::kApplied);
      EXPECT_EQ(supply(piece), V::kApplied) << to_string(piece.kind) << n;
    }
}

TEST_F(Demands, NothingElseIsTakenForThePiece) {
  terms.windows.move_ms = 60'000;
  start();
  for (const Piece& piece : kEach) ASSERT_EQ(demand(piece), V::kApplied);
  for (const Piece& piece : kEach)
    for (const Piece& other : {kPart,
                               kOfState,
                               kOfData,
                               kOfInit,
                               kOfStep,
                               Piece{PieceKind::kState, 9, 0, 2},
                               {PieceKind::kState, 6, 0, 1},
                               {PieceKind::kDataSet, 0, 0, 1},
                               {PieceKind::kInitProgram, 0, 0, 0}}) {
      // Both programs are one here; their records differ.
      if (other == piece) continue;
      EXPECT_EQ(supply(piece, opening_of(other)), V::kWrongOpening)
          << to_string(piece.kind) << " " << to_string(other.kind);
    }
  auto state = std::get<StateChunk>(opening_of(kOfState));
  state.chunk.bytes[5] ^= 1;
  EXPECT_EQ(supply(kOfState, state), V::kWrongOpening);
  state = std::get<StateChunk>(opening_of(kOfState));
  state.entry_path.hashes[1].bytes[0] ^= 1;
  EXPECT_EQ(supply(kOfState, state), V::kWrongOpening);
  for (const Piece& piece : kEach) EXPECT_EQ(supply(piece), V::kApplied);
}

// The claim falls: its solver's stake burns, everybody else has what was theirs.
TEST_F(Demands, WhoLeavesOneUnansweredLosesTheClaim) {
  start();
  const std::uint64_t burnt = burned();
  ASSERT_EQ(demand(kOfData), V::kApplied);
  net.wait(kWindow - 200);
  ASSERT_EQ(demanded(kOfData).status, DemandStatus::kOpen);
  net.wait(200);
  ASSERT_EQ(demanded(kOfData).status, DemandStatus::kIgnored);
  EXPECT_TRUE(record().withheld);
  EXPECT_FALSE(record().doomed);
  EXPECT_EQ(has(kEve), 1'000'000u);
  EXPECT_EQ(supply(kOfData), V::kWrongPhase);
  EXPECT_EQ(demand(kOfData), V::kAlreadyExists);
  // Until its window is over it is a claim like any other.
  net.wait(terms.windows.seal_ms - kWindow + terms.windows.challenge_ms);
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kChallenging);
  net.wait(60'000);
  EXPECT_EQ(record().status, ClaimStatus::kFallen);
  EXPECT_EQ(record().reason, CloseReason::kWithheld);
  EXPECT_EQ(burned(), burnt + terms.solver_stake.value);
  EXPECT_EQ(net.account(kSolver).staked, Amount{1'000'000 - terms.solver_stake.value});
  EXPECT_EQ(net.account(kSolver).available, Amount{1'000'000});
  EXPECT_EQ(has(kSubmitter), 1'000'000u);
  EXPECT_EQ(net.account(kAnn).staked, Amount{1'000'000});
}

// INV-PRO-029: however much was supplied, what it was is in nobody's view but of transcripts, and
// of those 8 MiB at most.
TEST_F(Demands, WhatWasSuppliedFillsNobodysView) {
  terms.windows.move_ms = 60'000;
  start_challenging();
  for (std::uint64_t at = 0; at < kMaxDemandsPerClaim;) {
    std::vector<Bytes> asked, shown;
    for (; asked.size() < 128; ++at) {
      const Piece piece{PieceKind::kState, 9, 0, 3 * at};  // its first chunk, 1 KiB
      asked.push_back(net.tx(kEve, DemandChunk{posted.claim, piece}));
      shown.push_back(
          net.tx(kBob, SupplyChunk{demand_id_of(posted.claim, piece), opening_of(piece)}));
    }
    net.block(std::move(asked), 1);
    for (const Receipt& r : net.block(std::move(shown), 1).receipts.receipts)
      ASSERT_EQ(r.verdict, V::kApplied);
  }
  for (const unsigned who : {kSolver, kSubmitter, kBob}) {
    const commit::MapExcerpt excerpt = net.read().view_excerpt(net.id(who), {}).value();
    EXPECT_LT(commit::encode(excerpt).size(), kMaxDemandsPerClaim * 400u) << who;
    EXPECT_EQ(proven_view(net.read(), net.id(who)).value().tasks.at(0).claims.at(0).demands.size(),
              kMaxDemandsPerClaim);
  }
}

// INV-PRO-027 with few demands: the last one comes when the window is all but over, is answered
// when its clock is, and whoever waited has a window to challenge.
TEST_F(Demands, DelayAClaimByTheirClockAndOneWindow) {
  start_challenging();
  const LedgerTimeMs end = record().deadline;
  EXPECT_EQ(record().demands_until, end);
  net.wait(end.value - net.head.ledger_time.value - 200);
  ASSERT_EQ(demand(kPart), V::kApplied);
  const std::uint64_t clock = demanded(kPart).deadline.value;
  EXPECT_EQ(record().deadline, LedgerTimeMs{clock + 1});
  net.wait(kWindow - 400);
  EXPECT_EQ(demand(kOfState), V::kWrongPhase);  // the window would be over
  ASSERT_EQ(net.status(posted.claim), ClaimStatus::kChallenging);
  ASSERT_EQ(supply(kPart), V::kApplied);
  const std::uint64_t last = record().deadline.value;
  EXPECT_EQ(last, net.head.ledger_time.value + terms.windows.challenge_ms);
  EXPECT_LE(last, end.value + kWindow + terms.windows.challenge_ms);
  EXPECT_EQ(demand(kOfState), V::kWrongPhase);
  const Hash256 commitment = hash_of_text("late");
  EXPECT_EQ(net.verdict(kBob, CommitChallenge{posted.claim, commitment}), V::kApplied);
  net.wait(last - net.head.ledger_time.value + terms.windows.challenge_reveal_ms);
  EXPECT_EQ(record().reason, CloseReason::kFinal);
}

// Early ones that were answered early delay nothing, and the window does not end while one is open.
TEST_F(Demands, AnsweredBeforeTheWindowOpensTheyDelayNothing) {
  start();
  ASSERT_EQ(demand(kPart), V::kApplied);
  ASSERT_EQ(supply(kPart), V::kApplied);
  net.wait(terms.windows.seal_ms);
  ASSERT_EQ(net.status(posted.claim), ClaimStatus::kChallenging);
  EXPECT_LE(record().deadline.value, net.head.ledger_time.value + 2 * terms.windows.challenge_ms);
  EXPECT_EQ(record().deadline, record().demands_until);
}

// INV-PRO-027 with all that a claim takes: 64 share a window, so an honest solver has time for
// each; the 1,025th is refused, and what they burn is at least the price.
TEST_F(Demands, AsManyAsAClaimTakesDelayItBoundedly) {
  start_challenging();
  const LedgerTimeMs end = record().deadline;
  const std::uint64_t burnt = burned();
  std::vector<Piece> pieces;
  for (std::uint64_t i = 0; i < kMaxDemandsPerClaim; ++i)
    pieces.push_back({PieceKind::kInitProgram, 0, i, 0});
  const std::uint64_t now = net.head.ledger_time.value;
  for (std::size_t at = 0; at < pieces.size();) {
    std::vector<Bytes> txs;
    for (; txs.size() < 128; ++at)
      txs.push_back(net.tx(kEve, DemandChunk{posted.claim, pieces[at]}));
    for (const Receipt& r : net.block(std::move(txs), 1).receipts.receipts)
      ASSERT_EQ(r.verdict, V::kApplied);
  }
  EXPECT_EQ(demand(kPart), V::kTooManyDemands);
  EXPECT_EQ(demanded(pieces[63]).deadline.value, now + 1 + kWindow);
  EXPECT_EQ(demanded(pieces[64]).deadline.value, now + 1 + 2 * kWindow);
  EXPECT_EQ(demanded(pieces[1023]).deadline.value, now + 8 + 16 * kWindow);
  EXPECT_LE(record().deadline.value, end.value + 16 * kWindow + 1);
  for (std::size_t at = 0; at < pieces.size();) {
    std::vector<Bytes> txs;
    for (; txs.size() < 128; ++at)
      txs.push_back(net.tx(
          kSolver, SupplyChunk{demand_id_of(posted.claim, pieces[at]), opening_of(pieces[at])}));
    for (const Receipt& r : net.block(std::move(txs), 10).receipts.receipts)
      ASSERT_EQ(r.verdict, V::kApplied);
  }
  EXPECT_GE(burned() - burnt, record().price.value);
  EXPECT_LE(record().deadline.value, end.value + 16 * kWindow + terms.windows.challenge_ms);
  net.wait(60'000);
  EXPECT_EQ(record().reason, CloseReason::kFinal);
}

// A block without room for a supply stops the demand's clock, for a move window at most; the window
// to challenge waits for it.
TEST_F(Demands, AFullLaneStopsTheirClocks) {
  start_challenging();
  ASSERT_EQ(demand(kPart), V::kApplied);
  const std::uint64_t clock = demanded(kPart).deadline.value;
  const auto crowd = [&](std::uint64_t ms) {
    const NarrowLane limit({1, kMaxBlockBytes});
    net.block({net.tx(kBob, StandUp{})}, 100);
    net.block({}, ms);
  };
  crowd(1'500);
  net.wait(clock - net.head.ledger_time.value);
  EXPECT_EQ(demanded(kPart).status, DemandStatus::kOpen);
  EXPECT_EQ(demanded(kPart).deadline.value, clock + 1'500);
  EXPECT_GT(record().deadline.value, clock + 1'500);
  crowd(1'000);
  crowd(5'000);  // too much: what counts is one move window
  EXPECT_EQ(demanded(kPart).status, DemandStatus::kIgnored);
}

// Until the disclosure what was posted is shown, from then on what is true: an honest solver has
// both, and what is shown before tells nobody that it is false.
TEST_F(Demands, AForcedErrorIsShownAsItStands) {
  terms.force_rate = kAlways;
  terms.header.checkpoint_interval = 3;  // every state is kept
  terms.progress_entries = 1;
  terms.windows.disclose_ms = 8'000;
  terms.verifier_stake = Amount{1000};
  terms.solver_stake = Amount{3001};
  start();
  ASSERT_TRUE(due.is_due);
  const Piece of_loss{PieceKind::kState, due.entry, 1, 0};
  const Piece of_rest{PieceKind::kState, due.entry, 2, 0};
  ASSERT_EQ(demand(of_loss), V::kApplied);
  const Tensors truth = state_at(due.entry);
  EXPECT_EQ(supply(of_loss, opening_of(of_loss, claimed, truth)), V::kWrongOpening);
  EXPECT_EQ(supply(of_loss, opening_of(of_loss, claimed, flipped(truth))), V::kApplied);
  net.wait(terms.windows.seal_ms - 1'000);
  ASSERT_EQ(demand(of_rest), V::kApplied);
  net.wait(1'000);
  ASSERT_EQ(net.status(posted.claim), ClaimStatus::kDisclosing);
  Disclose d{posted.claim, hash_of_text("r"), run.salt, run.transcript.root(), {}, {}, {}};
  const Hash256 digest =
      dispute::claim_digest(crypto::sha256_function(), net.head.chain, posted.task,
                            header_of(net.task(posted.task).record, record()), d.transcript_root);
  d.signature = net.keys[kSolver].sign(digest.view());
  d.forced =
      LossProof{run.transcript.state_root(due.entry),
                run.transcript.path(due.entry),
                {3, 1, truth.tree().tree.path(1), load_le<std::uint32_t>(truth.loss.data())}};
  ASSERT_EQ(net.verdict(kSolver, d), V::kApplied);
  EXPECT_GE(record().deadline, demanded(of_rest).deadline);
  EXPECT_EQ(supply(of_rest, opening_of(of_rest, claimed, flipped(truth))), V::kWrongOpening);
  EXPECT_EQ(supply(of_rest, opening_of(of_rest, run, truth)), V::kApplied);
}

// A liar that is about to lose gains nothing by falling silent: who plays about the claim plays on,
// and has the bounty.
TEST(DemandsInPlay, AnIgnoredOneTakesNoBountyFromWhoProvesTheLie) {
  Played p(lie());
  const ChallengeId id = p.challenge(1);
  const Piece piece{PieceKind::kTranscript, 0, 0, 0};
  ASSERT_EQ(p.net.verdict(kBob, DemandChunk{p.posted.claim, piece}), V::kApplied);
  p.net.wait(p.terms.windows.move_ms / 2);
  p.play(id, kSolver, lie(), toy::Challenger::kHonest);
  p.net.wait(p.terms.windows.move_ms + 1'000);
  const ClaimRecord fallen = p.net.claim(p.posted.claim).record;
  EXPECT_EQ(fallen.reason, CloseReason::kFallen);
  const std::uint64_t stake = p.terms.solver_stake.value;
  EXPECT_EQ(p.net.account(kEve).available.value, 1'000'000 + stake / 2);
  EXPECT_EQ(p.net.account(kBob).locked.bonds, Amount{});
}

// Nor does it by being doomed before slow checkers have committed to anything: until its window is
// over they may, and are paid.
TEST(DemandsInPlay, WhoProvesTheLieAfterAnIgnoredOneIsPaid) {
  PostTask terms = toy_terms();
  terms.windows.challenge_ms = 3 * terms.windows.move_ms;
  Played p(terms, lie().transcript_roots(), truth().transcript_roots(), 6, {});
  const Piece piece{PieceKind::kTranscript, 0, 0, 0};
  ASSERT_EQ(p.net.verdict(kBob, DemandChunk{p.posted.claim, piece}), V::kApplied);
  p.net.wait(p.terms.windows.move_ms);
  ASSERT_TRUE(p.net.claim(p.posted.claim).record.withheld);
  const ChallengeId id = p.challenge(1);
  p.play(id, kSolver, lie(), toy::Challenger::kHonest);
  p.net.wait(60'000);
  EXPECT_EQ(p.net.claim(p.posted.claim).record.reason, CloseReason::kFallen);
  EXPECT_EQ(p.net.account(kEve).available.value, 1'000'000 + p.terms.solver_stake.value / 2);
}

// What is open when a claim is settled for another reason goes back.
TEST(DemandsInPlay, WhatIsOpenWhenTheClaimEndsIsVoid) {
  Played p(lie());
  const ChallengeId id = p.challenge(1);
  p.play(id, kSolver, lie(), toy::Challenger::kHonest);
  const Piece piece{PieceKind::kTranscript, 0, 0, 0};
  p.net.wait(p.terms.windows.stand_up_ms - 10'000);
  ASSERT_EQ(p.net.verdict(kBob, DemandChunk{p.posted.claim, piece}), V::kApplied);
  p.net.wait(10'000);
  const ClaimView fallen = p.net.claim(p.posted.claim);
  EXPECT_EQ(fallen.record.reason, CloseReason::kFallen);
  EXPECT_EQ(fallen.record.demands_open, 0u);
  EXPECT_EQ(fallen.demands.at(0).status, DemandStatus::kVoid);
  EXPECT_EQ(p.net.account(kBob).locked, Locked{});
}

}  // namespace
}  // namespace assay::protocol
