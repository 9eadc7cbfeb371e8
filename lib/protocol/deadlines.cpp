// What the state machine does by itself when ledger time comes.
#include "assay/core/planted.hpp"
#include "assay/crypto/sha256.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

namespace {

const Windows& windows_of(Context& c, const ClaimRecord& claim, TaskRecord& task) {
  task = c.state.need_task(claim.task);
  return task.terms.windows;
}

// The draw, from the beacon of the block after the reveal.
void draw(Context& c, ClaimRecord& claim) {
  TaskRecord task;
  const Windows& windows = windows_of(c, claim, task);
  claim.beacon = c.beacon;
  economics::DrawTerms terms;
  terms.beacon = c.beacon;
  terms.claim = claim.id;
  terms.entries = claim.entries;
  terms.draws = draws_of(task, claim);
  terms.steps = header_of(task, claim).steps;
  terms.commit_interval = task.terms.header.commit_interval;
  for (VerifierRecord& verifier : c.state.verifiers(claim.id)) {
    terms.verifier = verifier.verifier;
    verifier.draws = economics::draw_intervals(crypto::sha256_function(), terms);
    c.state.put(verifier);
    for (std::uint32_t i = 0; i < terms.draws; ++i)
      c.emit(VerifierDrawn{claim.id, verifier.verifier, i, verifier.draws[i].entry,
                           verifier.draws[i].interior_step});
  }
  if (claim.enlisted == 0)
    end_opening(c, claim);
  else
    c.advance(claim, ClaimStatus::kSealing, windows.seal_ms);
}

void end_claim_status(Context& c, const ClaimId& id) {
  ClaimRecord claim = c.state.need_claim(id);
  switch (claim.status) {
    case ClaimStatus::kTraining:
      settle(c, id, ClaimStatus::kExpired,
             claim.cancelled ? CloseReason::kCancelledTraining : CloseReason::kNotCommitted);
      break;
    case ClaimStatus::kRevealing:
      settle(c, id, ClaimStatus::kExpired, CloseReason::kNotRevealed);
      break;
    case ClaimStatus::kEnlisting: end_enlisting(c, claim); break;
    case ClaimStatus::kDrawing: draw(c, claim); break;
    case ClaimStatus::kSealing: end_sealing(c, claim); break;
    case ClaimStatus::kOpening: end_opening(c, claim); break;
    case ClaimStatus::kDisclosing: fall_undisclosed(c, id); break;
    case ClaimStatus::kChallenging:
      c.advance(claim, ClaimStatus::kResolving, std::nullopt);
      maybe_settle(c, id);
      break;
    default: break;
  }
}

// The clock of the side on turn ran out.
void forfeit(Context& c, const GameId& id) {
  const GameRecord game = c.state.need_game(id);
  finish_game(c, id,
              game.on_turn == dispute::Role::kDefender ? GameStatus::kChallengerWon
                                                       : GameStatus::kDefenderWon,
              true);
}

void draw_force_beacon(Context& c, const ClaimId& id) {
  ClaimRecord claim = c.state.need_claim(id);
  claim.force_beacon = c.beacon;
  c.state.put(claim);
}

void end_unbonding(Context& c, const ledger::PendingId& id) {
  c.post(id, c.state.pending(id).value_or(ledger::Pending{}).amount.value);
}

void run_one(Context& c, const Deadline& d) {
  switch (d.kind) {
    case DeadlineKind::kTask: end_task_window(c, TaskId{d.id}); break;
    case DeadlineKind::kClaim: end_claim_status(c, ClaimId{d.id}); break;
    case DeadlineKind::kChallengeReveal: expire_challenge(c, ChallengeId{d.id}); break;
    case DeadlineKind::kStandUp: close_stand_up(c, ChallengeId{d.id}); break;
    case DeadlineKind::kTurn: forfeit(c, GameId{d.id}); break;
    case DeadlineKind::kUnbonding: end_unbonding(c, ledger::PendingId{d.id}); break;
    case DeadlineKind::kForceBeacon: draw_force_beacon(c, ClaimId{d.id}); break;
  }
}

}  // namespace

void end_enlisting(Context& c, ClaimRecord& claim) {
  TaskRecord task;
  c.advance(claim, ClaimStatus::kRevealing, windows_of(c, claim, task).reveal_ms);
}

void end_sealing(Context& c, ClaimRecord& claim) {
  TaskRecord task;
  if (claim.sealed == 0)
    end_opening(c, claim);
  else
    c.advance(claim, ClaimStatus::kOpening, windows_of(c, claim, task).open_ms);
}

void end_opening(Context& c, ClaimRecord& claim) {
  TaskRecord task;
  const Windows& windows = windows_of(c, claim, task);
  if (task.terms.force_rate == 0) {
    open_challenges(c, claim);
    return;
  }
  claim.disclosing_since = c.height;
  c.advance(claim, ClaimStatus::kDisclosing, windows.disclose_ms);
}

void open_challenges(Context& c, ClaimRecord& claim) {
  TaskRecord task;
  const Windows& windows = windows_of(c, claim, task);
  c.advance(claim, ClaimStatus::kChallenging, windows.challenge_ms);
  // Challenges that were committed to before may be revealed from now on.
  for (ChallengeRecord& challenge : c.state.challenges(claim.id)) {
    challenge.deadline = c.after(windows.challenge_reveal_ms);
    c.state.add_deadline({challenge.deadline, DeadlineKind::kChallengeReveal, challenge.id.value});
    c.state.put(challenge);
  }
  maybe_settle(c, claim.id);
}

void run_deadlines(Context& c) {
  for (unsigned i = 0; i < kMaxDeadlinesPerBlock && c.state.status(); ++i) {
    const std::optional<Deadline> due = c.state.first_deadline();
    const std::uint64_t late_ms = testing::planted(testing::Planted::kClockOffByOne) ? 1 : 0;
    if (!due || due->time.value + late_ms > c.now.value) return;
    // Handlers may remove it again, which changes nothing.
    c.state.remove_deadline(*due);
    run_one(c, *due);
  }
}

}  // namespace assay::protocol::internal
