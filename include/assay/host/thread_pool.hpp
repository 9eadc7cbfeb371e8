// A TaskPool of persistent threads, for kernels that take microseconds: workers spin briefly for
// the next job, then sleep on a futex. Ranges are handed out dynamically, so a core that another
// process keeps busy does not hold up the rest; which thread computes a range never changes its
// result, since pools split outputs only. Workers keep off the processor that `run` is called on,
// within those that the process might use when the pool was made.
#pragma once

#include <memory>

#include "assay/core/faces.hpp"

namespace assay::host {

// `run` may be called from any thread. A nested call (from inside a body) and a call while another
// thread's job runs are executed serially on the caller: no deadlock, no oversubscription. Bodies
// must not throw.
class ThreadTaskPool final : public TaskPool {
 public:
  // `threads` counts the caller, so threads - 1 are started. 0: as many as the process may use.
  explicit ThreadTaskPool(unsigned threads = 0);
  ~ThreadTaskPool() override;
  ThreadTaskPool(const ThreadTaskPool&) = delete;
  ThreadTaskPool& operator=(const ThreadTaskPool&) = delete;

  [[nodiscard]] unsigned thread_count() const override;
  void run(std::size_t count, std::size_t grain,
           const std::function<void(std::size_t first, std::size_t last)>& body) override;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

// The processors that this process may run on (affinity mask), at least 1.
[[nodiscard]] unsigned usable_processors() noexcept;

// The machine's memory; 2^63 if the system does not say.
[[nodiscard]] std::uint64_t physical_memory_bytes() noexcept;

}  // namespace assay::host
