// The beacon of shares (docs/adr/0030): who owes a share of which round, what waits for it, and
// what a share costs that does not come.
#include <algorithm>

#include "assay/core/planted.hpp"
#include "assay/protocol/obligations.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

namespace {

__extension__ using Wide = unsigned __int128;

// The most stake first, of equals the smaller address.
bool by_stake(const ValidatorRecord& a, const ValidatorRecord& b) {
  if (a.stake != b.stake) return b.stake < a.stake;
  return validator_address(a.key) < validator_address(b.key);
}

// Of those who order blocks, who still may be chosen; if nobody may, all that do.
std::vector<ValidatorRecord> members_of(const State& state) {
  std::vector<ValidatorRecord> members;
  for (const ValidatorPower& member : state.validator_set().value_or(ValidatorSet{}).members)
    if (auto record = state.validator(validator_address(member.key)))
      members.push_back(std::move(*record));
  if (std::any_of(members.begin(), members.end(), is_candidate))
    std::erase_if(members, [](const ValidatorRecord& v) { return !is_candidate(v); });
  std::sort(members.begin(), members.end(), by_stake);
  return members;
}

std::uint64_t power_of_all(const std::vector<ValidatorRecord>& members) {
  std::uint64_t power = 0;  // at most what was issued
  for (const ValidatorRecord& member : members) power += power_of(member.stake);
  return power;
}

// The largest, until they have more than two thirds of the power: so many that a minority cannot be
// all of them, and so few that one who is away seldom is among them.
std::vector<ValidatorRecord> holders_of(const State& state) {
  std::vector<ValidatorRecord> members = members_of(state);
  const Wide all = power_of_all(members);
  Wide power = 0;
  std::size_t count = 0;
  while (count < members.size() && 3 * power <= 2 * all) power += power_of(members[count++].stake);
  members.resize(count);
  return members;
}

constexpr std::size_t kMaxPassedClaims = 1024;  // that do not fit, at an opening

bool draws_relays(const State& state, const AwaitingClaim& awaiting, const TaskRecord& task) {
  if (awaiting.what != Awaits::kDraw || task.terms.relays == 0) return false;
  const auto round = state.relay_round(awaiting.claim);
  return !round || round->seats.empty();
}

// What waits, in its order: the first, and whatever fits beside it, so that what another draw of it
// all could gain is no more than each holder has to lose. What does not fit is passed over, lest it
// hold up what is small; it is the first itself in the end.
bool take_claims(Context& c, BeaconRound& round) {
  bool has_relays = false;
  std::size_t passed = 0;
  for (const auto& [since, awaiting] : c.state.awaiting(kMaxRoundClaims + kMaxPassedClaims)) {
    if (round.claims.size() == kMaxRoundClaims || passed == kMaxPassedClaims) break;
    const ClaimRecord claim = c.state.need_claim(awaiting.claim);
    const TaskRecord task = c.state.need_task(claim.task);
    const Wide value = Wide{round.value.value} + redraw_value(task, claim).value;
    const bool fits =
        value <= round.least_stake.value || testing::planted(testing::Planted::kCrowdedRound);
    if (!round.claims.empty() && !fits) {
      ++passed;
      continue;
    }
    round.value.value = static_cast<std::uint64_t>(std::min(value, Wide{UINT64_MAX}));
    round.claims.push_back(awaiting);
    c.state.remove_awaiting(since, awaiting);
    has_relays |= draws_relays(c.state, awaiting, task);
  }
  if (has_relays) c.state.put(c.state.draw_pool());
  return !round.claims.empty();
}

void open_round(Context& c, Shares shares) {
  if (c.state.awaiting(1).empty()) return;
  BeaconRound round;
  round.number = ++shares.rounds;
  round.opened_at = c.height;
  round.opened = c.now;
  const std::vector<ValidatorRecord> holders = holders_of(c.state);
  if (holders.empty()) return;  // nobody has a record any more: it waits until somebody bonds
  round.least_stake = holders.back().stake;
  for (const ValidatorRecord& holder : holders)
    round.holders.push_back({validator_address(holder.key), holder.share_key, std::nullopt});
  if (!take_claims(c, round)) return;
  c.state.put(shares);
  c.state.put(round);
  c.emit(RoundOpened{round.number, share_input(c.chain, round.number, round.opened_at),
                     static_cast<std::uint32_t>(round.holders.size()),
                     static_cast<std::uint32_t>(round.claims.size())});
}

// Nobody can do anything between the last share and this that changes what is drawn: claims,
// verifiers and pool stand as they stood when the round opened.
void finish(Context& c, const BeaconRound& round) {
  const Hash256 beacon = beacon_of(c.chain, round);
  c.emit(BeaconDrawn{round.number, beacon});
  Context drawing{c.state, c.chain, c.height, c.now, beacon, c.events};
  for (const AwaitingClaim& awaiting : round.claims) {
    ClaimRecord claim = c.state.need_claim(awaiting.claim);
    if (awaiting.what == Awaits::kForce)
      draw_force(drawing, claim);
    else
      draw(drawing, claim);
  }
  c.state.erase_beacon_round();
}

// Out of what counts, but for what its holder keeps of that, then out of what unbonds, the last
// first. What it comes to.
Amount fine(Context& c, ValidatorRecord& validator, Amount most, Amount keeps) {
  const Amount fined = std::min(most, Amount{owed_by_validator(validator).value - keeps.value});
  c.take_out(validator_lock(validator), burned_account(), fined.value);
  std::uint64_t left = fined.value;
  const auto take = [&](Amount& from) {
    const std::uint64_t part = std::min(left, from.value);
    from.value -= part;
    left -= part;
  };
  validator.stake.value -= keeps.value;
  take(validator.stake);
  validator.stake.value += keeps.value;
  remove_unbonding_deadlines(c, validator);
  while (left > 0) {
    take(validator.unbonding.back().amount);
    if (validator.unbonding.back().amount == Amount{}) validator.unbonding.pop_back();
  }
  add_unbonding_deadlines(c, validator);
  c.state.put(validator);
  return fined;
}

// Each share that did not come costs at least what another draw could gain, whoever keeps it back.
// Its holder orders no more until it bonds again, so that it holds up one round and no more; but
// only as long as those who go have no more than a third of the power between them, the least
// first: where more are missing something else is wrong, and blocks must go on. So of the others
// none is fined below the least stake, without which it would go, too.
void lapse(Context& c, const BeaconRound& round) {
  const std::vector<ValidatorRecord> members = members_of(c.state);
  const Wide all = power_of_all(members);
  Wide gone = 0;
  for (auto holder = round.holders.rbegin(); holder != round.holders.rend(); ++holder) {
    if (holder->output) continue;
    auto validator = c.state.validator(holder->validator);
    if (!validator) continue;
    const std::uint64_t power = is_candidate(*validator) ? power_of(validator->stake) : 0;
    const bool goes = 3 * (gone + power) <= all;
    const Amount most = testing::planted(testing::Planted::kFreeRedraw) ? Amount{} : round.value;
    const Amount fined = fine(c, *validator, most, goes ? Amount{} : kMinValidatorStake);
    c.emit(ShareWithheld{round.number, validator->key, validator->owner, fined});
    if (!goes) continue;
    gone += power;
    if (validator->stake != Amount{}) take_back(c, *validator, validator->stake);
  }
  c.state.erase_beacon_round();
  // Before whatever came to wait since.
  for (const AwaitingClaim& awaiting : round.claims) c.state.add_awaiting(Height{}, awaiting);
}

bool is_due(const Context& c, const Shares& shares, const BeaconRound& round) {
  return c.now.value >= round.opened.value + shares.window_ms &&
         c.height.value >= round.opened_at.value + kShareBlocks;
}

}  // namespace

void await_beacon(Context& c, const AwaitingClaim& awaiting) {
  std::optional<BeaconRound> open;
  if (testing::planted(testing::Planted::kLateJoin)) open = c.state.beacon_round();
  if (!open) return c.state.add_awaiting(c.height, awaiting);
  open->claims.push_back(awaiting);
  c.state.put(*open);
}

void run_beacon(Context& c) {
  const std::optional<Shares> shares = c.state.shares();
  if (!shares) return;
  if (const auto round = c.state.beacon_round()) {
    if (missing_shares(*round) == 0)
      finish(c, *round);
    else if (is_due(c, *shares, *round))
      lapse(c, *round);
    else
      return;
  }
  open_round(c, *shares);
}

}  // namespace assay::protocol::internal
