// What a solver quotes for its side of games (docs/spec/roles.md).
#include <algorithm>
#include <cmath>

#include "assay/commit/task.hpp"
#include "assay/core/checked.hpp"
#include "assay/dispute/game.hpp"
#include "assay/player/player.hpp"
#include "assay/roles/solver.hpp"

namespace assay::roles {

namespace {

constexpr double kMargin = 2;  // the machine may be as busy with something else
// For the roots of all nodes, for the disputed output, for its operands: with games about many
// steps at once what one turn had is given up before the next.
constexpr double kTracesPerGame = 3;
// A slow disk's, to write and sync or to read.
constexpr double kDiskBytesPerSecond = 100e6;

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
  // Where memory has no room for the states at the points, they go to the disk and come back from
  // there; and should that be full, each walk begins at the interval's start.
  const double state_bytes = std::max(1.0, static_cast<double>(times.state_bytes));
  const bool fits = static_cast<double>(player::IntervalOptions{}.state_cache_bytes) / state_bytes >
                    static_cast<double>(levels) * dispute::kChainFanOut;
  const std::uint64_t steps =
      fits ? ceil_div(header.commit_interval, std::uint64_t{dispute::kChainFanOut})
           : header.commit_interval;
  const double file_s = fits ? 0 : state_bytes / kDiskBytesPerSecond + times.root_s;
  const double segment_s = static_cast<double>(steps) * times.step_s + file_s;
  const double level_s = dispute::kChainFanOut * (times.root_s + file_s);
  return {milliseconds(walk * times.step_s + level_s),
          milliseconds(static_cast<double>(levels - 1) * (segment_s + level_s) +
                       kTracesPerGame * (segment_s + times.trace_s))};
}

}  // namespace assay::roles
