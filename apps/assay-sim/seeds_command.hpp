// assay-sim's seeds: the whole protocol under faults, one run a seed.
#pragma once

#include <string>

#include "assay/core/result.hpp"

namespace assay::app {

struct SeedsArguments {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  std::uint64_t threads = 1;
  std::string faults = "all";
  std::string log;  // file; empty: none
};
// Prints what was seen, and of every failure the seed and how to run it again. Errors: kIntegrity
// if a seed failed.
[[nodiscard]] Status run_seeds_command(const SeedsArguments& arguments);

}  // namespace assay::app
