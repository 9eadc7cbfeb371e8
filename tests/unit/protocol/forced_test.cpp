// Forced errors from the commitment to the jackpot, and what tries to get around them.
#include <gtest/gtest.h>

#include "assay/commit/roots.hpp"
#include "assay/commit/tree.hpp"
#include "assay/economics/jackpot.hpp"
#include "unit/protocol/harness.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;
enum : unsigned { kSubmitter, kSolver, kAnn, kBob, kEve };

constexpr std::uint32_t kAlways = ~0u;       // but for one in 2^32
constexpr std::uint32_t kSeldom = 1u << 24;  // one in 256, none in these tests
constexpr std::uint64_t kEntries = 10;
constexpr std::uint32_t kSlots = 3;

// A state of three slots, the loss in the middle.
commit::MerkleTree state_tree(std::uint64_t entry, std::uint32_t loss_bits) {
  const Sha256Function sha256 = crypto::sha256_function();
  std::vector<Bytes> leaves;
  const auto leaf = [&](std::string_view name, const Hash256& root) {
    leaves.push_back(codec::encode([&](codec::Writer& w) {
      commit::write_named_leaf(w, {as_bytes(name), root});
    }));
  };
  leaf("a", hash_of_text("a" + std::to_string(entry)));
  leaf(kLossSlot, commit::scalar_tensor_root(sha256, DType::kF32, loss_bits));
  leaf("z", hash_of_text("z"));
  return commit::MerkleTree(commit::leaf_hashes(leaves));
}
std::uint32_t loss_at(std::uint64_t entry) {
  return 0x40000000u + static_cast<std::uint32_t>(entry);
}
Hash256 state_root(std::uint64_t entry, std::uint32_t loss_bits) {
  return commit::counted_root(crypto::sha256_function(), commit::Tag::kState, kSlots,
                              state_tree(entry, loss_bits).root());
}
LossOpening loss_of(std::uint64_t entry, std::uint32_t loss_bits) {
  return {kSlots, 1, state_tree(entry, loss_bits).path(1), loss_bits};
}
// Every entry true, but for the loss bit of `flipped` (0: none).
MadeRun run_with(std::uint64_t flipped, std::uint64_t entries = kEntries) {
  std::vector<Hash256> roots;
  for (std::uint64_t e = 0; e < entries; ++e)
    roots.push_back(state_root(e, loss_at(e) ^ (e != 0 && e == flipped ? 1 : 0)));
  return MadeRun(std::move(roots));
}

PostTask forcing_task(std::uint32_t rate) {
  PostTask t = sample_task();
  t.force_rate = rate;
  t.windows.disclose_ms = 8'000;
  t.draws = kEntries;  // everybody attests everything
  t.verification_fee = Amount{2 * kEntries * 10};
  t.verifier_stake = Amount{rate == kAlways ? 1'000u : 256'000u};
  return t;
}

