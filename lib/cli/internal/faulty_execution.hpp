// An execution on a machine that flips one bit of one weight, once: what a dispute is measured
// with. It computes faithfully everywhere else and stands by what it computed.
#pragma once

#include "assay/training/execution.hpp"

namespace assay::cli::internal {

class FaultyExecution final : public training::Execution {
 public:
  // Everything passed in must outlive it. The fault is in step `step`, in the middle of the
  // model's largest slot.
  FaultyExecution(const training::Task& task, training::Execution& sound, TaskPool& pool,
                  std::uint64_t step);

  [[nodiscard]] Result<NamedTensors> initial_state() override { return m_sound.initial_state(); }
  [[nodiscard]] Status step(std::uint64_t t, NamedTensors& state) override;
  [[nodiscard]] Result<std::unique_ptr<training::Trace>> trace_init() override {
    return m_sound.trace_init();
  }
  [[nodiscard]] Result<std::unique_ptr<training::Trace>> trace_step(
      std::uint64_t t, const NamedTensors& before) override;

 private:
  training::Execution& m_sound;
  TaskPool& m_pool;
  std::uint64_t m_step;
  std::string m_slot;
  std::uint32_t m_node = 0;  // that the slot is bound to
};

}  // namespace assay::cli::internal
