// For embed.cpp: somebody who runs the agreed programs but for one step, in which one bit of one
// weight comes out otherwise, and who stands by it when asked. It shows the seam that the protocol
// is about: training::Execution is what a party computes, the task is what was agreed.
#pragma once

#include <string>
#include <utility>

#include "assay/training/execution.hpp"

namespace examples {

struct Lie {
  std::uint64_t step = 0;
  std::size_t element = 5;
  unsigned bit = 12;  // of the element's 32; here in the middle of the fraction
};

inline void flip(assay::MutableBytes tensor, const Lie& lie) {
  tensor[4 * lie.element + lie.bit / 8] ^= static_cast<std::uint8_t>(1u << lie.bit % 8);
}

// The honest trace, but for the node that computes the weight: its output and the state that it
// becomes carry the lie.
class LyingTrace final : public assay::training::Trace {
 public:
  LyingTrace(std::unique_ptr<Trace> honest, std::vector<assay::Hash256> roots, std::uint32_t node,
             assay::commit::NamedTree end, Lie lie)
      : m_honest(std::move(honest)),
        m_roots(std::move(roots)),
        m_node(node),
        m_end(std::move(end)),
        m_lie(lie) {}
  const std::vector<assay::Hash256>& node_roots() const override { return m_roots; }
  const assay::commit::NamedTree& end_state() const override { return m_end; }
  assay::Result<assay::Bytes> node_output(std::uint32_t node) override {
    ASSAY_TRY(assay::Bytes bytes, m_honest->node_output(node));
    if (node == m_node) flip(bytes, m_lie);
    return bytes;
  }

 private:
  std::unique_ptr<Trace> m_honest;
  std::vector<assay::Hash256> m_roots;
  std::uint32_t m_node;
  assay::commit::NamedTree m_end;
  Lie m_lie;
};

class LyingExecution final : public assay::training::Execution {
 public:
  // Everything passed in must outlive it. It lies about the first weight of the model.
  LyingExecution(const assay::training::Task& task, Execution& honest, assay::TaskPool& pool,
                 Lie lie)
      : m_honest(honest), m_pool(pool), m_lie(lie) {
    for (const auto& slot : task.step->program().slots)
      if (m_slot.empty() && slot.name.starts_with("model/") && slot.name.ends_with("weight")) {
        m_slot = slot.name;
        m_node = slot.output;
      }
  }

  assay::Result<assay::NamedTensors> initial_state() override { return m_honest.initial_state(); }
  assay::Result<std::unique_ptr<assay::training::Trace>> trace_init() override {
    return m_honest.trace_init();
  }
  assay::Status step(std::uint64_t t, assay::NamedTensors& state) override {
    ASSAY_TRY_STATUS(m_honest.step(t, state));
    if (t == m_lie.step) flip(state.at(m_slot).bytes(), m_lie);
    return {};
  }
  assay::Result<std::unique_ptr<assay::training::Trace>> trace_step(
      std::uint64_t t, const assay::NamedTensors& before) override {
    ASSAY_TRY(auto trace, m_honest.trace_step(t, before));
    if (t != m_lie.step) return trace;
    assay::NamedTensors after = before;
    ASSAY_TRY_STATUS(step(t, after));
    const assay::Tensor& weight = after.at(m_slot);
    std::vector<assay::Hash256> roots = trace->node_roots();
    roots[m_node] = assay::commit::tensor_root(weight.type(), weight.bytes(), m_pool);
    return std::unique_ptr<assay::training::Trace>(
        std::make_unique<LyingTrace>(std::move(trace), std::move(roots), m_node,
                                     assay::training::state_tree(after, m_pool), m_lie));
  }

 private:
  Execution& m_honest;
  assay::TaskPool& m_pool;
  Lie m_lie;
  std::string m_slot;
  std::uint32_t m_node = 0;
};

}  // namespace examples
