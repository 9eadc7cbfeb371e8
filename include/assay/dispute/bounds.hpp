// The most that a game about a program can take, from the program alone (docs/spec/dispute.md,
// section 9): every node is walked to, the deepest way at each level.
#pragma once

#include "assay/dispute/game.hpp"
#include "assay/graph/validator.hpp"

namespace assay::dispute {

// The scalar opening of a step: every operand of the node is taken to be read once, each under the
// deepest path of its tensor.
struct OpeningBounds {
  std::uint64_t bytes = 0;
  // Of SHA-256, by referee::judge: blocks of 64 bytes with the padding, for the chunks, their
  // paths, the tensors' headed roots and the trace's paths.
  std::uint64_t compressions = 0;
};
[[nodiscard]] OpeningBounds opening_bounds(const graph::Node& node, std::uint64_t node_count);

struct GameBounds {
  unsigned defender_moves = 0;
  unsigned challenger_moves = 0;
  std::uint64_t body_bytes = 0;    // of all moves
  std::uint64_t ledger_bytes = 0;  // the same, with what stands beside each body
  OpeningBounds opening;           // of the scalar alone
  std::uint32_t node = 0;          // whose game has most bytes
};

struct BoundsOptions {
  // What a move takes on the ledger besides (protocol: envelope, game, length, turn, role,
  // position, both signatures).
  std::uint64_t bytes_beside_a_body = 0;
  Rules rules;
};

// Each number is the most of any game about one interval of `steps` executions of the step program,
// or, with steps = 1, about one execution, whoever plays and however: a challenger that points
// elsewhere ends earlier or as late. Games that end at the claimed state or at a source are among
// them. Moves that the rules refuse cost nothing here. The last opening, which anyone may make,
// counts as the defender's.
[[nodiscard]] GameBounds bounds_of(const graph::ValidProgram& program, std::uint64_t steps,
                                   const BoundsOptions& options = {});

// Of any game about a run of `steps` steps with a root committed every `interval`: about the
// initial state, or about the longest interval.
struct Run {
  std::uint64_t steps = 1;
  std::uint64_t interval = 1;
};
[[nodiscard]] GameBounds bounds_of_run(const graph::ValidProgram& init,
                                       const graph::ValidProgram& step, const Run& run,
                                       const BoundsOptions& options = {});

}  // namespace assay::dispute
