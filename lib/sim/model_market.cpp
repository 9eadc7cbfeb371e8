// The auditor's books: tasks, their money and their sale.
#include <algorithm>

#include "internal/model.hpp"

namespace assay::sim {

namespace {

Atoms copy_cost(const protocol::PostTask& t) {
  return t.price.value + t.verification_fee.value + t.relay_fee.value + t.tax.value;
}

}  // namespace

void Auditor::Model::post(const Sent& tx, const protocol::PostTask& terms, const TaskId& id) {
  if (m_tasks.contains(id)) return fail("a task is posted twice");
  ++counts.tasks;
  Task& t = m_tasks[id];
  t.id = id;
  t.submitter = tx.from;
  t.terms = terms;
  t.missing = terms.copies * copy_cost(terms);
  t.due = m_now + terms.windows.accept_ms;
  put_in(t, tx.from, t.missing - terms.sought.value);
}

void Auditor::Model::put_in(Task& t, const AccountId& who, Atoms atoms) {
  if (t.stage > Stage::kSelling) return fail("money is put into a task that is not for sale");
  if (atoms > 0) {
    take(of(who).available, atoms);
    if (!t.in_escrow) of(who).reserved += atoms;
    t.puts.push_back({who, atoms});
    take(t.missing, atoms);
  }
  if (t.stage == Stage::kFunding && t.missing == 0) open_sale(t);
}

void Auditor::Model::open_sale(Task& t) {
  t.stage = Stage::kSelling;
  const bool auction = t.terms.sale == protocol::Sale::kAuction;
  t.due = m_now + (auction ? t.terms.windows.bid_ms : t.terms.windows.accept_ms);
}

// Of each copy's part a 51st, rounded up, is tax.
void Auditor::Model::raise(Task& t, const AccountId& who, Atoms atoms) {
  const Atoms left = t.terms.copies - t.claims.size();
  if (left == 0 || atoms % left != 0) return fail("an uneven sum was taken");
  const Atoms each = atoms / left;
  const Atoms tax = (each + 50) / 51;
  t.terms.tax.value += tax;
  t.terms.price.value += each - tax;
  t.missing = atoms;
  put_in(t, who, atoms);
}

void Auditor::Model::award(const protocol::TaskAccepted& e, const Sent* tx) {
  Task& t = task(e.task);
  if (t.stage != Stage::kSelling) return fail("a task is sold that is not for sale");
  if (e.solver == t.submitter) fail("a task is sold to who posted it");
  const auto won = t.won_at.find(e.solver);
  if (won == t.won_at.end() && t.terms.sale == protocol::Sale::kAuction)
    fail("a copy goes to somebody without a bid");
  const Atoms price = won == t.won_at.end() ? t.terms.price.value : won->second;
  if (e.price.value != price) fail("a copy is sold at another price than was offered");
  const bool by_itself = tx == nullptr;
  if (by_itself && t.due > m_now) fail("an auction ended before its window");
  if (!by_itself && t.due <= m_now) fail("a copy was sold after the window");

  Claim c;
  c.id = e.claim;
  c.task = e.task;
  c.solver = e.solver;
  c.price = price;
  c.tax = t.terms.tax.value;
  c.stake = t.terms.solver_stake.value;
  c.entries = commit::transcript_entries(t.terms.header);
  take(of(e.solver).staked, c.stake);
  const Atoms cap = t.terms.price.value;
  if (t.in_escrow) {
    give_back(t, cap - price);
  } else {
    // Posted first in, first out; the rest is free again.
    Atoms needed = (t.terms.copies - t.claims.size()) * copy_cost(t.terms) - (cap - price);
    for (Put& put : t.puts) {
      const Atoms used = std::min(put.atoms, needed);
      take(of(put.who).reserved, put.atoms);
      of(put.who).available += put.atoms - used;
      put.atoms = used;
      needed -= used;
    }
    if (needed > 0) fail("a task is sold that was not paid for");
    t.in_escrow = true;
  }
  t.claims.push_back(c.id);
  m_claims[c.id] = c;
  if (t.claims.size() == t.terms.copies) end_sale(t);
}

void Auditor::Model::end_offer(const protocol::BidEnded& e, const Sent* tx) {
  Task& t = task(e.task);
  const auto offer = std::find_if(t.offers.begin(), t.offers.end(),
                                  [&](const Offer& o) { return o.who == e.bidder; });
  const auto down = m_put_down.find({e.task, e.bidder});
  if (offer == t.offers.end() || down == m_put_down.end())
    return fail("a bid ends that did not stand");
  const bool withdrawn =
      tx != nullptr && std::holds_alternative<protocol::WithdrawBid>(*tx->payload);
  const bool wins = e.how == protocol::BidEnd::kAwarded;
  const auto rank = [](const Offer& o) { return std::pair(o.price, o.order); };
  if (wins && tx == nullptr)
    for (const Offer& other : t.offers)
      if (rank(other) < rank(*offer)) fail("a lower or earlier bid was passed over");
  if (e.how == protocol::BidEnd::kEvicted)
    for (Offer& other : t.offers) {
      if (rank(other) > rank(*offer) && other.who != tx->from)
        fail("another bid than the highest was evicted");
      other.has_evicted |= other.who == tx->from;
    }
  // In the window's last tenth, or after it made another give way, a bid is not taken back free.
  const bool late =
      withdrawn && (offer->has_evicted || t.due - m_now <= t.terms.windows.bid_ms / 10);
  if (late != (e.how == protocol::BidEnd::kForfeited))
    fail("a bid is withdrawn late for nothing, or loses its deposit otherwise");
  if (wins && withdrawn) fail("a bid that is withdrawn wins");
  if (wins) t.won_at[e.bidder] = offer->price;
  if (late) {
    of(t.submitter).available += down->second.deposit / 2;
    m_burned += down->second.deposit - down->second.deposit / 2;
  } else {
    of(e.bidder).available += down->second.deposit;
  }
  // The award, which follows, takes a winner's again.
  of(e.bidder).staked += down->second.stake;
  m_put_down.erase(down);
  t.offers.erase(offer);
}

void Auditor::Model::give_back(Task& t, Atoms atoms) {
  for (auto put = t.puts.rbegin(); put != t.puts.rend() && atoms > 0; ++put) {
    const Atoms part = std::min(put->atoms, atoms);
    of(put->who).available += part;
    put->atoms -= part;
    atoms -= part;
  }
  if (atoms > 0) fail("more goes back to funders than they put in");
}

// Bids that are left end with events of their own.
void Auditor::Model::end_sale(Task& t) {
  if (!t.in_escrow) {
    for (Put& put : t.puts) {
      take(of(put.who).reserved, put.atoms);
      of(put.who).available += put.atoms;
      put.atoms = 0;
    }
  } else {
    give_back(t, (t.terms.copies - t.claims.size()) * copy_cost(t.terms));
  }
  t.stage = t.claims.empty() ? Stage::kEnded : Stage::kSold;
}

void Auditor::Model::cancel(Task& t) {
  for (const ClaimId& id : t.claims) {
    Claim& c = claim(id);
    if (c.status == protocol::ClaimStatus::kTraining && !c.cancelled) end_early(t, c);
  }
  if (t.stage <= Stage::kSelling) end_sale(t);
}

// The deadline comes nearer: the progress entries' part of the time to train, rounded up, and the
// window to reveal.
void Auditor::Model::end_early(const Task& t, Claim& c) {
  c.cancelled = true;
  const std::uint64_t all = commit::transcript_entries(t.terms.header) - 1;
  const std::uint64_t part = std::min(t.terms.progress_entries, all);
  c.due = std::min(
      c.due, m_now + (t.terms.windows.train_ms * part + all - 1) / all + t.terms.windows.reveal_ms);
}

void Auditor::Model::end_task(const protocol::TaskEnded& e) {
  using protocol::TaskStatus;
  Task& t = task(e.task);
  if (t.stage <= Stage::kSelling) {
    if (t.due > m_now) fail("a sale ended before its window");
    end_sale(t);
  }
  bool paid = false;
  for (const ClaimId& id : t.claims) {
    const Claim& c = claim(id);
    if (!protocol::is_settled(c.status)) fail("a task ended before its claims");
    paid |= protocol::is_paid(c.reason);
  }
  if (paid != (e.status == TaskStatus::kPaid))
    fail("a task ended as paid that was not, or the reverse");
  t.stage = Stage::kEnded;
  t.ended_at = m_height;
}

}  // namespace assay::sim
