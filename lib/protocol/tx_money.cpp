// transfer, stake, unstake, register_profile.
#include <algorithm>

#include "assay/core/planted.hpp"
#include "internal/rules.hpp"

namespace assay::protocol::internal {

using V = TxVerdict;

Checked<Transfer> Rules::check(const Reading& r, const Sender& s, const Transfer& p) {
  if (p.amount.value == 0) return V::kZeroAmount;
  if (p.to == s.id) return V::kSelfTransfer;
  if (!r.has(user_account(s.id), p.amount.value)) return V::kInsufficientFunds;
  return holds(p, s);
}
void transition(Context& c, Proof<Transfer>&& t) {
  c.pay(user_account(t.sender.id), user_account(t.payload.to), t.payload.amount.value);
}

Checked<Stake> Rules::check(const Reading& r, const Sender& s, const Stake& p) {
  if (p.amount.value == 0) return V::kZeroAmount;
  if (!r.has(user_account(s.id), p.amount.value)) return V::kInsufficientFunds;
  return holds(p, s);
}
void transition(Context& c, Proof<Stake>&& t) {
  c.pay(user_account(t.sender.id), stake_account(t.sender.id), t.payload.amount.value);
}

// Stakes behind claims stand in locks of their own, so nothing that unbonds is at risk of being
// missed.
Checked<Unstake> Rules::check(const Reading& r, const Sender& s, const Unstake& p) {
  if (p.amount.value == 0) return V::kZeroAmount;
  if (r.state.pending(unbonding_pending(s.id, s.client_id))) return V::kAlreadyExists;
  if (!r.has(stake_account(s.id), p.amount.value)) return V::kInsufficientStake;
  return holds(p, s);
}
void transition(Context& c, Proof<Unstake>&& t) {
  const AccountId& id = t.sender.id;
  const ledger::PendingId pending = unbonding_pending(id, t.sender.client_id);
  c.reserve(pending, {stake_account(id), user_account(id), t.payload.amount});
  const std::uint64_t wait_ms =
      testing::planted(testing::Planted::kEarlyRelease) ? 60'000 : kUnbondingMs;
  const LedgerTimeMs until = c.after(wait_ms);
  c.state.add_deadline({until, DeadlineKind::kUnbonding, pending.value});
  Locked locked = c.state.locked(id);
  locked.unbonding_until = until;  // what was asked for before is free by then
  c.state.put(id, locked);
}

namespace {

bool is_endpoint(const std::string& url) {
  const std::string scheme = "https://";
  return url.size() > scheme.size() && url.compare(0, scheme.size(), scheme) == 0 &&
         std::all_of(url.begin(), url.end(), [](char ch) { return ch > ' ' && ch <= '~'; });
}

}  // namespace

Checked<RegisterProfile> Rules::check(const Reading&, const Sender& s, const RegisterProfile& p) {
  if (!is_endpoint(p.url)) return V::kBadEndpoint;
  if (!std::all_of(p.capabilities.begin(), p.capabilities.end(), is_tag)) return V::kBadCapability;
  return holds(p, s);
}
void transition(Context& c, Proof<RegisterProfile>&& t) {
  Profile profile = c.state.profile(t.sender.id);
  profile.url = t.payload.url;
  profile.certificate = t.payload.certificate;
  profile.capabilities = t.payload.capabilities;
  c.state.put(t.sender.id, profile);
}

}  // namespace assay::protocol::internal
