// A tiny task, executed by plain loops over the scalar definitions with every tensor kept, for
// playing the dispute game without an executor. Wrong worlds are made by naming one lie.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "assay/commit/task.hpp"
#include "assay/commit/tensor_hash.hpp"
#include "assay/graph/slot.hpp"

namespace assay::toy {

struct Tensor {
  TensorType type;
  Bytes data;
  friend bool operator==(const Tensor&, const Tensor&) = default;
};

struct Slot {
  std::string name;
  TensorType type;
  std::uint32_t output = 0;
};

// Nodes in order; slots sorted by name.
class Program {
 public:
  std::vector<graph::Node> nodes;
  std::vector<Slot> slots;
  std::uint32_t data_count = 0;

  // Appends a node; its operands' types come from its inputs.
  std::uint32_t add(numerics::OpCode op, TensorType output, std::vector<std::uint32_t> inputs = {},
                    std::vector<std::uint64_t> attributes = {});
  // Requires that every record stands; call after the last change.
  void seal();

  [[nodiscard]] const commit::ProgramHeader& header() const { return m_header; }
  [[nodiscard]] Hash256 root() const;
  [[nodiscard]] const Bytes& node_record(std::uint64_t i) const { return m_node_records[i]; }
  [[nodiscard]] const Bytes& slot_record(std::uint64_t i) const { return m_slot_records[i]; }
  [[nodiscard]] const commit::MerkleTree& node_tree() const { return m_node_tree; }
  [[nodiscard]] const commit::MerkleTree& slot_tree() const { return m_slot_tree; }

 private:
  std::vector<Bytes> m_node_records;
  std::vector<Bytes> m_slot_records;
  commit::MerkleTree m_node_tree;
  commit::MerkleTree m_slot_tree;
  commit::ProgramHeader m_header;
};

struct Task {
  commit::TaskHeader header;
  Program init;
  Program step;
  std::vector<std::pair<std::string, Tensor>> data;  // names ascending
  [[nodiscard]] commit::NamedTree data_tree() const;
};

// Eleven nodes of init, some forty of step, with operators of every kind; 3-level trees where it is
// cheap.
[[nodiscard]] Task make_task(std::uint64_t steps, std::uint64_t interval, std::uint64_t seed);

// One false fact. What follows from it is computed from it, as a careful liar would.
struct Lie {
  enum class Kind { kNode, kState } kind = Kind::kNode;
  bool in_init = false;
  std::uint64_t step = 0;   // the step that lies (its t)
  std::uint32_t index = 0;  // node (its output is altered) or slot (the state alone is)
  std::uint64_t element = 0;
  std::uint64_t flip = 1;  // XORed into the element's bits
};

// One execution of a program with everything kept.
struct Execution {
  std::vector<Tensor> outputs;
  std::vector<Tensor> state;  // by slot
  std::vector<commit::MerkleTree> tensor_trees;
  std::vector<Hash256> output_roots;
  commit::MerkleTree trace;
  commit::NamedTree state_tree;
};

// The run as one party believes it to be.
class World {
 public:
  explicit World(const Task& task, std::optional<Lie> lie = {});

  [[nodiscard]] const Task& task() const { return *m_task; }
  [[nodiscard]] const std::optional<Lie>& lie() const { return m_lie; }
  // The state root after `steps` steps.
  [[nodiscard]] Hash256 state_root(std::uint64_t steps) const;
  [[nodiscard]] std::vector<Hash256> transcript_roots() const;
  // The init program's execution, or that of step t. Valid while this lives.
  [[nodiscard]] const Execution& init() const { return m_init; }
  [[nodiscard]] const Execution& step(std::uint64_t t) const;
  // The state that step t reads.
  [[nodiscard]] const commit::NamedTree& state_before(std::uint64_t t) const;

 private:
  [[nodiscard]] Execution execute(const Program& program, const std::vector<Tensor>& state,
                                  std::optional<std::uint64_t> t) const;

  const Task* m_task;
  std::optional<Lie> m_lie;
  Execution m_init;
  std::vector<Execution> m_steps;
};

// The task that most tests play about, twenty steps with a commitment every eighteen, and the run
// as it is.
[[nodiscard]] const Task& task();
[[nodiscard]] const World& truth();

}  // namespace assay::toy
