#include "assay/dispute/game.hpp"

#include "assay/core/contract.hpp"
#include "internal/record.hpp"
#include "internal/take.hpp"

namespace assay::dispute {

const char* to_string(MoveVerdict verdict) noexcept {
  switch (verdict) {
    case MoveVerdict::kAccepted: return "accepted";
    case MoveVerdict::kGameFinished: return "game finished";
    case MoveVerdict::kTooLong: return "too long";
    case MoveVerdict::kMalformed: return "malformed";
    case MoveVerdict::kWrongTurnNumber: return "wrong turn number";
    case MoveVerdict::kWrongCertificate: return "wrong certificate";
    case MoveVerdict::kWrongSignature: return "wrong signature";
    case MoveVerdict::kWrongPosition: return "wrong position";
    case MoveVerdict::kNotYourTurn: return "not your turn";
    case MoveVerdict::kWrongKind: return "wrong kind";
    case MoveVerdict::kIndexOutOfRange: return "index out of range";
    case MoveVerdict::kCountMismatch: return "count mismatch";
    case MoveVerdict::kHashMismatch: return "hash mismatch";
    case MoveVerdict::kTooManyTurns: return "too many turns";
  }
  return "?";
}

const char* to_string(Stage stage) noexcept {
  switch (stage) {
    case Stage::kChainOffer: return "chain offer";
    case Stage::kChainPoint: return "chain point";
    case Stage::kTraceOffer: return "trace offer";
    case Stage::kTracePoint: return "trace point";
    case Stage::kStateOffer: return "state offer";
    case Stage::kStatePoint: return "state point";
    case Stage::kStateLeaf: return "state leaf";
    case Stage::kSource: return "source";
    case Stage::kTensorOffer: return "tensor offer";
    case Stage::kTensorPoint: return "tensor point";
    case Stage::kChunkReveal: return "chunk reveal";
    case Stage::kElementPoint: return "element point";
    case Stage::kFoldOffer: return "fold offer";
    case Stage::kFoldPoint: return "fold point";
    case Stage::kScalar: return "scalar";
    case Stage::kFinished: return "finished";
  }
  return "?";
}

const char* to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::kOpen: return "open";
    case Outcome::kDefenderWins: return "defender wins";
    case Outcome::kChallengerWins: return "challenger wins";
    case Outcome::kVoid: return "void";
  }
  return "?";
}

bool is_valid(const GameTerms& terms) noexcept {
  return commit::is_valid(terms.task) && terms.entry < commit::transcript_entries(terms.task) &&
         (terms.entry != 0 || terms.start_root == Hash256{});
}

Position start(const GameTerms& terms) {
  ASSAY_EXPECTS(is_valid(terms));
  Position position;
  position.root_low = terms.start_root;
  position.root_high = terms.end_root;
  if (terms.entry != 0) {
    position.step_low = commit::step_of_entry(terms.task, terms.entry - 1);
    position.step_high = commit::step_of_entry(terms.task, terms.entry);
  }
  const bool one_execution = position.step_high - position.step_low <= 1;
  position.stage = kNotStarted;
  internal::take(position, one_execution ? Guard::kAtMostOneStep : Guard::kSeveralSteps);
  return position;
}

void internal::take(Position& position, Guard guard) noexcept {
  const Transition* const row = find_transition(position.stage, guard);
  ASSAY_ENSURES(row != nullptr);
  position.outcome = row->outcome;
  if (row->next == Stage::kFinished) position.ended_at = position.stage;
  position.stage = row->next;
}

Role on_turn(const Position& position) noexcept {
  const Transition* const clock = find_transition(position.stage, Guard::kTimeOut);
  return clock != nullptr && clock->outcome == Outcome::kDefenderWins ? Role::kChallenger
                                                                      : Role::kDefender;
}

bool can_take(const Position& position, const Transition& row) noexcept {
  if (row.from != position.stage) return false;
  if (position.stage != Stage::kTraceOffer) return true;
  const bool is_first = position.program.node_count == 0;
  switch (row.guard) {
    case Guard::kNewRoots:
    case Guard::kBeyondLimits: return is_first;
    case Guard::kLeadsToTheRoot: return !is_first;
    default: return true;
  }
}

bool may_move(const Position& position, Mover mover) noexcept {
  for (const Transition& row : kTransitions)
    if (can_take(position, row) && is_of(row.event, mover)) return true;
  return false;
}

Hash256 position_hash(Sha256Function sha256, const GameTerms& terms, const Position& position) {
  static constexpr char kDomain[] = "assay/position/1";
  std::array<std::uint8_t, internal::kTermsBytes + internal::kPositionBytesMax> bytes;
  codec::FixedSink sink(bytes);
  codec::BasicWriter<codec::FixedSink> writer(sink);
  internal::write_terms(writer, terms);
  internal::write_position(writer, position);
  ASSAY_ENSURES(!sink.overflowed());
  return sha256_of(sha256,
                   {ByteView{reinterpret_cast<const std::uint8_t*>(kDomain), sizeof kDomain - 1},
                    sink.written()});
}

void forfeit(Position& position) noexcept {
  ASSAY_EXPECTS(position.stage != Stage::kFinished);
  internal::take(position, Guard::kTimeOut);
  position.by_clock = true;
}

namespace {

Spacing spacing(std::uint64_t low, std::uint64_t high, std::uint64_t segments) noexcept {
  const std::uint64_t length = high - low;
  return {low, high, static_cast<std::uint32_t>(length < segments ? length : segments)};
}

}  // namespace

Spacing chain_spacing(const Position& position, const Rules& rules) noexcept {
  return spacing(position.step_low, position.step_high, rules.chain_segments);
}

Spacing fold_spacing(const Position& position, const Rules& rules) noexcept {
  return spacing(position.fold_low, position.fold_high,
                 rules.fold_words / numerics::fold_words(position.node.spec));
}

referee::ScalarPosition scalar_position(const Position& position) {
  ASSAY_EXPECTS(position.stage == Stage::kScalar);
  referee::ScalarPosition scalar;
  scalar.node = position.node;
  scalar.node_index = position.node_index;
  scalar.node_count = position.program.node_count;
  scalar.trace_root = position.trace_root;
  scalar.element = position.element;
  scalar.step = position.fold_low;
  scalar.before = position.state_low;
  scalar.after = position.state_high;
  return scalar;
}

}  // namespace assay::dispute
