#include "assay/commit/transcript.hpp"
#include "assay/crypto/random.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/evidence_file.hpp"
#include "assay/player/player.hpp"
#include "assay/protocol/transaction.hpp"
#include "assay/training/replay.hpp"
#include "internal/faulty_execution.hpp"
#include "internal/overhead_cost.hpp"

namespace assay::cli::internal {

namespace {

using dispute::Position;
using dispute::Role;

crypto::KeyPair new_key() {
  std::uint8_t seed[32];
  crypto::SystemRng().fill(seed);
  return crypto::KeyPair(crypto::SecretKey(seed));
}

std::uint64_t transaction_bytes(const protocol::Payload& payload) {
  return protocol::kEnvelopeBytes + protocol::encode_payload(payload).size() +
         sizeof(crypto::Signature);
}

// What the defender signed: the true initial state, the interval's faulty end, and entries that
// nobody looks at.
Result<commit::Transcript> claimed_transcript(const training::Task& task,
                                              training::Execution& faulty, TaskPool& pool) {
  ASSAY_TRY(NamedTensors state, faulty.initial_state());
  std::vector<Hash256> roots(commit::transcript_entries(task.header));
  roots[0] = training::state_root(state, pool);
  ASSAY_TRY(const training::Replay replay,
            training::replay_interval(task, faulty, std::move(state), 1, pool));
  roots[1] = replay.end_root;
  return commit::Transcript(std::move(roots));
}

struct Game {
  crypto::KeyPair defender = new_key();
  crypto::KeyPair challenger = new_key();
  dispute::Evidence evidence;
  Position before_last;
  DisputeCost cost;
};

void open(Game& game, const training::Task& task, const commit::Transcript& claimed) {
  auto& [terms, claim, moves] = game.evidence;
  // On a ledger these are the genesis block's hash and what the transactions made.
  terms.chain = ChainId(crypto::sha256(as_bytes("assay bench")));
  terms.game = GameId(crypto::sha256(as_bytes("assay bench: game")));
  terms.defender = AccountId(game.defender.public_key());
  terms.challenger = AccountId(game.challenger.public_key());
  terms.task = task.header;
  terms.entry = 1;
  terms.start_root = claimed.state_root(0);
  terms.end_root = claimed.state_root(1);
  claim.kind = dispute::ClaimKind::kTranscript;
  terms.task_id = TaskId(task.root());
  claim.transcript_root = claimed.root();
  claim.start_path = claimed.path(0);
  claim.end_path = claimed.path(1);
  const Hash256 digest = dispute::claim_digest(crypto::sha256_function(), terms.chain,
                                               terms.task_id, terms.task, claim.transcript_root);
  claim.signature = game.defender.sign(digest.view());
}

Result<Bytes> move_of(player::Player& player, const Position& position, double& seconds) {
  const double start = now_s();
  auto body = player.next_move(position);
  seconds += now_s() - start;
  if (!body) return body.error();
  if (!*body) return {ErrorCode::kInternal, "a player has no move"};
  return std::move(**body);
}

Status play(Game& game, player::Player& defender, player::Player& challenger) {
  const dispute::GameTerms& terms = game.evidence.terms;
  Position position = dispute::start(terms);
  while (position.stage != dispute::Stage::kFinished) {
    const bool defends = dispute::on_turn(position) == Role::kDefender;
    ASSAY_TRY(Bytes body, defends ? move_of(defender, position, game.cost.defender_s)
                                  : move_of(challenger, position, game.cost.challenger_s));
    const crypto::KeyPair& key = defends ? game.defender : game.challenger;
    game.evidence.moves.push_back(dispute::record_move(
        crypto::sha256_function(), terms, position, defends ? Role::kDefender : Role::kChallenger,
        std::move(body), [&](const Hash256& digest) { return key.sign(digest.view()); }));
    game.before_last = position;
    const auto verdict = dispute::apply_signed(crypto::sha256_function(), crypto::ed25519_verify,
                                               terms, position, game.evidence.moves.back().view());
    if (verdict != dispute::MoveVerdict::kAccepted)
      return {ErrorCode::kInternal, dispute::to_string(verdict)};
  }
  if (position.outcome != dispute::Outcome::kChallengerWins)
    return {ErrorCode::kInternal, "the fault was not proven"};
  return {};
}

template <class Work>
double median_us(unsigned times, Work&& work) {
  std::vector<double> taken;
  for (unsigned i = 0; i < times; ++i) {
    const double start = now_s();
    work();
    taken.push_back((now_s() - start) * 1e6);
  }
  return quartiles_of(std::move(taken)).median;
}

Status judge(Game& game) {
  DisputeCost& cost = game.cost;
  const Bytes file = dispute::write_evidence(game.evidence);
  cost.evidence_bytes = file.size();
  bool is_proven = true;
  cost.judge_us = median_us(5, [&] {
    const auto report =
        dispute::judge_evidence(crypto::sha256_function(), crypto::ed25519_verify, file);
    is_proven = is_proven && report.has_convicted;
  });
  if (!is_proven) return {ErrorCode::kInternal, "the evidence convicts nobody"};
  const dispute::RecordedMove& last = game.evidence.moves.back();
  cost.referee_us = median_us(101, [&] {
    Position position = game.before_last;
    const auto verdict = dispute::apply(crypto::sha256_function(), game.evidence.terms, position,
                                        last.role, last.body);
    ASSAY_INVARIANT(verdict == dispute::MoveVerdict::kAccepted);
  });
  return {};
}

void count_bytes(Game& game) {
  DisputeCost& cost = game.cost;
  const dispute::Claim& claim = game.evidence.claim;
  protocol::RevealChallenge reveal;
  reveal.start_path = claim.start_path;
  reveal.end_path = claim.end_path;
  cost.ledger_bytes =
      transaction_bytes(protocol::CommitChallenge{}) + transaction_bytes(std::move(reveal));
  cost.moves = game.evidence.moves.size();
  for (const dispute::RecordedMove& move : game.evidence.moves) {
    cost.move_bytes += move.body.size();
    protocol::PlayMove transaction;
    transaction.signed_move =
        codec::encode([&](codec::Writer& w) { dispute::write_signed_move(w, move.view()); });
    cost.ledger_bytes += transaction_bytes(std::move(transaction));
  }
}

}  // namespace

Result<DisputeCost> dispute_cost(const training::Task& task, std::uint64_t false_step,
                                 const GameSides& sides, TaskPool& pool) {
  ASSAY_TRY(const auto sound, training::ProgramExecution::create(task, pool));
  ASSAY_TRY(const auto broken, training::ProgramExecution::create(task, pool));
  FaultyExecution faulty(task, *broken, pool, false_step);
  ASSAY_TRY(const commit::Transcript claimed, claimed_transcript(task, faulty, pool));
  Game game;
  open(game, task, claimed);
  const dispute::GameTerms& terms = game.evidence.terms;
  const auto player = [&](training::Execution& execution, Role role) {
    return player::Player(std::make_shared<player::Interval>(
                              task, execution, terms.entry, pool,
                              role == Role::kDefender ? sides.defender : sides.challenger),
                          terms, role);
  };
  player::Player defender = player(faulty, Role::kDefender);
  player::Player challenger = player(*sound, Role::kChallenger);
  ASSAY_TRY_STATUS(play(game, defender, challenger));
  ASSAY_TRY_STATUS(judge(game));
  count_bytes(game);
  return game.cost;
}

std::uint64_t quiet_ledger_bytes(const training::Task& task) {
  const commit::Transcript transcript(
      std::vector<Hash256>(commit::transcript_entries(task.header)));
  const std::uint64_t last = transcript.size() - 1;
  constexpr unsigned kDraws = 3;
  protocol::RevealTranscript reveal;
  reveal.final_path = transcript.path(last);
  protocol::OpenSeal opening;
  opening.start_path = transcript.path(last - 1);
  opening.end_path = transcript.path(last);
  opening.attestation.emplace();
  protocol::Seal seal;
  seal.seals.resize(kDraws);
  return transaction_bytes(protocol::PostTask{}) + transaction_bytes(protocol::AcceptTask{}) +
         transaction_bytes(protocol::CommitTranscript{}) + transaction_bytes(std::move(reveal)) +
         transaction_bytes(protocol::EnlistVerifier{}) + transaction_bytes(std::move(seal)) +
         kDraws * transaction_bytes(std::move(opening));
}

}  // namespace assay::cli::internal
