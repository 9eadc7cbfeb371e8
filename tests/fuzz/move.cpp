// dispute: bodies of moves, alone, signed, and played one after another from the start of a game.
// A game is: which terms (u8), then for each move who plays (u8) and the body (length-prefixed).
#include "assay/dispute/moves.hpp"

#include "assay/crypto/sha256.hpp"
#include "assay/dispute/levels.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/scenes.hpp"

using namespace assay;
using namespace assay::dispute;

namespace {

void check_signed(ByteView bytes) {
  codec::Reader reader(bytes);
  const SignedMove move = read_signed_move(reader);
  if (!reader.finish()) return;
  ASSAY_INVARIANT(move.body.size() <= kMaxMoveBytes);
  ASSAY_INVARIANT(
      equal_bytes(codec::encode([&](codec::Writer& w) { write_signed_move(w, move); }), bytes));
}

void check_body(ByteView body) {
  Move move;
  if (!read_move(body, move)) return;
  ASSAY_INVARIANT(move.kind >= Stage::kChainOffer && move.kind < Stage::kFinished);
  ASSAY_INVARIANT(move.offered.size() <= body.size() && move.record.size() <= body.size());
}

void check_game(ByteView input) {
  const Sha256Function sha256 = crypto::sha256_function();
  const auto [choice, rest] = fuzz::select(input, static_cast<unsigned>(fuzz::games().size()));
  const GameTerms& terms = fuzz::games()[choice].terms;
  Position position = start(terms);
  codec::Reader reader(rest);
  while (reader.ok() && reader.remaining() > 0) {
    const unsigned who = reader.u8() % 3;
    const Mover mover = who == 2   ? Mover::stranger()
                        : who == 1 ? Mover(Role::kChallenger)
                                   : Mover(Role::kDefender);
    const ByteView body = reader.bytes(2 * kMaxMoveBytes);
    if (!reader.ok()) break;
    check_body(body);
    const Position before = position;
    const MoveVerdict verdict = apply(sha256, terms, position, mover, body);
    ASSAY_INVARIANT(to_string(verdict)[0] != '?');
    if (verdict != MoveVerdict::kAccepted) {
      ASSAY_INVARIANT(position == before);
      continue;
    }
    ASSAY_INVARIANT(may_move(before, mover) && position.turn == before.turn + 1);
    ASSAY_INVARIANT((position.stage == Stage::kFinished) == (position.outcome != Outcome::kOpen));
    ASSAY_INVARIANT(position_hash(sha256, terms, position) != position_hash(sha256, terms, before));
  }
  ASSAY_INVARIANT(!explain(terms, position).empty());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input{data, size};
  check_signed(input);
  check_body(input);
  check_game(input);
  return 0;
}
