#include "actors/scene.hpp"

#include <algorithm>

#include "assay/commit/piece.hpp"
#include "assay/dispute/moves.hpp"
#include "assay/protocol/lane.hpp"

namespace assay::actors {

using namespace protocol;
using namespace protocol::test;
using dispute::Position;
using dispute::Stage;

namespace {

constexpr unsigned kMovesASide = 29;
constexpr unsigned kTurnsMax = 57;               // docs/spec/dispute.md
constexpr std::size_t kGameBytesMax = 64 << 10;  // on the ledger
constexpr std::uint64_t kHad = 2'000'000;        // every account, half of it staked
constexpr std::uint64_t kBlockMs = 5'000;
constexpr unsigned kBlocksMax = 4'000;

std::vector<const Actor*> parties_of(const Cast& cast) {
  std::vector<const Actor*> parties{nullptr, cast.solver, cast.verifiers[0], cast.verifiers[1]};
  for (const Actor* challenger : cast.challengers)
    parties.insert(parties.end(), challenger->accounts, challenger);
  return parties;
}

std::set<unsigned> attentive(const Cast& cast) {
  std::set<unsigned> parties;
  for (unsigned i = 0; i < cast.verifiers.size(); ++i)
    if (cast.verifiers[i]->computes == Computes::kTruth) parties.insert(kAnn + i);
  return parties;
}

// From the start that the claim has there: what is false before is agreed.
Belief belief_at(std::uint64_t entry, const std::vector<Hash256>& claimed,
                 const std::vector<Hash256>& truth) {
  const auto first = std::mismatch(claimed.begin(), claimed.end(), truth.begin()).first;
  return entry <= static_cast<std::uint64_t>(first - claimed.begin()) ? Belief::kTruth
                                                                      : Belief::kClaim;
}

InteriorOf interiors(const Subject& subject, const Cast& cast) {
  return
      [&subject, &cast, claimed = subject.transcript(Belief::kClaim),
       truth = subject.transcript(Belief::kTruth)](unsigned verifier, const economics::Draw& draw) {
        const Actor& actor = *cast.verifiers.at(verifier - kAnn);
        if (actor.guesses) return hash_of_text("a guess");
        const bool lies = actor.computes != Computes::kTruth;
        return subject.state_root(lies ? Belief::kClaim : belief_at(draw.entry, claimed, truth),
                                  draw.interior_step);
      };
}

}  // namespace

struct Scene::Seat {
  std::unique_ptr<Mind> mind;
  std::size_t seen = 0;        // positions
  unsigned moves = 0;          // accepted
  std::uint64_t used_ms = 0;   // while it was on turn
  std::uint64_t bank_ms = 0;   // at first
  std::int64_t tried_at = -1;  // the turn at which its last move was sent
  Bytes late;                  // a move that waits for the end of the game
  Side side;
};

struct Scene::Watch {
  GameId id;
  dispute::GameTerms terms;
  unsigned parties[2] = {};  // the defender's and the challenger's
  GameRecord record;
  std::vector<Position> positions;  // before each move, and now
  std::vector<Bytes> moves;
  std::uint64_t opened_at = 0;
  std::uint64_t paused_before_ms = 0;  // when the turn began
  std::size_t bytes = 0;
  Seat seats[2];
  Seat helper;  // what the defender would move, for strangers
  [[nodiscard]] const Position& position() const { return positions.back(); }
  [[nodiscard]] bool is_open() const { return record.status == GameStatus::kOpen; }
};

struct Scene::Plan {
  unsigned party = 0;
  unsigned wait_blocks = 0;
  std::optional<ChallengeTarget> target = {};
  std::optional<ChallengeId> id = {};
  bool revealed = false;
};

Scene::Scene(Subject& subject, const Cast& cast, unsigned seed, std::size_t lane)
    : m_random(seed),
      m_subject(subject),
      m_actor(parties_of(cast)),
      m_played(terms_about(subject.header()), subject.transcript(Belief::kClaim),
               subject.transcript(Belief::kTruth), static_cast<unsigned>(m_actor.size()),
               attentive(cast), interiors(subject, cast)),
      m_lane(lane) {
  m_burned_before = m_played.net.read().totals().value().burned.value;
  for (unsigned party = kAnn + 2; party < m_actor.size(); ++party) {
    Plan plan;
    plan.party = party;
    plan.target = wanted(party);
    if (!m_actor[party]->is_honest() && m_actor[party]->wants != Wants::kCopies)
      plan.wait_blocks = m_random() % 8;
    m_plans.push_back(plan);
  }
  // Who opened a mismatch stands by it.
  for (const unsigned party : m_played.attentive)
    if (m_played.first_false < m_played.run.transcript.size()) {
      const ChallengeTarget target = m_played.first_false;
      const AccountId id = m_played.net.id(party);
      m_plans.push_back(
          {party, 0, target,
           challenge_id_of(m_played.posted.claim, id,
                           commitment_to(m_played.net, m_played.posted.claim, party, target))});
    }
}

std::optional<ChallengeTarget> Scene::wanted(unsigned party) {
  const std::uint64_t entries = m_played.run.transcript.size();
  switch (m_actor[party]->wants) {
    case Wants::kFirstFalse:
      if (m_played.first_false < entries) return m_played.first_false;
      return std::nullopt;
    case Wants::kAny:
    case Wants::kUnspoken: return m_random() % entries;
    case Wants::kEach: return party % entries;
    case Wants::kCopies: return std::nullopt;
    case Wants::kAnyWord:
      return ChallengeTarget(m_random() % 2 == 0 ? Disputed::kEnd : Disputed::kInterior,
                             m_played.net.id(kAnn + m_random() % 2),
                             static_cast<std::uint32_t>(m_random() % m_played.terms.draws));
    case Wants::kFalseWord:
      for (const unsigned verifier : {unsigned{kAnn}, unsigned{kBob}}) {
        if (!m_actor[verifier]->guesses) continue;
        const auto draws = verifier_of(m_played.net, m_played.posted.claim, verifier).draws;
        for (std::uint32_t draw = 0; draw < draws.size(); ++draw)
          if (draws[draw].entry <= m_played.first_false)
            return ChallengeTarget(Disputed::kInterior, m_played.net.id(verifier), draw);
      }
      return std::nullopt;
  }
  return std::nullopt;
}

Scene::~Scene() = default;

Hash256 Scene::should_be(std::uint64_t entry, std::uint64_t step) const {
  return m_subject.state_root(entry <= m_played.first_false ? Belief::kTruth : Belief::kClaim,
                              step);
}

void Scene::break_rule(std::string_view rule, const std::string& what) {
  m_broken.push_back(std::string(rule) + ": " + what);
}

// The next block but one may be too late, whatever this one does.
bool Scene::is_last_moment(LedgerTimeMs deadline) const {
  return deadline.value <= now() + kBlockMs + 200;
}

void Scene::send(unsigned party, Payload payload) { m_sent.push_back({party, std::move(payload)}); }

std::vector<std::string> Scene::play() {
  for (unsigned blocks = 0; blocks < kBlocksMax; ++blocks) {
    const ClaimView claim = m_played.net.claim(m_played.posted.claim);
    for (const ChallengeView& one : claim.challenges)
      for (const GameView& game : one.games) follow(one, game);
    if (is_settled(claim.record.status)) {
      check_end(claim);
      return m_broken;
    }
    if (m_actor[kSolver]->contradicts && blocks == 3) {
      const Hash256 other = hash_of_text("another transcript");
      const Hash256 digest =
          dispute::claim_digest(crypto::sha256_function(), m_played.net.head.chain,
                                m_played.posted.task, m_played.terms.header, other);
      send(kSubmitter, ReportContradiction{m_played.posted.claim, other,
                                           m_played.net.keys[kSolver].sign(digest.view())});
    }
    challenge(claim);
    supply(claim);
    for (const ChallengeView& one : claim.challenges) stand_up(one);
    for (auto& [id, watch] : m_games)
      for (const Role role : {Role::kDefender, Role::kChallenger}) move(*watch, role);
    for (auto& [id, watch] : m_games) open_as_stranger(*watch);
    block();
  }
  break_rule("R5", "the claim is not settled after " + std::to_string(kBlocksMax) + " blocks");
  return m_broken;
}

void Scene::challenge(const ClaimView& claim) {
  for (Plan& plan : m_plans) {
    const Actor& actor = *m_actor[plan.party];
    // Who opened seals has it.
    if (plan.party > kBob && actor.is_honest() && !has_transcript(claim, plan.party)) continue;
    if (!plan.target && actor.wants == Wants::kCopies)
      for (const ChallengeView& other : claim.challenges)
        if (other.record.status >= ChallengeStatus::kPlaying) plan.target = other.record.target;
    if (!plan.target) continue;
    if (plan.wait_blocks > 0) {
      --plan.wait_blocks;
      continue;
    }
    const AccountId id = m_played.net.id(plan.party);
    const ClaimId claim_id = m_played.posted.claim;
    if (!plan.id) {
      if (claim.record.status != ClaimStatus::kChallenging) continue;
      const Hash256 commitment = commitment_to(m_played.net, claim_id, plan.party, *plan.target);
      plan.id = challenge_id_of(claim_id, id, commitment);
      send(plan.party, CommitChallenge{claim_id, commitment});
    } else if (!plan.revealed && actor.wants != Wants::kUnspoken) {
      plan.revealed = true;
      send(plan.party, m_played.reveal_of_target(*plan.id, *plan.target));
    }
  }
}

bool Scene::has_transcript(const ClaimView& claim, unsigned party) {
  if (m_actor[kSolver]->shows == Shows::kAll) return true;
  bool has_all = true;
  for (std::uint64_t part = 0; part < commit::part_count(claim.record.entries); ++part) {
    const Piece piece{PieceKind::kTranscript, 0, 0, part};
    const auto demand = std::find_if(claim.demands.begin(), claim.demands.end(),
                                     [&](const DemandRecord& d) { return d.piece == piece; });
    has_all &= demand != claim.demands.end() && demand->status == DemandStatus::kSupplied;
    if (demand == claim.demands.end() && takes_demands(claim.record, LedgerTimeMs{now()}))
      send(party, DemandChunk{claim.record.id, piece});
  }
  return has_all;
}

void Scene::supply(const ClaimView& claim) {
  const Shows shows = m_actor[kSolver]->shows;
  for (const DemandRecord& demand : claim.demands) {
    if (demand.status != DemandStatus::kOpen || shows == Shows::kNothing) continue;
    if (shows == Shows::kAtLastMoment && !is_last_moment(demand.deadline)) continue;
    if (m_supplied.insert(demand.id).second)
      send(kSolver,
           SupplyChunk{demand.id, commit::open_part(m_played.run.transcript, demand.piece.chunk)});
  }
}

// For what it attested; who stands up must be able to defend it.
void Scene::stand_up(const ChallengeView& challenge) {
  if (challenge.record.status != ChallengeStatus::kPlaying || challenge.record.stand_up_closed ||
      !challenge.record.target.is_of_claim())
    return;
  for (const unsigned party : {unsigned{kAnn}, unsigned{kBob}}) {
    const Actor& actor = *m_actor[party];
    const bool attested =
        actor.computes != Computes::kTruth || challenge.record.entry != m_played.first_false;
    if (!actor.stands_up || !attested) continue;
    if (actor.pace == Pace::kLastMoment && !is_last_moment(challenge.record.deadline)) continue;
    if (m_stood.emplace(challenge.record.id, party).second)
      send(party, StandUp{challenge.record.id});
  }
}

void Scene::follow(const ChallengeView& challenge, const GameView& game) {
  std::unique_ptr<Watch>& watch = m_games[game.record.id];
  if (!watch) {
    watch = std::make_unique<Watch>();
    watch->id = game.record.id;
    const TaskView task = m_played.net.task(m_played.posted.task);
    watch->terms = terms_of(m_played.net.head.chain, task, challenge, game);
    watch->positions.push_back(dispute::start(watch->terms));
    watch->paused_before_ms = m_paused_ms;
    watch->opened_at = game.record.turn_started.value;
    watch->record = game.record;
    watch->seats[0].bank_ms = game.record.defender_bank_ms;
    watch->seats[1].bank_ms = game.record.challenger_bank_ms;
    for (unsigned party = kSolver; party < m_actor.size(); ++party) {
      if (m_played.net.id(party) == game.record.defender) watch->parties[0] = party;
      if (m_played.net.id(party) == game.record.challenger) watch->parties[1] = party;
    }
    const bool shows_the_other_face = m_actor[watch->parties[0]]->computes == Computes::kTwoFaced &&
                                      challenge.record.sequence % 2 == 1;
    // Of its own word about the lie a verifier that saw it says what is true.
    const bool by_a_witness = m_played.attentive.contains(watch->parties[0]) &&
                              watch->terms.entry == m_played.first_false;
    for (unsigned side = 0; side < 2; ++side)
      watch->seats[side].side = {
          side == 0 && !shows_the_other_face && !by_a_witness ? Belief::kClaim : Belief::kTruth,
          side == 0 ? Role::kDefender : Role::kChallenger, m_actor[watch->parties[side]]->points,
          static_cast<unsigned>(m_random())};
    watch->helper.side = watch->seats[0].side;
  }
  const bool was_open = watch->is_open();
  const GameRecord before = std::exchange(watch->record, game.record);
  if (was_open && (game.record.turn != before.turn || !watch->is_open())) {
    const std::uint64_t until = watch->is_open() ? game.record.turn_started.value : now();
    // At most a window of each turn (INV-PRO-023).
    const std::uint64_t paused =
        std::min(m_paused_ms - watch->paused_before_ms, m_played.terms.windows.move_ms);
    watch->seats[before.on_turn == Role::kDefender ? 0 : 1].used_ms +=
        until - before.turn_started.value - paused;
    watch->paused_before_ms = m_paused_ms;
  }
  for (std::size_t i = watch->moves.size(); i < game.moves.size(); ++i) {
    codec::Reader reader(game.moves[i]);
    const dispute::SignedMove move = dispute::read_signed_move(reader);
    Position next = watch->position();
    if (dispute::apply(crypto::sha256_function(), watch->terms, next, move.mover(), move.body) !=
        dispute::MoveVerdict::kAccepted)
      break_rule("R7", "the ledger holds a move that the rules refuse");
    watch->positions.push_back(next);
    watch->moves.push_back(game.moves[i]);
    ++watch->seats[move.role == Role::kDefender ? 0 : 1].moves;
  }
  if (game.moves.size() != game.record.turn) break_rule("R7", "a turn is not the count of moves");
  if (was_open && !watch->is_open()) check_game(*watch);
}

std::optional<Bytes> Scene::body(Seat& seat, const Watch& watch) {
  if (!seat.mind || m_actor[watch.parties[seat.side.role == Role::kDefender ? 0 : 1]]->forgets) {
    seat.mind = m_subject.mind(watch.terms, seat.side);
    seat.seen = 0;
  }
  while (seat.seen < watch.positions.size()) seat.mind->observe(watch.positions[seat.seen++]);
  return seat.mind->move();
}

void Scene::move(Watch& watch, Role role) {
  const unsigned side = role == Role::kDefender ? 0 : 1;
  const unsigned party = watch.parties[side];
  const Actor& actor = *m_actor[party];
  Seat& seat = watch.seats[side];
  if (!watch.is_open()) {
    if (!seat.late.empty())
      m_sent.push_back({party, PlayMove{watch.id, std::exchange(seat.late, {})}, watch.id, true});
    return;
  }
  const Position& p = watch.position();
  if (!dispute::may_move(p, role)) {
    // What the other side would have to say, under this side's name or under its own.
    if (actor.noise == Noise::kOutOfTurn && seat.tried_at != p.turn) {
      seat.tried_at = p.turn;
      const Role other = role == Role::kDefender ? Role::kChallenger : Role::kDefender;
      for (const Role as : {role, other})
        m_sent.push_back({party,
                          PlayMove{watch.id, m_played.signed_move(watch.terms, p, as,
                                                                  Bytes{1, 0, 0, 0, 0}, party)},
                          watch.id, true});
    }
    return;
  }
  const bool is_duty = watch.record.on_turn == role;
  if (actor.pace == Pace::kNever || (actor.pace == Pace::kQuits && seat.moves >= 3)) return;
  if (actor.pace == Pace::kOnlyNew && dispute::may_move(p, dispute::Mover::stranger())) return;
  if (actor.signs == Signs::kRevokes && seat.moves >= 3) take_back(party);
  if (!is_duty && !actor.is_honest()) return;  // it need not help
  if (actor.pace == Pace::kLastMoment && is_duty && !is_last_moment(watch.record.deadline)) return;
  if (seat.tried_at == p.turn) return;
  seat.tried_at = p.turn;
  std::optional<Bytes> made = body(seat, watch);
  if (!made) return;
  const Bytes signed_move = sign(watch, role, party, std::move(*made));
  if (actor.pace == Pace::kLate) {
    seat.late = signed_move;
    return;
  }
  make_noise(watch, role, party, signed_move);
  m_sent.push_back({party, PlayMove{watch.id, signed_move}, watch.id});
}

namespace {

// Of every party that has one: it may well be on both sides of a game.
const crypto::KeyPair& delegate_key() { return toy::other_keys().defender_delegate; }

// Whatever is the mover's to choose: the last of the roots or values that it offers.
Bytes changed(const Position& position, Bytes body) {
  const bool is_new = dispute::may_move(position, dispute::Role::kDefender) &&
                      !dispute::may_move(position, dispute::Mover::stranger());
  if (is_new && !body.empty()) body.back() ^= 1;
  return body;
}

}  // namespace

Bytes Scene::sign(const Watch& watch, Role role, unsigned party, Bytes body) {
  const Actor& actor = *m_actor[party];
  if (actor.signs == Signs::kItself)
    return m_played.signed_move(watch.terms, watch.position(), role, std::move(body), party);
  if (m_revoked.contains(party)) {
    // Its delegate goes on as if it still were one.
    m_sent.push_back(
        {party, PlayMove{watch.id, sign_by_delegate(watch, role, party, body)}, watch.id, true});
    return m_played.signed_move(watch.terms, watch.position(), role, std::move(body), party);
  }
  if (actor.signs == Signs::kByLyingDelegate) body = changed(watch.position(), std::move(body));
  return sign_by_delegate(watch, role, party, std::move(body));
}

Bytes Scene::sign_by_delegate(const Watch& watch, Role role, unsigned party, Bytes body) {
  const crypto::KeyPair& key = delegate_key();
  const dispute::Certificate certificate = dispute::make_certificate(
      crypto::sha256_function(), m_played.net.head.chain, m_played.posted.task,
      m_played.net.id(party), AccountId(key.public_key()), LedgerTimeMs{UINT64_MAX},
      [&](const Hash256& digest) { return m_played.net.keys[party].sign(digest.view()); });
  if (m_named.insert(party).second)
    send(party, RegisterDelegate{m_played.posted.task, certificate});
  const dispute::RecordedMove move = dispute::record_move(
      crypto::sha256_function(), watch.terms, watch.position(), role, std::move(body),
      [&](const Hash256& digest) { return key.sign(digest.view()); }, {certificate, {}});
  return codec::encode([&](codec::Writer& w) { dispute::write_signed_move(w, move.view()); });
}

// What was sent by the delegate and is not taken yet is sent again by the party itself.
void Scene::take_back(unsigned party) {
  if (!m_revoked.insert(party).second) return;
  send(party, RevokeDelegate{m_played.posted.task});
  for (auto& [id, watch] : m_games)
    for (unsigned side = 0; side < 2; ++side)
      if (watch->parties[side] == party) watch->seats[side].tried_at = -1;
}

void Scene::open_as_stranger(Watch& watch) {
  const Position& p = watch.position();
  if (!watch.is_open() || !dispute::may_move(p, dispute::Mover::stranger()) ||
      watch.helper.tried_at == p.turn)
    return;
  for (unsigned party = kAnn + 2; party < m_actor.size(); ++party) {
    const Actor& actor = *m_actor[party];
    if (actor.opens == Opens::kNothing || party == watch.parties[0]) continue;
    if (actor.opens == Opens::kTrue && is_false(watch)) continue;
    watch.helper.tried_at = p.turn;
    std::optional<Bytes> made = body(watch.helper, watch);
    if (!made || made->empty()) return;
    const bool is_noise = actor.opens == Opens::kGarbage;
    if (is_noise)
      (*made)[m_random() % made->size()] ^= static_cast<std::uint8_t>(1U << m_random() % 8);
    m_sent.push_back(
        {party,
         PlayMove{watch.id, m_played.signed_move(watch.terms, p, Role::kDefender, std::move(*made),
                                                 party, {{}, m_played.net.id(party)})},
         watch.id, is_noise});
  }
}

bool Scene::is_false(const Watch& watch) const {
  const std::uint64_t end = commit::step_of_entry(watch.terms.task, watch.terms.entry);
  return watch.terms.end_root != should_be(watch.terms.entry, end);
}

// None of it is a move here.
void Scene::make_noise(const Watch& watch, Role role, unsigned party, const Bytes& next) {
  const auto noise = [&](Bytes bytes) {
    m_sent.push_back({party, PlayMove{watch.id, std::move(bytes)}, watch.id, true});
  };
  switch (m_actor[party]->noise) {
    case Noise::kMalformed: {
      noise({});
      noise(Bytes(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(next.size() / 2)));
      Bytes flipped = next;
      flipped[m_random() % flipped.size()] ^= static_cast<std::uint8_t>(1U << m_random() % 8);
      noise(std::move(flipped));
      noise(m_played.signed_move(watch.terms, watch.position(), role, {}, party));
      Bytes longer = next;
      longer.push_back(0);
      noise(std::move(longer));
      break;
    }
    case Noise::kReplays:
      for (std::size_t i = watch.moves.size() < 3 ? 0 : watch.moves.size() - 3;
           i < watch.moves.size(); ++i)
        noise(watch.moves[i]);
      for (const auto& [id, other] : m_games)
        if (id != watch.id && !other->moves.empty()) noise(other->moves.back());
      break;
    case Noise::kNone:
    case Noise::kOutOfTurn: break;
  }
}

// What is no move, and as many moves as the lane has room for, in the order in which they were
// sent; the others wait.
std::vector<Scene::Sent> Scene::enter_block() {
  std::vector<Sent> enter;
  std::vector<Sent> wait;
  std::size_t moves = 0;
  for (Sent& sent : m_sent)
    (!sent.game || ++moves <= m_lane ? enter : wait).push_back(std::move(sent));
  m_sent = std::move(wait);
  return enter;
}

void Scene::block() {
  std::vector<Bytes> transactions;
  std::map<GameId, unsigned> turns;
  const std::vector<Sent> entered = enter_block();
  for (const Sent& sent : entered)
    transactions.push_back(m_played.net.tx(sent.party, sent.payload));
  protocol::Lane lane;
  for (const Bytes& transaction : transactions) lane.add(transaction);
  // Whoever waits is in a hurry.
  const bool is_slow = entered.empty() || m_was_full;
  const std::uint64_t before = now();
  const BlockResult result = m_played.net.block(std::move(transactions), is_slow ? kBlockMs : 100);
  if (m_was_full) m_paused_ms += now() - before;
  m_was_full = lane.is_full();
  for (std::size_t i = 0; i < entered.size(); ++i) {
    const Sent& sent = entered[i];
    const Receipt& receipt = result.receipts.receipts[i];
    if (!sent.game) continue;
    if (receipt.verdict != TxVerdict::kApplied) {
      ++m_summary.refused;
      continue;
    }
    ++turns[*sent.game];
    ++m_summary.moves;
    m_games.at(*sent.game)->bytes += m_played.net.history.back().transactions[i].size();
    if (sent.is_noise) break_rule("R7", "what is no move was taken for one");
  }
  for (const auto& [id, watch] : m_games) {
    const auto game = m_played.net.read().game(id).value();
    if (game->record.turn != watch->record.turn + turns[id])
      break_rule("R7", "a refused move changed the game, or an accepted one did not");
  }
}

// A game that has just ended.
void Scene::check_game(const Watch& watch) {
  ++m_summary.games;
  m_summary.by_clock += watch.record.by_clock ? 1 : 0;
  m_summary.turns_max = std::max(m_summary.turns_max, watch.record.turn);
  m_summary.bytes_max = std::max(m_summary.bytes_max, watch.bytes);
  const std::string where = "game " + to_hex(watch.id.value).substr(0, 8) + " of entry " +
                            std::to_string(watch.terms.entry) + ", " +
                            std::string(m_actor[watch.parties[0]]->name) + " against " +
                            std::string(m_actor[watch.parties[1]]->name) + ", at " +
                            dispute::to_string(watch.position().stage);
  const bool is_false = this->is_false(watch);
  const Actor& defender = *m_actor[watch.parties[0]];
  const Actor& challenger = *m_actor[watch.parties[1]];
  const bool is_helped =
      defender.pace == Pace::kOnlyNew &&
      std::any_of(m_actor.begin() + kAnn + 2, m_actor.end(),
                  [](const Actor* actor) { return actor->opens == Opens::kTrue; });
  if (!is_false && (defender.is_honest() || is_helped) &&
      watch.record.status == GameStatus::kChallengerWon)
    break_rule("R1", "an honest defender lost " + where);
  if (is_false && challenger.is_honest() && watch.record.status == GameStatus::kDefenderWon)
    break_rule("R1", "an honest challenger lost " + where);
  if (watch.record.status == GameStatus::kVoid) break_rule("R1", "void: " + where);
  if (watch.record.turn > kTurnsMax || watch.seats[0].moves > kMovesASide ||
      watch.seats[1].moves > kMovesASide)
    break_rule("R4", std::to_string(watch.record.turn) + " turns in " + where);
  if (watch.bytes > kGameBytesMax)
    break_rule("R4", std::to_string(watch.bytes) + " bytes in " + where);
  for (const Seat& seat : watch.seats) {
    const std::uint64_t most =
        seat.bank_ms + (seat.moves + 1) * m_played.terms.windows.move_ms + 2 * kBlockMs;
    if (seat.used_ms > most)
      break_rule("R5", std::to_string(seat.used_ms) + " ms of one side for " + where);
  }
}

// By honest work for a claim that stands.
std::uint64_t Scene::earned_by(unsigned party, bool stands) const {
  if (!stands || party > kBob) return 0;
  if (party == kSolver) return m_played.terms.price.value;
  const economics::FeeTerms fee{m_played.terms.verification_fee.value, m_played.terms.seats,
                                m_played.terms.draws};
  const bool one_is_false = m_played.first_false < m_played.run.transcript.size();
  return (fee.draws - (one_is_false ? 1 : 0)) * economics::fee_per_seal(fee);
}

void Scene::check_end(const ClaimView& claim) {
  m_summary.paused_ms = m_paused_ms;
  for (const auto& [id, watch] : m_games)
    m_summary.delay_ms = std::max(m_summary.delay_ms, now() - watch->opened_at);
  const Actor& solver = *m_actor[kSolver];
  const bool is_true = m_played.first_false >= m_played.run.transcript.size();
  const bool stands = claim.record.status == ClaimStatus::kFinal;
  const auto any = [&](unsigned from, unsigned to, auto&& holds) {
    for (unsigned party = from; party < to; ++party)
      if (holds(*m_actor[party])) return true;
    return false;
  };
  const auto all = static_cast<unsigned>(m_actor.size());
  const bool is_withheld = claim.record.reason == CloseReason::kWithheld;
  m_summary.withheld += is_withheld ? 1 : 0;
  std::uint64_t bytes_paid = 0;  // to the solver
  std::map<AccountId, std::uint64_t> bytes_cost;
  for (const DemandRecord& d : claim.demands) {
    if (d.status != DemandStatus::kSupplied) continue;
    bytes_paid += d.price.value / 2;
    bytes_cost[d.demander] += d.price.value;
  }
  const bool is_ignored =
      std::any_of(claim.demands.begin(), claim.demands.end(),
                  [](const auto& d) { return d.status == DemandStatus::kIgnored; });
  const bool withholds = solver.shows == Shows::kNothing;
  if ((is_ignored && !withholds) || (withholds && stands && !claim.demands.empty()))
    break_rule("R10", "what is demanded is supplied or not as the solver does");
  if ((is_ignored && stands) || (is_withheld && !is_ignored))
    break_rule("R10", "a claim stands though its solver ignored a demand, or falls though not");
  const bool is_defended = solver.plays_honestly() || any(kAnn, kAnn + 2, [](const Actor& a) {
                             return a.stands_up && a.pace <= Pace::kLastMoment;
                           });
  if (is_true && is_defended && !is_withheld && !solver.contradicts && !stands)
    break_rule("R1", "a true claim fell");
  if (!is_true && stands && any(kAnn + 2, all, [](const Actor& a) {
        return a.is_honest() && a.wants == Wants::kFirstFalse;
      }))
    break_rule("R1", "a false claim stood");

  for (const Plan& plan : m_plans)
    // Of a transcript that nobody is shown nothing can be opened, and its claim falls.
    if (!withholds && plan.target && !plan.target->is_of_claim() &&
        m_actor[plan.party]->is_honest()) {
      unsigned verifier = kAnn;
      while (m_played.net.id(verifier) != plan.target->verifier) ++verifier;
      if (m_played.net.account(verifier).staked.value == kHad / 2)
        break_rule("R1", "a guessed root stood");
    }

  std::int64_t gained = 0;  // by all that are not honest, together
  std::uint64_t lost_stake = 0;
  std::uint64_t won = 0;  // by challengers
  for (unsigned party = kSolver; party < all; ++party) {
    const AccountView account = m_played.net.account(party);
    const std::uint64_t has = account.available.value + account.reserved.value +
                              account.staked.value + account.unbonding.value;
    const std::string who(m_actor[party]->name);
    if (m_actor[party]->is_honest()) {
      const std::uint64_t due =
          kHad + earned_by(party, stands) - bytes_cost[m_played.net.id(party)];
      if (has < due) break_rule("R2", who + " has " + std::to_string(due - has) + " too little");
    } else {
      gained += static_cast<std::int64_t>(has) - static_cast<std::int64_t>(kHad);
    }
    lost_stake += kHad / 2 - std::min(kHad / 2, account.staked.value);
    if (party > kSolver) won += has - std::min(kHad, has);
    if (party > kBob || account.staked.value == kHad / 2) continue;
    const bool lost = std::any_of(m_games.begin(), m_games.end(), [&](const auto& game) {
      return game.second->parties[0] == party &&
             game.second->record.status == GameStatus::kChallengerWon;
    });
    if (!lost && !(party == kSolver && (solver.contradicts || is_withheld)))
      break_rule("R6", who + " was slashed for no game of its own");
  }
  if (m_played.net.read().totals().value().burned.value < m_burned_before + lost_stake / 2)
    break_rule("R9", "less than half of what was slashed is burned");
  if (claim.record.reason == CloseReason::kFallen &&
      won < economics::least_bounty(m_played.terms.solver_stake.value))
    break_rule("R9", "who found the lie had no bounty");
  // What honest work would have brought them: the price of a claim that stands, and fees.
  std::int64_t deserved = 0;
  if (!solver.is_honest() && stands)
    deserved += static_cast<std::int64_t>(m_played.terms.price.value + bytes_paid);
  for (const unsigned party : {unsigned{kAnn}, unsigned{kBob}})
    if (!m_actor[party]->is_honest())
      deserved += static_cast<std::int64_t>(m_played.terms.verification_fee.value / 2);
  if (gained > deserved) break_rule("R8", "an attack earned " + std::to_string(gained - deserved));
  check_copies(claim);
}

// INV-PRO-017: whoever committed to an interval once another that won had revealed it, and beat
// nobody whom the other did not beat, has its bond and no more.
void Scene::check_copies(const ClaimView& claim) {
  const auto is_copy_of = [](const ChallengeRecord& copy, const ChallengeRecord& first) {
    const auto beaten = [&](const AccountId& defender) {
      return std::find(first.defenders.begin(), first.defenders.end(), defender) !=
             first.defenders.end();
    };
    return first.status == ChallengeStatus::kWon && first.id != copy.id &&
           first.entry == copy.entry &&
           (first.target.what == Disputed::kInterior) ==
               (copy.target.what == Disputed::kInterior) &&
           first.revealed_at <= copy.committed_at &&
           std::all_of(copy.defenders.begin(), copy.defenders.end(), beaten);
  };
  for (const Plan& plan : m_plans) {
    if (!plan.id) continue;
    const auto& all = claim.challenges;
    const auto own = std::find_if(all.begin(), all.end(),
                                  [&](const ChallengeView& c) { return c.record.id == *plan.id; });
    if (own == all.end() || own->record.status != ChallengeStatus::kWon ||
        std::none_of(all.begin(), all.end(), [&](const ChallengeView& first) {
          return is_copy_of(own->record, first.record);
        }))
      continue;
    const AccountView account = m_played.net.account(plan.party);
    if (account.available.value + account.staked.value > kHad)
      break_rule("R8", std::string(m_actor[plan.party]->name) + " was paid for a copy");
  }
}

}  // namespace assay::actors
