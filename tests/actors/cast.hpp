// Who takes part in a dispute, as values: what an actor computes, when it moves, where it points,
// and what else it sends. Any of them may meet any other (scene.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace assay::actors {

enum class Part : std::uint8_t { kSolver, kVerifier, kChallenger };
enum class Computes : std::uint8_t {
  kTruth,
  kLie,       // a solver claims it, a verifier attests it, and both defend it
  kTwoFaced,  // the same, but every second game is played from the truth
};
enum class Pace : std::uint8_t {
  kPrompt,
  kLastMoment,  // of every turn
  kLate,        // has its move ready when the game is over
  kQuits,       // after some moves
  kNever,
  kOnlyNew,  // makes no move that a stranger may make for it
};
enum class Points : std::uint8_t { kFirstDifference, kAnywhere, kFirst, kLast };
enum class Noise : std::uint8_t {
  kNone,
  kMalformed,  // before each move some that are none: empty, cut off, of a flipped bit
  kReplays,    // all earlier moves of this game and the last ones of others, again and again
  kOutOfTurn,  // moves when it is the other's turn, and for it
};
enum class Wants : std::uint8_t {
  kFirstFalse,  // interval; none if none is false
  kAny,
  kEach,       // every account its own interval
  kCopies,     // the interval that somebody else has revealed
  kUnspoken,   // commits and never reveals
  kAnyWord,    // of a verifier
  kFalseWord,  // the same; none if none is known to be false
};

// Who makes a party's moves.
enum class Signs : std::uint8_t {
  kItself,
  kByDelegate,
  kByLyingDelegate,  // that changes whatever new its party would say
  kRevokes,          // by a delegate, which is taken back after three moves of a game and goes on
};
// What an account sends to games of others, under its own name.
enum class Opens : std::uint8_t {
  kNothing,
  kGarbage,  // whenever strangers may open
  kTrue,     // for a defender whose claim it finds true
};

// What a solver lets others have of its transcript, without which nobody can say what is false.
enum class Shows : std::uint8_t {
  kAll,
  kOnDemand,      // on the ledger, what is demanded there; to its friends, everything
  kAtLastMoment,  // the same, as late as it can
  kNothing,
};

struct Actor {
  std::string_view name;
  Part part = Part::kChallenger;
  Computes computes = Computes::kTruth;
  Pace pace = Pace::kPrompt;
  Points points = Points::kFirstDifference;
  Noise noise = Noise::kNone;
  Wants wants = Wants::kFirstFalse;
  unsigned accounts = 1;
  bool forgets = false;      // is made anew before each move
  bool contradicts = false;  // a solver that signs a second transcript
  bool stands_up = true;     // a verifier, for what it attested
  bool guesses = false;      // a verifier, what the state was in between
  Shows shows = Shows::kAll;
  Signs signs = Signs::kItself;
  Opens opens = Opens::kNothing;

  // Does what the protocol asks of its part, if noisily: it must not lose a token.
  [[nodiscard]] constexpr bool is_honest() const {
    return plays_honestly() && shows == Shows::kAll;
  }
  [[nodiscard]] constexpr bool plays_honestly() const {
    return computes == Computes::kTruth && pace <= Pace::kLastMoment &&
           points == Points::kFirstDifference &&
           (wants == Wants::kFirstFalse || wants == Wants::kFalseWord) && !contradicts &&
           !guesses && signs != Signs::kByLyingDelegate;
  }
};

