#include "assay/commit/transcript.hpp"

#include "assay/crypto/sha256.hpp"

namespace assay::commit {

namespace {

MerkleTree tree_over(std::span<const Hash256> roots) {
  std::vector<Hash256> leaves;
  leaves.reserve(roots.size());
  for (const Hash256& root : roots) {
    leaves.push_back(leaf_hash(crypto::sha256_function(), root.view()));
  }
  return MerkleTree(std::move(leaves));
}

}  // namespace

Transcript::Transcript(std::vector<Hash256> state_roots)
    : m_roots(std::move(state_roots)), m_tree(tree_over(m_roots)) {}

const Hash256& Transcript::state_root(std::uint64_t entry) const {
  ASSAY_EXPECTS(entry < m_roots.size());
  return m_roots[entry];
}

Bytes Transcript::state_roots(std::uint64_t first, std::uint64_t count) const {
  ASSAY_EXPECTS(first <= size() && count <= size() - first);
  Bytes bytes;
  for (std::uint64_t entry = first; entry < first + count; ++entry) {
    const Hash256& root = m_roots[entry];
    bytes.insert(bytes.end(), root.bytes.begin(), root.bytes.end());
  }
  return bytes;
}

Hash256 Transcript::root() const {
  return counted_root(crypto::sha256_function(), Tag::kTranscript, size(), m_tree.root());
}

bool verify_entry(Sha256Function sha256, const Hash256& transcript_root, std::uint64_t count,
                  std::uint64_t entry, const Hash256& state_root, const Path& path) {
  Hash256 list_root;
  return root_of_path(sha256, leaf_hash(sha256, state_root.view()), entry, count,
                      path.hashes.data(), path.length, list_root) &&
         counted_root(sha256, Tag::kTranscript, count, list_root) == transcript_root;
}

}  // namespace assay::commit
