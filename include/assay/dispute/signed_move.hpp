// A move as it stands in a game's record and in evidence: with the turn and the position that its
// signature binds (docs/spec/dispute.md). Freestanding.
#pragma once

#include "assay/dispute/signer.hpp"

namespace assay::dispute {

struct SignedMove {
  std::uint32_t turn = 0;       // moves before it
  Role role = Role::kDefender;  // whose side it is on: a stranger's is the defender's
  Hash256 position_hash;        // of the position before it
  ByteView body;                // at most kMaxMoveBytes; a view
  Signer by;                    // who signed it
  Signature signature{};        // over move_digest()

  [[nodiscard]] Mover mover() const { return by.stranger ? Mover::stranger() : Mover(role); }
};

// turn u32, role u8, position hash 32, body (length-prefixed), signer, signature 64.
template <class Sink>
void write_signed_move(codec::BasicWriter<Sink>& w, const SignedMove& move) {
  w.u32(move.turn);
  w.u8(static_cast<std::uint8_t>(move.role));
  w.hash(move.position_hash);
  w.bytes(move.body);
  write_signer(w, move.by);
  w.raw(move.signature);
}
[[nodiscard]] SignedMove read_signed_move(codec::Reader& reader);

// All that can be said of a move without its position, of which `turn` is the number: a game's
// record refuses by it what its parties did not sign for this turn, before it replays anything.
[[nodiscard]] MoveVerdict check_signed(Sha256Function sha256, VerifyFunction verify,
                                       const GameTerms& terms, std::uint32_t turn,
                                       const SignedMove& move);
// Of a move that check_signed() accepted. Unless it returns kAccepted, `position` is unchanged.
[[nodiscard]] MoveVerdict apply_checked(Sha256Function sha256, const GameTerms& terms,
                                        Position& position, const SignedMove& move);
// Both.
[[nodiscard]] MoveVerdict apply_signed(Sha256Function sha256, VerifyFunction verify,
                                       const GameTerms& terms, Position& position,
                                       const SignedMove& move);

}  // namespace assay::dispute
