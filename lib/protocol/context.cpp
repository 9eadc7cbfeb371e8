#include "internal/context.hpp"

#include "assay/core/checked.hpp"
#include "assay/core/planted.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::protocol::internal {

using ledger::AccountKey;
using ledger::AccountKind;
using ledger::LedgerVerdict;
using ledger::PendingId;

namespace {

template <class Action>
void run(Context& c, Action&& action) {
  ledger::Ledger money(c.state);
  if (action(money) != LedgerVerdict::kOk)
    c.state.overlay().fail({ErrorCode::kIntegrity, "an account holds less than the records say"});
  c.state.merge(money.diff());
  for (const ledger::Transfer& t : money.diff().journal) c.emit(MoneyMoved{t});
}

}  // namespace

void Context::pay(const AccountKey& debit, const AccountKey& credit, std::uint64_t atoms) {
  if (atoms == 0) return;
  run(*this, [&](ledger::Ledger& l) { return l.transfer({debit, credit, Amount{atoms}}); });
}
void Context::put_down(const AccountKey& debit, const Lock& lock, std::uint64_t atoms) {
  if (atoms == 0) return;
  pay(debit, lock.account, atoms);
  Locked locked = state.locked(lock.owner);
  (locked.*lock.counter).value += atoms;
  state.put(lock.owner, locked);
}
void Context::take_out(const Lock& lock, const AccountKey& credit, std::uint64_t atoms) {
  if (atoms == 0) return;
  pay(lock.account, credit, atoms);
  Locked locked = state.locked(lock.owner);
  Amount& counter = locked.*lock.counter;
  if (!checked_sub(counter.value, atoms, counter.value))
    state.overlay().fail({ErrorCode::kIntegrity, "an account locked less than its locks hold"});
  state.put(lock.owner, locked);
}
void Context::reserve(const PendingId& id, const ledger::Transfer& t) {
  if (t.amount.value == 0) return;
  run(*this, [&](ledger::Ledger& l) { return l.reserve(id, t); });
}
void Context::post(const PendingId& id, std::uint64_t atoms) {
  run(*this, [&](ledger::Ledger& l) {
    return atoms == 0 ? l.void_pending(id) : l.post(id, Amount{atoms});
  });
}

std::uint64_t Context::balance(const AccountKey& key) const {
  return state.account(key).value_or(ledger::Account{}).balance.value;
}

void Context::advance(ClaimRecord& claim, ClaimStatus status,
                      std::optional<std::uint64_t> window_ms) {
  if (claim.deadline != LedgerTimeMs{})
    state.remove_deadline({claim.deadline, DeadlineKind::kClaim, claim.id.value});
  claim.status = status;
  claim.deadline = window_ms ? after(*window_ms) : LedgerTimeMs{};
  if (window_ms) state.add_deadline({claim.deadline, DeadlineKind::kClaim, claim.id.value});
  state.put(claim);
  if (!is_settled(status)) emit(ClaimAdvanced{claim.id, status});
}

AccountKey user_account(const AccountId& id) { return {AccountKind::kUser, id.value}; }
AccountKey stake_account(const AccountId& id) { return {AccountKind::kStake, id.value}; }
AccountKey escrow_account(const TaskId& id) { return {AccountKind::kEscrow, id.value}; }
AccountKey lock_account(const ClaimId& claim, const AccountId& id) {
  return {AccountKind::kLock,
          crypto::sha256({as_bytes("assay/lock/1"), claim.value.view(), id.value.view()})};
}
AccountKey bond_account(const ChallengeId& id) { return {AccountKind::kLock, id.value}; }
AccountKey burned_account() { return {AccountKind::kBurned, {}}; }
AccountKey jackpot_account() { return {AccountKind::kJackpot, {}}; }
AccountKey treasury_account() { return {AccountKind::kTreasury, {}}; }

AccountKey deposit_account(const TaskId& task, const AccountId& bidder) {
  return {AccountKind::kLock,
          crypto::sha256({as_bytes("assay/deposit/1"), task.value.view(), bidder.value.view()})};
}

Lock stake_lock(const ClaimId& claim, const AccountId& id) {
  return {lock_account(claim, id), id, &Locked::stakes};
}
Lock bond_lock(const ChallengeRecord& challenge) {
  return {bond_account(challenge.id), challenge.challenger, &Locked::bonds};
}
Lock demand_lock(const DemandRecord& demand) {
  return {{AccountKind::kLock, demand.id.value}, demand.demander, &Locked::bonds};
}
AccountKey validator_account(const ValidatorAddress& address) {
  return {AccountKind::kLock, crypto::sha256({as_bytes("assay/validator-lock/1"), address})};
}
Lock validator_lock(const ValidatorRecord& validator) {
  return {validator_account(validator_address(validator.key)), validator.owner, &Locked::bonded};
}
Lock relay_lock(const AccountId& id) {
  return {{AccountKind::kLock, crypto::sha256({as_bytes("assay/relay-lock/1"), id.value.view()})},
          id,
          &Locked::stakes};
}
Lock deposit_lock(const TaskId& task, const AccountId& bidder) {
  const bool is_mixed = testing::planted(testing::Planted::kMixedDeposit);
  return {is_mixed ? escrow_account(task) : deposit_account(task, bidder), bidder,
          &Locked::deposits};
}

PendingId escrow_pending(const TaskId& id, std::size_t slot) {
  const auto number = static_cast<std::uint8_t>(slot);
  return PendingId{
      crypto::sha256({as_bytes("assay/escrow/1"), id.value.view(), ByteView{&number, 1}})};
}
PendingId unbonding_pending(const AccountId& id, const ClientId& client_id) {
  return PendingId{
      crypto::sha256({as_bytes("assay/unbonding/1"), id.value.view(), ByteView{client_id}})};
}

}  // namespace assay::protocol::internal
