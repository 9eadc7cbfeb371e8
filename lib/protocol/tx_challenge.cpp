// commit_challenge, reveal_challenge, stand_up, play_move, report_contradiction.
#include <algorithm>
#include <set>

#include "assay/commit/transcript.hpp"
#include "assay/core/checked.hpp"
#include "assay/core/planted.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"
#include "internal/position.hpp"
#include "internal/rules.hpp"

namespace assay::protocol::internal {

using V = TxVerdict;

Checked<CommitChallenge> Rules::check(const Reading& r, const Sender& s, const CommitChallenge& p) {
  if (p.commitment == Hash256{}) return V::kZeroCommitment;
  std::optional<ClaimRecord> claim = r.state.claim(p.claim);
  if (!claim) return V::kUnknownClaim;
  if (claim->solver == s.id) return V::kSelfDealing;
  const bool late = claim->status == ClaimStatus::kResolving &&
                    testing::planted(testing::Planted::kLateChallenge);
  TaskRecord task = r.state.need_task(claim->task);
  if ((!is_challengeable(task.terms, claim->status) && !late) || claim->doomed)
    return V::kWrongPhase;
  if (r.state.challenge(challenge_id_of(claim->id, s.id, p.commitment))) return V::kAlreadyExists;
  if (!has_room(*claim)) return V::kTooManyChallenges;
  if (!r.has(user_account(s.id), task.terms.challenger_bond.value)) return V::kInsufficientFunds;
  return holds(p, s, {{std::move(*claim), std::move(task)}});
}
void transition(Context& c, Proof<CommitChallenge>&& t) {
  auto& [claim, task] = static_cast<OfClaim&>(t.found);
  ChallengeRecord challenge;
  challenge.id = challenge_id_of(claim.id, t.sender.id, t.payload.commitment);
  challenge.claim = claim.id;
  challenge.challenger = t.sender.id;
  c.put_down(user_account(t.sender.id), bond_lock(challenge), task.terms.challenger_bond.value);
  challenge.sequence = claim.challenges;
  challenge.commitment = t.payload.commitment;
  challenge.committed_at = c.height;
  // Until the seals are open nothing is revealed, so that no verifier learns from a challenge and
  // every attestor can stand up; the clock of an earlier commitment starts then (end_opening).
  if (claim.status == ClaimStatus::kChallenging) {
    challenge.deadline = c.after(task.terms.windows.challenge_reveal_ms);
    c.state.add_deadline({challenge.deadline, DeadlineKind::kChallengeReveal, challenge.id.value});
  }
  c.state.put(challenge);
  c.state.add_part(t.sender.id, claim.task);
  ++claim.challenges;
  ++claim.unresolved;
  c.state.put(claim);
  c.emit(ChallengeCommitted{challenge.id, claim.id, t.sender.id, challenge.sequence});
}

namespace {

// None if there is no such entry, or draw.
std::optional<DisputedPlace> place_of(const State& state, const ClaimRecord& claim,
                                      const ChallengeTarget& target) {
  if (target.is_of_claim()) {
    if (target.place >= claim.entries) return std::nullopt;
    return DisputedPlace{target.place, 0, std::nullopt};
  }
  const std::optional<VerifierRecord> verifier = state.verifier(claim.id, target.verifier);
  if (!verifier || target.place >= verifier->draws.size()) return std::nullopt;
  const economics::Draw& draw = verifier->draws[target.place];
  const bool interior = target.what == Disputed::kInterior;
  DisputedPlace place{draw.entry, interior ? draw.interior_step : 0, std::nullopt};
  if (target.place < verifier->opened.size())
    if (const auto& opened = verifier->opened[target.place]; opened && opened->attestation)
      place.asserted = interior ? opened->interior_root : opened->own_end_root;
  return place;
}

// The interval in the transcript that stands. A verifier's root stands in its seal, so nothing is
// opened for it.
bool opens(const ClaimRecord& claim, const RevealChallenge& p, std::uint64_t entry) {
  const Sha256Function sha256 = crypto::sha256_function();
  if (p.target.is_of_claim() ? !commit::verify_entry(sha256, claim.transcript_root, claim.entries,
                                                     entry, p.end_root, p.end_path)
                             : p.end_root != Hash256{} || p.end_path.length != 0)
    return false;
  if (entry == 0) return p.start_root == Hash256{} && p.start_path.length == 0;
  return commit::verify_entry(sha256, claim.transcript_root, claim.entries, entry - 1, p.start_root,
                              p.start_path);
}

// Challenges of one interval share its place in the queue, because they share its replay; a new
// interval waits for those in play, however far back they began: else aliases that play about two
// intervals by turns could lengthen a liar's clock without end (INV-PRO-015). The solver's replays
// are those of challenges of its claim; a verifier may have to stand up in all of these, and has
// its own word to defend.
void queue_up(const State& state, ChallengeRecord& challenge) {
  std::set<std::uint64_t> in_play{challenge.entry};
  std::uint32_t shared = UINT32_MAX;
  challenge.queue_games = 0;
  for (const ChallengeRecord& other : state.challenges(challenge.claim)) {
    if (other.status != ChallengeStatus::kPlaying) continue;
    if (!other.target.is_of_claim() && other.target.verifier != challenge.target.verifier) continue;
    ++challenge.queue_games;
    if (other.entry == challenge.entry) shared = std::min(shared, other.queue_position);
    in_play.insert(other.entry);
  }
  challenge.queue_position = std::min(shared, static_cast<std::uint32_t>(in_play.size()));
}

bool is_forced(const ClaimRecord& claim, std::uint64_t entry) {
  return claim.forced_entry != 0 && entry == claim.forced_entry;
}

// Of the forced entry, committed to before the disclosure: when it was, the transcript that stood
// there was false.
bool is_of_error(const ChallengeRecord& challenge, const ClaimRecord& claim,
                 const RevealChallenge& p) {
  return p.target.is_of_claim() && is_forced(claim, p.target.place) &&
         challenge.sequence < claim.refunds_until;
}

// Of the forced entry, or what was attested there, and opens nothing: it was about the error and
// came too late for a share. Whoever sent it could not know when the disclosing begins, so it costs
// no more than what keeps a liar's aliases from using up the claim's challenges so (E-6).
bool is_taken_back(const ClaimRecord& claim, const RevealChallenge& p, std::uint64_t entry) {
  return is_forced(claim, entry) && p.start_root == Hash256{} && p.end_root == Hash256{} &&
         p.start_path.length == 0 && p.end_path.length == 0;
}

}  // namespace

Checked<RevealChallenge> Rules::check(const Reading& r, const Sender& s, const RevealChallenge& p) {
  std::optional<ChallengeRecord> challenge = r.state.challenge(p.challenge);
  if (!challenge) return V::kUnknownChallenge;
  if (challenge->challenger != s.id) return V::kNotChallenger;
  // Nobody plays against itself.
  if (p.target.verifier == s.id) return V::kSelfDealing;
  if (challenge->status != ChallengeStatus::kCommitted) return V::kWrongPhase;
  ClaimRecord claim = r.state.need_claim(challenge->claim);
  if (claim.status < ClaimStatus::kChallenging) return V::kWrongPhase;
  const std::optional<DisputedPlace> place = place_of(r.state, claim, p.target);
  if (!place && !p.target.is_of_claim()) return V::kDrawOutOfRange;
  if (!place) return V::kEntryOutOfRange;
  if (challenge->committed_at == r.height) return V::kSameBlock;
  if (challenge_commitment({claim.id, p.target, s.id, p.salt}) != challenge->commitment)
    return V::kWrongCommitment;
  // The transcript that such a challenge was about is not the one that stands now: nothing is left
  // to open.
  const bool plays = !is_of_error(*challenge, claim, p) && !is_taken_back(claim, p, place->entry);
  if (plays && !opens(claim, p, place->entry)) return V::kWrongOpening;
  // What was attested of a forced entry is the error: settlement sees to it.
  const bool attested = place->asserted && !is_forced(claim, place->entry);
  if (plays && !p.target.is_of_claim() && !attested) return V::kNoAttestation;
  TaskRecord task = r.state.need_task(claim.task);
  return holds(p, s, {{std::move(*challenge), std::move(claim), std::move(task)}, *place});
}

namespace {

// A challenge of the forced error: whether it came in time decides what it has of it.
void end_of_error(Context& c, ChallengeRecord& challenge, const ClaimRecord& claim,
                  const TaskRecord& task, bool in_time) {
  c.state.put(challenge);
  if (!in_time)
    c.take_out(bond_lock(challenge), burned_account(),
               ceil_div(task.terms.price.value, std::uint64_t{kMaxChallengesPerClaim}));
  // Open seals tell where the error is: what was committed to since shows no replay.
  const bool found = in_time && challenge.sequence < claim.finds_until;
  end_unplayed(c, challenge.id, found ? ChallengeStatus::kFound : ChallengeStatus::kVoid);
}

}  // namespace

void transition(Context& c, Proof<RevealChallenge>&& t) {
  const RevealChallenge& p = t.payload;
  auto& [challenge, claim, task] = static_cast<OfChallenge&>(t.found);
  const DisputedPlace& place = t.found.place;
  const bool of_claim = p.target.is_of_claim();
  challenge.target = p.target;
  challenge.entry = place.entry;
  c.emit(ChallengeRevealed{challenge.id, claim.id, p.target.what, p.target.verifier, place.entry});
  const bool in_time = is_of_error(challenge, claim, p);
  if (in_time || is_taken_back(claim, p, place.entry))
    return end_of_error(c, challenge, claim, task, in_time);
  c.state.remove_deadline({challenge.deadline, DeadlineKind::kChallengeReveal, challenge.id.value});
  challenge.interior_step =
      testing::planted(testing::Planted::kWholeInterval) ? 0 : place.interior_step;
  queue_up(c.state, challenge);
  challenge.status = ChallengeStatus::kPlaying;
  if (challenge.revealed_at == Height{}) challenge.revealed_at = c.height;
  challenge.start_root = p.start_root;
  challenge.start_path = p.start_path;
  challenge.end_root = of_claim ? p.end_root : place.asserted.value_or(Hash256{});
  challenge.end_path = p.end_path;
  // Others stand behind the solver's word, but a verifier's is its own alone.
  challenge.stand_up_closed = !of_claim;
  challenge.deadline = of_claim ? c.after(task.terms.windows.stand_up_ms) : LedgerTimeMs{};
  c.state.put(challenge);
  if (of_claim)
    c.state.add_deadline({challenge.deadline, DeadlineKind::kStandUp, challenge.id.value});
  start_game(c, challenge.id, of_claim ? claim.solver : p.target.verifier, !of_claim);
}

namespace {

bool has_attested(const VerifierRecord& verifier, std::uint64_t entry) {
  for (std::size_t i = 0; i < verifier.opened.size(); ++i)
    if (verifier.draws[i].entry == entry && verifier.opened[i] && verifier.opened[i]->matches)
      return true;
  return false;
}

}  // namespace

Checked<StandUp> Rules::check(const Reading& r, const Sender& s, const StandUp& p) {
  std::optional<ChallengeRecord> challenge = r.state.challenge(p.challenge);
  if (!challenge) return V::kUnknownChallenge;
  const std::optional<VerifierRecord> verifier = r.state.verifier(challenge->claim, s.id);
  if (!verifier) return V::kNotVerifier;
  // Nobody defends against itself: it could throw the game for others.
  if (challenge->challenger == s.id) return V::kSelfDealing;
  if (challenge->status != ChallengeStatus::kPlaying || challenge->stand_up_closed)
    return V::kWrongPhase;
  // What was attested of a forced entry is the error, not what stands now.
  const ClaimRecord claim = r.state.need_claim(challenge->claim);
  if (is_forced(claim, challenge->entry) || !has_attested(*verifier, challenge->entry))
    return V::kNoAttestation;
  const auto& defenders = challenge->defenders;
  if (std::find(defenders.begin(), defenders.end(), s.id) != defenders.end())
    return V::kAlreadyStanding;
  return holds(p, s, {{std::move(*challenge), {}, {}}});
}
void transition(Context& c, Proof<StandUp>&& t) {
  start_game(c, t.found.challenge.id, t.sender.id, true);
}

namespace {

// Now: a certificate alone is its party's word of some earlier time.
bool moves_for(const Reading& r, const TaskId& task, const AccountId& party,
               const dispute::Certificate& certificate) {
  if (testing::planted(testing::Planted::kLastingDelegate)) return true;
  return r.now < certificate.valid_until && r.state.delegate(task, party) == certificate;
}

// For Planted::kUncheckedMover.
bool taken_unseen(const Hash256& /*key*/, ByteView /*message*/, const std::uint8_t* /*signature*/) {
  return true;
}

}  // namespace

Checked<PlayMove> Rules::check(const Reading& r, const Sender& s, const PlayMove& p) {
  std::optional<GameRecord> game = r.state.game(p.game);
  if (!game) return V::kUnknownGame;
  if (game->status != GameStatus::kOpen) return V::kGameFinished;
  codec::Reader reader(p.signed_move);
  const dispute::SignedMove move = dispute::read_signed_move(reader);
  if (!reader.finish()) return Outcome(V::kMoveRefused, dispute::MoveVerdict::kMalformed);
  const ClaimRecord claim = r.state.need_claim(game->claim);
  TaskRecord task = r.state.need_task(claim.task);
  const dispute::GameTerms terms =
      terms_of(r.chain, *game, r.state.need_challenge(game->challenge), claim, task);
  dispute::MoveVerdict verdict = dispute::check_signed(
      crypto::sha256_function(),
      testing::planted(testing::Planted::kUncheckedMover) ? taken_unseen : crypto::ed25519_verify,
      terms, game->turn, move);
  if (verdict != dispute::MoveVerdict::kAccepted) return Outcome(V::kMoveRefused, verdict);
  std::optional<dispute::Position> position = replay_game(terms, r.state.moves(*game));
  if (!position) {
    r.state.overlay().fail({ErrorCode::kIntegrity, "a game's recorded moves do not apply"});
    return V::kMoveRefused;
  }
  verdict = dispute::apply_checked(crypto::sha256_function(), terms, *position, move);
  if (verdict != dispute::MoveVerdict::kAccepted) return Outcome(V::kMoveRefused, verdict);
  const AccountId& party =
      move.role == dispute::Role::kDefender ? game->defender : game->challenger;
  if (move.by.delegate && !moves_for(r, task.id, party, *move.by.delegate)) return V::kNoDelegate;
  return holds(p, s, {{std::move(*game), std::move(task), *position, move.role}});
}

namespace {

GameStatus status_of(dispute::Outcome outcome) {
  if (outcome == dispute::Outcome::kDefenderWins) return GameStatus::kDefenderWon;
  if (outcome == dispute::Outcome::kChallengerWins) return GameStatus::kChallengerWon;
  return GameStatus::kVoid;
}

}  // namespace

void transition(Context& c, Proof<PlayMove>&& t) {
  auto& [game, task, position, mover] = static_cast<OfGame&>(t.found);
  c.state.put_move(game.id, game.turn, t.payload.signed_move);
  c.emit(GameMoved{game.id, game.turn, mover, position.stage});
  game.turn = position.turn;
  const std::uint64_t allowance = task.terms.windows.move_ms;
  // Time beyond the turn's allowance comes out of the side's replay time.
  const auto bank_of_turn = [&g = game]() -> std::uint64_t& {
    return g.on_turn == dispute::Role::kDefender ? g.defender_bank_ms : g.challenger_bank_ms;
  };
  const std::uint64_t used =
      c.now.value - game.turn_started.value - paused_ms(c.state, game.paused_before_ms, allowance);
  if (used > allowance && !testing::planted(testing::Planted::kUndebitedBank))
    bank_of_turn() -= std::min(bank_of_turn(), used - allowance);
  if (position.stage == dispute::Stage::kFinished) {
    c.state.put(game);
    finish_game(c, game.id, status_of(position.outcome), false);
    return;
  }
  c.state.remove_deadline({game.deadline, DeadlineKind::kTurn, game.id.value});
  game.on_turn = dispute::on_turn(position);
  game.turn_started = c.now;
  game.paused_before_ms = c.state.pause().total_ms;
  game.deadline = c.after(allowance + bank_of_turn());
  c.state.add_deadline({game.deadline, DeadlineKind::kTurn, game.id.value});
  c.state.put(game);
}

Checked<ReportContradiction> Rules::check(const Reading& r, const Sender& s,
                                          const ReportContradiction& p) {
  std::optional<ClaimRecord> claim = r.state.claim(p.claim);
  if (!claim) return V::kUnknownClaim;
  if (claim->solver == s.id) return V::kSelfDealing;
  TaskRecord task = r.state.need_task(claim->task);
  // Where errors are forced the solver signs two roots, and the second one is known to be its own
  // from the disclosure on. A claim that is not disclosed falls anyway.
  const bool forces = task.terms.force_rate != 0;
  if (claim->status < (forces ? ClaimStatus::kChallenging : ClaimStatus::kDrawing) ||
      is_settled(claim->status))
    return V::kWrongPhase;
  const Hash256 digest = dispute::claim_digest(crypto::sha256_function(), r.chain, task.id,
                                               header_of(task, *claim), p.transcript_root);
  if (p.transcript_root == claim->transcript_root || p.transcript_root == claim->posted_root ||
      claim->contradicted_by ||
      !crypto::ed25519_verify(claim->solver.value, digest.view(), p.signature.data()))
    return V::kNoContradiction;
  return holds(p, s, {{std::move(*claim), std::move(task)}});
}
void transition(Context& c, Proof<ReportContradiction>&& t) {
  auto& [claim, task] = static_cast<OfClaim&>(t.found);
  claim.contradicted_by = t.sender.id;
  claim.solver_lost = true;
  claim.doomed = true;
  c.state.put(claim);
  c.state.add_part(t.sender.id, task.id);
  maybe_settle(c, claim.id);
}

}  // namespace assay::protocol::internal
