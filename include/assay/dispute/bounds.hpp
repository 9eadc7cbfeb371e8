// The most that a game about a program can take, from the program alone (docs/spec/dispute.md,
// section 9): every node is walked to, the deepest way at each level.
#pragma once

#include "assay/dispute/game.hpp"
#include "assay/graph/validator.hpp"

namespace assay::dispute {

struct GameBounds {
  unsigned defender_moves = 0;
  unsigned challenger_moves = 0;
  std::uint64_t body_bytes = 0;     // of all moves
  std::uint64_t opening_bytes = 0;  // of the scalar opening alone
  std::uint32_t node = 0;           // whose game has most bytes
};

// Each number is the most of any game about one interval of `steps` executions of the step program,
// or, with steps = 1, about one execution, whoever plays and however: a challenger that points
// elsewhere ends earlier or as late. Games that end at the claimed state or at a source are among
// them. Moves that the rules refuse cost nothing here. The last opening, which anyone may make,
// counts as the defender's.
[[nodiscard]] GameBounds bounds_of(const graph::ValidProgram& program, std::uint64_t steps);

}  // namespace assay::dispute
