// The one encoding of a claim in evidence. Freestanding.
#pragma once

#include "assay/dispute/claims.hpp"

namespace assay::dispute::internal {

template <class Sink>
void write_claim(codec::BasicWriter<Sink>& w, const Claim& claim, std::uint64_t entry) {
  w.u8(static_cast<std::uint8_t>(claim.kind));
  w.raw(claim.signature);
  if (claim.kind != ClaimKind::kTranscript) return;
  w.hash(claim.transcript_root);
  commit::write_path(w, claim.end_path);
  if (entry != 0) commit::write_path(w, claim.start_path);
}

inline void read_claim(codec::Reader& r, Claim& claim, std::uint64_t entry) {
  claim.kind = static_cast<ClaimKind>(r.u8());
  if (claim.kind != ClaimKind::kTranscript && claim.kind != ClaimKind::kAttestation) r.fail();
  const ByteView signature = r.take(claim.signature.size());
  if (!signature.empty()) std::memcpy(claim.signature.data(), signature.data(), signature.size());
  if (claim.kind != ClaimKind::kTranscript) return;
  claim.transcript_root = r.hash();
  claim.end_path = commit::read_path(r);
  if (entry != 0) claim.start_path = commit::read_path(r);
}

}  // namespace assay::dispute::internal
