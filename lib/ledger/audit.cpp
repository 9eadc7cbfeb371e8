#include "assay/ledger/ledger.hpp"

namespace assay::ledger {

bool conserves(const LedgerView& before, const LedgerDiff& diff) {
  __extension__ using Signed = __int128;
  Signed balance = 0;
  Signed debits = 0;
  Signed credits = 0;
  for (const auto& [key, now] : diff.accounts) {
    const Account was = before.account(key).value_or(Account{});
    if (now.debits_pending > now.balance) return false;
    if (key.kind == AccountKind::kBurned && now.balance < was.balance) return false;
    balance += Signed{now.balance.value} - Signed{was.balance.value};
    debits += Signed{now.debits_pending.value} - Signed{was.debits_pending.value};
    credits += Signed{now.credits_pending.value} - Signed{was.credits_pending.value};
  }
  return balance == Signed{diff.issued.value} - Signed{before.issued().value} && debits == credits;
}

void Audit::add(const AccountKey& key, const Account& account) {
  if (account.debits_pending > account.balance) m_sound = false;
  m_balance += account.balance.value;
  m_debits_pending += account.debits_pending.value;
  m_credits_pending += account.credits_pending.value;
  if (key.kind == AccountKind::kBurned) m_burned = account.balance;
}

void Audit::add(const Pending& pending) {
  if (pending.state == PendingState::kReserved) m_reserved += pending.amount.value;
}

bool Audit::holds(Amount issued) const {
  return m_sound && m_balance == issued.value && m_debits_pending == m_reserved &&
         m_credits_pending == m_reserved;
}

}  // namespace assay::ledger
