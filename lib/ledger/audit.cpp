#include "assay/ledger/ledger.hpp"

namespace assay::ledger {

namespace {

using Signed = Reserved::Signed;

std::map<AccountKey, Reserved> reserved_by(const LedgerView& before, const LedgerDiff& diff) {
  std::map<AccountKey, Reserved> changes;
  const auto add = [&](const Pending& p, int sign) {
    if (p.state != PendingState::kReserved) return;
    changes[p.debit].debits += sign * Signed{p.amount.value};
    changes[p.credit].credits += sign * Signed{p.amount.value};
  };
  for (const auto& [id, now] : diff.pendings) {
    if (const auto was = before.pending(id)) add(*was, -1);
    add(now, 1);
  }
  return changes;
}

}  // namespace

bool conserves(const LedgerView& before, const LedgerDiff& diff) {
  Signed balance = 0;
  std::map<AccountKey, Reserved> reserved = reserved_by(before, diff);
  for (const auto& [key, now] : diff.accounts) {
    const Account was = before.account(key).value_or(Account{});
    if (now.debits_pending > now.balance) return false;
    if (key.kind == AccountKind::kBurned && now.balance < was.balance) return false;
    balance += Signed{now.balance.value} - Signed{was.balance.value};
    const auto expected = reserved.find(key);
    const Reserved by = expected != reserved.end() ? expected->second : Reserved{};
    if (Signed{now.debits_pending.value} - Signed{was.debits_pending.value} != by.debits ||
        Signed{now.credits_pending.value} - Signed{was.credits_pending.value} != by.credits)
      return false;
    if (expected != reserved.end()) reserved.erase(expected);
  }
  for (const auto& [key, by] : reserved)  // of accounts that did not change
    if (by.debits != 0 || by.credits != 0) return false;
  return balance == Signed{diff.issued.value} - Signed{before.issued().value};
}

void Audit::add(const AccountKey& key, const Account& account) {
  if (account.debits_pending > account.balance) m_sound = false;
  m_balance += account.balance.value;
  add_reserved(key, {account.debits_pending.value, account.credits_pending.value});
  if (key.kind == AccountKind::kBurned) m_burned = account.balance;
}

void Audit::add(const Pending& pending) {
  if (pending.state != PendingState::kReserved) return;
  const Signed amount{pending.amount.value};
  add_reserved(pending.debit, {-amount, 0});
  add_reserved(pending.credit, {0, -amount});
}

// What comes to nothing is not kept: most accounts have nothing reserved.
void Audit::add_reserved(const AccountKey& key, Reserved by) {
  if (by.debits == 0 && by.credits == 0) return;
  Reserved& sum = m_reserved[key];
  sum.debits += by.debits;
  sum.credits += by.credits;
  if (sum.debits == 0 && sum.credits == 0) m_reserved.erase(key);
}

bool Audit::holds(Amount issued) const {
  return m_sound && m_balance == issued.value && m_reserved.empty();
}

}  // namespace assay::ledger
