// A task so small that a run of it is a matter of microseconds: a linear regression on four rows.
#pragma once

#include "assay/training/task.hpp"

namespace assay::sim {

struct ToyOptions {
  std::uint64_t seed = 1;
  std::uint64_t steps = 4;
  std::uint64_t commit_interval = 2;
  std::uint64_t checkpoint_interval = 2;
};
[[nodiscard]] training::Task make_toy_task(const ToyOptions& options, TaskPool& pool);

}  // namespace assay::sim
