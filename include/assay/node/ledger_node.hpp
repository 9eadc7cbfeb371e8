// The ledger node of embedded mode, sans-I/O (docs/spec/node.md): transactions in, blocks out, one
// atomic synced write each. It starts no thread and opens no socket; drive it from one event loop:
// call tick() when next_wake_ms() says so and after every submit().
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "assay/node/mempool.hpp"
#include "assay/node/waiting.hpp"

namespace assay::node {

struct NodeOptions {
  std::uint64_t block_interval_ms = 200;  // least time between blocks that are not full
  ChainOptions chain = {};
  // Asked before every block and the first transaction after every tick(); an error (of the disk's
  // space, say) pauses the node: it reads and answers, takes nothing, and goes on by itself.
  std::function<Status()> may_write = {};
};

// Not thread-safe: one event loop.
class LedgerNode final : public Ledger {
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

  using Ledger::submit;
  void submit(const protocol::VerifiedTransaction& transaction, SubmitDone done) override;
  void wait_block(Height after, std::uint64_t deadline_ms, BlockDone done) override;
  // Makes a block if one is due.
  [[nodiscard]] Result<bool> tick() override;
  void shut_down() override;
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const override;

  [[nodiscard]] const char* mode() const noexcept override { return "embedded"; }
  [[nodiscard]] const protocol::BlockHeader& head() const noexcept override {
    return m_chain->head();
  }
  [[nodiscard]] const protocol::StateReader& reader() const noexcept override {
    return m_chain->reader();
  }
  [[nodiscard]] const protocol::Genesis& genesis() const noexcept override {
    return m_chain->genesis();
  }
  [[nodiscard]] const ChainId& chain() const noexcept override { return m_chain->id(); }
  [[nodiscard]] std::uint64_t block_interval_ms() const noexcept override {
    return m_options.block_interval_ms;
  }
  [[nodiscard]] std::size_t waiting() const noexcept override { return m_pool.size(); }
  [[nodiscard]] bool is_waiting(const TxId& id) const override { return m_submitted.count(id) > 0; }
  [[nodiscard]] bool has_room(ByteView transaction, std::size_t others) const override;
  [[nodiscard]] const std::optional<Error>& failure() const noexcept override { return m_failure; }
  [[nodiscard]] const std::optional<Error>& pause() const noexcept override {
    return m_gate.pause();
  }
  // The first block with its transactions and receipts.
  [[nodiscard]] Height bodies_from() const noexcept { return m_chain->bodies_from(); }

  [[nodiscard]] Result<std::optional<SignedHeader>> signed_header(Height height) const override;
  void prove_header(Height height, HeaderProofDone done) const override;
  [[nodiscard]] Height last_shown() const noexcept override { return head().height; }
  [[nodiscard]] Result<std::optional<TxOutcome>> outcome_of(const TxId& id) const override {
    return m_chain->outcome_of(id);
  }

 private:
  LedgerNode(std::unique_ptr<Chain> chain, const crypto::KeyPair& operator_key, const Clock& clock,
             Log& log, const NodeOptions& options);
  [[nodiscard]] std::optional<std::uint64_t> next_block_ms() const;
  [[nodiscard]] Status make_block();
  void fail(const Error& error);
  void answer_all(const Error& error);

  std::unique_ptr<Chain> m_chain;
  const crypto::KeyPair& m_key;
  const Clock& m_clock;
  Log& m_log;
  NodeOptions m_options;

  std::uint64_t m_last_block_ms = 0;  // monotonic
  Mempool m_pool;
  std::optional<Error> m_failure;
  WriteGate m_gate;
  bool m_may_write = false;  // a transaction asked since the last tick()

  // Every transaction in the pool, and who waits for it.
  struct Submitted {
    std::optional<protocol::VerifiedTransaction> transaction;
    std::vector<SubmitDone> waiters;
  };
  std::unordered_map<TxId, Submitted, IdHasher> m_submitted;
  BlockWaiters m_block_waiters;
};

}  // namespace assay::node
