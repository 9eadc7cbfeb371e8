#include "internal/solvency.hpp"

#include <cstring>
#include <map>
#include <set>

#include "assay/protocol/obligations.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

namespace {

using ledger::Account;
using ledger::AccountKey;
using ledger::AccountKind;
using Record = Overlay::Record;

Hash256 hash_at(ByteView key, std::size_t at) {
  Hash256 h;
  std::memcpy(h.bytes.data(), key.data() + at, h.bytes.size());
  return h;
}

// None if it is erased, empty or damaged.
template <class T>
std::optional<T> decoded(const Overlay::Value& value) {
  if (!value) return std::nullopt;
  codec::Reader r(*value);
  T record;
  read(r, record);
  return r.finish() ? std::optional<T>(std::move(record)) : std::nullopt;
}

Account account_of(const Overlay::Value& value) {
  if (!value) return {};
  const auto account = ledger::decode_account(*value);
  return account ? *account : Account{};
}

class Check {
 public:
  explicit Check(const State& state) : m_state(state) {}

  // What changed says which tasks and locks are looked at, then each of them is, once.
  bool of_changes() {
    for (const Record* r : changed(Table::kTask)) task(*r);
    for (const Record* r : changed(Table::kClaim)) claim(*r);
    for (const Record* r : changed(Table::kVerifier)) verifier(*r);
    for (const Record* r : changed(Table::kBid)) bid(*r);
    for (const Record* r : changed(Table::kChallenge)) challenge(*r);
    for (const Record* r : changed(Table::kDemand)) demand(*r);
    for (const Record* r : changed(Table::kValidator))
      validator(RecordTable::key_of(*r), r->second.now);
    for (const Record* r : changed(Table::kRelay)) relay(*r);
    for (const Record* r : changed(Table::kPending)) reservation(*r);
    for (const Record* r : changed(Table::kAccount))
      account(RecordTable::key_of(*r), r->second.stored, r->second.now);
    for (const Record* r : changed(Table::kLocked))
      locked(RecordTable::key_of(*r), r->second.stored, r->second.now);
    return holds();
  }

  // What is live says what is owed; nothing else may hold anything.
  bool of_everything() {
    for (const TaskId& id : m_state.live_tasks()) {
      m_tasks.insert(id);
      for (const Bid& bid : m_state.bids(id)) put_down(id, bid.bidder, true);
      for (const ClaimId& claim : task_of(id).claims) {
        put_down(claim_of(claim));
        put_down_by_verifiers(claim_of(claim));
        for (const ChallengeRecord& c : m_state.challenges(claim)) put_down(c);
        for (const DemandRecord& d : m_state.demands(claim)) put_down(d);
      }
    }
    for (const RelayRecord& relay : m_state.relays()) put_down(relay);
    const Overlay& overlay = m_state.overlay();
    overlay.scan(Key(Table::kAccount).bytes(), [&](ByteView key, ByteView value) {
      if (kind_of(key) != AccountKind::kUser) account(key, std::nullopt, to_bytes(value));
      return true;
    });
    overlay.scan(Key(Table::kValidator).bytes(), [&](ByteView key, ByteView value) {
      validator(key, to_bytes(value));
      return true;
    });
    overlay.scan(Key(Table::kLocked).bytes(), [&](ByteView key, ByteView value) {
      locked(key, std::nullopt, to_bytes(value));
      return true;
    });
    return holds();
  }

 private:
  __extension__ using Signed = __int128;

  bool holds() {
    for (const TaskId& id : m_tasks) m_sound &= is_covered(id);
    for (const auto& [key, owed] : m_owed) m_sound &= holds_exactly(key, owed);
    for (const AccountKey& key : m_locks) m_sound &= m_owed.contains(key);
    for (const AccountId& id : m_unbonding) m_sound &= unbonds_until_some_time(id);
    return m_sound && m_locked == 0;
  }

  std::span<Record* const> changed(Table table) const { return m_state.overlay().changed(table); }
  void owes(const AccountKey& lock, Amount amount) { m_owed[lock] = amount; }

  const TaskRecord& task_of(const TaskId& id) {
    const auto it = m_task_records.find(id);
    return it != m_task_records.end()
               ? it->second
               : m_task_records.emplace(id, m_state.need_task(id)).first->second;
  }
  const ClaimRecord& claim_of(const ClaimId& id) {
    const auto it = m_claim_records.find(id);
    return it != m_claim_records.end()
               ? it->second
               : m_claim_records.emplace(id, m_state.need_claim(id)).first->second;
  }

