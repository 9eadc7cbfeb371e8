#include "internal/forced_error.hpp"

#include <algorithm>
#include <cstring>

#include "assay/commit/transcript.hpp"
#include "assay/tensor/safetensors.hpp"
#include "assay/training/replay.hpp"
#include "assay/training/state.hpp"

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

Result<std::shared_ptr<ForcedError>> make_forced_error(const RoleContext& context,
                                                       const training::Task& task,
                                                       const Files& run_files,
                                                       const std::vector<Hash256>& state_roots,
                                                       std::uint64_t entry) {
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
  const commit::NamedTree tree = training::state_tree(state, context.pool);
  if (tree.root(commit::Tag::kState) != state_roots[entry])
    return Error{ErrorCode::kIntegrity, "a run of one's own came out otherwise than before"};

  auto forced = std::make_shared<ForcedError>();
  forced->entry = entry;
  forced->proof.state_root = state_roots[entry];
  forced->proof.entry_path = commit::Transcript(state_roots).path(entry);
  forced->proof.slots = static_cast<std::uint32_t>(tree.leaves.size());
  forced->proof.slot = static_cast<std::uint32_t>(tree.find(protocol::kLossSlot));
  forced->proof.slot_path = tree.tree.path(forced->proof.slot);
  forced->proof.loss_bits =
      load_le<std::uint32_t>(state.find(protocol::kLossSlot)->second.bytes().data());
  const NamedTensors flipped = with_flipped_loss(std::move(state));
  forced->posted_state_root = training::state_root(flipped, context.pool);
  ASSAY_TRY(forced->checkpoint, tensor::write_safetensors(flipped));
  return forced;
}

}  // namespace assay::roles::internal
