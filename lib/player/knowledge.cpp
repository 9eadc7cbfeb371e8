#include "internal/knowledge.hpp"

#include <algorithm>

#include "assay/crypto/sha256.hpp"

namespace assay::player {

Knowledge::Knowledge(const training::Task& task, training::Execution& execution,
                     const dispute::GameTerms& terms, TaskPool& pool, const PlayerOptions& options)
    : m_task(task), m_execution(execution), m_terms(terms), m_pool(pool), m_options(options) {}

// Makes m_current the state after `step` steps, from the nearest state at hand.
Status Knowledge::walk_to(std::uint64_t step) {
  if (m_current && m_current->step == step) return {};
  if (m_current && m_current->step > step) m_current.reset();
  auto kept = m_kept.upper_bound(step);
  if (kept != m_kept.begin()) {
    --kept;
    if (!m_current || kept->first > m_current->step)
      m_current = training::KnownState{kept->first, kept->second};
  }
  // A file is asked for only when nothing in memory is at least as near as the interval's start.
  const std::uint64_t start =
      m_terms.entry == 0 ? 0 : commit::step_of_entry(m_terms.task, m_terms.entry - 1);
  if (m_options.states && (!m_current || m_current->step < std::min(start, step))) {
    ASSAY_TRY(auto known, m_options.states(step));
    if (known && known->step <= step && (!m_current || known->step > m_current->step)) {
      m_current = std::move(*known);
    }
  }
  if (!m_current) {
    ASSAY_TRY(auto initial, m_execution.initial_state());
    m_current = training::KnownState{0, std::move(initial)};
  }
  while (m_current->step < step) {
    if (m_current->step == start) keep_current();  // where every later walk of this game can begin
    if (auto status = m_execution.step(m_current->step, m_current->state); !status) {
      m_current.reset();
      return std::move(status).error();
    }
    ++m_current->step;
  }
  return {};
}

void Knowledge::keep_current() {
  const std::size_t bytes = training::byte_count(m_current->state);
  if (bytes > m_options.state_cache_bytes) return;
  while (m_kept.size() > 1 && (m_kept.size() + 1) * bytes > m_options.state_cache_bytes) {
    // Every second one goes: what is left stays evenly spread.
    for (auto it = std::next(m_kept.begin()); it != m_kept.end();) {
      it = m_kept.erase(it);
      if (it != m_kept.end()) ++it;
    }
  }
  if ((m_kept.size() + 1) * bytes > m_options.state_cache_bytes) return;
  m_kept.emplace(m_current->step, m_current->state);
}

Result<Hash256> Knowledge::state_root(std::uint64_t step) {
  if (const auto known = m_roots.find(step); known != m_roots.end()) return known->second;
  ASSAY_TRY_STATUS(walk_to(step));
  const Hash256 root = training::state_root(m_current->state, m_pool);
  m_roots.emplace(step, root);
  keep_current();
  return root;
}

Result<commit::NamedTree> Knowledge::state_tree(std::uint64_t step) {
  ASSAY_TRY_STATUS(walk_to(step));
  return training::state_tree(m_current->state, m_pool);
}

Result<training::Trace*> Knowledge::trace(std::uint64_t step) {
  if (m_traced == step) return m_trace.get();
  m_traced.reset();
  m_outputs.clear();
  m_output_trees.clear();
  if (is_init()) {
    ASSAY_TRY(m_trace, m_execution.trace_init());
  } else {
    ASSAY_TRY_STATUS(walk_to(step));
    keep_current();
    ASSAY_TRY(m_trace, m_execution.trace_step(step, m_current->state));
  }
  std::vector<Hash256> leaves;
  const Sha256Function sha256 = crypto::sha256_function();
  for (const Hash256& root : m_trace->node_roots()) {
    leaves.push_back(commit::leaf_hash(sha256, root.view()));
  }
  m_trace_tree = commit::MerkleTree(std::move(leaves));
  m_traced = step;
  return m_trace.get();
}

Result<const commit::MerkleTree*> Knowledge::trace_tree(std::uint64_t step) {
  ASSAY_TRY_STATUS([&]() -> Status {
    ASSAY_TRY([[maybe_unused]] auto* unused, trace(step));
    return {};
  }());
  return &m_trace_tree;
}

Result<const Bytes*> Knowledge::output(std::uint64_t step, std::uint32_t node) {
  ASSAY_TRY(auto* traced, trace(step));
  if (const auto known = m_outputs.find(node); known != m_outputs.end()) return &known->second;
  if (node >= traced->node_roots().size()) {
    return {ErrorCode::kInvalidArgument, "the position is not one of this task's games"};
  }
  ASSAY_TRY(Bytes output, traced->node_output(node));
  return &m_outputs.emplace(node, std::move(output)).first->second;
}

Result<const commit::MerkleTree*> Knowledge::output_tree(std::uint64_t step, std::uint32_t node) {
  ASSAY_TRY(const Bytes* bytes, output(step, node));
  if (const auto known = m_output_trees.find(node); known != m_output_trees.end())
    return &known->second;
  const TensorType& type = program().program().nodes[node].spec.output;
  return &m_output_trees.emplace(node, commit::tensor_tree(type, *bytes, m_pool)).first->second;
}

void Knowledge::note_offer(const dispute::Position& position) {
  if (position.stage != dispute::Stage::kTracePoint) return;
  if (position.range.count == position.program.node_count) m_offered.clear();
  const commit::Children children = commit::children_of(position.range);
  for (unsigned i = 0; i < children.count; ++i) {
    m_offered[{children.ranges[i].first, children.ranges[i].count}] = offered_hash(position, i);
  }
}

// Offered, ours where the offer that holds it is agreed, or made from its halves.
Hash256 Knowledge::claimed_root(commit::Range range) const {
  if (const auto offered = m_offered.find({range.first, range.count}); offered != m_offered.end()) {
    return offered->second;
  }
  for (const auto& [key, hash] : m_offered) {
    const bool holds =
        key.first <= range.first && range.first + range.count <= key.first + key.second;
    if (holds && m_trace_tree.subtree_root({key.first, key.second}) == hash) {
      return m_trace_tree.subtree_root(range);
    }
  }
  if (range.count == 1 || m_offered.empty()) return m_trace_tree.subtree_root(range);
  const std::uint64_t left = commit::split_of(range.count);
  return commit::node_hash(crypto::sha256_function(), claimed_root({range.first, left}),
                           claimed_root({range.first + left, range.count - left}));
}

Result<bool> Knowledge::knows_claimed_trace(const dispute::Position& position) {
  ASSAY_TRY(const auto* tree, trace_tree(position.step_low));
  return claimed_root({0, tree->size()}) == position.trace_root;
}

Result<commit::Path> Knowledge::claimed_trace_path(const dispute::Position& position,
                                                   std::uint32_t node) {
  ASSAY_TRY(const auto* tree, trace_tree(position.step_low));
  std::vector<Hash256> from_root;
  for (commit::Range range{0, tree->size()}; range.count > 1;) {
    const std::uint64_t split = commit::split_of(range.count);
    const commit::Range left{range.first, split};
    const commit::Range right{range.first + split, range.count - split};
    const bool goes_left = node < right.first;
    from_root.push_back(claimed_root(goes_left ? right : left));
    range = goes_left ? left : right;
  }
  commit::Path path;
  path.length = static_cast<unsigned>(from_root.size());
  std::copy(from_root.rbegin(), from_root.rend(), path.hashes.begin());
  return path;
}

Status Knowledge::check_start() {
  if (m_start_checked || is_init()) return {};
  ASSAY_TRY(const Hash256 root, state_root(commit::step_of_entry(m_terms.task, m_terms.entry - 1)));
  if (root != m_terms.start_root) {
    return Error{ErrorCode::kUnavailable,
                 "the interval starts from a state that this execution does not come to: the state "
                 "that was agreed on must be given"};
  }
  m_start_checked = true;
  return {};
}

void Knowledge::prune(const dispute::Position& position) {
  std::erase_if(m_kept, [&](const auto& kept) {
    return kept.first < position.step_low || kept.first > position.step_high;
  });
  std::erase_if(m_roots, [&](const auto& root) {
    return root.first < position.step_low || root.first > position.step_high;
  });
  if (m_node == position.node_index) return;
  m_node = position.node_index;
  m_outputs.clear();
  m_output_trees.clear();
}

}  // namespace assay::player
