// Games over the toy task at which the dispute's and the referee's targets, and their corpora,
// begin.
#pragma once

#include "assay/referee/referee.hpp"
#include "support/toy_evidence.hpp"

namespace assay::fuzz {

// Whole games: a false claim of each kind, and a true one challenged blindly.
[[nodiscard]] const std::vector<toy::Game>& games();

// The step that a game came down to, and its true opening.
struct ScalarScene {
  referee::ScalarPosition position;
  Bytes opening;
};
[[nodiscard]] const std::vector<ScalarScene>& scalar_scenes();

}  // namespace assay::fuzz
