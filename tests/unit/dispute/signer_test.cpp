// Who may sign what: parties, their delegates, and strangers who open what stands (INV-DSP-005,
// INV-DSP-010, INV-DSP-011).
#include <gtest/gtest.h>

#include "assay/crypto/sha256.hpp"
#include "assay/dispute/evidence_file.hpp"
#include "assay/dispute/moves.hpp"
#include "support/toy_player.hpp"

namespace assay::dispute {
namespace {

using toy::Lie;
using toy::task;
using toy::truth;
using toy::World;

Sha256Function sha() { return crypto::sha256_function(); }

const World& liar() {
  static const World kLiar(task(), Lie{Lie::Kind::kNode, false, 17, 28, 70, 0x40000000});
  return kLiar;
}

struct Played {
  toy::Challenge challenge;
  toy::Game game;
  [[nodiscard]] EvidenceReport judged() const {
    return judge_evidence(sha(), crypto::ed25519_verify,
                          write_evidence({challenge.terms, challenge.claim, game.moves}));
  }
};
Played played(toy::PlayOptions options, const World& claimed = liar(), std::uint64_t entry = 1) {
  options.sign = true;
  Played p{toy::challenge(claimed, entry), {}};
  p.game = toy::play(p.challenge.terms, claimed, truth(), options);
  return p;
}
toy::PlayOptions by_delegates() {
  toy::PlayOptions options;
  options.by_delegates = true;
  return options;
}
toy::PlayOptions strangers_open() {
  toy::PlayOptions options;
  options.strangers_open = true;
  return options;
}

MoveVerdict try_move(const Played& p, std::size_t i, const RecordedMove& move) {
  Position position = p.game.before[i];
  const MoveVerdict verdict =
      apply_signed(sha(), crypto::ed25519_verify, p.challenge.terms, position, move.view());
  EXPECT_TRUE(verdict == MoveVerdict::kAccepted || position == p.game.before[i]);
  return verdict;
}

RecordedMove signed_anew(const Played& p, std::size_t i, const crypto::KeyPair& key,
                         const Signer& by) {
  return record_move(
      sha(), p.challenge.terms, p.game.before[i], p.game.moves[i].role, p.game.moves[i].body,
      [&](const Hash256& digest) { return key.sign(digest.view()); }, by);
}

AccountId id_of(const crypto::KeyPair& key) { return AccountId(key.public_key()); }

// INV-DSP-011: whatever a delegate signs binds the party that named it, as if it had signed itself.
TEST(Delegates, PlayForTheirPartyWhichIsConvictedForThem) {
  const Played p = played(by_delegates());
  const EvidenceReport report = p.judged();
  ASSERT_EQ(report.verdict, EvidenceVerdict::kProven) << to_string(report.move_verdict);
  EXPECT_EQ(report.convicted, id_of(toy::keys().defender));
  EXPECT_EQ(report.defender_delegate, id_of(toy::other_keys().defender_delegate));
  EXPECT_EQ(report.challenger_delegate, id_of(toy::other_keys().challenger_delegate));
  EXPECT_FALSE(report.has_strangers);
  const Played alone = played({});
  EXPECT_EQ(report.position, alone.game.position);
  EXPECT_EQ(alone.judged().defender_delegate, std::nullopt);
  // Some moves by one, some by the other: nobody has to go on as it began.
  Evidence mixed{p.challenge.terms, p.challenge.claim, {}};
  for (std::size_t i = 0; i < p.game.moves.size(); ++i)
    mixed.moves.push_back((i % 3 == 0 ? p : alone).game.moves[i]);
  EXPECT_EQ(judge_evidence(sha(), crypto::ed25519_verify, write_evidence(mixed)).verdict,
            EvidenceVerdict::kProven);
}

TEST(Delegates, OfAnotherPartyTaskOrChainMoveForNobody) {
  const Played p = played(by_delegates());
  for (std::size_t i = 0; i < p.game.moves.size(); ++i) {
    const Role role = p.game.moves[i].role;
    const bool defends = role == Role::kDefender;
    const crypto::KeyPair& key =
        defends ? toy::other_keys().defender_delegate : toy::other_keys().challenger_delegate;
    const Certificate own = toy::certificate(p.challenge.terms, role);
    EXPECT_EQ(try_move(p, i, signed_anew(p, i, key, {own, {}})), MoveVerdict::kAccepted);
    GameTerms other = p.challenge.terms;
    other.task_id.value.bytes[5] ^= 1;
    EXPECT_EQ(try_move(p, i, signed_anew(p, i, key, {toy::certificate(other, role), {}})),
              MoveVerdict::kWrongCertificate);
    other = p.challenge.terms;
    other.chain.value.bytes[5] ^= 1;
    EXPECT_EQ(try_move(p, i, signed_anew(p, i, key, {toy::certificate(other, role), {}})),
              MoveVerdict::kWrongCertificate);
    // The other side's delegate, with its own certificate or with this side's.
    const Role others = defends ? Role::kChallenger : Role::kDefender;
    const crypto::KeyPair& others_key =
        defends ? toy::other_keys().challenger_delegate : toy::other_keys().defender_delegate;
    EXPECT_EQ(
        try_move(p, i,
                 signed_anew(p, i, others_key, {toy::certificate(p.challenge.terms, others), {}})),
        MoveVerdict::kWrongCertificate);
    EXPECT_EQ(try_move(p, i, signed_anew(p, i, others_key, {own, {}})),
              MoveVerdict::kWrongSignature);
    // One that names itself, and one whose time was lengthened.
    Certificate forged = own;
    forged.delegate = id_of(others_key);
    EXPECT_EQ(try_move(p, i, signed_anew(p, i, others_key, {forged, {}})),
              MoveVerdict::kWrongCertificate);
    forged = own;
    ++forged.valid_until.value;
    EXPECT_EQ(try_move(p, i, signed_anew(p, i, key, {forged, {}})), MoveVerdict::kWrongCertificate);
  }
}

// A signature says as whom it was made.
TEST(Delegates, AMoveIsNobodyElsesUnderAnotherName) {
  const Played p = played(by_delegates());
  for (std::size_t i = 0; i < p.game.moves.size(); ++i) {
    const RecordedMove& move = p.game.moves[i];
    RecordedMove renamed = move;
    renamed.by = {};
    EXPECT_EQ(try_move(p, i, renamed), MoveVerdict::kWrongSignature);
    renamed.by = {{}, move.by.delegate->delegate};
    if (move.role == Role::kDefender) {
      EXPECT_EQ(try_move(p, i, renamed), MoveVerdict::kWrongSignature);
    } else {
      EXPECT_EQ(try_move(p, i, renamed), MoveVerdict::kMalformed);
    }
    // The same key with another certificate of the same party: an older or a newer one.
    renamed = move;
    const crypto::KeyPair& party =
        move.role == Role::kDefender ? toy::keys().defender : toy::keys().challenger;
    Certificate& newer = *renamed.by.delegate;
    newer.valid_until.value += 5;
    newer.signature =
        party.sign(certificate_digest(sha(), p.challenge.terms.chain, p.challenge.terms.task_id,
                                      id_of(party), newer.delegate, newer.valid_until)
                       .view());
    EXPECT_EQ(try_move(p, i, renamed), MoveVerdict::kWrongSignature);
  }
}

// INV-DSP-010: what is bound leads to the same position, whoever brings it.
TEST(Strangers, OpenForTheDefenderWhatStandsUnderARoot) {
  for (const Lie& lie : {Lie{Lie::Kind::kNode, false, 17, 28, 70, 0x40000000},
                         Lie{Lie::Kind::kNode, false, 17, 39, 3, 0x40000000},
                         Lie{Lie::Kind::kState, false, 17, 2, 0, 1}}) {
    const World world(task(), lie);
    const Played p = played(strangers_open(), world);
    const Played alone = played({}, world);
    ASSERT_EQ(p.game.moves.size(), alone.game.moves.size());
    unsigned opened = 0;
    for (std::size_t i = 0; i < p.game.moves.size(); ++i) {
      ASSERT_TRUE(p.game.before[i] == alone.game.before[i]);
      opened += p.game.moves[i].by.stranger ? 1 : 0;
    }
    EXPECT_GE(opened, 2U);
    const EvidenceReport report = p.judged();
    ASSERT_EQ(report.verdict, EvidenceVerdict::kProven);
    EXPECT_TRUE(report.has_strangers);
    EXPECT_EQ(report.convicted, id_of(toy::keys().defender));
    EXPECT_EQ(report.position, alone.game.position);
  }
}

TEST(Strangers, OfferNothingNewPointNowhereAndOpenNothingElse) {
  const crypto::KeyPair& key = toy::other_keys().stranger;
  for (const World* claimed : {&liar(), &truth()}) {
    const Played p = played({}, *claimed);
    for (std::size_t i = 0; i < p.game.moves.size(); ++i) {
      RecordedMove move = p.game.moves[i];
      move.role = Role::kDefender;
      const auto as_stranger = [&](const Bytes& body) {
        return try_move(
            p, i,
            record_move(sha(), p.challenge.terms, p.game.before[i], Role::kDefender, body,
                        [&](const Hash256& digest) { return key.sign(digest.view()); },
                        {{}, id_of(key)}));
      };
      const bool may = may_move(p.game.before[i], Mover::stranger());
      EXPECT_EQ(as_stranger(move.body), may ? MoveVerdict::kAccepted : MoveVerdict::kNotYourTurn)
          << to_string(p.game.before[i].stage);
      // No other bytes, wherever they differ: so there is nothing that a stranger could choose.
      for (std::size_t at = 0; may && at < move.body.size(); at += 1 + move.body.size() / 60) {
        Bytes body = move.body;
        body[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
        EXPECT_NE(as_stranger(body), MoveVerdict::kAccepted) << at;
      }
      // Not under a side's name, and no side under its own.
      move = signed_anew(p, i, key, {});
      EXPECT_EQ(try_move(p, i, move), MoveVerdict::kWrongSignature);
    }
  }
}

TEST(Signers, AreOneAtATimeAndStrangersOfTheDefendersSide) {
  const Played p = played(by_delegates());
  const crypto::KeyPair& stranger = toy::other_keys().stranger;
  for (std::size_t i = 0; i < p.game.moves.size(); ++i) {
    const RecordedMove& move = p.game.moves[i];
    const Bytes bytes = codec::encode([&](codec::Writer& w) { write_signed_move(w, move.view()); });
    codec::Reader reader(bytes);
    const SignedMove read = read_signed_move(reader);
    EXPECT_TRUE(reader.finish() && read.by == move.by);
    for (const crypto::KeyPair* key : {&stranger, &toy::other_keys().defender_delegate})
      EXPECT_EQ(try_move(p, i, signed_anew(p, i, *key, {move.by.delegate, id_of(*key)})),
                MoveVerdict::kMalformed);
    if (move.role == Role::kChallenger) {
      EXPECT_EQ(try_move(p, i, signed_anew(p, i, stranger, {{}, id_of(stranger)})),
                MoveVerdict::kMalformed);
    }
  }
}

// INV-DSP-006, of files with certificates and strangers' openings.
TEST(Signers, NoByteOfTheirEvidenceCanBeChangedOrCut) {
  toy::PlayOptions options = by_delegates();
  options.strangers_open = true;
  const Played p = played(options);
  const Bytes file = write_evidence({p.challenge.terms, p.challenge.claim, p.game.moves});
  const auto is_proven = [](ByteView bytes) {
    return judge_evidence(sha(), crypto::ed25519_verify, bytes).verdict == EvidenceVerdict::kProven;
  };
  ASSERT_TRUE(is_proven(file));
  for (std::size_t at = 0; at < file.size(); at += at < 1400 ? 3 : 5) {
    Bytes bad = file;
    bad[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
    ASSERT_FALSE(is_proven(bad)) << at;
    ASSERT_FALSE(is_proven(ByteView(file).first(at))) << at;
  }
}

}  // namespace
}  // namespace assay::dispute
