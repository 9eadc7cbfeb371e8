#include "internal/knowledge.hpp"

#include <algorithm>

#include "assay/crypto/sha256.hpp"

namespace assay::player {

Result<const TracedStep*> Knowledge::traced(std::uint64_t step) {
  if (!m_traced || m_step != step) {
    ASSAY_TRY(m_traced, m_interval.traced(step));
    m_step = step;
  }
  return m_traced.get();
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
Hash256 Knowledge::claimed_root(const commit::MerkleTree& own, commit::Range range) const {
  if (const auto offered = m_offered.find({range.first, range.count}); offered != m_offered.end()) {
    return offered->second;
  }
  for (const auto& [key, hash] : m_offered) {
    const bool holds =
        key.first <= range.first && range.first + range.count <= key.first + key.second;
    if (holds && own.subtree_root({key.first, key.second}) == hash) return own.subtree_root(range);
  }
  if (range.count == 1 || m_offered.empty()) return own.subtree_root(range);
  const std::uint64_t left = commit::split_of(range.count);
  return commit::node_hash(crypto::sha256_function(), claimed_root(own, {range.first, left}),
                           claimed_root(own, {range.first + left, range.count - left}));
}

Result<bool> Knowledge::knows_claimed_trace(const dispute::Position& position) {
  ASSAY_TRY(const TracedStep* const own, traced(position.step_low));
  return claimed_root(own->tree, {0, own->tree.size()}) == position.trace_root;
}

Result<commit::Path> Knowledge::claimed_trace_path(const dispute::Position& position,
                                                   std::uint32_t node) {
  ASSAY_TRY(const TracedStep* const own, traced(position.step_low));
  std::vector<Hash256> from_root;
  for (commit::Range range{0, own->tree.size()}; range.count > 1;) {
    const std::uint64_t split = commit::split_of(range.count);
    const commit::Range left{range.first, split};
    const commit::Range right{range.first + split, range.count - split};
    const bool goes_left = node < right.first;
    from_root.push_back(claimed_root(own->tree, goes_left ? right : left));
    range = goes_left ? left : right;
  }
  commit::Path path;
  path.length = static_cast<unsigned>(from_root.size());
  std::copy(from_root.rbegin(), from_root.rend(), path.hashes.begin());
  return path;
}

Status Knowledge::begin_move() {
  m_interval.make_room();
  if (m_start_checked || m_interval.is_init()) return {};
  ASSAY_TRY(const Hash256 root, state_root(m_interval.start()));
  if (root != m_terms.start_root) {
    return Error{ErrorCode::kUnavailable,
                 "the interval starts from a state that this execution does not come to: the state "
                 "that was agreed on must be given"};
  }
  m_start_checked = true;
  return {};
}

}  // namespace assay::player
