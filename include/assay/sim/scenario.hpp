// One seed, one run: a random market of toy tasks with random parties, liars and faults, watched by
// the auditor and the invariants (docs/spec/sim.md). A run is a function of its options.
#pragma once

#include <optional>
#include <string>

#include "assay/sim/simulator.hpp"

namespace assay::sim {

// Lying parties are no part of the library: whoever runs seeds brings them. Each is a function of
// the generator that it is given.
struct Liars {
  // An execution that lies in one place.
  std::function<roles::ExecutionFactory(SimRng& rng, std::uint64_t steps)> execution;
  // A solver that does not keep the protocol, around an honest one.
  std::function<std::unique_ptr<roles::Role>(SimRng& rng, const roles::RoleContext& context,
                                             std::unique_ptr<roles::Role> solver)>
      solver;
  // A verifier that seals and attests what the transcript says and replays nothing.
  std::function<std::unique_ptr<roles::Role>(const roles::RoleContext& context)> lazy_verifier;
};

enum class FaultLevel : std::uint8_t { kNone = 1, kSome, kAll };

struct SeedOptions {
  std::uint64_t seed = 1;
  FaultLevel faults = FaultLevel::kAll;
  bool keeps_log = false;
  const Liars* liars = nullptr;  // none: everybody is honest
};

struct SeedReport {
  std::uint64_t seed = 0;
  std::string failure;  // the invariant that broke, in words; empty: none
  std::uint64_t tasks = 0, claims_paid = 0, claims_fallen = 0, games = 0, errors_found = 0;
  std::uint64_t demands = 0, withheld = 0;  // for pieces; that were ignored
  std::uint64_t transactions = 0;
  std::uint64_t forgotten = 0;  // tasks of which only the id is left
  Hash256 digest;               // of the last block's header: equal runs have equal ones
  SimReport sim;
};
// Thread-safe: nothing is shared between runs but what is immutable.
[[nodiscard]] SeedReport run_seed(const SeedOptions& options);

}  // namespace assay::sim
