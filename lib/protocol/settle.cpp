// Settlement: who is paid, who is slashed, what goes back.
#include <algorithm>
#include <iterator>

#include "assay/core/planted.hpp"
#include "assay/economics/jackpot.hpp"
#include "assay/economics/market.hpp"
#include "assay/economics/splits.hpp"
#include "assay/protocol/offer.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

namespace {

struct Case {
  ClaimRecord& claim;
  TaskRecord& task;
  ClaimStatus end;
  bool paid = false;
  std::vector<ChallengeRecord> won;     // of the claim, in order of commitment
  std::vector<ChallengeRecord> beaten;  // of anybody's word; the same
  std::vector<AccountId> found;         // a forced error; the same
  std::uint64_t spent = 0;              // of the copy's money
  std::uint64_t tax = 0;                // that was taken
};

// Out of the escrow.
void spend(Context& c, Case& s, const ledger::AccountKey& to, std::uint64_t atoms) {
  c.pay(escrow_account(s.task.id), to, atoms);
  s.spent += atoms;
}

std::uint64_t replay_cost(const Case& s) {
  return economics::cost_bound(s.claim.price.value, 1,
                               commit::transcript_entries(s.task.terms.header));
}

// INV-PRO-011: only those who lost a game of their own, contradicted themselves, or kept back what
// they had to show, come here.
void slash(Context& c, const Case& s, const AccountId& loser, Standing role,
           const std::vector<AccountId>& winners) {
  add_slash(c, loser, role);
  const Lock lock = stake_lock(s.claim.id, loser);
  const std::uint64_t stake = c.balance(lock.account);
  const economics::SlashSplit split =
      economics::split_slash({stake, winners.size(), replay_cost(s)});
  const bool keeps_burn = testing::planted(testing::Planted::kLostBurn) && !winners.empty();
  c.take_out(lock, keeps_burn ? user_account(winners[0]) : burned_account(), split.burned);
  for (std::size_t i = 0; i < winners.size(); ++i) {
    const bool astray = testing::planted(testing::Planted::kSlashToWrongParty);
    c.take_out(lock, user_account(astray ? s.task.submitter : winners[i]),
               i == 0 ? split.bounty : split.other_cost);
    add_completed(c, winners[i], Standing::kChallenger, split.burned / winners.size());
  }
  c.emit(Slashed{loser, s.claim.id, Amount{stake}, Amount{split.burned}});
}

void release(Context& c, const Case& s, const AccountId& id) {
  const Lock lock = stake_lock(s.claim.id, id);
  c.take_out(lock, stake_account(id), c.balance(lock.account));
}

// What a challenge that won shows: an interval's end, or a state within it.
bool shows_the_same(const ChallengeRecord& a, const ChallengeRecord& b) {
  return a.entry == b.entry &&
         (a.target.what == Disputed::kInterior) == (b.target.what == Disputed::kInterior);
}

// One account may win through several challenges; each won one is one share. But who committed to
// an interval once another winner had revealed that it is false shows no replay: its moves may be
// the other's. It has its bond back and no more (INV-PRO-017). Against an attestor the others are
// also those who beat the solver there.
std::vector<AccountId> winners_over(Context& c, const Case& s, const AccountId& loser) {
  const bool is_solver = loser == s.claim.solver;
  std::vector<const ChallengeRecord*> over;
  for (const ChallengeRecord& challenge : s.beaten) {
    const std::optional<GameRecord> game = c.state.game(game_id_of(challenge.id, loser));
    if (game && game->status == GameStatus::kChallengerWon) over.push_back(&challenge);
  }
  const auto is_copied = [](const ChallengeRecord& one, const ChallengeRecord& other) {
    return shows_the_same(one, other) && other.revealed_at <= one.committed_at;
  };
  std::vector<AccountId> winners;
  for (const ChallengeRecord* one : over) {
    const bool copies =
        std::any_of(over.begin(), over.end(),
                    [&](const auto* other) { return is_copied(*one, *other); }) ||
        (!is_solver && std::any_of(s.won.begin(), s.won.end(), [&](const auto& other) {
          return other.challenger != one->challenger && other.challenger != loser &&
                 is_copied(*one, other);
        }));
    if (!copies || testing::planted(testing::Planted::kPaidCopies))
      winners.push_back(one->challenger);
  }
  // Last: a doomed claim takes no more challenges, so those that won were committed to before. A
  // loser's alias could take their bounty else, with a contradiction made for it.
  if (is_solver && s.claim.contradicted_by) winners.push_back(*s.claim.contradicted_by);
  return winners;
}

// Who attested a forced error replayed nothing, or is wronged by a false disclosure: then it had a
// window to challenge what was disclosed, and the claim would not be final. All of its stake burns:
// whoever lies about where the error is gains nothing by it.
bool is_blind(const Case& s, const VerifierRecord& v) {
  if (s.end != ClaimStatus::kFinal || s.claim.forced_entry == 0) return false;
  for (std::size_t i = 0; i < v.opened.size(); ++i)
    if (v.draws[i].entry == s.claim.forced_entry && v.opened[i] && v.opened[i]->matches)
      return true;
  return false;
}

// Work that was done is paid: an attestation unless it stands for the interval that fell, a
// mismatch only if its interval fell, or if the error was forced there and the replay ended right.
// Where a claim falls without a challenge nobody knows which were right, and all are paid.
bool earns(const Case& s, const VerifierRecord& v, std::size_t draw) {
  if (!v.opened[draw] || v.lost || is_blind(s, v)) return false;
  if (s.end == ClaimStatus::kFinal && s.claim.forced_entry != 0 &&
      v.draws[draw].entry == s.claim.forced_entry)
    return v.opened[draw]->own_end_root == s.claim.forced_state_root;
  if (s.end == ClaimStatus::kFallen && s.won.empty()) return true;
  const bool at_fall = s.end == ClaimStatus::kFallen && v.draws[draw].entry == s.won.front().entry;
  return v.opened[draw]->matches != at_fall;
}

void take_tax(Context& c, Case& s, std::uint64_t tax) {
  const economics::TaxSplit split = economics::split_tax(tax);
  spend(c, s, burned_account(), split.burned);
  spend(c, s, jackpot_account(), split.jackpot);
  s.tax = tax;
}

// The same out of the stake of a solver that gave up, as far as it goes.
void fine_solver(Context& c, const Case& s, std::uint64_t tax) {
  const Lock lock = stake_lock(s.claim.id, s.claim.solver);
  const economics::TaxSplit split = economics::split_tax(std::min(tax, c.balance(lock.account)));
  c.take_out(lock, burned_account(), split.burned);
  c.take_out(lock, jackpot_account(), split.jackpot);
}

// Only where the tax was taken: INV-PRO-012.
void pay_jackpot(Context& c, const Case& s) {
  if (s.found.empty()) return;
  const std::uint64_t base =
      economics::jackpot_base({c.balance(jackpot_account()), s.tax, s.task.terms.force_rate});
  const std::uint64_t share = economics::jackpot_share(base, s.found.size());
  for (const AccountId& finder : s.found) {
    c.pay(jackpot_account(), user_account(finder), share);
    add_completed(c, finder, Standing::kChallenger, s.tax / s.found.size());
    c.emit(JackpotPaid{s.claim.id, finder, Amount{share}});
  }
  if (testing::planted(testing::Planted::kJackpotTwice))
    c.pay(jackpot_account(), user_account(s.found.front()), share);
}

bool is_silent(const VerifierRecord& v) {
  return !v.draws.empty() && (v.opened.empty() || std::any_of(v.opened.begin(), v.opened.end(),
                                                              [](const auto& o) { return !o; }));
}

void pay_verifier(Context& c, Case& s, const VerifierRecord& v) {
  const PostTask& terms = s.task.terms;
  const std::uint64_t fee =
      economics::fee_per_seal({terms.verification_fee.value, terms.seats, terms.draws});
  std::uint64_t earned = 0;
  for (std::size_t i = 0; i < v.opened.size(); ++i) {
    if (!earns(s, v, i) || testing::planted(testing::Planted::kForgottenFee)) continue;
    spend(c, s, user_account(v.verifier), fee);
    ++earned;
  }
  if (earned > 0) {
    const std::uint64_t seals = std::uint64_t{terms.seats} * terms.draws;
    add_completed(c, v.verifier, Standing::kVerifier,
                  s.paid ? economics::part_down(s.tax, earned, seals) : 0);
  }
}

void settle_verifiers(Context& c, Case& s) {
  const bool judged = s.end == ClaimStatus::kFinal || s.end == ClaimStatus::kFallen;
  for (const VerifierRecord& v : c.state.verifiers(s.claim.id)) {
    if (judged) pay_verifier(c, s, v);
    // No more than that: nobody can tell on the ledger who slept and who was kept from the data.
    if (judged && is_silent(v)) add_fault(c, v.verifier, Standing::kVerifier);
    const bool falls_too =
        s.end == ClaimStatus::kFallen && testing::planted(testing::Planted::kSlashedTogether);
    if ((v.lost && judged) || falls_too)
      slash(c, s, v.verifier, Standing::kVerifier, winners_over(c, s, v.verifier));
    else if (is_blind(s, v))
      slash(c, s, v.verifier, Standing::kVerifier, {});
    else
      release(c, s, v.verifier);
  }
}

// Of a claim that was cut short the part that was delivered, and of a run that diverged what came
// before; in tax rounded up, in pay down.
std::uint64_t settle_solver(Context& c, Case& s) {
  const ClaimRecord& claim = s.claim;
  const std::uint64_t all = s.task.terms.header.steps;
  const std::uint64_t done = header_of(s.task, claim).steps;
  const std::uint64_t tax = economics::part_up(claim.tax.value, done, all);
  std::uint64_t pay = 0;
  if (s.paid) {
    pay = testing::planted(testing::Planted::kPartialPaysAll)
              ? claim.price.value
              : economics::part_down(claim.price.value, paid_steps(s.task, claim), all);
    spend(c, s, user_account(claim.solver), pay);
    add_completed(c, claim.solver, Standing::kSolver, tax);
    add_completed(c, s.task.submitter, Standing::kSubmitter, tax);
  }
  if (s.end == ClaimStatus::kFinal) {
    take_tax(c, s, tax);
    pay_jackpot(c, s);
  }
  // Who gives a claim up once the beacon has said whether an error is due pays what its end would
  // have cost: else it would give up all but the forced. So does who gives up what it accepted,
  // with its stake free for the next: one stake would end every task as it is posted.
  const bool gave_up = claim.force_beacon != Hash256{} || claim.reason == CloseReason::kAbandoned;
  if (s.end == ClaimStatus::kExpired && gave_up) fine_solver(c, s, tax);
  if (s.end == ClaimStatus::kExpired && claim.reason != CloseReason::kCancelledTraining)
    add_fault(c, claim.solver, Standing::kSolver);
  return pay;
}

}  // namespace

