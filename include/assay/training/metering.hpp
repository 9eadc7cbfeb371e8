// A task's work in the unit in which the market prices it, and the time that it takes here.
#pragma once

#include <functional>

#include "assay/training/execution.hpp"

namespace assay::training {

inline constexpr std::uint64_t kOperationsPerUnit = 1'000'000;

// Scalar operations of the init program and of all steps, weighted (graph::work_of), in millions,
// rounded up; saturates. What post_task declares and solvers check.
[[nodiscard]] std::uint64_t work_units(const Task& task);

// Medians over the run's first steps on this machine, in seconds; the first of all warms up.
struct StepTimes {
  double step_s = 0;
  double root_s = 0;   // of a whole state
  double trace_s = 0;  // of one step, every node's output hashed
  std::uint64_t state_bytes = 0;
};
// Goes on for `seconds`, but for three steps at least; then one step is traced if `traces`. A step
// that takes over `step_s_max` is the last: then the others are 0.
// Errors: the execution's; kCancelled between steps once `stopped`.
struct MeterOptions {
  double seconds = 1;
  bool traces = false;
  double step_s_max = 1e9;
  std::function<bool()> stopped = {};  // none: never
};
[[nodiscard]] Result<StepTimes> meter_steps(Execution& execution, TaskPool& pool,
                                            const MeterOptions& options);

}  // namespace assay::training
