// Moves that walk states, traces and tensors.
#include "assay/codec/buffer.hpp"
#include "assay/dispute/moves.hpp"
#include "internal/knowledge.hpp"

namespace assay::player {
namespace {

using codec::encode;
using codec::Writer;
using dispute::Position;
using dispute::Stage;

// The first offered subtree that differs from ours; count if none does.
unsigned first_difference(const commit::MerkleTree& own, const Position& position) {
  const commit::Children children = commit::children_of(position.range);
  for (unsigned i = 0; i < children.count; ++i) {
    if (own.subtree_root(children.ranges[i]) != offered_hash(position, i)) return i;
  }
  return children.count;
}

// The range an offer covers: at the head of a trace nobody has said yet how many nodes there are.
bool covers(const commit::MerkleTree& tree, commit::Range range) {
  return range.first < tree.size() && range.count <= tree.size() - range.first;
}
Error wrong_position() {
  return {ErrorCode::kInvalidArgument, "the position is not one of this task's games"};
}

}  // namespace

MoveResult chain_offer(Knowledge& own, const Position& position) {
  const dispute::Spacing steps = dispute::chain_spacing(position);
  own.focus(position);
  std::vector<Hash256> roots;
  for (std::uint32_t k = 1; k < steps.segments; ++k) {
    ASSAY_TRY(const Hash256 root, own.state_root(steps.at(k)));
    roots.push_back(root);
  }
  return {encode([&](Writer& w) { dispute::write_chain_offer(w, roots); })};
}

MoveResult chain_point(Knowledge& own, const Position& position) {
  const dispute::Spacing steps = dispute::chain_spacing(position);
  own.focus(position);
  std::uint32_t k = 0;
  for (; k < steps.segments; ++k) {
    const Hash256 claimed = k + 1 < steps.segments ? offered_hash(position, k) : position.root_high;
    ASSAY_TRY(const Hash256 root, own.state_root(steps.at(k + 1)));
    if (root != claimed) break;
  }
  if (k == steps.segments) return nothing_to_dispute("every state of the interval");
  return {encode([&](Writer& w) { dispute::write_point(w, Stage::kChainPoint, k); })};
}

MoveResult trace_offer(Knowledge& own, const Position& position) {
  ASSAY_TRY(const TracedStep* const traced, own.traced(position.step_low));
  const commit::MerkleTree& tree = traced->tree;
  const bool first = position.program.node_count == 0;
  const commit::Range range = first ? commit::Range{0, tree.size()} : position.range;
  if (!covers(tree, range)) return wrong_position();
  const std::vector<Hash256> roots = tree.children_roots(range);
  const commit::ProgramHeader header = own.program().trees().header;
  return {
      encode([&](Writer& w) { dispute::write_trace_offer(w, first ? &header : nullptr, roots); })};
}

MoveResult trace_point(Knowledge& own, const Position& position) {
  ASSAY_TRY(const TracedStep* const traced, own.traced(position.step_low));
  const commit::MerkleTree& tree = traced->tree;
  if (!covers(tree, position.range)) return wrong_position();
  const commit::Children children = commit::children_of(position.range);
  const unsigned index = first_difference(tree, position);
  if (index == children.count) {
    // All outputs are agreed; only the claimed state may differ, and only the whole list may say
    // so.
    if (position.range.count != tree.size()) return nothing_to_dispute("every node of the subtree");
    if (traced->end_state.root(commit::Tag::kState) == position.root_high) {
      return nothing_to_dispute("every node and the state after them");
    }
    return {encode([&](Writer& w) { dispute::write_trace_point(w, index); })};
  }
  const commit::Range child = children.ranges[index];
  if (child.count > 1) return {encode([&](Writer& w) { dispute::write_trace_point(w, index); })};
  const auto node = static_cast<std::uint32_t>(child.first);
  const Bytes record = graph::node_record(own.program().program(), node);
  const commit::Path path = own.program().trees().nodes.path(node);
  return {encode([&](Writer& w) { dispute::write_trace_leaf(w, index, record, path); })};
}

MoveResult state_offer(Knowledge& own, const Position& position) {
  ASSAY_TRY(const TracedStep* const traced, own.traced(position.step_low));
  const commit::MerkleTree& tree = traced->end_state.tree;
  if (!covers(tree, position.range)) return wrong_position();
  const std::vector<Hash256> roots = tree.children_roots(position.range);
  return {encode([&](Writer& w) { dispute::write_tree_offer(w, Stage::kStateOffer, roots); })};
}

MoveResult state_point(Knowledge& own, const Position& position) {
  ASSAY_TRY(const TracedStep* const traced, own.traced(position.step_low));
  const commit::MerkleTree& tree = traced->end_state.tree;
  if (!covers(tree, position.range)) return wrong_position();
  const unsigned index = first_difference(tree, position);
  if (index == commit::children_of(position.range).count) {
    return nothing_to_dispute("every slot of the claimed state");
  }
  return {encode([&](Writer& w) { dispute::write_point(w, Stage::kStatePoint, index); })};
}

MoveResult state_leaf(Knowledge& own, const Position& position) {
  ASSAY_TRY(const TracedStep* const traced, own.traced(position.step_low));
  const commit::MerkleTree& tree = traced->tree;
  const auto slot = static_cast<std::uint32_t>(position.range.first);
  const graph::Program& program = own.program().program();
  if (slot >= program.slots.size()) return wrong_position();
  const Bytes record = graph::slot_record(program, slot);
  const commit::Path record_path = own.program().trees().slots.path(slot);
  const std::uint32_t node = program.slots[slot].output;
  const Hash256 output = traced->node_roots[node];
  const commit::Path output_path = tree.path(node);
  return {encode(
      [&](Writer& w) { dispute::write_state_leaf(w, record, record_path, output, output_path); })};
}

MoveResult source(Knowledge& own, const Position& position) {
  const std::uint64_t index = position.node.spec.attributes[0];
  commit::NamedTree before;
  if (position.node.spec.op == numerics::OpCode::kStateSlot) {
    ASSAY_TRY(before, own.state_tree(position.step_low));
  }
  const commit::NamedTree& tree =
      position.node.spec.op == numerics::OpCode::kStateSlot ? before : own.task().data_tree;
  if (index >= tree.leaves.size()) return wrong_position();
  const commit::NamedRoot& leaf = tree.leaves[index];
  const commit::Path path = tree.tree.path(index);
  return {encode([&](Writer& w) {
    dispute::write_source(w, {as_bytes(leaf.name), leaf.root}, path);
  })};
}

MoveResult tensor_offer(Knowledge& own, const Position& position) {
  ASSAY_TRY(const auto* tree, own.output_tree(position.step_low, position.node_index));
  if (!covers(*tree, position.range)) return wrong_position();
  const std::vector<Hash256> roots = tree->children_roots(position.range);
  return {encode([&](Writer& w) { dispute::write_tree_offer(w, Stage::kTensorOffer, roots); })};
}

MoveResult tensor_point(Knowledge& own, const Position& position) {
  ASSAY_TRY(const auto* tree, own.output_tree(position.step_low, position.node_index));
  if (!covers(*tree, position.range)) return wrong_position();
  const unsigned index = first_difference(*tree, position);
  if (index == commit::children_of(position.range).count) return nothing_to_dispute("every chunk");
  return {encode([&](Writer& w) { dispute::write_point(w, Stage::kTensorPoint, index); })};
}

MoveResult chunk_reveal(Knowledge& own, const Position& position) {
  ASSAY_TRY(const auto* output, own.output(position.step_low, position.node_index));
  if (position.range.first * commit::kChunkBytes >= output->size()) return wrong_position();
  const ByteView chunk = commit::chunk_of(*output, position.range.first);
  return {encode([&](Writer& w) { dispute::write_chunk_reveal(w, chunk); })};
}

MoveResult element_point(Knowledge& own, const Position& position) {
  ASSAY_TRY(const auto* output, own.output(position.step_low, position.node_index));
  if (position.range.first * commit::kChunkBytes >= output->size()) return wrong_position();
  const ByteView chunk = commit::chunk_of(*output, position.range.first);
  const std::size_t size = size_of(position.node.spec.output.dtype);
  for (std::size_t at = 0; at + size <= chunk.size() && at + size <= position.offered_bytes;
       at += size) {
    if (std::memcmp(chunk.data() + at, position.offered.data() + at, size) == 0) continue;
    const auto index = static_cast<unsigned>(at / size);
    return {encode([&](Writer& w) { dispute::write_element_point(w, index); })};
  }
  return nothing_to_dispute("every element of the chunk");
}

}  // namespace assay::player
