// accept_task, place_bid, withdraw_bid, award_task, award_quote.
#include <algorithm>

#include "assay/core/planted.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/protocol/horizon.hpp"
#include "assay/protocol/offer.hpp"
#include "internal/rules.hpp"

namespace assay::protocol::internal {

using V = TxVerdict;

namespace {

// Whether `solver` may have a copy of the task, whoever asks. kApplied if it may.
V eligible(const Reading& r, const TaskRecord& task, const AccountId& solver) {
  const auto taken = [&] {
    const ClaimId id = claim_id_of(task.id, solver);
    return std::find(task.claims.begin(), task.claims.end(), id) != task.claims.end();
  };
  const PostTask& terms = task.terms;
  if (taken()) return V::kAlreadyClaimed;
  if (!has_required(terms, r.state.profile(solver).capabilities)) return V::kLacksCapability;
  if (score_now(r.state, solver, Standing::kSolver, r.now) < terms.reputation_min)
    return V::kReputationTooLow;
  return V::kApplied;
}

}  // namespace

Checked<AcceptTask> Rules::check(const Reading& r, const Sender& s, const AcceptTask& p) {
  if (p.r_commitment == Hash256{}) return V::kZeroCommitment;
  std::optional<TaskRecord> task = r.state.task(p.task);
  if (!task) return V::kUnknownTask;
  if (!allows(task->terms, s.id)) return V::kNotAllowed;
  if (task->submitter == s.id) return V::kSelfDealing;
  if (task->status != TaskStatus::kOpen) return V::kWrongPhase;
  if (task->terms.sale != Sale::kFixed) return V::kWrongSale;
  if (const V v = eligible(r, *task, s.id); v != V::kApplied) return v;
  if (!are_allowed(p.times, task->terms.windows)) return V::kQuoteTooSlow;
  if (!r.has(stake_account(s.id), task->terms.solver_stake.value)) return V::kInsufficientStake;
  return holds(p, s, {{std::move(*task)}});
}
void transition(Context& c, Proof<AcceptTask>&& t) {
  TaskRecord& task = t.found.task;
  lock_stake(c, task, t.sender.id);
  award(c, task, {t.sender.id, task.terms.price, t.payload.times, t.payload.r_commitment});
}

Checked<PlaceBid> Rules::check(const Reading& r, const Sender& s, const PlaceBid& p) {
  if (p.r_commitment == Hash256{}) return V::kZeroCommitment;
  std::optional<TaskRecord> task = r.state.task(p.task);
  if (!task) return V::kUnknownTask;
  if (!allows(task->terms, s.id)) return V::kNotAllowed;
  if (task->submitter == s.id) return V::kSelfDealing;
  if (task->status != TaskStatus::kOpen) return V::kWrongPhase;
  if (task->terms.sale != Sale::kAuction) return V::kWrongSale;
  if (const V v = eligible(r, *task, s.id); v != V::kApplied) return v;
  if (!are_allowed(p.times, task->terms.windows)) return V::kQuoteTooSlow;
  if (p.price.value == 0 || p.price > task->terms.price) return V::kPriceOutOfRange;
  if (const auto v = check_price(task->terms, p.price); v != economics::TermsVerdict::kHolds)
    return Outcome(V::kPriceRefused, v);
  std::optional<Bid> own = r.state.bid(task->id, s.id);
  if (own && p.price >= own->price) return V::kBidNotLower;
  std::optional<Bid> evicted;
  if (!own && task->bids >= kMaxBids) evicted = r.state.bids(task->id).back();
  if (evicted && p.price >= evicted->price) return V::kBidsFull;
  if (!own && !r.has(user_account(s.id), task->terms.bid_deposit.value))
    return V::kInsufficientFunds;
  if (!own && !r.has(stake_account(s.id), task->terms.solver_stake.value))
    return V::kInsufficientStake;
  return holds(p, s, {{std::move(*task), std::move(own), std::move(evicted)}});
}
// The stake goes to the lock of the claim that the bid would become: whoever wins has it there.
void transition(Context& c, Proof<PlaceBid>&& t) {
  const PlaceBid& p = t.payload;
  TaskRecord& task = t.found.task;
  if (t.found.evicted) end_bid(c, task, *t.found.evicted, BidEnd::kEvicted);
  if (!t.found.bid) {
    if (!testing::planted(testing::Planted::kUncheckedDeposit))
      c.put_down(user_account(t.sender.id), deposit_lock(task.id, t.sender.id),
                 task.terms.bid_deposit.value);
    lock_stake(c, task, t.sender.id);
    ++task.bids;
  }
  const bool has_evicted = t.found.evicted || (t.found.bid && t.found.bid->has_evicted);
  c.state.put(
      Bid{task.id, t.sender.id, p.price, p.times, p.r_commitment, has_evicted, task.bids_ever++});
  c.state.put(task);
  c.state.add_part(t.sender.id, task.id);
  c.emit(BidPlaced{task.id, t.sender.id, p.price});
}

Checked<WithdrawBid> Rules::check(const Reading& r, const Sender& s, const WithdrawBid& p) {
  std::optional<TaskRecord> task = r.state.task(p.task);
  if (!task) return V::kUnknownTask;
  std::optional<Bid> bid = r.state.bid(p.task, s.id);
  if (!bid) return V::kUnknownBid;
  return holds(p, s, {{std::move(*task), std::move(bid), std::nullopt}});
}
// Who keeps others out of an auction until it is too late for them to come back pays its deposit:
// else aliases that bid low and withdraw would leave it without a bid.
void transition(Context& c, Proof<WithdrawBid>&& t) {
  const TaskRecord& task = t.found.task;
  const LedgerTimeMs last_tenth = c.after(task.terms.windows.bid_ms / 10);
  const bool is_late = task.deadline <= last_tenth || t.found.bid->has_evicted;
  end_bid(c, t.found.task, *t.found.bid, is_late ? BidEnd::kForfeited : BidEnd::kWithdrawn);
  c.state.put(t.found.task);
}

Checked<AwardTask> Rules::check(const Reading& r, const Sender& s, const AwardTask& p) {
  std::optional<TaskRecord> task = r.state.task(p.task);
  if (!task) return V::kUnknownTask;
  if (task->submitter != s.id) return V::kNotSubmitter;
  if (task->status != TaskStatus::kOpen) return V::kWrongPhase;
  std::optional<Bid> bid = r.state.bid(p.task, p.solver);
  if (!bid) return V::kUnknownBid;
  return holds(p, s, {{std::move(*task), std::move(bid), std::nullopt}});
}
void transition(Context& c, Proof<AwardTask>&& t) { award_bid(c, t.found.task, *t.found.bid); }

// The solver need not send anything: its signature under the quote takes its stake.
Checked<AwardQuote> Rules::check(const Reading& r, const Sender& s, const AwardQuote& p) {
  const Quote& q = p.quote;
  if (q.r_commitment == Hash256{}) return V::kZeroCommitment;
  std::optional<TaskRecord> task = r.state.task(p.task);
  if (!task) return V::kUnknownTask;
  if (task->submitter != s.id) return V::kNotSubmitter;
  if (!allows(task->terms, q.solver)) return V::kNotAllowed;
  if (q.solver == s.id) return V::kSelfDealing;
  if (task->status != TaskStatus::kOpen) return V::kWrongPhase;
  if (const V v = eligible(r, *task, q.solver); v != V::kApplied) return v;
  if (!are_allowed(q.times, task->terms.windows)) return V::kQuoteTooSlow;
  if (q.price.value == 0 || q.price > task->terms.price) return V::kPriceOutOfRange;
  if (const auto v = check_price(task->terms, q.price); v != economics::TermsVerdict::kHolds)
    return Outcome(V::kPriceRefused, v);
  if (q.terms != task->posted_terms) return V::kQuoteForAnother;
  if (q.valid_until < r.height || q.valid_until.value - r.height.value > horizon().validity_blocks)
    return V::kLastHeightOutOfRange;
  if (r.state.quote_used(q.solver, q.id)) return V::kQuoteUsed;
  if (!crypto::ed25519_verify(q.solver.value, quote_digest(r.chain, q).view(), p.signature.data()))
    return V::kWrongQuoteSignature;
  // A bid of its own has locked the stake already, and gives way to the quote.
  if (!r.state.bid(task->id, q.solver) &&
      !r.has(stake_account(q.solver), task->terms.solver_stake.value))
    return V::kInsufficientStake;
  return holds(p, s, {{std::move(*task)}});
}
void transition(Context& c, Proof<AwardQuote>&& t) {
  const Quote& q = t.payload.quote;
  TaskRecord& task = t.found.task;
  c.state.set_quote_used(q.solver, q.id, q.valid_until);
  if (const auto bid = c.state.bid(task.id, q.solver)) end_bid(c, task, *bid, BidEnd::kWithdrawn);
  lock_stake(c, task, q.solver);
  award(c, task, {q.solver, q.price, q.times, q.r_commitment, q.id});
}

}  // namespace assay::protocol::internal