void settle(Context& c, const ClaimId& id, ClaimStatus end, CloseReason reason) {
  ClaimRecord claim = c.state.need_claim(id);
  TaskRecord task = c.state.need_task(claim.task);
  claim.reason = reason;
  const bool paid = is_paid(reason);
  Case s{claim, task, end, paid, {}, {}, {}, 0, 0};
  for (const ChallengeRecord& challenge : c.state.challenges(id)) {
    if (challenge.status == ChallengeStatus::kWon) s.beaten.push_back(challenge);
    if (challenge.status == ChallengeStatus::kFound) s.found.push_back(challenge.challenger);
  }
  std::copy_if(s.beaten.begin(), s.beaten.end(), std::back_inserter(s.won),
               [](const ChallengeRecord& challenge) { return challenge.target.is_of_claim(); });
  if (!s.won.empty()) claim.fallen_entry = s.won.front().entry;

  const std::uint64_t pay = settle_solver(c, s);
  settle_verifiers(c, s);
  if (claim.solver_lost && end != ClaimStatus::kVoid)
    slash(c, s, claim.solver, Standing::kSolver, winners_over(c, s, claim.solver));
  else
    release(c, s, claim.solver);
  s.spent += settle_relays(c, task, claim, end);
  void_demands(c, claim);
  const std::uint64_t cost = claim.price.value + fees_of(task.terms).value + claim.tax.value;
  refund(c, task, cost - s.spent);

  c.advance(claim, end, std::nullopt);
  c.emit(ClaimSettled{id, end, reason, Amount{pay}});
  --task.unsettled;
  c.state.put(task);
  end_waiting(c, task.id);
  maybe_end_task(c, task);
}