inline constexpr std::array kSolvers{
    Actor{.name = "solver", .part = Part::kSolver},
    Actor{.name = "solver at the last moment", .part = Part::kSolver, .pace = Pace::kLastMoment},
    Actor{.name = "forgetful solver", .part = Part::kSolver, .forgets = true},
    Actor{.name = "garbling solver", .part = Part::kSolver, .noise = Noise::kMalformed},
    Actor{.name = "repeating solver", .part = Part::kSolver, .noise = Noise::kReplays},
    Actor{.name = "liar", .part = Part::kSolver, .computes = Computes::kLie},
    Actor{.name = "liar at the last moment",
          .part = Part::kSolver,
          .computes = Computes::kLie,
          .pace = Pace::kLastMoment},
    Actor{.name = "silent liar",
          .part = Part::kSolver,
          .computes = Computes::kLie,
          .pace = Pace::kNever},
    Actor{.name = "two-faced liar", .part = Part::kSolver, .computes = Computes::kTwoFaced},
    Actor{.name = "garbling liar",
          .part = Part::kSolver,
          .computes = Computes::kLie,
          .noise = Noise::kMalformed},
    Actor{.name = "liar out of turn",
          .part = Part::kSolver,
          .computes = Computes::kLie,
          .noise = Noise::kOutOfTurn},
    Actor{.name = "thrower", .part = Part::kSolver, .pace = Pace::kNever},
    Actor{.name = "late solver", .part = Part::kSolver, .pace = Pace::kLate},
    Actor{.name = "quitting solver", .part = Part::kSolver, .pace = Pace::kQuits},
    Actor{.name = "self-contradictor", .part = Part::kSolver, .contradicts = true},
    Actor{.name = "reluctant solver", .part = Part::kSolver, .shows = Shows::kOnDemand},
    Actor{.name = "reluctant solver at the last moment",
          .part = Part::kSolver,
          .shows = Shows::kAtLastMoment},
    Actor{.name = "withholding solver", .part = Part::kSolver, .shows = Shows::kNothing},
    Actor{.name = "reluctant liar",
          .part = Part::kSolver,
          .computes = Computes::kLie,
          .shows = Shows::kAtLastMoment},
    Actor{.name = "withholding liar",
          .part = Part::kSolver,
          .computes = Computes::kLie,
          .shows = Shows::kNothing},
    Actor{.name = "solver by a delegate", .part = Part::kSolver, .signs = Signs::kByDelegate},
    Actor{.name = "solver that takes its delegate back",
          .part = Part::kSolver,
          .signs = Signs::kRevokes},
    Actor{.name = "solver of a lying delegate",
          .part = Part::kSolver,
          .signs = Signs::kByLyingDelegate},
    Actor{.name = "liar by a delegate",
          .part = Part::kSolver,
          .computes = Computes::kLie,
          .signs = Signs::kByDelegate},
    Actor{.name = "absent solver", .part = Part::kSolver, .pace = Pace::kOnlyNew},
};

inline constexpr std::array kVerifiers{
    Actor{.name = "verifier", .part = Part::kVerifier},
    Actor{
        .name = "verifier at the last moment", .part = Part::kVerifier, .pace = Pace::kLastMoment},
    Actor{.name = "bystander", .part = Part::kVerifier, .stands_up = false},
    Actor{.name = "colluding verifier", .part = Part::kVerifier, .computes = Computes::kLie},
    Actor{.name = "colluding bystander",
          .part = Part::kVerifier,
          .computes = Computes::kLie,
          .stands_up = false},
    Actor{.name = "verifier that stands up and falls silent",
          .part = Part::kVerifier,
          .pace = Pace::kNever},
    Actor{.name = "lazy verifier", .part = Part::kVerifier, .guesses = true},
    Actor{.name = "lazy bystander", .part = Part::kVerifier, .stands_up = false, .guesses = true},
    Actor{.name = "verifier by a delegate", .part = Part::kVerifier, .signs = Signs::kByDelegate},
};

inline constexpr std::array kChallengers{
    Actor{.name = "challenger"},
    Actor{.name = "challenger at the last moment", .pace = Pace::kLastMoment},
    Actor{.name = "forgetful challenger", .forgets = true},
    Actor{.name = "garbling challenger", .noise = Noise::kMalformed},
    Actor{.name = "repeating challenger", .noise = Noise::kReplays},
    Actor{.name = "griefer", .points = Points::kAnywhere, .wants = Wants::kAny},
    Actor{.name = "griefer, always first", .points = Points::kFirst, .wants = Wants::kAny},
    Actor{.name = "griefer, always last", .points = Points::kLast, .wants = Wants::kAny},
    Actor{.name = "griefer out of turn",
          .points = Points::kAnywhere,
          .noise = Noise::kOutOfTurn,
          .wants = Wants::kAny},
    Actor{
        .name = "quitter", .pace = Pace::kQuits, .points = Points::kAnywhere, .wants = Wants::kAny},
    Actor{.name = "silent challenger",
          .pace = Pace::kNever,
          .points = Points::kAnywhere,
          .wants = Wants::kAny},
    Actor{.name = "late challenger",
          .pace = Pace::kLate,
          .points = Points::kAnywhere,
          .wants = Wants::kAny},
    Actor{.name = "swarm", .points = Points::kAnywhere, .wants = Wants::kEach, .accounts = 6},
    Actor{.name = "copycat", .wants = Wants::kCopies},
    Actor{.name = "one that never reveals", .wants = Wants::kUnspoken},
    Actor{.name = "watcher of verifiers", .wants = Wants::kFalseWord},
    Actor{.name = "griefer of verifiers",
          .points = Points::kAnywhere,
          .wants = Wants::kAnyWord,
          .accounts = 2},
    Actor{.name = "silent griefer of verifiers",
          .pace = Pace::kNever,
          .points = Points::kAnywhere,
          .wants = Wants::kAnyWord},
    Actor{.name = "challenger by a delegate", .signs = Signs::kByDelegate},
    Actor{.name = "challenger that takes its delegate back", .signs = Signs::kRevokes},
    Actor{.name = "helper of the silent", .opens = Opens::kTrue},
    Actor{.name = "stranger with garbage", .wants = Wants::kAny, .opens = Opens::kGarbage},
};

}  // namespace assay::actors
