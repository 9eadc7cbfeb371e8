// What the state machine does by itself when ledger time comes.
#include <algorithm>
#include <cstring>

#include "assay/core/planted.hpp"
#include "assay/crypto/sha256.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

namespace {

const Windows& windows_of(Context& c, const ClaimRecord& claim, TaskRecord& task) {
  task = c.state.need_task(claim.task);
  return task.terms.windows;
}

// The relay window is over with a quorum.
void draw_attested(Context& c, ClaimRecord& claim) {
  if (c.state.shares()) return start_drawing(c, claim);
  draw(c, claim);
}

void end_claim_status(Context& c, const ClaimId& id) {
  ClaimRecord claim = c.state.need_claim(id);
  switch (claim.status) {
    case ClaimStatus::kTraining: end_undelivered(c, claim); break;
    case ClaimStatus::kRevealing:
      settle(c, id, ClaimStatus::kExpired, CloseReason::kNotRevealed);
      break;
    case ClaimStatus::kEnlisting: end_enlisting(c, claim); break;
    case ClaimStatus::kDrawing: draw(c, claim); break;
    case ClaimStatus::kRelaying:
      if (end_relaying(c, claim)) draw_attested(c, claim);
      break;
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

// The clock of the side on turn ran out, or it will later, by what it stood still.
void forfeit(Context& c, const GameId& id) {
  GameRecord game = c.state.need_game(id);
  const ClaimRecord claim = c.state.need_claim(game.claim);
  TaskRecord task;
  const std::uint64_t move_ms = windows_of(c, claim, task).move_ms;
  const bool of_defender = game.on_turn == dispute::Role::kDefender;
  const std::uint64_t bank = of_defender ? game.defender_bank_ms : game.challenger_bank_ms;
  const LedgerTimeMs end{game.turn_started.value + move_ms + bank +
                         paused_ms(c.state, game.paused_before_ms, move_ms)};
  if (end > c.now) {
    game.deadline = end;
    c.state.add_deadline({end, DeadlineKind::kTurn, id.value});
    c.state.put(game);
    return;
  }
  finish_game(c, id, of_defender ? GameStatus::kChallengerWon : GameStatus::kDefenderWon, true);
}

void draw_force_beacon(Context& c, const ClaimId& id) {
  ClaimRecord claim = c.state.need_claim(id);
  draw_force(c, claim);
}

void end_unbonding(Context& c, const ledger::PendingId& id) {
  const ledger::Pending pending = c.state.pending(id).value_or(ledger::Pending{});
  c.post(id, pending.amount.value);
  if (c.state.account(pending.debit).value_or(ledger::Account{}).debits_pending.value != 0) return;
  const AccountId owner{pending.debit.owner};
  Locked locked = c.state.locked(owner);
  locked.unbonding_until = LedgerTimeMs{};
  c.state.put(owner, locked);
}

void end_validator_unbonding(Context& c, const Hash256& id) {
  ValidatorAddress address;
  std::memcpy(address.data(), id.bytes.data(), address.size());
  end_unbonding(c, address);
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
    case DeadlineKind::kDemand: expire_demand(c, DemandId{d.id}); break;
    case DeadlineKind::kValidator: end_validator_unbonding(c, d.id); break;
  }
}

}  // namespace

namespace {

// A copy that is still in training, or not sold yet, could be copied from a transcript that stands
// on the ledger: nobody reveals before the last one is committed to.
bool waits_for_copies(Context& c, const TaskRecord& task, const ClaimId& claim) {
  if (task.status == TaskStatus::kOpen) return true;
  return std::any_of(task.claims.begin(), task.claims.end(), [&](const ClaimId& other) {
    return other != claim && c.state.need_claim(other).status == ClaimStatus::kTraining;
  });
}

}  // namespace

// From the beacon of the block after the reveal, or of a round of shares. Of a task with relays
// that beacon draws these, and what is checked is drawn once they have attested that the data is
// there: a solver that saw its draws before could let the claim end unattested where they hit.
void draw(Context& c, ClaimRecord& claim) {
  const TaskRecord task = c.state.need_task(claim.task);
  if (task.terms.relays != 0) {
    const std::optional<RelayRound> round = c.state.relay_round(claim.id);
    if (!round || round->seats.empty())
      return start_relaying(c, claim, round ? round->number + 1 : 1);
  }
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
  start_sealing(c, claim);
}

void draw_force(Context& c, ClaimRecord& claim) {
  claim.force_beacon = c.beacon;
  c.state.put(claim);
  if (c.state.shares() && claim.status == ClaimStatus::kEnlisting &&
      claim.deadline == LedgerTimeMs{})
    end_enlisting(c, claim);
}

// Without a round of shares it is due at once, but deadlines run at the start of a block: so it
// takes the next block's beacon.
void start_drawing(Context& c, ClaimRecord& claim) {
  if (!c.state.shares()) return c.advance(claim, ClaimStatus::kDrawing, 0);
  c.advance(claim, ClaimStatus::kDrawing, std::nullopt);
  await_beacon(c, {Awaits::kDraw, claim.id});
}

void end_early(Context& c, const TaskRecord& task, ClaimRecord& claim) {
  claim.cancelled = true;
  const LedgerTimeMs until = std::min(claim.deadline, c.after(deliver_ms(task.terms)));
  c.state.remove_deadline({claim.deadline, DeadlineKind::kClaim, claim.id.value});
  claim.deadline = until;
  c.state.add_deadline({until, DeadlineKind::kClaim, claim.id.value});
  c.state.put(claim);
  c.emit(ClaimCancelled{claim.id, entries_max(task, claim)});
}

void end_undelivered(Context& c, const ClaimRecord& claim) {
  settle(c, claim.id, ClaimStatus::kExpired,
         claim.abandoned   ? CloseReason::kAbandoned
         : claim.cancelled ? CloseReason::kCancelledTraining
                           : CloseReason::kNotCommitted);
}

void end_enlisting(Context& c, ClaimRecord& claim) {
  TaskRecord task;
  const Windows& windows = windows_of(c, claim, task);
  // Who has to reveal knows then whether an error is forced: a round of shares may take its time.
  const bool waits_for_shares =
      c.state.shares() && task.terms.force_rate != 0 && claim.force_beacon == Hash256{};
  if (waits_for_shares || waits_for_copies(c, task, claim.id))
    c.advance(claim, ClaimStatus::kEnlisting, std::nullopt);
  else
    c.advance(claim, ClaimStatus::kRevealing, windows.reveal_ms);
}

void end_waiting(Context& c, const TaskId& id) {
  for (const ClaimId& claim_id : c.state.need_task(id).claims) {
    ClaimRecord claim = c.state.need_claim(claim_id);
    if (claim.status == ClaimStatus::kEnlisting && claim.deadline == LedgerTimeMs{})
      end_enlisting(c, claim);
  }
}

void start_sealing(Context& c, ClaimRecord& claim) {
  TaskRecord task;
  const Windows& windows = windows_of(c, claim, task);
  // Without verifiers the window to seal is that of whoever looks for a forced error.
  if (claim.enlisted == 0 && task.terms.force_rate == 0)
    end_opening(c, claim);
  else
    c.advance(claim, ClaimStatus::kSealing, windows.seal_ms);
}

void end_sealing(Context& c, ClaimRecord& claim) {
  TaskRecord task;
  claim.finds_until = claim.challenges;
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
  claim.refunds_until = claim.challenges;
  c.advance(claim, ClaimStatus::kDisclosing, windows.disclose_ms);
}

void open_challenges(Context& c, ClaimRecord& claim) {
  TaskRecord task;
  const Windows& windows = windows_of(c, claim, task);
  // A missing attestation widens the audit: whoever else looks has twice the time.
  const bool has_silent_seat = claim.opened < claim.enlisted * draws_of(task, claim);
  const std::uint64_t window_ms = (has_silent_seat ? 2 : 1) * windows.challenge_ms;
  claim.demands_until = c.after(window_ms);
  c.advance(claim, ClaimStatus::kChallenging, window_ms);
  extend_challenging(c, claim, last_demand(c.state, claim));
  // Challenges that were committed to before may be revealed from now on.
  for (ChallengeRecord& challenge : c.state.challenges(claim.id)) {
    challenge.deadline = c.after(windows.challenge_reveal_ms);
    c.state.add_deadline({challenge.deadline, DeadlineKind::kChallengeReveal, challenge.id.value});
    c.state.put(challenge);
  }
  maybe_settle(c, claim.id);
}

void run_deadlines(Context& c) {
  const std::uint64_t late_ms = testing::planted(testing::Planted::kClockOffByOne) ? 1 : 0;
  const LedgerTimeMs until{c.now.value - late_ms};
  for (const Deadline& due : c.state.deadlines_until(until, kMaxDeadlinesPerBlock)) {
    if (!c.state.status()) return;
    // A handler before may have removed it. None adds one that is due at once.
    if (!c.state.has(due)) continue;
    c.state.remove_deadline(due);
    run_one(c, due);
  }
}

}  // namespace assay::protocol::internal
