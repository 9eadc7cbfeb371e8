// The liars of the simulator's seeds: false executions, solvers that break rules, lazy verifiers.
#pragma once

#include "assay/sim/scenario.hpp"

namespace assay::cheats {

[[nodiscard]] const sim::Liars& liars();

}  // namespace assay::cheats
