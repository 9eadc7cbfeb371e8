#include "assay/training/state.hpp"

#include "assay/crypto/sha256.hpp"
#include "assay/tensor/safetensors.hpp"

namespace assay::training {

std::size_t byte_count(const NamedTensors& tensors) noexcept {
  std::size_t bytes = 0;
  for (const auto& [name, tensor] : tensors) bytes += tensor.byte_count();
  return bytes;
}

commit::NamedTree state_tree(const NamedTensors& tensors, TaskPool& pool) {
  std::vector<commit::TensorRef> refs;
  refs.reserve(tensors.size());
  for (const auto& [name, tensor] : tensors) refs.push_back({tensor.type(), tensor.bytes()});
  const std::vector<Hash256> roots = commit::tensor_roots(refs, pool);
  std::vector<commit::NamedRoot> leaves;
  leaves.reserve(tensors.size());
  std::size_t i = 0;
  for (const auto& [name, tensor] : tensors) leaves.push_back({name, roots[i++]});
  return commit::named_tree(std::move(leaves));
}

Hash256 state_root(const NamedTensors& state, TaskPool& pool) {
  return state_tree(state, pool).root(commit::Tag::kState);
}

Hash256 data_root(const NamedTensors& data, TaskPool& pool) {
  return state_tree(data, pool).root(commit::Tag::kDataSet);
}

Result<NamedTensors> verify_state_bytes(ByteView file, const Hash256& expected_root,
                                        TaskPool& pool) {
  ASSAY_TRY(NamedTensors state, tensor::read_safetensors(file));
  for (const auto& [name, tensor] : state) {
    if (!commit::is_valid_name(name))
      return {ErrorCode::kIntegrity, "a tensor of the checkpoint has a name that no state has"};
  }
  if (!tensor::is_canonical_safetensors(file)) {
    return {ErrorCode::kIntegrity, "the checkpoint is not in the canonical layout"};
  }
  const Hash256 root = state_root(state, pool);
  if (root != expected_root) {
    return {ErrorCode::kIntegrity, "the checkpoint's state root is " + to_hex(root) +
                                       ", not the expected " + to_hex(expected_root) +
                                       ": fetch it again"};
  }
  return state;
}

}  // namespace assay::training
