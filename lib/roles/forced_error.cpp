#include "internal/forced_error.hpp"

#include <algorithm>
#include <cstring>

#include "assay/commit/transcript.hpp"
#include "assay/tensor/safetensors.hpp"
#include "assay/training/replay.hpp"
#include "assay/training/state.hpp"
#include "internal/loss.hpp"

namespace assay::roles::internal {

bool can_force(const training::Task& task) {
  const graph::Program& step = task.step->program();
  const auto slot = std::find_if(step.slots.begin(), step.slots.end(), [](const graph::Slot& s) {
    return s.name == protocol::kLossSlot;
  });
  if (slot == step.slots.end()) return false;
  if (slot->type != TensorType{DType::kF32, Shape{}}) return false;
  const auto index = static_cast<std::uint64_t>(slot - step.slots.begin());
  return std::none_of(step.nodes.begin(), step.nodes.end(), [&](const graph::Node& node) {
    return node.spec.op == numerics::OpCode::kStateSlot && node.spec.attributes[0] == index;
  });
}

NamedTensors with_flipped_loss(NamedTensors state) {
  const auto loss = state.find(protocol::kLossSlot);
  ASSAY_EXPECTS(loss != state.end());
  loss->second.bytes()[0] ^= 1;  // little-endian: the lowest bit of the mantissa
  return state;
}

namespace {

Result<NamedTensors> state_of_run(const RoleContext& context, const training::Task& task,
                                  const Files& run_files, std::uint64_t entry) {
  const training::CheckpointReader reader(run_files, task.root(), context.pool, &context.log);
  ASSAY_TRY(const training::Journal journal, reader.journal());
  ASSAY_TRY(auto known, reader.nearest(journal, commit::step_of_entry(task.header, entry)));
  NamedTensors state;
  std::uint64_t next = 0;
  if (known) {
    state = std::move(known->state);
    // A checkpoint stands at an entry: its interval is a multiple, and the last step is the last.
    next = ceil_div(known->step, task.header.commit_interval) + 1;
  }
  ASSAY_TRY(auto execution, context.execution(task, context.pool));
  for (; next <= entry; ++next) {
    ASSAY_TRY(training::Replay replay,
              training::replay_interval(task, *execution, std::move(state), next, context.pool));
    state = std::move(replay.end_state);
  }
  return state;
}

Result<OpenedLoss> loss_of_run(const NamedTensors& state, const Hash256& state_root,
                               TaskPool& pool) {
  OpenedLoss opened = open_loss(state, pool);
  if (opened.state_root != state_root)
    return Error{ErrorCode::kIntegrity, "a run of one's own came out otherwise than before"};
  return opened;
}

}  // namespace

Result<std::shared_ptr<HaltProof>> prove_halt(const RoleContext& context,
                                              const training::Task& task, const Files& run_files,
                                              const std::vector<Hash256>& state_roots) {
  ASSAY_TRY(const NamedTensors state,
            state_of_run(context, task, run_files, state_roots.size() - 1));
  ASSAY_TRY(const OpenedLoss opened, loss_of_run(state, state_roots.back(), context.pool));
  auto proof = std::make_shared<HaltProof>();
  proof->loss = opened.loss;
  return proof;
}

Result<std::shared_ptr<ForcedError>> make_forced_error(const RoleContext& context,
                                                       const training::Task& task,
                                                       const Files& run_files,
                                                       const std::vector<Hash256>& state_roots,
                                                       std::uint64_t entry) {
  ASSAY_TRY(NamedTensors state, state_of_run(context, task, run_files, entry));
  ASSAY_TRY(const OpenedLoss opened, loss_of_run(state, state_roots[entry], context.pool));
  auto forced = std::make_shared<ForcedError>();
  forced->entry = entry;
  forced->proof = {opened.state_root, commit::Transcript(state_roots).path(entry), opened.loss};
  const NamedTensors flipped = with_flipped_loss(std::move(state));
  forced->posted_state_root = training::state_root(flipped, context.pool);
  ASSAY_TRY(forced->checkpoint, tensor::write_safetensors(flipped));
  return forced;
}

}  // namespace assay::roles::internal
