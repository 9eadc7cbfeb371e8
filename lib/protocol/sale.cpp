// A task's money and its sale: funders in, awards, and what goes back.
#include <algorithm>

#include "assay/core/planted.hpp"
#include "assay/economics/market.hpp"
#include "assay/protocol/offer.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

namespace {

std::uint64_t unsold(const TaskRecord& task) { return task.terms.copies - task.claims.size(); }

// Reserved money: spent first in, first out, so of what is not needed the last funder's is freed.
void post_escrow(Context& c, TaskRecord& task, std::uint64_t needed) {
  for (std::size_t i = 0; i < task.funders.size(); ++i) {
    Amount& amount = task.funders[i].amount;
    if (amount.value == 0) continue;
    amount.value = std::min(amount.value, needed);
    needed -= amount.value;
    c.post(escrow_pending(task.id, i), amount.value);
  }
  task.posted = true;
}

}  // namespace

void add_funds(Context& c, TaskRecord& task, const AccountId& funder, std::uint64_t atoms) {
  const std::size_t slot = task.funders.size();
  const ledger::PendingId pending = escrow_pending(task.id, slot);
  if (atoms > 0) {
    task.funders.push_back({funder, Amount{atoms}});
    c.reserve(pending, {user_account(funder), escrow_account(task.id), Amount{atoms}});
    if (task.posted) c.post(pending, atoms);
    task.missing.value -= atoms;
    c.emit(TaskFunded{task.id, funder, Amount{atoms}, task.missing});
  }
  if (task.status == TaskStatus::kFunding && task.missing.value == 0) open_sale(c, task);
  c.state.put(task);
}

void open_sale(Context& c, TaskRecord& task) {
  const Windows& windows = task.terms.windows;
  c.state.remove_deadline({task.deadline, DeadlineKind::kTask, task.id.value});
  task.status = TaskStatus::kOpen;
  task.deadline = c.after(task.terms.sale == Sale::kAuction ? windows.bid_ms : windows.accept_ms);
  c.state.add_deadline({task.deadline, DeadlineKind::kTask, task.id.value});
  c.emit(TaskOpened{task.id, task.deadline});
}

void refund(Context& c, TaskRecord& task, std::uint64_t atoms) {
  for (auto funder = task.funders.rbegin(); funder != task.funders.rend() && atoms > 0; ++funder) {
    const std::uint64_t part = std::min(funder->amount.value, atoms);
    c.pay(escrow_account(task.id), user_account(funder->account), part);
    funder->amount.value -= part;
    atoms -= part;
  }
  if (atoms > 0) c.state.overlay().fail({ErrorCode::kIntegrity, "a task's escrow is not its own"});
}

void lock_stake(Context& c, const TaskRecord& task, const AccountId& solver) {
  c.put_down(stake_account(solver), stake_lock(claim_id_of(task.id, solver), solver),
             task.terms.solver_stake.value);
}

void award(Context& c, TaskRecord& task, const Award& a) {
  const PostTask& terms = task.terms;
  ClaimRecord claim;
  claim.id = claim_id_of(task.id, a.solver);
  claim.task = task.id;
  claim.solver = a.solver;
  claim.price = a.price;
  claim.tax = terms.tax;
  claim.entries = commit::transcript_entries(terms.header);
  claim.times = a.times;
  claim.r_commitment = a.r_commitment;
  claim.quote = a.quote;
  const std::uint64_t saved = terms.price.value - a.price.value;
  if (task.posted)
    refund(c, task, saved);
  else
    post_escrow(c, task, unsold(task) * copy_cost(terms) - saved);
  task.claims.push_back(claim.id);
  ++task.unsettled;
  c.state.add_part(a.solver, task.id);
  c.emit(TaskAccepted{task.id, claim.id, a.solver, a.price});
  c.advance(claim, ClaimStatus::kTraining, terms.windows.train_ms);
  if (unsold(task) == 0) end_sale(c, task, TaskStatus::kClaimed, CloseReason::kNone);
  c.state.put(task);
}

