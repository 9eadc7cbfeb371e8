// Replaying one interval of a transcript, as verifiers and whistleblowers do.
#pragma once

#include <optional>

#include "assay/training/execution.hpp"

namespace assay::training {

struct Replay {
  Hash256 end_root;
  std::optional<Hash256> interior_root;  // after `interior_step` steps, for a verifier's seal
  NamedTensors end_state;
};

struct ReplayOptions {
  std::optional<std::uint64_t> interior_step;  // in (start, end] of the interval
  Progress* progress = nullptr;                // in steps; returning false cancels
};

// Executes transcript entry `entry` from `start`, the state of the entry before (ignored for entry
// 0, which is the init program). Errors: kInvalidArgument (no such entry, an interior step outside
// of it), kCancelled, those of the execution.
[[nodiscard]] Result<Replay> replay_interval(const Task& task, Execution& execution,
                                             NamedTensors start, std::uint64_t entry,
                                             TaskPool& pool, ReplayOptions options = {});

}  // namespace assay::training
