// The auditor's books: what is held for whom, and how challengers did.
#include "assay/crypto/sha256.hpp"
#include "internal/model.hpp"

namespace assay::sim {

namespace {

constexpr std::uint8_t kEscrow = 3, kLock = 4;  // kinds of money accounts

// What a money account holds: its record begins with its balance.
Result<Atoms> balance_at(const protocol::StateReader& reader, std::uint8_t kind,
                         const Hash256& owner) {
  Bytes key{'A', kind};
  key.insert(key.end(), owner.bytes.begin(), owner.bytes.end());
  ASSAY_TRY(const auto record, reader.record(key));
  return record && record->size() >= 8 ? load_le<std::uint64_t>(record->data()) : Atoms{0};
}

Hash256 stake_of(const ClaimId& claim, const AccountId& who) {
  return crypto::sha256({as_bytes("assay/lock/1"), claim.value.view(), who.value.view()});
}

}  // namespace

// INV-PRO-020, written down once more: who has put what where, and has not had it back.
Status Auditor::Model::compare_held(const protocol::StateReader& reader) const {
  std::map<std::pair<std::uint8_t, Hash256>, Atoms> held;
  for (const auto& [id, t] : m_tasks) {
    const auto fee = t.terms.verification_fee.value + t.terms.relay_fee.value;
    Atoms& escrow = held[{kEscrow, id.value}];
    if (t.in_escrow && t.stage == Stage::kSelling)
      escrow +=
          (t.terms.copies - t.claims.size()) * (t.terms.price.value + fee + t.terms.tax.value);
    for (const ClaimId& claim_id : t.claims) {
      const Claim& c = m_claims.at(claim_id);
      const bool over = protocol::is_settled(c.status);
      if (!over) escrow += c.price + fee + c.tax;
      held[{kLock, stake_of(c.id, c.solver)}] += over ? 0 : c.stake;
      for (const auto& [who, seat] : c.seats)
        held[{kLock, stake_of(c.id, who)}] += over ? 0 : seat.stake;
    }
  }
  for (const auto& [id, h] : m_challenges)
    held[{kLock, id.value}] += protocol::is_resolved(h.status) ? 0 : h.bond;
  for (const auto& [id, d] : m_demands)
    held[{kLock, id.value}] += d.status == protocol::DemandStatus::kOpen ? d.price : 0;
  for (const auto& [id, relay] : m_relays)
    held[{kLock, crypto::sha256({as_bytes("assay/relay-lock/1"), id.value.view()})}] = relay.bond;
  for (const auto& [of, down] : m_put_down) {
    const auto& [task_id, who] = of;
    held[{kLock, stake_of(protocol::claim_id_of(task_id, who), who)}] += down.stake;
    held[{kLock,
          crypto::sha256({as_bytes("assay/deposit/1"), task_id.value.view(), who.value.view()})}] +=
        down.deposit;
  }
  for (const auto& [account, expected] : held) {
    ASSAY_TRY(const Atoms actual, balance_at(reader, account.first, account.second));
    if (actual != expected)
      return {ErrorCode::kIntegrity, "block " + std::to_string(m_height) + ": " +
                                         (account.first == kEscrow ? "escrow " : "lock ") +
                                         to_hex(account.second).substr(0, 8) + " holds " +
                                         std::to_string(actual) + " and owes " +
                                         std::to_string(expected)};
  }
  return {};
}

protocol::Locked Auditor::Model::locked(const AccountId& id) const {
  protocol::Locked sum;
  for (const auto& [claim_id, c] : m_claims) {
    if (protocol::is_settled(c.status)) continue;
    if (c.solver == id) sum.stakes.value += c.stake;
    if (const auto seat = c.seats.find(id); seat != c.seats.end())
      sum.stakes.value += seat->second.stake;
  }
  if (const auto relay = m_relays.find(id); relay != m_relays.end())
    sum.stakes.value += relay->second.bond;
  for (const auto& [challenge_id, h] : m_challenges)
    if (h.challenger == id && !protocol::is_resolved(h.status)) sum.bonds.value += h.bond;
  for (const auto& [demand_id, d] : m_demands)
    if (d.who == id && d.status == protocol::DemandStatus::kOpen) sum.bonds.value += d.price;
  for (const auto& [key, down] : m_put_down) {
    if (key.second != id) continue;
    sum.stakes.value += down.stake;
    sum.deposits.value += down.deposit;
  }
  for (const Unbonding& u : m_unbonding)
    if (u.who == id) sum.unbonding_until = LedgerTimeMs{std::max(sum.unbonding_until.value, u.due)};
  return sum;
}

// Halved every 30 days, on a straight line in between, rounded down.
Auditor::Model::Standing& Auditor::Model::challenger_now(const AccountId& id) {
  constexpr std::uint64_t kDays30 = std::uint64_t{30} * 24 * 3600 * 1000;
  Standing& s = m_challengers[id];
  for (; m_now - s.at >= kDays30 && s.score != 0; s.at += kDays30) s.score /= 2;
  __extension__ using Wide = unsigned __int128;
  const Wide lost = Wide{s.score - s.score / 2} * ((m_now - s.at) % kDays30);
  s.score -= static_cast<Atoms>((lost + kDays30 - 1) / kDays30);
  s.at = m_now;
  return s;
}

void Auditor::Model::pay_challengers(const std::vector<AccountId>& paid, Atoms points) {
  for (const AccountId& id : paid) {
    Standing& s = challenger_now(id);
    s.score += points / paid.size();
    ++s.completed;
  }
}

// Within 90 days of another one it halves the score.
void Auditor::Model::fault_of_challenger(const AccountId& id) {
  constexpr std::uint64_t kDays90 = std::uint64_t{90} * 24 * 3600 * 1000;
  Standing& s = challenger_now(id);
  if (s.faults > 0 && m_now - s.last_fault <= kDays90) s.score /= 2;
  ++s.faults;
  s.last_fault = m_now;
}

void Auditor::Model::refute_challenger(const AccountId& id) {
  Standing& s = challenger_now(id);
  s.score = 0;
  ++s.slashes;
}

Status Auditor::Model::compare_standing(const protocol::AccountView& account) const {
  const auto found = m_challengers.find(account.id);
  const Standing s = found == m_challengers.end() ? Standing{} : found->second;
  const protocol::Reputation& r = account.reputation[3];
  const protocol::Locked put_down = locked(account.id);
  const std::string who =
      "block " + std::to_string(m_height) + ": account " + to_hex(account.id.value).substr(0, 8);
  if (r != protocol::Reputation{s.score, LedgerTimeMs{s.at}, s.completed, s.faults,
                                LedgerTimeMs{s.last_fault}, s.slashes})
    return {ErrorCode::kIntegrity, who + " has another standing as a challenger: a score of " +
                                       std::to_string(r.score) + "; it should be " +
                                       std::to_string(s.score)};
  const auto text = [](const protocol::Locked& l) {
    return std::to_string(l.stakes.value) + " of stakes, " + std::to_string(l.bonds.value) +
           " of bonds, " + std::to_string(l.deposits.value) + " of deposits, unbonding until " +
           std::to_string(l.unbonding_until.value);
  };
  if (account.locked != put_down)
    return {ErrorCode::kIntegrity,
            who + " has locked " + text(account.locked) + "; it should be " + text(put_down)};
  return {};
}

}  // namespace assay::sim
