#include "assay/dispute/signed_move.hpp"

#include "assay/dispute/moves.hpp"

namespace assay::dispute {

SignedMove read_signed_move(codec::Reader& reader) {
  SignedMove move;
  move.turn = reader.u32();
  move.role = static_cast<Role>(reader.u8());
  if (move.role != Role::kDefender && move.role != Role::kChallenger) reader.fail();
  move.position_hash = reader.hash();
  move.body = reader.bytes(kMaxMoveBytes);
  const ByteView signature = reader.take(move.signature.size());
  if (!signature.empty()) std::memcpy(move.signature.data(), signature.data(), signature.size());
  return move;
}

MoveVerdict apply_signed(Sha256Function sha256, VerifyFunction verify, const GameTerms& terms,
                         Position& position, const SignedMove& move) {
  if (position.stage == Stage::kFinished) return MoveVerdict::kGameFinished;
  if (move.body.size() > kMaxMoveBytes) return MoveVerdict::kTooLong;
  Move parsed;
  if (!read_move(move.body, parsed)) return MoveVerdict::kMalformed;
  if (move.role != Role::kDefender && move.role != Role::kChallenger)
    return MoveVerdict::kMalformed;
  if (move.turn != position.turn) return MoveVerdict::kWrongTurnNumber;
  if (move.position_hash != position_hash(sha256, terms, position))
    return MoveVerdict::kWrongPosition;
  const AccountId& signer = move.role == Role::kDefender ? terms.defender : terms.challenger;
  const Hash256 digest = move_digest(sha256, terms, position, move.body);
  if (!verify(signer.value, digest.view(), move.signature.data()))
    return MoveVerdict::kWrongSignature;
  return apply(sha256, terms, position, move.role, move.body);
}

}  // namespace assay::dispute
