// What binds a defender to the interval that a game is about: a signed transcript, or an
// attestation of one interval (docs/spec/dispute.md). Freestanding.
#pragma once

#include "assay/commit/path_record.hpp"
#include "assay/dispute/signed_move.hpp"

namespace assay::dispute {

// What a solver signs: H("assay/claim/1" || chain || task id || task root || transcript root ||
// entry count u64). `transcript_root` is the headed root over transcript_entries(task) state roots.
[[nodiscard]] Hash256 claim_digest(Sha256Function sha256, const ChainId& chain,
                                   const TaskId& task_id, const commit::TaskHeader& task,
                                   const Hash256& transcript_root);

// What an attestor signs: H("assay/attestation/1" || chain || task id || task root || entry u64 ||
// start root || end root): the interval that ends at `entry` leads from start to end. Entry 0
// starts at zero.
[[nodiscard]] Hash256 attestation_digest(Sha256Function sha256, const ChainId& chain,
                                         const TaskId& task_id, const commit::TaskHeader& task,
                                         std::uint64_t entry, const Hash256& start_root,
                                         const Hash256& end_root);

enum class ClaimKind : std::uint8_t { kTranscript = 1, kAttestation = 2 };

// kind u8, signature 64; a transcript also: root 32, the end entry's path, and the
// start entry's path unless the entry is 0 (u8 count, hashes).
struct Claim {
  ClaimKind kind = ClaimKind::kTranscript;
  Signature signature{};    // by the defender
  Hash256 transcript_root;  // kTranscript only, as the paths
  commit::Path end_path;
  commit::Path start_path;
};

enum class ClaimVerdict : std::uint8_t {
  kBinding = 0,
  kWrongOpening,  // the transcript does not have these roots at these entries
  kWrongSignature,
};
// Whether the claim binds terms.defender to the terms' start and end roots. Requires
// is_valid(terms).
[[nodiscard]] ClaimVerdict check_claim(Sha256Function sha256, VerifyFunction verify,
                                       const GameTerms& terms, const Claim& claim);

}  // namespace assay::dispute
