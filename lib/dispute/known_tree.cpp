#include "assay/dispute/known_tree.hpp"

#include "assay/core/contract.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::dispute {

using commit::Range;

namespace {

std::pair<Range, Range> halves(Range range) {
  const std::uint64_t left = commit::split_of(range.count);
  return {{range.first, left}, {range.first + left, range.count - left}};
}

}  // namespace

void KnownTree::learn(Range range, ByteView offered, unsigned depth) {
  const commit::Children children = commit::children_of(range, depth);
  ASSAY_EXPECTS(offered.size() == children.count * std::size_t{32});
  for (unsigned i = 0; i < children.count; ++i) {
    Hash256& hash = m_learned[{children.ranges[i].first, children.ranges[i].count}];
    std::memcpy(hash.bytes.data(), offered.data() + i * hash.bytes.size(), hash.bytes.size());
  }
}

// An offered root stands for its range; above offered roots they are joined; below them the trees
// agree.
Hash256 KnownTree::root_of(Range range) const {
  if (const auto known = m_learned.find({range.first, range.count}); known != m_learned.end())
    return known->second;
  const auto inside = m_learned.lower_bound({range.first, 0});
  const bool has_finer = inside != m_learned.end() &&
                         inside->first.first < range.first + range.count &&
                         inside->first.second < range.count;
  if (!has_finer) return m_own.subtree_root(range);
  const auto [left, right] = halves(range);
  return commit::node_hash(crypto::sha256_function(), root_of(left), root_of(right));
}

void KnownTree::walk(Range range, std::uint64_t index, commit::Path& path) const {
  if (range.count == 1) return;
  const auto [left, right] = halves(range);
  const bool is_left = index < right.first;
  walk(is_left ? left : right, index, path);
  path.hashes[path.length++] = root_of(is_left ? right : left);
}

commit::Path KnownTree::path(std::uint64_t index) const {
  ASSAY_EXPECTS(index < m_own.size());
  commit::Path path;
  walk({0, m_own.size()}, index, path);
  return path;
}

}  // namespace assay::dispute
