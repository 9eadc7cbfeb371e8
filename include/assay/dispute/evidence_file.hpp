// Writing evidence files (dispute/evidence.hpp judges them). Hosted.
#pragma once

#include <vector>

#include "assay/codec/buffer.hpp"
#include "assay/dispute/evidence.hpp"

namespace assay::dispute {

// A move that owns its body.
struct RecordedMove {
  std::uint32_t turn = 0;
  Role role = Role::kDefender;
  Hash256 position_hash;
  Bytes body;
  Signer by;
  Signature signature{};

  // Valid while this lives.
  [[nodiscard]] SignedMove view() const { return {turn, role, position_hash, body, by, signature}; }
};

struct Evidence {
  GameTerms terms;
  Claim claim;
  std::vector<RecordedMove> moves;  // in order, from turn 0
};

// Requires at most kMaxTurns moves of at most kMaxMoveBytes each.
[[nodiscard]] Bytes write_evidence(const Evidence& evidence);

// Fills in turn and position hash; `sign` gets the 32-byte digest, and signs as `by`.
template <class Sign>
[[nodiscard]] RecordedMove record_move(Sha256Function sha256, const GameTerms& terms,
                                       const Position& position, Role role, Bytes body, Sign&& sign,
                                       const Signer& by = {}) {
  RecordedMove move;
  move.turn = position.turn;
  move.role = role;
  move.position_hash = position_hash(sha256, terms, position);
  move.by = by;
  move.signature = sign(move_digest(sha256, terms, move.turn, move.position_hash, body, by));
  move.body = std::move(body);
  return move;
}

}  // namespace assay::dispute
