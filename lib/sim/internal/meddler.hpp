// A party that does, besides what its role does, what accounts may do at any time: it moves money,
// funds, cancels, awards, bids, challenges, and whatever else its options let it.
#pragma once

#include "assay/roles/role.hpp"
#include "assay/sim/rng.hpp"

namespace assay::sim {

struct MeddlerOptions {
  double chance = 0.05;  // at each view
  bool moves_money = false;
  bool stakes = false;
  bool funds = false;
  bool cancels = false;   // tasks of its own
  bool gives_up = false;  // claims of its own
  bool awards = false;    // the same, to bids and by quotes
  bool pesters = false;   // bids, accepts, enlists and challenges, and keeps nothing of it
  std::uint64_t until_ms = 60'000;
  // Of solvers that quote off the ledger, for awards.
  std::vector<const crypto::KeyPair*> quoters = {};
  // Of solvers that sign any transcript that they are asked to: reported as contradictions.
  std::vector<const crypto::KeyPair*> careless = {};
};

// Around `role`, or alone if there is none. The generator outlives crashes.
[[nodiscard]] std::unique_ptr<roles::Role> make_meddler(const roles::RoleContext& context,
                                                        std::unique_ptr<roles::Role> role,
                                                        std::shared_ptr<SimRng> rng,
                                                        const MeddlerOptions& options);

}  // namespace assay::sim
