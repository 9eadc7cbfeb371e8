// post_task, fund_task, cancel_task.
#include <algorithm>

#include "assay/core/checked.hpp"
#include "assay/economics/market.hpp"
#include "internal/rules.hpp"

namespace assay::protocol::internal {

using V = TxVerdict;

namespace {

bool windows_in_range(const PostTask& p) {
  const Windows& w = p.windows;
  for (const std::uint64_t ms :
       {w.accept_ms, w.train_ms, w.enlist_ms, w.reveal_ms, w.seal_ms, w.open_ms, w.challenge_ms,
        w.challenge_reveal_ms, w.stand_up_ms, w.move_ms, w.replay_ms})
    if (ms < 1 || ms > kMaxWindowMs) return false;
  if ((w.bid_ms > 0) != (p.sale == Sale::kAuction) || w.bid_ms > kMaxWindowMs) return false;
  if ((w.disclose_ms > 0) != (p.force_rate > 0) || w.disclose_ms > kMaxWindowMs) return false;
  if ((w.relay_ms > 0) != (p.relays > 0) || w.relay_ms > kMaxWindowMs) return false;
  if (p.relays > 0 && w.relay_ms + w.seal_ms + w.open_ms > kMaxAttestedMs) return false;
  if (w.move_ms > kMaxMoveMs || w.replay_ms > kMaxMoveMs) return false;
  // Twice the challenge window where a verifier falls silent.
  return w.disclose_ms + 2 * w.challenge_ms + w.challenge_reveal_ms + w.stand_up_ms <=
         kMaxDisputeMs;
}

}  // namespace

Checked<PostTask> Rules::check(const Reading& r, const Sender& s, const PostTask& p) {
  if (!commit::is_valid(p.header)) return V::kInvalidTaskHeader;
  if (!windows_in_range(p)) return V::kWindowOutOfRange;
  if (const auto v = check_offer(p); v != OfferVerdict::kHolds) return Outcome(V::kOfferRefused, v);
  const economics::TaskTerms terms = terms_of(p);
  if (const auto v = economics::check_terms(terms); v != economics::TermsVerdict::kHolds)
    return Outcome(V::kTermsRefused, v);
  if (!p.allow.empty() &&
      std::all_of(p.allow.begin(), p.allow.end(), [&](const AccountId& id) { return id == s.id; }))
    return V::kSelfDealing;
  TaskRecord task;
  task.id = task_id_of(r.chain, s.id, s.client_id);
  if (r.state.is_taken(task.id)) return V::kAlreadyExists;
  if (!r.has(user_account(s.id), task_cost(p) - p.sought.value)) return V::kInsufficientFunds;
  task.submitter = s.id;
  task.terms = p;
  task.posted_terms = terms_digest(p);
  task.deters_harm = economics::deters_harm(terms);
  task.missing = Amount{task_cost(p)};
  return holds(p, s, {{std::move(task)}});
}

void transition(Context& c, Proof<PostTask>&& t) {
  TaskRecord& task = t.found.task;
  const PostTask& terms = task.terms;
  c.state.set_live(task.id, true);
  c.state.add_part(task.submitter, task.id);
  c.emit(TaskPosted{task.id, task.submitter, terms.sale, terms.price, terms.work_units});
  task.deadline = c.after(terms.windows.accept_ms);
  c.state.add_deadline({task.deadline, DeadlineKind::kTask, task.id.value});
  c.state.put(task);
  add_funds(c, task, task.submitter, task.missing.value - terms.sought.value);
}

namespace {

// Money on top is for the copies that are not sold yet.
std::uint64_t unsold(const TaskRecord& task) { return task.terms.copies - task.claims.size(); }

PostTask raised(const TaskRecord& task, std::uint64_t atoms) {
  PostTask terms = task.terms;
  const economics::Rise rise = economics::split_rise(atoms / unsold(task));
  terms.price.value += rise.price;
  terms.tax.value += rise.tax;
  return terms;
}

bool is_even(const TaskRecord& task, std::uint64_t atoms) {
  return atoms % unsold(task) == 0 && economics::split_rise(atoms / unsold(task)).price > 0;
}

// While it is funding, what leaves the rest to the contributions that are left at no more than this
// one; later a hundredth of the price.
std::uint64_t least_contribution(const TaskRecord& task) {
  if (task.status == TaskStatus::kOpen)
    return unsold(task) * ceil_div(task.terms.price.value, std::uint64_t{100});
  return ceil_div(task.missing.value, std::uint64_t{kMaxFunders - task.funders.size()});
}

economics::TermsVerdict verdict_of(const PostTask& raised) {
  if (raised.price.value > economics::kMaxTaskAtoms || raised.tax.value > economics::kMaxTaskAtoms)
    return economics::TermsVerdict::kAmountTooLarge;
  return economics::check_terms(terms_of(raised));
}

}  // namespace

Checked<FundTask> Rules::check(const Reading& r, const Sender& s, const FundTask& p) {
  if (p.amount.value == 0) return V::kZeroAmount;
  std::optional<TaskRecord> task = r.state.task(p.task);
  if (!task) return V::kUnknownTask;
  const bool open = task->status == TaskStatus::kOpen;
  if (!open && task->status != TaskStatus::kFunding) return V::kWrongPhase;
  // No sum of amounts that an account holds overflows; of others the balance is not looked at.
  if (open && p.amount.value > economics::kMaxTaskAtoms)
    return Outcome(V::kPriceRefused, economics::TermsVerdict::kAmountTooLarge);
  if (const auto v =
          open ? verdict_of(raised(*task, p.amount.value)) : economics::TermsVerdict::kHolds;
      v != economics::TermsVerdict::kHolds)
    return Outcome(V::kPriceRefused, v);
  if (!open && p.amount > task->missing) return V::kOverfunded;
  if (open && !is_even(*task, p.amount.value)) return V::kUnevenAmount;
  if (task->funders.size() >= kMaxFunders) return V::kTooManyFunders;
  if (p.amount.value < least_contribution(*task)) return V::kContributionTooSmall;
  if (!r.has(user_account(s.id), p.amount.value)) return V::kInsufficientFunds;
  return holds(p, s, {{std::move(*task)}});
}

void transition(Context& c, Proof<FundTask>&& t) {
  TaskRecord& task = t.found.task;
  if (task.status == TaskStatus::kOpen) {
    task.terms = raised(task, t.payload.amount.value);
    task.deters_harm = economics::deters_harm(terms_of(task.terms));
    task.missing = t.payload.amount;
  }
  c.state.add_part(t.sender.id, task.id);
  add_funds(c, task, t.sender.id, t.payload.amount.value);
}

Checked<CancelTask> Rules::check(const Reading& r, const Sender& s, const CancelTask& p) {
  std::optional<TaskRecord> task = r.state.task(p.task);
  if (!task) return V::kUnknownTask;
  if (task->submitter != s.id) return V::kNotSubmitter;
  const bool trains = std::any_of(task->claims.begin(), task->claims.end(), [&](const auto& id) {
    const ClaimRecord claim = r.state.need_claim(id);
    return claim.status == ClaimStatus::kTraining && !claim.cancelled;
  });
  if (task->status > TaskStatus::kOpen && !trains) return V::kWrongPhase;
  return holds(p, s, {{std::move(*task)}});
}

// What is not sold goes back at once; what trains may still deliver up to its next progress point.
void transition(Context& c, Proof<CancelTask>&& t) {
  TaskRecord& task = t.found.task;
  for (const ClaimId& id : task.claims) {
    ClaimRecord claim = c.state.need_claim(id);
    if (claim.status != ClaimStatus::kTraining || claim.cancelled) continue;
    end_early(c, task, claim);
  }
  if (task.status <= TaskStatus::kOpen)
    end_sale(c, task, TaskStatus::kCancelled, CloseReason::kCancelledOpen);
}

}  // namespace assay::protocol::internal
