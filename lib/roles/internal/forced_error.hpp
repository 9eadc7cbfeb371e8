// A solver's side of the loss slot: of forced errors, whether a task leaves a place for one, and
// what to post, prove and serve when one is due; of a run that halted, what it has to show.
#pragma once

#include "assay/protocol/payloads.hpp"
#include "assay/roles/role.hpp"
#include "assay/training/checkpoints.hpp"
#include "assay/training/task.hpp"

namespace assay::roles::internal {

// The step program writes the loss slot, f32 and scalar, and reads it nowhere: a solver that took
// another task could not force an error without breaking what follows.
[[nodiscard]] bool can_force(const training::Task& task);

struct ForcedError final : JobOutcome {
  std::uint64_t entry = 0;
  Hash256 posted_state_root;
  protocol::LossProof proof;
  Bytes checkpoint;  // the flipped state as a file
};

// `state` with the lowest bit of its loss flipped. Requires the slot.
[[nodiscard]] NamedTensors with_flipped_loss(NamedTensors state);

// Runs to `entry` from the newest checkpoint before it. Errors: those of files and execution;
// kIntegrity where the state comes out with another root than the run's.
[[nodiscard]] Result<std::shared_ptr<ForcedError>> make_forced_error(
    const RoleContext& context, const training::Task& task, const Files& run_files,
    const std::vector<Hash256>& state_roots, std::uint64_t entry);

struct HaltProof final : JobOutcome {
  protocol::LossOpening loss;  // of the true final state
};
// The same up to the last of `state_roots`, after which the run halted.
[[nodiscard]] Result<std::shared_ptr<HaltProof>> prove_halt(
    const RoleContext& context, const training::Task& task, const Files& run_files,
    const std::vector<Hash256>& state_roots);

}  // namespace assay::roles::internal
