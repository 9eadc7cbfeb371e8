// A task as those who execute it hold it: the header with the programs and the data under it.
#pragma once

#include <memory>

#include "assay/commit/task.hpp"
#include "assay/graph/validator.hpp"
#include "assay/training/state.hpp"

namespace assay::training {

// The slot that the loss of each step is written to, f32 and scalar; a program may do without.
inline constexpr std::string_view kLossSlot = "metric/loss";

// Immutable once made; any number of threads may read one. Copies share the programs.
struct Task {
  commit::TaskHeader header;
  std::shared_ptr<const graph::ValidProgram> init;
  std::shared_ptr<const graph::ValidProgram> step;
  NamedTensors data;
  commit::NamedTree data_tree;

  // The program that makes transcript entry `entry` from the one before.
  [[nodiscard]] const graph::ValidProgram& program_of(std::uint64_t entry) const {
    return entry == 0 ? *init : *step;
  }
  [[nodiscard]] Hash256 root() const;
};

struct TaskParameters {
  std::uint64_t seed = 0;
  std::uint64_t steps = 0;
  std::uint64_t commit_interval = 0;
  std::uint64_t checkpoint_interval = 0;
};

// Validates the programs and computes all roots. Errors: kInvalidArgument for a program that does
// not validate, for data that are not the declared ones, and for parameters out of range.
[[nodiscard]] Result<Task> make_task(const TaskParameters& parameters, graph::Program init,
                                     graph::Program step, NamedTensors data, TaskPool& pool);

// The same from a header that somebody else posted: kIntegrity too if the roots are not the
// header's.
[[nodiscard]] Result<Task> open_task(const commit::TaskHeader& header, graph::Program init,
                                     graph::Program step, NamedTensors data, TaskPool& pool);

}  // namespace assay::training
