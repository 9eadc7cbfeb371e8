// bond_relay, unbond_relay, attest_data: who keeps what a claim is checked with, and says so.
#include <algorithm>
#include <tuple>

#include "internal/rules.hpp"

namespace assay::protocol::internal {

using V = TxVerdict;

namespace {

// Of a full pool the least bond that stands behind no claim: it gives way to who brings more. If
// all stand behind some, the least.
std::optional<RelayRecord> least_of(const std::vector<RelayRecord>& pool) {
  if (pool.size() < kMaxRelays) return std::nullopt;
  return *std::min_element(pool.begin(), pool.end(), [](const auto& a, const auto& b) {
    return std::tuple(a.held != Amount{}, a.bond, a.account) <
           std::tuple(b.held != Amount{}, b.bond, b.account);
  });
}

}  // namespace

Checked<BondRelay> Rules::check(const Reading& r, const Sender& s, const BondRelay& p) {
  if (p.amount == Amount{}) return V::kZeroAmount;
  Found<BondRelay> found{r.state.relay(s.id).value_or(RelayRecord{s.id, {}, {}, 0}), std::nullopt};
  if (found.relay.bond == Amount{}) found.evicted = least_of(r.state.relays());
  if (found.evicted && (p.amount <= found.evicted->bond || found.evicted->held != Amount{}))
    return V::kSeatsFull;
  if (!r.has(stake_account(s.id), p.amount.value)) return V::kInsufficientStake;
  return holds(p, s, std::move(found));
}
void transition(Context& c, Proof<BondRelay>&& t) {
  auto& [relay, evicted] = t.found;
  if (evicted) leave_pool(c, *evicted);
  c.put_down(stake_account(relay.account), relay_lock(relay.account), t.payload.amount.value);
  relay.bond.value += t.payload.amount.value;
  c.state.put(relay);
}

Checked<UnbondRelay> Rules::check(const Reading& r, const Sender& s, const UnbondRelay& p) {
  if (p.amount == Amount{}) return V::kZeroAmount;
  std::optional<RelayRecord> relay = r.state.relay(s.id);
  if (!relay) return V::kNotRelay;
  if (p.amount.value > relay->bond.value - relay->held.value) return V::kInsufficientStake;
  return holds(p, s, {std::move(*relay)});
}
void transition(Context& c, Proof<UnbondRelay>&& t) {
  RelayRecord& relay = t.found.relay;
  c.take_out(relay_lock(relay.account), stake_account(relay.account), t.payload.amount.value);
  relay.bond.value -= t.payload.amount.value;
  c.state.put(relay);
}

// Drawn, with all that the claim needs in its hands: the piece that it could not foresee is there.
Checked<AttestData> Rules::check(const Reading& r, const Sender& s, const AttestData& p) {
  std::optional<ClaimRecord> claim = r.state.claim(p.claim);
  if (!claim) return V::kUnknownClaim;
  std::optional<RelayRound> round = r.state.relay_round(p.claim);
  std::optional<RelayRecord> relay = r.state.relay(s.id);
  const std::uint32_t seats = round && relay ? seats_of(*round, s.id) : 0;
  if (seats == 0) return V::kNotRelay;
  if (claim->solver == s.id) return V::kSelfDealing;
  if (claim->status != ClaimStatus::kRelaying || claim->withheld) return V::kWrongPhase;
  if (has_attested(*round, s.id)) return V::kAlreadyExists;
  TaskRecord task = r.state.need_task(claim->task);
  if (!shows(task, *claim, relay_piece(task, *claim, *round, s.id), p.opening))
    return V::kWrongOpening;
  if (p.data != data_digest(r.chain, task, *claim)) return V::kWrongAttestation;
  const Amount held = relay_stake_of(task, seats);
  if (held.value > relay->bond.value - relay->held.value) return V::kInsufficientStake;
  return holds(p, s,
               {{std::move(*claim), std::move(task)}, std::move(*round), std::move(*relay), held});
}
void transition(Context& c, Proof<AttestData>&& t) {
  auto& found = t.found;
  found.relay.held.value += found.held.value;
  found.relay.missed = 0;
  c.state.put(found.relay);
  const AccountId& id = t.sender.id;
  for (RelaySeat& seat : found.round.seats) seat.attested |= seat.relay == id;
  c.state.put(found.round);
  c.state.add_part(id, found.claim.task);
  c.emit(DataAttested{found.claim.id, id, seats_of(found.round, id)});
  // What is checked comes from a beacon that nobody knew who attested: the next.
  if (attested_seats(found.round) == found.round.seats.size() && end_relaying(c, found.claim))
    start_drawing(c, found.claim);
}

}  // namespace assay::protocol::internal
