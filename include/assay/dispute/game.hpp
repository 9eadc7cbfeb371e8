// The dispute game (docs/spec/dispute.md): from one interval of a transcript down to one scalar
// step.
//
// The defender reveals vectors that it committed to, the challenger only points at the first entry
// that it disputes (and may post openings against committed roots, as anybody may). A move that
// breaks a rule is no transition and loses nothing; only the clock and the referee decide.
// Everything here is a pure function of the terms and the chain of moves. Freestanding.
#pragma once

#include "assay/commit/task.hpp"
#include "assay/core/ids.hpp"
#include "assay/dispute/transitions.hpp"
#include "assay/referee/referee.hpp"

namespace assay::dispute {

inline constexpr unsigned kChainFanOut = 16;      // segments of one state-chain offer
inline constexpr unsigned kFoldOfferWords = 256;  // segments x words of one fold offer
inline constexpr std::size_t kMaxMoveBytes = 16 * 1024;
inline constexpr std::uint32_t kMaxTurns = 96;  // a valid program's longest game has 57

// How wide an offer is: of chains of states, of trees (2^split_depth subtrees), of folds. The game
// has one set, kRules; others serve to play all games of a tiny instance.
struct Rules {
  unsigned chain_segments = kChainFanOut;
  unsigned split_depth = commit::kSplitDepth;  // at most commit::kSplitDepth
  unsigned fold_words = kFoldOfferWords;       // at least twice those of the folds that are played
};
inline constexpr Rules kRules{};

// What a game is about; fixed when the challenge is revealed, from records that the ledger holds.
struct GameTerms {
  ChainId chain;
  GameId game;
  TaskId task_id;
  AccountId defender;
  AccountId challenger;
  commit::TaskHeader task;
  std::uint64_t entry = 0;  // of the transcript: the first disputed; 0: the initial state
  Hash256 start_root;       // entry - 1, agreed; zero for entry 0
  Hash256 end_root;         // entry, disputed
  friend bool operator==(const GameTerms&, const GameTerms&) = default;
};

// Where a game stands. Derived by start(), apply() and forfeit() only. Fields beyond the stage's
// are zero, so equal positions are equal bytes; a finished game keeps the place where it ended.
struct Position {
  Stage stage = Stage::kChainOffer;
  Outcome outcome = Outcome::kOpen;
  Stage ended_at =
      Stage::kFinished;    // finished: the stage that decided; kFinished while it is open
  bool by_clock = false;   // finished by forfeit()
  std::uint32_t turn = 0;  // moves so far

  // The chain of states: agreed after step_low, disputed after step_high.
  std::uint64_t step_low = 0;
  std::uint64_t step_high = 0;
  Hash256 root_low;
  Hash256 root_high;

  // The trace of step step_low (t = step_low), or of the init program.
  commit::ProgramHeader program;
  Hash256 trace_root;

  // The subtree being walked: of the trace, the claimed state or the tensor.
  commit::Range range;
  Hash256 range_root;

  // The disputed node.
  graph::Node node;
  std::uint32_t node_index = 0;
  Hash256 node_leaf;  // leaf hash of the claimed output root

  // The fold of one element.
  std::uint64_t element = 0;
  std::uint32_t fold_low = 0;
  std::uint32_t fold_high = 0;
  numerics::FoldState state_low;
  numerics::FoldState state_high;
  numerics::FoldState computed;  // what the referee's step gave; decided at kScalar only

  // What the defender has just offered: hashes, a chunk or fold words.
  std::uint32_t offered_bytes = 0;
  std::array<std::uint8_t, 1024> offered{};

  friend bool operator==(const Position&, const Position&) = default;
};

// Dense, in order of precedence. Only kAccepted changes anything.
enum class MoveVerdict : std::uint8_t {
  kAccepted = 0,
  kGameFinished,
  kTooLong,
  kMalformed,  // bytes that are no move
  kWrongTurnNumber,
  kWrongCertificate,  // not the party's, or for another task or chain
  kWrongSignature,
  kWrongPosition,  // signed another position
  kNotYourTurn,
  kWrongKind,  // a move of another stage
  kIndexOutOfRange,
  kCountMismatch,  // not as many entries as the stage asks for
  kHashMismatch,   // an offer or opening that does not lead to the committed root
  kTooManyTurns,
};
[[nodiscard]] const char* to_string(MoveVerdict verdict) noexcept;
[[nodiscard]] const char* to_string(Stage stage) noexcept;
[[nodiscard]] const char* to_string(Outcome outcome) noexcept;

// True if the terms name an entry of the task's transcript and the task is valid; start() requires
// it.
[[nodiscard]] bool is_valid(const GameTerms& terms) noexcept;

[[nodiscard]] Position start(const GameTerms& terms);

// Whose clock runs, by the table's time-outs. Stages that anyone may decide still count against the
// defender, whose duty they are.
[[nodiscard]] Role on_turn(const Position& position) noexcept;
// False for a row of the position's stage that no move can take here: the first offer of a trace
// brings new roots, and no later one does.
[[nodiscard]] bool can_take(const Position& position, const Transition& row) noexcept;
// True if a move of `mover` is allowed now.
[[nodiscard]] bool may_move(const Position& position, Mover mover) noexcept;

// H("assay/position/1" || terms || position), both in their one encoding.
[[nodiscard]] Hash256 position_hash(Sha256Function sha256, const GameTerms& terms,
                                    const Position& position);
// Applies a move's body (dispute/moves.hpp) by `mover`; the signature was checked before
// (dispute/signed_move.hpp does both). Unless it returns kAccepted, `position` is unchanged.
[[nodiscard]] MoveVerdict apply(Sha256Function sha256, const GameTerms& terms, Position& position,
                                Mover mover, ByteView body, const Rules& rules = kRules);

// The clock of the side on turn ran out.
void forfeit(Position& position) noexcept;

// Evenly spaced positions strictly between low and high that an offer must cover: at most
// `segments` - 1 of them, low + (high - low) * k / segments rounded down.
struct Spacing {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::uint32_t segments = 1;  // min(segments asked for, high - low)
  [[nodiscard]] constexpr std::uint64_t at(std::uint32_t k) const {
    return low + (high - low) / segments * k + (high - low) % segments * k / segments;
  }
};
[[nodiscard]] Spacing chain_spacing(const Position& position, const Rules& rules = kRules) noexcept;
[[nodiscard]] Spacing fold_spacing(const Position& position, const Rules& rules = kRules) noexcept;

// The position at Stage::kScalar, as the referee wants it.
[[nodiscard]] referee::ScalarPosition scalar_position(const Position& position);

}  // namespace assay::dispute
