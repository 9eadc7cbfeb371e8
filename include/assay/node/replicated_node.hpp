// The ledger of replicated mode as calls see it, sans-I/O: what CometBFT's validators decided comes
// in by committed(), what is submitted goes out to the own CometBFT's mempool by a function that is
// handed in. It shows durable blocks alone, and reads each as it stood when it was written,
// whatever is executed meanwhile.
#pragma once

#include <algorithm>
#include <deque>
#include <unordered_map>

#include "assay/node/verified_transactions.hpp"
#include "assay/node/waiting.hpp"

namespace assay::node {

// Half of each is for games alone, as in the embedded node's pool.
inline constexpr std::size_t kUndecidedMax = 4096;  // CometBFT's mempool takes 5,000 by default
inline constexpr std::size_t kUndecidedBytesMax = std::size_t{32} << 20;
// How long a transaction is waited for: less than a caller waits for us.
inline constexpr std::uint64_t kUndecidedMs = 15'000;

// A block that is on disk.
struct CommittedBlock {
  protocol::BlockHeader header;
  std::vector<TxOutcome> outcomes;
  std::shared_ptr<const KeyValueStore> state;  // as the block left it
  std::uint64_t microseconds = 0;              // that executing and writing it took
};

struct ReplicatedNodeOptions {
  // Hands a transaction to the mempool and answers later, on the loop. Errors: kUnavailable, it
  // certainly was not taken; any other: that is not known.
  using Broadcast = std::function<void(Bytes transaction, std::function<void(Status taken)> done)>;
  Broadcast broadcast;
  std::function<Status()> may_write = {};  // as NodeOptions::may_write
  // CometBFT's light block of a height, at once or later, on the loop; without it no header can be
  // shown. Errors: kUnavailable.
  using LightBlocks = std::function<void(
      std::int64_t height, std::function<void(const Result<comet::LightBlock>& block)> done)>;
  LightBlocks light_block = {};
  // What is handed to the mempool comes back to this process as CometBFT's questions.
  std::shared_ptr<VerifiedTransactions> verified = {};
};

// Not thread-safe: one event loop.
class ReplicatedNode final : public Ledger {
 public:
  // `head`: what the store holds now. All references must outlive the node.
  ReplicatedNode(const protocol::Genesis& genesis, const CommittedBlock& head, const Clock& clock,
                 Log& log, ReplicatedNodeOptions options);

  // The next block is on disk. Answers whose transactions it holds.
  void committed(const CommittedBlock& block);
  // CometBFT was told not to keep this transaction: no block will hold it.
  void refused(const protocol::Receipt& receipt);
  // CometBFT's mempool has no room for it.
  void no_room(const TxId& id, MempoolVerdict why);
  // A block was not begun for want of space.
  void paused() { (void)m_gate.open(); }
  // A block could not be executed or written.
  void failed(const Error& error);

  using Ledger::submit;
  void submit(const protocol::VerifiedTransaction& transaction, SubmitDone done) override;
  void wait_block(Height after, std::uint64_t deadline_ms, BlockDone done) override;
  [[nodiscard]] Result<bool> tick() override;
  void shut_down() override;
  [[nodiscard]] std::optional<std::uint64_t> next_wake_ms() const override;

  [[nodiscard]] const char* mode() const noexcept override { return "replicated"; }
  [[nodiscard]] const protocol::BlockHeader& head() const noexcept override {
    return m_head.header;
  }
  [[nodiscard]] const protocol::StateReader& reader() const noexcept override { return *m_reader; }
  [[nodiscard]] const protocol::Genesis& genesis() const noexcept override { return m_genesis; }
  [[nodiscard]] const ChainId& chain() const noexcept override { return m_head.header.chain; }
  [[nodiscard]] std::uint64_t block_interval_ms() const noexcept override { return 0; }
  [[nodiscard]] std::size_t waiting() const noexcept override { return m_undecided.size(); }
  [[nodiscard]] bool is_waiting(const TxId& id) const override { return m_undecided.count(id) > 0; }
  [[nodiscard]] bool has_room(ByteView transaction, std::size_t others) const override;
  [[nodiscard]] const std::optional<Error>& failure() const noexcept override { return m_failure; }
  [[nodiscard]] const std::optional<Error>& pause() const noexcept override {
    return m_gate.pause();
  }
  // The signatures are zeros: CometBFT's commit shows whose block it is.
  [[nodiscard]] Result<std::optional<SignedHeader>> signed_header(Height height) const override;
  void prove_header(Height height, HeaderProofDone done) const override;
  // CometBFT's header of a height names our header of the one before.
  [[nodiscard]] Height last_shown() const noexcept override {
    return Height{head().height.value - std::min<std::uint64_t>(head().height.value, 1)};
  }
  [[nodiscard]] Result<std::optional<TxOutcome>> outcome_of(const TxId& id) const override;

 private:
  struct Undecided {
    std::vector<SubmitDone> waiters;
    std::size_t bytes = 0;
    bool game = false;
    std::uint64_t number = 0;  // of its entry in m_deadlines
  };
  void show(const CommittedBlock& block);
  void broadcast(const TxId& id, const Bytes& bytes);
  // Takes it out and answers whoever waits for it.
  void answer(const TxId& id, const Result<TxOutcome>& outcome);
  void answer_all(const Error& error);

  protocol::Genesis m_genesis;
  const Clock& m_clock;
  ReplicatedNodeOptions m_options;
  CommittedBlock m_head;
  std::optional<protocol::StateReader> m_reader;    // of m_head.state
  std::optional<protocol::StateMachine> m_machine;  // the same, once somebody asks
  std::optional<Error> m_failure;
  WriteGate m_gate;
  bool m_asked = false;  // the gate, since the last tick()

  std::unordered_map<TxId, Undecided, IdHasher> m_undecided;
  Lanes m_lanes{kUndecidedMax, kUndecidedBytesMax};
  struct Deadline {
    std::uint64_t at_ms = 0;
    std::uint64_t number = 0;
    TxId id;
  };
  std::deque<Deadline> m_deadlines;  // ascending; some are of what was answered
  std::uint64_t m_next_number = 0;
  BlockWaiters m_block_waiters;
};

}  // namespace assay::node
