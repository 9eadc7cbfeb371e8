#include "internal/loss.hpp"

#include "assay/training/state.hpp"

namespace assay::roles::internal {

bool has_diverged(const NamedTensors& state) {
  const auto loss = state.find(protocol::kLossSlot);
  return loss != state.end() && loss->second.type() == TensorType{DType::kF32, Shape{}} &&
         protocol::is_not_finite(load_le<std::uint32_t>(loss->second.bytes().data()));
}

OpenedLoss open_loss(const NamedTensors& state, TaskPool& pool) {
  const commit::NamedTree tree = training::state_tree(state, pool);
  OpenedLoss opened;
  opened.state_root = tree.root(commit::Tag::kState);
  opened.loss.slots = static_cast<std::uint32_t>(tree.leaves.size());
  opened.loss.slot = static_cast<std::uint32_t>(tree.find(protocol::kLossSlot));
  opened.loss.slot_path = tree.tree.path(opened.loss.slot);
  opened.loss.loss_bits =
      load_le<std::uint32_t>(state.find(protocol::kLossSlot)->second.bytes().data());
  return opened;
}

}  // namespace assay::roles::internal