  void task(const Record& r) {
    if (r.second.now && !r.second.now->empty()) {
      m_tasks.insert(TaskId{hash_at(RecordTable::key_of(r), 1)});
      return;
    }
    const auto forgotten = decoded<TaskRecord>(r.second.stored);
    m_sound &= forgotten && owes_nothing(*forgotten);
  }

  void claim(const Record& r) {
    if (!r.second.now) {
      const auto forgotten = decoded<ClaimRecord>(r.second.stored);
      m_sound &= forgotten && is_settled(forgotten->status);
      return;
    }
    const ClaimRecord& claim = claim_of(ClaimId{hash_at(RecordTable::key_of(r), 1)});
    m_tasks.insert(claim.task);
    put_down(claim);
    // Its end is that of its verifiers' stakes, whose records it leaves as they are.
    if (!is_settled(claim.status)) return;
    m_sound &= claim.unresolved == 0 && claim.demands_open == 0;
    put_down_by_verifiers(claim);
  }
  void put_down(const ClaimRecord& claim) {
    owes(lock_account(claim.id, claim.solver), owed_by_solver_lock(task_of(claim.task), claim));
  }
  void put_down_by_verifiers(const ClaimRecord& claim) {
    for (const VerifierRecord& v : m_state.verifiers(claim.id))
      owes(lock_account(claim.id, v.verifier), owed_by_verifier_lock(task_of(claim.task), claim));
  }

  void verifier(const Record& r) {
    if (!r.second.now) return;  // with its claim
    const ByteView key = RecordTable::key_of(r);
    const ClaimRecord& claim = claim_of(ClaimId{hash_at(key, 1)});
    owes(lock_account(claim.id, AccountId{hash_at(key, 33)}),
         owed_by_verifier_lock(task_of(claim.task), claim));
  }

  void bid(const Record& r) {
    const ByteView key = RecordTable::key_of(r);
    put_down(TaskId{hash_at(key, 1)}, AccountId{hash_at(key, 33)}, r.second.now.has_value());
  }
  void put_down(const TaskId& id, const AccountId& bidder, bool stands) {
    const ClaimId won = claim_id_of(id, bidder);
    owes(deposit_account(id, bidder), stands ? owed_by_deposit(task_of(id)) : Amount{});
    // The lock of a bid that won is its claim's.
    if (stands || !m_state.claim(won))
      owes(lock_account(won, bidder), stands ? owed_by_bid_lock(task_of(id)) : Amount{});
  }

  void challenge(const Record& r) {
    if (!r.second.now) return;  // with its claim
    const auto record = decoded<ChallengeRecord>(r.second.now);
    m_sound &= record.has_value();
    if (record) put_down(*record);
  }
  void put_down(const ChallengeRecord& c) {
    owes(bond_account(c.id), owed_by_bond(task_of(claim_of(c.claim).task), c));
  }

  void demand(const Record& r) {
    if (!r.second.now) return;  // with its claim
    const auto record = decoded<DemandRecord>(r.second.now);
    m_sound &= record.has_value();
    if (record) put_down(*record);
  }
  void put_down(const DemandRecord& d) { owes(demand_lock(d).account, owed_by_demand(d)); }

  void validator(ByteView key, const Overlay::Value& now) {
    ValidatorAddress address;
    std::memcpy(address.data(), key.data() + 1, address.size());
    const auto record = decoded<ValidatorRecord>(now);
    m_sound &= record.has_value() == now.has_value();
    owes(validator_account(address), record ? owed_by_validator(*record) : Amount{});
  }
  // One that is gone owes nothing.
  void relay(const Record& r) {
    RelayRecord relay = decoded<RelayRecord>(r.second.now).value_or(RelayRecord{});
    relay.account = AccountId{hash_at(RecordTable::key_of(r), 1)};
    put_down(relay);
  }
  void put_down(const RelayRecord& relay) {
    owes(relay_lock(relay.account).account, owed_by_relay(relay));
    m_sound &= relay.held <= relay.bond;
  }

