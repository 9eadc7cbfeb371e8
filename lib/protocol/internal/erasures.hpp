// What is over goes from the state after a while: lists of what is due after a height, and bounded
// work in each block for them.
#pragma once

#include <map>

#include "assay/protocol/block.hpp"
#include "internal/overlay.hpp"

namespace assay::protocol::internal {

// In one block: whichever is used up first, but the last record (with a task's its claims') may go
// beyond the bytes. At least one and kMaxCopies records.
struct ErasureLimits {
  std::size_t records = 0;
  std::size_t bytes = 0;  // of their values
};
// In the long run blocks bring less than this: records hold little more than what was sent.
inline constexpr std::size_t kMaxErasedBytesPerBlock = 2 * kMaxBlockBytes;
static_assert(kMaxErasuresPerBlock == 4 * kMaxBlockTransactions);

class Erasures {
 public:
  explicit Erasures(Overlay& overlay) : m_overlay(overlay) {}

  // After the block of height `last` the record goes. Of a task's key: all records that are the
  // task's, while its own becomes empty.
  void add(Height last, const Bytes& key);
  // Once a block: what is due by `height` goes, before anything else changes; and the lists are put
  // of what the block added.
  void run(Height height, const ErasureLimits& most);
  void put_lists(Height block);

 private:
  Overlay& m_overlay;
  std::map<std::uint64_t, Bytes> m_lists;  // of this block, by last height
};

}  // namespace assay::protocol::internal