class Forced : public testing::Test {
 protected:
  void start(std::uint32_t rate, const std::vector<unsigned>& verifiers = {kAnn, kBob}) {
    terms = forcing_task(rate);
    posted = post_and_accept(net, kSubmitter, kSolver, terms);
    for (const unsigned v : verifiers)
      ASSERT_EQ(net.verdict(v, EnlistVerifier{posted.claim}), V::kApplied);
    ASSERT_EQ(net.verdict(kSolver, commitment_of(posted, truth)), V::kApplied);
    net.block();
    due = economics::draw_force(
        crypto::sha256_function(),
        {hash_of_text("r"), record().force_beacon, posted.claim, kEntries, terms.force_rate});
    claimed = due.is_due ? run_with(due.entry) : truth;
  }
  RevealTranscript reveal() const {
    RevealTranscript r = reveal_of(net, posted, kSolver, terms, claimed);
    r.salt = Hash256{};
    return r;
  }
  // Ann replays everything; Bob attests whatever stands there.
  void verify() {
    ASSERT_EQ(net.verdict(kSolver, reveal()), V::kApplied);
    continue_verifying();
  }
  std::vector<OpenSeal> openings(unsigned v) const {
    std::vector<OpenSeal> all;
    const VerifierRecord record = verifier_of(net, posted.claim, v);
    for (std::uint32_t i = 0; i < record.draws.size(); ++i) {
      const std::uint64_t entry = record.draws[i].entry;
      const bool differs =
          v == kAnn && claimed.transcript.state_root(entry) != truth.transcript.state_root(entry);
      all.push_back(opening_of(net, posted, v, claimed, i, entry, !differs,
                               truth.transcript.state_root(entry)));
      if (!challenges_error) all.back().mismatch.reset();
    }
    return all;
  }
  void seal_all() {
    net.block();
    // Who saw the error challenges it, also where the test does not look at that.
    if (due.is_due && challenges_error) {
      const Hash256 anns = commitment_to(net, posted.claim, kAnn, due.entry);
      if (!net.read().challenge(challenge_id_of(posted.claim, net.id(kAnn), anns)).value())
        commit_challenge(net, posted, kAnn, due.entry);
    }
    for (const unsigned v : {kAnn, kBob}) {
      Seal seal{posted.claim, {}};
      for (const OpenSeal& o : openings(v)) seal.seals.push_back(seal_of(net, posted, v, o));
      ASSERT_EQ(net.verdict(v, seal), V::kApplied);
    }
  }
  void continue_verifying() {
    seal_all();
    for (const unsigned v : {kAnn, kBob})
      for (const OpenSeal& o : openings(v)) ASSERT_EQ(net.verdict(v, o), V::kApplied);
    ASSERT_EQ(net.status(posted.claim), ClaimStatus::kDisclosing);
  }
  Disclose disclosure() const {
    Disclose d{posted.claim, hash_of_text("r"), truth.salt, truth.transcript.root(), {}, {}, {}};
    const Hash256 digest =
        dispute::claim_digest(crypto::sha256_function(), net.head.chain, posted.task,
                              header_of(net.task(posted.task).record, record()), d.transcript_root);
    d.progress = progress_of(net, posted.claim, truth);
    d.signature = net.keys[kSolver].sign(digest.view());
    if (due.is_due)
      d.forced = LossProof{truth.transcript.state_root(due.entry), truth.transcript.path(due.entry),
                           loss_of(due.entry, loss_at(due.entry))};
    return d;
  }
  ClaimRecord record() const { return net.claim(posted.claim).record; }
  std::uint64_t jackpot() const { return net.read().totals().value().jackpot.value; }
  std::uint64_t burned() const { return net.read().totals().value().burned.value; }
  // A finished task of a big tax leaves half of it there.
  void fill_jackpot() {
    PostTask rich = sample_task();
    rich.header.seed = 99;
    rich.tax = Amount{60'000};
    rich.solver_stake = Amount{200'000};
    const Posted p = post_and_accept(net, kSubmitter, kSolver, rich);
    ASSERT_EQ(net.verdict(kSolver, commitment_of(p, truth)), V::kApplied);
    net.wait(8'000);
    ASSERT_EQ(net.verdict(kSolver, reveal_of(net, p, kSolver, rich, truth)), V::kApplied);
    net.wait(18'000);
    ASSERT_EQ(net.status(p.claim), ClaimStatus::kFinal);
    ASSERT_EQ(jackpot(), 30'000u);
  }
  std::uint64_t worth(unsigned party) const {
    return net.account(party).available.value + net.account(party).staked.value;
  }

  Net net;
  PostTask terms;
  Posted posted;
  MadeRun truth = run_with(0);
  MadeRun claimed = run_with(0);
  economics::Force due;
  bool challenges_error = true;  // Ann, who replays it
};

TEST_F(Forced, WithNoneDueTheClaimGoesOn) {
  start(kSeldom);
  ASSERT_FALSE(due.is_due);
  verify();
  EXPECT_EQ(net.verdict(kEve, disclosure()), V::kNotSolver);
  Disclose forced = disclosure();
  forced.forced.emplace();
  EXPECT_EQ(net.verdict(kSolver, forced), V::kWrongDisclosure);
  EXPECT_EQ(net.verdict(kSolver, disclosure()), V::kApplied);
  EXPECT_EQ(net.verdict(kSolver, disclosure()), V::kWrongPhase);
  net.wait(12'000);
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kFinal);
  EXPECT_EQ(net.account(kSolver).available, Amount{1'001'000});
  EXPECT_EQ(net.account(kBob).staked, Amount{1'000'000});
}

// INV-PRO-012: finders share at most J0, from a claim that pays its tax; who attested the error is
// slashed; the true transcript stands.
TEST_F(Forced, AFoundErrorPaysAndABlindAttestationCosts) {
  fill_jackpot();
  start(kAlways);
  ASSERT_TRUE(due.is_due);
  ASSERT_EQ(net.verdict(kSolver, reveal()), V::kApplied);
  const ChallengeId anns = commit_challenge(net, posted, kAnn, due.entry);
  const ChallengeId eves = commit_challenge(net, posted, kEve, due.entry);
  continue_verifying();
  const std::uint64_t before = jackpot();
  ASSERT_EQ(net.verdict(kSolver, disclosure()), V::kApplied);
  EXPECT_EQ(record().forced_entry, due.entry);
  EXPECT_EQ(record().transcript_root, truth.transcript.root());
  EXPECT_EQ(record().final_state_root, truth.transcript.state_root(kEntries - 1));
  for (const auto& [who, id] : {std::pair{kAnn, anns}, {kEve, eves}}) {
    ASSERT_EQ(net.verdict(who, challenge_reveal(id, claimed, due.entry)), V::kApplied);
    EXPECT_EQ(net.read().challenge(id).value()->record.status, ChallengeStatus::kFound);
  }
  net.wait(12'000);
  ASSERT_EQ(net.status(posted.claim), ClaimStatus::kFinal);
  // J0 = floor(7/8 of 20, over the rate) = 17; two finders get floor(17 / 4) each. All of Bob's
  // 1000 burn.
  EXPECT_EQ(jackpot(), before - 2 * 4 + 10);
  EXPECT_EQ(net.account(kBob).staked, Amount{1'000'000 - 1000});
  EXPECT_EQ(net.account(kBob).available, Amount{1'000'000});
  EXPECT_EQ(net.account(kAnn).available, Amount{1'000'000 + 10 * 10 + 4});
  EXPECT_EQ(net.account(kEve).available, Amount{1'000'000 + 4});
  EXPECT_EQ(net.account(kAnn).staked, Amount{1'000'000});
  // INV-PRO-022: the tax is what they are known for, shared.
  for (const unsigned who : {kAnn, kEve}) {
    const Reputation now =
        net.account(who).reputation[static_cast<std::size_t>(Standing::kChallenger) - 1];
    EXPECT_EQ(now.score, 20u / 2);
    EXPECT_EQ(now.completed, 1u);
  }
}

// Submitter, solver and finder in one person, over a jackpot that others filled.
TEST_F(Forced, FarmingItInThreeRolesCostsMoreThanItPays) {
  fill_jackpot();
  const auto person = [&] { return worth(kSubmitter) + worth(kSolver) + worth(kEve); };
  const std::uint64_t before = person();
  start(kAlways);
  ASSERT_EQ(net.verdict(kSolver, reveal()), V::kApplied);
  const ChallengeId id = commit_challenge(net, posted, kEve, due.entry);
  continue_verifying();
  ASSERT_EQ(net.verdict(kSolver, disclosure()), V::kApplied);
  ASSERT_EQ(net.verdict(kEve, challenge_reveal(id, claimed, due.entry)), V::kApplied);
  net.wait(12'000);
  ASSERT_EQ(net.status(posted.claim), ClaimStatus::kFinal);
  // The tax of 20 against J0 = 17, without what the verifiers cost: Bob's slash burns.
  const std::uint64_t fees = 200 - 10 * 10 /* Bob's, refunded */;
  EXPECT_EQ(person(), before - 20 + 17 - fees);
}

// Whoever waits for the disclosure is too late: its challenge plays about what stands now.
TEST_F(Forced, AChallengeAfterTheOpeningsWinsNoJackpot) {
  start(kAlways);
  verify();
  // While it is disclosed nobody commits to anything: a bond would be lost to the clock's whim.
  EXPECT_EQ(net.verdict(kEve, CommitChallenge{posted.claim, hash_of_text("c")}), V::kWrongPhase);
  ASSERT_EQ(net.verdict(kSolver, disclosure()), V::kApplied);
  const ChallengeId late = commit_challenge(net, posted, kEve, due.entry);
  EXPECT_EQ(net.verdict(kEve, challenge_reveal(late, claimed, due.entry)), V::kWrongOpening);
  ASSERT_EQ(net.verdict(kEve, challenge_reveal(late, truth, due.entry)), V::kApplied);
  EXPECT_EQ(net.read().challenge(late).value()->record.status, ChallengeStatus::kPlaying);
  // Bob attested the error, not this.
  EXPECT_EQ(net.verdict(kBob, StandUp{late}), V::kNoAttestation);
}

// Nobody knows when the last seal opens: a challenge that meant the error and came a block too late
// costs a 1024th of the price, and gains nothing.
TEST_F(Forced, AChallengeOfTheErrorThatCameTooLateIsTakenBack) {
  start(kAlways);
  verify();
  const std::uint64_t before = worth(kEve);
  ASSERT_EQ(net.verdict(kSolver, disclosure()), V::kApplied);
  const ChallengeId late = commit_challenge(net, posted, kEve, due.entry);
  const std::uint64_t other = due.entry == 1 ? 2 : 1;
  const ChallengeId elsewhere = commit_challenge(net, posted, kAnn, other);
  const auto nothing = [&](const ChallengeId& id, std::uint64_t entry) {
    RevealChallenge reveal = challenge_reveal(id, truth, entry);
    reveal.start_root = reveal.end_root = Hash256{};
    reveal.start_path = reveal.end_path = commit::Path{};
    return reveal;
  };
  // Of no other entry.
  EXPECT_EQ(net.verdict(kAnn, nothing(elsewhere, other)), V::kWrongOpening);
  ASSERT_EQ(net.verdict(kEve, nothing(late, due.entry)), V::kApplied);
  EXPECT_EQ(net.read().challenge(late).value()->record.status, ChallengeStatus::kVoid);
  EXPECT_EQ(worth(kEve), before - 1);
}

// INV-PRO-025: of a forced entry no word can be held against anybody; it is taken back as well. Of
// the entry after it, whose start was flipped when the seals were opened, it is about what stands.
TEST_F(Forced, NoGameIsAboutAFlippedState) {
  start(kAlways);
  verify();
  ASSERT_EQ(net.verdict(kSolver, disclosure()), V::kApplied);
  const VerifierRecord bob = verifier_of(net, posted.claim, kBob);
  const auto challenged = [&](std::uint64_t entry) {
    std::uint32_t draw = 0;
    while (bob.draws.at(draw).entry != entry) ++draw;
    const ChallengeTarget word{Disputed::kInterior, net.id(kBob), draw};
    RevealChallenge reveal =
        challenge_reveal(commit_challenge(net, posted, kEve, word), truth, entry);
    reveal.target = word;
    reveal.end_root = Hash256{};
    reveal.end_path = commit::Path{};
    return reveal;
  };
  RevealChallenge of_error = challenged(due.entry);
  EXPECT_EQ(net.verdict(kEve, of_error), V::kNoAttestation);
  of_error.start_root = Hash256{};
  of_error.start_path = commit::Path{};
  const std::uint64_t before = worth(kEve) + terms.challenger_bond.value;
  EXPECT_EQ(net.verdict(kEve, of_error), V::kApplied);
  EXPECT_EQ(net.read().challenge(of_error.challenge).value()->record.status,
            ChallengeStatus::kVoid);
  EXPECT_EQ(worth(kEve), before - 1);
  if (due.entry + 1 == kEntries) return;
  const RevealChallenge next = challenged(due.entry + 1);
  EXPECT_EQ(net.verdict(kEve, next), V::kApplied);
  EXPECT_EQ(net.read().challenge(next.challenge).value()->record.start_root,
            truth.transcript.state_root(due.entry));
}

// Seals that are open tell where the error is: too late for the jackpot. But what was challenged
// was false when it was, so the bond goes back, up to the very block of the last opening.
TEST_F(Forced, AChallengeAfterTheSealingIsRefundedAndWinsNoJackpot) {
  start(kAlways);
  ASSERT_EQ(net.verdict(kSolver, reveal()), V::kApplied);
  seal_all();
  for (const OpenSeal& o : openings(kAnn)) ASSERT_EQ(net.verdict(kAnn, o), V::kApplied);
  std::vector<OpenSeal> bobs = openings(kBob);
  const OpenSeal last = bobs.back();
  bobs.pop_back();
  for (const OpenSeal& o : bobs) ASSERT_EQ(net.verdict(kBob, o), V::kApplied);
  const auto commitment = [&](unsigned who) {
    return challenge_commitment({posted.claim, due.entry, net.id(who), hash_of_text("challenge")});
  };
  const auto receipts =
      net.block({net.tx(kEve, CommitChallenge{posted.claim, commitment(kEve)}), net.tx(kBob, last),
                 net.tx(kAnn, CommitChallenge{posted.claim, commitment(kAnn)})})
          .receipts.receipts;
  EXPECT_EQ(receipts[0].verdict, V::kApplied);
  EXPECT_EQ(receipts[1].verdict, V::kApplied);
  EXPECT_EQ(receipts[2].verdict, V::kWrongPhase);
  ASSERT_EQ(net.verdict(kSolver, disclosure()), V::kApplied);
  const ChallengeId id = challenge_id_of(posted.claim, net.id(kEve), commitment(kEve));
  ASSERT_EQ(net.verdict(kEve, challenge_reveal(id, claimed, due.entry)), V::kApplied);
  EXPECT_EQ(net.read().challenge(id).value()->record.status, ChallengeStatus::kVoid);
  EXPECT_EQ(worth(kEve), 2'000'000u);
}

// The disclosure carries a second root with the solver's signature: whoever sees it first cannot
// report it.
TEST_F(Forced, ADisclosureUnderWayIsNoContradiction) {
  start(kAlways);
  verify();
  const Disclose d = disclosure();
  const ReportContradiction report{posted.claim, d.transcript_root, d.signature};
  EXPECT_EQ(net.verdict(kEve, report), V::kWrongPhase);
  EXPECT_EQ(net.verdict(kSolver, d), V::kApplied);
  EXPECT_EQ(net.verdict(kEve, report), V::kNoContradiction);
}

// Where nobody enlists, whoever looks for an error has the window to seal.
TEST_F(Forced, WithoutVerifiersTheSealingWindowIsTheFinders) {
  start(kAlways, {});
  net.wait(terms.windows.enlist_ms);
  ASSERT_EQ(net.verdict(kSolver, reveal()), V::kApplied);
  net.block();
  ASSERT_EQ(net.status(posted.claim), ClaimStatus::kSealing);
  const ChallengeId id = commit_challenge(net, posted, kEve, due.entry);
  net.wait(terms.windows.seal_ms);
  ASSERT_EQ(net.status(posted.claim), ClaimStatus::kDisclosing);
  ASSERT_EQ(net.verdict(kSolver, disclosure()), V::kApplied);
  ASSERT_EQ(net.verdict(kEve, challenge_reveal(id, claimed, due.entry)), V::kApplied);
  EXPECT_EQ(net.read().challenge(id).value()->record.status, ChallengeStatus::kFound);
}

// The solver knows where its error is, so its aliases find it for nothing and use up what room
// there is. After the disclosure there is room for those who pay.
TEST_F(Forced, FindingItAThousandTimesShutsNobodyOut) {
  start(kAlways);
  ASSERT_EQ(net.verdict(kSolver, reveal()), V::kApplied);
  std::vector<Bytes> finds;
  for (std::uint32_t i = 0; i <= kMaxChallengesPerClaim; ++i)
    finds.push_back(net.tx(kEve, CommitChallenge{posted.claim, hash_of_text(std::to_string(i))}));
  EXPECT_EQ(net.block(std::move(finds)).receipts.receipts.back().verdict, V::kTooManyChallenges);
  // Nor is a verifier that saw it kept from opening its seal: it stands by it without a challenge.
  challenges_error = false;
  continue_verifying();
  const VerifierRecord ann = verifier_of(net, posted.claim, kAnn);
  EXPECT_TRUE(std::any_of(ann.opened.begin(), ann.opened.end(),
                          [](const auto& opened) { return opened && !opened->matches; }));
  ASSERT_EQ(net.verdict(kSolver, disclosure()), V::kApplied);
  const ChallengeId id = commit_challenge(net, posted, kBob, 3);
  ASSERT_EQ(net.verdict(kBob, challenge_reveal(id, truth, 3)), V::kApplied);
  EXPECT_EQ(net.read().challenge(id).value()->record.status, ChallengeStatus::kPlaying);
  EXPECT_EQ(record().refunds_until, kMaxChallengesPerClaim);
}

TEST_F(Forced, EveryPartOfADisclosureIsChecked) {
  start(kAlways);
  verify();
  const Disclose good = disclosure();
  const auto verdict = [&](auto change) {
    Disclose bad = good;
    change(bad);
    return net.verdict(kSolver, bad);
  };
  EXPECT_EQ(verdict([](Disclose& d) { d.r.bytes[0] ^= 1; }), V::kWrongCommitment);
  EXPECT_EQ(verdict([](Disclose& d) { d.salt.bytes[0] ^= 1; }), V::kWrongCommitment);
  EXPECT_EQ(verdict([](Disclose& d) { d.transcript_root.bytes[0] ^= 1; }), V::kWrongCommitment);
  EXPECT_EQ(verdict([](Disclose& d) { d.signature[0] ^= 1; }), V::kWrongClaimSignature);
  EXPECT_EQ(verdict([](Disclose& d) { d.forced.reset(); }), V::kWrongDisclosure);
  EXPECT_EQ(verdict([](Disclose& d) { d.forced->state_root.bytes[9] ^= 1; }), V::kWrongDisclosure);
  EXPECT_EQ(verdict([](Disclose& d) { d.forced->entry_path.hashes[0].bytes[3] ^= 1; }),
            V::kWrongDisclosure);
  EXPECT_EQ(verdict([](Disclose& d) { --d.forced->entry_path.length; }), V::kWrongDisclosure);
  EXPECT_EQ(verdict([](Disclose& d) { d.forced->loss.slots = 4; }), V::kWrongDisclosure);
  EXPECT_EQ(verdict([](Disclose& d) { d.forced->loss.slot = 0; }), V::kWrongDisclosure);
  EXPECT_EQ(verdict([](Disclose& d) { d.forced->loss.slot_path.hashes[1].bytes[3] ^= 1; }),
            V::kWrongDisclosure);
  EXPECT_EQ(verdict([](Disclose& d) { d.forced->loss.loss_bits ^= 1; }), V::kWrongDisclosure);
  EXPECT_EQ(net.verdict(kSolver, good), V::kApplied);
}

// A solver that is silent, or did not force when due and has nothing to show: all of its stake
// burns, and whoever challenged has its bond back.
// The reported entry is the forced one: the posted transcript does not hold what was reported, and
// must not tell. The disclosed one does.
TEST_F(Forced, AReportOfTheForcedEntryIsOpenedAtTheDisclosure) {
  truth = run_with(0, 2);
  terms = forcing_task(kAlways);
  posted = post_and_accept(net, kSubmitter, kSolver, terms);
  for (const unsigned v : {kAnn, kBob})
    ASSERT_EQ(net.verdict(v, EnlistVerifier{posted.claim}), V::kApplied);
  ASSERT_EQ(net.verdict(kSolver, report_of(posted, truth, 2)), V::kApplied);
  ASSERT_EQ(net.verdict(kSubmitter, CancelTask{posted.task}), V::kApplied);
  ASSERT_EQ(net.verdict(kSolver, commitment_of(posted, truth)), V::kApplied);
  net.block();
  due = economics::draw_force(crypto::sha256_function(), {hash_of_text("r"), record().force_beacon,
                                                          posted.claim, 2, terms.force_rate});
  ASSERT_TRUE(due.is_due);
  ASSERT_EQ(due.entry, 1u);
  claimed = run_with(1, 2);
  RevealTranscript telling = reveal();
  telling.progress = progress_of(net, posted.claim, claimed);
  EXPECT_EQ(net.verdict(kSolver, telling), V::kWrongProgress);
  verify();
  Disclose bad = disclosure();
  bad.progress->state_root = claimed.transcript.state_root(1);
  EXPECT_EQ(net.verdict(kSolver, bad), V::kWrongProgress);
  bad.progress.reset();
  EXPECT_EQ(net.verdict(kSolver, bad), V::kWrongProgress);
  EXPECT_EQ(net.verdict(kSolver, disclosure()), V::kApplied);
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kChallenging);
}

TEST_F(Forced, NotForcingWhenDueIsSlashed) {
  start(kAlways);
  claimed = run_with(0);
  ASSERT_EQ(net.verdict(kSolver, reveal()), V::kApplied);
  const ChallengeId id = commit_challenge(net, posted, kEve, 3);
  continue_verifying();
  EXPECT_EQ(net.verdict(kSolver, disclosure()), V::kWrongDisclosure);
  net.wait(8'000);
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kFallen);
  EXPECT_EQ(net.read().challenge(id).value()->record.status, ChallengeStatus::kVoid);
  EXPECT_EQ(net.account(kEve).available, Amount{1'000'000});
  EXPECT_EQ(net.account(kSolver).staked, Amount{1'000'000 - 2001});
  EXPECT_EQ(burned(), 2001u);
  EXPECT_EQ(jackpot(), 0u);
}

// The last revealer: giving up what the beacon did not force costs the tax all the same.
TEST_F(Forced, GivingUpAfterTheBeaconCostsTheTax) {
  start(kSeldom);
  net.wait(9'100);
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kExpired);
  EXPECT_EQ(net.account(kSolver).staked, Amount{1'000'000 - 20});
  EXPECT_EQ(net.account(kSubmitter).available, Amount{1'000'000});
  EXPECT_EQ(burned(), 10u);
  EXPECT_EQ(jackpot(), 10u);
}

// The beacon is of a later block than the commitment, and the reveal of one after it.
TEST_F(Forced, NobodyRevealsBeforeTheBeacon) {
  terms = forcing_task(kAlways);
  posted = post_and_accept(net, kSubmitter, kSolver, terms);
  for (const unsigned v : {kAnn, kBob})
    ASSERT_EQ(net.verdict(v, EnlistVerifier{posted.claim}), V::kApplied);
  const auto receipts =
      net.block({net.tx(kSolver, commitment_of(posted, truth)), net.tx(kSolver, reveal())})
          .receipts.receipts;
  EXPECT_EQ(receipts[0].verdict, V::kApplied);
  EXPECT_EQ(receipts[1].verdict, V::kSameBlock);
}

TEST_F(Forced, TheSaltStaysSecretUntilTheDisclosure) {
  start(kAlways);
  EXPECT_EQ(net.verdict(kSolver, reveal_of(net, posted, kSolver, terms, claimed)),
            V::kWrongCommitment);
}

// Both roots carry the solver's signature, and that is no contradiction.
TEST_F(Forced, ThePostedTranscriptIsNoContradiction) {
  start(kAlways);
  verify();
  ASSERT_EQ(net.verdict(kSolver, disclosure()), V::kApplied);
  const RevealTranscript first = reveal();
  EXPECT_EQ(
      net.verdict(kEve, ReportContradiction{posted.claim, first.transcript_root, first.signature}),
      V::kNoContradiction);
}

TEST_F(Forced, OneStakeStandsBehindOneClaim) {
  PostTask big = sample_task();
  big.solver_stake = Amount{600'000};
  post_and_accept(net, kSubmitter, kSolver, big);
  big.header.seed = 7;
  const Envelope e = net.envelope(kSubmitter, big);
  net.block({sign_transaction(e, net.keys[kSubmitter])});
  EXPECT_EQ(
      net.verdict(kSolver, AcceptTask{task_id_of(net.head.chain, net.id(kSubmitter), e.client_id),
                                      {2000, 100},
                                      hash_of_text("r")}),
      V::kInsufficientStake);
}

TEST_F(Forced, TermsWithoutTaxOrWithACheapEndAreRefused) {
  PostTask t = sample_task();
  t.tax = Amount{19};
  Receipt r = net.send(kSubmitter, t);
  EXPECT_EQ(r.detail, static_cast<std::uint8_t>(economics::TermsVerdict::kTaxTooSmall));
  t.tax = Amount{1002};
  r = net.send(kSubmitter, t);
  EXPECT_EQ(r.detail, static_cast<std::uint8_t>(economics::TermsVerdict::kAbortCheap));
  t = sample_task();
  t.windows.disclose_ms = 1;
  EXPECT_EQ(net.verdict(kSubmitter, t), V::kWindowOutOfRange);
  t.force_rate = 1, t.windows.disclose_ms = 0;
  EXPECT_EQ(net.verdict(kSubmitter, t), V::kWindowOutOfRange);
}

constexpr std::uint32_t kNan = 0x7fc00000u;

// From entry `from` on its loss is no number.
MadeRun diverged_run(std::uint64_t entries, std::uint64_t from) {
  std::vector<Hash256> roots;
  for (std::uint64_t e = 0; e < entries; ++e)
    roots.push_back(state_root(e, e >= from ? kNan : loss_at(e)));
  return MadeRun(std::move(roots));
}

// Ten entries, 27 steps, every state kept.
struct Divergent {
  Net net;
  PostTask terms = keeping_all();
  Posted posted = post_and_accept(net, kSubmitter, kSolver, terms);

  static PostTask keeping_all() {
    PostTask t = sample_task();
    t.header.checkpoint_interval = t.header.commit_interval;
    return t;
  }
  [[nodiscard]] ClaimRecord record() const { return net.claim(posted.claim).record; }
  void commit(const MadeRun& run) {
    ASSERT_EQ(net.verdict(kSolver, commitment_of(posted, run)), V::kApplied);
    net.wait(terms.windows.enlist_ms);
    ASSERT_EQ(record().status, ClaimStatus::kRevealing);
  }
  [[nodiscard]] V reveal(const MadeRun& run, std::optional<LossOpening> loss) {
    RevealTranscript payload = reveal_of(net, posted, kSolver, terms, run);
    payload.loss = std::move(loss);
    return net.verdict(kSolver, payload);
  }
  [[nodiscard]] V report(const MadeRun& run, std::uint64_t entry, std::uint32_t loss_bits) {
    return net.verdict(
        kEve, ReportDivergence{posted.claim,
                               entry,
                               {run.transcript.state_root(entry), run.transcript.path(entry),
                                loss_of(entry, loss_bits)}});
  }
  void end() {
    net.block();
    net.wait(terms.windows.challenge_ms);
    ASSERT_EQ(record().status, ClaimStatus::kFinal);
  }
};

// INV-PRO-036, here and below.
TEST(Divergence, ARunHaltsWhereItsLossIsNotFiniteAndIsPaidUpToThere) {
  Divergent t;
  const MadeRun run = diverged_run(6, 5);
  CommitTranscript commit = commitment_of(t.posted, run);
  for (const std::uint64_t entries : {0, 1, 11}) {
    commit.entries = entries;
    EXPECT_EQ(t.net.verdict(kSolver, commit), V::kWrongEntryCount) << entries;
  }
  t.commit(run);
  EXPECT_EQ(t.reveal(run, std::nullopt), V::kWrongLoss);
  LossOpening elsewhere = loss_of(5, kNan);
  elsewhere.slot = 0;
  EXPECT_EQ(t.reveal(run, elsewhere), V::kWrongLoss);
  EXPECT_EQ(t.reveal(run, loss_of(5, kNan ^ 1)), V::kWrongLoss);
  EXPECT_EQ(t.reveal(run, loss_of(4, kNan)), V::kWrongLoss);
  ASSERT_EQ(t.reveal(run, loss_of(5, kNan)), V::kApplied);
  t.end();
  EXPECT_EQ(t.record().reason, CloseReason::kFinalDiverged);
  EXPECT_EQ(t.net.task(t.posted.task).record.status, TaskStatus::kPaid);
  // 15 of 27 steps.
  EXPECT_EQ(t.net.account(kSolver).available, Amount{1'000'555});
}

TEST(Divergence, AFiniteLossHaltsNothing) {
  Divergent t;
  const MadeRun run = diverged_run(6, 6);
  t.commit(run);
  for (const std::uint32_t bits : {loss_at(5), kNan, 0x7f800000u})
    EXPECT_EQ(t.reveal(run, loss_of(5, bits)), V::kWrongLoss);
  t.net.wait(t.terms.windows.reveal_ms);
  EXPECT_EQ(t.record().reason, CloseReason::kNotRevealed);
}

TEST(Divergence, WhatWasReportedIsDelivered) {
  Divergent t;
  const MadeRun run = diverged_run(6, 2);
  ASSERT_EQ(t.net.verdict(kSolver, report_of(t.posted, run, 3)), V::kApplied);
  EXPECT_EQ(t.net.verdict(kSolver, commitment_of(t.posted, diverged_run(2, 1))),
            V::kWrongEntryCount);
  EXPECT_EQ(t.net.verdict(kSolver, commitment_of(t.posted, diverged_run(3, 2))), V::kApplied);
}

TEST(Divergence, WhatARunDoesAfterItIsNotPaid) {
  Divergent t;
  const MadeRun run = diverged_run(10, 5);
  t.commit(run);
  EXPECT_EQ(t.report(run, 5, kNan), V::kWrongPhase);
  EXPECT_EQ(t.reveal(run, loss_of(9, kNan)), V::kWrongLoss) << "it did not halt";
  ASSERT_EQ(t.reveal(run, std::nullopt), V::kApplied);
  EXPECT_EQ(t.report(run, 0, loss_at(0)), V::kEntryOutOfRange);
  EXPECT_EQ(t.report(run, 9, kNan), V::kEntryOutOfRange);
  EXPECT_EQ(t.report(run, 4, loss_at(4)), V::kWrongLoss);
  EXPECT_EQ(t.report(run, 4, kNan), V::kWrongLoss);
  EXPECT_EQ(t.report(diverged_run(10, 4), 4, kNan), V::kWrongOpening);
  ASSERT_EQ(t.report(run, 7, kNan), V::kApplied);
  EXPECT_EQ(t.report(run, 8, kNan), V::kEntryOutOfRange);
  ASSERT_EQ(t.report(run, 5, kNan), V::kApplied);
  EXPECT_EQ(t.record().diverged_entry, 5u);
  const std::uint64_t before = t.net.account(kSubmitter).available.value;
  t.end();
  EXPECT_EQ(t.record().reason, CloseReason::kFinalDiverged);
  EXPECT_EQ(t.net.account(kSolver).available, Amount{1'000'555});
  // The fees that no verifier earned come back, too; the tax is the whole run's.
  EXPECT_EQ(t.net.account(kSubmitter).available.value, before + 445 + 205);
  EXPECT_EQ(t.report(run, 2, kNan), V::kWrongPhase);
}

TEST(Divergence, AForcedErrorMakesNoLossFinite) {
  for (const std::uint32_t bits :
       {0u, 1u, 0x7f7fffffu, 0x7f800000u, 0x7f800001u, kNan, 0xff7fffffu, 0xff800000u, 0xffffffffu})
    EXPECT_EQ(is_not_finite(bits), is_not_finite(bits ^ 1)) << bits;
}

}  // namespace
}  // namespace assay::protocol
