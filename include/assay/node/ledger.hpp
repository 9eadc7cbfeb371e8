// A ledger as calls, events and monitors see it, whoever orders its transactions: the node itself
// (ledger_node.hpp) or CometBFT's validators (replicated_node.hpp). Sans-I/O and not thread-safe:
// one event loop calls tick() when next_wake_ms() says so and after every submit().
#pragma once

#include "assay/node/chain.hpp"
#include "assay/node/header_proof.hpp"

namespace assay::node {

inline constexpr std::size_t kMaxSubmitWaiters = 8;  // of one transaction

class Ledger {
 public:
  virtual ~Ledger() = default;

  // Calls `done` once: at once for what is refused by itself or was answered before, else when the
  // transaction is in a block and on disk. Errors: kUnavailable (it was not taken: send it again in
  // a while), kAlreadyExists (it waits, and kMaxSubmitWaiters wait for its answer), kTimeout (no
  // block has held it for long, and one may yet: ask for its result, or send it again); kMalformed
  // is never one (it is a verdict).
  using SubmitDone = std::function<void(const Result<TxOutcome>& outcome)>;
  void submit(ByteView transaction, SubmitDone done);
  // The same of a transaction of this chain whose signature was checked elsewhere, on another
  // thread, say.
  virtual void submit(const protocol::VerifiedTransaction& transaction, SubmitDone done) = 0;

  // Calls `done` with the head once its height is above `after`, or at `deadline_ms` (monotonic)
  // with whatever it is then. kUnavailable if too many wait.
  using BlockDone = std::function<void(const Result<Height>& head)>;
  virtual void wait_block(Height after, std::uint64_t deadline_ms, BlockDone done) = 0;

  // Does what is due, and lets go of waiters whose time is up. True if it made a block. After an
  // error (the disk's) the ledger is dead: every call answers kUnavailable; start it again.
  [[nodiscard]] virtual Result<bool> tick() = 0;
  // Answers everybody who waits with kUnavailable: before an orderly end.
  virtual void shut_down() = 0;
  // When tick() has something to do, in monotonic milliseconds; in the past: now.
  [[nodiscard]] virtual std::optional<std::uint64_t> next_wake_ms() const = 0;

  // "embedded" or "replicated".
  [[nodiscard]] virtual const char* mode() const noexcept = 0;
  // Of the last block that is on disk, and what it left: both change in tick() or between calls,
  // never while a caller is answered.
  [[nodiscard]] virtual const protocol::BlockHeader& head() const noexcept = 0;
  [[nodiscard]] virtual const protocol::StateReader& reader() const noexcept = 0;
  [[nodiscard]] virtual const protocol::Genesis& genesis() const noexcept = 0;
  [[nodiscard]] virtual const ChainId& chain() const noexcept = 0;
  // Least time between blocks that are not full; 0: others decide.
  [[nodiscard]] virtual std::uint64_t block_interval_ms() const noexcept = 0;
  // Transactions without a block.
  [[nodiscard]] virtual std::size_t waiting() const noexcept = 0;
  [[nodiscard]] virtual bool is_waiting(const TxId& id) const = 0;
  // It would take these bytes after so many others, if they are a transaction that applies.
  [[nodiscard]] virtual bool has_room(ByteView transaction, std::size_t others) const = 0;
  // None while it takes transactions.
  [[nodiscard]] virtual const std::optional<Error>& failure() const noexcept = 0;
  // Why it takes none for now.
  [[nodiscard]] virtual const std::optional<Error>& pause() const noexcept = 0;

  [[nodiscard]] virtual Result<std::optional<SignedHeader>> signed_header(Height height) const = 0;
  // Calls `done` with what shows that a block's header is the chain's, at once or later. Errors:
  // kNotFound (no such block), kUnavailable (of a replicated ledger's last block there is nothing
  // to show before the next one), those of the store.
  using HeaderProofDone = std::function<void(const Result<HeaderProof>& proof)>;
  virtual void prove_header(Height height, HeaderProofDone done) const = 0;
  // The last block whose header can be shown.
  [[nodiscard]] virtual Height last_shown() const noexcept = 0;
  // Of a transaction that a block recorded, while the ledger knows its client id.
  [[nodiscard]] virtual Result<std::optional<TxOutcome>> outcome_of(const TxId& id) const = 0;
};

// kNotFound.
[[nodiscard]] Error no_such_block();
// What whoever still waits is told before an orderly end: kUnavailable.
[[nodiscard]] Error stopping();
// What everybody is told of a ledger that failed.
[[nodiscard]] Error dead(const Error& why);
// The outcome of a transaction that no block holds.
[[nodiscard]] TxOutcome outcome_from(const protocol::Receipt& receipt);

}  // namespace assay::node
