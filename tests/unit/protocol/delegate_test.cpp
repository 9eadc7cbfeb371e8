// Delegates and strangers on the ledger: who is registered moves for its party until it is taken
// back or over, and whoever has the bytes opens for a silent defender (INV-PRO-034, INV-PRO-035).
#include "assay/core/planted.hpp"
#include "assay/dispute/moves.hpp"
#include "played.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using dispute::MoveVerdict;
using dispute::Position;
using dispute::Role;
using V = TxVerdict;

constexpr unsigned kHelper = 5;  // has no part in the task

// A game about entry 1 of the claim, by kEve.
struct Scene : Played {
  using Played::Played;
  ChallengeId id;
  void begin(std::uint64_t entry = 1) { id = challenge(entry); }
  [[nodiscard]] GameId game_id() const { return game_id_of(id, net.id(kSolver)); }
  [[nodiscard]] GameView game() const { return net.read().game(game_id()).value().value(); }
  [[nodiscard]] Bytes record() const {
    return codec::encode([&](codec::Writer& w) { write(w, game().record); });
  }
  [[nodiscard]] dispute::GameTerms terms_now() const {
    return terms_of(net.head.chain, net.task(posted.task), net.read().challenge(id).value().value(),
                    game());
  }
  [[nodiscard]] V name(unsigned party, unsigned delegate,
                       LedgerTimeMs until = LedgerTimeMs{UINT64_MAX}) {
    return net.verdict(party,
                       RegisterDelegate{posted.task, certificate_of(party, delegate, until)});
  }
  // The defender's offer at the game's start, signed so.
  [[nodiscard]] PlayMove first_offer(unsigned key, const dispute::Signer& by) const {
    const dispute::GameTerms of_game = terms_now();
    const Position position = position_of(of_game, game());
    toy::Party solver(truth(), of_game);
    solver.observe(position);
    return {game_id(),
            signed_move(of_game, position, Role::kDefender, solver.offer(position), key, by)};
  }
  [[nodiscard]] Receipt carry(const PlayMove& move) { return net.send(kHelper, move); }
};

// The party for itself, its delegate, or a stranger wherever one may.
Played::SigningOf by_delegate(const Scene& scene, unsigned party, unsigned delegate, Role side) {
  return [=, &scene](Role role, const Position&) -> std::optional<Played::Signing> {
    if (role != side) return Played::Signing{role == Role::kDefender ? kSolver : kEve, {}};
    return Played::Signing{delegate, {scene.certificate_of(party, delegate), {}}};
  };
}

