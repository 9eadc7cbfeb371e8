#include "assay/dispute/evidence.hpp"

#include "internal/claim_record.hpp"
#include "internal/record.hpp"

namespace assay::dispute {

namespace {

[[nodiscard]] bool is_magic(ByteView bytes) noexcept {
  return bytes.size() == sizeof kEvidenceMagic - 1 &&
         std::memcmp(bytes.data(), kEvidenceMagic, sizeof kEvidenceMagic - 1) == 0;
}

// The bytes of the moves are walked twice: first for their form, so that a malformed file is told
// from one with an invalid move whatever stands before.
[[nodiscard]] bool are_moves(codec::Reader reader, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i)
    static_cast<void>(read_signed_move(reader));
  return reader.finish();
}

void note_signer(EvidenceReport& report, const SignedMove& move) {
  if (move.by.delegate)
    (move.role == Role::kDefender ? report.defender_delegate : report.challenger_delegate) =
        move.by.delegate->delegate;
  report.has_strangers = report.has_strangers || move.by.stranger.has_value();
}

void conclude(EvidenceReport& report) {
  if (report.position.stage != Stage::kFinished) {
    report.verdict = EvidenceVerdict::kUnfinished;
    return;
  }
  report.verdict = EvidenceVerdict::kProven;
  report.has_convicted = report.position.outcome != Outcome::kVoid;
  if (!report.has_convicted) return;
  report.convicted = report.position.outcome == Outcome::kChallengerWins ? report.terms.defender
                                                                         : report.terms.challenger;
}

}  // namespace

const char* to_string(EvidenceVerdict verdict) noexcept {
  switch (verdict) {
    case EvidenceVerdict::kProven: return "proven";
    case EvidenceVerdict::kTooLong: return "too long";
    case EvidenceVerdict::kMalformed: return "malformed";
    case EvidenceVerdict::kUnknownVersion: return "unknown version";
    case EvidenceVerdict::kInvalidTerms: return "invalid terms";
    case EvidenceVerdict::kClaimNotOpened: return "claim not opened";
    case EvidenceVerdict::kClaimNotSigned: return "claim not signed";
    case EvidenceVerdict::kInvalidMove: return "invalid move";
    case EvidenceVerdict::kUnfinished: return "unfinished";
  }
  return "?";
}

EvidenceReport judge_evidence(Sha256Function sha256, VerifyFunction verify, ByteView file) {
  EvidenceReport report;
  const auto reject = [&report](EvidenceVerdict verdict) {
    report.verdict = verdict;
    return report;
  };
  if (file.size() > kMaxEvidenceBytes) return reject(EvidenceVerdict::kTooLong);
  codec::Reader reader(file);
  if (!is_magic(reader.take(sizeof kEvidenceMagic - 1))) return reject(EvidenceVerdict::kMalformed);
  const std::uint16_t version = reader.u16();
  if (reader.ok() && version != kEvidenceVersion) return reject(EvidenceVerdict::kUnknownVersion);
  const GameTerms terms = internal::read_terms(reader);
  Claim claim;
  internal::read_claim(reader, claim, terms.entry);
  const std::uint32_t count = reader.u32();
  if (!reader.ok() || count > kMaxTurns || !are_moves(reader, count))
    return reject(EvidenceVerdict::kMalformed);
  report.terms = terms;
  report.claim_kind = claim.kind;
  report.moves_at = reader.position();
  if (!is_valid(terms)) return reject(EvidenceVerdict::kInvalidTerms);
  switch (check_claim(sha256, verify, terms, claim)) {
    case ClaimVerdict::kBinding: break;
    case ClaimVerdict::kWrongOpening: return reject(EvidenceVerdict::kClaimNotOpened);
    case ClaimVerdict::kWrongSignature: return reject(EvidenceVerdict::kClaimNotSigned);
  }
  report.position = start(terms);
  for (; report.move < count; ++report.move) {
    const SignedMove move = read_signed_move(reader);
    report.move_verdict = apply_signed(sha256, verify, terms, report.position, move);
    if (report.move_verdict != MoveVerdict::kAccepted) return reject(EvidenceVerdict::kInvalidMove);
    note_signer(report, move);
  }
  conclude(report);
  return report;
}

}  // namespace assay::dispute
