// The standing of challengers (docs/spec/protocol.md, "Reputation"): what raises and lowers it, and
// INV-PRO-022: it costs what it is worth, whoever deals with themselves.
#include "assay/economics/market.hpp"
#include "unit/protocol/played.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;

constexpr std::uint64_t kBurned = 1001;  // of the sample's stake, 2001

Reputation standing(const Net& net, unsigned party) {
  return net.account(party).reputation[static_cast<std::size_t>(Standing::kChallenger) - 1];
}

TEST(Challenger, IsKnownForWhatItsWinsBurned) {
  Played p(lie());
  const ChallengeId id = p.challenge(1);
  p.play(id, kSolver, lie(), toy::Challenger::kHonest);
  EXPECT_EQ(standing(p.net, kEve), Reputation{});  // until the claim is settled
  p.net.wait(60'000);
  ASSERT_EQ(p.net.status(p.posted.claim), ClaimStatus::kFallen);
  const Reputation now = standing(p.net, kEve);
  EXPECT_EQ(now.score, kBurned);
  EXPECT_EQ(now.completed, 1u);
  EXPECT_EQ(now.faults + now.slashes, 0u);
  // In this role alone, and whoever was beaten has nothing of it.
  for (const Reputation& other : p.net.account(kSolver).reputation) EXPECT_EQ(other.score, 0u);
  EXPECT_EQ(p.net.account(kEve).reputation[0], Reputation{});
  // It decays as every score does.
  EXPECT_EQ(economics::decayed_score(now.score, economics::kReputationHalvingMs), kBurned / 2);
}

TEST(Challenger, ThatTheRefereeProvesWrongLosesIt) {
  Played p(truth());
  const ChallengeId id = p.challenge(1);
  p.play(id, kSolver, truth(), toy::Challenger::kBlind);
  ASSERT_EQ(p.game_status(id, kSolver), GameStatus::kDefenderWon);
  EXPECT_EQ(standing(p.net, kEve).slashes, 1u);
  EXPECT_EQ(standing(p.net, kEve).faults, 0u);
  EXPECT_EQ(standing(p.net, kEve).score, 0u);
}

// It was not there: that is no falsehood, and the first time is forgiven.
TEST(Challenger, ThatFallsSilentHasAFault) {
  Played p(truth());
  const ChallengeId id = p.challenge(1);
  const GameId game_id = game_id_of(id, p.net.id(kSolver));
  const TaskView task = p.net.task(p.posted.task);
  const ChallengeView challenge = p.net.read().challenge(id).value().value();
  const GameView game = p.net.read().game(game_id).value().value();
  const dispute::GameTerms terms = terms_of(p.net.head.chain, task, challenge, game);
  const dispute::Position position = position_of(terms, game);
  toy::Party solver(truth(), terms);
  solver.observe(position);
  ASSERT_EQ(p.net.verdict(kSolver,
                          PlayMove{game_id, p.signed_move(terms, position, dispute::Role::kDefender,
                                                          solver.offer(position), kSolver)}),
            V::kApplied);
  p.net.wait(130'000);  // a move window and its bank
  ASSERT_EQ(p.game_status(id, kSolver), GameStatus::kDefenderWon);
  EXPECT_EQ(standing(p.net, kEve).faults, 1u);
  EXPECT_EQ(standing(p.net, kEve).slashes, 0u);
}

TEST(Challenger, ThatRevealsNothingHasAFaultAndTheSecondHalvesTheScore) {
  Played p(lie());
  const ChallengeId won = p.challenge(1);
  p.play(won, kSolver, lie(), toy::Challenger::kHonest);
  p.net.wait(60'000);
  ASSERT_EQ(standing(p.net, kEve).score, kBurned);
  for (unsigned fault = 1; fault <= 2; ++fault) {
    const Posted posted = post_and_accept(p.net, kSubmitter, kSolver, p.terms);
    ASSERT_EQ(p.net.verdict(kSolver, commitment_of(posted, p.run)), V::kApplied);
    p.net.wait(p.terms.windows.enlist_ms);
    ASSERT_EQ(p.net.verdict(kSolver, reveal_of(p.net, posted, kSolver, p.terms, p.run)),
              V::kApplied);
    p.net.block();
    commit_challenge(p.net, posted, kEve, 1);
    p.net.wait(p.terms.windows.challenge_reveal_ms);
    const Reputation now = standing(p.net, kEve);
    EXPECT_EQ(now.faults, fault);
    EXPECT_LE(now.score, fault == 1 ? kBurned : kBurned / 2);
    EXPECT_GE(now.score, fault == 1 ? kBurned - 2 : kBurned / 2 - 2);
    p.net.wait(p.terms.windows.challenge_ms);
  }
}

// INV-PRO-022: all winners of a slash together, and a copy has nothing.
TEST(Challenger, WinnersShareWhatWasBurned) {
  Played p(lie());
  p.challenge_twice_and_copy();
  ASSERT_EQ(p.net.status(p.posted.claim), ClaimStatus::kFallen);
  EXPECT_EQ(standing(p.net, kEve).score, kBurned / 2);
  EXPECT_EQ(standing(p.net, kBob).score, kBurned / 2);
  EXPECT_EQ(standing(p.net, kSubmitter), Reputation{});
}

// INV-PRO-022: submitter, solver and challenger in one person pay an atom a point.
TEST(Challenger, BeatingOnesOwnLieCostsWhatItScores) {
  Played p(lie());
  const auto person = [&] {
    std::uint64_t atoms = 0;
    for (const unsigned who : {kSubmitter, kSolver, kEve}) {
      const AccountView a = p.net.account(who);
      atoms += a.available.value + a.staked.value;
    }
    return atoms;
  };
  const ChallengeId id = p.challenge(1);
  p.play(id, kSolver, lie(), toy::Challenger::kHonest);
  p.net.wait(60'000);
  const std::uint64_t fees = 4 * 51;  // the verifiers are others
  EXPECT_EQ(person(), 3 * 2'000'000 - kBurned - fees);
  EXPECT_EQ(standing(p.net, kEve).score, kBurned);
}

}  // namespace
}  // namespace assay::protocol
