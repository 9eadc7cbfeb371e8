// Many seeds on several threads: each run is a function of its seed, whichever thread has it.
#pragma once

#include <functional>

#include "assay/sim/scenario.hpp"

namespace assay::sim {

struct SeedsOptions {
  std::uint64_t first = 1;
  std::uint64_t count = 1;
  unsigned threads = 1;
  FaultLevel faults = FaultLevel::kAll;
  const Liars* liars = nullptr;
  std::uint64_t failures_max = 10;  // then no new seed is begun
  std::uint64_t replay_every = 0;   // so often a seed runs twice, and has to run alike
  // Before each seed, on its thread.
  std::function<void(std::uint64_t seed)> begins = {};
};

struct SeedsReport {
  std::uint64_t seeds = 0;
  std::uint64_t tasks = 0, claims_paid = 0, claims_fallen = 0, games = 0, errors_found = 0;
  std::uint64_t demands = 0, withheld = 0;
  std::uint64_t transactions = 0, blocks = 0, crashes = 0, lost = 0;
  std::vector<SeedReport> failures;  // ascending by seed
};
[[nodiscard]] SeedsReport run_seeds(const SeedsOptions& options);

}  // namespace assay::sim
