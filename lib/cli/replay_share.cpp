#include "assay/cli/replay_share.hpp"

#include "assay/cli/bench_models.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/training/replay.hpp"
#include "internal/overhead_cost.hpp"

namespace assay::cli {

namespace {

using internal::now_s;
using internal::quartiles_of;

Result<training::Task> task_of(const std::string& name, std::uint64_t interval, TaskPool& pool) {
  ASSAY_TRY(BenchModel model, bench_model(name));
  ASSAY_TRY(models::TaskPrograms programs, models::build(model.description));
  return training::make_task(
      {.seed = 1, .steps = interval, .commit_interval = interval, .checkpoint_interval = interval},
      std::move(programs.init), std::move(programs.step), std::move(model.data), pool);
}

Result<double> training_s(const training::Task& task, training::Execution& execution,
                          TaskPool& pool) {
  ASSAY_TRY(NamedTensors start, execution.initial_state());
  const double before = now_s();
  ASSAY_TRY(const training::Replay replay,
            training::replay_interval(task, execution, std::move(start), 1, pool));
  ASSAY_INVARIANT(replay.end_root != Hash256{});
  return now_s() - before;
}

internal::GameSides sides_of(StatePlace place, std::uint64_t interval, player::SpareDisk& disk) {
  internal::GameSides sides;
  for (player::IntervalOptions* side : {&sides.defender, &sides.challenger}) {
    if (place != StatePlace::kMemory) side->state_cache_bytes = 0;
    if (place != StatePlace::kDisk) continue;
    side->disk = &disk;
    side->disk_folder = side == &sides.defender ? "defender" : "challenger";
    side->states_on_disk_max = player::states_on_disk(interval);
  }
  return sides;
}

}  // namespace

Result<ReplayShare> measure_replay_share(const std::string& model, std::uint64_t interval,
                                         StatePlace place, unsigned threads, unsigned rounds,
                                         Files& disk) {
  if (interval < 2 || rounds == 0)
    return {ErrorCode::kInvalidArgument, "an interval of at least 2 steps, and a round"};
  host::ThreadTaskPool pool(threads);
  ASSAY_TRY(const training::Task task, task_of(model, interval, pool));
  ASSAY_TRY(const auto execution, training::ProgramExecution::create(task, pool));
  player::SpareDisk spare(disk, UINT64_MAX);
  std::vector<double> interval_s, defender, challenger;
  ASSAY_TRY(double before, training_s(task, *execution, pool));
  for (unsigned round = 0; round < rounds; ++round) {
    ASSAY_TRY(const DisputeCost game,
              internal::dispute_cost(task, interval - 1, sides_of(place, interval, spare), pool));
    ASSAY_TRY(const double after, training_s(task, *execution, pool));
    defender.push_back(2 * game.defender_s / (before + after));
    challenger.push_back(2 * game.challenger_s / (before + after));
    interval_s.push_back(before = after);
  }
  return ReplayShare{quartiles_of(std::move(interval_s)).median, quartiles_of(std::move(defender)),
                     quartiles_of(std::move(challenger))};
}

}  // namespace assay::cli
