// States and their roots inside an interval, traces, and outputs of their nodes, each computed when
// it is first asked for and again when it is no longer at hand.
#pragma once

#include <list>
#include <map>

#include "internal/kept_states.hpp"

namespace assay::player {

// What is kept of a step's trace as long as a game needs it: digests.
struct TracedStep {
  std::vector<Hash256> node_roots;
  commit::MerkleTree tree;  // over them
  commit::NamedTree end_state;
};

struct Output {
  Bytes bytes;
  std::optional<commit::MerkleTree> tree;  // over its chunks
};

struct Interval::State {
  State(const training::Task& the_task, training::Execution& the_execution, std::uint64_t the_entry,
        TaskPool& the_pool, IntervalOptions the_options);

  [[nodiscard]] bool is_init() const { return entry == 0; }
  // The program whose execution a game may come to, and the trees under its root.
  [[nodiscard]] const graph::ValidProgram& program() const { return task.program_of(entry); }
  // The first step; of entry 0 too.
  [[nodiscard]] std::uint64_t start() const {
    return is_init() ? 0 : commit::step_of_entry(task.header, entry - 1);
  }
  [[nodiscard]] std::uint64_t end() const { return commit::step_of_entry(task.header, entry); }

  // The segment of the interval that what is asked for next is about.
  void focus(std::uint64_t low, std::uint64_t high) { m_kept.focus(low, high); }
  [[nodiscard]] Result<Hash256> state_root(std::uint64_t step);
  // The tree of the state after `step` steps.
  [[nodiscard]] Result<commit::NamedTree> state_tree(std::uint64_t step);
  // Of the program's execution from that state; of init for entry 0.
  [[nodiscard]] Result<std::shared_ptr<const TracedStep>> traced(std::uint64_t step);
  // A traced node's output, and the tree over its chunks. They stay until the next make_room().
  [[nodiscard]] Result<const Bytes*> output(std::uint64_t step, std::uint32_t node);
  [[nodiscard]] Result<const commit::MerkleTree*> output_tree(std::uint64_t step,
                                                              std::uint32_t node);
  // Forgets the outputs that were not asked for lately, down to their share of memory.
  void make_room();

  const training::Task& task;
  training::Execution& execution;
  const std::uint64_t entry;
  TaskPool& pool;
  const IntervalOptions options;
  const StopRequest* stop = nullptr;  // of the move that is being made

 private:
  [[nodiscard]] Status walk_to(std::uint64_t step);
  [[nodiscard]] Status begin_walk(std::uint64_t step);
  [[nodiscard]] const Hash256& current_root();
  void keep_current();
  void keep_interrupted();
  [[nodiscard]] Result<training::Trace*> trace(std::uint64_t step);
  [[nodiscard]] Result<Output*> known_output(std::uint64_t step, std::uint32_t node);

  std::optional<training::KnownState> m_current;
  bool m_interrupted = false;  // a stopped walk goes on from m_current
  KeptStates m_kept;
  std::map<std::uint64_t, Hash256> m_roots;

  // One at a time: a trace may hold as much as a machine has.
  std::optional<std::uint64_t> m_trace_step;
  std::unique_ptr<training::Trace> m_trace;
  std::map<std::uint64_t, std::weak_ptr<const TracedStep>> m_traced;

  using Place = std::pair<std::uint64_t, std::uint32_t>;  // step and node
  std::map<Place, Output> m_outputs;
  std::list<Place> m_asked;  // the latest first
};

}  // namespace assay::player
