#include "assay/dispute/bounds.hpp"

#include <algorithm>

#include "assay/codec/buffer.hpp"
#include "assay/dispute/moves.hpp"

namespace assay::dispute {

namespace {

constexpr std::size_t kHash = sizeof(Hash256::bytes);

struct Cost {
  unsigned defender = 0;
  unsigned challenger = 0;
  std::uint64_t bytes = 0;

  void offer(std::uint64_t body) {
    ++defender;
    bytes += body;
  }
  void point(std::uint64_t body) {
    ++challenger;
    bytes += body;
  }
};

std::uint64_t path_bytes(std::uint64_t index, std::uint64_t count) {
  return 1 + kHash * commit::path_length(index, count);
}
std::uint64_t longest_path_bytes(std::uint64_t count) {
  return count == 0 ? 1 : path_bytes(0, count);  // the left is never the shorter
}

// Rounds between two ends `length` apart, each offer with so many bytes an entry.
void add_spaced(Cost& cost, std::uint64_t length, std::uint64_t segments_max,
                std::uint64_t entry_bytes) {
  while (length > 1) {
    const std::uint64_t segments = std::min(length, segments_max);
    cost.offer(2 + (segments - 1) * entry_bytes);
    cost.point(2);
    length = length / segments + (length % segments != 0 ? 1 : 0);
  }
}

// Rounds down a tree to its leaf `index`; the last point is the caller's unless `points_at_leaf`.
void add_tree(Cost& cost, std::uint64_t index, std::uint64_t count, bool points_at_leaf) {
  for (commit::Range range{0, count}; range.count > 1;) {
    const commit::Children children = commit::children_of(range);
    cost.offer(2 + kHash * children.count);
    unsigned i = 0;
    while (index >= children.ranges[i].first + children.ranges[i].count) ++i;
    range = children.ranges[i];
    if (range.count > 1 || points_at_leaf) cost.point(2);
  }
}

// An opening of one step: every operand is taken to be read, and to have a chunk and the deepest
// paths of its own. Which of them a step does read may depend on what they hold.
std::uint64_t opening_bytes(const graph::Program& program, const graph::Node& node) {
  std::uint64_t bytes = 0;
  for (unsigned k = 0; k < node.spec.operand_count; ++k) {
    const TensorType& type = node.spec.operands[k];
    bytes += 4 + std::min<std::uint64_t>(type.byte_count(), commit::kChunkBytes) +
             longest_path_bytes(commit::chunk_count(type)) +
             path_bytes(node.inputs[k], program.nodes.size());
  }
  return bytes;
}

// From the point at node `index` to the end; the walk to it is in `cost`.
std::uint64_t add_node(Cost& cost, const graph::ValidProgram& valid, std::uint32_t index) {
  const graph::Program& program = valid.program();
  const graph::Node& node = program.nodes[index];
  cost.point(3 + 4 + graph::node_record(program, index).size() +
             path_bytes(index, program.nodes.size()));
  switch (node.spec.op) {
    case numerics::OpCode::kStepIndex:
    case numerics::OpCode::kSeed: return 0;
    case numerics::OpCode::kStateSlot:
    case numerics::OpCode::kData: {
      const bool is_slot = node.spec.op == numerics::OpCode::kStateSlot;
      cost.offer(1 + commit::kMaxNamedLeafBytes +
                 longest_path_bytes(is_slot ? program.slots.size() : program.data.size()));
      return 0;
    }
    default: break;
  }
  add_tree(cost, 0, commit::chunk_count(node.spec.output), true);
  cost.offer(5 + std::min<std::uint64_t>(node.spec.output.byte_count(), commit::kChunkBytes));
  cost.point(3);
  const unsigned words = numerics::fold_words(node.spec);
  add_spaced(cost, numerics::fold_length(node.spec), kFoldOfferWords / words,
             std::uint64_t{4} * words);
  const std::uint64_t opening = opening_bytes(program, node);
  cost.offer(1 + opening);
  return opening;
}

}  // namespace

GameBounds bounds_of(const graph::ValidProgram& valid, std::uint64_t steps) {
  const graph::Program& program = valid.program();
  const auto nodes = static_cast<std::uint32_t>(program.nodes.size());
  Cost chain;
  add_spaced(chain, steps, kChainFanOut, kHash);
  // The first trace offer carries the program's header; every one says whether it does.
  const std::uint64_t header = codec::encode([&](codec::Writer& w) {
                                 commit::write_program_header(w, valid.trees().header);
                               }).size();
  const auto add_trace = [&](Cost& cost, std::uint32_t node) {
    const unsigned before = cost.defender;
    add_tree(cost, node, nodes, false);
    if (nodes == 1) cost.offer(2 + kHash);
    cost.bytes += header + (cost.defender - before);  // flags of the offers
    cost.bytes += cost.defender - before - 1;         // and of the points
  };
  GameBounds most;
  const auto take = [&](const Cost& cost, std::uint64_t opening, std::uint32_t node) {
    most.defender_moves = std::max(most.defender_moves, cost.defender);
    most.challenger_moves = std::max(most.challenger_moves, cost.challenger);
    most.opening_bytes = std::max(most.opening_bytes, opening);
    if (cost.bytes <= most.body_bytes) return;
    most.body_bytes = cost.bytes;
    most.node = node;
  };
  for (std::uint32_t node = 0; node < nodes; ++node) {
    Cost cost = chain;
    add_trace(cost, node);
    const std::uint64_t opening = add_node(cost, valid, node);
    take(cost, opening, node);
  }
  // The claimed state: one trace offer, then down to a slot.
  for (std::uint32_t slot = 0; slot < program.slots.size(); ++slot) {
    Cost cost = chain;
    const commit::Children top = commit::children_of({0, nodes});
    cost.offer(3 + header + kHash * top.count);
    cost.point(3);
    add_tree(cost, slot, program.slots.size(), true);
    if (program.slots.size() == 1) {
      cost.offer(2 + kHash);
      cost.point(2);
    }
    const std::uint32_t node = program.slots[slot].output;
    cost.offer(1 + 4 + graph::slot_record(program, slot).size() +
               path_bytes(slot, program.slots.size()) + kHash + path_bytes(node, nodes));
    take(cost, 0, node);
  }
  return most;
}

}  // namespace assay::dispute
