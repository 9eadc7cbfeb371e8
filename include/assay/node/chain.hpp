// The chain in a store (docs/spec/node.md, "On disk"): its head, the state machine that makes the
// next block of what it is given, one atomic synced write for each block, and old state and bodies
// forgotten. Who orders transactions, and whose word it is, stands above it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "assay/protocol/apply.hpp"
#include "assay/protocol/view.hpp"

namespace assay::node {

// Pruning begins when this many versions more than wanted are there.
inline constexpr std::uint64_t kPruneSlack = 16;

struct ChainOptions {
  bool audit_at_start = true;            // recompute every balance from its records
  std::uint64_t keep_versions = 1024;    // of the state, for proofs against older headers; from 1
  std::uint64_t keep_bodies = 0;         // blocks with transactions and receipts; 0: all
  std::size_t prune_erase_max = 16'384;  // keys that one step of pruning erases
};

// What became of a transaction.
struct TxOutcome {
  TxId id;
  Height height;  // of the block that holds it; 0 if none does
  protocol::TxVerdict verdict{};
  std::uint8_t detail = 0;
  bool repeated = false;  // the client id was known: this is its first result
  friend bool operator==(const TxOutcome&, const TxOutcome&) = default;
};

// Of a transaction that a block recorded, while the ledger knows its client id. Errors: kIntegrity,
// what the store returns.
[[nodiscard]] Result<std::optional<TxOutcome>> stored_outcome(const KeyValueStore& store,
                                                              const TxId& id);

// Calls that change it: one thread at a time. What only reads the store may read beside them.
class Chain {
 public:
  // What the store keeps beside a block to show whose it is.
  using MakeSeal = std::function<Bytes(const protocol::BlockHeader& header)>;

  // Continues the chain in `store`, or begins it from `genesis` if the store is empty, its first
  // block sealed by `seal`. The store must outlive it. Errors: kConflict (the store holds another
  // chain), kIntegrity (INV-NOD-003), what the store returns.
  [[nodiscard]] static Result<std::unique_ptr<Chain>> open(KeyValueStore& store,
                                                           const protocol::Genesis& genesis,
                                                           const MakeSeal& seal,
                                                           const ChainOptions& options);

  // Makes the block after the head and writes nothing. The result is valid until the next call; a
  // block that is executed again before a commit() takes the place of the one before.
  [[nodiscard]] Result<const protocol::BlockResult*> execute(const protocol::VerifiedBlock& block);
  // The same of bytes that nobody checked: what does not verify has a receipt that says so.
  [[nodiscard]] Result<const protocol::BlockResult*> execute(const protocol::Block& block);
  // Writes what was executed, with its seal, in one synced batch: it is the head now. kConflict,
  // and nothing is written, if there is no executed block: check() and prune() forget it. After
  // another error the chain must be opened again.
  [[nodiscard]] Status commit(Bytes seal);

  // A block was executed and waits for its commit.
  [[nodiscard]] bool is_pending() const noexcept { return m_is_pending; }

  // What the transaction would become if it came next, alone, now. A block that waits is dropped.
  [[nodiscard]] Result<protocol::Receipt> check(const protocol::VerifiedTransaction& transaction);
  [[nodiscard]] Result<std::optional<TxOutcome>> outcome_of(const TxId& id) const {
    return stored_outcome(m_store, id);
  }

  [[nodiscard]] bool prune_is_due() const;
  // One step of forgetting old versions and bodies, in a batch of its own.
  [[nodiscard]] Status prune();

  [[nodiscard]] const ChainId& id() const noexcept { return m_id; }
  [[nodiscard]] const protocol::BlockHeader& head() const noexcept { return m_head; }
  [[nodiscard]] const protocol::Genesis& genesis() const noexcept { return m_genesis; }
  [[nodiscard]] const protocol::StateReader& reader() const noexcept { return m_reader; }
  [[nodiscard]] const KeyValueStore& store() const noexcept { return m_store; }
  // At which the next of the ledger's deadlines runs out.
  [[nodiscard]] const std::optional<LedgerTimeMs>& deadline() const noexcept { return m_deadline; }
  // The first block with its transactions and receipts.
  [[nodiscard]] Height bodies_from() const noexcept { return m_bodies_from; }

 private:
  Chain(KeyValueStore& store, const protocol::Genesis& genesis, const ChainOptions& options);
  [[nodiscard]] Status start(const MakeSeal& seal);
  [[nodiscard]] Status begin(const MakeSeal& seal);
  [[nodiscard]] Status check_head();
  template <class Block>
  [[nodiscard]] Result<const protocol::BlockResult*> apply(const Block& block);

  KeyValueStore& m_store;
  protocol::Genesis m_genesis;
  ChainOptions m_options;
  ChainId m_id;
  protocol::StateReader m_reader;
  protocol::StateMachine m_machine;
  protocol::BlockHeader m_head;
  std::optional<LedgerTimeMs> m_deadline;  // of the state machine
  protocol::BlockResult m_executed;
  bool m_is_pending = false;  // m_executed may be committed
  Height m_oldest_version;
  Height m_bodies_from;
  bool m_prune_goes_on = false;
};

}  // namespace assay::node
