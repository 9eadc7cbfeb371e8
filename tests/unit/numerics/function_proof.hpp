// Every implementation of a unary function held against the oracle, input by input.
#pragma once

#include <span>
#include <vector>

#include "unit/numerics/function_oracle.hpp"

namespace assay::numerics::test {

// An input whose value agrees with a rounding boundary down to so many bits below its leading one.
struct HardInput {
  std::uint32_t input = 0;
  int bits = 0;
};

struct ProofCounts {
  std::uint64_t inputs = 0;          // inputs at which every implementation was compared
  std::uint64_t undecided = 0;       // of them, those within 2^-20 ulp of a rounding boundary
  std::uint64_t mpfr = 0;            // evaluations by MPFR: the undecided ones and the samples
  std::uint64_t integer = 0;         // evaluations by integer arithmetic
  std::uint64_t wrong_kernel = 0;    // results of kernels, of any instruction set
  std::uint64_t wrong_integer = 0;   // results of integer arithmetic
  std::uint64_t wrong_bounds = 0;    // where MPFR contradicts the evaluation with bounds
  std::uint64_t unproved = 0;        // values nearer to a boundary than their error bound
  std::vector<HardInput> hardest;    // the nearest ones, nearest first
  std::vector<std::uint32_t> wrong;  // the first few wrong inputs

  void add(const ProofCounts& other);
  [[nodiscard]] bool is_clean() const {
    return wrong_kernel == 0 && wrong_integer == 0 && wrong_bounds == 0 && unproved == 0;
  }
};

// Compares the results of `run` on every instruction set of this machine, at these inputs (any
// number; a symmetric function's also at the inputs with the sign inverted), and of
// IntegerArithmetic, at these inputs, with the oracle's. MPFR answers for the undecided inputs and
// for one of every `mpfr_every`.
[[nodiscard]] ProofCounts prove(OpCode op, std::span<const std::uint32_t> inputs,
                                std::uint32_t mpfr_every);

}  // namespace assay::numerics::test
