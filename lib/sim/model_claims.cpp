// The auditor's books: a claim's stages, challenges and games.
#include <algorithm>

#include "assay/core/checked.hpp"
#include "internal/model.hpp"

namespace assay::sim {

using protocol::ChallengeStatus;
using protocol::ClaimStatus;
using protocol::GameStatus;

std::uint64_t Auditor::Model::window_of(const Task& t, ClaimStatus status) const {
  const protocol::Windows& w = t.terms.windows;
  switch (status) {
    case ClaimStatus::kTraining: return w.train_ms;
    case ClaimStatus::kEnlisting: return w.enlist_ms;
    case ClaimStatus::kRevealing: return w.reveal_ms;
    case ClaimStatus::kRelaying: return w.relay_ms;
    case ClaimStatus::kSealing: return w.seal_ms;
    case ClaimStatus::kOpening: return w.open_ms;
    case ClaimStatus::kDisclosing: return w.disclose_ms;
    case ClaimStatus::kChallenging: return w.challenge_ms;
    default: return 0;
  }
}

bool Auditor::Model::copies_train(const Claim& c, const Task& t) const {
  return std::any_of(t.claims.begin(), t.claims.end(), [&](const ClaimId& id) {
    return id != c.id && m_claims.at(id).status == ClaimStatus::kTraining;
  });
}

// The table of a claim's life: by its window, or because nothing is left to wait for.
bool Auditor::Model::may_advance(const Claim& c, const Task& t, ClaimStatus to,
                                 const Sent* tx) const {
  const bool due = tx == nullptr && c.due != 0 && c.due <= m_now;
  const bool seats_full = c.seats.size() == t.terms.seats;
  const bool forces = t.terms.force_rate != 0;
  const auto count = [&](auto&& holds) {
    return static_cast<std::size_t>(std::count_if(
        c.seats.begin(), c.seats.end(), [&](const auto& seat) { return holds(seat.second); }));
  };
  const std::size_t sealed = count([](const Seat& s) { return s.sealed; });
  const bool all_open =
      count([](const Seat& s) { return s.sealed && s.opened.size() < s.draws.size(); }) == 0;
  const bool sends = tx != nullptr;
  const bool may_wait = t.stage == Stage::kSelling || copies_train(c, t);
  const bool must_wait = (t.stage == Stage::kSelling && t.due > m_now) || copies_train(c, t);
  // Drawn, and attested where that is asked for.
  const bool has_data = t.terms.relays == 0 || has_quorum(c);
  const bool is_drawn =
      due && has_data && (c.status == ClaimStatus::kDrawing || c.status == ClaimStatus::kRelaying);
  switch (to) {
    case ClaimStatus::kTraining: return c.status == ClaimStatus::kTraining && c.due == 0;
    case ClaimStatus::kEnlisting:
      if (c.status == ClaimStatus::kEnlisting)
        return may_wait && (due || (sends && seats_full) || c.due == 0);
      return sends && c.status == ClaimStatus::kTraining && (!seats_full || may_wait) &&
             std::holds_alternative<protocol::CommitTranscript>(*tx->payload);
    case ClaimStatus::kRevealing:
      if (must_wait) return false;
      return c.status == ClaimStatus::kEnlisting
                 ? due || (sends && seats_full) || c.due == 0
                 : c.status == ClaimStatus::kTraining && sends && seats_full;
    case ClaimStatus::kDrawing:
      if (c.status == ClaimStatus::kRelaying)
        return has_data && sends && attested(c) == c.relays.size();
      return sends && c.status == ClaimStatus::kRevealing;
    case ClaimStatus::kRelaying:
      return t.terms.relays != 0 && due &&
             ((c.status == ClaimStatus::kDrawing && c.rounds == 0) ||
              (c.status == ClaimStatus::kRelaying && !has_quorum(c) && c.rounds < 4));
    case ClaimStatus::kSealing: return is_drawn && (!c.seats.empty() || forces);
    case ClaimStatus::kOpening:
      return c.status == ClaimStatus::kSealing && sealed > 0 &&
             (due || (sends && sealed == c.seats.size()));
    case ClaimStatus::kDisclosing:
    case ClaimStatus::kChallenging: {
      if (to == ClaimStatus::kChallenging && c.status == ClaimStatus::kDisclosing)
        return sends && std::holds_alternative<protocol::Disclose>(*tx->payload);
      const bool passed = (is_drawn && c.seats.empty() && !forces) ||
                          (c.status == ClaimStatus::kSealing && due && sealed == 0) ||
                          (c.status == ClaimStatus::kOpening && (due || (sends && all_open)));
      return passed && forces == (to == ClaimStatus::kDisclosing);
    }
    case ClaimStatus::kResolving: return due && c.status == ClaimStatus::kChallenging;
    default: return false;
  }
}

void Auditor::Model::advance(const protocol::ClaimAdvanced& e, const Sent* tx) {
  Claim& c = claim(e.claim);
  const Task& t = task(c.task);
  if (!may_advance(c, t, e.status, tx))
    fail("a claim went from " + std::string(to_string(c.status)) + " to " + to_string(e.status) +
         ", which is not its turn");
  const bool held = e.status == ClaimStatus::kEnlisting &&
                    (c.status == ClaimStatus::kEnlisting || c.seats.size() == t.terms.seats);
  if (c.status == ClaimStatus::kRelaying && e.status != ClaimStatus::kRelaying) end_round(c);
  if (e.status == ClaimStatus::kRelaying) {
    c.relays.clear();
    ++c.rounds;
  }
  if (c.status == ClaimStatus::kSealing) c.finds_until = c.challenges.size();
  c.status = e.status;
  // The draw is due with the next block.
  c.due = held || e.status == ClaimStatus::kResolving ? 0 : m_now + window_of(t, e.status);
  if (e.status == ClaimStatus::kChallenging &&
      std::any_of(c.seats.begin(), c.seats.end(),
                  [](const auto& seat) { return seat.second.is_silent(); }))
    c.due += window_of(t, e.status);
  if (e.status == ClaimStatus::kChallenging) {
    c.demands_until = c.due;
    for (const protocol::DemandId& id : c.demands)
      if (m_demands.at(id).status == protocol::DemandStatus::kOpen)
        c.due = std::max(c.due, m_demands.at(id).due + 1);
  }
  if (e.status == ClaimStatus::kDisclosing) c.refunds_until = c.challenges.size();
  if (e.status == ClaimStatus::kChallenging)
    for (const ChallengeId& id : c.challenges)
      challenge(id).due = m_now + t.terms.windows.challenge_reveal_ms;
}

void Auditor::Model::enlist(const protocol::VerifierEnlisted& e) {
  Claim& c = claim(e.claim);
  const Task& t = task(c.task);
  if (c.status > ClaimStatus::kEnlisting || c.seats.size() >= t.terms.seats ||
      c.seats.contains(e.verifier))
    fail("a seat is taken that is not free");
  Seat& seat = c.seats[e.verifier];
  seat.stake = t.terms.verifier_stake.value;
  take(of(e.verifier).staked, seat.stake);
}

void Auditor::Model::commit_challenge(const protocol::ChallengeCommitted& e) {
  Claim& c = claim(e.claim);
  const Task& t = task(c.task);
  const ClaimStatus first = t.terms.relays != 0 ? ClaimStatus::kSealing : ClaimStatus::kDrawing;
  if (c.status < first || c.status > ClaimStatus::kChallenging ||
      c.status == ClaimStatus::kDisclosing || c.doomed)
    fail("a challenge is taken outside its window");
  Challenge& h = m_challenges[e.challenge];
  h.claim = e.claim;
  h.challenger = e.challenger;
  h.bond = t.terms.challenger_bond.value;
  h.sequence = c.challenges.size();
  h.committed_at = m_height;
  if (c.status == ClaimStatus::kChallenging) h.due = m_now + t.terms.windows.challenge_reveal_ms;
  take(of(e.challenger).available, h.bond);
  c.challenges.push_back(e.challenge);
}

void Auditor::Model::reveal_challenge(const Sent& tx, const protocol::RevealChallenge& p) {
  Challenge& h = challenge(p.challenge);
  Claim& c = claim(h.claim);
  if (h.challenger != tx.from || h.due <= m_now) fail("a challenge is revealed too late");
  h.target = p.target;
  h.entry = p.target.place;
  if (!h.of_claim()) {
    const Seat& seat = c.seats[p.target.verifier];
    if (p.target.verifier == tx.from) fail("a verifier challenges its own word");
    if (h.entry >= seat.draws.size()) return fail("a draw is disputed that nobody has");
    h.entry = seat.draws[h.entry];
  }
  const bool opens = p.start_root != Hash256{} || p.start_path.length != 0 ||
                     p.end_root != Hash256{} || p.end_path.length != 0;
  const bool is_of_error = c.forced_entry != 0 && h.entry == c.forced_entry;
  const bool in_time = is_of_error && h.of_claim() && h.sequence < c.refunds_until;
  h.taken_back = !in_time && is_of_error && !opens;
  if (in_time || h.taken_back) return;
  if (!h.of_claim()) {
    const auto& opened = c.seats[p.target.verifier].opened;
    const auto word = opened.find(static_cast<std::uint32_t>(p.target.place));
    if (is_of_error || word == opened.end() || !word->second.attests)
      fail("a word is disputed that no verifier gave");
  }
  h.status = ChallengeStatus::kPlaying;
  if (h.revealed_at == 0) h.revealed_at = m_height;
  h.due = m_now + (h.of_claim() ? task(c.task).terms.windows.stand_up_ms : 0);
}

void Auditor::Model::open_seal(const Sent& tx, const protocol::OpenSeal& p) {
  Claim& c = claim(p.claim);
  Seat& seat = c.seats[tx.from];
  if (!seat.sealed || seat.opened.contains(p.draw)) fail("a seal is opened that is not there");
  const bool matches = p.own_end_root == p.end_root;
  seat.opened[p.draw] = {matches, p.attestation.has_value(), p.own_end_root};
  if (matches && !p.attestation) fail("a seal is opened that nobody signed");
  if (matches || c.challenges.size() - c.refunds_until >= protocol::kMaxChallengesPerClaim) return;
  // INV-PRO-024.
  if (!p.mismatch) {
    if (!c.doomed) fail("a mismatch is opened without a challenge");
    return;
  }
  Challenge& h = challenge(p.mismatch->challenge);
  if (h.challenger != tx.from || h.claim != p.claim || h.status != ChallengeStatus::kCommitted ||
      p.mismatch->entry > seat.draws[p.draw])
    fail("a mismatch is opened on a challenge that is not of it");
  if (h.revealed_at != 0) return;
  h.revealed_at = m_height;
  h.target = p.mismatch->entry;
  h.entry = p.mismatch->entry;
}

void Auditor::Model::start_game(const protocol::GameStarted& e) {
  Challenge& h = challenge(e.challenge);
  const Claim& c = claim(h.claim);
  ++counts.games;
  const AccountId& first = h.of_claim() ? c.solver : h.target->verifier;
  if (h.games.empty() != (e.defender == first)) fail("another defends first than is challenged");
  if (!h.games.empty() && !h.of_claim()) fail("somebody stands up for another one's word");
  if (!h.games.empty() && h.due <= m_now) fail("an attestor stands up too late");
  if (!h.games.empty()) {
    const auto seat = c.seats.find(e.defender);
    bool attested = false;
    if (seat != c.seats.end())
      for (const auto& [draw, opened] : seat->second.opened)
        attested |= opened.matches && seat->second.draws[draw] == h.entry;
    if (!attested) fail("somebody stands up who attested nothing");
  }
  h.games.push_back(e.game);
  m_games[e.game] = {e.challenge, e.defender, GameStatus::kOpen, false};
}

void Auditor::Model::end_game(const protocol::GameFinished& e) {
  if (!m_games.contains(e.game)) return fail("an unknown game ends");
  Game& game = m_games[e.game];
  if (game.status != GameStatus::kOpen) fail("a game ends twice");
  game.status = e.status;
  game.by_clock = e.by_clock;
  if (e.status != GameStatus::kChallengerWon) return;
  Claim& c = claim(challenge(game.challenge).claim);
  if (game.defender == c.solver)
    c.solver_lost = true;
  else
    c.seats[game.defender].lost = true;
}

void Auditor::Model::end_challenge(const protocol::ChallengeEnded& e) {
  Challenge& h = challenge(e.challenge);
  Claim& c = claim(h.claim);
  if (protocol::is_resolved(h.status)) return fail("a challenge ends twice");
  const auto first = [&](GameStatus status) {
    return std::find_if(h.games.begin(), h.games.end(),
                        [&](const GameId& id) { return m_games[id].status == status; });
  };
  const bool committed = h.status == ChallengeStatus::kCommitted;
  const bool due = h.due != 0 && h.due <= m_now;
  switch (e.status) {
    case ChallengeStatus::kLost: {
      const auto won = first(GameStatus::kDefenderWon);
      if (committed || won == h.games.end()) return fail("a challenge is lost to nobody");
      of(m_games[*won].defender).available += h.bond / 2;
      m_burned += h.bond - h.bond / 2;
      m_games[*won].by_clock ? fault_of_challenger(h.challenger) : refute_challenger(h.challenger);
      break;
    }
    case ChallengeStatus::kUnrevealed:
      if (!committed || !due || c.doomed) fail("a challenge is forfeited that is not late");
      m_jackpot += h.bond / 2;
      m_burned += h.bond - h.bond / 2;
      fault_of_challenger(h.challenger);
      break;
    case ChallengeStatus::kWon: {
      std::size_t beaten = 0;
      for (const GameId& id : h.games)
        beaten += m_games[id].status == GameStatus::kChallengerWon ? 1 : 0;
      if (committed || beaten != h.games.size() || h.games.empty() || !due)
        fail("a challenge is won before everybody was beaten");
      if (h.of_claim()) c.doomed = true;
      [[fallthrough]];
    }
    default:
      if (e.status == ChallengeStatus::kFound) {
        ++counts.found;
        if (c.forced_entry == 0 || h.entry != c.forced_entry || h.sequence >= c.finds_until)
          fail("an error is found that was not forced, or too late");
      }
      if (h.taken_back) {
        // What it agreed to pay: a 1024th of the price.
        const Atoms cost = ceil_div(task(c.task).terms.price.value, Atoms{1024});
        take(h.bond, cost);
        m_burned += cost;
        m_tallies[h.challenger].given += cost;
      }
      of(h.challenger).available += h.bond;
  }
  h.status = e.status;
}

std::size_t Auditor::Model::demands_open(const Claim& c) const {
  return static_cast<std::size_t>(
      std::count_if(c.demands.begin(), c.demands.end(), [&](const protocol::DemandId& id) {
        return m_demands.at(id).status == protocol::DemandStatus::kOpen;
      }));
}

// A 512th of the price a KiB: of a part of a transcript one for each 32 entries, of anything else
// one. A move window for each 64 that are open.
void Auditor::Model::demand(const protocol::ChunkDemanded& e) {
  Claim& c = claim(e.claim);
  const Task& t = task(c.task);
  const bool in_window = c.status >= ClaimStatus::kDrawing &&
                         c.status <= ClaimStatus::kChallenging &&
                         (c.status != ClaimStatus::kChallenging || m_now < c.demands_until);
  if (!in_window || c.doomed || e.demander == c.solver || m_demands.contains(e.demand))
    fail("a demand is taken that is none, or comes too late");
  const std::uint64_t entries =
      std::min<std::uint64_t>(256, c.entries - 256 * std::min(e.piece.chunk, c.entries / 256));
  const std::uint64_t kibs =
      e.piece.kind == protocol::PieceKind::kTranscript ? (entries + 31) / 32 : 1;
  Demand& d = m_demands[e.demand];
  d.claim = e.claim;
  d.who = e.demander;
  d.price = kibs * ((c.price + 511) / 512);
  c.demands.push_back(e.demand);
  d.due = m_now + t.terms.windows.move_ms * ((demands_open(c) + 63) / 64);
  if (c.status == ClaimStatus::kChallenging) c.due = std::max(c.due, d.due + 1);
  take(of(e.demander).available, d.price);
  ++counts.demands;
}

void Auditor::Model::end_demand(const protocol::DemandEnded& e, const Sent* tx) {
  using protocol::DemandStatus;
  if (!m_demands.contains(e.demand)) return fail("an unknown demand ends");
  Demand& d = m_demands[e.demand];
  Claim& c = claim(d.claim);
  if (d.status != DemandStatus::kOpen) fail("a demand ends twice");
  d.status = e.status;
  if (e.status == DemandStatus::kSupplied) {
    if (tx == nullptr || !std::holds_alternative<protocol::SupplyChunk>(*tx->payload))
      fail("a piece is there that nobody sent");
    of(c.solver).available += d.price / 2;
    m_burned += d.price - d.price / 2;
    m_tallies[d.who].given += d.price;  // what it agreed to pay
    if (c.status == ClaimStatus::kChallenging)
      c.due = std::max(c.due, m_now + task(c.task).terms.windows.challenge_ms);
    return;
  }
  of(d.who).available += d.price;
  if (e.status == DemandStatus::kVoid) return;
  if (tx != nullptr || d.due > m_now) fail("a demand is ignored before its clock is over");
  c.withheld = c.solver_lost = true;
  ++counts.withheld;
}

}  // namespace assay::sim
