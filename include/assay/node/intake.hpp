// Checks the signatures of transactions on other threads, in pieces, and hands them to the node in
// the order in which they came, so that a sender's later nonce never overtakes an earlier one
// (docs/spec/node.md, "Mempool"). Sans-I/O as the node is: the threads are handed in.
#pragma once

#include <deque>

#include "assay/node/ledger.hpp"

namespace assay::node {

inline constexpr std::size_t kIntakePiece = 128;  // transactions that a thread takes at once
// Half of each is for games alone, as in the pool.
inline constexpr std::size_t kIntakeTransactionsMax = 16'384;
inline constexpr std::size_t kIntakeBytesMax = std::size_t{32} << 20;

// Not thread-safe: on the node's event loop.
class Intake {
 public:
  // Runs `job` on some thread and then `done` on the node's. False: neither, for now.
  using Run = std::function<bool(std::function<void()> job, std::function<void()> done)>;
  // The node must outlive the intake; a `done` of a piece under way may come after it.
  Intake(Ledger& node, Run run);

  // As Ledger::submit, but the answer comes later. kUnavailable at once, without looking at the
  // signature, if too many are being checked or if the pool has no room for it.
  void submit(Bytes transaction, Ledger::SubmitDone done);
  // Sends off what does not fill a piece. After a last submit().
  void flush();
  // Answers everybody whose transaction is being checked with kUnavailable, and whoever comes
  // later: before an orderly end, with the node's.
  void shut_down();
  // Transactions whose signatures are not checked yet.
  [[nodiscard]] std::size_t checking() const noexcept { return m_state->count; }
  // When to send again what was refused for want of room, in milliseconds.
  [[nodiscard]] std::uint64_t retry_after_ms() const;

 private:
  struct Item {
    Bytes bytes;
    std::size_t size = 0;  // of the bytes
    Ledger::SubmitDone done;
    TxId id;
    protocol::TxVerdict verdict{};
    std::optional<protocol::VerifiedTransaction> transaction;
  };
  struct Piece {
    std::vector<Item> items;
    bool checked = false;
    void answer_all(const Error& error);
  };
  struct State {
    explicit State(Ledger& the_node) : node(the_node) {}
    Ledger& node;
    std::deque<std::shared_ptr<Piece>> pieces;  // under way, in order of arrival
    std::size_t count = 0;
    std::size_t bytes = 0;
    void hand_on();
  };
  std::shared_ptr<State> m_state;
  Run m_run;
  std::shared_ptr<Piece> m_filling;
  bool m_stopped = false;
};

}  // namespace assay::node
