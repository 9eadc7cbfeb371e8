// The market in the plainest terms: what the specification says about money and time, and nothing
// of how the state machine does it. No record, no escrow, no pending transfer: an account's free
// and staked money, and lists.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>
#include <vector>

#include "assay/protocol/payloads.hpp"

namespace assay::protocol::test {

class MarketModel {
 public:
  using Party = unsigned;
  struct Bid {
    Party who;
    std::uint64_t price, order;
  };
  enum class Stage { kTraining, kEnlisting, kRevealing, kDrawing, kChallenging, kOver };
  struct Claim {
    Party solver;
    std::uint64_t price, tax, due;
    Hash256 id;
    Stage stage = Stage::kTraining;
    std::uint64_t entries = 10, reported = 1;
    bool cancelled = false;
    bool abandoned = false;  // and not cancelled before
  };
  struct Task {
    PostTask terms;
    Party submitter = 0;
    Hash256 id;
    std::uint64_t due = 0, missing = 0, orders = 0;
    bool funding = true, selling = false;
    std::vector<std::pair<Party, std::uint64_t>> funds;  // in order; what is still in
    std::vector<Bid> bids;
    std::vector<Claim> claims;
  };

  std::map<Party, std::uint64_t> free, staked;
  std::uint64_t burned = 0, jackpot = 0, now = 0;
  std::map<Hash256, Task> tasks;
  struct Ends {
    unsigned no_bids = 0, unfunded = 0, not_accepted = 0, cancelled = 0, unstaked = 0, paid = 0,
             partial = 0, expired = 0, raised = 0, abandoned = 0, withdrawn_late = 0;
  } ends;

  static std::uint64_t cost(const PostTask& t) {
    return t.price.value + t.verification_fee.value + t.tax.value;
  }

  // Each says whether the ledger has to take it.
  bool post(const Hash256& id, Party who, const PostTask& terms) {
    const std::uint64_t own = terms.copies * cost(terms) - terms.sought.value;
    if (free[who] < own) return false;
    Task& t = tasks[id];
    t.terms = terms, t.submitter = who, t.id = id;
    t.missing = terms.copies * cost(terms);
    t.due = now + terms.windows.accept_ms;
    put_in(t, who, own);
    return true;
  }
  bool fund(Task& t, Party who, std::uint64_t amount) {
    if (amount == 0 || (!t.funding && !t.selling) || t.funds.size() >= 16) return false;
    if (t.funding && (amount > t.missing || amount * (16 - t.funds.size()) < t.missing))
      return false;
    if (t.selling) {
      const std::uint64_t left = t.terms.copies - t.claims.size();
      const std::uint64_t each = amount / left;
      const std::uint64_t tax = (each + 50) / 51;
      // A lost bond's half pays for a replay.
      const std::uint64_t price = t.terms.price.value + each - tax;
      if (amount % left != 0 || each <= tax || each * 100 < t.terms.price.value ||
          free[who] < amount || (price + 9) / 10 > t.terms.challenger_bond.value / 2)
        return false;
      t.terms.price.value += each - tax;
      t.terms.tax.value += tax;
      t.missing = amount;
      ++ends.raised;
    }
    if (free[who] < amount) return false;
    put_in(t, who, amount);
    return true;
  }
  bool accept(Task& t, Party who) {
    if (!t.selling || t.terms.sale != Sale::kFixed || !may_take(t, who) || !able(t, who))
      return false;
    sell(t, who, t.terms.price.value);
    return true;
  }
  bool bid(Task& t, Party who, std::uint64_t price) {
    if (!t.selling || t.terms.sale != Sale::kAuction || !may_take(t, who)) return false;
    if (price == 0 || price > t.terms.price.value) return false;
    const auto own = find_bid(t, who);
    if (own != t.bids.end() ? price >= own->price : free[who] < t.terms.bid_deposit.value)
      return false;
    if (own == t.bids.end() && !able(t, who)) {
      ++ends.unstaked;
      return false;
    }
    if (own != t.bids.end()) {
      *own = {who, price, t.orders++};
    } else {
      free[who] -= t.terms.bid_deposit.value;
      staked[who] -= t.terms.solver_stake.value;
      t.bids.push_back({who, price, t.orders++});
    }
    return true;
  }
  bool withdraw(Task& t, Party who) {
    const auto own = find_bid(t, who);
    if (own == t.bids.end()) return false;
    if ((t.due - now) * 10 <= t.terms.windows.bid_ms) {
      ++ends.withdrawn_late;
      forfeit(t, own);
    } else {
      give_back(t, own);
    }
    return true;
  }
  bool award(Task& t, Party by, Party solver) {
    const auto bid = find_bid(t, solver);
    if (by != t.submitter || !t.selling || bid == t.bids.end()) return false;
    const std::uint64_t price = bid->price;
    give_back(t, bid);
    sell(t, solver, price);
    return true;
  }
  bool cancel(Task& t, Party by) {
    bool trains = false;
    for (const Claim& c : t.claims) trains |= c.stage == Stage::kTraining && !c.cancelled;
    if (by != t.submitter || (!t.funding && !t.selling && !trains)) return false;
    for (Claim& c : t.claims)
      if (c.stage == Stage::kTraining && !c.cancelled) end_early(t, c);
    if (t.funding || t.selling) {
      ++ends.cancelled;
      end_sale(t);
    }
    return true;
  }
  bool report(Task& t, Claim& c, Party by, std::uint64_t entries) {
    if (by != c.solver || c.stage != Stage::kTraining || c.cancelled || entries <= c.reported ||
        entries > 10 || entries > c.reported + t.terms.progress_entries)
      return false;
    c.reported = entries;
    return true;
  }
  bool abandon(Task& t, Claim& c, Party by) {
    if (by != c.solver || c.stage != Stage::kTraining) return false;
    ++ends.abandoned;
    c.abandoned |= !c.cancelled;
    if (t.terms.pays_partial && c.reported > 1 && !c.cancelled)
      end_early(t, c);
    else
      end_stage(t, c);
    return true;
  }
  bool commit(Task& t, Claim& c, Party by, std::uint64_t entries) {
    if (by != c.solver || c.stage != Stage::kTraining) return false;
    const std::uint64_t most =
        c.cancelled ? std::min<std::uint64_t>(10, c.reported + t.terms.progress_entries) : 10;
    const std::uint64_t least = c.cancelled ? std::max<std::uint64_t>(2, c.reported) : 10;
    if (entries < least || entries > most) return false;
    c.entries = entries;
    move(c, Stage::kEnlisting, t.terms.windows.enlist_ms);
    end_waiting(t);
    return true;
  }
  bool reveal(Claim& c, Party by) {
    if (by != c.solver || c.stage != Stage::kRevealing) return false;
    move(c, Stage::kDrawing, 0);
    return true;
  }

