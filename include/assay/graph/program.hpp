// A program: nodes in order, the state slots that they bind, the data that they read
// (docs/spec/graph.md). Plain data; the validator (graph/validator.hpp) says whether it may be run.
#pragma once

#include <string>
#include <vector>

#include "assay/commit/roots.hpp"
#include "assay/commit/tree.hpp"
#include "assay/graph/slot.hpp"

namespace assay::graph {

inline constexpr std::size_t kMaxLabelBytes = 96;
inline constexpr std::size_t kMaxProgramBytes = std::size_t{32} << 20;

// The state: slot i is leaf i of the state tree. `output` is the node whose output is its new
// value.
struct Slot {
  std::string name;
  TensorType type;
  std::uint32_t output = 0;
  friend bool operator==(const Slot&, const Slot&) = default;
};

// The data set: declaration i is leaf i of the data-set tree.
struct DataDecl {
  std::string name;
  TensorType type;
  friend bool operator==(const DataDecl&, const DataDecl&) = default;
};

struct Program {
  std::vector<Node> nodes;
  std::vector<Slot> slots;     // names ascending
  std::vector<DataDecl> data;  // names ascending
  // What people call the nodes ("dense1/matmul"); as many as nodes, or none. Not under the root.
  std::vector<std::string> labels;
  friend bool operator==(const Program&, const Program&) = default;
};

// The records under a program root.
[[nodiscard]] Bytes node_record(const Program& program, std::uint32_t node);
[[nodiscard]] Bytes slot_record(const Program& program, std::uint32_t slot);
[[nodiscard]] Bytes data_record(const Program& program, std::uint32_t data);

// Everything that openings of a program need.
struct ProgramTrees {
  commit::ProgramHeader header;
  commit::MerkleTree nodes;
  commit::MerkleTree slots;
  commit::MerkleTree data;
  Hash256 root;
};
[[nodiscard]] ProgramTrees program_trees(const Program& program);
[[nodiscard]] Hash256 root_of(const Program& program);

// The whole program as one file or blob. Errors of decoding: kMalformed, kLimit.
[[nodiscard]] Bytes encode_program(const Program& program);
[[nodiscard]] Result<Program> decode_program(ByteView bytes);

// "f32[64,784]"; a scalar is "f32[]".
[[nodiscard]] std::string to_text(const TensorType& type);
// "node 17 matmul dense1/matmul f32[64,128]"; of any program, valid or not.
[[nodiscard]] std::string describe_node(const Program& program, std::uint32_t node);
// One line a node, slot and declaration, for people.
[[nodiscard]] std::string to_text(const Program& program);

}  // namespace assay::graph
