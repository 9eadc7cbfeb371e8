// bond_validator, unbond_validator, show_share.
#include <algorithm>

#include "internal/rules.hpp"

namespace assay::protocol::internal {

using V = TxVerdict;

Checked<BondValidator> Rules::check(const Reading& r, const Sender& s, const BondValidator& p) {
  if (p.amount.value == 0) return V::kZeroAmount;
  if (!r.state.validator_set()) return V::kFixedValidators;
  const ValidatorAddress address = validator_address(p.key);
  auto validator = r.state.validator(address);
  if (validator && validator->owner != s.id) return V::kUnknownValidator;
  if (validator && validator->slashed_at != Height{}) return V::kValidatorSlashed;
  if (!crypto::ed25519_verify(p.key, possession_digest(r.chain, s.id).view(), p.possession.data()))
    return V::kWrongPossession;
  if (r.state.share_key_owner(p.share_key).value_or(address) != address) return V::kShareKeyTaken;
  const Hash256 shared = share_possession_digest(r.chain, s.id, address);
  if (!crypto::vrf_verify(p.share_key, shared.view(), p.share_proof)) return V::kWrongShare;
  const Amount before = validator ? validator->stake : Amount{};
  if (p.amount < kMinValidatorStake && before.value + p.amount.value < kMinValidatorStake.value)
    return V::kStakeBelowMinimum;
  if (!r.has(user_account(s.id), p.amount.value)) return V::kInsufficientFunds;
  if (!validator) validator = ValidatorRecord{p.key, s.id, {}, {}, {}, {}};
  validator->share_key = p.share_key;
  validator->stake.value += p.amount.value;
  return holds(p, s, {std::move(*validator)});
}
void transition(Context& c, Proof<BondValidator>&& t) {
  ValidatorRecord& validator = t.found.validator;
  c.put_down(user_account(t.sender.id), validator_lock(validator), t.payload.amount.value);
  c.state.put(validator);
}

Checked<UnbondValidator> Rules::check(const Reading& r, const Sender& s, const UnbondValidator& p) {
  if (p.amount.value == 0) return V::kZeroAmount;
  const ValidatorAddress address = validator_address(p.key);
  auto validator = r.state.validator(address);
  if (!validator || validator->owner != s.id) return V::kUnknownValidator;
  const bool leaves = validator->stake == p.amount;
  const Amount left{
      leaves || validator->stake < p.amount ? 0 : validator->stake.value - p.amount.value};
  if (left != Amount{} && left < kMinValidatorStake) return V::kStakeBelowMinimum;
  if (validator->unbonding.size() >= kMaxUnbondings) return V::kTooManyUnbondings;
  if (leaves && r.state.ranked(2).size() < 2) return V::kLastValidator;
  if (validator->stake < p.amount) return V::kInsufficientStake;
  return holds(p, s, {std::move(*validator)});
}
void transition(Context& c, Proof<UnbondValidator>&& t) {
  take_back(c, std::move(t.found.validator), t.payload.amount);
}

Checked<ShowShare> Rules::check(const Reading& r, const Sender& s, const ShowShare& p) {
  auto round = r.state.beacon_round();
  if (!round || round->number != p.round) return V::kUnknownRound;
  const auto holder = std::find_if(round->holders.begin(), round->holders.end(),
                                   [&](const auto& one) { return one.validator == p.validator; });
  if (holder == round->holders.end()) return V::kNotHolder;
  if (holder->output) return V::kAlreadyShown;
  holder->output = crypto::vrf_verify(
      holder->share_key, share_input(r.chain, round->number, round->opened_at).view(), p.proof);
  if (!holder->output) return V::kWrongShare;
  return holds(p, s, {std::move(*round)});
}
// What it draws is drawn in the next block, in any case.
void transition(Context& c, Proof<ShowShare>&& t) {
  c.state.put(t.found.round);
  c.emit(ShareShown{t.payload.round, c.state.need_validator(t.payload.validator).key});
}

}  // namespace assay::protocol::internal
