// What both kinds of ledger do for those who wait: for the next block, and for room on the disk.
// Not thread-safe.
#pragma once

#include "assay/node/ledger.hpp"

namespace assay::node {

inline constexpr std::size_t kMaxBlockWaiters = 4096;

class BlockWaiters {
 public:
  // See Ledger::wait_block().
  void add(Height head, Height after, std::uint64_t deadline_ms, Ledger::BlockDone done);
  // Answers those whose block is there or whose time is up.
  void release(Height head, std::uint64_t now_ms);
  void answer_all(const Error& error);
  // The next whose time is up.
  [[nodiscard]] std::optional<std::uint64_t> next_deadline() const;

 private:
  struct Waiter {
    Height after;
    std::uint64_t deadline_ms = 0;
    Ledger::BlockDone done;
  };
  std::vector<Waiter> m_waiters;
};

// How often a ledger that may not write asks whether it may again.
inline constexpr std::uint64_t kPauseMs = 1000;

// Closed while `may_write` returns an error (of the disk's space, say). Logs node.pause and
// node.go_on.
class WriteGate {
 public:
  WriteGate(std::function<Status()> may_write, const Clock& clock, Log& log)
      : m_may_write(std::move(may_write)), m_clock(clock), m_log(log) {}
  // Asks, but while it is closed at most every kPauseMs.
  [[nodiscard]] bool open();
  // Why it is closed, if it was when it was last asked.
  [[nodiscard]] const std::optional<Error>& pause() const noexcept { return m_pause; }
  // Until when it is not asked again; 0: it is open.
  [[nodiscard]] std::uint64_t closed_until_ms() const noexcept { return m_pause ? m_until_ms : 0; }

 private:
  std::function<Status()> m_may_write;
  const Clock& m_clock;
  Log& m_log;
  std::optional<Error> m_pause;
  std::uint64_t m_until_ms = 0;
};

}  // namespace assay::node
