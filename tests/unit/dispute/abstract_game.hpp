// The dispute game over whole numbers: no hashes, no bytes, no floating point. Written from
// docs/spec/dispute.md apart from the real one, for fan-outs of 2, as the oracle that enumerations
// hold the real game to. A claim is the numbers that somebody says a tensor has, or a hash that
// nobody can open.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "assay/dispute/game.hpp"

namespace assay::dispute::abstract {

using Values = std::vector<int>;
using Claim = std::optional<Values>;
inline constexpr int kSeedOfTask = 7;

enum class Op { kSlot, kData, kStepIndex, kSeed, kConstant, kAdd, kMatMul };

struct Node {
  Op op = Op::kConstant;
  unsigned a = 0;  // kSlot, kData: its index; kConstant: the number; else the first input
  unsigned b = 0;  // the second input
  int size = 1;    // elements of the output
  int terms = 1;   // kMatMul: of each element's sum; a is [1, terms], b [terms, size]
};

struct State {
  bool invented = false;  // a root without any tree
  std::vector<Claim> slots;
  friend bool operator==(const State&, const State&) = default;
};

struct Trace {
  std::vector<Claim> nodes;
  std::array<bool, 2> invented{};  // the roots of the first offer's halves
  friend bool operator==(const Trace&, const Trace&) = default;
};

// What is played about, and what a liar may say.
struct World {
  std::vector<Node> nodes;
  std::vector<unsigned> slot_nodes;  // slot -> the node that is its next value
  std::vector<Values> initial;       // slots
  std::vector<Values> data;
  bool is_init = false;  // the program that makes the initial state, from the seed and the data
  int steps = 1;         // of the interval
  int chunk = 256;       // elements of a chunk

  // The false claims that may stand beside the truth of a node's output: added to its numbers.
  std::vector<std::vector<Values>> node_lies;
  bool hides_nodes = true;   // a node's claim may be a hash that nobody can open
  bool hides_halves = true;  // and so may each half of a trace
  bool hides_slots = true;
  std::vector<int> fold_lies = {1, 2};  // added to a fold's true entry

  [[nodiscard]] State state(int after) const;
  [[nodiscard]] Trace trace(int step) const;
  // All that a defender can claim, the truth first.
  [[nodiscard]] std::vector<State> state_claims(int after) const;
  [[nodiscard]] std::vector<Trace> trace_claims(int step) const;
  [[nodiscard]] int fold_length(int node) const;
  // Entry `step` of an element's fold over claimed inputs. Requires that they have values.
  [[nodiscard]] int fold_entry(const Trace& trace, int node, int element, int step) const;
  // Entry step + 1 from entry step; none if an input has no values.
  [[nodiscard]] std::optional<int> fold_step(const Trace& trace, int node, int element, int step,
                                             int entry) const;
};

struct Position {
  Stage stage = Stage::kTraceOffer;
  Outcome outcome = Outcome::kOpen;
  int low = 0, high = 0;
  State root_low, root_high;
  std::optional<Trace> trace;
  int first = 0, count = 0;  // the range that is walked
  int node = -1;
  int element = 0;
  int fold_low = 0, fold_high = 0;
  int value_low = 0, value_high = 0;
  std::optional<State> offered_state;
  std::optional<int> offered_value;
};

// Who can bring about what. A side is honest while every move of its own is.
struct Move {
  enum class By { kDefender, kChallenger, kClock } by = By::kDefender;
  int index = 0;  // of a point
  bool keeps_defender_honest = true;
  bool keeps_challenger_honest = true;
  Position next;
};

[[nodiscard]] Position start(const World& world, const State& claimed_end);
// Every way on: all accepted moves of whoever may move, and the clock. Empty once it is finished.
[[nodiscard]] std::vector<Move> moves(const World& world, const Position& position);

}  // namespace assay::dispute::abstract
