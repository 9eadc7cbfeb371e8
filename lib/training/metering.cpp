#include "assay/training/metering.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

#include "assay/core/contract.hpp"
#include "assay/graph/meter.hpp"
#include "assay/training/state.hpp"

namespace assay::training {

std::uint64_t work_units(const Task& task) {
  __extension__ using Wide = unsigned __int128;
  const Wide step = graph::work_of(task.step->program()).operations;
  const Wide operations =
      graph::work_of(task.init->program()).operations + step * task.header.steps;
  const Wide units = (operations + kOperationsPerUnit - 1) / kOperationsPerUnit;
  return static_cast<std::uint64_t>(
      std::clamp<Wide>(units, 1, std::numeric_limits<std::uint64_t>::max()));
}

namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double median(std::vector<double> times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

}  // namespace

Result<StepTimes> meter_steps(Execution& execution, TaskPool& pool, const MeterOptions& options) {
  constexpr std::size_t kStepsMin = 3;
  constexpr std::size_t kStepsMax = 1000;
  ASSAY_TRY(NamedTensors state, execution.initial_state());
  std::vector<double> steps, roots;
  const double begin = now_s();
  std::uint64_t t = 0;
  while (steps.size() < kStepsMin ||
         (steps.size() < kStepsMax && now_s() - begin < options.seconds)) {
    if (options.stopped && options.stopped())
      return {ErrorCode::kCancelled, "measuring was asked to stop"};
    const double start = now_s();
    ASSAY_TRY_STATUS(execution.step(t, state));
    const double middle = now_s();
    if (middle - start > options.step_s_max)
      return StepTimes{middle - start, 0, 0, byte_count(state)};
    ASSAY_INVARIANT(state_root(state, pool) != Hash256{});
    if (t++ == 0) continue;
    steps.push_back(middle - start);
    roots.push_back(now_s() - middle);
  }
  StepTimes times{median(std::move(steps)), median(std::move(roots)), 0, byte_count(state)};
  if (options.traces) {
    const double start = now_s();
    ASSAY_TRY(const auto trace, execution.trace_step(t, state));
    times.trace_s = now_s() - start;
  }
  return times;
}

}  // namespace assay::training
