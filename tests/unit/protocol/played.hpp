// A claim over the toy task on a ledger in memory, drawn, sealed and attested, and games about it
// played to the end.
#pragma once

#include <functional>
#include <optional>
#include <random>

#include "assay/dispute/evidence_file.hpp"
#include "support/toy_player.hpp"
#include "unit/protocol/harness.hpp"

namespace assay::protocol::test {

enum : unsigned { kSubmitter, kSolver, kAnn, kBob, kEve };

using toy::truth;

// One wrong bit in the last node of step 7 that reaches the state, so entry 1 is the first that is
// false.
inline const toy::World& lie() {
  static const toy::World kLie = [] {
    for (auto index = static_cast<std::uint32_t>(toy::task().step.nodes.size()); index-- > 0;) {
      toy::World world(toy::task(), toy::Lie{toy::Lie::Kind::kNode, false, 7, index, 0, 1});
      if (toy::first_false_entry(world, truth()) == 1) return world;
    }
    return truth();
  }();
  return kLie;
}

// False from the first step on, so that it is after every interior step.
inline const toy::World& early_lie() {
  static const toy::World kLie = [] {
    for (auto index = static_cast<std::uint32_t>(toy::task().step.nodes.size()); index-- > 0;) {
      toy::World world(toy::task(), toy::Lie{toy::Lie::Kind::kNode, false, 0, index, 0, 1});
      if (world.state_root(1) != truth().state_root(1)) return world;
    }
    return truth();
  }();
  return kLie;
}

inline PostTask terms_about(const commit::TaskHeader& header) {
  PostTask t = sample_task();
  t.header = header;
  // All entries: everybody attests everything.
  t.draws = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(commit::transcript_entries(header), economics::kMaxDraws));
  // Enough for the inequalities of economics whatever their number.
  if (t.draws < 3) t.solver_stake = Amount{4002};
  t.verification_fee = Amount{102 * t.draws};
  t.verifier_stake = Amount{std::max<std::uint64_t>(1000, 300 * t.draws)};
  t.challenger_bond = Amount{1000};
  t.windows = {60'000, 60'000, 60'000, 60'000, 60'000, 60'000,
               60'000, 60'000, 60'000, 60'000, 60'000};
  return t;
}

inline PostTask toy_terms() { return terms_about(toy::task().header); }

// What a verifier says of the state after its draw's interior step.
using InteriorOf = std::function<Hash256(unsigned verifier, const economics::Draw& draw)>;

struct Played {
  Net net;
  PostTask terms;
  Posted posted;
  MadeRun run;
  std::uint64_t first_false;      // entry; as many as there are if none is
  std::set<unsigned> attentive;   // verifiers that do not attest it
  std::vector<Hash256> replayed;  // what these find at each entry
  InteriorOf interior;
  explicit Played(const toy::World& claimed)
      : Played(toy_terms(), claimed.transcript_roots(), truth().transcript_roots(), 6, {}) {}
  // A claim of these roots where verifiers that look find the others.
  Played(
      const PostTask& of_task, const std::vector<Hash256>& claimed,
      const std::vector<Hash256>& should_be, unsigned parties, std::set<unsigned> watchful,
      InteriorOf interior_of = [](unsigned,
                                  const economics::Draw&) { return hash_of_text("interior"); })
      : net(parties),
        terms(of_task),
        run(claimed),
        first_false(static_cast<std::uint64_t>(
            std::mismatch(claimed.begin(), claimed.end(), should_be.begin()).first -
            claimed.begin())),
        attentive(std::move(watchful)),
        replayed(should_be),
        interior(std::move(interior_of)) {
    posted = post_and_accept(net, kSubmitter, kSolver, terms);
    for (const unsigned v : {kAnn, kBob})
      EXPECT_EQ(net.verdict(v, EnlistVerifier{posted.claim}), TxVerdict::kApplied);
    EXPECT_EQ(net.verdict(kSolver, commitment_of(posted, run)), TxVerdict::kApplied);
    EXPECT_EQ(net.verdict(kSolver, reveal_of(net, posted, kSolver, terms, run)),
              TxVerdict::kApplied);
    net.block();
    for (const unsigned v : attentive)
      if (first_false < run.transcript.size()) commit_challenge(net, posted, v, first_false);
    for (const unsigned v : {kAnn, kBob}) {
      Seal seal{posted.claim, {}};
      for (const OpenSeal& o : openings(v)) seal.seals.push_back(seal_of(net, posted, v, o));
      EXPECT_EQ(net.verdict(v, seal), TxVerdict::kApplied);
    }
    for (const unsigned v : {kAnn, kBob})
      for (const OpenSeal& o : openings(v)) EXPECT_EQ(net.verdict(v, o), TxVerdict::kApplied);
    EXPECT_EQ(net.status(posted.claim), ClaimStatus::kChallenging);
  }
  std::vector<OpenSeal> openings(unsigned verifier) const {
    std::vector<OpenSeal> all;
    const VerifierRecord v = verifier_of(net, posted.claim, verifier);
    for (std::uint32_t i = 0; i < v.draws.size(); ++i) {
      const std::uint64_t entry = v.draws[i].entry;
      const bool attests = !attentive.contains(verifier) || entry != first_false;
      all.push_back(opening_of(net, posted, verifier, run, i, entry, attests, replayed[entry],
                               interior(verifier, v.draws[i])));
    }
    return all;
  }
  // The draw that gave the verifier this entry.
  std::uint32_t draw_of(unsigned verifier, std::uint64_t entry) const {
    const VerifierRecord v = verifier_of(net, posted.claim, verifier);
    std::uint32_t draw = 0;
    while (v.draws.at(draw).entry != entry) ++draw;
    return draw;
  }
  ChallengeTarget word_of(unsigned verifier, std::uint64_t entry, Disputed what) const {
    return {what, net.id(verifier), draw_of(verifier, entry)};
  }
  RevealChallenge reveal_of_target(const ChallengeId& id, const ChallengeTarget& target) const {
    if (target.is_of_claim()) return challenge_reveal(id, run, target.place);
    unsigned verifier = 0;
    while (net.id(verifier) != target.verifier) ++verifier;
    const std::uint64_t entry =
        verifier_of(net, posted.claim, verifier).draws.at(target.place).entry;
    RevealChallenge reveal = challenge_reveal(id, run, entry);
    reveal.target = target;
    reveal.end_root = Hash256{};
    reveal.end_path = commit::Path{};
    return reveal;
  }
  ChallengeId challenge(const ChallengeTarget& target, unsigned challenger = kEve) {
    const ChallengeId id = commit_challenge(net, posted, challenger, target);
    EXPECT_EQ(net.verdict(challenger, reveal_of_target(id, target)), TxVerdict::kApplied);
    return id;
  }
  // The lie, by kEve and kBob, who both committed before either revealed, and by the submitter, who
  // could have copied it. All win. Returns the copy.
  ChallengeId challenge_twice_and_copy() {
    const ChallengeId first = commit_challenge(net, posted, kEve, 1);
    const ChallengeId second = commit_challenge(net, posted, kBob, 1);
    EXPECT_EQ(net.verdict(kEve, challenge_reveal(first, run, 1)), TxVerdict::kApplied);
    const ChallengeId copy = challenge(1, kSubmitter);
    EXPECT_EQ(net.verdict(kBob, challenge_reveal(second, run, 1)), TxVerdict::kApplied);
    for (const ChallengeId& id : {first, second, copy})
      play(id, kSolver, lie(), toy::Challenger::kHonest);
    net.wait(60'000);
    return copy;
  }
  GameStatus game_status(const ChallengeId& id, unsigned defender) const {
    return net.read().game(game_id_of(id, net.id(defender))).value()->record.status;
  }

  // A move that party `mover` signs at this position, as PlayMove carries it.
  Bytes signed_move(const dispute::GameTerms& of_game, const dispute::Position& position,
                    dispute::Role role, Bytes body, unsigned mover,
                    const dispute::Signer& by = {}) const {
    const dispute::RecordedMove move = dispute::record_move(
        crypto::sha256_function(), of_game, position, role, std::move(body),
        [&](const Hash256& digest) { return net.keys[mover].sign(digest.view()); }, by);
    return codec::encode([&](codec::Writer& w) { dispute::write_signed_move(w, move.view()); });
  }

  // The party's word for a delegate in the played task.
  dispute::Certificate certificate_of(unsigned party, unsigned delegate,
                                      LedgerTimeMs valid_until = LedgerTimeMs{UINT64_MAX}) const {
    return dispute::make_certificate(
        crypto::sha256_function(), net.head.chain, posted.task, net.id(party), net.id(delegate),
        valid_until, [&](const Hash256& digest) { return net.keys[party].sign(digest.view()); });
  }
  // Which key signs a move, and as whom; none: the game is left there.
  struct Signing {
    unsigned key = 0;
    dispute::Signer by;
  };
  using SigningOf =
      std::function<std::optional<Signing>(dispute::Role role, const dispute::Position& at)>;

  // Plays the game until it is over: the defender from its world, the challenger from its own.
  void play(const ChallengeId& id, unsigned defender, const toy::World& defender_world,
            toy::Challenger challenger, const SigningOf& signing_of = {}) {
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
      const Bytes body = body_of(*sides[role == dispute::Role::kDefender ? 0 : 1], position, role,
                                 challenger, random);
      const unsigned mover = role == dispute::Role::kDefender ? defender : challenger_of(c);
      const std::optional<Signing> signing =
          signing_of ? signing_of(role, position) : Signing{mover, {}};
      if (!signing) return;
      const Bytes bytes = signed_move(terms_now, position, role, body, signing->key, signing->by);
      // A stranger may carry it.
      ASSERT_EQ(net.verdict(kSubmitter, PlayMove{game_id, bytes}), TxVerdict::kApplied)
          << dispute::to_string(position.stage);
    }
  }

 private:
  unsigned challenger_of(const ChallengeView& c) const {
    unsigned who = 0;
    while (net.id(who) != c.record.challenger) ++who;
    return who;
  }
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

}  // namespace assay::protocol::test
