// The auditor's books: what a claim's end moves.
#include <algorithm>

#include "internal/model.hpp"

namespace assay::sim {

using protocol::ChallengeStatus;
using protocol::ClaimStatus;
using protocol::CloseReason;
using protocol::GameStatus;

namespace {

__extension__ using Wide = unsigned __int128;

Atoms floor_part(Atoms amount, Atoms part, Atoms whole) {
  return static_cast<Atoms>(Wide{amount} * part / whole);
}
Atoms ceil_part(Atoms amount, Atoms part, Atoms whole) {
  return static_cast<Atoms>((Wide{amount} * part + whole - 1) / whole);
}

}  // namespace

void Auditor::Model::take_tax(Atoms tax) {
  m_burned += tax - tax / 2;
  m_jackpot += tax / 2;
}

std::vector<AccountId> Auditor::Model::winners_over(const Claim& c, const AccountId& loser) const {
  std::vector<const Challenge*> won;
  for (const ChallengeId& id : c.challenges) {
    const Challenge& h = m_challenges.at(id);
    if (h.status != ChallengeStatus::kWon) continue;
    for (const GameId& game : h.games)
      if (m_games.at(game).defender == loser &&
          m_games.at(game).status == GameStatus::kChallengerWon)
        won.push_back(&h);
  }
  std::vector<AccountId> winners;
  for (const Challenge* h : won)
    if (std::none_of(c.challenges.begin(), c.challenges.end(), [&](const ChallengeId& id) {
          const Challenge& other = m_challenges.at(id);
          const bool rivals =
              std::find(won.begin(), won.end(), &other) != won.end() ||
              (loser != c.solver && other.status == ChallengeStatus::kWon && other.of_claim() &&
               other.challenger != h->challenger && other.challenger != loser);
          return rivals && other.entry == h->entry && other.of_interior() == h->of_interior() &&
                 other.revealed_at <= h->committed_at;
        }))
      winners.push_back(h->challenger);
  if (loser == c.solver && c.reporter) winners.push_back(*c.reporter);
  return winners;
}

// At least half burns; of the rest each winner but the first has what a replay costs, together at
// most half of it, and the first what is left.
void Auditor::Model::slash(const Claim& c, const Task& t, Atoms stake,
                           const std::vector<AccountId>& winners) {
  if (winners.empty()) {
    m_burned += stake;
    return;
  }
  const Atoms rest = stake / 2;
  m_burned += stake - rest;
  pay_challengers(winners, stake - rest);
  const Atoms others = winners.size() - 1;
  const Atoms replay = ceil_part(c.price, 1, commit::transcript_entries(t.terms.header));
  const Atoms each = others == 0 ? 0 : std::min(replay, rest / 2 / others);
  for (std::size_t i = 0; i < winners.size(); ++i)
    of(winners[i]).available += i == 0 ? rest - others * each : each;
}

bool Auditor::Model::may_settle(const Claim& c, const protocol::ClaimSettled& e,
                                const Sent* tx) const {
  std::size_t unresolved = 0, won = 0, voided = 0;
  for (const ChallengeId& id : c.challenges) {
    const Challenge& h = m_challenges.at(id);
    unresolved += protocol::is_resolved(h.status) ? 0 : 1;
    won += h.status == ChallengeStatus::kWon && h.of_claim() ? 1 : 0;
    for (const GameId& game : h.games)
      voided += m_games.at(game).status == GameStatus::kVoid ? 1 : 0;
  }
  const bool given_up =
      tx != nullptr && std::holds_alternative<protocol::AbandonClaim>(*tx->payload);
  const bool due = (tx == nullptr || given_up) && c.due != 0 && c.due <= m_now;
  const std::uint64_t whole = commit::transcript_entries(m_tasks.at(c.task).terms.header);
  const bool unattested = due && c.status == ClaimStatus::kRelaying && c.rounds == 4 &&
                          !has_quorum(c) && unresolved == 0;
  switch (e.reason) {
    case CloseReason::kUnattested: return unattested && !c.withheld && !c.doomed;
    case CloseReason::kNotCommitted:
      return due && c.status == ClaimStatus::kTraining && !c.cancelled;
    case CloseReason::kCancelledTraining:
      return due && c.status == ClaimStatus::kTraining && c.cancelled && !c.abandoned;
    case CloseReason::kAbandoned: return due && c.status == ClaimStatus::kTraining && c.abandoned;
    case CloseReason::kNotRevealed: return due && c.status == ClaimStatus::kRevealing;
    case CloseReason::kUndisclosed: return due && c.status == ClaimStatus::kDisclosing;
    case CloseReason::kVoid: return voided > 0 && !c.solver_lost;
    case CloseReason::kFallen:
      return won > 0 && unresolved == 0 && c.status >= ClaimStatus::kChallenging;
    case CloseReason::kContradicted:
      return c.reporter && won == 0 && unresolved == 0 &&
             (unattested || c.status >= ClaimStatus::kChallenging);
    case CloseReason::kWithheld:
      return c.withheld && !c.doomed && won == 0 && unresolved == 0 &&
             (unattested || c.status == ClaimStatus::kResolving);
    case CloseReason::kThrown:
    case CloseReason::kFinal:
    case CloseReason::kFinalPartial:
    case CloseReason::kFinalDiverged: {
      const bool diverged = c.diverged != 0 || (c.entries < whole && !c.cancelled);
      const CloseReason final_as = diverged             ? CloseReason::kFinalDiverged
                                   : c.entries == whole ? CloseReason::kFinal
                                                        : CloseReason::kFinalPartial;
      return c.status == ClaimStatus::kResolving && unresolved == 0 && !c.doomed && !c.withheld &&
             e.reason == (c.solver_lost ? CloseReason::kThrown : final_as);
    }
    default: return false;
  }
}

// One verifier's fee and stake. What of the fee was earned.
Atoms Auditor::Model::settle_seat(Claim& c, const Task& t, const AccountId& who) {
  Seat& seat = c.seats[who];
  const bool final_claim = c.status == ClaimStatus::kFinal;
  const bool fallen = c.status == ClaimStatus::kFallen;
  std::optional<std::uint64_t> fell_at;
  for (const ChallengeId& id : c.challenges)
    if (const Challenge& h = challenge(id);
        h.status == ChallengeStatus::kWon && h.of_claim() && !fell_at)
      fell_at = h.entry;
  const auto is_forced = [&](std::uint64_t entry) {
    return final_claim && c.forced_entry != 0 && entry == c.forced_entry;
  };
  bool blind = false;
  for (const auto& [draw, opened] : seat.opened)
    blind |= opened.matches && is_forced(seat.draws[draw]);
  Atoms earned = 0;
  const Atoms each = t.terms.verification_fee.value / (Atoms{t.terms.seats} * t.terms.draws);
  if ((final_claim || fallen) && !seat.lost && !blind)
    for (const auto& [draw, opened] : seat.opened) {
      const std::uint64_t entry = seat.draws[draw];
      const bool at_fall = fallen && fell_at == entry;
      const bool earns = is_forced(entry)     ? opened.own_end == c.forced_root
                         : fallen && !fell_at ? true
                                              : opened.matches != at_fall;
      if (earns) earned += each;
    }
  of(who).available += earned;
  if (seat.lost && (final_claim || fallen))
    slash(c, t, seat.stake, winners_over(c, who));
  else if (blind)
    slash(c, t, seat.stake, {});
  else
    of(who).staked += seat.stake;
  return earned;
}

void Auditor::Model::settle(const protocol::ClaimSettled& e, const Sent* tx) {
  Claim& c = claim(e.claim);
  Task& t = task(c.task);
  if (!may_settle(c, e, tx))
    fail("a claim that is " + std::string(to_string(c.status)) + " ends as " + to_string(e.reason));
  if (demands_open(c) != 0) fail("a claim ends, and a demand does not");
  const bool by_default = e.reason == CloseReason::kUndisclosed;
  c.status = e.status;
  c.reason = e.reason;
  c.due = 0;
  if (by_default) c.solver_lost = c.doomed = true;
  const bool pays = is_paid(e.reason);
  counts.paid += pays ? 1 : 0;
  counts.fallen += e.status == ClaimStatus::kFallen ? 1 : 0;

  const commit::TaskHeader& header = t.terms.header;
  const std::uint64_t steps = std::min((c.entries - 1) * header.commit_interval, header.steps);
  const Atoms tax = ceil_part(c.tax, steps, header.steps);
  const Atoms paid_steps = c.diverged != 0 ? c.diverged * header.commit_interval : steps;
  const Atoms pay = pays ? floor_part(c.price, paid_steps, header.steps) : 0;
  if (pay != e.paid.value) fail("a claim is paid another sum than its work earned");
  of(c.solver).available += pay;
  Atoms spent = pay;
  Atoms stake = c.stake;
  if (e.status == ClaimStatus::kFinal) {
    spent += tax;
    take_tax(tax);
    std::vector<AccountId> finders;
    for (const ChallengeId& id : c.challenges)
      if (challenge(id).status == ChallengeStatus::kFound)
        finders.push_back(challenge(id).challenger);
    if (!finders.empty()) {
      const Wide by_tax = ((Wide{tax} * 7) << 32) / (Wide{t.terms.force_rate} * 8);
      Atoms share = static_cast<Atoms>(std::min(by_tax, Wide{m_jackpot / 3}));
      for (std::size_t i = 1; i < finders.size(); ++i) share /= 4;
      for (const AccountId& finder : finders) {
        take(m_jackpot, share);
        of(finder).available += share;
      }
      pay_challengers(finders, tax);
    }
  }
  // Given up once the beacon said whether an error is due, or at once.
  const bool after_beacon = t.terms.force_rate != 0 && c.committed_at != 0;
  const bool abandoned = e.reason == CloseReason::kAbandoned;
  if (e.status == ClaimStatus::kExpired && (after_beacon || abandoned)) {
    const Atoms fine = std::min(tax, stake);
    take_tax(fine);
    stake -= fine;
    if (abandoned) m_tallies[c.solver].given += fine;
  }
  std::vector<AccountId> verifiers;
  for (const auto& [who, seat] : c.seats) verifiers.push_back(who);
  for (const AccountId& who : verifiers) spent += settle_seat(c, t, who);
  if (c.solver_lost && e.status != ClaimStatus::kVoid)
    slash(c, t, stake, winners_over(c, c.solver));
  else
    of(c.solver).staked += stake;
  spent += settle_relays(c, t);
  give_back(t, c.price + t.terms.verification_fee.value + t.terms.relay_fee.value + c.tax - spent);
}

}  // namespace assay::sim
