#include "internal/faulty_execution.hpp"

namespace assay::cli::internal {

namespace {

void flip_a_bit(MutableBytes tensor) {
  constexpr std::uint8_t kBit = 0x10;
  tensor[tensor.size() / 8 * 4 + 1] ^= kBit;  // in the fraction of the element in the middle
}

// The sound trace, but for the output of one node and the state that it becomes.
class FaultyTrace final : public training::Trace {
 public:
  FaultyTrace(std::unique_ptr<Trace> sound, std::vector<Hash256> roots, std::uint32_t node,
              commit::NamedTree end)
      : m_sound(std::move(sound)), m_roots(std::move(roots)), m_node(node), m_end(std::move(end)) {}
  [[nodiscard]] const std::vector<Hash256>& node_roots() const override { return m_roots; }
  [[nodiscard]] const commit::NamedTree& end_state() const override { return m_end; }
  [[nodiscard]] Result<Bytes> node_output(std::uint32_t node) override {
    ASSAY_TRY(Bytes bytes, m_sound->node_output(node));
    if (node == m_node) flip_a_bit(bytes);
    return bytes;
  }

 private:
  std::unique_ptr<Trace> m_sound;
  std::vector<Hash256> m_roots;
  std::uint32_t m_node;
  commit::NamedTree m_end;
};

}  // namespace

FaultyExecution::FaultyExecution(const training::Task& task, training::Execution& sound,
                                 TaskPool& pool, std::uint64_t step)
    : m_sound(sound), m_pool(pool), m_step(step) {
  std::uint64_t largest = 0;
  for (const graph::Slot& slot : task.step->program().slots) {
    const std::uint64_t elements = slot.type.shape.elements();
    if (!slot.name.starts_with("model/") || elements <= largest) continue;
    largest = elements;
    m_slot = slot.name;
    m_node = slot.output;
  }
  ASSAY_EXPECTS(largest > 0);
}

Status FaultyExecution::step(std::uint64_t t, NamedTensors& state) {
  ASSAY_TRY_STATUS(m_sound.step(t, state));
  if (t == m_step) flip_a_bit(state.at(m_slot).bytes());
  return {};
}

Result<std::unique_ptr<training::Trace>> FaultyExecution::trace_step(std::uint64_t t,
                                                                     const NamedTensors& before) {
  ASSAY_TRY(auto trace, m_sound.trace_step(t, before));
  if (t != m_step) return trace;
  NamedTensors after = before;
  ASSAY_TRY_STATUS(step(t, after));
  const Tensor& weight = after.at(m_slot);
  std::vector<Hash256> roots = trace->node_roots();
  roots[m_node] = commit::tensor_root(weight.type(), weight.bytes(), m_pool);
  return std::unique_ptr<training::Trace>(std::make_unique<FaultyTrace>(
      std::move(trace), std::move(roots), m_node, training::state_tree(after, m_pool)));
}

}  // namespace assay::cli::internal
