// The solver: takes tasks, trains, commits to every interval, and defends its claims.
#pragma once

#include "assay/roles/role.hpp"

namespace assay::roles {

struct SolverOptions {
  // Tasks reserved for this account are always taken; open ones only if this is set.
  bool take_open_tasks = false;
  std::uint64_t price_min_atoms = 0;
  std::uint64_t replay_quote_ms = 60'000;  // what replaying one interval takes this solver, at most
  std::size_t tasks_max = 1;               // claims under way at a time
};

// Trains in a job that keeps checkpoints under the context's files (runs/<claim>/...), so that a
// process that died goes on from the last one. Publishes the transcript and the checkpoints,
// answers games. Reports: claim.accepted, training.progress, training.commit, training.finished,
// transcript.committed, transcript.revealed, game.position, claim.settled.
[[nodiscard]] std::unique_ptr<Role> make_solver(RoleContext context, SolverOptions options);

}  // namespace assay::roles
