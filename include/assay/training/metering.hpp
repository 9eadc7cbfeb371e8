// A task's work in the unit in which the market prices it, and the time that it takes here.
#pragma once

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
};
// Goes on for `seconds`, but for three steps at least; then one step is traced if `traces`.
// Errors: the execution's.
struct MeterOptions {
  double seconds = 1;
  bool traces = false;
};
[[nodiscard]] Result<StepTimes> meter_steps(Execution& execution, TaskPool& pool,
                                            const MeterOptions& options);

}  // namespace assay::training
