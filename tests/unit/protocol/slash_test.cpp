// Whole games on the ledger, over the toy task: a lie is judged by the referee and slashed, a true
// claim is defended, and an attestor defends itself when its solver does not.
#include "assay/dispute/moves.hpp"
#include "unit/protocol/played.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;

TEST(Slash, ALieIsWalkedDownJudgedAndSlashed) {
  Played p(lie());
  ASSERT_EQ(toy::first_false_entry(lie(), truth()), 1u);
  const ChallengeId id = p.challenge(1);
  p.play(id, kSolver, lie(), toy::Challenger::kHonest);
  EXPECT_EQ(p.game_status(id, kSolver), GameStatus::kChallengerWon);
  EXPECT_FALSE(p.net.read().game(game_id_of(id, p.net.id(kSolver))).value()->record.by_clock);
  EXPECT_FALSE(is_settled(p.net.status(p.posted.claim)));  // attestors may still stand up
  p.net.wait(60'000);
  EXPECT_EQ(p.net.status(p.posted.claim), ClaimStatus::kFallen);
  EXPECT_EQ(p.net.account(kEve).available, Amount{1'001'000});
  EXPECT_EQ(p.net.account(kSolver).staked, Amount{1'000'000 - 2001});
  // The attestors did not defend the lie: they keep their stakes, and are paid for the other
  // intervals.
  for (const unsigned v : {kAnn, kBob}) {
    EXPECT_EQ(p.net.account(v).staked, Amount{1'000'000});
    EXPECT_EQ(p.net.account(v).available, Amount{1'000'000 + 2 * 51});
  }
  EXPECT_EQ(p.net.account(kSubmitter).available, Amount{1'000'000 - 4 * 51});
}

TEST(Slash, ATrueClaimIsDefendedAndTheChallengerPays) {
  Played p(truth());
  const ChallengeId id = p.challenge(1);
  p.play(id, kSolver, truth(), toy::Challenger::kBlind);
  EXPECT_EQ(p.game_status(id, kSolver), GameStatus::kDefenderWon);
  EXPECT_EQ(p.net.account(kEve).available, Amount{999'000});
  EXPECT_EQ(p.net.account(kSolver).available, Amount{1'000'500});
  p.net.wait(60'000);
  EXPECT_EQ(p.net.status(p.posted.claim), ClaimStatus::kFinal);
  EXPECT_EQ(p.net.claim(p.posted.claim).record.reason, CloseReason::kFinal);
  EXPECT_EQ(p.net.account(kSolver).available, Amount{1'001'500});
  EXPECT_EQ(p.net.account(kSolver).staked, Amount{1'000'000});
}

// INV-PRO-010 and 011: the solver falls silent over a true claim; an attestor that stands up saves
// it.
TEST(Slash, AnAttestorSavesATrueClaimThatItsSolverThrows) {
  Played p(truth());
  const ChallengeId id = p.challenge(1);
  ASSERT_EQ(p.net.verdict(kAnn, StandUp{id}), V::kApplied);
  EXPECT_EQ(p.net.verdict(kAnn, StandUp{id}), V::kAlreadyStanding);
  p.play(id, kAnn, truth(), toy::Challenger::kBlind);
  EXPECT_EQ(p.game_status(id, kAnn), GameStatus::kDefenderWon);
  EXPECT_EQ(p.game_status(id, kSolver),
            GameStatus::kMoot);  // decided before the solver's clock ran out
  EXPECT_EQ(p.net.account(kAnn).available, Amount{1'000'500});
  p.net.wait(60'000);
  EXPECT_EQ(p.net.status(p.posted.claim), ClaimStatus::kFinal);
  EXPECT_EQ(p.net.account(kSolver).available, Amount{1'001'000});
}

// The same, but the solver's clock runs out first: it alone is slashed, all of it burned; the claim
// stands, and the price goes back to the submitter.
TEST(Slash, ASolverThatThrowsATrueClaimIsSlashedAlone) {
  Played p(truth());
  const ChallengeId id = p.challenge(1);
  p.net.wait(55'000);
  ASSERT_EQ(p.net.verdict(kAnn, StandUp{id}), V::kApplied);
  p.net.wait(10'000);
  // The solver's clock (allowance and quoted replay) is 62 s.
  EXPECT_EQ(p.game_status(id, kSolver), GameStatus::kChallengerWon);
  EXPECT_FALSE(is_settled(p.net.status(p.posted.claim)));
  p.play(id, kAnn, truth(), toy::Challenger::kBlind);
  EXPECT_EQ(p.game_status(id, kAnn), GameStatus::kDefenderWon);
  EXPECT_EQ(p.net.status(p.posted.claim), ClaimStatus::kFinal);
  EXPECT_EQ(p.net.account(kSolver).available, Amount{1'000'000});
  EXPECT_EQ(p.net.claim(p.posted.claim).record.reason, CloseReason::kThrown);
  EXPECT_EQ(p.net.account(kSolver).staked, Amount{1'000'000 - 2001});
  EXPECT_EQ(p.net.read().totals().value().burned, Amount{2001 + 500 + 10});
  EXPECT_EQ(p.net.account(kSubmitter).available, Amount{1'000'000 - 306 - 20});
}

// An attestor that stands up for a lie loses a game of its own, and its stake with it.
TEST(Slash, AnAttestorThatDefendsALieIsSlashedToo) {
  Played p(lie());
  const ChallengeId id = p.challenge(1);
  ASSERT_EQ(p.net.verdict(kAnn, StandUp{id}), V::kApplied);
  p.play(id, kAnn, lie(), toy::Challenger::kHonest);
  EXPECT_EQ(p.game_status(id, kAnn), GameStatus::kChallengerWon);
  p.play(id, kSolver, lie(), toy::Challenger::kHonest);
  p.net.wait(60'000);
  EXPECT_EQ(p.net.status(p.posted.claim), ClaimStatus::kFallen);
  EXPECT_EQ(p.net.account(kAnn).staked, Amount{999'000});
  EXPECT_EQ(p.net.account(kAnn).available, Amount{1'000'000});
  EXPECT_EQ(p.net.account(kBob).staked, Amount{1'000'000});
  EXPECT_EQ(p.net.account(kEve).available, Amount{1'000'000 + 1000 + 500});
}

// INV-PRO-017: who commits once somebody revealed the same interval could have copied: it has its
// bond back and no more, and the bounty is not less for it. Who committed before has its cost.
TEST(Slash, CopiesOfARevealedChallengeAreNotPaid) {
  Played p(lie());
  const ChallengeId copy = p.challenge_twice_and_copy();
  EXPECT_EQ(p.net.status(p.posted.claim), ClaimStatus::kFallen);
  EXPECT_EQ(p.net.read().challenge(copy).value()->record.status, ChallengeStatus::kWon);
  const std::uint64_t cost = 334;  // a third of the price, rounded up
  EXPECT_EQ(p.net.account(kEve).available, Amount{1'000'000 + 1000 - cost});
  const std::uint64_t fees = 2 * 51;  // of the intervals that did not fall
  EXPECT_EQ(p.net.account(kBob).available, Amount{1'000'000 + cost + fees});
  EXPECT_EQ(p.net.account(kSubmitter).available, Amount{1'000'000 - 2 * fees});
}

// A liar that quotes next to nothing for a replay must not run down the clocks of others with it:
// the challenger that has to prove it wrong, and attestors of a true claim that its solver throws.
TEST(Slash, ASolversTinyQuoteBindsNobodyElse) {
  Played p(lie());
  const ChallengeId id = p.challenge(1);
  ASSERT_EQ(p.net.verdict(kAnn, StandUp{id}), V::kApplied);
  const auto game = [&](unsigned defender) {
    return p.net.read().game(game_id_of(id, p.net.id(defender))).value()->record;
  };
  EXPECT_EQ(p.net.claim(p.posted.claim).record.times.interval_ms, 2'000u);
  EXPECT_EQ(game(kSolver).defender_bank_ms, 2'000u);
  EXPECT_EQ(game(kSolver).challenger_bank_ms, p.terms.windows.replay_ms);
  EXPECT_EQ(game(kAnn).defender_bank_ms, p.terms.windows.replay_ms);
}

// INV-PRO-015: aliases that play about intervals by turns never make a queue that is longer than
// the intervals in play.
TEST(Slash, IntervalsPlayedByTurnsLengthenNoClock) {
  Played p(truth());
  const auto position = [&](const ChallengeId& id) {
    return p.net.read().challenge(id).value()->record.queue_position;
  };
  const ChallengeId first = p.challenge(0);
  EXPECT_EQ(position(first), 1u);
  const ChallengeId second = p.challenge(1);
  EXPECT_EQ(position(second), 2u);
  p.play(first, kSolver, truth(), toy::Challenger::kBlind);
  ASSERT_EQ(p.game_status(first, kSolver), GameStatus::kDefenderWon);
  const ChallengeId third = p.challenge(2);
  EXPECT_EQ(position(third), 2u);
  EXPECT_EQ(
      p.net.read().game(game_id_of(third, p.net.id(kSolver))).value()->record.defender_bank_ms,
      2 * 2'000u + 100u)
      << "two intervals, and one game before it";
}

// A program over the profile's limits should never have been admitted: everybody is refunded.
TEST(Slash, AProgramOverTheLimitsIsVoid) {
  commit::ProgramHeader absurd;
  absurd.node_count = 0xffffffff;
  Net net;
  PostTask terms = sample_task();
  terms.header.step_program = commit::program_root(crypto::sha256_function(), absurd);
  terms.header.steps = 9;
  terms.header.commit_interval = 1;  // one step an interval: the first offer is the trace's
  const MadeRun run(MadeRun::made_up(10, "run"));
  const Posted posted = post_and_accept(net, kSubmitter, kSolver, terms);
  ASSERT_EQ(net.verdict(kAnn, EnlistVerifier{posted.claim}), V::kApplied);
  ASSERT_EQ(net.verdict(kSolver, commitment_of(posted, run)), V::kApplied);
  net.wait(8'000);
  ASSERT_EQ(net.verdict(kSolver, reveal_of(net, posted, kSolver, terms, run)), V::kApplied);
  net.block();
  net.wait(7'000);                                                    // nobody seals
  const ChallengeId hidden = commit_challenge(net, posted, kBob, 5);  // never revealed
  const ChallengeId id = commit_challenge(net, posted, kEve, 4);
  ASSERT_EQ(net.verdict(kEve, challenge_reveal(id, run, 4)), V::kApplied);
  const GameId game_id = game_id_of(id, net.id(kSolver));
  const TaskView task = net.read().task(posted.task).value().value();
  const GameView game = net.read().game(game_id).value().value();
  const dispute::GameTerms game_terms =
      terms_of(net.head.chain, task, net.read().challenge(id).value().value(), game);
  const Bytes body =
      codec::encode([&](codec::Writer& w) { dispute::write_trace_offer(w, &absurd, {}); });
  const dispute::RecordedMove move = dispute::record_move(
      crypto::sha256_function(), game_terms, position_of(game_terms, game),
      dispute::Role::kDefender, body,
      [&](const Hash256& digest) { return net.keys[kSolver].sign(digest.view()); });
  const Bytes bytes =
      codec::encode([&](codec::Writer& w) { dispute::write_signed_move(w, move.view()); });
  ASSERT_EQ(net.verdict(kSolver, PlayMove{game_id, bytes}), V::kApplied);
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kVoid);
  EXPECT_EQ(net.read().challenge(hidden).value()->record.status, ChallengeStatus::kVoid);
  for (unsigned party = 0; party < 5; ++party) {
    EXPECT_EQ(net.account(party).available, Amount{1'000'000}) << party;
    EXPECT_EQ(net.account(party).staked, Amount{1'000'000}) << party;
  }
  EXPECT_FALSE(net.read().next_deadline().value());
}

}  // namespace
}  // namespace assay::protocol
