// What a program costs, in scalar operations: integers from the graph alone, so that everybody
// prices a task alike (docs/spec/graph.md).
#pragma once

#include "assay/graph/program.hpp"

namespace assay::graph {

struct Work {
  std::uint64_t operations = 0;  // scalar operations, weighted; saturates at 2^64 - 1
  std::uint64_t multiply_adds = 0;
  std::uint64_t output_bytes = 0;  // what a trace of one step hashes
  std::uint64_t state_bytes = 0;
};

// Scalar operations that one fold step of the operator counts for. Of matmul_triangular the steps
// that multiply are counted, of scatter_add_rows the elements that move.
[[nodiscard]] std::uint64_t step_weight(numerics::OpCode op) noexcept;

// Requires a program that the validator accepted.
[[nodiscard]] Work work_of(const Program& program);

}  // namespace assay::graph
