// A trace whose outputs are all kept, whoever computed them.
#pragma once

#include "assay/training/execution.hpp"
#include "cheats/interpreter.hpp"

namespace assay::cheats {

class KeptTrace final : public training::Trace {
 public:
  KeptTrace(Run run, TaskPool& pool) : m_outputs(std::move(run.outputs)) {
    for (const Tensor& output : m_outputs) {
      m_roots.push_back(commit::tensor_root(output.type(), output.bytes(), pool));
    }
    m_end = training::state_tree(run.after, pool);
  }
  const std::vector<Hash256>& node_roots() const override { return m_roots; }
  Result<Bytes> node_output(std::uint32_t node) override {
    return to_bytes(m_outputs[node].bytes());
  }
  const commit::NamedTree& end_state() const override { return m_end; }

 private:
  std::vector<Tensor> m_outputs;
  std::vector<Hash256> m_roots;
  commit::NamedTree m_end;
};

}  // namespace assay::cheats
