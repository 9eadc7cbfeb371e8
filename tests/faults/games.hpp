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

// The fault's run against an honest challenger. The seed says who opens the last stage, what
// machines the two have, and when they crash.
[[nodiscard]] GameReport play_fault(World& world, const Fault& fault, std::uint64_t seed);
// The same of a fault that the seed draws.
[[nodiscard]] GameReport play_fault(World& world, Kind kind, std::uint64_t seed);

// A lie that the seed draws.
[[nodiscard]] GameReport play_lie(World& world, std::uint64_t seed);

// A node that a challenger walks to.
struct Target {
  std::uint64_t entry = 0;
  std::uint32_t node = 0;
};
// The honest run against a challenger that points at the target, or anywhere, and sends junk and
// tampered openings.
[[nodiscard]] GameReport play_challenge(World& world, std::uint64_t seed,
                                        const std::optional<Target>& target = {});

}  // namespace assay::faults
