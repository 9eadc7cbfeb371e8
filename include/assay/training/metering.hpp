// A task's work in the unit in which the market prices it.
#pragma once

#include "assay/training/task.hpp"

namespace assay::training {

inline constexpr std::uint64_t kOperationsPerUnit = 1'000'000;

// Scalar operations of the init program and of all steps, weighted (graph::work_of), in millions,
// rounded up; saturates. What post_task declares and solvers check.
[[nodiscard]] std::uint64_t work_units(const Task& task);

}  // namespace assay::training
