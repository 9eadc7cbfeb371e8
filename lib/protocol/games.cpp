// Games of challenges: their clocks' start, their ends, and what follows for the challenge.
#include <set>

#include "assay/core/planted.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/economics/splits.hpp"
#include "assay/protocol/offer.hpp"
#include "internal/context.hpp"
#include "internal/position.hpp"

namespace assay::protocol::internal {

bool replay_moves(const dispute::GameTerms& terms, std::span<const Bytes> moves,
                  dispute::Position& position) {
  for (const Bytes& bytes : moves) {
    codec::Reader r(bytes);
    const dispute::SignedMove move = dispute::read_signed_move(r);
    if (!r.finish() || dispute::apply(crypto::sha256_function(), terms, position, move.mover(),
                                      move.body) != dispute::MoveVerdict::kAccepted)
      return false;
  }
  return true;
}

std::optional<dispute::Position> replay_game(const dispute::GameTerms& terms,
                                             std::span<const Bytes> moves) {
  dispute::Position position = dispute::start(terms);
  if (!replay_moves(terms, moves, position)) return std::nullopt;
  return position;
}

namespace {

struct Queue {
  std::uint64_t intervals = 0;
  std::uint64_t games = 0;
};

// What is in play of an attestor's own word when it stands up for the solver's.
Queue own_queue(const State& state, const ChallengeRecord& challenge, const AccountId& defender) {
  Queue queue;
  std::set<std::uint64_t> intervals;
  for (const ChallengeRecord& other : state.challenges(challenge.claim)) {
    if (other.status != ChallengeStatus::kPlaying || other.target.verifier != defender) continue;
    ++queue.games;
    if (other.entry != challenge.entry) intervals.insert(other.entry);
  }
  queue.intervals = intervals.size();
  return queue;
}

}  // namespace

void start_game(Context& c, const ChallengeId& id, const AccountId& defender, bool by_attestor) {
  ChallengeRecord challenge = c.state.need_challenge(id);
  const ClaimRecord claim = c.state.need_claim(challenge.claim);
  const TaskRecord task = c.state.need_task(claim.task);
  challenge.defenders.push_back(defender);
  c.state.put(challenge);

  GameRecord game;
  game.id = game_id_of(id, defender);
  game.challenge = id;
  game.claim = claim.id;
  game.defender = defender;
  game.challenger = challenge.challenger;
  game.by_attestor = by_attestor;
  // A defender's replays of distinct intervals run one after another: each place in the queue adds
  // one. So do the traces of games, whatever interval they are about: those before this one add
  // theirs, while its own are what turns have their allowance for. The solver's quote binds the
  // solver alone: by quoting next to nothing it could run down the clock of whoever proves it
  // wrong.
  const ReplayTimes allowed = longest_times(task.terms.windows);
  const ReplayTimes& times = by_attestor ? allowed : claim.times;
  const bool stands_up = by_attestor && challenge.target.is_of_claim();
  const Queue own = stands_up ? own_queue(c.state, challenge, defender) : Queue{};
  game.defender_bank_ms = times.interval_ms * (challenge.queue_position + own.intervals) +
                          times.game_ms * (challenge.queue_games + own.games);
  game.challenger_bank_ms =
      allowed.interval_ms + allowed.game_ms * (std::uint64_t{challenge.defenders.size()} - 1);
  const dispute::Position position =
      dispute::start(terms_of(c.chain, game, challenge, claim, task));
  game.on_turn = dispute::on_turn(position);
  game.turn_started = c.now;
  game.deadline = c.after(task.terms.windows.move_ms + game.defender_bank_ms);
  game.paused_before_ms = c.state.pause().total_ms;
  c.state.add_deadline({game.deadline, DeadlineKind::kTurn, game.id.value});
  c.state.put(game);
  c.emit(GameStarted{game.id, id, defender, game.challenger});
}

namespace {

void end_game(Context& c, GameRecord& game, GameStatus status, bool by_clock) {
  c.state.remove_deadline({game.deadline, DeadlineKind::kTurn, game.id.value});
  game.status = status;
  game.by_clock = by_clock;
  game.deadline = LedgerTimeMs{};
  c.state.put(game);
  c.emit(GameFinished{game.id, status, by_clock});
}

void mark_loser(Context& c, const GameRecord& game) {
  if (game.by_attestor) {
    std::optional<VerifierRecord> verifier = c.state.verifier(game.claim, game.defender);
    if (!verifier) return;
    verifier->lost = true;
    c.state.put(*verifier);
    return;
  }
  ClaimRecord claim = c.state.need_claim(game.claim);
  claim.solver_lost = true;
  c.state.put(claim);
}

// The games of a challenge that is decided are of no consequence any more.
void close_games(Context& c, const ChallengeRecord& challenge) {
  for (const AccountId& defender : challenge.defenders) {
    GameRecord game = c.state.need_game(game_id_of(challenge.id, defender));
    if (game.status == GameStatus::kOpen) end_game(c, game, GameStatus::kMoot, false);
  }
}

void drop_deadline(Context& c, const ChallengeRecord& challenge) {
  if (challenge.status == ChallengeStatus::kCommitted)
    c.state.remove_deadline(
        {challenge.deadline, DeadlineKind::kChallengeReveal, challenge.id.value});
  else if (challenge.status == ChallengeStatus::kPlaying && !challenge.stand_up_closed)
    c.state.remove_deadline({challenge.deadline, DeadlineKind::kStandUp, challenge.id.value});
}

// Who lost by the referee's verdict challenged what was true; who lost by the clock was not there.
void lower_challenger(Context& c, const ChallengeRecord& challenge, const AccountId& beaten_by) {
  if (c.state.need_game(game_id_of(challenge.id, beaten_by)).by_clock)
    add_fault(c, challenge.challenger, Standing::kChallenger);
  else
    add_slash(c, challenge.challenger, Standing::kChallenger);
}

// The bond is dealt with here, whatever becomes of the claim. `beaten_by`: of a lost challenge.
void resolve(Context& c, ChallengeRecord challenge, ChallengeStatus status,
             const AccountId* beaten_by) {
  drop_deadline(c, challenge);
  close_games(c, challenge);
  challenge.status = status;
  challenge.stand_up_closed = true;
  challenge.deadline = LedgerTimeMs{};
  c.state.put(challenge);

  const Lock bond_of = bond_lock(challenge);
  const std::uint64_t bond = c.balance(bond_of.account);
  switch (status) {
    case ChallengeStatus::kLost: {
      const economics::BondSplit split = economics::split_bond(bond);
      c.take_out(bond_of, user_account(*beaten_by), split.defender);
      c.take_out(bond_of, burned_account(), split.burned);
      lower_challenger(c, challenge, *beaten_by);
      break;
    }
    case ChallengeStatus::kUnrevealed: {
      const economics::UnrevealedSplit split = economics::split_unrevealed(bond);
      c.take_out(bond_of, jackpot_account(), split.jackpot);
      c.take_out(bond_of, burned_account(), split.burned);
      add_fault(c, challenge.challenger, Standing::kChallenger);
      break;
    }
    default: c.take_out(bond_of, user_account(challenge.challenger), bond);
  }

  ClaimRecord claim = c.state.need_claim(challenge.claim);
  --claim.unresolved;
  const bool dooms =
      challenge.target.is_of_claim() || testing::planted(testing::Planted::kWordDooms);
  if (status == ChallengeStatus::kWon && dooms) claim.doomed = true;
  c.state.put(claim);
  c.emit(ChallengeEnded{challenge.id, status});
}

void void_challenges(Context& c, const ClaimId& id) {
  for (const ChallengeRecord& challenge : c.state.challenges(id))
    if (!is_resolved(challenge.status)) resolve(c, challenge, ChallengeStatus::kVoid, nullptr);
}

// A program that should never have been admitted: everybody gets back what they put in. But not a
// solver that has lost already: it could have its alias steer another game to where nothing can be
// judged.
void resolve_void(Context& c, const ChallengeRecord& challenge) {
  if (c.state.need_claim(challenge.claim).solver_lost) {
    resolve(c, challenge, ChallengeStatus::kVoid, nullptr);
    maybe_settle(c, challenge.claim);
    return;
  }
  void_challenges(c, challenge.claim);
  settle(c, challenge.claim, ClaimStatus::kVoid, CloseReason::kVoid);
}

// INV-PRO-010: a claim falls when one challenger has beaten every defender that stood up. One
// defender that holds out decides the challenge for the claim.
void evaluate(Context& c, const ChallengeId& id) {
  const ChallengeRecord challenge = c.state.need_challenge(id);
  if (challenge.status != ChallengeStatus::kPlaying) return;
  bool all_beaten = true;
  for (const AccountId& defender : challenge.defenders) {
    const GameRecord game = c.state.need_game(game_id_of(id, defender));
    if (game.status == GameStatus::kVoid) {
      resolve_void(c, challenge);
      return;
    }
    if (game.status == GameStatus::kDefenderWon) {
      resolve(c, challenge, ChallengeStatus::kLost, &defender);
      maybe_settle(c, challenge.claim);
      return;
    }
    all_beaten = all_beaten && game.status == GameStatus::kChallengerWon;
  }
  if (!all_beaten || !challenge.stand_up_closed) return;
  resolve(c, challenge, ChallengeStatus::kWon, nullptr);
  maybe_settle(c, challenge.claim);
}

}  // namespace

void finish_game(Context& c, const GameId& id, GameStatus status, bool by_clock) {
  GameRecord game = c.state.need_game(id);
  if (testing::planted(testing::Planted::kSwappedSides) && !by_clock &&
      status <= GameStatus::kChallengerWon)
    status =
        status == GameStatus::kDefenderWon ? GameStatus::kChallengerWon : GameStatus::kDefenderWon;
  end_game(c, game, status, by_clock);
  if (status == GameStatus::kChallengerWon) mark_loser(c, game);
  evaluate(c, game.challenge);
}

void close_stand_up(Context& c, const ChallengeId& id) {
  ChallengeRecord challenge = c.state.need_challenge(id);
  challenge.stand_up_closed = true;
  challenge.deadline = LedgerTimeMs{};
  c.state.put(challenge);
  evaluate(c, id);
}

void end_unplayed(Context& c, const ChallengeId& id, ChallengeStatus status) {
  const ChallengeRecord challenge = c.state.need_challenge(id);
  resolve(c, challenge, status, nullptr);
  maybe_settle(c, challenge.claim);
}

void fall_undisclosed(Context& c, const ClaimId& id) {
  void_challenges(c, id);
  ClaimRecord claim = c.state.need_claim(id);
  claim.solver_lost = true;
  claim.doomed = true;
  c.state.put(claim);
  settle(c, id, ClaimStatus::kFallen, CloseReason::kUndisclosed);
}

// It has no challenges: none are taken before the quorum.
void fall_unattested(Context& c, const ClaimId& id) {
  const ClaimRecord claim = c.state.need_claim(id);
  const bool falls = claim.doomed || claim.withheld;
  settle(c, id, falls ? ClaimStatus::kFallen : ClaimStatus::kExpired,
         claim.doomed     ? CloseReason::kContradicted
         : claim.withheld ? CloseReason::kWithheld
                          : CloseReason::kUnattested);
}

void expire_challenge(Context& c, const ChallengeId& id) {
  const ChallengeRecord challenge = c.state.need_challenge(id);
  // Once the claim is doomed there is nothing left to reveal it for.
  const bool doomed = c.state.need_claim(challenge.claim).doomed;
  resolve(c, challenge, doomed ? ChallengeStatus::kVoid : ChallengeStatus::kUnrevealed, nullptr);
  maybe_settle(c, challenge.claim);
}

}  // namespace assay::protocol::internal
