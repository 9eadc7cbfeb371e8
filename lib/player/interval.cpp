#include "internal/interval.hpp"

#include <algorithm>

#include "assay/crypto/sha256.hpp"

namespace assay::player {

Interval::Interval(const training::Task& task, training::Execution& execution, std::uint64_t entry,
                   TaskPool& pool, IntervalOptions options)
    : m_state(std::make_unique<State>(task, execution, entry, pool, std::move(options))) {}
Interval::~Interval() = default;

Interval::State::State(const training::Task& the_task, training::Execution& the_execution,
                       std::uint64_t the_entry, TaskPool& the_pool, IntervalOptions the_options)
    : task(the_task),
      execution(the_execution),
      entry(the_entry),
      pool(the_pool),
      options(std::move(the_options)),
      m_kept(start(), end(), options, pool) {}

// Makes m_current the state at or before `step` that is nearest at hand.
Status Interval::State::begin_walk(std::uint64_t step) {
  for (auto kept = m_kept.nearest(step); kept; kept = m_kept.nearest(step)) {
    if (m_current && m_current->step <= step && m_current->step >= *kept) return {};
    auto state = m_kept.take(*kept);
    if (!state) continue;
    keep_interrupted();
    m_current = training::KnownState{*kept, std::move(*state)};
    return {};
  }
  if (m_current && m_current->step > step) m_current.reset();
  // A file is asked for only when nothing in memory is at least as near as the interval's start.
  if (options.states && (!m_current || m_current->step < std::min(start(), step))) {
    ASSAY_TRY(auto known, options.states(step));
    if (known && known->step <= step && (!m_current || known->step > m_current->step))
      m_current = std::move(*known);
  }
  if (!m_current) {
    ASSAY_TRY(auto initial, execution.initial_state());
    m_current = training::KnownState{0, std::move(initial)};
  }
  return {};
}

Status Interval::State::walk_to(std::uint64_t step) {
  ASSAY_TRY_STATUS(begin_walk(step));
  m_interrupted = false;
  while (m_current->step < step) {
    // Where every later walk can begin, or those of the present game.
    if (m_current->step == start() || m_current->step == m_kept.focus()) keep_current();
    if (stop != nullptr && *stop && (*stop)()) {
      m_interrupted = true;
      return {ErrorCode::kCancelled, "the walk over the interval gives way; it goes on from here"};
    }
    if (auto status = execution.step(m_current->step, m_current->state); !status) {
      m_current.reset();
      return std::move(status).error();
    }
    ++m_current->step;
  }
  return {};
}

// The root of m_current, which must be there; it is hashed if nobody asked for it yet.
const Hash256& Interval::State::current_root() {
  const auto known = m_roots.find(m_current->step);
  if (known != m_roots.end()) return known->second;
  return m_roots.emplace(m_current->step, training::state_root(m_current->state, pool))
      .first->second;
}

void Interval::State::keep_current() {
  m_kept.keep(*m_current, m_kept.has_disk() ? std::optional(current_root()) : std::nullopt);
}

void Interval::State::keep_interrupted() {
  if (m_interrupted && m_current && m_current->step > start())
    m_kept.keep_interrupted(*m_current, current_root());
}

Result<Hash256> Interval::State::state_root(std::uint64_t step) {
  if (const auto known = m_roots.find(step); known != m_roots.end()) return known->second;
  ASSAY_TRY_STATUS(walk_to(step));
  const Hash256 root = current_root();
  keep_current();
  return root;
}

Result<commit::NamedTree> Interval::State::state_tree(std::uint64_t step) {
  ASSAY_TRY_STATUS(walk_to(step));
  return training::state_tree(m_current->state, pool);
}

Result<training::Trace*> Interval::State::trace(std::uint64_t step) {
  if (m_trace_step == step) return m_trace.get();
  m_trace_step.reset();
  m_trace.reset();
  if (is_init()) {
    ASSAY_TRY(m_trace, execution.trace_init());
  } else {
    focus(step, step + 1);
    ASSAY_TRY_STATUS(walk_to(step));
    keep_current();
    ASSAY_TRY(m_trace, execution.trace_step(step, m_current->state));
  }
  m_trace_step = step;
  return m_trace.get();
}

Result<std::shared_ptr<const TracedStep>> Interval::State::traced(std::uint64_t step) {
  std::weak_ptr<const TracedStep>& known = m_traced[step];
  if (auto alive = known.lock()) return alive;
  ASSAY_TRY(training::Trace* const own, trace(step));
  auto made = std::make_shared<TracedStep>();
  made->node_roots = own->node_roots();
  made->end_state = own->end_state();
  std::vector<Hash256> leaves;
  leaves.reserve(made->node_roots.size());
  for (const Hash256& root : made->node_roots)
    leaves.push_back(commit::leaf_hash(crypto::sha256_function(), root.view()));
  made->tree = commit::MerkleTree(std::move(leaves));
  known = made;
  return std::shared_ptr<const TracedStep>(std::move(made));
}

Result<Output*> Interval::State::known_output(std::uint64_t step, std::uint32_t node) {
  const Place place{step, node};
  m_asked.remove(place);
  m_asked.push_front(place);
  if (const auto known = m_outputs.find(place); known != m_outputs.end()) return &known->second;
  ASSAY_TRY(training::Trace* const own, trace(step));
  if (node >= own->node_roots().size())
    return {ErrorCode::kInvalidArgument, "the position is not one of this task's games"};
  ASSAY_TRY(Bytes bytes, own->node_output(node));
  return &m_outputs.emplace(place, Output{std::move(bytes), std::nullopt}).first->second;
}

Result<const Bytes*> Interval::State::output(std::uint64_t step, std::uint32_t node) {
  ASSAY_TRY(const Output* known, known_output(step, node));
  return &known->bytes;
}

Result<const commit::MerkleTree*> Interval::State::output_tree(std::uint64_t step,
                                                               std::uint32_t node) {
  ASSAY_TRY(Output* const known, known_output(step, node));
  if (!known->tree) {
    const TensorType& type = program().program().nodes[node].spec.output;
    known->tree = commit::tensor_tree(type, known->bytes, pool);
  }
  return &*known->tree;
}

void Interval::State::make_room() {
  std::erase_if(m_traced, [](const auto& step) { return step.second.expired(); });
  std::size_t bytes = 0;
  std::erase_if(m_asked, [&](const Place& place) {
    const auto known = m_outputs.find(place);
    if (known != m_outputs.end()) bytes += known->second.bytes.size();
    if (bytes <= options.output_cache_bytes) return false;
    if (known != m_outputs.end()) m_outputs.erase(known);
    return true;
  });
}

}  // namespace assay::player
