#include "assay/dispute/evidence_file.hpp"

#include "assay/core/contract.hpp"
#include "internal/claim_record.hpp"
#include "internal/record.hpp"

namespace assay::dispute {

Bytes write_evidence(const Evidence& evidence) {
  ASSAY_EXPECTS(evidence.moves.size() <= kMaxTurns);
  return codec::encode([&](codec::Writer& w) {
    w.raw(as_bytes(kEvidenceMagic));
    w.u16(kEvidenceVersion);
    internal::write_terms(w, evidence.terms);
    internal::write_claim(w, evidence.claim, evidence.terms.entry);
    w.u32(static_cast<std::uint32_t>(evidence.moves.size()));
    for (const RecordedMove& move : evidence.moves) {
      ASSAY_EXPECTS(move.body.size() <= kMaxMoveBytes);
      write_signed_move(w, move.view());
    }
  });
}

}  // namespace assay::dispute
