// report_progress, abandon_claim, commit_transcript, reveal_transcript, report_divergence.
#include "assay/commit/transcript.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"
#include "internal/rules.hpp"

namespace assay::protocol::internal {

using V = TxVerdict;

// Whoever reports what was not done has no transcript that holds it.
bool opens_progress(const ClaimRecord& claim, const Hash256& transcript_root, const Hash256& salt,
                    const std::optional<ProgressProof>& proof) {
  if (claim.progress == Hash256{} || !proof) return (claim.progress == Hash256{}) == !proof;
  return progress_commitment(claim.id, claim.reported, proof->state_root, salt) == claim.progress &&
         commit::verify_entry(crypto::sha256_function(), transcript_root, claim.entries,
                              claim.reported - 1, proof->state_root, proof->path);
}

// A forced error flips a bit that does not make it finite.
bool halts(const LossOpening& opening, const Hash256& state_root) {
  Hash256 root;
  return is_not_finite(opening.loss_bits) &&
         state_root_with_loss(opening, opening.loss_bits, root) && root == state_root;
}

Checked<ReportProgress> Rules::check(const Reading& r, const Sender& s, const ReportProgress& p) {
  if (p.commitment == Hash256{}) return V::kZeroCommitment;
  std::optional<ClaimRecord> claim = r.state.claim(p.claim);
  if (!claim) return V::kUnknownClaim;
  if (claim->solver != s.id) return V::kNotSolver;
  if (claim->status != ClaimStatus::kTraining || claim->cancelled) return V::kWrongPhase;
  TaskRecord task = r.state.need_task(claim->task);
  const std::uint64_t ahead = p.entries - claim->reported;
  if (p.entries <= claim->reported || p.entries > entries_max(task, *claim) ||
      ahead > task.terms.progress_entries)
    return V::kProgressOutOfRange;
  return holds(p, s, {{std::move(*claim), std::move(task)}});
}
void transition(Context& c, Proof<ReportProgress>&& t) {
  ClaimRecord& claim = t.found.claim;
  claim.reported = t.payload.entries;
  claim.progress = t.payload.commitment;
  c.state.put(claim);
  c.emit(ProgressReported{claim.id, claim.reported});
}

Checked<AbandonClaim> Rules::check(const Reading& r, const Sender& s, const AbandonClaim& p) {
  std::optional<ClaimRecord> claim = r.state.claim(p.claim);
  if (!claim) return V::kUnknownClaim;
  if (claim->solver != s.id) return V::kNotSolver;
  if (claim->status != ClaimStatus::kTraining) return V::kWrongPhase;
  TaskRecord task = r.state.need_task(claim->task);
  return holds(p, s, {{std::move(*claim), std::move(task)}});
}
// What was begun may be delivered where the task pays for it; of a claim that ends early already
// nothing is.
void transition(Context& c, Proof<AbandonClaim>&& t) {
  auto& [claim, task] = static_cast<OfClaim&>(t.found);
  if (!claim.cancelled && claim.reported > 1 && task.terms.pays_partial) {
    claim.abandoned = true;
    return end_early(c, task, claim);
  }
  claim.abandoned |= !claim.cancelled;
  c.state.put(claim);
  end_undelivered(c, claim);
}

Checked<CommitTranscript> Rules::check(const Reading& r, const Sender& s,
                                       const CommitTranscript& p) {
  if (p.commitment == Hash256{}) return V::kZeroCommitment;
  std::optional<ClaimRecord> claim = r.state.claim(p.claim);
  if (!claim) return V::kUnknownClaim;
  if (claim->solver != s.id) return V::kNotSolver;
  if (claim->status != ClaimStatus::kTraining) return V::kWrongPhase;
  TaskRecord task = r.state.need_task(claim->task);
  if ((p.entries < entries_min(task, *claim) || p.entries > entries_max(task, *claim)) &&
      !may_halt(task, *claim, p.entries))
    return V::kWrongEntryCount;
  return holds(p, s, {{std::move(*claim), std::move(task)}});
}
void transition(Context& c, Proof<CommitTranscript>&& t) {
  auto& [claim, task] = static_cast<OfClaim&>(t.found);
  claim.commitment = t.payload.commitment;
  claim.entries = t.payload.entries;
  c.emit(TranscriptCommitted{claim.id, claim.commitment, claim.entries});
  // Due at once, but deadlines run at the start of a block: it takes the next block's beacon.
  if (task.terms.force_rate != 0 && c.state.shares())
    await_beacon(c, {Awaits::kForce, claim.id});
  else if (task.terms.force_rate != 0)
    c.state.add_deadline({c.now, DeadlineKind::kForceBeacon, claim.id.value});
  if (claim.enlisted == task.terms.seats)
    end_enlisting(c, claim);
  else
    c.advance(claim, ClaimStatus::kEnlisting, task.terms.windows.enlist_ms);
  end_waiting(c, task.id);
}

Checked<RevealTranscript> Rules::check(const Reading& r, const Sender& s,
                                       const RevealTranscript& p) {
  std::optional<ClaimRecord> claim = r.state.claim(p.claim);
  if (!claim) return V::kUnknownClaim;
  if (claim->solver != s.id) return V::kNotSolver;
  if (claim->status != ClaimStatus::kRevealing) return V::kWrongPhase;
  // Where errors are forced, whether this transcript is the committed one shows at the disclosure.
  TaskRecord task = r.state.need_task(claim->task);
  const bool forces = task.terms.force_rate != 0;
  if (forces && claim->force_beacon == Hash256{}) return V::kSameBlock;
  if (forces ? p.salt != Hash256{}
             : transcript_commitment(claim->id, p.transcript_root, p.salt) != claim->commitment)
    return V::kWrongCommitment;
  // The count is the claim's, not the sender's: a run of fewer steps has no last entry to open.
  const std::uint64_t count = claim->entries;
  if (!commit::verify_entry(crypto::sha256_function(), p.transcript_root, count, count - 1,
                            p.final_state_root, p.final_path))
    return V::kWrongOpening;
  // A forced error may be at the reported entry: then what was reported shows at the disclosure.
  if (forces ? p.progress.has_value()
             : !opens_progress(*claim, p.transcript_root, p.salt, p.progress))
    return V::kWrongProgress;
  if (p.loss.has_value() != has_halted(task, *claim) ||
      (p.loss && !halts(*p.loss, p.final_state_root)))
    return V::kWrongLoss;
  const Hash256 digest = dispute::claim_digest(crypto::sha256_function(), r.chain, task.id,
                                               header_of(task, *claim), p.transcript_root);
  if (!crypto::ed25519_verify(s.id.value, digest.view(), p.signature.data()))
    return V::kWrongClaimSignature;
  return holds(p, s, {{std::move(*claim), std::move(task)}});
}
void transition(Context& c, Proof<RevealTranscript>&& t) {
  const RevealTranscript& p = t.payload;
  ClaimRecord& claim = t.found.claim;
  claim.transcript_root = p.transcript_root;
  claim.salt = p.salt;
  claim.final_state_root = p.final_state_root;
  claim.signature = p.signature;
  c.emit(TranscriptRevealed{claim.id, p.transcript_root, p.final_state_root});
  start_drawing(c, claim);
}

// Whatever transcript stands, posted or disclosed: they differ in no loss's being finite.
Checked<ReportDivergence> Rules::check(const Reading& r, const Sender& s,
                                       const ReportDivergence& p) {
  std::optional<ClaimRecord> claim = r.state.claim(p.claim);
  if (!claim) return V::kUnknownClaim;
  if (claim->status < ClaimStatus::kDrawing || is_settled(claim->status)) return V::kWrongPhase;
  TaskRecord task = r.state.need_task(claim->task);
  const std::uint64_t last =
      claim->diverged_entry != 0 ? claim->diverged_entry : claim->entries - 1;
  if (p.entry == 0 || p.entry >= last || !is_kept(task, *claim, p.entry))
    return V::kEntryOutOfRange;
  if (!commit::verify_entry(crypto::sha256_function(), claim->transcript_root, claim->entries,
                            p.entry, p.proof.state_root, p.proof.entry_path))
    return V::kWrongOpening;
  if (!halts(p.proof.loss, p.proof.state_root)) return V::kWrongLoss;
  return holds(p, s, {{std::move(*claim), std::move(task)}});
}
void transition(Context& c, Proof<ReportDivergence>&& t) {
  ClaimRecord& claim = t.found.claim;
  claim.diverged_entry = t.payload.entry;
  c.state.put(claim);
  c.emit(DivergenceReported{claim.id, claim.diverged_entry});
}

}  // namespace assay::protocol::internal
