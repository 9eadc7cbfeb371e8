// Where a faulty run first departs from what was agreed, found without the player: the run's states
// against the honest run's, and the faulty step's outputs, byte for byte, against what the
// reference interpreter computes from the same state.
#pragma once

#include "faults/fault.hpp"

namespace assay::faults {

struct Departure {
  std::uint64_t entry = 0;  // of the transcript
  Hash256 claimed;          // its root as the faulty run signs it
  std::uint64_t step = 0;   // the first whose end is another state (0 in init)
  dispute::Stage ended_at{};
  std::uint32_t node = 0;     // the first whose output differs, unless it ends at a slot
  std::uint32_t slot = 0;     // at kStateLeaf: the first that is not its node's output
  std::uint64_t element = 0;  // at kScalar: the first that differs
  std::uint32_t fold_step = 0;
};

// The faulty run starts from the fault's checkpoint. Nothing if no entry of the transcript changes.
[[nodiscard]] std::optional<Departure> find_departure(World& world, const Fault& fault,
                                                      FaultyExecution& faulty);

// In words; empty if the game ended where the run departs, by a verdict for the challenger.
[[nodiscard]] std::string ended_elsewhere(const Departure& departure,
                                          const dispute::Position& position);

}  // namespace assay::faults
