// post_task, cancel_task, accept_task, commit_transcript, reveal_transcript.
#include "assay/commit/transcript.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

using ledger::LedgerVerdict;

namespace {

bool windows_in_range(const Windows& w, bool forces) {
  for (const std::uint64_t ms :
       {w.accept_ms, w.train_ms, w.enlist_ms, w.reveal_ms, w.seal_ms, w.open_ms, w.challenge_ms,
        w.challenge_reveal_ms, w.stand_up_ms, w.move_ms, w.replay_ms})
    if (ms < 1 || ms > kMaxWindowMs) return false;
  return forces ? w.disclose_ms >= 1 && w.disclose_ms <= kMaxWindowMs : w.disclose_ms == 0;
}

std::uint64_t escrowed(const PostTask& p) {
  return p.price.value + p.verification_fee.value + p.tax.value;
}

void end_open_task(Context& c, TaskRecord& task, TaskStatus status) {
  if (c.void_pending(escrow_pending(task.id)) != LedgerVerdict::kOk)
    c.state.overlay().fail({ErrorCode::kIntegrity, "a task's escrow is missing"});
  task.status = status;
  c.state.put(task);
  c.state.set_live(task.id, false);
  c.emit(TaskEnded{task.id, status});
}

}  // namespace

Outcome execute(Context& c, const Sender& s, const PostTask& p) {
  if (!commit::is_valid(p.header)) return TxVerdict::kInvalidTaskHeader;
  if (!windows_in_range(p.windows, p.force_rate != 0)) return TxVerdict::kWindowOutOfRange;
  const economics::TaskTerms terms = terms_of(p);
  if (const auto verdict = economics::check_terms(terms);
      verdict != economics::TermsVerdict::kHolds)
    return {TxVerdict::kTermsRefused, static_cast<std::uint8_t>(verdict)};
  if (p.reserved_solver == s.id) return TxVerdict::kSelfDealing;

  TaskRecord task;
  task.id = task_id_of(c.chain, s.id, s.client_id);
  const ledger::Transfer pay{user_account(s.id), escrow_account(task.id), Amount{escrowed(p)}};
  if (c.reserve(escrow_pending(task.id), pay) != LedgerVerdict::kOk)
    return TxVerdict::kInsufficientFunds;
  task.submitter = s.id;
  task.terms = p;
  task.deters_harm = economics::deters_harm(terms);
  task.accept_deadline = c.after(p.windows.accept_ms);
  c.state.put(task);
  c.state.set_live(task.id, true);
  c.state.add_part(s.id, task.id);
  c.state.add_deadline({task.accept_deadline, DeadlineKind::kTaskAccept, task.id.value});
  c.emit(TaskPosted{task.id, s.id});
  return {};
}

Outcome execute(Context& c, const Sender& s, const CancelTask& p) {
  std::optional<TaskRecord> task = c.state.task(p.task);
  if (!task) return TxVerdict::kUnknownTask;
  if (task->submitter != s.id) return TxVerdict::kNotSubmitter;
  if (task->status != TaskStatus::kOpen) return TxVerdict::kWrongPhase;
  c.state.remove_deadline({task->accept_deadline, DeadlineKind::kTaskAccept, task->id.value});
  end_open_task(c, *task, TaskStatus::kCancelled);
  return {};
}

void expire_task(Context& c, const TaskId& id) {
  TaskRecord task = c.state.need_task(id);
  end_open_task(c, task, TaskStatus::kUnclaimed);
}

