// Does this machine compute the profile's bits? A few steps of a small model of each family, on
// every instruction set that it has, against recorded digests.
#pragma once

#include <string>
#include <vector>

#include "assay/numerics/kernels.hpp"

namespace assay::cli {

struct SelfCheck {
  std::string family;
  Hash256 programs;  // SHA-256 over the roots of the init and the step program
  Hash256 state;     // the state root after kSelfCheckSteps
};
inline constexpr std::uint64_t kSelfCheckSteps = 4;

// What a sound machine and an unchanged library give. Recorded from the reference execution.
[[nodiscard]] const std::vector<SelfCheck>& self_check_goldens();

// The same computed here. Errors: kInternal if a model cannot be built or run.
[[nodiscard]] Result<std::vector<SelfCheck>> run_self_checks(numerics::Isa isa, TaskPool& pool);

}  // namespace assay::cli