TEST(Delegates, AreNamedByWhoHasAPart) {
  Scene p(truth());
  const dispute::Certificate sound = p.certificate_of(kSolver, kHelper);
  EXPECT_EQ(p.net.verdict(kSolver, RegisterDelegate{TaskId{hash_of_text("none")}, sound}),
            V::kUnknownTask);
  EXPECT_EQ(p.name(kHelper, kEve), V::kNotParty);
  EXPECT_EQ(p.name(kSolver, kSolver), V::kSelfDealing);
  EXPECT_EQ(p.net.verdict(kAnn, RegisterDelegate{p.posted.task, sound}), V::kWrongCertificate)
      << "the solver's word, not the sender's";
  dispute::Certificate changed = sound;
  --changed.valid_until.value;
  EXPECT_EQ(p.net.verdict(kSolver, RegisterDelegate{p.posted.task, changed}), V::kWrongCertificate);
  EXPECT_EQ(p.name(kSolver, kHelper, p.net.head.ledger_time), V::kWrongCertificate) << "over";
  EXPECT_EQ(p.net.verdict(kSolver, RevokeDelegate{p.posted.task}), V::kNoDelegate);
  EXPECT_EQ(p.net.verdict(kSolver, RevokeDelegate{TaskId{hash_of_text("none")}}), V::kUnknownTask);

  const Receipt named = p.net.send(kSolver, RegisterDelegate{p.posted.task, sound});
  EXPECT_EQ(named.verdict, V::kApplied);
  EXPECT_EQ(named.events,
            (std::vector<Event>{DelegateNamed{p.posted.task, p.net.id(kSolver), p.net.id(kHelper),
                                              LedgerTimeMs{UINT64_MAX}}}));
  EXPECT_EQ(p.name(kSolver, kEve), V::kApplied) << "takes the first one's place";
  const Receipt revoked = p.net.send(kSolver, RevokeDelegate{p.posted.task});
  EXPECT_EQ(
      revoked.events,
      (std::vector<Event>{DelegateRevoked{p.posted.task, p.net.id(kSolver), p.net.id(kEve)}}));
  EXPECT_EQ(p.net.verdict(kSolver, RevokeDelegate{p.posted.task}), V::kNoDelegate);
  p.net.wait(200'000);
  ASSERT_EQ(p.net.status(p.posted.claim), ClaimStatus::kFinal);
  EXPECT_EQ(p.name(kSolver, kHelper), V::kWrongPhase) << "nothing is left to play about";
}

TEST(Delegates, PlayWholeGamesOfEitherSide) {
  for (const bool is_true : {true, false}) {
    const toy::World& claimed = is_true ? truth() : lie();
    const auto honest = is_true ? toy::Challenger::kBlind : toy::Challenger::kHonest;
    for (const Role side : {Role::kDefender, Role::kChallenger}) {
      Scene p(claimed);
      p.begin();
      const unsigned party = side == Role::kDefender ? kSolver : kEve;
      ASSERT_EQ(p.name(party, kHelper), V::kApplied);
      p.play(p.id, kSolver, claimed, honest, by_delegate(p, party, kHelper, side));
      // INV-DSP-011: a delegate that lies loses its party's stake, one that is right keeps it.
      EXPECT_EQ(p.game().record.status,
                is_true ? GameStatus::kDefenderWon : GameStatus::kChallengerWon);
      p.net.wait(60'000);
      EXPECT_EQ(p.net.account(kHelper).locked, Locked{});
      EXPECT_EQ(p.net.account(kSolver).reputation[1].slashes, is_true ? 0U : 1U);
    }
  }
}

// A true claim is thrown by whom its solver trusted.
TEST(Delegates, ThatLieLoseAsTheirParty) {
  Scene p(truth());
  p.begin();
  ASSERT_EQ(p.name(kSolver, kHelper), V::kApplied);
  p.play(p.id, kSolver, early_lie(), toy::Challenger::kHonest,
         by_delegate(p, kSolver, kHelper, Role::kDefender));
  EXPECT_EQ(p.game().record.status, GameStatus::kChallengerWon);
  EXPECT_FALSE(p.game().record.by_clock);
}

// INV-PRO-034.
TEST(Delegates, MoveOnlyWhileTheirOwnCertificateIsRegistered) {
  Scene p(truth());
  p.begin();
  const auto try_one = [&](const dispute::Certificate& certificate) {
    return p.carry(p.first_offer(kHelper, {certificate, {}}));
  };
  const dispute::Certificate lasting = p.certificate_of(kSolver, kHelper);
  EXPECT_EQ(try_one(lasting).verdict, V::kNoDelegate) << "a certificate alone";
  {
    const testing::Plant bug(testing::Planted::kLastingDelegate);
    Envelope e = p.net.envelope(kHelper, p.first_offer(kHelper, {lasting, {}}));
    e.nonce = p.net.account(kHelper).profile.last_nonce + 1;
    EXPECT_EQ(check_transaction(p.net.store, sign_transaction(e, p.net.keys[kHelper]))->verdict,
              V::kApplied);
  }
  // Another's: of another party, and of another task.
  const Receipt anns = try_one(p.certificate_of(kAnn, kHelper));
  EXPECT_EQ(anns.verdict, V::kMoveRefused);
  EXPECT_EQ(anns.detail, static_cast<std::uint8_t>(MoveVerdict::kWrongCertificate));
  dispute::Certificate other_task = lasting;
  other_task.signature = p.net.keys[kSolver].sign(
      dispute::certificate_digest(crypto::sha256_function(), p.net.head.chain,
                                  TaskId{hash_of_text("another")}, p.net.id(kSolver),
                                  other_task.delegate, other_task.valid_until)
          .view());
  EXPECT_EQ(try_one(other_task).verdict, V::kMoveRefused);

  const LedgerTimeMs soon{p.net.head.ledger_time.value + 20'000};
  ASSERT_EQ(p.name(kSolver, kHelper, soon), V::kApplied);
  EXPECT_EQ(try_one(lasting).verdict, V::kNoDelegate) << "another one of the same key";
  ASSERT_EQ(p.name(kSolver, kAnn), V::kApplied);
  EXPECT_EQ(try_one(p.certificate_of(kSolver, kHelper, soon)).verdict, V::kNoDelegate)
      << "replaced";
  ASSERT_EQ(p.name(kSolver, kHelper, soon), V::kApplied);
  p.net.wait(20'000);
  EXPECT_EQ(try_one(p.certificate_of(kSolver, kHelper, soon)).verdict, V::kNoDelegate) << "over";
  ASSERT_EQ(p.name(kSolver, kHelper), V::kApplied);
  EXPECT_EQ(try_one(lasting).verdict, V::kApplied);
}

// What was moved stands, and the party goes on itself.
TEST(Delegates, AreTakenBackWithoutUndoingAMove) {
  Scene p(truth());
  p.begin();
  ASSERT_EQ(p.name(kSolver, kHelper), V::kApplied);
  unsigned moves = 0;
  p.play(p.id, kSolver, truth(), toy::Challenger::kBlind,
         [&](Role role, const Position& at) -> std::optional<Played::Signing> {
           if (++moves == 4) return std::nullopt;
           return by_delegate(p, kSolver, kHelper, Role::kDefender)(role, at);
         });
  const GameView before = p.game();
  const Bytes record_before = p.record();
  ASSERT_EQ(before.record.turn, 3u);
  ASSERT_EQ(p.net.verdict(kSolver, RevokeDelegate{p.posted.task}), V::kApplied);
  EXPECT_EQ(p.game().moves, before.moves);
  EXPECT_EQ(p.record(), record_before);
  while (p.game().record.on_turn != Role::kDefender)
    p.play(p.id, kSolver, truth(), toy::Challenger::kBlind,
           [&, left = 1](Role, const Position&) mutable -> std::optional<Played::Signing> {
             if (left-- == 0) return std::nullopt;
             return Played::Signing{kEve, {}};
           });
  EXPECT_EQ(p.carry(p.first_offer(kHelper, {p.certificate_of(kSolver, kHelper), {}})).verdict,
            V::kNoDelegate);
  p.play(p.id, kSolver, truth(), toy::Challenger::kBlind);
  EXPECT_EQ(p.game().record.status, GameStatus::kDefenderWon);
}

// A replaced chain gives the same roots: registrations are a function of the blocks alone.
TEST(Delegates, ReplayedBlocksGiveTheSameRoots) {
  Scene p(truth());
  p.begin();
  ASSERT_EQ(p.name(kSolver, kHelper), V::kApplied);
  p.play(p.id, kSolver, truth(), toy::Challenger::kBlind,
         by_delegate(p, kSolver, kHelper, Role::kDefender));
  expect_replayed_alike(p.net);
}

// INV-PRO-035: the solver makes the moves that only it can make, and is silent wherever a stranger
// may open.
TEST(Strangers, OpenForASilentSolver) {
  for (const bool is_true : {true, false}) {
    const toy::World& claimed = is_true ? truth() : lie();
    Scene p(claimed);
    p.begin();
    unsigned opened = 0;
    p.play(p.id, kSolver, claimed, is_true ? toy::Challenger::kBlind : toy::Challenger::kHonest,
           [&](Role role, const Position& at) -> std::optional<Played::Signing> {
             if (role == Role::kChallenger) return Played::Signing{kEve, {}};
             if (!dispute::may_move(at, dispute::Mover::stranger()))
               return Played::Signing{kSolver, {}};
             ++opened;
             p.net.wait(30'000);  // half of its window
             return Played::Signing{kHelper, {{}, p.net.id(kHelper)}};
           });
    EXPECT_GE(opened, 2U);
    EXPECT_EQ(p.game().record.status,
              is_true ? GameStatus::kDefenderWon : GameStatus::kChallengerWon);
    EXPECT_FALSE(p.game().record.by_clock);
    p.net.wait(60'000);
    EXPECT_EQ(p.net.account(kHelper).locked, Locked{});
  }
}

// Wrong bytes, new roots and points of a stranger's are refused and change nothing but its nonce.
TEST(Strangers, GainNothingByGarbage) {
  Scene p(truth());
  p.begin();
  const dispute::Signer stranger{{}, p.net.id(kHelper)};
  Receipt refused = p.carry(p.first_offer(kHelper, stranger));
  EXPECT_EQ(refused.verdict, V::kMoveRefused);
  EXPECT_EQ(refused.detail, static_cast<std::uint8_t>(MoveVerdict::kNotYourTurn));
  bool tried = false;
  p.play(p.id, kSolver, truth(), toy::Challenger::kBlind,
         [&](Role role, const Position& at) -> std::optional<Played::Signing> {
           if (role == Role::kDefender && dispute::may_move(at, dispute::Mover::stranger())) {
             tried = true;
             return std::nullopt;
           }
           return Played::Signing{role == Role::kDefender ? kSolver : kEve, {}};
         });
  ASSERT_TRUE(tried);
  const GameView before = p.game();
  const Bytes record_before = p.record();
  const dispute::GameTerms terms = p.terms_now();
  const Position position = position_of(terms, before);
  toy::Party solver(truth(), terms);
  for (Position earlier = dispute::start(terms); const Bytes& bytes : before.moves) {
    solver.observe(earlier);
    codec::Reader reader(bytes);
    const dispute::SignedMove move = dispute::read_signed_move(reader);
    ASSERT_EQ(dispute::apply(crypto::sha256_function(), terms, earlier, move.mover(), move.body),
              MoveVerdict::kAccepted);
  }
  solver.observe(position);
  Bytes body = solver.offer(position);
  if (body.empty()) body = solver.open(position);
  const auto sent = [&](const Bytes& made) {
    return p.carry(
        {p.game_id(), p.signed_move(terms, position, Role::kDefender, made, kHelper, stranger)});
  };
  for (std::size_t at = 0; at < body.size(); at += 1 + body.size() / 30) {
    Bytes bad = body;
    bad[at] ^= 4;
    EXPECT_EQ(sent(bad).verdict, V::kMoveRefused) << at;
  }
  EXPECT_EQ(p.record(), record_before);
  EXPECT_EQ(p.game().moves, before.moves);
  EXPECT_EQ(sent(body).verdict, V::kApplied);
  EXPECT_EQ(sent(body).verdict, V::kMoveRefused) << "once";
}

// Who plays for others sees their games as its own, with its certificate; others' views have
// neither, whoever names whom.
TEST(Delegates, AreSeenByWhoAsks) {
  Scene p(truth());
  p.begin();
  ASSERT_EQ(p.name(kSolver, kHelper), V::kApplied);
  p.net.send(kSolver, p.first_offer(kSolver, {}));
  const auto look = [&](unsigned who, const Principals& principals) {
    const auto excerpt = p.net.read().view_excerpt(p.net.id(who), {}, principals).value();
    EXPECT_FALSE(read_view(p.net.head, excerpt, p.net.id(who), {}, {p.net.id(kSubmitter)}));
    return read_view(p.net.head, excerpt, p.net.id(who), {}, principals).value();
  };
  const auto moves = [](const View& view) {
    return view.tasks.at(0).claims.at(0).challenges.at(0).games.at(0).moves.size();
  };
  const View alone = look(kHelper, {});
  EXPECT_EQ(moves(alone), 0u);
  EXPECT_TRUE(alone.tasks[0].delegates.empty());
  const View asked = look(kHelper, {p.net.id(kSolver)});
  EXPECT_EQ(moves(asked), 1u);
  const dispute::Certificate* named = find_delegate(asked.tasks[0], p.net.id(kSolver));
  ASSERT_NE(named, nullptr);
  EXPECT_EQ(*named, p.certificate_of(kSolver, kHelper));
  EXPECT_NE(find_delegate(look(kSolver, {}).tasks[0], p.net.id(kSolver)), nullptr);
  Principals many(kMaxPrincipals + 1);
  EXPECT_FALSE(decode_principals(encode(many)));
  many.pop_back();
  EXPECT_EQ(decode_principals(encode(many)).value(), many);
}

}  // namespace
}  // namespace assay::protocol
