// For how long the ledger remembers what is over, and how fast it forgets (docs/spec/protocol.md,
// "What is forgotten").
#pragma once

#include <cstddef>
#include <cstdint>

namespace assay::protocol {

// The longest that a transaction may be valid, and so for how long a client id is answered with its
// first result.
inline constexpr std::uint64_t kMaxValidityBlocks = 1'000'000;
// From a task's end on: for as long as a repeated transaction about it is answered as the first one
// was. Nothing else reads it: its money has moved, and no stake stands behind it any more.
inline constexpr std::uint64_t kEndedTaskBlocks = kMaxValidityBlocks;
// Records that one block erases. No transaction makes more than four that wait for it (a committed
// challenge: it, its id, and a part by account and by task), so what is due never piles up for
// longer than blocks are full.
inline constexpr std::size_t kMaxErasuresPerBlock = 32'768;

struct Horizon {
  std::uint64_t validity_blocks = kMaxValidityBlocks;
  std::uint64_t ended_task_blocks = kEndedTaskBlocks;
  std::size_t erasures_max = kMaxErasuresPerBlock;
};

#if defined(ASSAY_AUDIT) && ASSAY_AUDIT
// A test's horizon, for as long as it lives, in this thread.
class ShortMemory {
 public:
  explicit ShortMemory(const Horizon& horizon) : m_saved(s_horizon) { s_horizon = horizon; }
  ~ShortMemory() { s_horizon = m_saved; }
  ShortMemory(const ShortMemory&) = delete;
  ShortMemory& operator=(const ShortMemory&) = delete;

 private:
  friend Horizon horizon() noexcept;
  static inline thread_local Horizon s_horizon;
  Horizon m_saved;
};
[[nodiscard]] inline Horizon horizon() noexcept { return ShortMemory::s_horizon; }
#else
[[nodiscard]] constexpr Horizon horizon() noexcept { return {}; }
#endif

}  // namespace assay::protocol
