// Transactions whose signatures held, the newest of them: CometBFT hands its application the same
// bytes again and again, for its mempool, after each block, in a proposal and in the block, and a
// signature is what a transaction costs most. What did not verify is not remembered, so nobody
// fills it but with what the ledger would look at. Thread-safe.
#pragma once

#include <deque>
#include <mutex>
#include <unordered_map>

#include "assay/node/mempool.hpp"

namespace assay::node {

// A mempool and the blocks on the way; the oldest go first.
inline constexpr std::size_t kVerifiedMax = 32'768;
inline constexpr std::size_t kVerifiedBytesMax = std::size_t{32} << 20;

class VerifiedTransactions {
 public:
  explicit VerifiedTransactions(const ChainId& chain, std::size_t count_max = kVerifiedMax,
                                std::size_t bytes_max = kVerifiedBytesMax)
      : m_chain(chain), m_count_max(count_max), m_bytes_max(bytes_max) {}

  // What protocol::VerifiedTransaction::verify() says of these bytes, from memory where it said so
  // of all of them before.
  [[nodiscard]] protocol::TxVerdict verify(ByteView bytes, TxId& id,
                                           std::optional<protocol::VerifiedTransaction>& out);
  void remember(const protocol::VerifiedTransaction& transaction);
  [[nodiscard]] std::size_t size() const;

 private:
  ChainId m_chain;
  std::size_t m_count_max;
  std::size_t m_bytes_max;
  mutable std::mutex m_mutex;
  std::unordered_map<TxId, protocol::VerifiedTransaction, IdHasher> m_known;
  std::deque<TxId> m_order;  // the oldest first
  std::size_t m_bytes = 0;
};

}  // namespace assay::node
