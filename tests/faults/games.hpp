// One seed, one game: a fault that must be caught where the run departs, or a false challenge that
// must be defended. A game is a function of world and seed.
#pragma once

#include "faults/departure.hpp"

namespace assay::faults {

struct GameReport {
  std::string words;     // what was played
  std::string failure;   // empty: as it must be
  bool nothing = false;  // a fault that changes nothing that is committed, or no such place
  dispute::Stage ended_at{};
  numerics::OpCode op{};     // at kScalar and kSource
  bool inside_fold = false;  // at kScalar, before the fold's last step
  std::uint32_t moves = 0;
  double game_ms = 0;  // of processor time, both players and the rules; not the fault's run
};

// The fault's run against an honest challenger.
[[nodiscard]] GameReport play_fault(World& world, Kind kind, std::uint64_t seed);

// The honest run against a challenger that points anywhere, sends junk, and false openings.
[[nodiscard]] GameReport play_challenge(World& world, std::uint64_t seed);

}  // namespace assay::faults
