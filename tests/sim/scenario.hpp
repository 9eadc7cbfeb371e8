// The main job in the simulator: a submitter, two solvers of which one may lie, a verifier and a
// whistleblower, on a tiny convolutional network.
#pragma once

#include <optional>
#include <string>

#include "assay/sim/simulator.hpp"
#include "cheats/cheats.hpp"

namespace assay::scenario {

inline constexpr std::uint64_t kSteps = 24;
inline constexpr std::uint64_t kInterval = 4;

struct Setting {
  sim::SimOptions sim;
  std::optional<cheats::Lie> lie;  // of the second solver
};

struct Ending {
  sim::SimReport report;
  protocol::TaskView honest;  // the task of solver-1
  protocol::TaskView lying;   // of solver-2
  protocol::Totals totals;
  std::optional<Bytes> model;  // what the submitter saved of the honest one
  std::uint64_t disputed_entry = 0;
  dispute::Position last_position;  // of the lost game, if there was one
  std::vector<std::string> nodes;   // labels or names by node index
};

[[nodiscard]] const training::Task& task();
[[nodiscard]] Result<Ending> play(const Setting& setting);

}  // namespace assay::scenario
