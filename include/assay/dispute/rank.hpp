// How much longer a game can last, read off the transition table. Hosted.
#pragma once

#include "assay/dispute/game.hpp"

namespace assay::dispute {

// The most moves that can still be accepted, whoever makes them: 0 once the game is finished, and
// at least one fewer after every accepted move, so that no game goes round in circles. Counts what
// the position says is left at each level, and the profile's limits where it says nothing yet.
[[nodiscard]] unsigned most_moves_left(const Position& position, const Rules& rules = kRules);

}  // namespace assay::dispute
