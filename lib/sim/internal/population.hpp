// Who takes part in a seed's run, and what each of them is.
#pragma once

#include <set>

#include "assay/sim/scenario.hpp"
#include "internal/meddler.hpp"
#include "internal/toy_task.hpp"

namespace assay::sim {

struct Population {
  // Of one posting, with the transcript that an honest run of it has.
  struct Posted {
    std::string submitter, label;
    std::shared_ptr<const training::Task> task;
    std::vector<Hash256> true_roots;
  };
  std::vector<Posted> postings;
  std::set<std::string> honest;    // these lose nothing
  std::set<std::string> gone;      // these may leave before they post
  std::set<std::string> truthful;  // solvers whose transcripts are true, if they show any
  std::set<std::string> lazy;      // verifiers that copy what they seal
  bool watched =
      false;  // an honest whistleblower replays all of every claim, and can pay its bonds
};

// Adds everybody to the simulator. `seed_rng` is that of the scenario, not of the world.
[[nodiscard]] Population populate(Simulator& simulator, SimRng& rng, const SeedOptions& options,
                                  TaskPool& pool);

}  // namespace assay::sim
