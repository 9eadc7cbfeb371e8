// One training run: executes a task's steps, records the transcript and keeps checkpoints, so that
// a run that was killed continues with identical results. Not thread-safe.
#pragma once

#include <memory>

#include "assay/training/checkpoints.hpp"
#include "assay/training/execution.hpp"

namespace assay::training {

struct RunOptions {
  // Where the run's files are read from when it opens, and written to; none: nothing is kept.
  const Files* files = nullptr;
  CheckpointSink* sink = nullptr;
  std::size_t keep_newest = 0;  // checkpoints to keep; 0: all
  Log* log = nullptr;
  // Off: trains on over losses that are not finite. For whoever delivers transcripts, which end at
  // checkpoints: what comes before the next one is as well defined as any other.
  bool halt_at_non_finite_loss = true;
};

class TrainingRun {
 public:
  // From the newest sound checkpoint, or from the initial state. Everything passed in must outlive
  // it. Errors: of the execution and the files.
  [[nodiscard]] static Result<std::unique_ptr<TrainingRun>> open(const Task& task,
                                                                 Execution& execution,
                                                                 TaskPool& pool,
                                                                 RunOptions options = {});

  // Executes up to `count` more steps, no further than the task's last. After an error the run
  // stands at step() and may be advanced again. Errors: kInvalidArgument at the first loss that is
  // not finite, which ends the run (halted()); those of the execution and of the sink.
  [[nodiscard]] Status advance(std::uint64_t count);

  // Steps done, out of task.header.steps.
  [[nodiscard]] std::uint64_t step() const { return m_step; }
  [[nodiscard]] bool finished() const { return m_step == m_task.header.steps; }
  [[nodiscard]] bool halted() const { return m_halted; }
  [[nodiscard]] std::uint64_t resumed_from() const { return m_resumed_from; }

  [[nodiscard]] const NamedTensors& state() const { return m_state; }
  // Of the state as it stands, hashed in place.
  [[nodiscard]] Hash256 state_root() const { return training::state_root(m_state, m_pool); }
  // Transcript entries so far, from the initial state's root on.
  [[nodiscard]] const std::vector<Hash256>& transcript() const { return m_record.roots; }
  // The loss of every step so far; empty for a program without the slot.
  [[nodiscard]] const std::vector<float>& losses() const { return m_record.losses; }
  // Steps of the checkpoints that were kept, ascending.
  [[nodiscard]] std::vector<std::uint64_t> checkpoints() const;

 private:
  TrainingRun(const Task& task, Execution& execution, TaskPool& pool, RunOptions options)
      : m_task(task), m_execution(execution), m_pool(pool), m_options(options) {}

  [[nodiscard]] Status begin();
  [[nodiscard]] Status one_step();
  [[nodiscard]] Status save_if_due();
  [[nodiscard]] Status drop_old();

  const Task& m_task;
  Execution& m_execution;
  TaskPool& m_pool;
  RunOptions m_options;
  NamedTensors m_state;
  std::uint64_t m_step = 0;
  std::uint64_t m_resumed_from = 0;
  bool m_halted = false;
  Journal m_record;
};

}  // namespace assay::training
