// Validators by stake: what stands behind a key that signs CometBFT's votes, and who is chosen.
#include <algorithm>
#include <cstring>

#include "assay/core/planted.hpp"
#include "assay/protocol/obligations.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

namespace {

Deadline unbonding_deadline(const ValidatorAddress& address, LedgerTimeMs until) {
  Hash256 id;
  std::memcpy(id.bytes.data(), address.data(), address.size());
  return {until, DeadlineKind::kValidator, id};
}

// All of it, what unbonds too: whoever votes twice and leaves in the same block pays as well. It is
// burned: nobody who helped to convict it is known, and one who could be is a proposer, perhaps
// under another name the same.
void slash(Context& c, ValidatorRecord validator, Height height) {
  const Amount all = owed_by_validator(validator);
  c.take_out(validator_lock(validator), burned_account(), all.value);
  remove_unbonding_deadlines(c, validator);
  validator.stake = Amount{};
  validator.unbonding.clear();
  validator.slashed_at = c.height;
  c.state.put(validator);
  c.emit(ValidatorSlashed{validator.key, validator.owner, height, all});
}

std::vector<ValidatorPower> chosen(const State& state) {
  std::vector<ValidatorPower> members;
  for (const ValidatorAddress& address : state.ranked(kMaxValidators)) {
    const ValidatorRecord validator = state.need_validator(address);
    members.push_back({validator.key, power_of(validator.stake)});
  }
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  return members;
}

// What turns `before` into `after`, both ascending by key.
std::vector<ValidatorPower> changes(const std::vector<ValidatorPower>& before,
                                    const std::vector<ValidatorPower>& after) {
  std::vector<ValidatorPower> found;
  auto was = before.begin();
  for (const ValidatorPower& member : after) {
    for (; was != before.end() && was->key < member.key; ++was) found.push_back({was->key, 0});
    const bool stays = was != before.end() && was->key == member.key;
    if (!stays || was->power != member.power) found.push_back(member);
    if (stays) ++was;
  }
  for (; was != before.end(); ++was) found.push_back({was->key, 0});
  return found;
}

}  // namespace

void slash_validators(Context& c, std::span<const Misbehaviour> misbehaviour) {
  for (const Misbehaviour& one : misbehaviour) {
    const auto validator = c.state.validator(one.validator);
    // Of one that has left and taken all, or never had a stake, there is nothing to take.
    if (validator && validator->slashed_at == Height{}) slash(c, *validator, one.height);
  }
}

void add_unbonding_deadlines(Context& c, const ValidatorRecord& validator) {
  for (const ValidatorUnbonding& part : validator.unbonding)
    c.state.add_deadline(unbonding_deadline(validator_address(validator.key), part.until));
}
void remove_unbonding_deadlines(Context& c, const ValidatorRecord& validator) {
  for (const ValidatorUnbonding& part : validator.unbonding)
    c.state.remove_deadline(unbonding_deadline(validator_address(validator.key), part.until));
}

void take_back(Context& c, ValidatorRecord validator, Amount amount) {
  const bool is_early = testing::planted(testing::Planted::kEarlyRelease);
  const LedgerTimeMs until = c.after(is_early ? 60'000 : kUnbondingMs);
  validator.stake.value -= amount.value;
  // Where it was put out and there is room for no other part, the last waits with it.
  if (validator.unbonding.size() == kMaxUnbondings) {
    ValidatorUnbonding& last = validator.unbonding.back();
    c.state.remove_deadline(unbonding_deadline(validator_address(validator.key), last.until));
    last = {Amount{last.amount.value + amount.value}, until};
  } else {
    validator.unbonding.push_back({amount, until});
  }
  add_unbonding_deadlines(c, validator);
  c.state.put(validator);
}

void end_unbonding(Context& c, const ValidatorAddress& address) {
  ValidatorRecord validator = c.state.need_validator(address);
  auto& parts = validator.unbonding;
  while (!parts.empty() && parts.front().until <= c.now) {
    c.take_out(validator_lock(validator), user_account(validator.owner),
               parts.front().amount.value);
    parts.erase(parts.begin());
  }
  c.state.put(validator);
}

// An empty set is none: the one before stays, with or without a stake, until somebody else bonds.
std::vector<ValidatorPower> choose_validators(Context& c) {
  if (c.state.overlay().changed(Table::kRank).empty()) return {};
  const ValidatorSet before = c.state.validator_set().value_or(ValidatorSet{});
  ValidatorSet after{chosen(c.state)};
  if (after.members.empty() || after == before) return {};
  std::vector<ValidatorPower> changed = changes(before.members, after.members);
  for (const ValidatorPower& member : changed) c.emit(ValidatorChanged{member.key, member.power});
  c.state.put(after);
  return changed;
}

}  // namespace assay::protocol::internal
