// Tasks that the validator takes and that are made to break whoever trains, replays or judges them.
#pragma once

#include "faults/world.hpp"

namespace assay::killers {

struct KillerTask {
  const char* name;
  training::Task (*make)();
  // Where the scalar definitions in a loop would take minutes, the plain kernels.
  numerics::Isa teller = numerics::Isa::kReference;
};

// labels: out of range, in models and as indices; folds: of up to 131,072 steps, of every operator
// that has them; shapes: extreme and degenerate; integers: at their ends, and zero as a divisor;
// payloads: NaN of every kind through every operator; borders: what pads meets what is no number;
// permutations: of awkward sizes; exchanged: slots that take each other's places; repeated: one
// operand read as several.
[[nodiscard]] const std::vector<KillerTask>& killer_tasks();

// As many nodes, slots and data as there may be, and the longest names.
[[nodiscard]] training::Task largest_graph();

}  // namespace assay::killers
