// What a player knows of one game beside what its execution computes: what was offered in it.
#pragma once

#include "internal/interval.hpp"

namespace assay::player {

class Knowledge {
 public:
  Knowledge(Interval::State& interval, const dispute::GameTerms& terms)
      : m_interval(interval), m_terms(terms) {}

  [[nodiscard]] const training::Task& task() const { return m_interval.task; }
  [[nodiscard]] const dispute::GameTerms& terms() const { return m_terms; }
  [[nodiscard]] const graph::ValidProgram& program() const { return m_interval.program(); }

  [[nodiscard]] Result<Hash256> state_root(std::uint64_t step) {
    return m_interval.state_root(step);
  }
  // The segment that the next roots are of.
  void focus(const dispute::Position& position) {
    m_interval.focus(position.step_low, position.step_high);
  }
  // The tree of the state before the traced step.
  [[nodiscard]] Result<commit::NamedTree> state_tree(std::uint64_t step) {
    return m_interval.state_tree(step);
  }
  // Digests of the program's execution from the state after `step` steps; of init for entry 0.
  [[nodiscard]] Result<const TracedStep*> traced(std::uint64_t step);
  // A traced node's output, and the tree over its chunks; both until the next begin_move().
  [[nodiscard]] Result<const Bytes*> output(std::uint64_t step, std::uint32_t node) {
    return m_interval.output(step, node);
  }
  [[nodiscard]] Result<const commit::MerkleTree*> output_tree(std::uint64_t step,
                                                              std::uint32_t node) {
    return m_interval.output_tree(step, node);
  }

  // The trace that the defender claims differs from ours from the disputed node on, so paths to its
  // root need the subtree roots that it offered; everything before is agreed, that is, ours.
  void note_offer(const dispute::Position& position);
  [[nodiscard]] Result<bool> knows_claimed_trace(const dispute::Position& position);
  [[nodiscard]] Result<commit::Path> claimed_trace_path(const dispute::Position& position,
                                                        std::uint32_t node);

  // Whether this execution has the state that the interval starts from. Errors: kUnavailable if its
  // own state there is another, because something before was false; those of the execution.
  [[nodiscard]] Status begin_move();

 private:
  [[nodiscard]] Hash256 claimed_root(const commit::MerkleTree& own, commit::Range range) const;

  Interval::State& m_interval;
  const dispute::GameTerms& m_terms;
  bool m_start_checked = false;
  std::uint64_t m_step = 0;
  std::shared_ptr<const TracedStep> m_traced;                            // of m_step
  std::map<std::pair<std::uint64_t, std::uint64_t>, Hash256> m_offered;  // of the claimed trace
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
