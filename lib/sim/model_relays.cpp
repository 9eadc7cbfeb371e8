// The auditor's books: the pool of relays, who is drawn, and what their words cost and earn.
#include <algorithm>

#include "internal/model.hpp"

namespace assay::sim {

using protocol::ClaimStatus;

namespace {
constexpr unsigned kRounds = 4, kMissed = 4;
}

std::size_t Auditor::Model::attested(const Claim& c) const {
  return static_cast<std::size_t>(std::count_if(c.relays.begin(), c.relays.end(),
                                                [](const auto& seat) { return seat.attested; }));
}

bool Auditor::Model::has_quorum(const Claim& c) const {
  return attested(c) >= m_tasks.at(c.task).terms.relay_quorum;
}

// Behind its words about claims that are not settled.
Atoms Auditor::Model::held_of(const AccountId& id) const {
  Atoms held = 0;
  for (const auto& [claim_id, c] : m_claims)
    for (const auto& seat : c.relays)
      if (seat.who == id && seat.attested && !protocol::is_settled(c.status))
        held += m_tasks.at(c.task).terms.relay_stake.value;
  return held;
}

void Auditor::Model::change_bond(const Sent& tx) {
  Holding& sender = of(tx.from);
  if (const auto* more = std::get_if<protocol::BondRelay>(tx.payload)) {
    take(sender.staked, more->amount.value);
    m_relays[tx.from].bond += more->amount.value;
  } else if (const auto* less = std::get_if<protocol::UnbondRelay>(tx.payload)) {
    Bonded& relay = m_relays[tx.from];
    if (relay.bond < held_of(tx.from) + less->amount.value) fail("a bond is freed that is held");
    take(relay.bond, less->amount.value);
    sender.staked += less->amount.value;
    if (relay.bond == 0) m_relays.erase(tx.from);
  }
}

void Auditor::Model::leave_pool(const protocol::RelayLeft& e, const Sent* tx) {
  const bool evicted = tx != nullptr && std::holds_alternative<protocol::BondRelay>(*tx->payload);
  const auto relay = m_relays.find(e.relay);
  if (relay == m_relays.end() || relay->second.bond != e.bond.value || held_of(e.relay) != 0 ||
      (!evicted && relay->second.missed + 1 < kMissed))
    return fail("a relay leaves the pool that need not");
  of(e.relay).staked += relay->second.bond;
  m_relays.erase(relay);
}

void Auditor::Model::draw_relay(const protocol::RelayDrawn& e) {
  Claim& c = claim(e.claim);
  if (c.status != ClaimStatus::kRelaying || e.round != c.rounds || e.seat != c.relays.size() ||
      c.relays.size() >= task(c.task).terms.relays || !m_relays.contains(e.relay))
    fail("a relay is drawn that is none");
  c.relays.push_back({e.relay, false});
}

void Auditor::Model::attest(const protocol::DataAttested& e, const Sent* tx) {
  Claim& c = claim(e.claim);
  std::uint32_t seats = 0;
  for (auto& seat : c.relays) {
    if (seat.who != e.relay) continue;
    if (seat.attested) fail("a relay attests twice");
    seat.attested = true;
    ++seats;
  }
  if (tx == nullptr || tx->from != e.relay || seats == 0 || seats != e.seats ||
      c.status != ClaimStatus::kRelaying || c.withheld)
    fail("data is attested by nobody who was drawn");
  m_relays[e.relay].missed = 0;
  if (held_of(e.relay) > m_relays[e.relay].bond) fail("a word has no bond behind it");
}

void Auditor::Model::end_round(Claim& c) {
  std::set<AccountId> silent;
  for (const auto& seat : c.relays)
    if (!seat.attested && seat.who != c.solver && m_relays.contains(seat.who))
      silent.insert(seat.who);
  for (const AccountId& id : silent)
    if (++m_relays[id].missed >= kMissed && held_of(id) == 0)
      fail("a silent relay stays in the pool");
}

Atoms Auditor::Model::settle_relays(Claim& c, const Task& t) {
  const bool judged = c.status == ClaimStatus::kFinal || c.status == ClaimStatus::kFallen;
  Atoms paid = 0;
  if (!c.relays.empty() && !has_quorum(c)) c.relays.clear();
  for (const auto& seat : c.relays) {
    if (!seat.attested || !judged) continue;
    if (c.withheld) {
      take(m_relays[seat.who].bond, t.terms.relay_stake.value);
      m_burned += t.terms.relay_stake.value;
      if (m_relays[seat.who].bond == 0) m_relays.erase(seat.who);
    } else {
      const Atoms fee = t.terms.relay_fee.value / t.terms.relays;
      of(seat.who).available += fee;
      paid += fee;
    }
  }
  return paid;
}

}  // namespace assay::sim
