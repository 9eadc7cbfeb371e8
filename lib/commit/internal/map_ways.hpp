// What the proof of an excerpt is made of, in the order of a walk from the top: at each place that
// a key leads to, one of these.
#pragma once

#include <span>

#include "assay/commit/map_proof.hpp"

namespace assay::commit::internal {

enum class Way : std::uint8_t {
  kEmpty = 0,      // nothing stands here
  kOwnLeaf = 1,    // the one leaf here is that of the one entry with a value that leads here
  kOtherLeaf = 2,  // key hash and value hash of a leaf of no entry
  kFork = 3,       // both halves: the hash of one that no key leads to, else its walk
};

// Where the keys of the upper half begin, of key hashes in order that agree on all bits before.
template <class Item>
[[nodiscard]] std::size_t upper_half(std::span<const Item> items, unsigned depth) noexcept {
  std::size_t at = 0;
  while (at < items.size() && !leads_up(items[at].key_hash, depth)) ++at;
  return at;
}

}  // namespace assay::commit::internal
