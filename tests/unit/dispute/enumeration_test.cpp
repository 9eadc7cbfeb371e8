// All games on tiny instances: every move of both sides and every silence, on the real rules with
// fan-outs of 2, beside an oracle that knows no hash (abstract_game.hpp). Held to the theorems of
// docs/spec/dispute.md (INV-DSP-001, INV-DSP-002) and to the bound on turns.
#include <functional>
#include <map>

#include <gtest/gtest.h>

#include "abstract_game.hpp"
#include "assay/codec/buffer.hpp"
#include "assay/commit/tensor_hash.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/moves.hpp"
#include "assay/dispute/rank.hpp"
#include "assay/numerics/arithmetic_integer.hpp"
#include "assay/numerics/memory_access.hpp"
#include "assay/referee/opening.hpp"
#include "support/toy_task.hpp"

namespace assay::dispute {
namespace {

using abstract::Claim;
using abstract::Op;
using abstract::Values;

constexpr Rules kHalves{2, 1, 2};

Sha256Function sha() { return crypto::sha256_function(); }

Hash256 made_up(std::uint64_t what, std::uint64_t which) {
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
class Realised {
 public:
  explicit Realised(const abstract::World& world) : m_world(world) {
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

struct Counts {
  std::uint64_t games = 0;  // ends reached
  std::uint64_t moves = 0;  // applied
  std::uint64_t refused = 0;
  std::uint64_t kept_by_defender = 0, won_by_challenger = 0;  // ends that the theorems speak of
  unsigned longest = 0;
};

class Enumeration {
 public:
  // Every game about `end`, which is true or not.
  void play(const abstract::World& world, const abstract::State& end) {
    m_world = &world;
    const Realised realised(world);
    m_realised = &realised;
    m_is_true = end == world.state(world.steps);
    m_terms = realised.terms(end);
    ASSERT_TRUE(is_valid(m_terms));
    const Position first = start(m_terms);
    m_bound = most_moves_left(first, kHalves);
    // Played out by two who know everything, the claim's truth alone decides.
    const bool won = follow(first, abstract::start(world, end), m_bound, true, true);
    EXPECT_EQ(won, m_is_true);
  }
  [[nodiscard]] const Counts& counts() const { return m_counts; }

 private:
  // True if the defender wins from here when both sides play their best.
  bool follow(const Position& real, const abstract::Position& at, unsigned most_moves,
              bool defender_honest, bool challenger_honest) {
    EXPECT_EQ(real.stage, at.stage);
    EXPECT_EQ(real.outcome, at.outcome);
    if (::testing::Test::HasFailure()) return false;
    if (at.stage == Stage::kFinished) return end(real, defender_honest, challenger_honest);
    refuse(real);
    refuse_other_claims(real, at);
    const bool challengers = on_turn(real) == Role::kChallenger;
    bool defender_can = false, challenger_can = false;
    for (const abstract::Move& move : abstract::moves(*m_world, at)) {
      Position next = real;
      if (move.by == abstract::Move::By::kClock) {
        forfeit(next);
      } else {
        const Role mover =
            move.by == abstract::Move::By::kDefender ? Role::kDefender : Role::kChallenger;
        EXPECT_EQ(apply(sha(), m_terms, next, mover, m_realised->body(real, at, move), kHalves),
                  MoveVerdict::kAccepted)
            << to_string(real.stage) << " " << move.index;
        ++m_counts.moves;
      }
      const unsigned left = most_moves_left(next, kHalves);
      EXPECT_LT(left, most_moves);
      const bool won = follow(next, move.next, left, defender_honest && move.keeps_defender_honest,
                              challenger_honest && move.keeps_challenger_honest);
      (won ? defender_can : challenger_can) = true;
      if (::testing::Test::HasFailure()) return false;
    }
    return challengers ? !challenger_can : defender_can;
  }

  bool end(const Position& real, bool defender_honest, bool challenger_honest) {
    ++m_counts.games;
    m_counts.longest = std::max(m_counts.longest, real.turn);
    EXPECT_LE(real.turn, m_bound);
    EXPECT_NE(real.outcome, Outcome::kVoid);
    if (m_is_true && defender_honest) {  // INV-DSP-002
      EXPECT_EQ(real.outcome, Outcome::kDefenderWins) << to_string(real.ended_at);
      ++m_counts.kept_by_defender;
    }
    if (!m_is_true && challenger_honest) {  // INV-DSP-001
      EXPECT_EQ(real.outcome, Outcome::kChallengerWins) << to_string(real.ended_at);
      ++m_counts.won_by_challenger;
    }
    return real.outcome == Outcome::kDefenderWins;
  }

  // What is no move: points beyond what was offered, and moves of the other side.
  void refuse(const Position& real) {
    const Role other = on_turn(real) == Role::kDefender ? Role::kChallenger : Role::kDefender;
    const auto is_refused = [&](Role role, const Bytes& body) {
      Position next = real;
      EXPECT_NE(apply(sha(), m_terms, next, role, body, kHalves), MoveVerdict::kAccepted);
      EXPECT_TRUE(next == real);
      ++m_counts.refused;
    };
    switch (real.stage) {
      case Stage::kChainPoint:
      case Stage::kStatePoint:
      case Stage::kTensorPoint:
      case Stage::kFoldPoint:
        for (const unsigned index : {2U, 3U, 15U, 255U})
          is_refused(Role::kChallenger,
                     codec::encode([&](auto& w) { write_point(w, real.stage, index); }));
        is_refused(other, codec::encode([&](auto& w) { write_point(w, real.stage, 0); }));
        break;
      case Stage::kChainOffer:
        for (const std::size_t count : {0U, 2U, 3U})
          is_refused(Role::kDefender, codec::encode([&](auto& w) {
                       write_chain_offer(w, std::vector<Hash256>(count));
                     }));
        break;
      default: break;
    }
  }

  // At stages whose bodies are bound: what would be the move if something else had been claimed.
  void refuse_other_claims(const Position& real, const abstract::Position& at) {
    const std::optional<Bytes> own = body_of(real, at);
    for (const abstract::Position& other : other_claims(at)) {
      const std::optional<Bytes> body = body_of(real, other);
      if (!body || body == own) continue;
      Position next = real;
      EXPECT_EQ(apply(sha(), m_terms, next, Role::kDefender, *body, kHalves),
                MoveVerdict::kHashMismatch)
          << to_string(real.stage);
      EXPECT_TRUE(next == real);
      ++m_counts.refused;
    }
  }

  // None if nobody could make it.
  [[nodiscard]] std::optional<Bytes> body_of(const Position& real,
                                             const abstract::Position& at) const {
    for (const abstract::Move& move : abstract::moves(*m_world, at))
      if (move.by == abstract::Move::By::kDefender) return m_realised->body(real, at, move);
    return std::nullopt;
  }

  // The same place with another claim where the stage's body shows one.
  [[nodiscard]] std::vector<abstract::Position> other_claims(const abstract::Position& at) const {
    constexpr std::size_t kMost = 3;
    std::vector<abstract::Position> all;
    const auto add_states = [&](abstract::State abstract::Position::*root, int after) {
      for (const abstract::State& claim : m_world->state_claims(after)) {
        if (all.size() == kMost) return;
        all.push_back(at);
        all.back().*root = claim;
      }
    };
    const auto add_traces = [&] {
      for (const abstract::Trace& claim : m_world->trace_claims(at.low)) {
        if (all.size() == kMost) return;
        all.push_back(at);
        all.back().trace = claim;
      }
    };
    switch (at.stage) {
      case Stage::kStateOffer: add_states(&abstract::Position::root_high, at.high); break;
      case Stage::kSource:
        if (!m_world->is_init) add_states(&abstract::Position::root_low, at.low);
        break;
      case Stage::kTraceOffer:
        if (at.trace) add_traces();
        break;
      case Stage::kStateLeaf:
      case Stage::kTensorOffer:
      case Stage::kChunkReveal:
      case Stage::kScalar: add_traces(); break;
      default: break;
    }
    return all;
  }

  const abstract::World* m_world = nullptr;
  const Realised* m_realised = nullptr;
  bool m_is_true = false;
  GameTerms m_terms;
  unsigned m_bound = 0;
  Counts m_counts;
};

Counts play_all(const char* name, const abstract::World& world) {
  Enumeration enumeration;
  const std::vector<abstract::State> ends = world.state_claims(world.steps);
  for (const abstract::State& end : ends) enumeration.play(world, end);
  const Counts& c = enumeration.counts();
  std::printf(
      "figure all_games_%s %llu games of %zu claims, %llu moves, %u at most, %llu refused; %llu of "
      "an honest defender, %llu of an honest challenger\n",
      name, static_cast<unsigned long long>(c.games), ends.size(),
      static_cast<unsigned long long>(c.moves), c.longest,
      static_cast<unsigned long long>(c.refused),
      static_cast<unsigned long long>(c.kept_by_defender),
      static_cast<unsigned long long>(c.won_by_challenger));
  EXPECT_GT(c.kept_by_defender, 0U);
  EXPECT_GT(c.won_by_challenger, 0U);
  return c;
}

// s0 grows by a constant; two elements, each claimed truly or not.
abstract::World small() {
  abstract::World world;
  world.nodes = {{.op = Op::kSlot, .a = 0, .size = 2},
                 {.op = Op::kConstant, .a = 3, .size = 2},
                 {.op = Op::kAdd, .a = 0, .b = 1, .size = 2}};
  world.slot_nodes = {2};
  world.initial = {{5, 7}};
  world.node_lies = {{{1, 0}}, {{0, 1}}, {{1, 0}, {0, 1}, {1, 1}}};
  return world;
}

TEST(AllGames, OfOneStep) { play_all("of_one_step", small()); }

TEST(AllGames, OfAnInitialState) {
  abstract::World world;
  world.nodes = {{.op = Op::kSeed},
                 {.op = Op::kData, .a = 1, .size = 2},
                 {.op = Op::kConstant, .a = 3, .size = 2},
                 {.op = Op::kAdd, .a = 1, .b = 2, .size = 2}};
  world.is_init = true;
  world.data = {{9}, {5, 7}};
  world.slot_nodes = {3, 2};
  world.initial = {{0, 0}, {0, 0}};
  world.node_lies = {{{1}}, {{1, 0}}, {{0, 1}}, {{1, 0}, {0, 1}}};
  play_all("of_an_initial_state", world);
}

// Every level at once: three steps of four sums of products, added to the state.
TEST(AllGames, OfEveryLevel) {
  abstract::World world;
  world.nodes = {{.op = Op::kSlot, .a = 0, .size = 2},
                 {.op = Op::kConstant, .a = 2, .size = 4},
                 {.op = Op::kConstant, .a = 1, .size = 8},
                 {.op = Op::kMatMul, .a = 1, .b = 2, .size = 2, .terms = 4},
                 {.op = Op::kAdd, .a = 0, .b = 3, .size = 2}};
  world.slot_nodes = {4};
  world.initial = {{3, 4}};
  world.steps = 3;
  world.node_lies = {{{1, 0}}, {}, {}, {{1, 0}}, {{1, 0}}};
  world.hides_nodes = false;
  world.fold_lies = {1};
  EXPECT_EQ(play_all("of_every_level", world).longest, 17U);
}

TEST(AllGames, OfAChainOfEightSteps) {
  abstract::World world = small();
  world.steps = 8;
  world.node_lies = {{{1, 0}}, {}, {{1, 0}}};
  world.hides_nodes = world.hides_halves = false;
  world.fold_lies.clear();
  EXPECT_GE(play_all("of_eight_steps", world).longest, 11U);
}

TEST(AllGames, OfATraceOfEightNodes) {
  abstract::World world;
  world.nodes = {{.op = Op::kSlot, .a = 0}, {.op = Op::kStepIndex}, {.op = Op::kConstant, .a = 2}};
  for (unsigned i = 3; i < 8; ++i) world.nodes.push_back({.op = Op::kAdd, .a = 0, .b = i - 1});
  world.slot_nodes = {7};
  world.initial = {{1}};
  world.node_lies.assign(8, {{1}});
  world.hides_nodes = false;
  play_all("of_eight_nodes", world);
}

TEST(AllGames, OfAStateOfEightSlots) {
  abstract::World world;
  world.nodes = {{.op = Op::kConstant, .a = 4}, {.op = Op::kConstant, .a = 6}};
  world.node_lies = {{{1}}, {{1}}};
  for (unsigned i = 0; i < 8; ++i) {
    world.slot_nodes.push_back(i % 2);
    world.initial.push_back({1});
  }
  world.hides_nodes = world.hides_slots = false;
  play_all("of_eight_slots", world);
}

TEST(AllGames, OfAFoldOfEightSteps) {
  abstract::World world;
  world.nodes = {{.op = Op::kConstant, .a = 2, .size = 8},
                 {.op = Op::kConstant, .a = 1, .size = 16},
                 {.op = Op::kMatMul, .a = 0, .b = 1, .size = 2, .terms = 8}};
  world.slot_nodes = {2};
  world.initial = {{0, 0}};
  world.node_lies = {{{1, 0, 0, 0, 0, 0, 0, 1}}, {}, {{1, 0}, {0, 2}}};
  world.hides_halves = false;
  play_all("of_a_fold_of_eight", world);
}

TEST(AllGames, OfATensorOfEightChunks) {
  abstract::World world;
  constexpr int kSize = 7 * 256 + 3;
  world.nodes = {{.op = Op::kConstant, .a = 2, .size = kSize},
                 {.op = Op::kConstant, .a = 1, .size = 1}};
  world.slot_nodes = {0};
  world.initial = {Values(kSize)};
  Values first(kSize), last(kSize), many(kSize);
  first[0] = last[kSize - 1] = 1;
  for (std::size_t i = 300; i < kSize; i += 500) many[i] = 1;
  world.node_lies = {{first, last, many}, {}};
  play_all("of_eight_chunks", world);
}

}  // namespace
}  // namespace assay::dispute
