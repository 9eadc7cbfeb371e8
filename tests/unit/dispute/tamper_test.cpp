// Every byte of every move and every evidence file, flipped or cut: nothing of it is accepted with
// another meaning (INV-DSP-003, INV-DSP-004, INV-DSP-006).
#include <algorithm>

#include <gtest/gtest.h>

#include "assay/crypto/sha256.hpp"
#include "assay/dispute/moves.hpp"
#include "support/toy_player.hpp"

namespace assay::dispute {
namespace {

using toy::Lie;
using toy::task;
using toy::truth;
using toy::World;

Sha256Function sha() { return crypto::sha256_function(); }

// Games that end at each deciding stage, with every other stage on the way.
std::vector<toy::Game> games() {
  std::vector<toy::Game> all;
  for (const Lie& lie : {Lie{Lie::Kind::kNode, false, 17, 30, 600, 0x40000000},
                         Lie{Lie::Kind::kNode, false, 17, 28, 70, 0x40000000},
                         Lie{Lie::Kind::kNode, false, 17, 39, 3, 0x40000000},
                         Lie{Lie::Kind::kNode, false, 17, 0, 0, 0x40000000},
                         Lie{Lie::Kind::kState, false, 17, 2, 0, 1}}) {
    const World liar(task(), lie);
    toy::PlayOptions options;
    options.sign = true;
    all.push_back(toy::play(toy::challenge(liar, 1).terms, liar, truth(), options));
    EXPECT_EQ(all.back().position.outcome, Outcome::kChallengerWins);
    EXPECT_FALSE(all.back().position.by_clock);
  }
  return all;
}

// Stages whose bodies are wholly bound by hashes under roots that stand.
bool is_bound(const Position& before) {
  switch (before.stage) {
    case Stage::kStateOffer:
    case Stage::kStateLeaf:
    case Stage::kSource:
    case Stage::kTensorOffer:
    case Stage::kChunkReveal:
    case Stage::kScalar: return true;
    case Stage::kTraceOffer: return before.program.node_count != 0;
    default: return false;
  }
}

TEST(DisputeTamper, ABoundMoveHasOneEncoding) {
  std::size_t tampered = 0;
  for (const toy::Game& game : games()) {
    for (std::size_t i = 0; i < game.moves.size(); ++i) {
      const RecordedMove& move = game.moves[i];
      for (std::size_t at = 0; at < move.body.size(); ++at) {
        Bytes body = move.body;
        body[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
        Position position = game.before[i];
        const MoveVerdict verdict = apply(sha(), game.terms, position, move.role, body);
        ++tampered;
        if (verdict != MoveVerdict::kAccepted) {
          ASSERT_TRUE(position == game.before[i]);
          continue;
        }
        // A free choice (an index, a first root, a chain entry) that differs: never a bound byte.
        ASSERT_FALSE(is_bound(game.before[i])) << to_string(game.before[i].stage) << " byte " << at;
        ASSERT_NE(position.outcome, Outcome::kVoid);
      }
    }
  }
  EXPECT_GT(tampered, 10'000U);
}

TEST(DisputeTamper, CutOrLengthenedMovesAreMalformed) {
  for (const toy::Game& game : games()) {
    for (std::size_t i = 0; i < game.moves.size(); ++i) {
      const RecordedMove& move = game.moves[i];
      Move parsed;
      ASSERT_TRUE(read_move(move.body, parsed));
      for (std::size_t size = 0; size <= move.body.size() + 1; ++size) {
        if (size == move.body.size()) continue;
        Bytes body = move.body;
        body.resize(size);
        Position position = game.before[i];
        ASSERT_NE(apply(sha(), game.terms, position, move.role, body), MoveVerdict::kAccepted);
        ASSERT_TRUE(position == game.before[i]);
      }
    }
  }
}

// INV-DSP-005: a move of another stage, of the other side, of another turn, position or key is no
// transition.
TEST(DisputeTamper, MovesOutOfPlaceAreNoTransitions) {
  const std::vector<toy::Game> all = games();
  const toy::Game& game = all.front();
  for (std::size_t i = 0; i < game.moves.size(); ++i) {
    Position position = game.before[i];
    const auto try_move = [&](const RecordedMove& move) {
      const MoveVerdict verdict =
          apply_signed(sha(), crypto::ed25519_verify, game.terms, position, move.view());
      EXPECT_TRUE(position == game.before[i] || verdict == MoveVerdict::kAccepted);
      return verdict;
    };
    RecordedMove move = game.moves[i];
    ++move.turn;
    EXPECT_EQ(try_move(move), MoveVerdict::kWrongTurnNumber);
    move = game.moves[i];
    move.position_hash.bytes[0] ^= 1;
    EXPECT_EQ(try_move(move), MoveVerdict::kWrongSignature);
    const crypto::KeyPair& key =
        move.role == Role::kDefender ? toy::keys().defender : toy::keys().challenger;
    move.signature =
        key.sign(move_digest(sha(), game.terms, move.turn, move.position_hash, move.body).view());
    EXPECT_EQ(try_move(move), MoveVerdict::kWrongPosition);
    move = game.moves[i];
    move.signature[3] ^= 1;
    EXPECT_EQ(try_move(move), MoveVerdict::kWrongSignature);
    move = game.moves[i];
    move.role = move.role == Role::kDefender ? Role::kChallenger : Role::kDefender;
    EXPECT_EQ(try_move(move), MoveVerdict::kWrongSignature);
    const MoveVerdict other_side = apply(sha(), game.terms, position, move.role, move.body);
    const bool anyone = game.before[i].stage == Stage::kScalar;
    if (!anyone) {
      EXPECT_EQ(other_side, MoveVerdict::kNotYourTurn);
    }
    position = game.before[i];
    for (const RecordedMove& other : game.moves) {
      if (other.body[0] == game.moves[i].body[0] || other.role != game.moves[i].role) continue;
      EXPECT_EQ(apply(sha(), game.terms, position, other.role, other.body),
                MoveVerdict::kWrongKind);
    }
    EXPECT_EQ(try_move(game.moves[i]), MoveVerdict::kAccepted);
  }
  Position end = game.position;
  EXPECT_EQ(apply(sha(), game.terms, end, Role::kDefender, game.moves[0].body),
            MoveVerdict::kGameFinished);
  Position first = game.before[0];
  EXPECT_EQ(apply(sha(), game.terms, first, Role::kDefender, Bytes(kMaxMoveBytes + 1)),
            MoveVerdict::kTooLong);
}

TEST(DisputeTamper, PositionHashesCoverTermsAndEveryField) {
  const std::vector<toy::Game> all = games();
  const toy::Game& game = all.front();
  std::vector<Hash256> seen;
  for (const Position& position : game.before)
    seen.push_back(position_hash(sha(), game.terms, position));
  seen.push_back(position_hash(sha(), game.terms, game.position));
  GameTerms other = game.terms;
  other.game.value.bytes[31] ^= 1;
  seen.push_back(position_hash(sha(), other, game.position));
  Position p = game.position;
  const auto note = [&] { seen.push_back(position_hash(sha(), game.terms, p)); };
  p.computed.words[31] ^= 1, note();
  p.state_low.words[0] ^= 1, note();
  p.state_high.words[5] ^= 1, note();
  p.fold_low ^= 1, note();
  p.element ^= 1, note();
  p.node_leaf.bytes[0] ^= 1, note();
  p.node.inputs[0] ^= 1, note();
  p.trace_root.bytes[9] ^= 1, note();
  p.program.slot_count ^= 1, note();
  p.by_clock = true, note();
  p.offered_bytes = 1, note();
  p.offered[0] = 1, note();
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

}  // namespace
}  // namespace assay::dispute
