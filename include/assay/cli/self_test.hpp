// Does this machine compute the profile's bits? A few steps of a small model of each family, on
// every instruction set that it has, against recorded digests.
#pragma once

#include <string>
#include <vector>

#include "assay/numerics/kernels.hpp"

namespace assay::cli {

struct SelfTest {
  std::string family;
  Hash256 programs;  // SHA-256 over the roots of the init and the step program
  Hash256 state;     // the state root after kSelfTestSteps
};
inline constexpr std::uint64_t kSelfTestSteps = 4;

// What a sound machine and an unchanged library give. Recorded from the reference execution.
[[nodiscard]] const std::vector<SelfTest>& self_test_goldens();

// The same computed here. Errors: kInternal if a model cannot be built or run.
[[nodiscard]] Result<std::vector<SelfTest>> run_self_tests(numerics::Isa isa, TaskPool& pool);

}  // namespace assay::cli
