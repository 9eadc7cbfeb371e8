// The quorum of relays: who is drawn, when a round is over, and what becomes of what stood behind
// their words.
#include <algorithm>
#include <set>

#include "assay/core/planted.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/economics/splits.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

namespace {

// One seat after the other, each drawn from all bonds: whoever splits a bond among aliases has as
// many seats as before.
std::vector<RelaySeat> draw_seats(const Context& c, const ClaimRecord& claim, std::uint32_t round,
                                  std::uint32_t count) {
  const std::vector<RelayWeight> pool = c.state.draw_pool().relays;
  std::uint64_t total = 0;  // at most what was issued
  for (const RelayWeight& relay : pool) total += relay.bond.value;
  std::vector<RelaySeat> seats;
  for (std::uint32_t seat = 0; seat < count && total > 0; ++seat) {
    economics::RelayDraw draw{c.beacon, claim.id, round, seat, total};
    std::uint64_t point = economics::draw_relay(crypto::sha256_function(), draw);
    const auto holder = std::find_if(pool.begin(), pool.end(), [&](const RelayWeight& relay) {
      if (point < relay.bond.value) return true;
      point -= relay.bond.value;
      return false;
    });
    seats.push_back({holder->account, false});
  }
  return seats;
}

std::set<AccountId> accounts_of(const RelayRound& round, bool attested) {
  std::set<AccountId> accounts;
  for (const RelaySeat& seat : round.seats)
    if (seat.attested == attested) accounts.insert(seat.relay);
  return accounts;
}

// What stood behind a word is free again, or burns.
void end_word(Context& c, const TaskRecord& task, const RelayRound& round, const AccountId& id,
              bool burns) {
  RelayRecord relay = c.state.need_relay(id);
  const Amount held = relay_stake_of(task, seats_of(round, id));
  relay.held.value -= held.value;
  if (burns) {
    relay.bond.value -= held.value;
    c.take_out(relay_lock(id), burned_account(), held.value);
    c.emit(Slashed{id, round.claim, held, held});
  }
  c.state.put(relay);
}

// Others came to a quorum, so it could have been one of them; but for the solver, which may not.
void note_missed(Context& c, const ClaimRecord& claim, const RelayRound& round) {
  for (const AccountId& id : accounts_of(round, false)) {
    std::optional<RelayRecord> relay = c.state.relay(id);
    if (!relay || id == claim.solver) continue;
    ++relay->missed;
    if (relay->missed >= kMaxMissedRounds && relay->held == Amount{})
      leave_pool(c, *relay);
    else
      c.state.put(*relay);
  }
}

}  // namespace

void leave_pool(Context& c, RelayRecord relay) {
  c.take_out(relay_lock(relay.account), stake_account(relay.account), relay.bond.value);
  c.emit(RelayLeft{relay.account, relay.bond});
  relay.bond = {};
  c.state.put(relay);
}

void start_relaying(Context& c, ClaimRecord& claim, std::uint32_t number) {
  const TaskRecord task = c.state.need_task(claim.task);
  RelayRound round;
  round.claim = claim.id;
  round.number = number;
  round.beacon = c.beacon;
  round.seats = draw_seats(c, claim, number, task.terms.relays);
  c.state.put(round);
  c.advance(claim, ClaimStatus::kRelaying, task.terms.windows.relay_ms);
  for (std::uint32_t seat = 0; seat < round.seats.size(); ++seat)
    c.emit(RelayDrawn{claim.id, round.seats[seat].relay, number, seat});
}

bool end_relaying(Context& c, ClaimRecord& claim) {
  const TaskRecord task = c.state.need_task(claim.task);
  const RelayRound round = c.state.need_relay_round(claim.id);
  if (attested_seats(round) >= task.terms.relay_quorum ||
      testing::planted(testing::Planted::kAnyQuorum)) {
    note_missed(c, claim, round);
    return true;
  }
  for (const AccountId& id : accounts_of(round, true)) end_word(c, task, round, id, false);
  RelayRound none = round;
  none.seats.clear();
  c.state.put(none);
  // After the last nobody can tell whether the solver kept it back or relays kept silent.
  if (round.number >= kMaxRelayRounds)
    fall_unattested(c, claim.id);
  else if (c.state.shares())
    start_drawing(c, claim);
  else
    start_relaying(c, claim, round.number + 1);
  return false;
}

std::uint64_t settle_relays(Context& c, const TaskRecord& task, const ClaimRecord& claim,
                            ClaimStatus end) {
  const std::optional<RelayRound> round = c.state.relay_round(claim.id);
  if (!round) return 0;
  const bool judged = end == ClaimStatus::kFinal || end == ClaimStatus::kFallen;
  const bool burns = claim.withheld && judged;
  const std::uint64_t fee = economics::fee_per_relay(task.terms.relay_fee.value, task.terms.relays);
  std::uint64_t spent = 0;
  for (const AccountId& id : accounts_of(*round, true)) {
    end_word(c, task, *round, id, burns);
    const std::uint64_t earned = judged && !burns ? fee * seats_of(*round, id) : 0;
    c.pay(escrow_account(task.id), user_account(id), earned);
    spent += earned;
  }
  return spent;
}

}  // namespace assay::protocol::internal
