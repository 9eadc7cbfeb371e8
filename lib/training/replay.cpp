#include "assay/training/replay.hpp"

namespace assay::training {

Result<Replay> replay_interval(const Task& task, Execution& execution, NamedTensors start,
                               std::uint64_t entry, TaskPool& pool, ReplayOptions options) {
  if (entry >= commit::transcript_entries(task.header)) {
    return {ErrorCode::kInvalidArgument, "the transcript has no entry " + std::to_string(entry)};
  }
  const std::uint64_t high = commit::step_of_entry(task.header, entry);
  const std::uint64_t low = entry == 0 ? 0 : commit::step_of_entry(task.header, entry - 1);
  const auto interior = options.interior_step;
  if (interior && entry != 0 && (*interior <= low || *interior > high)) {
    return {ErrorCode::kInvalidArgument, "step " + std::to_string(*interior) +
                                             " is not inside of interval " + std::to_string(entry)};
  }
  Replay replay;
  replay.end_state = std::move(start);
  if (entry == 0) {
    ASSAY_TRY(replay.end_state, execution.initial_state());
    if (interior) replay.interior_root = state_root(replay.end_state, pool);
  }
  for (std::uint64_t t = low; t < high; ++t) {
    if (options.progress != nullptr && !options.progress->advance(t - low, high - low)) {
      return {ErrorCode::kCancelled, "the replay was stopped"};
    }
    ASSAY_TRY_STATUS(execution.step(t, replay.end_state));
    if (interior == t + 1) replay.interior_root = state_root(replay.end_state, pool);
  }
  if (options.progress != nullptr) options.progress->advance(high - low, high - low);
  replay.end_root = interior == high && replay.interior_root ? *replay.interior_root
                                                             : state_root(replay.end_state, pool);
  return replay;
}

}  // namespace assay::training
