// A Merkle tree (commit/merkle.hpp) that keeps its levels, so that any subtree root and any
// inclusion path is a look-up. Takes about twice the memory of its leaf hashes. Immutable once
// built: any number of threads may read one.
#pragma once

#include <span>
#include <vector>

#include "assay/commit/merkle.hpp"
#include "assay/core/faces.hpp"

namespace assay::commit {

class MerkleTree {
 public:
  // The empty list, whose root is H("").
  MerkleTree() = default;
  // From leaf hashes, on the caller's thread.
  explicit MerkleTree(std::vector<Hash256> leaves);
  // The same on the pool's threads, which pays from some ten thousand leaves on.
  MerkleTree(std::vector<Hash256> leaves, TaskPool& pool);

  [[nodiscard]] std::uint64_t size() const noexcept {
    return m_levels.empty() ? 0 : m_levels.front().size();
  }
  [[nodiscard]] std::span<const Hash256> leaves() const noexcept {
    return m_levels.empty() ? std::span<const Hash256>{} : m_levels.front();
  }
  // The list root (without a header: see commit/roots.hpp).
  [[nodiscard]] Hash256 root() const;
  // Requires a range that the recursive split makes.
  [[nodiscard]] Hash256 subtree_root(Range range) const;
  // The roots of children_of(range, depth), in order.
  [[nodiscard]] std::vector<Hash256> children_roots(Range range,
                                                    unsigned depth = kSplitDepth) const;
  // Requires index < size().
  [[nodiscard]] Path path(std::uint64_t index) const;

 private:
  void build(TaskPool& pool);

  // Entry i of level l is the root of leaves [i * 2^l, (i + 1) * 2^l), cut at the end of the list:
  // a node without a right neighbour stands on the next level unchanged, as RFC 9162 has it.
  std::vector<std::vector<Hash256>> m_levels;
};

// The leaf hashes of these records.
[[nodiscard]] std::vector<Hash256> leaf_hashes(std::span<const Bytes> records);

}  // namespace assay::commit
