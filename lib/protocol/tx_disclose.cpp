// disclose: what the solver committed to before the beacon said whether an error is due.
#include "assay/commit/merkle.hpp"
#include "assay/commit/roots.hpp"
#include "assay/commit/transcript.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"
#include "internal/rules.hpp"

namespace assay::protocol {

bool state_root_with_loss(const LossOpening& opening, std::uint32_t loss_bits, Hash256& root) {
  const Sha256Function sha256 = crypto::sha256_function();
  const Hash256 tensor = commit::scalar_tensor_root(sha256, DType::kF32, loss_bits);
  const Bytes leaf = codec::encode([&](codec::Writer& w) {
    commit::write_named_leaf(w, {as_bytes(kLossSlot), tensor});
  });
  Hash256 list_root;
  if (!commit::root_of_path(sha256, commit::leaf_hash(sha256, leaf), opening.slot, opening.slots,
                            opening.slot_path.hashes.data(), opening.slot_path.length, list_root))
    return false;
  root = commit::counted_root(sha256, commit::Tag::kState, opening.slots, list_root);
  return true;
}

namespace internal {

namespace {

// Both transcripts differ in the forced entry alone, both states in the lowest bit of the loss.
bool proves(const LossProof& proof, std::uint64_t entry, std::uint64_t entries,
            const Hash256& true_root, const Hash256& posted_root) {
  Hash256 true_state, posted_state;
  return state_root_with_loss(proof.loss, proof.loss.loss_bits, true_state) &&
         true_state == proof.state_root &&
         state_root_with_loss(proof.loss, proof.loss.loss_bits ^ 1, posted_state) &&
         commit::verify_entry(crypto::sha256_function(), true_root, entries, entry, true_state,
                              proof.entry_path) &&
         commit::verify_entry(crypto::sha256_function(), posted_root, entries, entry, posted_state,
                              proof.entry_path);
}

}  // namespace

using V = TxVerdict;

Checked<Disclose> Rules::check(const Reading& r, const Sender& s, const Disclose& p) {
  std::optional<ClaimRecord> claim = r.state.claim(p.claim);
  if (!claim) return V::kUnknownClaim;
  if (claim->solver != s.id) return V::kNotSolver;
  if (claim->status != ClaimStatus::kDisclosing) return V::kWrongPhase;
  if (crypto::sha256(p.r.view()) != claim->r_commitment ||
      transcript_commitment(claim->id, p.transcript_root, p.salt) != claim->commitment)
    return V::kWrongCommitment;
  if (!opens_progress(*claim, p.transcript_root, p.salt, p.progress)) return V::kWrongProgress;
  TaskRecord task = r.state.need_task(claim->task);
  const Hash256 digest = dispute::claim_digest(crypto::sha256_function(), r.chain, task.id,
                                               header_of(task, *claim), p.transcript_root);
  if (!crypto::ed25519_verify(s.id.value, digest.view(), p.signature.data()))
    return V::kWrongClaimSignature;
  const economics::Force force = economics::draw_force(
      crypto::sha256_function(),
      {p.r, claim->force_beacon, claim->id, claim->entries, task.terms.force_rate});
  if (p.forced.has_value() != force.is_due) return V::kWrongDisclosure;
  if (force.is_due ? !proves(*p.forced, force.entry, claim->entries, p.transcript_root,
                             claim->transcript_root)
                   : p.transcript_root != claim->transcript_root)
    return V::kWrongDisclosure;
  return holds(p, s, {{std::move(*claim), std::move(task)}, force});
}

void transition(Context& c, Proof<Disclose>&& t) {
  const Disclose& p = t.payload;
  ClaimRecord& claim = t.found.claim;
  const economics::Force& force = t.found.force;
  claim.salt = p.salt;
  claim.posted_root = claim.transcript_root;
  claim.transcript_root = p.transcript_root;
  claim.signature = p.signature;
  if (force.is_due) {
    claim.forced_entry = force.entry;
    claim.forced_state_root = p.forced->state_root;
    if (force.entry == claim.entries - 1) claim.final_state_root = p.forced->state_root;
  }
  c.emit(TranscriptDisclosed{claim.id, claim.forced_entry, claim.transcript_root});
  open_challenges(c, claim);
}

}  // namespace internal

}  // namespace assay::protocol
