// A verifier's word is a claim of its own: either root of an opened seal can be challenged, with
// the verifier's stake behind it, and a mismatch becomes a game about the solver's.
#include "unit/protocol/played.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;

constexpr std::uint64_t kEntry = 1;  // of eighteen steps
constexpr std::uint64_t kStake = 1000, kFee = 51, kBond = 1000;
constexpr unsigned kParties = 6, kMallory = 5;

// Ann says of every interior state what `ann` has there, Bob the truth.
InteriorOf interiors(const toy::World& ann) {
  return [&ann](unsigned verifier, const economics::Draw& draw) {
    return (verifier == kAnn ? ann : truth()).state_root(draw.interior_step);
  };
}
// A claim of `claimed`; `watchful` verifiers say of its first difference what `found` has.
Played scene(const toy::World& claimed, const toy::World& ann = truth(),
             std::set<unsigned> watchful = {}, const toy::World& found = truth()) {
  return Played(toy_terms(), claimed.transcript_roots(), found.transcript_roots(), kParties,
                std::move(watchful), interiors(ann));
}

std::uint64_t burned(const Played& p) { return p.net.read().totals().value().burned.value; }

// INV-PRO-025. Lazy verification: the end root is copied, the interior one cannot be. The solver's
// claim stands.
TEST(Attest, AFalseInteriorRootIsJudgedAndSlashed) {
  Played p = scene(truth(), early_lie());
  const ChallengeTarget target = p.word_of(kAnn, kEntry, Disputed::kInterior);
  const ChallengeId id = p.challenge(target);
  const ChallengeRecord record = p.net.read().challenge(id).value()->record;
  const economics::Draw draw =
      verifier_of(p.net, p.posted.claim, kAnn).draws[p.draw_of(kAnn, kEntry)];
  EXPECT_EQ(record.interior_step, draw.interior_step);
  EXPECT_EQ(record.end_root, early_lie().state_root(draw.interior_step));
  EXPECT_EQ(record.defenders, std::vector{p.net.id(kAnn)});
  p.play(id, kAnn, early_lie(), toy::Challenger::kHonest);
  EXPECT_EQ(p.game_status(id, kAnn), GameStatus::kChallengerWon);
  EXPECT_FALSE(p.net.read().game(game_id_of(id, p.net.id(kAnn))).value()->record.by_clock);
  EXPECT_EQ(p.net.read().challenge(id).value()->record.status, ChallengeStatus::kWon);
  EXPECT_FALSE(p.net.claim(p.posted.claim).record.doomed);
  p.net.wait(60'000);
  EXPECT_EQ(p.net.claim(p.posted.claim).record.reason, CloseReason::kFinal);
  EXPECT_EQ(p.net.account(kSolver).available, Amount{1'001'000});
  EXPECT_EQ(p.net.account(kSolver).staked, Amount{1'000'000});
  EXPECT_EQ(p.net.account(kAnn).staked, Amount{1'000'000 - kStake});
  EXPECT_EQ(p.net.account(kAnn).available, Amount{1'000'000});
  EXPECT_EQ(p.net.account(kBob).available, Amount{1'000'000 + 3 * kFee});
  EXPECT_EQ(p.net.account(kEve).available, Amount{1'000'000 + kStake / 2});
  EXPECT_EQ(burned(p), kStake / 2 + 10);  // and half of the tax
}

TEST(Attest, ATrueRootIsDefendedAndItsChallengerPays) {
  for (const Disputed what : {Disputed::kInterior, Disputed::kEnd}) {
    Played p = scene(truth());
    const ChallengeId id = p.challenge(p.word_of(kAnn, kEntry, what));
    p.play(id, kAnn, truth(), toy::Challenger::kBlind);
    EXPECT_EQ(p.game_status(id, kAnn), GameStatus::kDefenderWon);
    p.net.wait(60'000);
    EXPECT_EQ(p.net.claim(p.posted.claim).record.reason, CloseReason::kFinal);
    EXPECT_EQ(p.net.account(kAnn).available, Amount{1'000'000 + kBond / 2 + 3 * kFee});
    EXPECT_EQ(p.net.account(kAnn).staked, Amount{1'000'000});
    EXPECT_EQ(p.net.account(kEve).available, Amount{1'000'000 - kBond});
  }
}

// The part up to a drawn step is the whole run of a task that is over there: its header is valid,
// and has the interval's start and the step at the same entries.
TEST(Attest, APartOfAnIntervalIsATaskThatIsOverThere) {
  for (std::uint64_t steps = 1; steps <= 40; ++steps)
    for (std::uint64_t interval = 1; interval <= steps; ++interval) {
      commit::TaskHeader header = sample_task().header;
      header.steps = steps;
      header.commit_interval = interval;
      header.checkpoint_interval = 2 * interval;
      for (std::uint64_t entry = 1; entry < commit::transcript_entries(header); ++entry) {
        const std::uint64_t start = commit::step_of_entry(header, entry - 1);
        for (std::uint64_t step = start + 1; step <= commit::step_of_entry(header, entry); ++step) {
          const commit::TaskHeader part = header_up_to(header, step);
          ASSERT_TRUE(commit::is_valid(part));
          ASSERT_EQ(commit::transcript_entries(part), entry + 1);
          ASSERT_EQ(commit::step_of_entry(part, entry - 1), start);
          ASSERT_EQ(commit::step_of_entry(part, entry), step);
        }
      }
      EXPECT_EQ(header_up_to(header, 0), header);
      EXPECT_EQ(header_up_to(header, steps), header);
    }
}

TEST(Attest, EveryDrawHasAnInterior) {
  for (const std::uint64_t entry : {0, 2}) {
    Played p = scene(truth());
    const ChallengeId id = p.challenge(p.word_of(kAnn, entry, Disputed::kInterior));
    p.play(id, kAnn, truth(), toy::Challenger::kBlind);
    EXPECT_EQ(p.game_status(id, kAnn), GameStatus::kDefenderWon) << entry;
  }
}

// Who attested a lie loses its stake though it never stood up for it; the claim falls by itself.
TEST(Attest, TheAttestorOfALieIsChallengedBesidesItsSolver) {
  Played p = scene(lie());
  const ChallengeId of_claim = commit_challenge(p.net, p.posted, kEve, kEntry);
  const ChallengeTarget word = p.word_of(kAnn, kEntry, Disputed::kEnd);
  const ChallengeId of_ann = commit_challenge(p.net, p.posted, kEve, word);
  for (const auto& [id, target] : {std::pair{of_claim, ChallengeTarget(kEntry)}, {of_ann, word}})
    ASSERT_EQ(p.net.verdict(kEve, p.reveal_of_target(id, target)), V::kApplied);
  EXPECT_EQ(p.net.verdict(kBob, StandUp{of_ann}), V::kWrongPhase);
  p.play(of_ann, kAnn, lie(), toy::Challenger::kHonest);
  EXPECT_FALSE(p.net.claim(p.posted.claim).record.doomed);
  p.play(of_claim, kSolver, lie(), toy::Challenger::kHonest);
  p.net.wait(60'000);
  EXPECT_EQ(p.net.claim(p.posted.claim).record.reason, CloseReason::kFallen);
  EXPECT_EQ(p.net.account(kAnn).staked, Amount{1'000'000 - kStake});
  EXPECT_EQ(p.net.account(kAnn).available, Amount{1'000'000});
  EXPECT_EQ(p.net.account(kBob).staked, Amount{1'000'000});  // nobody asked it
  EXPECT_EQ(p.net.account(kBob).available, Amount{1'000'000 + 2 * kFee});
  EXPECT_EQ(p.net.account(kEve).available, Amount{1'000'000 + 1000 + kStake / 2});
}

// A verifier that is not there loses by the clock, like everybody.
TEST(Attest, SilenceLosesTheStake) {
  Played p = scene(truth());
  const ChallengeId id = p.challenge(p.word_of(kAnn, kEntry, Disputed::kEnd));
  p.net.wait(200'000);
  EXPECT_EQ(p.game_status(id, kAnn), GameStatus::kChallengerWon);
  EXPECT_EQ(p.net.claim(p.posted.claim).record.reason, CloseReason::kFinal);
  EXPECT_EQ(p.net.account(kAnn).staked, Amount{1'000'000 - kStake});
}

TEST(Attest, RevealingHasItsRules) {
  Played p = scene(truth());
  const ChallengeTarget word = p.word_of(kAnn, kEntry, Disputed::kInterior);
  const auto refuses = [&](unsigned who, const ChallengeTarget& committed,
                           const RevealChallenge& sent) {
    RevealChallenge reveal = sent;
    reveal.challenge = commit_challenge(p.net, p.posted, who, committed);
    return p.net.verdict(who, reveal);
  };
  const RevealChallenge good = p.reveal_of_target({}, word);
  RevealChallenge bad = good;
  bad.end_root = hash_of_text("its own word");
  EXPECT_EQ(refuses(kEve, word, bad), V::kWrongOpening);
  EXPECT_EQ(refuses(kAnn, word, good), V::kSelfDealing);
  // The commitment hides which of the words it is about.
  EXPECT_EQ(refuses(kBob, p.word_of(kAnn, kEntry, Disputed::kEnd), good), V::kWrongCommitment);
  ChallengeTarget beyond = word;
  beyond.place = 3;
  bad = good;
  bad.target = beyond;
  EXPECT_EQ(refuses(kMallory, beyond, bad), V::kDrawOutOfRange);
  beyond.verifier = p.net.id(kEve);
  bad.target = beyond;
  EXPECT_EQ(refuses(kMallory, beyond, bad), V::kDrawOutOfRange);
}

// A claim with Ann in a seat, up to its draws.
void draw_for_ann(Net& net, const PostTask& terms, const MadeRun& run, Posted& posted) {
  posted = post_and_accept(net, kSubmitter, kSolver, terms);
  ASSERT_EQ(net.verdict(kAnn, EnlistVerifier{posted.claim}), V::kApplied);
  ASSERT_EQ(net.verdict(kSolver, commitment_of(posted, run)), V::kApplied);
  net.wait(terms.windows.enlist_ms);
  ASSERT_EQ(net.verdict(kSolver, reveal_of(net, posted, kSolver, terms, run)), V::kApplied);
  net.block();
}

// Nothing can be held against a seal that was never opened.
TEST(Attest, ASealedDrawIsNoWord) {
  Net net;
  PostTask terms = sample_task();
  MadeRun run(MadeRun::made_up(10, "run"));
  Posted posted;
  ASSERT_NO_FATAL_FAILURE(draw_for_ann(net, terms, run, posted));
  const ChallengeTarget word{Disputed::kEnd, net.id(kAnn), 0};
  const ChallengeId id = commit_challenge(net, posted, kEve, word);
  net.wait(terms.windows.seal_ms + terms.windows.open_ms);
  ASSERT_EQ(net.status(posted.claim), ClaimStatus::kChallenging);
  const std::uint64_t entry = verifier_of(net, posted.claim, kAnn).draws[0].entry;
  RevealChallenge reveal = challenge_reveal(id, run, entry);
  reveal.target = word;
  reveal.end_root = Hash256{};
  reveal.end_path = commit::Path{};
  EXPECT_EQ(net.verdict(kEve, reveal), V::kNoAttestation);
}

// INV-PRO-024: a mismatch is opened on a challenge of its own, which becomes a game.
TEST(Attest, ATrueMismatchBecomesAGameAndWinsIt) {
  Played p = scene(lie(), truth(), {kAnn});
  const ChallengeId id = challenge_id_of(p.posted.claim, p.net.id(kAnn),
                                         commitment_to(p.net, p.posted.claim, kAnn, kEntry));
  ChallengeRecord record = p.net.read().challenge(id).value()->record;
  EXPECT_EQ(record.status, ChallengeStatus::kCommitted);
  EXPECT_EQ(record.entry, kEntry);
  EXPECT_EQ(record.target, ChallengeTarget(kEntry));
  EXPECT_NE(record.revealed_at, Height{});
  // Whoever learnt from the open seal what is false there earns nothing by it.
  const ChallengeId copy = commit_challenge(p.net, p.posted, kEve, kEntry);
  for (const auto& [who, which] : {std::pair{kAnn, id}, {kEve, copy}}) {
    ASSERT_EQ(p.net.verdict(who, challenge_reveal(which, p.run, kEntry)), V::kApplied);
    p.play(which, kSolver, lie(), toy::Challenger::kHonest);
  }
  p.net.wait(60'000);
  EXPECT_EQ(p.net.claim(p.posted.claim).record.reason, CloseReason::kFallen);
  EXPECT_EQ(p.net.account(kAnn).available, Amount{1'000'000 + 3 * kFee + 1000});
  EXPECT_EQ(p.net.account(kEve).available, Amount{1'000'000});
}

TEST(Attest, AGriefingMismatchCostsItsBond) {
  for (const bool plays : {true, false}) {
    Played p = scene(truth(), truth(), {kAnn}, lie());
    const ChallengeId id = challenge_id_of(p.posted.claim, p.net.id(kAnn),
                                           commitment_to(p.net, p.posted.claim, kAnn, kEntry));
    if (plays) {
      ASSERT_EQ(p.net.verdict(kAnn, challenge_reveal(id, p.run, kEntry)), V::kApplied);
      p.play(id, kSolver, truth(), toy::Challenger::kBlind);
    }
    p.net.wait(120'000);
    EXPECT_EQ(p.net.claim(p.posted.claim).record.reason, CloseReason::kFinal);
    EXPECT_EQ(p.net.read().challenge(id).value()->record.status,
              plays ? ChallengeStatus::kLost : ChallengeStatus::kUnrevealed);
    EXPECT_EQ(p.net.account(kAnn).available, Amount{1'000'000 + 2 * kFee - kBond});
    EXPECT_EQ(p.net.account(kSolver).available, Amount{1'001'000 + (plays ? kBond / 2 : 0)});
  }
}

// And its own end root is its word, which anybody may hold against it.
TEST(Attest, AFalseMismatchCanBeChallengedItself) {
  Played p = scene(truth(), truth(), {kAnn}, lie());
  const ChallengeId id = p.challenge(p.word_of(kAnn, kEntry, Disputed::kEnd));
  EXPECT_EQ(p.net.read().challenge(id).value()->record.end_root, lie().transcript_roots()[kEntry]);
  p.play(id, kAnn, lie(), toy::Challenger::kHonest);
  EXPECT_EQ(p.game_status(id, kAnn), GameStatus::kChallengerWon);
  p.net.wait(120'000);
  EXPECT_EQ(p.net.account(kAnn).staked, Amount{1'000'000 - kStake});
  EXPECT_EQ(p.net.account(kEve).available, Amount{1'000'000 + kStake / 2});
  EXPECT_EQ(p.net.claim(p.posted.claim).record.reason, CloseReason::kFinal);
}

TEST(Attest, AMismatchWithoutItsChallengeStaysShut) {
  Net net;
  PostTask terms = sample_task();
  MadeRun run(MadeRun::made_up(10, "run"));
  const Posted posted = post_and_accept(net, kSubmitter, kSolver, terms);
  for (const unsigned v : {kAnn, kBob})
    ASSERT_EQ(net.verdict(v, EnlistVerifier{posted.claim}), V::kApplied);
  ASSERT_EQ(net.verdict(kSolver, commitment_of(posted, run)), V::kApplied);
  ASSERT_EQ(net.verdict(kSolver, reveal_of(net, posted, kSolver, terms, run)), V::kApplied);
  net.block();
  const VerifierRecord seat = verifier_of(net, posted.claim, kAnn);
  std::vector<OpenSeal> opens;
  for (std::uint32_t i = 0; i < seat.draws.size(); ++i)
    opens.push_back(opening_of(net, posted, kAnn, run, i, seat.draws[i].entry, i != 0));
  Seal seal{posted.claim, {}};
  for (const OpenSeal& o : opens) seal.seals.push_back(seal_of(net, posted, kAnn, o));
  ASSERT_EQ(net.verdict(kAnn, seal), V::kApplied);
  net.wait(terms.windows.seal_ms);
  ASSERT_EQ(net.status(posted.claim), ClaimStatus::kOpening);
  const OpenSeal& open = opens[0];
  EXPECT_EQ(net.verdict(kAnn, open), V::kUnknownChallenge);
  OpenSeal bad = open;
  bad.mismatch.reset();
  EXPECT_EQ(net.verdict(kAnn, bad), V::kWrongAttestation);
  const std::uint64_t entry = seat.draws[0].entry;
  bad.mismatch =
      MismatchProof{commit_challenge(net, posted, kEve, entry), entry, hash_of_text("challenge")};
  EXPECT_EQ(net.verdict(kAnn, bad), V::kNotChallenger);
  // Of another entry, or another verifier's word: not what this seal differs in.
  for (const ChallengeTarget& other :
       {ChallengeTarget((entry + 1) % 10), ChallengeTarget(Disputed::kEnd, net.id(kBob), 0)}) {
    bad.mismatch->challenge = commit_challenge(net, posted, kAnn, other);
    EXPECT_EQ(net.verdict(kAnn, bad), V::kWrongCommitment);
  }
  const Hash256 commitment = commitment_to(net, posted.claim, kAnn, entry);
  const BlockResult both =
      net.block({net.tx(kAnn, CommitChallenge{posted.claim, commitment}), net.tx(kAnn, open)});
  EXPECT_EQ(both.receipts.receipts[0].verdict, V::kApplied);
  EXPECT_EQ(both.receipts.receipts[1].verdict, V::kSameBlock);
  bad = open;
  bad.mismatch->entry = entry + 1;
  EXPECT_EQ(net.verdict(kAnn, bad), V::kEntryOutOfRange);
  bad = open;
  bad.attestation.reset();
  EXPECT_EQ(net.verdict(kAnn, bad), V::kWrongAttestation);
  bad = open;
  bad.attestation->interior[3] ^= 1;
  EXPECT_EQ(net.verdict(kAnn, bad), V::kWrongAttestation);
  EXPECT_EQ(net.verdict(kAnn, open), V::kApplied);
  // Where nothing differs there is nothing to stand by.
  bad = opens[1];
  bad.mismatch = open.mismatch;
  bad.mismatch->entry = seat.draws[1].entry;
  bad.mismatch->challenge = commit_challenge(net, posted, kAnn, seat.draws[1].entry);
  EXPECT_EQ(net.verdict(kAnn, bad), V::kWrongAttestation);
  EXPECT_EQ(net.verdict(kAnn, opens[1]), V::kApplied);
}

// Where the run went wrong before, there is nothing true to replay the interval from: the seal
// opens on a challenge of the earlier entry, and asserts nothing that could be held against it.
TEST(Attest, AMismatchMayBeOfAnEarlierEntry) {
  Net net;
  PostTask terms = sample_task();
  MadeRun run(MadeRun::made_up(10, "run"));
  Posted posted;
  ASSERT_NO_FATAL_FAILURE(draw_for_ann(net, terms, run, posted));
  const VerifierRecord seat = verifier_of(net, posted.claim, kAnn);
  const ChallengeId id = commit_challenge(net, posted, kAnn, 0);
  std::vector<OpenSeal> opens;
  for (std::uint32_t i = 0; i < seat.draws.size(); ++i) {
    opens.push_back(opening_of(net, posted, kAnn, run, i, seat.draws[i].entry, false));
    opens.back().mismatch = MismatchProof{id, 0, hash_of_text("challenge")};
  }
  Seal seal{posted.claim, {}};
  for (const OpenSeal& o : opens) seal.seals.push_back(seal_of(net, posted, kAnn, o));
  ASSERT_EQ(net.verdict(kAnn, seal), V::kApplied);
  for (OpenSeal& open : opens) {
    const bool is_earlier = seat.draws[open.draw].entry > 0;
    if (is_earlier) {
      EXPECT_EQ(net.verdict(kAnn, open), V::kWrongAttestation);
      open.attestation.reset();
    }
    EXPECT_EQ(net.verdict(kAnn, open), V::kApplied);
  }
  ASSERT_EQ(net.status(posted.claim), ClaimStatus::kChallenging);
  for (const OpenSeal& open : opens) {
    const std::uint64_t entry = seat.draws[open.draw].entry;
    if (entry == 0) continue;
    const ChallengeTarget word{Disputed::kEnd, net.id(kAnn), open.draw};
    RevealChallenge reveal =
        challenge_reveal(commit_challenge(net, posted, kEve, word), run, entry);
    reveal.target = word;
    reveal.end_root = Hash256{};
    reveal.end_path = commit::Path{};
    EXPECT_EQ(net.verdict(kEve, reveal), V::kNoAttestation);
  }
  EXPECT_EQ(net.verdict(kAnn, challenge_reveal(id, run, 0)), V::kApplied);
}

// INV-PRO-017 against an attestor: neither what was shown of its word, nor what was shown of the
// claim's at the same entry, is worth copying.
TEST(Attest, ACopycatEarnsNothingOfAnAttestor) {
  Played p = scene(lie());
  const ChallengeTarget word = p.word_of(kAnn, kEntry, Disputed::kEnd);
  const ChallengeId claim = commit_challenge(p.net, p.posted, kEve, kEntry);
  const ChallengeId first = commit_challenge(p.net, p.posted, kEve, word);
  ASSERT_EQ(p.net.verdict(kEve, p.reveal_of_target(claim, kEntry)), V::kApplied);
  const ChallengeId copy = p.challenge(word, kMallory);
  ASSERT_EQ(p.net.verdict(kEve, p.reveal_of_target(first, word)), V::kApplied);
  p.play(claim, kSolver, lie(), toy::Challenger::kHonest);
  for (const ChallengeId& id : {first, copy}) p.play(id, kAnn, lie(), toy::Challenger::kHonest);
  p.net.wait(60'000);
  ASSERT_EQ(p.net.claim(p.posted.claim).record.reason, CloseReason::kFallen);
  EXPECT_EQ(p.net.account(kEve).available, Amount{1'000'000 + 1000 + kStake / 2});
  EXPECT_EQ(p.net.account(kMallory).available, Amount{1'000'000});
}

// Who saw the solver beaten and then held the same lie against its attestor has replayed nothing.
TEST(Attest, WhatWasShownOfTheClaimIsWorthNothingAgainstItsAttestor) {
  Played p = scene(lie());
  const ChallengeTarget word = p.word_of(kAnn, kEntry, Disputed::kEnd);
  const ChallengeId claim = p.challenge(kEntry);
  const ChallengeId copy = p.challenge(word, kMallory);
  p.play(claim, kSolver, lie(), toy::Challenger::kHonest);
  p.play(copy, kAnn, lie(), toy::Challenger::kHonest);
  p.net.wait(60'000);
  ASSERT_EQ(p.net.claim(p.posted.claim).record.reason, CloseReason::kFallen);
  EXPECT_EQ(p.net.account(kAnn).staked, Amount{1'000'000 - kStake});
  EXPECT_EQ(p.net.account(kMallory).available, Amount{1'000'000});
}

// INV-PRO-015 for a verifier: games about its word add to no clock of the solver's, and to its own
// as many replays as there are intervals.
TEST(Attest, ClocksCountThePartsOfTheirOwnDefender) {
  Played p = scene(truth());
  const auto bank = [&](const ChallengeId& id, unsigned defender) {
    return p.net.read().game(game_id_of(id, p.net.id(defender))).value()->record.defender_bank_ms;
  };
  const ReplayTimes most = longest_times(p.terms.windows);
  const ReplayTimes quoted{2000, 100};
  const auto interior = p.challenge(p.word_of(kAnn, kEntry, Disputed::kInterior));
  EXPECT_EQ(bank(interior, kAnn), most.interval_ms);
  const auto end = p.challenge(p.word_of(kAnn, kEntry, Disputed::kEnd), kMallory);
  EXPECT_EQ(bank(end, kAnn), most.interval_ms + most.game_ms);
  const auto bobs = p.challenge(p.word_of(kBob, 2, Disputed::kEnd));
  EXPECT_EQ(bank(bobs, kBob), most.interval_ms);
  const auto claim = p.challenge(2, kMallory);
  EXPECT_EQ(bank(claim, kSolver), quoted.interval_ms);
  ASSERT_EQ(p.net.verdict(kAnn, StandUp{claim}), V::kApplied);
  EXPECT_EQ(bank(claim, kAnn), 2 * most.interval_ms + 2 * most.game_ms);
}

}  // namespace
}  // namespace assay::protocol
