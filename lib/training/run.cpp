#include "assay/training/run.hpp"

#include <cmath>

#include "assay/tensor/safetensors.hpp"

namespace assay::training {

Result<std::unique_ptr<TrainingRun>> TrainingRun::open(const Task& task, Execution& execution,
                                                       TaskPool& pool, RunOptions options) {
  std::unique_ptr<TrainingRun> run(new TrainingRun(task, execution, pool, options));
  ASSAY_TRY_STATUS(run->begin());
  return run;
}

Status TrainingRun::begin() {
  if (m_options.files != nullptr) {
    const CheckpointReader reader(*m_options.files, m_task.root(), m_pool, m_options.log);
    ASSAY_TRY(m_record, reader.journal());
    ASSAY_TRY(auto known, reader.nearest(m_record, m_task.header.steps));
    std::size_t marks = m_record.marks.size();
    while (marks > 0 && (!known || m_record.marks[marks - 1].step > known->step)) --marks;
    m_record.cut_after(marks);
    if (known) {
      m_state = std::move(known->state);
      m_step = m_resumed_from = known->step;
      return {};
    }
  }
  ASSAY_TRY(m_state, m_execution.initial_state());
  m_record.roots.push_back(state_root());
  return {};
}

Status TrainingRun::advance(std::uint64_t count) {
  if (m_halted) {
    return {ErrorCode::kInvalidArgument, "the run halted at step " + std::to_string(m_step)};
  }
  ASSAY_TRY_STATUS(save_if_due());
  for (; count > 0 && !finished(); --count) {
    ASSAY_TRY_STATUS(one_step());
    ASSAY_TRY_STATUS(save_if_due());
  }
  return {};
}

Status TrainingRun::one_step() {
  ASSAY_TRY_STATUS(m_execution.step(m_step, m_state));
  ++m_step;
  const commit::TaskHeader& header = m_task.header;
  if (m_step % header.commit_interval == 0 || finished()) m_record.roots.push_back(state_root());
  const auto loss = m_state.find(kLossSlot);
  if (loss == m_state.end() || loss->second.type() != TensorType{DType::kF32, {}}) return {};
  const float value = loss->second.as<float>()[0];
  m_record.losses.push_back(value);
  if (std::isfinite(value) || !m_options.halt_at_non_finite_loss) return {};
  m_halted = true;
  return {ErrorCode::kInvalidArgument,
          "the loss of step " + std::to_string(m_step) +
              " is not finite: the run ends here; use a smaller learning "
              "rate or other data"};
}

Status TrainingRun::save_if_due() {
  const bool due = m_step > 0 && (commit::is_checkpoint(m_task.header, m_step) || finished());
  const std::uint64_t saved = m_record.marks.empty() ? 0 : m_record.marks.back().step;
  if (!due || saved == m_step || m_options.sink == nullptr) return {};
  ASSAY_TRY(Bytes file, tensor::write_safetensors(m_state));
  ASSAY_TRY_STATUS(m_options.sink->write(checkpoint_name(m_step), std::move(file)));
  const Journal::Mark last = m_record.marks.empty() ? Journal::Mark{} : m_record.marks.back();
  JournalSegment segment{m_task.root(), saved, m_step, {}, {}};
  segment.roots.assign(m_record.roots.begin() + static_cast<std::ptrdiff_t>(last.roots),
                       m_record.roots.end());
  segment.losses.assign(m_record.losses.begin() + static_cast<std::ptrdiff_t>(last.losses),
                        m_record.losses.end());
  ASSAY_TRY_STATUS(m_options.sink->write(journal_name(m_step), encode_segment(segment)));
  m_record.marks.push_back({m_step, m_record.roots.size(), m_record.losses.size()});
  ASSAY_TRY_STATUS(drop_old());
  return finished() ? m_options.sink->flush() : Status{};
}

// The journal stays: it is small, and the transcript needs all of it.
Status TrainingRun::drop_old() {
  const std::size_t keep = m_options.keep_newest;
  if (keep == 0 || m_record.marks.size() <= keep) return {};
  return m_options.sink->remove(
      checkpoint_name(m_record.marks[m_record.marks.size() - keep - 1].step));
}

std::vector<std::uint64_t> TrainingRun::checkpoints() const {
  std::vector<std::uint64_t> steps;
  const std::size_t count = m_record.marks.size();
  const std::size_t keep =
      m_options.keep_newest == 0 ? count : std::min(count, m_options.keep_newest);
  for (std::size_t i = count - keep; i < count; ++i) steps.push_back(m_record.marks[i].step);
  return steps;
}

}  // namespace assay::training
