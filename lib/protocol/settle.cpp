// Settlement: who is paid, who is slashed, what goes back.
#include <algorithm>

#include "assay/economics/jackpot.hpp"
#include "assay/economics/splits.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

namespace {

struct Case {
  const ClaimRecord& claim;
  const TaskRecord& task;
  ClaimStatus end;
  std::vector<ChallengeRecord> won;  // in order of commitment
  std::vector<AccountId> found;      // a forced error; the same
};

std::uint64_t replay_cost(const Case& s) {
  return economics::cost_bound(s.task.terms.price.value, 1,
                               commit::transcript_entries(s.task.terms.header));
}

// INV-PRO-011: only those who lost a game of their own, or contradicted themselves, come here.
void slash(Context& c, const Case& s, const AccountId& loser,
           const std::vector<AccountId>& winners) {
  const auto lock = lock_account(s.claim.id, loser);
  const std::uint64_t stake = c.balance(lock);
  const economics::SlashSplit split =
      economics::split_slash({stake, winners.size(), replay_cost(s)});
  c.pay(lock, burned_account(), split.burned);
  for (std::size_t i = 0; i < winners.size(); ++i)
    c.pay(lock, user_account(winners[i]), i == 0 ? split.bounty : split.other_cost);
  c.emit(Slashed{loser, s.claim.id, Amount{stake}, Amount{split.burned}});
}

void release(Context& c, const Case& s, const AccountId& id) {
  const auto lock = lock_account(s.claim.id, id);
  c.pay(lock, stake_account(id), c.balance(lock));
}

// One account may win through several challenges; each won one is one share.
std::vector<AccountId> winners_over(Context& c, const Case& s, const AccountId& loser) {
  std::vector<AccountId> winners;
  if (loser == s.claim.solver && s.claim.contradicted_by)
    winners.push_back(*s.claim.contradicted_by);
  for (const ChallengeRecord& challenge : s.won) {
    const std::optional<GameRecord> game = c.state.game(game_id_of(challenge.id, loser));
    if (game && game->status == GameStatus::kChallengerWon) winners.push_back(challenge.challenger);
  }
  return winners;
}

// Who attested a forced error replayed nothing, or is wronged by a false disclosure: then it had a
// window to challenge what was disclosed, and the claim would not be final.
bool is_blind(const Case& s, const VerifierRecord& v) {
  if (s.end != ClaimStatus::kFinal || s.claim.forced_entry == 0) return false;
  for (std::size_t i = 0; i < v.opened.size(); ++i)
    if (v.draws[i].entry == s.claim.forced_entry && v.opened[i] && v.opened[i]->attestation)
      return true;
  return false;
}

// Work that was done is paid: an attestation unless it stands for the interval that fell, a
// mismatch only if its interval fell, or if the error was forced there and the replay ended right.
bool earns(const Case& s, const VerifierRecord& v, std::size_t draw) {
  if (!v.opened[draw] || v.lost || is_blind(s, v)) return false;
  if (s.end == ClaimStatus::kFinal && s.claim.forced_entry != 0 &&
      v.draws[draw].entry == s.claim.forced_entry)
    return v.opened[draw]->own_end_root == s.claim.forced_state_root;
  const bool at_fall =
      s.end == ClaimStatus::kFallen && !s.won.empty() && v.draws[draw].entry == s.won.front().entry;
  return v.opened[draw]->attestation.has_value() != at_fall;
}

std::vector<AccountId> finders_but(const Case& s, const AccountId& loser) {
  std::vector<AccountId> finders;
  for (const AccountId& finder : s.found)
    if (finder != loser) finders.push_back(finder);
  return finders;
}

void take_tax(Context& c, const ledger::AccountKey& from, std::uint64_t tax) {
  const economics::TaxSplit split = economics::split_tax(tax);
  c.pay(from, burned_account(), split.burned);
  c.pay(from, jackpot_account(), split.jackpot);
}

// Only where the tax was taken: INV-PRO-012.
void pay_jackpot(Context& c, const Case& s) {
  if (s.found.empty()) return;
  const PostTask& terms = s.task.terms;
  const std::uint64_t base =
      economics::jackpot_base({c.balance(jackpot_account()), terms.tax.value, terms.force_rate});
  const std::uint64_t share = economics::jackpot_share(base, s.found.size());
  for (const AccountId& finder : s.found) {
    c.pay(jackpot_account(), user_account(finder), share);
    c.emit(JackpotPaid{s.claim.id, finder, Amount{share}});
  }
}

void pay_verifiers(Context& c, const Case& s) {
  const PostTask& terms = s.task.terms;
  const std::uint64_t fee =
      economics::fee_per_seal({terms.verification_fee.value, terms.seats, terms.draws});
  const bool earned = s.end == ClaimStatus::kFinal || s.end == ClaimStatus::kFallen;
  for (const VerifierRecord& v : c.state.verifiers(s.claim.id)) {
    for (std::size_t i = 0; earned && i < v.opened.size(); ++i)
      if (earns(s, v, i)) c.pay(escrow_account(s.task.id), user_account(v.verifier), fee);
    if (v.lost && earned)
      slash(c, s, v.verifier, winners_over(c, s, v.verifier));
    else if (is_blind(s, v))
      slash(c, s, v.verifier, finders_but(s, v.verifier));
    else
      release(c, s, v.verifier);
  }
}

}  // namespace

