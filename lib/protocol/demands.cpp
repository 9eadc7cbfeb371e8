// Demands for pieces: how they end, and what follows for the claim.
#include <algorithm>

#include "assay/core/planted.hpp"
#include "assay/economics/splits.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

namespace {

void end_demand(Context& c, DemandRecord& demand, DemandStatus status) {
  c.state.remove_deadline({demand.deadline, DeadlineKind::kDemand, demand.id.value});
  demand.status = status;
  demand.deadline = LedgerTimeMs{};
  c.state.put(demand);
  c.emit(DemandEnded{demand.id, status});
}

void give_back(Context& c, const DemandRecord& demand) {
  c.take_out(demand_lock(demand), user_account(demand.demander), demand.price.value);
}

}  // namespace

LedgerTimeMs last_demand(const State& state, const ClaimRecord& claim) {
  LedgerTimeMs last;
  if (claim.demands_open != 0)
    for (const DemandRecord& demand : state.demands(claim.id))
      if (demand.status == DemandStatus::kOpen)
        last = std::max(last, LedgerTimeMs{demand.deadline.value + 1});
  return last;
}

void extend_challenging(Context& c, ClaimRecord& claim, LedgerTimeMs until) {
  if (claim.status != ClaimStatus::kChallenging || claim.deadline >= until) return;
  c.state.remove_deadline({claim.deadline, DeadlineKind::kClaim, claim.id.value});
  claim.deadline = until;
  c.state.add_deadline({until, DeadlineKind::kClaim, claim.id.value});
  c.state.put(claim);
}

// Half to the solver for its trouble, whoever carried it; half is burned, so that no solver asks
// itself, and nobody uses up a claim's demands for nothing.
void supply_demand(Context& c, DemandRecord demand, Bytes bytes) {
  ClaimRecord claim = c.state.need_claim(demand.claim);
  const TaskRecord task = c.state.need_task(claim.task);
  const economics::BondSplit split = economics::split_bond(demand.price.value);
  c.take_out(demand_lock(demand), user_account(claim.solver), split.defender);
  c.take_out(demand_lock(demand), burned_account(), split.burned);
  c.state.put_supplied(demand, std::move(bytes));
  end_demand(c, demand, DemandStatus::kSupplied);
  --claim.demands_open;
  c.state.put(claim);
  // Whoever waited for it has time to look at it.
  extend_challenging(c, claim, c.after(task.terms.windows.challenge_ms));
  maybe_settle(c, claim.id);
}

namespace {

// Its clock stood still where blocks had no room for a supply: it ends later by that.
bool goes_on(Context& c, DemandRecord& demand, ClaimRecord& claim) {
  const std::uint64_t move_ms = c.state.need_task(claim.task).terms.windows.move_ms;
  const std::uint64_t paused = paused_ms(c.state, demand.paused_before_ms, move_ms);
  const LedgerTimeMs end{demand.deadline.value + paused - demand.paused_ms};
  if (end <= c.now) return false;
  demand.paused_ms = paused;
  demand.deadline = end;
  c.state.put(demand);
  c.state.add_deadline({end, DeadlineKind::kDemand, demand.id.value});
  extend_challenging(c, claim, LedgerTimeMs{end.value + 1});
  return true;
}

}  // namespace

// The claim falls when its window to challenge is over and nobody plays about it any more: who has
// proved it false by then is paid.
void expire_demand(Context& c, const DemandId& id) {
  DemandRecord demand = c.state.need_demand(id);
  ClaimRecord claim = c.state.need_claim(demand.claim);
  if (goes_on(c, demand, claim)) return;
  give_back(c, demand);
  end_demand(c, demand, DemandStatus::kIgnored);
  --claim.demands_open;
  if (!testing::planted(testing::Planted::kIgnoredDemand))
    claim.solver_lost = claim.withheld = true;
  c.state.put(claim);
  maybe_settle(c, claim.id);
}

void void_demands(Context& c, ClaimRecord& claim) {
  if (claim.demands_open == 0) return;
  for (DemandRecord& demand : c.state.demands(claim.id)) {
    if (demand.status != DemandStatus::kOpen) continue;
    give_back(c, demand);
    end_demand(c, demand, DemandStatus::kVoid);
  }
  claim.demands_open = 0;
}

}  // namespace assay::protocol::internal
