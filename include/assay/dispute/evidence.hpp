// Evidence: a file that anybody can check alone, offline. It proves that whoever signed a claim
// contradicted the profile at one place, or that a challenge was unfounded (docs/spec/dispute.md).
// Freestanding: it builds as wasm32 and judges there. Thread-safe, no allocation.
#pragma once

#include "assay/dispute/claims.hpp"

namespace assay::dispute {

inline constexpr char kEvidenceMagic[] = "assayevd";  // 8 bytes, no terminator
inline constexpr std::uint16_t kEvidenceVersion = 2;
inline constexpr std::size_t kMaxEvidenceBytes = 8192 + kMaxTurns * (kMaxMoveBytes + 256);

// Dense, in order of precedence.
enum class EvidenceVerdict : std::uint8_t {
  kProven = 0,  // the game is finished by a verdict: see `position.outcome` and `convicted`
  kTooLong,
  kMalformed,  // bytes that are no evidence file
  kUnknownVersion,
  kInvalidTerms,    // no such entry, an impossible task
  kClaimNotOpened,  // the claim's openings do not lead to its transcript root
  kClaimNotSigned,  // not by the defender over these roots
  kInvalidMove,     // see `move` and `move_verdict`
  kUnfinished,      // the moves stop before a verdict (a clock is not evidence): proves nothing
};
[[nodiscard]] const char* to_string(EvidenceVerdict verdict) noexcept;

struct EvidenceReport {
  EvidenceVerdict verdict = EvidenceVerdict::kMalformed;
  MoveVerdict move_verdict = MoveVerdict::kAccepted;
  std::uint32_t move = 0;      // moves that were accepted; the index of the one that was not
  bool has_convicted = false;  // proven, and not void
  AccountId convicted;         // the defender of a false claim, or the challenger of a true one
  ClaimKind claim_kind = ClaimKind::kTranscript;  // what the defender signed
  // Of the accepted moves: signed for these sides by a delegate, and by whom.
  std::optional<AccountId> defender_delegate;  // the last such one
  std::optional<AccountId> challenger_delegate;
  bool has_strangers = false;  // some were openings of neither side's
  GameTerms terms;
  Position position;         // the last one reached
  std::size_t moves_at = 0;  // where the first signed move begins, once the form is right
};

// File: magic, version u16, terms, claim, count u32 of moves (at most kMaxTurns), signed moves.
// Total: any bytes.
[[nodiscard]] EvidenceReport judge_evidence(Sha256Function sha256, VerifyFunction verify,
                                            ByteView file);

}  // namespace assay::dispute
