// The parts of cli/overhead.hpp that measure one thing each. Private to cli.
#pragma once

#include "assay/cli/overhead.hpp"
#include "assay/player/player.hpp"
#include "assay/training/task.hpp"

namespace assay::cli::internal {

// Seconds of a monotonic clock.
[[nodiscard]] double now_s();

[[nodiscard]] Quartiles quartiles_of(std::vector<double> values);

// What each side of a game may keep.
struct GameSides {
  player::IntervalOptions defender;
  player::IntervalOptions challenger;
};
// A game about entry 1 of a transcript of `task`, whose defender's machine flipped a bit in step
// `false_step` of that interval, played until the referee has decided.
[[nodiscard]] Result<DisputeCost> dispute_cost(const training::Task& task, std::uint64_t false_step,
                                               const GameSides& sides, TaskPool& pool);

// Bytes of the transactions of a task that nobody challenges (OverheadRow::ledger_bytes).
[[nodiscard]] std::uint64_t quiet_ledger_bytes(const training::Task& task);

}  // namespace assay::cli::internal
