// Relays: who is drawn, what they show and attest, when a claim goes on, and what their words cost
// (docs/spec/protocol.md, "Relays").
#include "assay/commit/piece.hpp"
#include "assay/core/faces.hpp"
#include "assay/core/planted.hpp"
#include "assay/protocol/obligations.hpp"
#include "unit/protocol/made_data.hpp"
#include "unit/protocol/played.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;

constexpr unsigned kRelay = 4;  // the first of them
constexpr unsigned kRelays = 5;

class Relays : public ::testing::Test {
 protected:
  Relays() : net(kRelay + kRelays + 1) {
    terms.header.init_program = terms.header.step_program = made.program.root();
    terms.header.data_set = made.data.tree().root(commit::Tag::kDataSet);
    terms.relays = 8;
    terms.relay_quorum = 5;
    terms.relay_fee = Amount{80};
    terms.relay_stake = Amount{200};
    terms.windows.relay_ms = 20'000;
    for (unsigned i = 0; i < kRelays; ++i)
      EXPECT_EQ(net.verdict(kRelay + i, BondRelay{Amount{100'000}}), V::kApplied);
  }
  // Revealed, and the first relays drawn.
  void start() {
    posted = post_and_accept(net, kSubmitter, kSolver, terms);
    ASSERT_EQ(net.verdict(kSolver, commitment_of(posted, made.run)), V::kApplied);
    net.wait(terms.windows.enlist_ms);
    ASSERT_EQ(net.verdict(kSolver, reveal_of(net, posted, kSolver, terms, made.run)), V::kApplied);
    net.block();
    ASSERT_EQ(net.status(posted.claim), ClaimStatus::kRelaying);
  }
  RelayRound round() const { return net.claim(posted.claim).relays.value(); }
  ClaimRecord record() const { return net.claim(posted.claim).record; }
  AttestData attestation(unsigned who) const {
    const TaskRecord task = net.task(posted.task).record;
    return {posted.claim, data_digest(net.head.chain, task, record()),
            made.open(relay_piece(task, record(), round(), net.id(who)))};
  }
  V attest(unsigned who) { return net.verdict(who, attestation(who)); }
  std::uint32_t seats(unsigned who) const { return seats_of(round(), net.id(who)); }
  RelayRecord relay(unsigned who) const { return net.read().view(net.id(who)).value().relay; }
  // Those that have more seats first, until so many seats are attested.
  std::vector<unsigned> attest_seats(std::uint32_t most) {
    std::vector<unsigned> who;
    std::uint32_t done = 0;
    for (unsigned i = 0; i < kRelays; ++i) {
      const std::uint32_t more = seats(kRelay + i);
      if (more == 0 || done + more > most) continue;
      EXPECT_EQ(attest(kRelay + i), V::kApplied);
      who.push_back(kRelay + i);
      done += more;
    }
    return who;
  }

  Net net;
  PostTask terms = sample_task();
  Made made;
  Posted posted;
};

// INV-PRO-045.
TEST_F(Relays, NoTaskAsksForBondsBeyondReasonOrHoldsThemForYears) {
  terms.relay_stake = Amount{4 * terms.price.value / terms.relay_quorum + 1};
  const Receipt dear = net.send(kSubmitter, terms);
  EXPECT_EQ(dear.verdict, V::kTermsRefused);
  EXPECT_EQ(dear.detail, static_cast<std::uint8_t>(economics::TermsVerdict::kQuorumDear));
  terms.relay_stake.value -= 1;
  PostTask long_terms = terms;
  long_terms.windows.seal_ms = kMaxAttestedMs - terms.windows.open_ms - terms.windows.relay_ms;
  EXPECT_EQ(net.verdict(kSubmitter, long_terms), V::kApplied);
  ++long_terms.windows.seal_ms;
  EXPECT_EQ(net.verdict(kSubmitter, long_terms), V::kWindowOutOfRange);
  long_terms.relays = long_terms.relay_quorum = 0;
  long_terms.relay_fee = long_terms.relay_stake = {};
  long_terms.windows.relay_ms = 0;
  EXPECT_EQ(net.verdict(kSubmitter, long_terms), V::kApplied) << "nobody's bond is held";
}

// E-15 is about what was posted: a low bid makes no words dear.
TEST_F(Relays, ALowBidIsTaken) {
  terms.sale = Sale::kAuction;
  terms.bid_deposit = Amount{10};
  terms.windows.bid_ms = 10'000;
  terms.relay_stake = Amount{4 * terms.price.value / terms.relay_quorum};
  EXPECT_EQ(check_price(terms, Amount{terms.price.value / 2}), economics::TermsVerdict::kHolds);
  EXPECT_EQ(net.verdict(kSubmitter, terms), V::kApplied);
}

TEST_F(Relays, AQuorumLetsTheClaimGoOnAndIsPaid) {
  start();
  ASSERT_EQ(round().seats.size(), 8u);
  ASSERT_EQ(round().number, 1u);
  for (unsigned who = kRelay; who < kRelay + kRelays; ++who) {
    if (seats(who) == 0) continue;
    const AttestData right = attestation(who);
    AttestData wrong = right;
    wrong.data = hash_of_text("other");
    EXPECT_EQ(net.verdict(who, wrong), V::kWrongAttestation);
    EXPECT_EQ(net.verdict(kSubmitter, right), V::kNotRelay);
    EXPECT_EQ(attest(who), V::kApplied);
    if (net.status(posted.claim) != ClaimStatus::kRelaying) break;
    EXPECT_EQ(net.verdict(who, right), V::kAlreadyExists);
    EXPECT_EQ(relay(who).held, Amount{200u * seats(who)});
    EXPECT_EQ(net.verdict(who, UnbondRelay{relay(who).bond}), V::kInsufficientStake);
  }
  // All attested: nothing is left to wait for.
  EXPECT_EQ(attested_seats(round()), 8u);
  EXPECT_NE(net.status(posted.claim), ClaimStatus::kRelaying);
  net.wait(120'000);
  ASSERT_EQ(record().reason, CloseReason::kFinal);
  for (unsigned who = kRelay; who < kRelay + kRelays; ++who) {
    EXPECT_EQ(net.account(who).available.value, 1'000'000u + 10u * seats(who));
    EXPECT_EQ(relay(who).held, Amount{});
    EXPECT_EQ(net.verdict(who, UnbondRelay{Amount{100'000}}), V::kApplied);
    EXPECT_EQ(net.account(who).staked, Amount{1'000'000});
  }
  EXPECT_EQ(net.account(kSubmitter).available.value,
            1'000'000u - terms.price.value - terms.tax.value - 80);
}

// INV-PRO-030: whoever serves its friends alone is not paid, and neither are they.
TEST_F(Relays, WithoutAQuorumNoClaimIsFinal) {
  start();
  for (std::uint32_t number = 1; number <= kMaxRelayRounds; ++number) {
    ASSERT_EQ(net.status(posted.claim), ClaimStatus::kRelaying);
    ASSERT_EQ(round().number, number);
    attest_seats(4);
    net.wait(terms.windows.relay_ms);
  }
  EXPECT_EQ(record().status, ClaimStatus::kExpired);
  EXPECT_EQ(record().reason, CloseReason::kUnattested);
  for (unsigned who = 0; who < kRelay + kRelays; ++who) {
    EXPECT_EQ(net.account(who).available.value, 1'000'000u) << who;
    EXPECT_EQ(net.account(who).staked.value + net.account(who).locked.stakes.value, 1'000'000u);
    EXPECT_EQ(relay(who).held, Amount{});
  }
}

// INV-PRO-046: before the quorum nobody is told by a challenge that somebody looks.
TEST_F(Relays, NoChallengeIsTakenBeforeTheQuorum) {
  const Payload challenge = [&] {
    posted = post_and_accept(net, kSubmitter, kSolver, terms);
    return CommitChallenge{posted.claim, hash_of_text("c")};
  }();
  ASSERT_EQ(net.verdict(kBob, EnlistVerifier{posted.claim}), V::kApplied);
  ASSERT_EQ(net.verdict(kSolver, commitment_of(posted, made.run)), V::kApplied);
  net.wait(terms.windows.enlist_ms);
  ASSERT_EQ(net.verdict(kSolver, reveal_of(net, posted, kSolver, terms, made.run)), V::kApplied);
  ASSERT_EQ(net.status(posted.claim), ClaimStatus::kDrawing);
  EXPECT_EQ(net.verdict(kSubmitter, challenge), V::kWrongPhase);
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kRelaying);
  EXPECT_EQ(net.verdict(kSubmitter, challenge), V::kWrongPhase);
  attest_seats(8);
  EXPECT_EQ(net.verdict(kSubmitter, challenge), V::kApplied);
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kSealing);
}

// What ends without a quorum falls all the same where something was kept back or contradicted.
TEST_F(Relays, WhatIsUnattestedAndWithheldFalls) {
  start();
  ASSERT_EQ(net.verdict(kBob, DemandChunk{posted.claim, {PieceKind::kTranscript, 0, 0, 0}}),
            V::kApplied);
  net.wait(terms.windows.move_ms);
  ASSERT_TRUE(record().withheld);
  for (unsigned who = kRelay; who < kRelay + kRelays; ++who)
    if (net.status(posted.claim) == ClaimStatus::kRelaying && seats(who) != 0) {
      EXPECT_EQ(attest(who), V::kWrongPhase);
    }
  net.wait(kMaxRelayRounds * terms.windows.relay_ms);
  EXPECT_EQ(record().status, ClaimStatus::kFallen);
  EXPECT_EQ(record().reason, CloseReason::kWithheld);
  EXPECT_EQ(net.account(kSolver).staked.value, 1'000'000u - terms.solver_stake.value);
}

TEST_F(Relays, WhatIsUnattestedAndContradictedFalls) {
  start();
  const Hash256 other = hash_of_text("another transcript");
  const Hash256 digest =
      dispute::claim_digest(crypto::sha256_function(), net.head.chain, posted.task,
                            header_of(net.task(posted.task).record, record()), other);
  ASSERT_EQ(net.verdict(kBob, ReportContradiction{posted.claim, other,
                                                  net.keys[kSolver].sign(digest.view())}),
            V::kApplied);
  net.wait(kMaxRelayRounds * terms.windows.relay_ms);
  EXPECT_EQ(record().status, ClaimStatus::kFallen);
  EXPECT_EQ(record().reason, CloseReason::kContradicted);
  EXPECT_GT(net.account(kBob).available.value, 1'000'000u);
}

// Who could tell whether its error was due pays the tax, as one that gives its claim up.
TEST_F(Relays, WhatIsUnattestedAfterTheForceBeaconPaysTheTax) {
  terms.force_rate = std::uint32_t{1} << 31;
  terms.verifier_stake = Amount{20'000};
  terms.windows.disclose_ms = 10'000;
  posted = post_and_accept(net, kSubmitter, kSolver, terms);
  ASSERT_EQ(net.verdict(kSolver, commitment_of(posted, made.run)), V::kApplied);
  net.wait(terms.windows.enlist_ms);
  RevealTranscript reveal = reveal_of(net, posted, kSolver, terms, made.run);
  reveal.salt = Hash256{};
  ASSERT_EQ(net.verdict(kSolver, reveal), V::kApplied);
  net.wait(1'000);
  for (unsigned rounds = 0; rounds <= kMaxRelayRounds; ++rounds) net.wait(terms.windows.relay_ms);
  EXPECT_EQ(record().reason, CloseReason::kUnattested);
  const std::uint64_t tax = terms.tax.value;
  EXPECT_EQ(net.account(kSolver).staked.value, 1'000'000u - tax);
  const Totals totals = net.read().totals().value();
  EXPECT_EQ(totals.burned.value + totals.jackpot.value, tax);
  EXPECT_EQ(net.account(kSubmitter).available.value, 1'000'000u);
}

TEST_F(Relays, APlantedBugLetsItGoOn) {
  const assay::testing::Plant bug(assay::testing::Planted::kAnyQuorum);
  start();
  net.wait(terms.windows.relay_ms);
  EXPECT_NE(net.status(posted.claim), ClaimStatus::kRelaying);
}

// INV-PRO-031.
TEST_F(Relays, WhoAttestedWhatIsNotShownLosesItsWord) {
  terms.windows.seal_ms = 20'000;
  start();
  const std::vector<unsigned> who = attest_seats(8);
  const Piece part{PieceKind::kTranscript, 0, 0, 0};
  ASSERT_EQ(net.verdict(kSubmitter, DemandChunk{posted.claim, part}), V::kApplied);
  net.wait(120'000);
  EXPECT_EQ(record().reason, CloseReason::kWithheld);
  for (const unsigned one : who) {
    EXPECT_EQ(relay(one).bond.value, 100'000u - 200u * seats(one));
    EXPECT_EQ(net.account(one).available.value, 1'000'000u);
  }
}

// Any of them may show it.
TEST_F(Relays, ARelayShowsWhatTheSolverKeepsBack) {
  start();
  const std::vector<unsigned> who = attest_seats(8);
  const Piece part{PieceKind::kTranscript, 0, 0, 0};
  ASSERT_EQ(net.verdict(kSubmitter, DemandChunk{posted.claim, part}), V::kApplied);
  EXPECT_EQ(net.verdict(who[0], SupplyChunk{demand_id_of(posted.claim, part), made.open(part)}),
            V::kApplied);
  net.wait(120'000);
  EXPECT_EQ(record().reason, CloseReason::kFinal);
}

TEST_F(Relays, ThePieceIsTheOneThatWasDrawn) {
  start();
  for (unsigned who = kRelay; who < kRelay + kRelays; ++who)
    for (unsigned other = kRelay; other < kRelay + kRelays; ++other) {
      const TaskRecord task = net.task(posted.task).record;
      if (seats(who) == 0 || relay_piece(task, record(), round(), net.id(who)) ==
                                 relay_piece(task, record(), round(), net.id(other)))
        continue;
      AttestData swapped = attestation(who);
      swapped.opening = attestation(other).opening;
      if (encode_payload(swapped) != encode_payload(attestation(who))) {
        EXPECT_EQ(net.verdict(who, swapped), V::kWrongOpening);
      }
    }
}

// INV-PRO-032: a place in the pool is by bond; who is silent while others attest loses it.
TEST_F(Relays, WhoIsSilentLeavesThePool) {
  EXPECT_EQ(net.verdict(kRelay, BondRelay{}), V::kZeroAmount);
  EXPECT_EQ(net.verdict(kRelay, BondRelay{Amount{2'000'000}}), V::kInsufficientStake);
  EXPECT_EQ(net.verdict(kSubmitter, UnbondRelay{Amount{1}}), V::kNotRelay);
  terms.relays = 16;
  terms.relay_quorum = 9;
  unsigned silent = 0;
  for (unsigned claims = 0; claims < 16 && silent < kMaxMissedRounds; ++claims) {
    start();
    const unsigned last = kRelay + kRelays - 1;
    const bool misses = seats(last) != 0;
    for (unsigned who = kRelay; who < last; ++who)
      if (seats(who) != 0) {
        EXPECT_EQ(attest(who), V::kApplied);
      }
    const bool has_quorum = attested_seats(round()) >= terms.relay_quorum;
    net.wait(terms.windows.relay_ms);
    silent += misses && has_quorum ? 1 : 0;
    if (silent < kMaxMissedRounds) {
      EXPECT_EQ(relay(last).missed, silent);
    } else {
      EXPECT_EQ(relay(last).bond, Amount{});
      EXPECT_EQ(net.account(last).staked, Amount{1'000'000});
    }
    net.wait(200'000);
    terms.work_units += 1;
  }
  EXPECT_EQ(silent, kMaxMissedRounds);
}

// INV-PRO-032: two aliases of half a bond have as many seats as one of all of it.
TEST_F(Relays, WhoSplitsABondHasNoMoreSeats) {
  for (const unsigned alias : {kRelay, kRelay + 1})
    ASSERT_EQ(net.verdict(alias, UnbondRelay{Amount{50'000}}), V::kApplied);
  terms.relays = 64;
  terms.relay_quorum = 33;
  terms.relay_stake = Amount{100};
  unsigned split = 0, whole = 0, all = 0;
  for (unsigned claims = 0; claims < 24; ++claims) {
    start();
    split += seats(kRelay) + seats(kRelay + 1);
    whole += seats(kRelay + 2);
    all += 64;
    net.wait(kMaxRelayRounds * terms.windows.relay_ms);
    terms.work_units += 1;
  }
  for (const unsigned part : {split, whole}) {  // a quarter; five deviations are 86
    EXPECT_GT(part, all / 4 - 86);
    EXPECT_LT(part, all / 4 + 86);
  }
}

// INV-PRO-047, and the count of INV-PRO-026: strangers' rounds come as long as there is room.
TEST(RelaysInViews, StrangersRoundsAreBounded) {
  Net net(6, 100'000'000);
  Made made;
  PostTask terms = sample_task();
  terms.header.init_program = terms.header.step_program = made.program.root();
  terms.header.data_set = made.data.tree().root(commit::Tag::kDataSet);
  terms.relays = 64;
  terms.relay_quorum = 33;
  terms.relay_fee = Amount{64};
  terms.relay_stake = Amount{100};
  terms.windows.relay_ms = kMaxAttestedMs / 2;
  ASSERT_EQ(net.verdict(kRelay, BondRelay{Amount{1'000'000}}), V::kApplied);
  constexpr std::size_t kClaims = 258, kShown = 16'384 / 64;
  for (std::size_t i = 0; i < kClaims; ++i) {
    const Posted posted = post_and_accept(net, kSubmitter, kSolver, terms);
    ASSERT_EQ(net.verdict(kSolver, commitment_of(posted, made.run)), V::kApplied);
    net.wait(terms.windows.enlist_ms);
    ASSERT_EQ(net.verdict(kSolver, reveal_of(net, posted, kSolver, terms, made.run)), V::kApplied);
    terms.work_units += 1;
  }
  net.block();
  ASSERT_EQ(net.verdict(kSubmitter, terms), V::kApplied);
  const auto rounds = [&](unsigned who) {
    const View view = proven_view(net.read(), net.id(who)).value();
    EXPECT_EQ(view.pool.size(), 1u) << "a task for sale draws from it";
    std::size_t found = 0;
    for (const TaskView& task : view.tasks)
      for (const ClaimView& claim : task.claims) found += claim.relays ? 1 : 0;
    return found;
  };
  EXPECT_EQ(rounds(kBob), kShown);
  EXPECT_EQ(rounds(kRelay), kClaims) << "where it may attest";
  EXPECT_EQ(rounds(kSolver), kClaims) << "its own";
}

// Seats that can be filled: whole stakes of free bonds, but for one's own.
TEST(RelayDraws, SeatsAreFilledByFreeBonds) {
  PostTask terms;
  terms.relays = 8;
  terms.relay_stake = Amount{100};
  const AccountId own{hash_of_text("own")}, other{hash_of_text("other")};
  std::vector<RelayRecord> pool{{own, Amount{900}, {}, 0}, {other, Amount{399}, Amount{100}, 0}};
  EXPECT_EQ(fillable_seats(pool, terms, own), 2u);
  EXPECT_EQ(fillable_seats(pool, terms, other), 8u);
  EXPECT_EQ(fillable_seats({}, terms, own), 0u);
}

TEST(RelayDraws, PointsAreUniform) {
  economics::RelayDraw draw{hash_of_text("beacon"), ClaimId{hash_of_text("claim")}, 1, 0, 1'000};
  unsigned below = 0;
  for (draw.seat = 0; draw.seat < 10'000; ++draw.seat)
    below += economics::draw_relay(crypto::sha256_function(), draw) < 250 ? 1 : 0;
  EXPECT_GT(below, 2'300u);
  EXPECT_LT(below, 2'700u);
}

}  // namespace
}  // namespace assay::protocol
