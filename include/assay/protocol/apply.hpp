// The state machine of the ledger: pure, deterministic, no I/O (docs/spec/protocol.md). The state
// is what `store` holds; whatever a block changes comes out as one batch, and the caller writes it
// (atomically and synced) before the next block. Any number of threads may read the store
// meanwhile.
//
// Errors: kInvalidArgument for a block that cannot follow the head (height, time, limits), what the
// store returns, kIntegrity for records that are damaged. A transaction is never an error: it gets
// a verdict in its receipt.
#pragma once

#include "assay/protocol/block.hpp"

namespace assay::protocol {

// The first batch of an empty store, and the genesis header.
// Errors also: kAlreadyExists if the store has a chain, kInvalidArgument for a genesis over its
// limits.
[[nodiscard]] Result<BlockResult> init_chain(const KeyValueStore& store, const Genesis& genesis);

// INV-PRO-001: balances, receipts and roots are a function of the store's contents and the block
// alone. INV-PRO-002: conservation and solvency of every account that changed are checked before it
// returns; a violation aborts.
[[nodiscard]] Result<BlockResult> apply(const KeyValueStore& store, const Block& block);

inline constexpr std::size_t kStateCacheBytes = std::size_t{64} << 20;

// The same state machine with what it read and wrote lately kept in memory, records and tree nodes
// at most about `cache_bytes` each: for whoever applies one block after the other. Nobody else
// changes the store's state meanwhile. Not thread-safe.
class StateMachine {
 public:
  // `store` must outlive it.
  explicit StateMachine(const KeyValueStore& store, std::size_t cache_bytes = kStateCacheBytes);
  ~StateMachine();
  StateMachine(const StateMachine&) = delete;
  StateMachine& operator=(const StateMachine&) = delete;

  [[nodiscard]] Result<BlockResult> apply(const Block& block);
  // Of transactions of this chain.
  [[nodiscard]] Result<BlockResult> apply(const VerifiedBlock& block);
  // The batch of the last apply() is in the store.
  void written();
  // What apply() would answer if the transaction came next, alone, now: for admission to a queue.
  [[nodiscard]] Result<Receipt> check(const VerifiedTransaction& transaction);

 private:
  struct Caches;
  std::unique_ptr<Caches> m_caches;
};

// The ledger time of a block after `head` at this Unix time: it adds at most kMaxLedgerStepMs, and
// so stands still when the ledger does.
[[nodiscard]] LedgerTimeMs ledger_time_at(const BlockHeader& head, std::uint64_t time_ms) noexcept;

// StateMachine::check of bytes.
[[nodiscard]] Result<Receipt> check_transaction(const KeyValueStore& store, ByteView transaction);

// Recomputes INV-LED-001 to 004 from every record. Errors: kIntegrity if they do not hold.
[[nodiscard]] Status audit_money(const KeyValueStore& store);

}  // namespace assay::protocol
