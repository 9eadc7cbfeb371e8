// transfer, stake, unstake, register_endpoint.
#include "internal/context.hpp"

#include <algorithm>

namespace assay::protocol::internal {

using ledger::LedgerVerdict;

Outcome execute(Context& c, const Sender& s, const Transfer& p) {
  if (p.amount.value == 0) return TxVerdict::kZeroAmount;
  if (p.to == s.id) return TxVerdict::kSelfTransfer;
  if (c.transfer(user_account(s.id), user_account(p.to), p.amount) != LedgerVerdict::kOk)
    return TxVerdict::kInsufficientFunds;
  return {};
}

Outcome execute(Context& c, const Sender& s, const Stake& p) {
  if (p.amount.value == 0) return TxVerdict::kZeroAmount;
  if (c.transfer(user_account(s.id), stake_account(s.id), p.amount) != LedgerVerdict::kOk)
    return TxVerdict::kInsufficientFunds;
  return {};
}

// Stakes behind claims stand in locks of their own, so nothing that unbonds is at risk of being
// missed.
Outcome execute(Context& c, const Sender& s, const Unstake& p) {
  if (p.amount.value == 0) return TxVerdict::kZeroAmount;
  const ledger::PendingId id = unbonding_pending(s.id, s.client_id);
  if (c.reserve(id, {stake_account(s.id), user_account(s.id), p.amount}) != LedgerVerdict::kOk)
    return TxVerdict::kInsufficientStake;
  c.state.add_deadline({c.after(kUnbondingMs), DeadlineKind::kUnbonding, id.value});
  return {};
}

Outcome execute(Context& c, const Sender& s, const RegisterEndpoint& p) {
  const std::string scheme = "https://";
  const bool printable =
      std::all_of(p.url.begin(), p.url.end(), [](char ch) { return ch > ' ' && ch <= '~'; });
  if (!printable || p.url.compare(0, scheme.size(), scheme) != 0 || p.url.size() == scheme.size())
    return TxVerdict::kBadEndpoint;
  Profile profile = c.state.profile(s.id);
  profile.url = p.url;
  profile.certificate = p.certificate;
  c.state.put(s.id, profile);
  return {};
}

}  // namespace assay::protocol::internal
