// What a solver quotes for its side of games (docs/spec/roles.md).
#include <algorithm>
#include <cmath>

#include "assay/commit/task.hpp"
#include "assay/core/checked.hpp"
#include "assay/dispute/game.hpp"
#include "assay/roles/solver.hpp"

namespace assay::roles {

namespace {

constexpr double kMargin = 2;  // the machine may be as busy with something else
// One for the roots of all nodes; with games about many steps at once the outputs that the next
// turns are about were given up, and one more makes them again.
constexpr double kTracesPerGame = 2;

std::uint64_t milliseconds(double seconds) {
  constexpr double kMost = 1e15;
  return static_cast<std::uint64_t>(std::ceil(std::clamp(1e3 * kMargin * seconds, 1.0, kMost)));
}

}  // namespace

protocol::ReplayTimes quoted_times(const commit::TaskHeader& header,
                                   const training::StepTimes& times) {
  // Each level of the chain offers the roots of at most so many states.
  std::uint64_t levels = 1;
  for (std::uint64_t steps = header.commit_interval; steps > dispute::kChainFanOut; ++levels)
    steps = ceil_div(steps, std::uint64_t{dispute::kChainFanOut});
  const auto walk = static_cast<double>(std::min(header.checkpoint_interval, header.steps));
  const auto segment =
      static_cast<double>(ceil_div(header.commit_interval, std::uint64_t{dispute::kChainFanOut}));
  const double level_s = dispute::kChainFanOut * times.root_s;
  const double narrowing_s =
      static_cast<double>(levels - 1) * (segment * times.step_s + level_s) + segment * times.step_s;
  return {milliseconds(walk * times.step_s + level_s),
          milliseconds(narrowing_s + kTracesPerGame * times.trace_s)};
}

}  // namespace assay::roles
