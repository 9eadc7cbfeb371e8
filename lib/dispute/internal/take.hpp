// A step along the transition table. Freestanding.
#pragma once

#include "assay/dispute/game.hpp"

namespace assay::dispute::internal {

// Takes the row of the position's stage with this guard, which there must be: stage, outcome and
// where it ended; all else is the caller's.
void take(Position& position, Guard guard) noexcept;

}  // namespace assay::dispute::internal
