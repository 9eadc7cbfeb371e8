// The double-entry state machine: a read-only view in, a diff out (docs/spec/ledger.md).
//
// Every token is in exactly one account, and the sum over accounts is what genesis issued
// (INV-LED-001); burning is a credit to the burned account, which is never debited. Sums cannot
// overflow, because issuing checks that the supply fits 64 bits. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "assay/ledger/account.hpp"

namespace assay::ledger {

// Dense, in order of precedence: the first that applies is the answer. Only kOk changes anything.
enum class LedgerVerdict : std::uint8_t {
  kOk = 0,
  kZeroAmount,
  kSameAccount,
  kDebitsBurned,  // the burned account is never debited
  kIdExists,      // a pending transfer has this id
  kPendingNotFound,
  kPendingPosted,  // resolved before
  kPendingVoided,
  kPostExceedsPending,
  kDebitAccountNotFound,
  kInsufficientFunds,  // more than the balance less what is reserved
  kSupplyOverflow,     // issuing would exceed 64 bits
};
inline constexpr std::uint8_t kLedgerVerdictLast = 11;
[[nodiscard]] const char* to_string(LedgerVerdict verdict) noexcept;

struct Transfer {
  AccountKey debit;
  AccountKey credit;
  Amount amount;
  friend bool operator==(const Transfer&, const Transfer&) = default;
};

class LedgerView {
 public:
  virtual ~LedgerView() = default;
  [[nodiscard]] virtual std::optional<Account> account(const AccountKey& key) const = 0;
  [[nodiscard]] virtual std::optional<Pending> pending(const PendingId& id) const = 0;
  [[nodiscard]] virtual Amount issued() const = 0;
};

// What changed: new values by key, and the money that moved, in order.
struct LedgerDiff {
  std::map<AccountKey, Account> accounts;
  std::map<PendingId, Pending> pendings;
  Amount issued;
  std::vector<Transfer> journal;  // completed movements; issuing has no entry
};

class Ledger final : public LedgerView {
 public:
  // `base` must outlive this.
  explicit Ledger(const LedgerView& base);

  [[nodiscard]] std::optional<Account> account(const AccountKey& key) const override;
  [[nodiscard]] std::optional<Pending> pending(const PendingId& id) const override;
  [[nodiscard]] Amount issued() const override { return m_diff.issued; }
  [[nodiscard]] Amount balance(const AccountKey& key) const;
  [[nodiscard]] Amount available(const AccountKey& key) const;

  // Genesis only.
  [[nodiscard]] LedgerVerdict issue(const AccountKey& credit, Amount amount);
  [[nodiscard]] LedgerVerdict transfer(const Transfer& t);
  // Phase one: the amount stays where it is and can not be spent otherwise.
  [[nodiscard]] LedgerVerdict reserve(const PendingId& id, const Transfer& t);
  // Phase two: moves `amount` (1 to the reserved amount) and frees the rest...
  [[nodiscard]] LedgerVerdict post(const PendingId& id, Amount amount);
  // ...or frees all of it.
  [[nodiscard]] LedgerVerdict void_pending(const PendingId& id);

  [[nodiscard]] const LedgerDiff& diff() const noexcept { return m_diff; }

 private:
  [[nodiscard]] LedgerVerdict check_debit(const Transfer& t) const;
  [[nodiscard]] LedgerVerdict check_open(const PendingId& id, Pending& out) const;
  [[nodiscard]] Account& touch(const AccountKey& key);
  void move(const Transfer& t);

  const LedgerView& m_base;
  LedgerDiff m_diff;
};

// INV-LED-001 to 004 of a diff against the view it was made on: balances change by exactly what was
// issued, what is reserved of each account by exactly what reservations that name it do, no account
// has more reserved than it holds, and nothing burned comes back.
[[nodiscard]] bool conserves(const LedgerView& before, const LedgerDiff& diff);

// What is reserved of an account, or by how much that differs.
struct Reserved {
  __extension__ using Signed = __int128;
  Signed debits = 0;
  Signed credits = 0;
};

// The same recomputed from all records: feed every account and pending transfer, then compare.
class Audit {
 public:
  void add(const AccountKey& key, const Account& account);
  void add(const Pending& pending);
  // True if everything adds up to `issued`.
  [[nodiscard]] bool holds(Amount issued) const;
  [[nodiscard]] Amount burned() const noexcept { return m_burned; }

 private:
  __extension__ using Wide = unsigned __int128;
  void add_reserved(const AccountKey& key, Reserved by);

  Wide m_balance = 0;
  std::map<AccountKey, Reserved> m_reserved;  // by accounts, less by pending transfers
  Amount m_burned;
  bool m_sound = true;
};

}  // namespace assay::ledger
