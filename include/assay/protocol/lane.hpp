// When a block has no room left for moves of games, so that clocks stand still until the next one
// (docs/spec/protocol.md, "Games and clocks").
#pragma once

#include "assay/protocol/block.hpp"

namespace assay::protocol {

// A block's lane for games is full with so many of their transactions, or so many bytes of them:
// wherever a move finds no room, there are as many. Half of a block is theirs alone. But no more
// than half a block's count waits under CometBFT, half of that of games, and its blocks hold some
// bytes less than ours.
struct LaneLimit {
  std::size_t transactions = kMaxBlockTransactions / 4;
  std::size_t bytes = kMaxBlockBytes / 8 * 3;
};

#if defined(ASSAY_AUDIT) && ASSAY_AUDIT
// A test's limit, for as long as it lives, in this thread.
class NarrowLane {
 public:
  explicit NarrowLane(const LaneLimit& limit) : m_saved(s_limit) { s_limit = limit; }
  ~NarrowLane() { s_limit = m_saved; }
  NarrowLane(const NarrowLane&) = delete;
  NarrowLane& operator=(const NarrowLane&) = delete;

 private:
  friend LaneLimit lane_limit() noexcept;
  static inline thread_local LaneLimit s_limit;
  LaneLimit m_saved;
};
[[nodiscard]] inline LaneLimit lane_limit() noexcept { return NarrowLane::s_limit; }
#else
[[nodiscard]] constexpr LaneLimit lane_limit() noexcept { return {}; }
#endif

// Of a block's transactions, by what kind their bytes claim: nothing of it need be applied.
class Lane {
 public:
  void add(ByteView transaction) noexcept {
    const std::optional<TxKind> kind = claimed_kind(transaction);
    if (!kind || !is_game_kind(*kind)) return;
    ++m_transactions;
    m_bytes += transaction.size();
  }
  [[nodiscard]] bool is_full() const noexcept {
    return m_transactions >= lane_limit().transactions || m_bytes >= lane_limit().bytes;
  }

 private:
  std::size_t m_transactions = 0;
  std::size_t m_bytes = 0;
};

}  // namespace assay::protocol
