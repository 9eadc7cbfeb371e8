// Whole games on the ledger, over the toy task: a lie is judged by the referee and slashed, a true claim
// is defended, and an attestor defends itself when its solver does not.
#include "assay/dispute/moves.hpp"
#include "harness.hpp"
#include "support/toy_player.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;

enum : unsigned { kSubmitter, kSolver, kAnn, kBob, kEve };

const toy::Task& toy_task() {
  static const toy::Task kTask = toy::make_task(20, 18, 5);
  return kTask;
}
const toy::World& truth() {
  static const toy::World kTruth(toy_task());
  return kTruth;
}
// One wrong bit in the last node of step 7 that reaches the state, so entry 1 is the first that is false.
const toy::World& lie() {
  static const toy::World kLie = [] {
    for (auto index = static_cast<std::uint32_t>(toy_task().step.nodes.size()); index-- > 0;) {
      toy::World world(toy_task(), toy::Lie{toy::Lie::Kind::kNode, false, 7, index, 0, 1});
      if (toy::first_false_entry(world, truth()) == 1) return world;
    }
    return truth();
  }();
  return kLie;
}

PostTask toy_terms() {
  PostTask t = sample_task();
  t.header = toy_task().header;
  t.draws = 3;  // all entries: everybody attests everything
  t.verification_fee = Amount{306};
  t.verifier_stake = Amount{1000};
  t.challenger_bond = Amount{1000};
  t.windows = {60'000, 60'000, 60'000, 60'000, 60'000, 60'000, 60'000, 60'000, 60'000, 60'000, 60'000};
  return t;
}

struct Played {
  Net net;
  PostTask terms = toy_terms();
  Posted posted;
  MadeRun run;
  explicit Played(const toy::World& claimed) : run(claimed.transcript_roots()) {
    posted = post_and_accept(net, kSubmitter, kSolver, terms);
    for (const unsigned v : {kAnn, kBob}) EXPECT_EQ(net.verdict(v, EnlistVerifier{posted.claim}), V::kApplied);
    EXPECT_EQ(net.verdict(kSolver, commitment_of(posted, run)), V::kApplied);
    EXPECT_EQ(net.verdict(kSolver, reveal_of(net, posted, kSolver, terms, run)), V::kApplied);
    net.block();
    for (const unsigned v : {kAnn, kBob}) {
      Seal seal{posted.claim, {}};
      for (const OpenSeal& o : openings(v)) seal.seals.push_back(seal_of(net, posted, v, o));
      EXPECT_EQ(net.verdict(v, seal), V::kApplied);
    }
    for (const unsigned v : {kAnn, kBob})
      for (const OpenSeal& o : openings(v)) EXPECT_EQ(net.verdict(v, o), V::kApplied);
    EXPECT_EQ(net.status(posted.claim), ClaimStatus::kChallenging);
  }
  std::vector<OpenSeal> openings(unsigned verifier) const {
    std::vector<OpenSeal> all;
    const VerifierRecord v = verifier_of(net, posted.claim, verifier);
    for (std::uint32_t i = 0; i < v.draws.size(); ++i)
      all.push_back(opening_of(net, posted, verifier, terms, run, i, v.draws[i].entry));
    return all;
  }
  ChallengeId challenge(std::uint64_t entry) {
    const ChallengeId id = commit_challenge(net, posted, kEve, entry);
    EXPECT_EQ(net.verdict(kEve, challenge_reveal(id, run, entry)), V::kApplied);
    return id;
  }
  GameStatus game_status(const ChallengeId& id, unsigned defender) const {
    return net.read().game(game_id_of(id, net.id(defender))).value()->record.status;
  }

  // Plays the game until it is over: the defender from its world, the challenger from its own.
  void play(const ChallengeId& id, unsigned defender, const toy::World& defender_world,
            toy::Challenger challenger) {
    const GameId game_id = game_id_of(id, net.id(defender));
    std::mt19937 random(7);
    std::optional<toy::Party> sides[2];
    for (;;) {
      const TaskView task = net.read().task(posted.task).value().value();
      const ChallengeView c = net.read().challenge(id).value().value();
      const GameView game = net.read().game(game_id).value().value();
      if (game.record.status != GameStatus::kOpen) return;
      const dispute::GameTerms terms_now = terms_of(net.head.chain, task, c, game);
      static thread_local dispute::GameTerms kept;
      kept = terms_now;
      if (!sides[0]) sides[0].emplace(defender_world, kept), sides[1].emplace(truth(), kept);
      const dispute::Position position = position_of(terms_now, game);
      for (auto& side : sides) side->observe(position);
      const dispute::Role role = dispute::on_turn(position);
      const Bytes body = body_of(*sides[role == dispute::Role::kDefender ? 0 : 1], position, role, challenger,
                                 random);
      const unsigned mover = role == dispute::Role::kDefender ? defender : unsigned{kEve};
      const dispute::RecordedMove move = dispute::record_move(
          crypto::sha256_function(), terms_now, position, role, body,
          [&](const Hash256& digest) { return net.keys[mover].sign(digest.view()); });
      const Bytes bytes =
          codec::encode([&](codec::Writer& w) { dispute::write_signed_move(w, move.view()); });
      // A stranger may carry it.
      ASSERT_EQ(net.verdict(kSubmitter, PlayMove{game_id, bytes}), V::kApplied)
          << dispute::to_string(position.stage);
    }
  }

 private:
  static Bytes body_of(toy::Party& party, const dispute::Position& p, dispute::Role role,
                       toy::Challenger challenger, std::mt19937& random) {
    using dispute::Stage;
    if (p.stage == Stage::kStateLeaf || p.stage == Stage::kSource || p.stage == Stage::kScalar)
      return party.open(p);
    if (role == dispute::Role::kDefender) return party.offer(p);
    return challenger == toy::Challenger::kHonest ? party.point_at_first_difference(p)
                                                  : party.point_anywhere(p, random);
  }
};

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
  // The attestors did not defend the lie: they keep their stakes, and are paid for the other intervals.
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
  EXPECT_EQ(p.net.account(kSolver).available, Amount{1'001'500});
  EXPECT_EQ(p.net.account(kSolver).staked, Amount{1'000'000});
}

