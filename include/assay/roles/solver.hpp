// The solver: takes tasks, trains, commits to every interval, and defends its claims.
#pragma once

#include "assay/roles/role.hpp"
#include "assay/training/metering.hpp"

namespace assay::roles {

struct SolverOptions {
  // Tasks that name this account are always taken; those open to anybody only if this is set.
  bool take_open_tasks = false;
  std::uint64_t price_min_atoms = 0;
  // Atoms for 10^6 units of work (training::work_units): what a fixed price must reach, and what is
  // bid in an auction.
  std::uint64_t price_per_million_units_min = 0;
  // In an auction, how low this solver follows others' bids, a hundredth below the best at a time;
  // 0: it bids once.
  std::uint64_t bid_floor_per_million_units = 0;
  // What it quotes for replaying an interval and for the traces of a game (protocol::ReplayTimes);
  // 0 is measured, on the task itself before it is taken, with a margin.
  std::uint64_t replay_quote_ms = 0;
  std::uint64_t game_quote_ms = 0;
  std::size_t tasks_max = 1;  // claims under way and bids that stand, at a time
};

// Trains in a job that keeps checkpoints under the context's files (runs/<claim>/...), so that a
// process that died goes on from the last one. Publishes the transcript and the checkpoints,
// answers games. Of a cancelled claim it delivers what its last checkpoint holds; where others made
// copies of the task, it challenges the first entry in which theirs differ. A task is taken only if
// its declared work is what this solver meters. Reports: bid.placed, task.misdeclared,
// claim.accepted, training.progress, training.commit, training.finished, transcript.committed,
// transcript.revealed, game.position, claim.settled.
[[nodiscard]] std::unique_ptr<Role> make_solver(RoleContext context, SolverOptions options);

// What a solver whose machine takes so long quotes: twice the worst of what games about an interval
// may need. A checkpoint may lie a whole checkpoint interval before the end of the one in dispute.
[[nodiscard]] protocol::ReplayTimes quoted_times(const commit::TaskHeader& header,
                                                 const training::StepTimes& times);

// The commitment to the random bits of the quote with this id that this key signs.
[[nodiscard]] Hash256 quote_commitment(const crypto::KeyPair& key, const protocol::QuoteId& id);

}  // namespace assay::roles
