// The game's transition table: what may follow what, and who decides it (docs/spec/dispute.md,
// section 4). Moves, whose turn it is and time-outs are all read off it, and nowhere else is it
// said which stage comes next. Freestanding.
#pragma once

#include <array>
#include <cstdint>

namespace assay::dispute {

enum class Role : std::uint8_t { kDefender = 1, kChallenger = 2 };

// Who makes a move: a side, or somebody who is on none and moves for the defender.
class Mover {
 public:
  constexpr Mover(Role role) : m_role(role) {}  // implicit: most movers are a side
  [[nodiscard]] static constexpr Mover stranger() {
    Mover mover(Role::kDefender);
    mover.m_is_stranger = true;
    return mover;
  }
  [[nodiscard]] constexpr Role role() const { return m_role; }
  [[nodiscard]] constexpr bool is_stranger() const { return m_is_stranger; }

 private:
  Role m_role;
  bool m_is_stranger = false;
};

enum class Stage : std::uint8_t {
  kChainOffer = 1,  // defender: state roots at evenly spaced steps
  kChainPoint,      // challenger: the first that it disputes
  kTraceOffer,      // defender: subtree roots of the step's trace, first with the program header;
                    // below the first anyone for it
  kTracePoint,      // challenger: a subtree; at a leaf with the node's record; or the claimed state
  kStateOffer,      // anyone for the defender: subtree roots of the claimed state
  kStatePoint,      // challenger
  kStateLeaf,       // anyone: the slot's record and the bound node's root; decides
  kSource,          // anyone: the slot of the pre-state or the data set; decides
  kTensorOffer,     // anyone for the defender: subtree roots of the disputed output's chunks
  kTensorPoint,     // challenger
  kChunkReveal,     // anyone for the defender: the chunk
  kElementPoint,    // challenger: the element in it
  kFoldOffer,       // defender: fold states at evenly spaced steps
  kFoldPoint,       // challenger
  kScalar,          // anyone: the operands; the referee decides
  kFinished,
};
inline constexpr Stage kNotStarted{};  // where a game comes from; no position has it

enum class Outcome : std::uint8_t { kOpen = 0, kDefenderWins = 1, kChallengerWins = 2, kVoid = 3 };

enum class Event : std::uint8_t {
  kStart = 1,    // the game begins
  kDefender,     // an accepted move of the defender's: new roots or values
  kForDefender,  // the defender's or a stranger's for it: of what stands under a root already
  kChallenger,   // of the challenger's
  kAnyone,       // of anybody's; the defender's duty all the same
  kClock,        // the time of the side whose duty it is ran out
};

// What is true of the event. Of one stage's guards exactly one holds for each accepted move.
enum class Guard : std::uint8_t {
  kAtMostOneStep = 1,
  kSeveralSteps,
  kEntryForEach,
  kNewRoots,
  kLeadsToTheRoot,
  kBeyondLimits,
  kClaimedState,
  kSubtree,
  kLeaf,
  kUnjudgeable,
  kGivenHolds,
  kGivenDiffers,
  kReadsTheState,
  kOneChunk,
  kSeveralChunks,
  kHolds,
  kDiffers,
  kBeyondProfile,
  kTimeOut,
};

struct Transition {
  Stage from;
  Event event;
  Guard guard;
  Stage next;
  Outcome outcome;
};

namespace detail {
// A row that decides the game.
constexpr Transition decides(Stage from, Event event, Guard guard, Outcome outcome) {
  return {from, event, guard, Stage::kFinished, outcome};
}
constexpr Transition leads(Stage from, Event event, Guard guard, Stage next) {
  return {from, event, guard, next, Outcome::kOpen};
}
constexpr Transition runs_out(Stage stage, Role duty) {
  return decides(stage, Event::kClock, Guard::kTimeOut,
                 duty == Role::kDefender ? Outcome::kChallengerWins : Outcome::kDefenderWins);
}
}  // namespace detail

// In the order of the stages. No two rows of a stage have the same guard; of those that a position
// does not rule out (can_take() of dispute/game.hpp) none have the same next stage and outcome:
// which row was taken can be read off two positions.
inline constexpr auto kTransitions = [] {
  using enum Stage;
  using enum Event;
  using enum Guard;
  using enum Outcome;
  using detail::decides, detail::leads, detail::runs_out;
  return std::to_array<Transition>({
      leads(kNotStarted, kStart, kSeveralSteps, kChainOffer),
      leads(kNotStarted, kStart, kAtMostOneStep, kTraceOffer),

      leads(kChainOffer, Event::kDefender, kEntryForEach, kChainPoint),
      runs_out(kChainOffer, Role::kDefender),
      leads(kChainPoint, Event::kChallenger, kSeveralSteps, kChainOffer),
      leads(kChainPoint, Event::kChallenger, kAtMostOneStep, kTraceOffer),
      runs_out(kChainPoint, Role::kChallenger),

      leads(kTraceOffer, Event::kDefender, kNewRoots, kTracePoint),
      decides(kTraceOffer, Event::kDefender, kBeyondLimits, kVoid),
      leads(kTraceOffer, kForDefender, kLeadsToTheRoot, kTracePoint),
      runs_out(kTraceOffer, Role::kDefender),
      leads(kTracePoint, Event::kChallenger, kSubtree, kTraceOffer),
      leads(kTracePoint, Event::kChallenger, kClaimedState, kStateOffer),
      leads(kTracePoint, Event::kChallenger, kReadsTheState, kSource),
      leads(kTracePoint, Event::kChallenger, kSeveralChunks, kTensorOffer),
      leads(kTracePoint, Event::kChallenger, kOneChunk, kChunkReveal),
      decides(kTracePoint, Event::kChallenger, kGivenHolds, kDefenderWins),
      decides(kTracePoint, Event::kChallenger, kGivenDiffers, kChallengerWins),
      decides(kTracePoint, Event::kChallenger, kUnjudgeable, kVoid),
      runs_out(kTracePoint, Role::kChallenger),

      leads(kStateOffer, kForDefender, kLeadsToTheRoot, kStatePoint),
      runs_out(kStateOffer, Role::kDefender),
      leads(kStatePoint, Event::kChallenger, kSubtree, kStateOffer),
      leads(kStatePoint, Event::kChallenger, kLeaf, kStateLeaf),
      runs_out(kStatePoint, Role::kChallenger),
      decides(kStateLeaf, kAnyone, kHolds, kDefenderWins),
      decides(kStateLeaf, kAnyone, kDiffers, kChallengerWins),
      decides(kStateLeaf, kAnyone, kUnjudgeable, kVoid),
      runs_out(kStateLeaf, Role::kDefender),

      decides(kSource, kAnyone, kHolds, kDefenderWins),
      decides(kSource, kAnyone, kDiffers, kChallengerWins),
      runs_out(kSource, Role::kDefender),

      leads(kTensorOffer, kForDefender, kLeadsToTheRoot, kTensorPoint),
      runs_out(kTensorOffer, Role::kDefender),
      leads(kTensorPoint, Event::kChallenger, kSubtree, kTensorOffer),
      leads(kTensorPoint, Event::kChallenger, kLeaf, kChunkReveal),
      runs_out(kTensorPoint, Role::kChallenger),
      leads(kChunkReveal, kForDefender, kLeadsToTheRoot, kElementPoint),
      runs_out(kChunkReveal, Role::kDefender),
      leads(kElementPoint, Event::kChallenger, kSeveralSteps, kFoldOffer),
      leads(kElementPoint, Event::kChallenger, kAtMostOneStep, kScalar),
      runs_out(kElementPoint, Role::kChallenger),

      leads(kFoldOffer, Event::kDefender, kEntryForEach, kFoldPoint),
      runs_out(kFoldOffer, Role::kDefender),
      leads(kFoldPoint, Event::kChallenger, kSeveralSteps, kFoldOffer),
      leads(kFoldPoint, Event::kChallenger, kAtMostOneStep, kScalar),
      runs_out(kFoldPoint, Role::kChallenger),
      decides(kScalar, kAnyone, kHolds, kDefenderWins),
      decides(kScalar, kAnyone, kDiffers, kChallengerWins),
      decides(kScalar, kAnyone, kBeyondProfile, kVoid),
      runs_out(kScalar, Role::kDefender),
  });
}();

// The row of a stage with this guard; null if it has none.
[[nodiscard]] constexpr const Transition* find_transition(Stage from, Guard guard) noexcept {
  for (const Transition& row : kTransitions)
    if (row.from == from && row.guard == guard) return &row;
  return nullptr;
}
// Whether such an event can be this mover's.
[[nodiscard]] constexpr bool is_of(Event event, Mover mover) noexcept {
  switch (event) {
    case Event::kDefender: return !mover.is_stranger() && mover.role() == Role::kDefender;
    case Event::kForDefender: return mover.role() == Role::kDefender;
    case Event::kChallenger: return mover.role() == Role::kChallenger;
    case Event::kAnyone: return true;
    default: return false;
  }
}

// In words, for people: of the events and guards (lib/dispute/transition_words.cpp). Hosted.
[[nodiscard]] const char* to_string(Event event) noexcept;
[[nodiscard]] const char* to_string(Guard guard) noexcept;

}  // namespace assay::dispute
