// The one table of operators: where each is defined, computed, differentiated and tested. A test
// fails on a row with a hole. Thread-safe: constant data.
#pragma once

#include <span>

#include "assay/numerics/operator.hpp"

namespace assay::numerics {

// What stands in a column that does not apply starts with "none: " and says why.
struct OperatorRow {
  OpCode op;
  const char* name;
  const char* definition;  // the scalar definition: header and function
  const char* kernel;      // the fast kernel's source files below lib/numerics/
  const char* gradient;    // "graph: rule" (graph/gradients.hpp) or "not differentiable: because"
  const char* integer;     // the integer arithmetic it is judged with
  const char* vectors;     // file below tests/vectors/numerics/ with cases named like the operator
  const char* fuzz;        // deterministic fuzz test: program and test
  const char* dispute;     // a dispute that ends in it: program and test
  const char* spec_section;  // heading in docs/spec/numerics.md
};

// Ascending operator codes, every OpCode once.
[[nodiscard]] std::span<const OperatorRow> operator_table() noexcept;

}  // namespace assay::numerics
