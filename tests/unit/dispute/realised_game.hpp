// The task of an abstract world (abstract_game.hpp), and its moves as bytes: what the real rules
// are held to the oracle with. A false claim is a true tree of false numbers, or a hash of nothing.
#pragma once

#include <bit>
#include <map>

#include "abstract_game.hpp"
#include "assay/codec/buffer.hpp"
#include "assay/commit/tensor_hash.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/moves.hpp"
#include "assay/numerics/arithmetic_integer.hpp"
#include "assay/numerics/memory_access.hpp"
#include "assay/referee/opening.hpp"
#include "support/toy_task.hpp"

namespace assay::dispute::realised {

using abstract::Op;
using abstract::Values;

inline constexpr Rules kHalves{2, 1, 2};

inline Sha256Function sha() { return crypto::sha256_function(); }

inline Hash256 made_up(std::uint64_t what, std::uint64_t which) {
  Hash256 hash;
  hash.bytes[31] = 0xee;
  store_le(hash.bytes.data(), what);
  store_le(hash.bytes.data() + 8, which);
  return hash;
}

// A tree over leaf hashes, by the recursive split, some of whose subtrees are roots without leaves.
struct Tree {
  std::vector<Hash256> leaves;
  std::map<std::uint64_t, Hash256> invented;  // by the first leaf: one of the two halves

  [[nodiscard]] Hash256 root(commit::Range range) const {
    const std::uint64_t half = leaves.size() > 1 ? commit::split_of(leaves.size()) : 1;
    const bool is_half = range.count == (range.first == 0 ? half : leaves.size() - half);
    if (const auto it = invented.find(range.first); it != invented.end() && is_half)
      return it->second;
    if (range.count == 1) return leaves[range.first];
    const std::uint64_t left = commit::split_of(range.count);
    return commit::node_hash(sha(), root({range.first, left}),
                             root({range.first + left, range.count - left}));
  }
  [[nodiscard]] Hash256 root() const { return root({0, leaves.size()}); }
  [[nodiscard]] std::vector<Hash256> children(commit::Range range) const {
    const commit::Children parts = commit::children_of(range, kHalves.split_depth);
    std::vector<Hash256> roots;
    for (unsigned i = 0; i < parts.count; ++i) roots.push_back(root(parts.ranges[i]));
    return roots;
  }
  [[nodiscard]] commit::Path path(std::uint64_t index) const {
    commit::Path path;
    add_path({0, leaves.size()}, index, path);
    return path;
  }

 private:
  void add_path(commit::Range range, std::uint64_t index, commit::Path& path) const {
    if (range.count == 1) return;
    const std::uint64_t left = commit::split_of(range.count);
    const commit::Range parts[] = {{range.first, left}, {range.first + left, range.count - left}};
    const unsigned own = index < parts[1].first ? 0 : 1;
    add_path(parts[own], index, path);
    path.hashes[path.length++] = root(parts[1 - own]);
  }
};

// A tensor of whole numbers: f32, or u64 where the node is the step's index.
struct Tensor {
  TensorType type;
  Bytes bytes;
  Tree tree;

  Tensor(const TensorType& of, const Values& values) : type(of), bytes(of.byte_count()) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto bits = type.dtype == DType::kU64
                            ? static_cast<std::uint64_t>(values[i])
                            : std::bit_cast<std::uint32_t>(static_cast<float>(values[i]));
      numerics::store_element(type.dtype, bytes.data(), i, bits);
    }
    for (std::uint64_t i = 0; i < commit::chunk_count(type); ++i)
      tree.leaves.push_back(commit::leaf_hash(sha(), chunk(i)));
  }
  [[nodiscard]] ByteView chunk(std::uint64_t index) const { return commit::chunk_of(bytes, index); }
  [[nodiscard]] Hash256 root() const { return commit::tensor_root(sha(), type, tree.root()); }
};

// The task of an abstract world, and the bytes of abstract moves.
class Game {
 public:
  explicit Game(const abstract::World& world) : m_world(world) {
    for (const abstract::Node& node : world.nodes) add(node);
    for (std::size_t i = 0; i < world.slot_nodes.size(); ++i)
      m_program.slots.push_back(
          {name(i), m_program.nodes[world.slot_nodes[i]].spec.output, world.slot_nodes[i]});
    m_program.data_count = static_cast<std::uint32_t>(world.data.size());
    m_program.seal();
  }

  [[nodiscard]] GameTerms terms(const abstract::State& end) const {
    GameTerms terms;
    terms.task.step_program = terms.task.init_program = m_program.root();
    terms.task.seed = abstract::kSeedOfTask;
    terms.task.data_set =
        commit::counted_root(sha(), commit::Tag::kDataSet, m_world.data.size(), data_tree().root());
    terms.task.steps = terms.task.commit_interval = terms.task.checkpoint_interval =
        static_cast<std::uint64_t>(m_world.steps);
    if (!m_world.is_init) {
      terms.entry = 1;
      terms.start_root = state_root(m_world.state(0), 0);
    }
    terms.end_root = state_root(end, m_world.is_init ? 0 : m_world.steps);
    return terms;
  }

