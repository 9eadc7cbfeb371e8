// commit_challenge, reveal_challenge, stand_up, play_move, report_contradiction.
#include <algorithm>

#include "assay/commit/transcript.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"
#include "internal/context.hpp"
#include "internal/position.hpp"

namespace assay::protocol::internal {

using ledger::LedgerVerdict;

Outcome execute(Context& c, const Sender& s, const CommitChallenge& p) {
  if (p.commitment == Hash256{}) return TxVerdict::kZeroCommitment;
  std::optional<ClaimRecord> claim = c.state.claim(p.claim);
  if (!claim) return TxVerdict::kUnknownClaim;
  if (claim->solver == s.id) return TxVerdict::kSelfDealing;
  if (!is_challengeable(claim->status) || claim->doomed) return TxVerdict::kWrongPhase;
  ChallengeRecord challenge;
  challenge.id = challenge_id_of(claim->id, s.id, p.commitment);
  if (c.state.challenge(challenge.id)) return TxVerdict::kAlreadyExists;
  if (claim->challenges >= kMaxChallengesPerClaim) return TxVerdict::kTooManyChallenges;
  const PostTask terms = c.state.need_task(claim->task).terms;
  if (c.transfer(user_account(s.id), bond_account(challenge.id), terms.challenger_bond) !=
      LedgerVerdict::kOk)
    return TxVerdict::kInsufficientFunds;
  challenge.claim = claim->id;
  challenge.challenger = s.id;
  challenge.sequence = claim->challenges;
  challenge.commitment = p.commitment;
  challenge.committed_at = c.height;
  // Until the seals are open nothing is revealed, so that no verifier learns from a challenge and
  // every attestor can stand up; the clock of an earlier commitment starts then (open_challenges).
  if (claim->status == ClaimStatus::kChallenging) {
    challenge.deadline = c.after(terms.windows.challenge_reveal_ms);
    c.state.add_deadline({challenge.deadline, DeadlineKind::kChallengeReveal, challenge.id.value});
  }
  c.state.put(challenge);
  c.state.add_part(s.id, claim->task);
  ++claim->challenges;
  ++claim->unresolved;
  c.state.put(*claim);
  c.emit(ChallengeCommitted{challenge.id, claim->id, s.id, challenge.sequence});
  return {};
}

namespace {

bool opens(const ClaimRecord& claim, std::uint64_t count, const RevealChallenge& p) {
  const Sha256Function sha256 = crypto::sha256_function();
  if (!commit::verify_entry(sha256, claim.transcript_root, count, p.entry, p.end_root, p.end_path))
    return false;
  if (p.entry == 0) return p.start_root == Hash256{} && p.start_path.length == 0;
  return commit::verify_entry(sha256, claim.transcript_root, count, p.entry - 1, p.start_root,
                              p.start_path);
}

// Challenges of one interval share its place in the queue, because they share its replay; a new
// interval waits for those in play.
std::uint32_t queue_position(const State& state, const ClaimId& claim, std::uint64_t entry) {
  std::uint32_t last = 0;
  for (const ChallengeRecord& other : state.challenges(claim)) {
    if (other.status != ChallengeStatus::kPlaying) continue;
    if (other.entry == entry) return other.queue_position;
    last = std::max(last, other.queue_position);
  }
  return last + 1;
}

}  // namespace

Outcome execute(Context& c, const Sender& s, const RevealChallenge& p) {
  std::optional<ChallengeRecord> challenge = c.state.challenge(p.challenge);
  if (!challenge) return TxVerdict::kUnknownChallenge;
  if (challenge->challenger != s.id) return TxVerdict::kNotChallenger;
  if (challenge->status != ChallengeStatus::kCommitted) return TxVerdict::kWrongPhase;
  const ClaimRecord claim = c.state.need_claim(challenge->claim);
  if (claim.status < ClaimStatus::kChallenging) return TxVerdict::kWrongPhase;
  const TaskRecord task = c.state.need_task(claim.task);
  const std::uint64_t count = commit::transcript_entries(task.terms.header);
  if (p.entry >= count) return TxVerdict::kEntryOutOfRange;
  if (challenge->committed_at == c.height) return TxVerdict::kSameBlock;
  if (challenge_commitment({claim.id, p.entry, s.id, p.salt}) != challenge->commitment)
    return TxVerdict::kWrongCommitment;
  // The transcript that it was about is not the one that stands now: nothing is left to open.
  if (claim.forced_entry != 0 && p.entry == claim.forced_entry &&
      challenge->committed_at < claim.disclosing_since) {
    challenge->entry = p.entry;
    c.state.put(*challenge);
    c.emit(ChallengeRevealed{challenge->id, claim.id, p.entry});
    find_forced(c, challenge->id);
    return {};
  }
  if (!opens(claim, count, p)) return TxVerdict::kWrongOpening;

  c.state.remove_deadline(
      {challenge->deadline, DeadlineKind::kChallengeReveal, challenge->id.value});
  challenge->queue_position = queue_position(c.state, claim.id, p.entry);
  challenge->status = ChallengeStatus::kPlaying;
  challenge->entry = p.entry;
  challenge->start_root = p.start_root;
  challenge->start_path = p.start_path;
  challenge->end_root = p.end_root;
  challenge->end_path = p.end_path;
  challenge->deadline = c.after(task.terms.windows.stand_up_ms);
  c.state.put(*challenge);
  c.state.add_deadline({challenge->deadline, DeadlineKind::kStandUp, challenge->id.value});
  c.emit(ChallengeRevealed{challenge->id, claim.id, p.entry});
  start_game(c, challenge->id, claim.solver, false);
  return {};
}

Outcome execute(Context& c, const Sender& s, const StandUp& p) {
  const std::optional<ChallengeRecord> challenge = c.state.challenge(p.challenge);
  if (!challenge) return TxVerdict::kUnknownChallenge;
  const std::optional<VerifierRecord> verifier = c.state.verifier(challenge->claim, s.id);
  if (!verifier) return TxVerdict::kNotVerifier;
  // Nobody defends against itself: it could throw the game for others.
  if (challenge->challenger == s.id) return TxVerdict::kSelfDealing;
  if (challenge->status != ChallengeStatus::kPlaying || challenge->stand_up_closed)
    return TxVerdict::kWrongPhase;
  // What was attested there is the error, not what stands now.
  const ClaimRecord claim = c.state.need_claim(challenge->claim);
  if (claim.forced_entry != 0 && challenge->entry == claim.forced_entry)
    return TxVerdict::kNoAttestation;
  bool attested = false;
  for (std::size_t i = 0; i < verifier->opened.size(); ++i)
    attested |= verifier->draws[i].entry == challenge->entry && verifier->opened[i] &&
                verifier->opened[i]->attestation.has_value();
  if (!attested) return TxVerdict::kNoAttestation;
  const auto& defenders = challenge->defenders;
  if (std::find(defenders.begin(), defenders.end(), s.id) != defenders.end())
    return TxVerdict::kAlreadyStanding;
  start_game(c, challenge->id, s.id, true);
  return {};
}

Outcome execute(Context& c, const Sender&, const PlayMove& p) {
  std::optional<GameRecord> game = c.state.game(p.game);
  if (!game) return TxVerdict::kUnknownGame;
  if (game->status != GameStatus::kOpen) return TxVerdict::kGameFinished;
  codec::Reader r(p.signed_move);
  const dispute::SignedMove move = dispute::read_signed_move(r);
  if (!r.finish())
    return {TxVerdict::kMoveRefused, static_cast<std::uint8_t>(dispute::MoveVerdict::kMalformed)};
  const ChallengeRecord challenge = c.state.need_challenge(game->challenge);
  const TaskRecord task = c.state.need_task(c.state.need_claim(game->claim).task);
  const dispute::GameTerms terms = terms_of(c.chain, *game, challenge, task);
  std::optional<dispute::Position> position = replay_game(terms, c.state.moves(game->id));
  if (!position) {
    c.state.overlay().fail({ErrorCode::kIntegrity, "a game's recorded moves do not apply"});
    return TxVerdict::kMoveRefused;
  }
  const dispute::MoveVerdict verdict = dispute::apply_signed(
      crypto::sha256_function(), crypto::ed25519_verify, terms, *position, move);
  if (verdict != dispute::MoveVerdict::kAccepted)
    return {TxVerdict::kMoveRefused, static_cast<std::uint8_t>(verdict)};

  c.state.put_move(game->id, move.turn, p.signed_move);
  c.emit(GameMoved{game->id, move.turn, move.role, position->stage});
  game->turn = position->turn;
  const std::uint64_t allowance = task.terms.windows.move_ms;
  // Time beyond the turn's allowance comes out of the side's replay time.
  const std::uint64_t used = c.now.value - game->turn_started.value;
  std::uint64_t& bank =
      game->on_turn == dispute::Role::kDefender ? game->defender_bank_ms : game->challenger_bank_ms;
  if (used > allowance) bank -= std::min(bank, used - allowance);
  if (position->stage == dispute::Stage::kFinished) {
    c.state.put(*game);
    const GameStatus status =
        position->outcome == dispute::Outcome::kDefenderWins     ? GameStatus::kDefenderWon
        : position->outcome == dispute::Outcome::kChallengerWins ? GameStatus::kChallengerWon
                                                                 : GameStatus::kVoid;
    finish_game(c, game->id, status, false);
    return {};
  }
  c.state.remove_deadline({game->deadline, DeadlineKind::kTurn, game->id.value});
  game->on_turn = dispute::on_turn(*position);
  game->turn_started = c.now;
  game->deadline =
      c.after(allowance + (game->on_turn == dispute::Role::kDefender ? game->defender_bank_ms
                                                                     : game->challenger_bank_ms));
  c.state.add_deadline({game->deadline, DeadlineKind::kTurn, game->id.value});
  c.state.put(*game);
  return {};
}

Outcome execute(Context& c, const Sender& s, const ReportContradiction& p) {
  std::optional<ClaimRecord> claim = c.state.claim(p.claim);
  if (!claim) return TxVerdict::kUnknownClaim;
  if (claim->solver == s.id) return TxVerdict::kSelfDealing;
  if (claim->status < ClaimStatus::kDrawing || is_settled(claim->status))
    return TxVerdict::kWrongPhase;
  const TaskRecord task = c.state.need_task(claim->task);
  const Hash256 digest = dispute::claim_digest(crypto::sha256_function(), c.chain, task.id,
                                               task.terms.header, p.transcript_root);
  if (p.transcript_root == claim->transcript_root || p.transcript_root == claim->posted_root ||
      claim->contradicted_by ||
      !crypto::ed25519_verify(claim->solver.value, digest.view(), p.signature.data()))
    return TxVerdict::kNoContradiction;
  claim->contradicted_by = s.id;
  claim->solver_lost = true;
  claim->doomed = true;
  c.state.put(*claim);
  c.state.add_part(s.id, task.id);
  maybe_settle(c, claim->id);
  return {};
}

}  // namespace assay::protocol::internal
