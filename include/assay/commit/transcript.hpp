// The transcript of a run: the state roots at every commit interval, and openings of its entries
// (docs/spec/commit.md). Its root is what a solver signs.
#pragma once

#include <span>

#include "assay/commit/path_record.hpp"
#include "assay/commit/roots.hpp"
#include "assay/commit/tree.hpp"

namespace assay::commit {

class Transcript {
 public:
  // Entry 0 is the initial state's root.
  explicit Transcript(std::vector<Hash256> state_roots);

  [[nodiscard]] std::uint64_t size() const noexcept { return m_roots.size(); }
  // Requires entry < size(), here and below.
  [[nodiscard]] const Hash256& state_root(std::uint64_t entry) const;
  // So many from `first` on, one after the other.
  [[nodiscard]] Bytes state_roots(std::uint64_t first, std::uint64_t count) const;
  [[nodiscard]] Hash256 root() const;
  [[nodiscard]] Path path(std::uint64_t entry) const { return m_tree.path(entry); }

 private:
  std::vector<Hash256> m_roots;
  MerkleTree m_tree;
};

// True if a transcript of `count` entries under `transcript_root` has `state_root` at `entry`. The
// count must come from the task's header (transcript_entries), never from a message. Freestanding.
[[nodiscard]] bool verify_entry(Sha256Function sha256, const Hash256& transcript_root,
                                std::uint64_t count, std::uint64_t entry, const Hash256& state_root,
                                const Path& path);

}  // namespace assay::commit