  // What `move` says at `real`, whose abstract position is `at`.
  [[nodiscard]] Bytes body(const Position& real, const abstract::Position& at,
                           const abstract::Move& move) const {
    switch (real.stage) {
      case Stage::kChainOffer:
        return encode([&](auto& w) {
          const Hash256 root =
              state_root(*move.next.offered_state, at.low + (at.high - at.low) / 2);
          write_chain_offer(w, {&root, 1});
        });
      case Stage::kTraceOffer: return trace_offer(real, *move.next.trace);
      case Stage::kTracePoint: return trace_point(real, move);
      case Stage::kStateOffer:
        return encode([&](auto& w) {
          write_tree_offer(w, real.stage, state_tree(at.root_high, at.high).children(real.range));
        });
      case Stage::kStateLeaf: return state_leaf(at);
      case Stage::kSource: return source(at);
      case Stage::kTensorOffer:
        return encode([&](auto& w) {
          write_tree_offer(w, real.stage, claimed(at).tree.children(real.range));
        });
      case Stage::kChunkReveal:
        return encode([&](auto& w) { write_chunk_reveal(w, claimed(at).chunk(real.range.first)); });
      case Stage::kElementPoint:
        return encode([&](auto& w) { write_element_point(w, static_cast<unsigned>(move.index)); });
      case Stage::kFoldOffer:
        return encode([&](auto& w) {
          const numerics::FoldState entry = numerics::fold_final(
              real.node.spec,
              std::bit_cast<std::uint32_t>(static_cast<float>(*move.next.offered_value)));
          write_fold_offer(w, {&entry, 1}, 1);
        });
      case Stage::kScalar: return scalar(real, at);
      default:
        return encode(
            [&](auto& w) { write_point(w, real.stage, static_cast<unsigned>(move.index)); });
    }
  }

 private:
  template <class Write>
  static Bytes encode(Write&& write) {
    return codec::encode(std::forward<Write>(write));
  }
  static std::string name(std::size_t slot) { return "s" + std::to_string(slot); }

  void add(const abstract::Node& node) {
    const auto size = static_cast<std::uint64_t>(node.size);
    const TensorType f32{DType::kF32, Shape{1, size}};
    switch (node.op) {
      case Op::kSlot: m_program.add(numerics::OpCode::kStateSlot, f32, {}, {node.a}); break;
      case Op::kData: m_program.add(numerics::OpCode::kData, f32, {}, {node.a}); break;
      case Op::kSeed: m_program.add(numerics::OpCode::kSeed, {DType::kU64, {}}); break;
      case Op::kStepIndex: m_program.add(numerics::OpCode::kStepIndex, {DType::kU64, {}}); break;
      case Op::kConstant:
        m_program.add(numerics::OpCode::kConstant, f32, {},
                      {std::bit_cast<std::uint32_t>(static_cast<float>(node.a))});
        break;
      case Op::kAdd: m_program.add(numerics::OpCode::kAdd, f32, {node.a, node.b}); break;
      case Op::kMatMul: {
        // b's shape is [terms, size]: its node is a constant, whose shape may be anything.
        m_program.nodes[node.b].spec.output.shape = {static_cast<std::uint64_t>(node.terms), size};
        m_program.add(numerics::OpCode::kMatMul, f32, {node.a, node.b}, {0, 0});
        break;
      }
    }
  }

  [[nodiscard]] Tensor tensor(std::size_t node, const Values& values) const {
    return {m_program.nodes[node].spec.output, values};
  }
  [[nodiscard]] Tensor claimed(const abstract::Position& at) const {
    const auto node = static_cast<std::size_t>(at.node);
    return tensor(node, at.trace->nodes[node].value());
  }

  [[nodiscard]] Hash256 slot_leaf(std::size_t slot, const Hash256& root) const {
    const std::string text = name(slot);
    const Bytes leaf = encode([&](auto& w) {
      commit::write_named_leaf(w, {as_bytes(text), root});
    });
    return commit::leaf_hash(sha(), leaf);
  }
  [[nodiscard]] Tree state_tree(const abstract::State& state, int after) const {
    Tree tree;
    for (std::size_t i = 0; i < state.slots.size(); ++i)
      tree.leaves.push_back(
          state.slots[i] ? slot_leaf(i, tensor(m_world.slot_nodes[i], *state.slots[i]).root())
                         : made_up(1, i * 100 + static_cast<std::uint64_t>(after)));
    return tree;
  }
  [[nodiscard]] Hash256 state_root(const abstract::State& state, int after) const {
    if (state.invented) return made_up(2, static_cast<std::uint64_t>(after));
    return commit::counted_root(sha(), commit::Tag::kState, state.slots.size(),
                                state_tree(state, after).root());
  }
  [[nodiscard]] Tree trace_tree(const abstract::Trace& trace) const {
    Tree tree;
    for (std::size_t i = 0; i < trace.nodes.size(); ++i)
      tree.leaves.push_back(trace.nodes[i]
                                ? commit::leaf_hash(sha(), tensor(i, *trace.nodes[i]).root().view())
                                : made_up(3, i));
    if (trace.invented[0]) tree.invented[0] = made_up(4, 0);
    if (trace.invented[1]) tree.invented[commit::split_of(tree.leaves.size())] = made_up(4, 1);
    return tree;
  }

