#include "assay/protocol/obligations.hpp"

#include <algorithm>

#include "assay/protocol/offer.hpp"

namespace assay::protocol {

namespace {

__extension__ using Wide = unsigned __int128;

Amount saturated(Wide sum) {
  return Amount{static_cast<std::uint64_t>(std::min(sum, Wide{UINT64_MAX}))};
}

Wide cost_of(Amount price, Amount fee, Amount tax) {
  return Wide{price.value} + fee.value + tax.value;
}

}  // namespace

Amount owed_by_reservations(const TaskRecord& task) noexcept {
  Wide owed = 0;
  if (!task.posted)
    for (const Funder& funder : task.funders) owed += funder.amount.value;
  return saturated(owed);
}

Amount owed_by_escrow(const TaskRecord& task, std::span<const ClaimRecord> claims) noexcept {
  if (!task.posted) return {};
  const PostTask& terms = task.terms;
  Wide owed = 0;
  if (task.status == TaskStatus::kOpen && terms.copies > claims.size())
    owed += (terms.copies - claims.size()) * cost_of(terms.price, fees_of(terms), terms.tax);
  for (const ClaimRecord& claim : claims)
    if (!is_settled(claim.status)) owed += cost_of(claim.price, fees_of(terms), claim.tax);
  return saturated(owed);
}

Amount owed_by_solver_lock(const TaskRecord& task, const ClaimRecord& claim) noexcept {
  return is_settled(claim.status) ? Amount{} : task.terms.solver_stake;
}
Amount owed_by_verifier_lock(const TaskRecord& task, const ClaimRecord& claim) noexcept {
  return is_settled(claim.status) ? Amount{} : task.terms.verifier_stake;
}

Amount owed_by_deposit(const TaskRecord& task) noexcept { return task.terms.bid_deposit; }
Amount owed_by_bid_lock(const TaskRecord& task) noexcept { return task.terms.solver_stake; }

Amount owed_by_bond(const TaskRecord& task, const ChallengeRecord& challenge) noexcept {
  return is_resolved(challenge.status) ? Amount{} : task.terms.challenger_bond;
}

Amount owed_by_demand(const DemandRecord& demand) noexcept {
  return demand.status == DemandStatus::kOpen ? demand.price : Amount{};
}

Amount owed_by_validator(const ValidatorRecord& validator) noexcept {
  Wide owed = validator.stake.value;
  for (const ValidatorUnbonding& part : validator.unbonding) owed += part.amount.value;
  return saturated(owed);
}
Amount owed_by_relay(const RelayRecord& relay) noexcept { return relay.bond; }

bool owes_nothing(const TaskRecord& task) noexcept {
  return task.ended != LedgerTimeMs{} && task.unsettled == 0 && task.bids == 0;
}

}  // namespace assay::protocol