  // What ends by itself at the start of a block, the earliest first.
  void pass(std::uint64_t to) {
    now = to;
    for (;;) {
      Task* first_task = nullptr;
      Claim* first_claim = nullptr;
      std::tuple<std::uint64_t, int, Hash256> first{UINT64_MAX, 9, {}};
      for (auto& [id, t] : tasks) {
        if ((t.funding || t.selling) && std::tuple(t.due, 1, id) < first)
          first = {t.due, 1, id}, first_task = &t, first_claim = nullptr;
        for (Claim& c : t.claims)
          if (c.stage != Stage::kOver && std::tuple(c.due, 2, c.id) < first)
            first = {c.due, 2, c.id}, first_task = &t, first_claim = &c;
      }
      if (first_task == nullptr || std::get<0>(first) > now) return;
      if (first_claim == nullptr)
        end_window(*first_task);
      else
        end_stage(*first_task, *first_claim);
    }
  }

 private:
  static std::vector<Bid>::iterator find_bid(Task& t, Party who) {
    return std::find_if(t.bids.begin(), t.bids.end(), [&](const Bid& b) { return b.who == who; });
  }
  bool may_take(const Task& t, Party who) const {
    for (const Claim& c : t.claims)
      if (c.solver == who) return false;
    return who != t.submitter;
  }
  bool able(const Task& t, Party who) { return staked[who] >= t.terms.solver_stake.value; }