  [[nodiscard]] Bytes trace_offer(const Position& real, const abstract::Trace& trace) const {
    const bool first = real.program.node_count == 0;
    const commit::Range range = first ? commit::Range{0, m_world.nodes.size()} : real.range;
    return encode([&](auto& w) {
      write_trace_offer(w, first ? &m_program.header() : nullptr,
                        trace_tree(trace).children(range));
    });
  }
  [[nodiscard]] Bytes trace_point(const Position& real, const abstract::Move& move) const {
    const commit::Children children = commit::children_of(real.range, kHalves.split_depth);
    const auto index = static_cast<unsigned>(move.index);
    return encode([&](auto& w) {
      if (index >= children.count || children.ranges[index].count != 1) {
        write_trace_point(w, index);
        return;
      }
      const std::uint64_t node = children.ranges[index].first;
      write_trace_leaf(w, index, m_program.node_record(node), m_program.node_tree().path(node));
    });
  }
  [[nodiscard]] Bytes state_leaf(const abstract::Position& at) const {
    const auto slot = static_cast<std::size_t>(at.first);
    const std::size_t node = m_world.slot_nodes[slot];
    return encode([&](auto& w) {
      write_state_leaf(w, m_program.slot_record(slot), m_program.slot_tree().path(slot),
                       tensor(node, *at.trace->nodes[node]).root(),
                       trace_tree(*at.trace).path(node));
    });
  }
  [[nodiscard]] Hash256 data_root(std::size_t index) const {
    const Values& values = m_world.data[index];
    return Tensor({DType::kF32, Shape{1, values.size()}}, values).root();
  }
  [[nodiscard]] Tree data_tree() const {
    Tree tree;
    for (std::size_t i = 0; i < m_world.data.size(); ++i)
      tree.leaves.push_back(slot_leaf(i, data_root(i)));
    if (tree.leaves.empty()) tree.leaves.push_back(made_up(5, 0));
    return tree;
  }
  [[nodiscard]] Bytes source(const abstract::Position& at) const {
    const abstract::Node& node = m_world.nodes[static_cast<std::size_t>(at.node)];
    const std::size_t slot = node.a;
    const std::string text = name(slot);
    if (node.op == Op::kData)
      return encode([&](auto& w) {
        write_source(w, {as_bytes(text), data_root(slot)}, data_tree().path(slot));
      });
    const Hash256 root = tensor(m_world.slot_nodes[slot], at.root_low.slots[slot].value()).root();
    return encode([&](auto& w) {
      write_source(w, {as_bytes(text), root}, state_tree(at.root_low, at.low).path(slot));
    });
  }
  [[nodiscard]] Bytes scalar(const Position& real, const abstract::Position& at) const {
    const graph::Node& node = real.node;
    std::vector<Tensor> operands;
    numerics::MemoryAccess memory;
    memory.spec = &node.spec;
    for (unsigned i = 0; i < node.spec.operand_count; ++i)
      operands.push_back(tensor(node.inputs[i], *at.trace->nodes[node.inputs[i]]));
    for (unsigned i = 0; i < node.spec.operand_count; ++i)
      memory.operands[i] = operands[i].bytes.data();
    referee::RecordingAccess access(memory);
    numerics::FoldState state = real.state_low;
    numerics::fold_step<numerics::IntegerArithmetic>(node.spec, real.element, real.fold_low, access,
                                                     state);
    const Tree trace = trace_tree(*at.trace);
    return encode([&](auto& w) {
      const Bytes opening = encode([&](auto& o) {
        for (const referee::Read& read : access.reads()) {
          const Tensor& operand = operands[read.operand];
          const std::uint64_t chunk = referee::place_of(operand.type.dtype, read.index).chunk;
          referee::write_operand(o, operand.chunk(chunk), operand.tree.path(chunk),
                                 trace.path(node.inputs[read.operand]));
        }
      });
      write_scalar(w, opening);
    });
  }

  const abstract::World& m_world;
  toy::Program m_program;
};

}  // namespace assay::dispute::realised
