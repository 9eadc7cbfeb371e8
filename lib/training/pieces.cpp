#include "assay/training/pieces.hpp"

namespace assay::training {

commit::TensorChunk open_chunk(const NamedTensors& tensors, std::uint64_t item, std::uint64_t chunk,
                               TaskPool& pool) {
  std::vector<commit::TensorRef> refs;
  refs.reserve(tensors.size());
  for (const auto& [name, tensor] : tensors) refs.push_back({tensor.type(), tensor.bytes()});
  return commit::open_chunk(state_tree(tensors, pool), refs, item, chunk, pool);
}

commit::ProgramRecord open_record(const graph::Program& program, const graph::ProgramTrees& trees,
                                  std::uint64_t item) {
  const commit::ProgramHeader& h = trees.header;
  const auto whole = [&](const commit::MerkleTree& tree, Bytes record, std::uint64_t index) {
    return commit::ProgramRecord{std::move(record), tree.path(index), h};
  };
  std::uint64_t index = item % (std::uint64_t{h.node_count} + h.slot_count + h.data_count);
  const auto at = [&] { return static_cast<std::uint32_t>(index); };
  if (index < h.node_count) return whole(trees.nodes, graph::node_record(program, at()), index);
  index -= h.node_count;
  if (index < h.slot_count) return whole(trees.slots, graph::slot_record(program, at()), index);
  index -= h.slot_count;
  return whole(trees.data, graph::data_record(program, at()), index);
}

}  // namespace assay::training
