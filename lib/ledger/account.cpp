#include "assay/ledger/account.hpp"

namespace assay::ledger {

const char* to_string(AccountKind kind) noexcept {
  switch (kind) {
    case AccountKind::kUser: return "user";
    case AccountKind::kStake: return "stake";
    case AccountKind::kEscrow: return "escrow";
    case AccountKind::kLock: return "lock";
    case AccountKind::kJackpot: return "jackpot";
    case AccountKind::kTreasury: return "treasury";
    case AccountKind::kBurned: return "burned";
  }
  return "unknown";
}

void write_account_key(codec::Writer& w, const AccountKey& key) {
  w.u8(static_cast<std::uint8_t>(key.kind));
  w.hash(key.owner);
}

AccountKey read_account_key(codec::Reader& r) {
  AccountKey key;
  const std::uint8_t kind = r.u8();
  if (kind < 1 || kind > kAccountKindLast) r.fail();
  key.kind = static_cast<AccountKind>(kind);
  key.owner = r.hash();
  return key;
}

Bytes encode(const Account& account) {
  return codec::encode([&](codec::Writer& w) {
    w.u64(account.balance.value);
    w.u64(account.debits_pending.value);
    w.u64(account.credits_pending.value);
  });
}

Result<Account> decode_account(ByteView bytes) {
  codec::Reader r(bytes);
  Account account;
  account.balance = Amount{r.u64()};
  account.debits_pending = Amount{r.u64()};
  account.credits_pending = Amount{r.u64()};
  if (!r.finish() || account.debits_pending > account.balance)
    return Error{ErrorCode::kMalformed, "these bytes are no account record"};
  return account;
}

Bytes encode(const Pending& pending) {
  return codec::encode([&](codec::Writer& w) {
    write_account_key(w, pending.debit);
    write_account_key(w, pending.credit);
    w.u64(pending.amount.value);
    w.u8(static_cast<std::uint8_t>(pending.state));
    w.u64(pending.posted.value);
  });
}

Result<Pending> decode_pending(ByteView bytes) {
  codec::Reader r(bytes);
  Pending pending;
  pending.debit = read_account_key(r);
  pending.credit = read_account_key(r);
  pending.amount = Amount{r.u64()};
  const std::uint8_t state = r.u8();
  pending.state = static_cast<PendingState>(state);
  pending.posted = Amount{r.u64()};
  const bool posted = pending.state == PendingState::kPosted;
  if (!r.finish() || state < 1 || state > 3 || pending.posted > pending.amount ||
      posted != (pending.posted.value != 0))
    return Error{ErrorCode::kMalformed, "these bytes are no pending transfer"};
  return pending;
}

}  // namespace assay::ledger
