// bond_validator, unbond_validator.
#include "internal/rules.hpp"

namespace assay::protocol::internal {

using V = TxVerdict;

Checked<BondValidator> Rules::check(const Reading& r, const Sender& s, const BondValidator& p) {
  if (p.amount.value == 0) return V::kZeroAmount;
  if (!r.state.validator_set()) return V::kFixedValidators;
  auto validator = r.state.validator(validator_address(p.key));
  if (validator && validator->owner != s.id) return V::kUnknownValidator;
  if (validator && validator->slashed_at != Height{}) return V::kValidatorSlashed;
  if (!crypto::ed25519_verify(p.key, possession_digest(r.chain, s.id).view(), p.possession.data()))
    return V::kWrongPossession;
  const Amount before = validator ? validator->stake : Amount{};
  if (p.amount < kMinValidatorStake && before.value + p.amount.value < kMinValidatorStake.value)
    return V::kStakeBelowMinimum;
  if (!r.has(user_account(s.id), p.amount.value)) return V::kInsufficientFunds;
  if (!validator) validator = ValidatorRecord{p.key, s.id, {}, {}, {}};
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

}  // namespace assay::protocol::internal
