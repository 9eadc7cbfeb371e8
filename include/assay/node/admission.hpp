// What CometBFT's mempool may hold, as far as its application can say: it asks about each
// transaction when it comes and again after each block, and drops what is refused. Nobody crowds
// out a challenge: half of the room is for games alone, and a sender has a share. CometBFT's own
// limit (5,000 by default) is above these. Thread-safe.
#pragma once

#include <deque>
#include <mutex>
#include <unordered_map>

#include "assay/node/mempool.hpp"

namespace assay::node {

inline constexpr std::size_t kAdmittedMax = 4096;
inline constexpr std::size_t kAdmittedBytesMax = std::size_t{32} << 20;
// CometBFT does not tell what it loses, but asks about all that it has after each block: what it
// has not asked about for so many is gone.
inline constexpr std::uint64_t kAdmittedBlocks = 20;

class Admission {
 public:
  // `applies`: what is of a game's kind, but would be refused, is none. `has`: there is room,
  // since CometBFT has it, or it is the share that is kept of its holder.
  [[nodiscard]] MempoolVerdict admit(const protocol::ParsedTransaction& parsed, std::size_t bytes,
                                     bool applies, bool has);
  // It is in a block, or was dropped.
  void leave(const TxId& id);
  // Of the block at this height: these left, and what is too old.
  void leave_all(const std::vector<TxId>& ids, Height height);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    AccountId sender;
    std::size_t bytes = 0;
    bool game = false;
    Height asked;  // when CometBFT did last
  };
  void erase(const TxId& id);  // under the mutex

  mutable std::mutex m_mutex;
  std::unordered_map<TxId, Entry, IdHasher> m_entries;
  std::unordered_map<AccountId, std::size_t, IdHasher> m_by_sender;
  std::deque<std::pair<Height, TxId>>
      m_by_height;  // ascending; some left, or were asked about since
  Height m_height;  // of the last block
  Lanes m_lanes{kAdmittedMax, kAdmittedBytesMax};
};

}  // namespace assay::node
