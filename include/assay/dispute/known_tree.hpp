// The defender's tree as the other side knows it: its own tree where both agree, the roots that
// were offered elsewhere. A challenger opens operands with it: they lie under agreed subtrees, but
// their paths run past roots that it does not agree with and only the offers hold. Hosted.
#pragma once

#include <map>
#include <utility>

#include "assay/commit/tree.hpp"
#include "assay/core/bytes.hpp"

namespace assay::dispute {

class KnownTree {
 public:
  // `own` has as many leaves as the defender's tree and must outlive this.
  explicit KnownTree(const commit::MerkleTree& own) : m_own(own) {}

  // An offer of this range's children: 32 bytes for each of children_of(range, depth), in order.
  void learn(commit::Range range, ByteView offered, unsigned depth = commit::kSplitDepth);

  // The path of leaf `index` under the defender's root. Requires that the first difference between
  // the trees lies after `index`, and every offer on the way to it.
  [[nodiscard]] commit::Path path(std::uint64_t index) const;

 private:
  [[nodiscard]] Hash256 root_of(commit::Range range) const;
  void walk(commit::Range range, std::uint64_t index, commit::Path& path) const;

  const commit::MerkleTree& m_own;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Hash256> m_learned;  // by (first, count)
};

}  // namespace assay::dispute
