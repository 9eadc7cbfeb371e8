#include "assay/dispute/claims.hpp"

namespace assay::dispute {

namespace {

template <std::size_t size>
[[nodiscard]] ByteView domain(const char (&text)[size]) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text), size - 1};
}

[[nodiscard]] bool is_entry(Sha256Function sha256, const Hash256& transcript_root,
                            std::uint64_t count, std::uint64_t entry, const Hash256& state_root,
                            const commit::Path& path) {
  Hash256 list_root;
  return commit::root_of_path(sha256, commit::leaf_hash(sha256, state_root.view()), entry, count,
                              path.hashes.data(), path.length, list_root) &&
         commit::counted_root(sha256, commit::Tag::kTranscript, count, list_root) ==
             transcript_root;
}

}  // namespace

Hash256 claim_digest(Sha256Function sha256, const ChainId& chain, const TaskId& task_id,
                     const commit::TaskHeader& task, const Hash256& transcript_root) {
  const Hash256 task_root = commit::task_root(sha256, task);
  std::uint8_t count[8];
  store_le(count, commit::transcript_entries(task));
  return sha256_of(sha256, {domain("assay/claim/1"), chain.value.view(), task_id.value.view(),
                            task_root.view(), transcript_root.view(), ByteView{count}});
}

Hash256 attestation_digest(Sha256Function sha256, const ChainId& chain, const TaskId& task_id,
                           const commit::TaskHeader& task, std::uint64_t entry,
                           const Hash256& start_root, const Hash256& end_root) {
  const Hash256 task_root = commit::task_root(sha256, task);
  std::uint8_t index[8];
  store_le(index, entry);
  return sha256_of(sha256, {domain("assay/attestation/1"), chain.value.view(), task_id.value.view(),
                            task_root.view(), ByteView{index}, start_root.view(), end_root.view()});
}

ClaimVerdict check_claim(Sha256Function sha256, VerifyFunction verify, const GameTerms& terms,
                         const Claim& claim) {
  Hash256 digest;
  if (claim.kind == ClaimKind::kTranscript) {
    const std::uint64_t count = commit::transcript_entries(terms.task);
    if (!is_entry(sha256, claim.transcript_root, count, terms.entry, terms.end_root,
                  claim.end_path))
      return ClaimVerdict::kWrongOpening;
    if (terms.entry != 0 && !is_entry(sha256, claim.transcript_root, count, terms.entry - 1,
                                      terms.start_root, claim.start_path))
      return ClaimVerdict::kWrongOpening;
    digest = claim_digest(sha256, terms.chain, terms.task_id, terms.task, claim.transcript_root);
  } else {
    digest = attestation_digest(sha256, terms.chain, terms.task_id, terms.task, terms.entry,
                                terms.start_root, terms.end_root);
  }
  return verify(terms.defender.value, digest.view(), claim.signature.data())
             ? ClaimVerdict::kBinding
             : ClaimVerdict::kWrongSignature;
}

}  // namespace assay::dispute