// INV-PRO-010 and 011: the solver falls silent over a true claim; an attestor that stands up saves it.
TEST(Slash, AnAttestorSavesATrueClaimThatItsSolverThrows) {
  Played p(truth());
  const ChallengeId id = p.challenge(1);
  ASSERT_EQ(p.net.verdict(kAnn, StandUp{id}), V::kApplied);
  EXPECT_EQ(p.net.verdict(kAnn, StandUp{id}), V::kAlreadyStanding);
  p.play(id, kAnn, truth(), toy::Challenger::kBlind);
  EXPECT_EQ(p.game_status(id, kAnn), GameStatus::kDefenderWon);
  EXPECT_EQ(p.game_status(id, kSolver), GameStatus::kMoot);  // decided before the solver's clock ran out
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
  EXPECT_EQ(p.net.account(kSolver).staked, Amount{1'000'000 - 2001});
  EXPECT_EQ(p.net.read().totals().value().burned, Amount{2001 + 500});
  EXPECT_EQ(p.net.account(kSubmitter).available, Amount{1'000'000 - 306});
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
  net.wait(7'000);  // nobody seals
  const ChallengeId hidden = commit_challenge(net, posted, kBob, 5);  // never revealed
  const ChallengeId id = commit_challenge(net, posted, kEve, 4);
  ASSERT_EQ(net.verdict(kEve, challenge_reveal(id, run, 4)), V::kApplied);
  const GameId game_id = game_id_of(id, net.id(kSolver));
  const TaskView task = net.read().task(posted.task).value().value();
  const GameView game = net.read().game(game_id).value().value();
  const dispute::GameTerms game_terms =
      terms_of(net.head.chain, task, net.read().challenge(id).value().value(), game);
  const Bytes body = codec::encode([&](codec::Writer& w) { dispute::write_trace_offer(w, &absurd, {}); });
  const dispute::RecordedMove move = dispute::record_move(
      crypto::sha256_function(), game_terms, position_of(game_terms, game), dispute::Role::kDefender, body,
      [&](const Hash256& digest) { return net.keys[kSolver].sign(digest.view()); });
  const Bytes bytes = codec::encode([&](codec::Writer& w) { dispute::write_signed_move(w, move.view()); });
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