namespace {

bool has_won(Context& c, const ClaimId& id) {
  const std::vector<ChallengeRecord> challenges = c.state.challenges(id);
  return std::any_of(challenges.begin(), challenges.end(), [](const ChallengeRecord& challenge) {
    return challenge.status == ChallengeStatus::kWon && challenge.target.is_of_claim();
  });
}

}  // namespace

// A doomed claim need not wait for its last window, because nobody may challenge it any more; but
// its verifiers have theirs to open. One with an ignored demand waits like any other: whoever can
// prove it false may still do so, and is paid.
void maybe_settle(Context& c, const ClaimId& id) {
  const ClaimRecord claim = c.state.need_claim(id);
  if (claim.unresolved != 0 || is_settled(claim.status)) return;
  if (claim.doomed && claim.status >= ClaimStatus::kChallenging) {
    settle(c, id, ClaimStatus::kFallen,
           has_won(c, id) ? CloseReason::kFallen : CloseReason::kContradicted);
  } else if (claim.status != ClaimStatus::kResolving || claim.demands_open != 0) {
    return;
  } else if (claim.withheld) {
    settle(c, id, ClaimStatus::kFallen, CloseReason::kWithheld);
  } else {
    // A solver that threw a true claim, which others defended, is not paid for it.
    const TaskRecord task = c.state.need_task(claim.task);
    const bool whole = claim.entries == commit::transcript_entries(task.terms.header);
    const bool diverged = claim.diverged_entry != 0 || has_halted(task, claim);
    settle(c, id, ClaimStatus::kFinal,
           claim.solver_lost ? CloseReason::kThrown
           : diverged        ? CloseReason::kFinalDiverged
           : whole           ? CloseReason::kFinal
                             : CloseReason::kFinalPartial);
  }
}

}  // namespace assay::protocol::internal