void end_bid(Context& c, TaskRecord& task, const Bid& bid, BidEnd how) {
  // An award makes the stake the claim's.
  if (how != BidEnd::kAwarded && !testing::planted(testing::Planted::kStuckStake))
    c.take_out(stake_lock(claim_id_of(task.id, bid.bidder), bid.bidder), stake_account(bid.bidder),
               task.terms.solver_stake.value);
  const Lock deposit_of = deposit_lock(task.id, bid.bidder);
  const std::uint64_t deposit = task.terms.bid_deposit.value;
  if (how == BidEnd::kForfeited) {
    const economics::DepositSplit split = economics::split_deposit(deposit);
    c.take_out(deposit_of, user_account(task.submitter), split.submitter);
    c.take_out(deposit_of, burned_account(), split.burned);
    add_fault(c, bid.bidder, Standing::kSolver);
  } else {
    c.take_out(deposit_of, user_account(bid.bidder), deposit);
    if (how != BidEnd::kAwarded && testing::planted(testing::Planted::kDoubleRefund))
      c.pay(stake_account(bid.bidder), user_account(bid.bidder), deposit);
  }
  --task.bids;
  c.state.erase(bid);
  c.emit(BidEnded{task.id, bid.bidder, how});
}

void award_bid(Context& c, TaskRecord& task, const Bid& bid) {
  end_bid(c, task, bid, BidEnd::kAwarded);
  award(c, task, {bid.bidder, bid.price, bid.times, bid.r_commitment});
}

namespace {

void end_task(Context& c, TaskRecord& task, TaskStatus status, CloseReason reason) {
  task.status = status;
  task.reason = reason;
  task.ended = c.now;
  c.state.put(task);
  c.state.set_live(task.id, false);
  c.state.forget_after(Height{c.height.value + horizon().ended_task_blocks}, task.id);
  c.emit(TaskEnded{task.id, status, reason});
}

}  // namespace

void end_sale(Context& c, TaskRecord& task, TaskStatus status, CloseReason reason) {
  c.state.remove_deadline({task.deadline, DeadlineKind::kTask, task.id.value});
  task.deadline = LedgerTimeMs{};
  for (const Bid& bid : c.state.bids(task.id)) end_bid(c, task, bid, BidEnd::kLost);
  if (!task.posted)
    post_escrow(c, task, 0);
  else
    refund(c, task, unsold(task) * copy_cost(task.terms));
  if (task.claims.empty()) return end_task(c, task, status, reason);
  task.status = TaskStatus::kClaimed;
  c.state.put(task);
  end_waiting(c, task.id);
  maybe_end_task(c, task);
}

// When nothing is for sale and every claim is settled. Its reason is that of the first paid claim,
// else of the last.
void maybe_end_task(Context& c, TaskRecord& task) {
  if (task.status != TaskStatus::kClaimed || task.unsettled != 0) return;
  CloseReason reason = CloseReason::kNone;
  for (const ClaimId& id : task.claims) {
    reason = c.state.need_claim(id).reason;
    if (is_paid(reason)) return end_task(c, task, TaskStatus::kPaid, reason);
  }
  end_task(c, task, TaskStatus::kRefunded, reason);
}

void end_task_window(Context& c, const TaskId& id) {
  TaskRecord task = c.state.need_task(id);
  const bool auction = task.terms.sale == Sale::kAuction;
  if (task.status == TaskStatus::kFunding)
    return end_sale(c, task, TaskStatus::kUnclaimed, CloseReason::kUnfunded);
  for (const Bid& bid : c.state.bids(task.id))  // the lowest first
    if (task.status == TaskStatus::kOpen) award_bid(c, task, bid);
  if (task.status == TaskStatus::kOpen)
    end_sale(c, task, TaskStatus::kUnclaimed,
             auction ? CloseReason::kNoBids : CloseReason::kNotAccepted);
}

}  // namespace assay::protocol::internal
