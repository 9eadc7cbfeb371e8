// SIGINT and SIGTERM as a wish to stop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "assay/core/result.hpp"

namespace assay::host {

// One per process at a time. The first signal asks for an orderly stop; a second one ends the
// process at once, as it would have without us. Members are thread-safe.
class StopSource {
 public:
  // Installs the handlers. kConflict if another StopSource is alive.
  [[nodiscard]] static Result<std::unique_ptr<StopSource>> install();
  // Puts back the handlers that were there before.
  ~StopSource();
  StopSource(const StopSource&) = delete;
  StopSource& operator=(const StopSource&) = delete;

  [[nodiscard]] bool stop_requested() const noexcept;
  // As if a signal had come (its number is then 0). Async-signal-safe.
  void request_stop() noexcept;
  // The signal that came, or 0.
  [[nodiscard]] int signal_number() const noexcept;
  // Readable once a stop is wanted, and ever after: for poll(2).
  [[nodiscard]] int event_fd() const noexcept;
  // Waits until a stop is wanted or the time is over; whether it is wanted.
  bool wait_ms(std::uint64_t timeout_ms) const;
  // Called once, on a thread of its own, when a stop is wanted (at once if it already is). At most
  // one callback; set it once. The destructor waits for it.
  void on_stop(std::function<void()> callback);

 private:
  StopSource();
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace assay::host