void settle(Context& c, const ClaimId& id, ClaimStatus end) {
  ClaimRecord claim = c.state.need_claim(id);
  TaskRecord task = c.state.need_task(claim.task);
  Case s{claim, task, end, {}, {}};
  for (const ChallengeRecord& challenge : c.state.challenges(id)) {
    if (challenge.status == ChallengeStatus::kWon) s.won.push_back(challenge);
    if (challenge.status == ChallengeStatus::kFound) s.found.push_back(challenge.challenger);
  }
  if (!s.won.empty()) claim.fallen_entry = s.won.front().entry;

  const auto escrow = escrow_account(task.id);
  // A solver that threw a true claim, which others defended, is not paid for it.
  const bool paid = end == ClaimStatus::kFinal && !claim.solver_lost;
  if (paid) c.pay(escrow, user_account(claim.solver), task.terms.price.value);
  if (end == ClaimStatus::kFinal) {
    take_tax(c, escrow, task.terms.tax.value);
    pay_jackpot(c, s);
  }
  pay_verifiers(c, s);
  // Who gives a claim up once the beacon has said whether an error is due pays what its end would
  // have cost: else it would give up all but the forced.
  const auto lock = lock_account(claim.id, claim.solver);
  if (end == ClaimStatus::kExpired && claim.force_beacon != Hash256{})
    take_tax(c, lock, std::min(task.terms.tax.value, c.balance(lock)));
  if (claim.solver_lost && end != ClaimStatus::kVoid)
    slash(c, s, claim.solver, winners_over(c, s, claim.solver));
  else
    release(c, s, claim.solver);
  c.pay(escrow, user_account(task.submitter), c.balance(escrow));

  c.advance(claim, end, std::nullopt);
  task.status = paid ? TaskStatus::kPaid : TaskStatus::kRefunded;
  c.state.put(task);
  c.state.set_live(task.id, false);
  c.emit(ClaimSettled{id, end});
  c.emit(TaskEnded{task.id, task.status});
}

// A doomed claim need not wait for its last window, because nobody may challenge it any more; but
// its verifiers have theirs to open.
void maybe_settle(Context& c, const ClaimId& id) {
  const ClaimRecord claim = c.state.need_claim(id);
  if (claim.unresolved != 0 || is_settled(claim.status)) return;
  if (claim.doomed && claim.status >= ClaimStatus::kChallenging)
    settle(c, id, ClaimStatus::kFallen);
  else if (claim.status == ClaimStatus::kResolving)
    settle(c, id, ClaimStatus::kFinal);
}

}  // namespace assay::protocol::internal
