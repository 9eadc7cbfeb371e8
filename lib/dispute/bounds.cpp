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
void add_tree(Cost& cost, std::uint64_t index, std::uint64_t count, bool points_at_leaf,
              const Rules& rules) {
  for (commit::Range range{0, count}; range.count > 1;) {
    const commit::Children children = commit::children_of(range, rules.split_depth);
    cost.offer(2 + kHash * children.count);
    unsigned i = 0;
    while (index >= children.ranges[i].first + children.ranges[i].count) ++i;
    range = children.ranges[i];
    if (range.count > 1 || points_at_leaf) cost.point(2);
  }
}

// Blocks that SHA-256 compresses: the message, a bit and its length, in blocks of 64.
std::uint64_t compressions_of(std::uint64_t message_bytes) { return (message_bytes + 9 + 63) / 64; }
constexpr std::uint64_t kNodeBytes = 1 + 2 * kHash;  // prefix, left, right

std::uint64_t headed_bytes(const TensorType& type) {
  const auto write = [&](codec::Writer& w) { commit::write_type(w, type); };
  return 2 + codec::encode(write).size() + kHash;  // prefix, tag
}

// From the point at node `index` to the end; the walk to it is in `cost`.
OpeningBounds add_node(Cost& cost, const graph::ValidProgram& valid, std::uint32_t index,
                       const Rules& rules) {
  const graph::Program& program = valid.program();
  const graph::Node& node = program.nodes[index];
  cost.point(3 + 4 + graph::node_record(program, index).size() +
             path_bytes(index, program.nodes.size()));
  switch (node.spec.op) {
    case numerics::OpCode::kStepIndex:
    case numerics::OpCode::kSeed: return {};
    case numerics::OpCode::kStateSlot:
    case numerics::OpCode::kData: {
      const bool is_slot = node.spec.op == numerics::OpCode::kStateSlot;
      cost.offer(1 + commit::kMaxNamedLeafBytes +
                 longest_path_bytes(is_slot ? program.slots.size() : program.data.size()));
      return {};
    }
    default: break;
  }
  add_tree(cost, 0, commit::chunk_count(node.spec.output), true, rules);
  cost.offer(5 + std::min<std::uint64_t>(node.spec.output.byte_count(), commit::kChunkBytes));
  cost.point(3);
  const unsigned words = numerics::fold_words(node.spec);
  add_spaced(cost, numerics::fold_length(node.spec), rules.fold_words / words,
             std::uint64_t{4} * words);
  const OpeningBounds opening = opening_bounds(node, program.nodes.size());
  cost.offer(1 + opening.bytes);
  return opening;
}

void take_larger(GameBounds& most, const GameBounds& other) {
  most.defender_moves = std::max(most.defender_moves, other.defender_moves);
  most.challenger_moves = std::max(most.challenger_moves, other.challenger_moves);
  most.body_bytes = std::max(most.body_bytes, other.body_bytes);
  most.opening.bytes = std::max(most.opening.bytes, other.opening.bytes);
  most.opening.compressions = std::max(most.opening.compressions, other.opening.compressions);
  if (other.ledger_bytes <= most.ledger_bytes) return;
  most.ledger_bytes = other.ledger_bytes;
  most.node = other.node;
}

}  // namespace

OpeningBounds opening_bounds(const graph::Node& node, std::uint64_t node_count) {
  OpeningBounds bounds;
  for (unsigned i = 0; i < node.spec.operand_count; ++i) {
    const TensorType& type = node.spec.operands[i];
    const std::uint64_t chunk = std::min<std::uint64_t>(type.byte_count(), commit::kChunkBytes);
    const unsigned in_tensor = commit::path_length(0, commit::chunk_count(type));
    const unsigned in_trace = commit::path_length(node.inputs[i], node_count);
    bounds.bytes += 4 + chunk + 1 + kHash * in_tensor + 1 + kHash * in_trace;
    bounds.compressions += compressions_of(1 + chunk) + compressions_of(headed_bytes(type)) +
                           compressions_of(1 + kHash) +
                           (in_tensor + in_trace) * compressions_of(kNodeBytes);
  }
  return bounds;
}

GameBounds bounds_of(const graph::ValidProgram& valid, std::uint64_t steps,
                     const BoundsOptions& options) {
  const graph::Program& program = valid.program();
  const auto nodes = static_cast<std::uint32_t>(program.nodes.size());
  const Rules& rules = options.rules;
  Cost chain;
  add_spaced(chain, steps, rules.chain_segments, kHash);
  // The first trace offer carries the program's header; every one says whether it does.
  const std::uint64_t header = codec::encode([&](codec::Writer& w) {
                                 commit::write_program_header(w, valid.trees().header);
                               }).size();
  const auto add_trace = [&](Cost& cost, std::uint32_t node) {
    const unsigned before = cost.defender;
    add_tree(cost, node, nodes, false, rules);
    if (nodes == 1) cost.offer(2 + kHash);
    cost.bytes += header + (cost.defender - before);  // flags of the offers
    cost.bytes += cost.defender - before - 1;         // and of the points
  };
  GameBounds most;
  const auto take = [&](const Cost& cost, const OpeningBounds& opening, std::uint32_t node) {
    const unsigned moves = cost.defender + cost.challenger;
    take_larger(most, {cost.defender, cost.challenger, cost.bytes,
                       cost.bytes + moves * options.bytes_beside_a_body, opening, node});
  };
  for (std::uint32_t node = 0; node < nodes; ++node) {
    Cost cost = chain;
    add_trace(cost, node);
    const OpeningBounds opening = add_node(cost, valid, node, rules);
    take(cost, opening, node);
  }
  // The claimed state: one trace offer, then down to a slot.
  for (std::uint32_t slot = 0; slot < program.slots.size(); ++slot) {
    Cost cost = chain;
    const commit::Children top = commit::children_of({0, nodes}, rules.split_depth);
    cost.offer(3 + header + kHash * top.count);
    cost.point(3);
    add_tree(cost, slot, program.slots.size(), true, rules);
    if (program.slots.size() == 1) {
      cost.offer(2 + kHash);
      cost.point(2);
    }
    const std::uint32_t node = program.slots[slot].output;
    cost.offer(1 + 4 + graph::slot_record(program, slot).size() +
               path_bytes(slot, program.slots.size()) + kHash + path_bytes(node, nodes));
    take(cost, {}, node);
  }
  return most;
}

GameBounds bounds_of_run(const graph::ValidProgram& init, const graph::ValidProgram& step,
                         const Run& run, const BoundsOptions& options) {
  GameBounds most = bounds_of(step, std::min(run.steps, run.interval), options);
  take_larger(most, bounds_of(init, 1, options));
  return most;
}

}  // namespace assay::dispute
