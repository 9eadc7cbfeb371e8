#include "assay/commit/tree.hpp"

#include "assay/core/checked.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::commit {

namespace {

constexpr std::size_t kPairsPerTask = 1024;

}  // namespace

MerkleTree::MerkleTree(std::vector<Hash256> leaves) {
  SerialTaskPool serial;
  if (!leaves.empty()) m_levels.push_back(std::move(leaves));
  build(serial);
}

MerkleTree::MerkleTree(std::vector<Hash256> leaves, TaskPool& pool) {
  if (!leaves.empty()) m_levels.push_back(std::move(leaves));
  build(pool);
}

void MerkleTree::build(TaskPool& pool) {
  while (!m_levels.empty() && m_levels.back().size() > 1) {
    const std::vector<Hash256>& below = m_levels.back();
    const std::size_t pairs = below.size() / 2;
    std::vector<Hash256> level(ceil_div(below.size(), std::size_t{2}));
    const auto hash_pairs = [&](std::size_t first, std::size_t last) {
      crypto::sha256_pairs(kNodePrefix, below.data() + 2 * first, last - first,
                           level.data() + first);
    };
    if (pairs > kPairsPerTask) {
      pool.run(pairs, kPairsPerTask, hash_pairs);
    } else {
      hash_pairs(0, pairs);
    }
    if (below.size() % 2 != 0) level.back() = below.back();
    m_levels.push_back(std::move(level));
  }
}

Hash256 MerkleTree::root() const {
  return m_levels.empty() ? crypto::sha256(ByteView{}) : m_levels.back().front();
}

Hash256 MerkleTree::subtree_root(Range range) const {
  ASSAY_EXPECTS(range.count >= 1 && range.first < size() && range.count <= size() - range.first);
  const unsigned level = static_cast<unsigned>(std::bit_width(range.count - 1));
  const std::uint64_t width = std::uint64_t{1} << level;
  ASSAY_EXPECTS(range.first % width == 0);
  ASSAY_EXPECTS(range.count == width || range.first + range.count == size());
  return m_levels[level][range.first >> level];
}

std::vector<Hash256> MerkleTree::children_roots(Range range, unsigned depth) const {
  const Children children = children_of(range, depth);
  std::vector<Hash256> roots;
  roots.reserve(children.count);
  for (unsigned i = 0; i < children.count; ++i) roots.push_back(subtree_root(children.ranges[i]));
  return roots;
}

Path MerkleTree::path(std::uint64_t index) const {
  ASSAY_EXPECTS(index < size());
  Path path;
  for (std::size_t level = 0; level + 1 < m_levels.size(); ++level, index >>= 1) {
    const std::uint64_t sibling = index ^ 1;
    if (sibling < m_levels[level].size()) path.hashes[path.length++] = m_levels[level][sibling];
  }
  return path;
}

std::vector<Hash256> leaf_hashes(std::span<const Bytes> records) {
  std::vector<Hash256> hashes;
  hashes.reserve(records.size());
  for (const Bytes& record : records) {
    hashes.push_back(leaf_hash(crypto::sha256_function(), record));
  }
  return hashes;
}

}  // namespace assay::commit
