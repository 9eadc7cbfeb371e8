#include "assay/dispute/rank.hpp"

#include <algorithm>
#include <map>

namespace assay::dispute {

namespace {

// What is left to search at each level, at most.
struct Left {
  std::uint64_t steps = commit::kMaxSteps;
  std::uint64_t nodes = graph::kMaxNodes;
  std::uint64_t slots = graph::kMaxSlots;
  std::uint64_t chunks = std::uint64_t{8} * kMaxElements / commit::kChunkBytes;
  std::uint64_t fold = numerics::kMaxFoldSteps;
  unsigned fold_words = numerics::kMaxFoldWords;
  friend auto operator<=>(const Left&, const Left&) = default;
};

Left left_at(const Position& p) {
  Left left;
  left.steps = p.step_high - p.step_low;
  if (p.program.node_count == 0) return left;
  left.nodes = p.program.node_count;
  left.slots = p.program.slot_count;
  const numerics::NodeSpec& spec = p.node.spec;
  if (p.node_leaf != Hash256{} && !numerics::is_source(spec.op)) {
    left.chunks = commit::chunk_count(spec.output);
    left.fold = numerics::fold_length(spec);
    left.fold_words = numerics::fold_words(spec);
  }
  switch (p.stage) {
    case Stage::kTraceOffer:
    case Stage::kTracePoint: left.nodes = p.range.count; break;
    case Stage::kStateOffer:
    case Stage::kStatePoint: left.slots = p.range.count; break;
    case Stage::kTensorOffer:
    case Stage::kTensorPoint: left.chunks = p.range.count; break;
    case Stage::kFoldOffer:
    case Stage::kFoldPoint: left.fold = p.fold_high - p.fold_low; break;
    default: break;
  }
  return left;
}

std::uint64_t longest_segment(std::uint64_t length, std::uint64_t segments) {
  segments = std::max<std::uint64_t>(1, std::min(length, segments));
  return (length + segments - 1) / segments;
}

// What a point leaves, at most: the longest of what it can choose.
std::uint64_t* point_at(Stage stage, Left& left, const Rules& rules) {
  const auto largest_child = [&](std::uint64_t& leaves) {
    leaves = commit::children_of({0, leaves}, rules.split_depth).ranges[0].count;
    return &leaves;
  };
  switch (stage) {
    case Stage::kChainPoint:
      left.steps = longest_segment(left.steps, rules.chain_segments);
      return &left.steps;
    case Stage::kTracePoint: return largest_child(left.nodes);
    case Stage::kStatePoint: return largest_child(left.slots);
    case Stage::kTensorPoint: return largest_child(left.chunks);
    case Stage::kElementPoint: return &left.fold;
    case Stage::kFoldPoint:
      left.fold = longest_segment(left.fold, std::max(2U, rules.fold_words / left.fold_words));
      return &left.fold;
    default: return nullptr;
  }
}

// Whether a row can be taken when at most `here` is left behind its point. What would be left is
// the most, so that the rows for little are open always.
bool is_open(Guard guard, const std::uint64_t* here, const Left& left) {
  switch (guard) {
    case Guard::kTimeOut: return false;
    case Guard::kSubtree:
    case Guard::kSeveralSteps: return here == nullptr || *here > 1;
    case Guard::kSeveralChunks: return left.chunks > 1;
    default: return true;
  }
}

class Longest {
 public:
  explicit Longest(const Rules& rules) : m_rules(rules) {}

  unsigned moves_from(Stage stage, Left left) {
    const auto [it, is_new] = m_known.try_emplace({stage, left}, 0U);
    if (!is_new) return it->second;
    const std::uint64_t* const here = point_at(stage, left, m_rules);
    unsigned most = 0;
    for (const Transition& row : kTransitions) {
      if (row.from != stage || !is_open(row.guard, here, left)) continue;
      most = std::max(most, 1 + moves_from(row.next, below(stage, row.next, left)));
    }
    return it->second = most;
  }

 private:
  // What is left of a level that is left behind counts no more.
  static Left below(Stage from, Stage next, Left left) {
    if (from == Stage::kChainPoint && next != Stage::kChainOffer) left.steps = 0;
    if (from == Stage::kTracePoint && next != Stage::kTraceOffer) left.nodes = 0;
    if (from == Stage::kTensorPoint && next != Stage::kTensorOffer) left.chunks = 0;
    return left;
  }

  const Rules& m_rules;
  std::map<std::pair<Stage, Left>, unsigned> m_known;
};

}  // namespace

unsigned most_moves_left(const Position& position, const Rules& rules) {
  return Longest(rules).moves_from(position.stage, left_at(position));
}

}  // namespace assay::dispute
