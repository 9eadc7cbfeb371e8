// An execution that lies in one element of any node's output, of the step program or of init, and
// is faithful to its own computation everywhere else. For tests only.
#pragma once

#include <memory>

#include "assay/training/execution.hpp"
#include "cheats/interpreter.hpp"

namespace assay::cheats {

struct NodeLie {
  bool in_init = false;
  std::uint64_t step = 0;  // its t
  std::uint32_t node = 0;
  std::uint64_t element = 0;
  unsigned bit = 0;
};

// The tampering alone.
[[nodiscard]] Tamper tamper_of(const NodeLie& lie);

// `task` must outlive it. Requires a place that the task has.
[[nodiscard]] Result<std::unique_ptr<training::Execution>> make_node_lie(const training::Task& task,
                                                                         TaskPool& pool,
                                                                         const NodeLie& lie);

}  // namespace assay::cheats
