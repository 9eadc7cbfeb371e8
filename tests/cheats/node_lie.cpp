#include "cheats/node_lie.hpp"

#include "cheats/kept_trace.hpp"

namespace assay::cheats {
namespace {

class Liar final : public training::Execution {
 public:
  Liar(const training::Task& task, TaskPool& pool, const NodeLie& lie,
       std::unique_ptr<training::Execution> honest)
      : m_task(task), m_pool(pool), m_lie(lie), m_honest(std::move(honest)) {}

  Result<NamedTensors> initial_state() override {
    if (!m_lie.in_init) return m_honest->initial_state();
    return run({}).after;
  }
  Status step(std::uint64_t t, NamedTensors& state) override {
    if (!lies_at(t)) return m_honest->step(t, state);
    state = run(state).after;
    return {};
  }
  Result<std::unique_ptr<training::Trace>> trace_init() override {
    if (!m_lie.in_init) return m_honest->trace_init();
    return std::unique_ptr<training::Trace>(new KeptTrace(run({}), m_pool));
  }
  Result<std::unique_ptr<training::Trace>> trace_step(std::uint64_t t,
                                                      const NamedTensors& before) override {
    if (!lies_at(t)) return m_honest->trace_step(t, before);
    return std::unique_ptr<training::Trace>(new KeptTrace(run(before), m_pool));
  }

 private:
  [[nodiscard]] bool lies_at(std::uint64_t t) const { return !m_lie.in_init && t == m_lie.step; }
  [[nodiscard]] Run run(const NamedTensors& before) {
    return interpret((m_lie.in_init ? m_task.init : m_task.step)->program(), m_task.data,
                     numerics::best_isa(), m_pool, m_lie.in_init ? 0 : m_lie.step,
                     m_task.header.seed, before, tamper_of(m_lie));
  }

  const training::Task& m_task;
  TaskPool& m_pool;
  NodeLie m_lie;
  std::unique_ptr<training::Execution> m_honest;
};

}  // namespace

Tamper tamper_of(const NodeLie& lie) {
  return [lie](std::uint32_t node, Tensor& output) {
    if (node != lie.node) return;
    const std::size_t at = lie.element * size_of(output.dtype()) + lie.bit / 8;
    output.data()[at] ^= static_cast<std::uint8_t>(1u << lie.bit % 8);
  };
}

Result<std::unique_ptr<training::Execution>> make_node_lie(const training::Task& task,
                                                           TaskPool& pool, const NodeLie& lie) {
  ASSAY_TRY(auto honest, training::ProgramExecution::create(task, pool));
  return std::unique_ptr<training::Execution>(new Liar(task, pool, lie, std::move(honest)));
}

}  // namespace assay::cheats
