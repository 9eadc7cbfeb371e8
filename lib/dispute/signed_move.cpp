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
  move.by = read_signer(reader);
  const ByteView signature = reader.take(move.signature.size());
  if (!signature.empty()) std::memcpy(move.signature.data(), signature.data(), signature.size());
  return move;
}

MoveVerdict check_signed(Sha256Function sha256, VerifyFunction verify, const GameTerms& terms,
                         std::uint32_t turn, const SignedMove& move) {
  if (move.body.size() > kMaxMoveBytes) return MoveVerdict::kTooLong;
  Move parsed;
  if (!read_move(move.body, parsed)) return MoveVerdict::kMalformed;
  if (move.role != Role::kDefender && move.role != Role::kChallenger)
    return MoveVerdict::kMalformed;
  if (move.by.stranger && (move.by.delegate || move.role != Role::kDefender))
    return MoveVerdict::kMalformed;
  if (move.turn != turn) return MoveVerdict::kWrongTurnNumber;
  const AccountId& party = move.role == Role::kDefender ? terms.defender : terms.challenger;
  if (move.by.delegate &&
      !is_certified(sha256, verify, terms.chain, terms.task_id, party, *move.by.delegate))
    return MoveVerdict::kWrongCertificate;
  const AccountId& signer = move.by.delegate   ? move.by.delegate->delegate
                            : move.by.stranger ? *move.by.stranger
                                               : party;
  const Hash256 digest =
      move_digest(sha256, terms, move.turn, move.position_hash, move.body, move.by);
  return verify(signer.value, digest.view(), move.signature.data()) ? MoveVerdict::kAccepted
                                                                    : MoveVerdict::kWrongSignature;
}

MoveVerdict apply_checked(Sha256Function sha256, const GameTerms& terms, Position& position,
                          const SignedMove& move) {
  if (move.position_hash != position_hash(sha256, terms, position))
    return MoveVerdict::kWrongPosition;
  return apply(sha256, terms, position, move.mover(), move.body);
}

MoveVerdict apply_signed(Sha256Function sha256, VerifyFunction verify, const GameTerms& terms,
                         Position& position, const SignedMove& move) {
  if (position.stage == Stage::kFinished) return MoveVerdict::kGameFinished;
  const MoveVerdict verdict = check_signed(sha256, verify, terms, position.turn, move);
  if (verdict != MoveVerdict::kAccepted) return verdict;
  return apply_checked(sha256, terms, position, move);
}

}  // namespace assay::dispute
