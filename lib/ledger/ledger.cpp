#include "assay/ledger/ledger.hpp"

#include "assay/core/checked.hpp"

namespace assay::ledger {

const char* to_string(LedgerVerdict verdict) noexcept {
  switch (verdict) {
    case LedgerVerdict::kOk: return "ok";
    case LedgerVerdict::kZeroAmount: return "zero amount";
    case LedgerVerdict::kSameAccount: return "debit and credit are one account";
    case LedgerVerdict::kDebitsBurned: return "the burned account is never debited";
    case LedgerVerdict::kIdExists: return "a pending transfer has this id";
    case LedgerVerdict::kPendingNotFound: return "no such pending transfer";
    case LedgerVerdict::kPendingPosted: return "the pending transfer was posted before";
    case LedgerVerdict::kPendingVoided: return "the pending transfer was voided before";
    case LedgerVerdict::kPostExceedsPending: return "more than was reserved";
    case LedgerVerdict::kDebitAccountNotFound: return "the debited account does not exist";
    case LedgerVerdict::kInsufficientFunds: return "insufficient funds";
    case LedgerVerdict::kSupplyOverflow: return "the supply would exceed 64 bits";
  }
  return "unknown";
}

namespace {

// Sums are bounded by the supply, which fits; a carry is a bug of ours.
void increase(Amount& amount, Amount by) {
  ASSAY_INVARIANT(checked_add(amount.value, by.value, amount.value));
}
void decrease(Amount& amount, Amount by) {
  ASSAY_INVARIANT(checked_sub(amount.value, by.value, amount.value));
}

}  // namespace

Ledger::Ledger(const LedgerView& base) : m_base(base) { m_diff.issued = base.issued(); }

std::optional<Account> Ledger::account(const AccountKey& key) const {
  if (const auto it = m_diff.accounts.find(key); it != m_diff.accounts.end()) return it->second;
  return m_base.account(key);
}

std::optional<Pending> Ledger::pending(const PendingId& id) const {
  if (const auto it = m_diff.pendings.find(id); it != m_diff.pendings.end()) return it->second;
  return m_base.pending(id);
}

Amount Ledger::balance(const AccountKey& key) const {
  return account(key).value_or(Account{}).balance;
}

Amount Ledger::available(const AccountKey& key) const {
  return account(key).value_or(Account{}).available();
}

Account& Ledger::touch(const AccountKey& key) {
  const auto it = m_diff.accounts.find(key);
  if (it != m_diff.accounts.end()) return it->second;
  return m_diff.accounts.emplace(key, m_base.account(key).value_or(Account{})).first->second;
}

LedgerVerdict Ledger::check_debit(const Transfer& t) const {
  const std::optional<Account> debit = account(t.debit);
  if (!debit) return LedgerVerdict::kDebitAccountNotFound;
  if (t.amount > debit->available()) return LedgerVerdict::kInsufficientFunds;
  return LedgerVerdict::kOk;
}

void Ledger::move(const Transfer& t) {
  decrease(touch(t.debit).balance, t.amount);
  increase(touch(t.credit).balance, t.amount);
  m_diff.journal.push_back(t);
}

LedgerVerdict Ledger::issue(const AccountKey& credit, Amount amount) {
  if (amount.value == 0) return LedgerVerdict::kZeroAmount;
  std::uint64_t issued = 0;
  if (!checked_add(m_diff.issued.value, amount.value, issued))
    return LedgerVerdict::kSupplyOverflow;
  m_diff.issued = Amount{issued};
  increase(touch(credit).balance, amount);
  return LedgerVerdict::kOk;
}

LedgerVerdict Ledger::transfer(const Transfer& t) {
  if (t.amount.value == 0) return LedgerVerdict::kZeroAmount;
  if (t.debit == t.credit) return LedgerVerdict::kSameAccount;
  if (t.debit.kind == AccountKind::kBurned) return LedgerVerdict::kDebitsBurned;
  if (const LedgerVerdict v = check_debit(t); v != LedgerVerdict::kOk) return v;
  move(t);
  return LedgerVerdict::kOk;
}

LedgerVerdict Ledger::reserve(const PendingId& id, const Transfer& t) {
  if (t.amount.value == 0) return LedgerVerdict::kZeroAmount;
  if (t.debit == t.credit) return LedgerVerdict::kSameAccount;
  if (t.debit.kind == AccountKind::kBurned) return LedgerVerdict::kDebitsBurned;
  if (pending(id)) return LedgerVerdict::kIdExists;
  if (const LedgerVerdict v = check_debit(t); v != LedgerVerdict::kOk) return v;
  increase(touch(t.debit).debits_pending, t.amount);
  increase(touch(t.credit).credits_pending, t.amount);
  m_diff.pendings[id] = Pending{t.debit, t.credit, t.amount, PendingState::kReserved, Amount{}};
  return LedgerVerdict::kOk;
}

LedgerVerdict Ledger::check_open(const PendingId& id, Pending& out) const {
  const std::optional<Pending> found = pending(id);
  if (!found) return LedgerVerdict::kPendingNotFound;
  if (found->state == PendingState::kPosted) return LedgerVerdict::kPendingPosted;
  if (found->state == PendingState::kVoided) return LedgerVerdict::kPendingVoided;
  out = *found;
  return LedgerVerdict::kOk;
}

LedgerVerdict Ledger::post(const PendingId& id, Amount amount) {
  if (amount.value == 0) return LedgerVerdict::kZeroAmount;
  Pending p;
  if (const LedgerVerdict v = check_open(id, p); v != LedgerVerdict::kOk) return v;
  if (amount > p.amount) return LedgerVerdict::kPostExceedsPending;
  decrease(touch(p.debit).debits_pending, p.amount);
  decrease(touch(p.credit).credits_pending, p.amount);
  move({p.debit, p.credit, amount});
  p.state = PendingState::kPosted;
  p.posted = amount;
  m_diff.pendings[id] = p;
  return LedgerVerdict::kOk;
}

LedgerVerdict Ledger::void_pending(const PendingId& id) {
  Pending p;
  if (const LedgerVerdict v = check_open(id, p); v != LedgerVerdict::kOk) return v;
  decrease(touch(p.debit).debits_pending, p.amount);
  decrease(touch(p.credit).credits_pending, p.amount);
  p.state = PendingState::kVoided;
  m_diff.pendings[id] = p;
  return LedgerVerdict::kOk;
}

}  // namespace assay::ledger
