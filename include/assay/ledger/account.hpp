// Accounts of the double-entry ledger (docs/spec/ledger.md). The ledger knows only money: what an
// owner hash means is the business of `protocol`.
#pragma once

#include "assay/codec/buffer.hpp"
#include "assay/core/ids.hpp"

namespace assay::ledger {

enum class AccountKind : std::uint8_t {
  kUser = 1,      // free money of an account
  kStake = 2,     // money set aside to back roles
  kEscrow = 3,    // the pay of one task
  kLock = 4,      // the stake, bond or deposit of one claim, attestor, challenge or bid
  kJackpot = 5,   // owner zero
  kTreasury = 6,  // owner zero
  kBurned = 7,    // owner zero; never debited
};
inline constexpr std::uint8_t kAccountKindLast = 7;

[[nodiscard]] const char* to_string(AccountKind kind) noexcept;

struct AccountKey {
  AccountKind kind = AccountKind::kUser;
  Hash256 owner;
  friend bool operator==(const AccountKey&, const AccountKey&) = default;
  friend std::strong_ordering operator<=>(const AccountKey& a, const AccountKey& b) noexcept {
    if (a.kind != b.kind) return a.kind <=> b.kind;
    return a.owner <=> b.owner;
  }
};

// kind u8, owner 32 bytes.
inline constexpr std::size_t kAccountKeyBytes = 33;
void write_account_key(codec::Writer& w, const AccountKey& key);
[[nodiscard]] AccountKey read_account_key(codec::Reader& r);

// Money that pending transfers reserve is still in `balance` and counted in `debits_pending`; what
// they announce to the other side is counted in `credits_pending` and can not be spent.
// INV-LED-002: debits_pending <= balance.
struct Account {
  Amount balance;
  Amount debits_pending;
  Amount credits_pending;
  [[nodiscard]] constexpr Amount available() const noexcept {
    return Amount{balance.value - debits_pending.value};
  }
  friend bool operator==(const Account&, const Account&) = default;
};

// balance, debits_pending, credits_pending: u64 each.
inline constexpr std::size_t kAccountBytes = 24;
[[nodiscard]] Bytes encode(const Account& account);
// Errors: kMalformed.
[[nodiscard]] Result<Account> decode_account(ByteView bytes);

using PendingId = Strong<struct PendingIdTag, Hash256>;
enum class PendingState : std::uint8_t { kReserved = 1, kPosted = 2, kVoided = 3 };

// A two-phase transfer. It is resolved once; whoever keeps the record then is answered exactly when
// it is resolved again, and who drops it, that there is none.
struct Pending {
  AccountKey debit;
  AccountKey credit;
  Amount amount;
  PendingState state = PendingState::kReserved;
  Amount posted;  // at most amount; zero unless kPosted
  friend bool operator==(const Pending&, const Pending&) = default;
};

inline constexpr std::size_t kPendingBytes = 2 * kAccountKeyBytes + 8 + 1 + 8;
[[nodiscard]] Bytes encode(const Pending& pending);
// Errors: kMalformed.
[[nodiscard]] Result<Pending> decode_pending(ByteView bytes);

}  // namespace assay::ledger