  void put_in(Task& t, Party who, std::uint64_t amount) {
    if (amount > 0) {
      free[who] -= amount;
      t.funds.emplace_back(who, amount);
      t.missing -= amount;
    }
    if (!t.funding || t.missing > 0) return;
    t.funding = false, t.selling = true;
    const Windows& w = t.terms.windows;
    t.due = now + (t.terms.sale == Sale::kAuction ? w.bid_ms : w.accept_ms);
  }
  void give_back(Task& t, std::vector<Bid>::iterator bid) {
    free[bid->who] += t.terms.bid_deposit.value;
    staked[bid->who] += t.terms.solver_stake.value;
    t.bids.erase(bid);
  }
  void forfeit(Task& t, std::vector<Bid>::iterator bid) {
    const std::uint64_t deposit = t.terms.bid_deposit.value;
    free[t.submitter] += deposit / 2;
    burned += deposit - deposit / 2;
    staked[bid->who] += t.terms.solver_stake.value;
    t.bids.erase(bid);
  }
  // The last funder first.
  void refund(Task& t, std::uint64_t amount) {
    for (auto f = t.funds.rbegin(); f != t.funds.rend(); ++f) {
      const std::uint64_t part = std::min(f->second, amount);
      free[f->first] += part;
      f->second -= part;
      amount -= part;
    }
  }
  void move(Claim& c, Stage stage, std::uint64_t ms) { c.stage = stage, c.due = now + ms; }

  void sell(Task& t, Party who, std::uint64_t price) {
    staked[who] -= t.terms.solver_stake.value;
    Claim c{who, price, t.terms.tax.value, now + t.terms.windows.train_ms,
            claim_id_of(TaskId{t.id}, account_of(who)).value};
    t.claims.push_back(c);
    refund(t, t.terms.price.value - price);
    if (t.claims.size() == t.terms.copies) end_sale(t);
  }
  // The time for the entries up to the next report: their part of that for all 9, rounded up.
  void end_early(Task& t, Claim& c) {
    const Windows& w = t.terms.windows;
    c.cancelled = true;
    c.due = std::min(c.due, now + (w.train_ms * t.terms.progress_entries + 8) / 9 + w.reveal_ms);
  }
  void end_sale(Task& t) {
    while (!t.bids.empty()) give_back(t, t.bids.begin());
    if (t.funding)
      refund(t, UINT64_MAX);
    else
      refund(t, (t.terms.copies - t.claims.size()) * cost(t.terms));
    t.funding = t.selling = false;
    end_waiting(t);
  }
  // Nobody reveals while a copy is for sale or in training.
  static bool waits(const Task& t) {
    return t.selling || std::any_of(t.claims.begin(), t.claims.end(),
                                    [](const Claim& c) { return c.stage == Stage::kTraining; });
  }
  void end_waiting(Task& t) {
    for (Claim& c : t.claims)
      if (c.stage == Stage::kEnlisting && c.due == UINT64_MAX && !waits(t))
        move(c, Stage::kRevealing, t.terms.windows.reveal_ms);
  }
  void end_window(Task& t) {
    if (t.funding) {
      ++ends.unfunded;
      return end_sale(t);
    }
    if (t.terms.sale == Sale::kAuction) {
      std::sort(t.bids.begin(), t.bids.end(), [](const Bid& a, const Bid& b) {
        return std::pair(a.price, a.order) < std::pair(b.price, b.order);
      });
      while (t.selling && !t.bids.empty()) {
        const Bid best = t.bids.front();
        give_back(t, t.bids.begin());
        sell(t, best.who, best.price);
      }
    }
    if (!t.selling) return;
    if (t.claims.empty()) ++(t.terms.sale == Sale::kAuction ? ends.no_bids : ends.not_accepted);
    end_sale(t);
  }
  void end_stage(Task& t, Claim& c) {
    const Windows& w = t.terms.windows;
    switch (c.stage) {
      case Stage::kEnlisting: c.due = UINT64_MAX; return end_waiting(t);
      case Stage::kDrawing: return move(c, Stage::kChallenging, w.challenge_ms);
      default: break;
    }
    const std::uint64_t whole = c.price + t.terms.verification_fee.value + c.tax;
    std::uint64_t spent = 0;
    if (c.stage == Stage::kChallenging) {
      const std::uint64_t steps = std::min<std::uint64_t>((c.entries - 1) * 3, 27);
      const std::uint64_t pay = c.price * steps / 27;
      const std::uint64_t tax = (c.tax * steps + 26) / 27;
      free[c.solver] += pay;
      burned += (tax + 1) / 2;
      jackpot += tax / 2;
      spent = pay + tax;
      ++(steps == 27 ? ends.paid : ends.partial);
    } else {
      ++ends.expired;
    }
    const std::uint64_t fine = c.abandoned && c.stage == Stage::kTraining ? c.tax : 0;
    staked[c.solver] += t.terms.solver_stake.value - fine;
    burned += (fine + 1) / 2;
    jackpot += fine / 2;
    c.stage = Stage::kOver;
    refund(t, whole - spent);
    end_waiting(t);
  }

 public:
  std::function<AccountId(Party)> account_of;
};

}  // namespace assay::protocol::test
