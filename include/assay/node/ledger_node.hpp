// The ledger node of embedded mode, sans-I/O (docs/spec/node.md): transactions in, blocks out, one
// atomic synced write each. It starts no thread and opens no socket; drive it from one event loop:
// call tick() when next_wake_ms() says so and after every submit().
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "assay/node/chain.hpp"
#include "assay/node/header.hpp"
#include "assay/node/mempool.hpp"

namespace assay::node {

inline constexpr std::size_t kMaxBlockWaiters = 4096;
inline constexpr std::size_t kMaxSubmitWaiters = 8;  // of one transaction

// How often a node that may not write asks whether it may again.
inline constexpr std::uint64_t kPauseMs = 1000;
struct NodeOptions {
  std::uint64_t block_interval_ms = 200;  // least time between blocks that are not full
  ChainOptions chain = {};
  // Asked before every block and the first transaction after every tick(); an error (of the disk's
  // space, say) pauses the node: it reads and answers, takes nothing, and goes on by itself.
  std::function<Status()> may_write = {};
};

// What whoever still waits is told before an orderly end: kUnavailable.
[[nodiscard]] Error stopping();

// Not thread-safe: one event loop.
class LedgerNode {
 public:
  // Continues the chain in `store`, or starts it from `genesis` if the store is empty. All
  // references must outlive the node. Errors: kConflict (the store holds another chain),
  // kInvalidArgument (the genesis record names another operator), kIntegrity (INV-NOD-003), what
  // the store returns.
  [[nodiscard]] static Result<std::unique_ptr<LedgerNode>> open(KeyValueStore& store,
                                                                const protocol::Genesis& genesis,
                                                                const crypto::KeyPair& operator_key,
                                                                const Clock& clock, Log& log,
                                                                const NodeOptions& options);

  // Calls `done` once: at once for what is refused by itself or was answered before, else when the
  // transaction is in a block and on disk. Errors: kUnavailable (the pool is full, or the node
  // failed: try again), kAlreadyExists (it waits, and kMaxSubmitWaiters wait for its answer);
  // kMalformed is never one (it is a verdict).
  using SubmitDone = std::function<void(const Result<TxOutcome>& outcome)>;
  void submit(ByteView transaction, SubmitDone done);
  // The same of a transaction of this chain whose signature was checked elsewhere, on another
  // thread, say.
  void submit(const protocol::VerifiedTransaction& transaction, SubmitDone done);

  // Calls `done` with the head once its height is above `after`, or at `deadline_ms` (monotonic)
  // with whatever it is then. kUnavailable if too many wait.
  using BlockDone = std::function<void(const Result<Height>& head)>;
  void wait_block(Height after, std::uint64_t deadline_ms, BlockDone done);

  // Makes a block if one is due, and lets go of waiters whose time is up. True if there was a
  // block. After an error (the disk's) the node is dead: every call answers kUnavailable; start it
  // again.
  [[nodiscard]] Result<bool> tick();
  // Answers everybody who waits with kUnavailable: before an orderly end.
  void shut_down();
  // When tick() has something to do, in monotonic milliseconds; in the past: now.
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const;

  [[nodiscard]] const protocol::BlockHeader& head() const noexcept { return m_chain->head(); }
  [[nodiscard]] const protocol::Genesis& genesis() const noexcept { return m_chain->genesis(); }
  [[nodiscard]] const ChainId& chain() const noexcept { return m_chain->id(); }
  [[nodiscard]] const protocol::StateReader& reader() const noexcept { return m_chain->reader(); }
  [[nodiscard]] const NodeOptions& options() const noexcept { return m_options; }
  [[nodiscard]] std::size_t waiting() const noexcept { return m_pool.size(); }
  // The pool would take these bytes after so many others, if they are a transaction that applies.
  [[nodiscard]] bool has_room(ByteView transaction, std::size_t others) const;
  [[nodiscard]] bool is_waiting(const TxId& id) const { return m_pool.has(id); }
  // None while it takes transactions.
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return m_failure; }
  // Why it takes none for now: see NodeOptions::may_write.
  [[nodiscard]] const std::optional<Error>& pause() const noexcept { return m_pause; }
  // The first block with its transactions and receipts.
  [[nodiscard]] Height bodies_from() const noexcept { return m_chain->bodies_from(); }

  [[nodiscard]] Result<std::optional<SignedHeader>> signed_header(Height height) const;
  // Of a transaction that a block recorded, while the ledger knows its client id.
  [[nodiscard]] Result<std::optional<TxOutcome>> outcome_of(const TxId& id) const {
    return m_chain->outcome_of(id);
  }

 private:
  LedgerNode(std::unique_ptr<Chain> chain, const crypto::KeyPair& operator_key, const Clock& clock,
             Log& log, const NodeOptions& options);
  [[nodiscard]] std::optional<std::uint64_t> next_block_ms() const;
  [[nodiscard]] Status make_block();
  [[nodiscard]] bool may_write();
  void fail(const Error& error);
  void answer_all(const Error& error);
  void release_block_waiters(std::uint64_t now_ms);

  std::unique_ptr<Chain> m_chain;
  const crypto::KeyPair& m_key;
  const Clock& m_clock;
  Log& m_log;
  NodeOptions m_options;

  std::uint64_t m_last_block_ms = 0;  // monotonic
  Mempool m_pool;
  std::optional<Error> m_failure;
  std::optional<Error> m_pause;
  std::uint64_t m_paused_until_ms = 0;
  bool m_may_write = false;  // a transaction asked since the last tick()

  // Every transaction in the pool, and who waits for it.
  struct Submitted {
    std::optional<protocol::VerifiedTransaction> transaction;
    std::vector<SubmitDone> waiters;
  };
  std::unordered_map<TxId, Submitted, IdHasher> m_submitted;
  struct BlockWaiter {
    Height after;
    std::uint64_t deadline_ms = 0;
    BlockDone done;
  };
  std::vector<BlockWaiter> m_block_waiters;
};

}  // namespace assay::node