  // Which task it is a contribution to; what unbonds is seen at its account.
  void reservation(const Record& r) {
    const auto& value = r.second.now ? r.second.now : r.second.stored;
    if (!value) return;
    const auto pending = ledger::decode_pending(*value);
    m_sound &= pending && (pending->credit.kind == AccountKind::kEscrow ||
                           pending->debit.kind == AccountKind::kStake);
    if (pending && pending->credit.kind == AccountKind::kEscrow)
      m_tasks.insert(TaskId{pending->credit.owner});
  }

  static AccountKind kind_of(ByteView key) { return static_cast<AccountKind>(key[1]); }
  void account(ByteView key, const Overlay::Value& was, const Overlay::Value& now) {
    const AccountKind kind = kind_of(key);
    if (kind == AccountKind::kUser) return;
    const AccountKey name{kind, hash_at(key, 2)};
    if (kind == AccountKind::kEscrow) {
      m_tasks.insert(TaskId{name.owner});
    } else if (kind == AccountKind::kLock) {
      m_locks.push_back(name);
      m_locked -= Signed{account_of(now).balance.value} - account_of(was).balance.value;
    } else if (kind == AccountKind::kStake) {
      if (account_of(now).debits_pending != account_of(was).debits_pending)
        m_unbonding.insert(AccountId{name.owner});
    }
  }

  void locked(ByteView key, const Overlay::Value& was, const Overlay::Value& now) {
    const Locked before = decoded<Locked>(was).value_or(Locked{});
    const Locked after = decoded<Locked>(now).value_or(Locked{});
    m_locked += sum_of(after) - sum_of(before);
    if (after.unbonding_until != before.unbonding_until)
      m_unbonding.insert(AccountId{hash_at(key, 1)});
  }
  static Signed sum_of(const Locked& l) {
    return Signed{l.stakes.value} + l.bonds.value + l.deposits.value + l.bonded.value;
  }

  bool unbonds_until_some_time(const AccountId& id) const {
    const bool unbonds =
        m_state.account(stake_account(id)).value_or(Account{}).debits_pending != Amount{};
    return unbonds == (m_state.locked(id).unbonding_until != LedgerTimeMs{});
  }

  bool holds_exactly(const AccountKey& key, Amount owed) const {
    return m_state.account(key).value_or(Account{}) == Account{owed, {}, {}};
  }

  // A task's reservations and its escrow.
  bool is_covered(const TaskId& id) {
    const std::optional<TaskRecord> task = m_state.task(id);
    const Account escrow = m_state.account(escrow_account(id)).value_or(Account{});
    if (!task) return escrow == Account{};
    std::vector<ClaimRecord> claims;
    for (const ClaimId& claim : task->claims) claims.push_back(claim_of(claim));
    const Account owed{owed_by_escrow(*task, claims), {}, owed_by_reservations(*task)};
    if (escrow != owed) return false;
    Signed refundable = 0;
    for (const Funder& funder : task->funders) refundable += funder.amount.value;
    return refundable >= Signed{escrow.balance.value} && (task->posted || is_reserved(*task));
  }
  // By its funders. Of a posted one nothing is: its escrow's pending credits are none.
  bool is_reserved(const TaskRecord& task) const {
    for (std::size_t i = 0; i < task.funders.size(); ++i) {
      const Funder& funder = task.funders[i];
      const auto pending = m_state.pending(escrow_pending(task.id, i));
      const bool waits = funder.amount.value != 0;
      if (pending.has_value() != waits) return false;
      if (waits && *pending != ledger::Pending{user_account(funder.account),
                                               escrow_account(task.id),
                                               funder.amount,
                                               ledger::PendingState::kReserved,
                                               {}})
        return false;
    }
    return true;
  }

  const State& m_state;
  bool m_sound = true;
  Signed m_locked = 0;  // by the accounts' records, less by the locks
  std::set<TaskId> m_tasks;
  std::map<AccountKey, Amount> m_owed;  // by locks
  std::vector<AccountKey> m_locks;      // that hold something, or did
  std::set<AccountId> m_unbonding;      // of whom something unbonds, or did
  std::map<TaskId, TaskRecord> m_task_records;
  std::map<ClaimId, ClaimRecord> m_claim_records;
};

}  // namespace

bool is_solvent(const State& state) { return Check(state).of_changes(); }
bool is_solvent_throughout(const State& state) { return Check(state).of_everything(); }

}  // namespace assay::protocol::internal