Outcome execute(Context& c, const Sender& s, const AcceptTask& p) {
  if (p.r_commitment == Hash256{}) return TxVerdict::kZeroCommitment;
  std::optional<TaskRecord> task = c.state.task(p.task);
  if (!task) return TxVerdict::kUnknownTask;
  const PostTask& terms = task->terms;
  if (terms.reserved_solver && *terms.reserved_solver != s.id)
    return TxVerdict::kReservedForAnother;
  if (task->submitter == s.id) return TxVerdict::kSelfDealing;
  if (task->status != TaskStatus::kOpen) return TxVerdict::kWrongPhase;
  if (p.replay_ms < 1 || p.replay_ms > terms.windows.replay_ms) return TxVerdict::kQuoteTooSlow;

  ClaimRecord claim;
  claim.id = claim_id_of(task->id, s.id);
  if (terms.solver_stake.value != 0 && c.transfer(stake_account(s.id), lock_account(claim.id, s.id),
                                                  terms.solver_stake) != LedgerVerdict::kOk)
    return TxVerdict::kInsufficientStake;
  if (c.post(escrow_pending(task->id), Amount{escrowed(terms)}) != LedgerVerdict::kOk)
    c.state.overlay().fail({ErrorCode::kIntegrity, "a task's escrow is missing"});
  c.state.remove_deadline({task->accept_deadline, DeadlineKind::kTaskAccept, task->id.value});
  task->status = TaskStatus::kClaimed;
  task->claim = claim.id;
  c.state.put(*task);
  claim.task = task->id;
  claim.solver = s.id;
  claim.replay_ms = p.replay_ms;
  claim.r_commitment = p.r_commitment;
  c.state.add_part(s.id, task->id);
  c.emit(TaskAccepted{task->id, claim.id, s.id});
  c.advance(claim, ClaimStatus::kTraining, terms.windows.train_ms);
  return {};
}

Outcome execute(Context& c, const Sender& s, const CommitTranscript& p) {
  if (p.commitment == Hash256{}) return TxVerdict::kZeroCommitment;
  std::optional<ClaimRecord> claim = c.state.claim(p.claim);
  if (!claim) return TxVerdict::kUnknownClaim;
  if (claim->solver != s.id) return TxVerdict::kNotSolver;
  if (claim->status != ClaimStatus::kTraining) return TxVerdict::kWrongPhase;
  const TaskRecord task = c.state.need_task(claim->task);
  claim->commitment = p.commitment;
  c.emit(TranscriptCommitted{claim->id, p.commitment});
  // Due at once, but deadlines run at the start of a block: it takes the next block's beacon.
  if (task.terms.force_rate != 0)
    c.state.add_deadline({c.now, DeadlineKind::kForceBeacon, claim->id.value});
  if (claim->enlisted == task.terms.seats)
    end_enlisting(c, *claim);
  else
    c.advance(*claim, ClaimStatus::kEnlisting, task.terms.windows.enlist_ms);
  return {};
}

Outcome execute(Context& c, const Sender& s, const RevealTranscript& p) {
  std::optional<ClaimRecord> claim = c.state.claim(p.claim);
  if (!claim) return TxVerdict::kUnknownClaim;
  if (claim->solver != s.id) return TxVerdict::kNotSolver;
  if (claim->status != ClaimStatus::kRevealing) return TxVerdict::kWrongPhase;
  // Where errors are forced, whether this transcript is the committed one shows at the disclosure.
  const bool forces = c.state.need_task(claim->task).terms.force_rate != 0;
  if (forces && claim->force_beacon == Hash256{}) return TxVerdict::kSameBlock;
  if (forces ? p.salt != Hash256{}
             : transcript_commitment(claim->id, p.transcript_root, p.salt) != claim->commitment)
    return TxVerdict::kWrongCommitment;
  // The count is the task's, not the sender's: a run of fewer steps has no last entry to open.
  const commit::TaskHeader header = c.state.need_task(claim->task).terms.header;
  const std::uint64_t count = commit::transcript_entries(header);
  if (!commit::verify_entry(crypto::sha256_function(), p.transcript_root, count, count - 1,
                            p.final_state_root, p.final_path))
    return TxVerdict::kWrongOpening;
  const Hash256 digest = dispute::claim_digest(crypto::sha256_function(), c.chain, claim->task,
                                               header, p.transcript_root);
  if (!crypto::ed25519_verify(s.id.value, digest.view(), p.signature.data()))
    return TxVerdict::kWrongClaimSignature;

  claim->transcript_root = p.transcript_root;
  claim->salt = p.salt;
  claim->final_state_root = p.final_state_root;
  claim->signature = p.signature;
  c.emit(TranscriptRevealed{claim->id, p.transcript_root, p.final_state_root});
  // Due at once, but deadlines run at the start of a block: the draw takes the next block's beacon.
  c.advance(*claim, ClaimStatus::kDrawing, 0);
  return {};
}

}  // namespace assay::protocol::internal
