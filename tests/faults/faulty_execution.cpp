#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/memory_access.hpp"
#include "cheats/kept_trace.hpp"
#include "faults/fault.hpp"

namespace assay::faults {

using training::Trace;

cheats::Run FaultyExecution::run(std::uint64_t t, const NamedTensors& before) {
  const training::Task& task = m_world.task();
  const graph::Program& program =
      m_fault.program ? *m_fault.program : m_world.program(m_fault.in_init);
  cheats::Run run =
      cheats::interpret(program, m_fault.data ? *m_fault.data : task.data, numerics::best_isa(),
                        m_world.pool(), m_fault.other_t ? m_fault.other_t(t) : t,
                        m_fault.seed.value_or(task.header.seed), before, m_fault.tamper);
  if (m_fault.change) m_fault.change(t, before, run);
  return run;
}

Result<NamedTensors> FaultyExecution::initial_state() {
  if (!m_fault.in_init) return m_world.honest().initial_state();
  return run(0, {}).after;
}

Status FaultyExecution::step(std::uint64_t t, NamedTensors& state) {
  if (!m_fault.is_in(t)) return m_world.honest().step(t, state);
  state = run(t, state).after;
  return {};
}

Result<std::unique_ptr<Trace>> FaultyExecution::trace_init() {
  if (!m_fault.in_init) return m_world.honest().trace_init();
  return std::unique_ptr<Trace>(new cheats::KeptTrace(run(0, {}), m_world.pool()));
}

Result<std::unique_ptr<Trace>> FaultyExecution::trace_step(std::uint64_t t,
                                                           const NamedTensors& before) {
  if (!m_fault.is_in(t)) return m_world.honest().trace_step(t, before);
  return std::unique_ptr<Trace>(new cheats::KeptTrace(run(t, before), m_world.pool()));
}

bool Fault::lies_at(std::uint32_t fold_steps) const {
  return fold_lies && Random(*fold_lies + fold_steps)() % 2 == 0;
}

std::vector<numerics::FoldState> claimed_fold(World& world, const Fault& fault,
                                              const FoldPlace& place,
                                              const std::vector<std::uint32_t>& at) {
  const graph::Node& node = world.program(fault.in_init).nodes[place.node];
  const cheats::Run& truth = world.truth(fault.in_init, place.step);
  numerics::MemoryAccess access;
  access.spec = &node.spec;
  for (unsigned k = 0; k < node.spec.operand_count; ++k)
    access.operands[k] = truth.outputs[node.inputs[k]].data();
  const numerics::FloatingPointMode mode;
  numerics::FoldState state = numerics::fold_init(node.spec, place.element);
  std::vector<numerics::FoldState> states;
  std::uint32_t step = 0;
  for (const std::uint32_t upto : at) {
    for (; step < upto; ++step) {
      numerics::fold_step<numerics::HardwareArithmetic>(node.spec, place.element, step, access,
                                                        state);
      if (fault.fold && step == fault.fold->step)
        state.words[fault.fold->word] ^= 1u << fault.fold->bit;
    }
    states.push_back(state);
    if (fault.lies_at(upto)) states.back().words[0] ^= 1;
  }
  return states;
}

}  // namespace assay::faults
