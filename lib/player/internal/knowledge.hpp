// What a player knows of its own execution: states and their roots inside the interval, and one
// step's trace at a time. All of it is recomputed when it is not at hand.
#pragma once

#include <map>

#include "assay/player/player.hpp"

namespace assay::player {

class Knowledge {
 public:
  Knowledge(const training::Task& task, training::Execution& execution,
            const dispute::GameTerms& terms, TaskPool& pool, const PlayerOptions& options);

  [[nodiscard]] const training::Task& task() const { return m_task; }
  [[nodiscard]] const dispute::GameTerms& terms() const { return m_terms; }
  [[nodiscard]] bool is_init() const { return m_terms.entry == 0; }
  // The program whose execution the game may come to, and the trees under its root.
  [[nodiscard]] const graph::ValidProgram& program() const {
    return m_task.program_of(m_terms.entry);
  }

  [[nodiscard]] Result<Hash256> state_root(std::uint64_t step);
  // The tree of the state before the traced step.
  [[nodiscard]] Result<commit::NamedTree> state_tree(std::uint64_t step);

  // The trace of the program's execution from the state after `step` steps; of init for entry 0.
  [[nodiscard]] Result<training::Trace*> trace(std::uint64_t step);
  // The list over the trace's output roots.
  [[nodiscard]] Result<const commit::MerkleTree*> trace_tree(std::uint64_t step);
  // A traced node's output, and the tree over its chunks.
  [[nodiscard]] Result<const Bytes*> output(std::uint64_t step, std::uint32_t node);
  [[nodiscard]] Result<const commit::MerkleTree*> output_tree(std::uint64_t step,
                                                              std::uint32_t node);

  // The trace that the defender claims differs from ours from the disputed node on, so paths to its
  // root need the subtree roots that it offered; everything before is agreed, that is, ours.
  void note_offer(const dispute::Position& position);
  [[nodiscard]] Result<bool> knows_claimed_trace(const dispute::Position& position);
  [[nodiscard]] Result<commit::Path> claimed_trace_path(const dispute::Position& position,
                                                        std::uint32_t node);

  // Whether this execution has the state that the interval starts from. Errors: kUnavailable if its
  // own state there is another, because something before was false; those of the execution.
  [[nodiscard]] Status check_start();

  // Forgets what a game at this position will not ask for again.
  void prune(const dispute::Position& position);

 private:
  [[nodiscard]] Status walk_to(std::uint64_t step);
  void keep_current();
  [[nodiscard]] Hash256 claimed_root(commit::Range range) const;

  const training::Task& m_task;
  training::Execution& m_execution;
  const dispute::GameTerms& m_terms;
  TaskPool& m_pool;
  const PlayerOptions& m_options;

  std::optional<training::KnownState> m_current;
  std::map<std::uint64_t, NamedTensors>
      m_kept;  // states that roots were asked for, within the budget
  std::map<std::uint64_t, Hash256> m_roots;
  bool m_start_checked = false;

  std::optional<std::uint64_t> m_traced;
  std::unique_ptr<training::Trace> m_trace;
  commit::MerkleTree m_trace_tree;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Hash256> m_offered;  // of the claimed trace
  std::uint32_t m_node = 0;  // the disputed node that m_outputs are kept for
  std::map<std::uint32_t, Bytes> m_outputs;
  std::map<std::uint32_t, commit::MerkleTree> m_output_trees;
};

using MoveResult = Result<std::optional<Bytes>>;

// One function a stage; that the role may move was checked before.
[[nodiscard]] MoveResult chain_offer(Knowledge& own, const dispute::Position& position);
[[nodiscard]] MoveResult chain_point(Knowledge& own, const dispute::Position& position);
[[nodiscard]] MoveResult trace_offer(Knowledge& own, const dispute::Position& position);
[[nodiscard]] MoveResult trace_point(Knowledge& own, const dispute::Position& position);
[[nodiscard]] MoveResult state_offer(Knowledge& own, const dispute::Position& position);
[[nodiscard]] MoveResult state_point(Knowledge& own, const dispute::Position& position);
[[nodiscard]] MoveResult state_leaf(Knowledge& own, const dispute::Position& position);
[[nodiscard]] MoveResult source(Knowledge& own, const dispute::Position& position);
[[nodiscard]] MoveResult tensor_offer(Knowledge& own, const dispute::Position& position);
[[nodiscard]] MoveResult tensor_point(Knowledge& own, const dispute::Position& position);
[[nodiscard]] MoveResult chunk_reveal(Knowledge& own, const dispute::Position& position);
[[nodiscard]] MoveResult element_point(Knowledge& own, const dispute::Position& position);
[[nodiscard]] MoveResult fold_offer(Knowledge& own, const dispute::Position& position);
[[nodiscard]] MoveResult fold_point(Knowledge& own, const dispute::Position& position);
[[nodiscard]] MoveResult scalar(Knowledge& own, const dispute::Position& position);

[[nodiscard]] inline Error nothing_to_dispute(const char* what) {
  return {ErrorCode::kConflict, std::string("this execution agrees with ") + what +
                                    ": there is nothing to dispute, let the game go"};
}
[[nodiscard]] inline Hash256 offered_hash(const dispute::Position& position, std::size_t index) {
  Hash256 hash;
  std::memcpy(hash.bytes.data(), position.offered.data() + index * hash.bytes.size(),
              hash.bytes.size());
  return hash;
}

}  // namespace assay::player
