// What moves do (docs/spec/dispute.md, section 4). Each reads one decoded move and changes a copy
// of the position, which replaces the position only if the move is accepted. None says what comes
// next: it names the guard that holds, and the table (dispute/transitions.hpp) has the stage.
#include "assay/core/contract.hpp"
#include "assay/core/planted.hpp"
#include "assay/dispute/moves.hpp"
#include "assay/graph/slot.hpp"
#include "assay/numerics/memory_access.hpp"
#include "assay/referee/opening.hpp"
#include "internal/take.hpp"

namespace assay::dispute {

namespace {

using commit::Range;

// A refusal, or the guard of the row that the move takes.
struct Answer {
  // Implicit, so that each rule returns what it finds.
  Answer(MoveVerdict refusal) : verdict(refusal) {}
  Answer(Guard held) : guard(held) {}
  MoveVerdict verdict = MoveVerdict::kAccepted;
  Guard guard{};
};

class Effects {
 public:
  Effects(Sha256Function sha256, const GameTerms& terms, const Rules& rules, Position& next,
          const Move& move)
      : m_sha256(sha256), m_terms(terms), m_rules(rules), m_next(next), m_move(move) {}

  [[nodiscard]] Answer run() {
    switch (m_next.stage) {
      case Stage::kChainOffer: return chain_offer();
      case Stage::kChainPoint: return chain_point();
      case Stage::kTraceOffer: return trace_offer();
      case Stage::kTracePoint: return trace_point();
      case Stage::kStateOffer: return state_offer();
      case Stage::kStatePoint: return state_point();
      case Stage::kStateLeaf: return state_leaf();
      case Stage::kSource: return source();
      case Stage::kTensorOffer: return tensor_offer();
      case Stage::kTensorPoint: return tensor_point();
      case Stage::kChunkReveal: return chunk_reveal();
      case Stage::kElementPoint: return element_point();
      case Stage::kFoldOffer: return fold_offer();
      case Stage::kFoldPoint: return fold_point();
      case Stage::kScalar: return scalar();
      case Stage::kFinished: return MoveVerdict::kGameFinished;
    }
    return MoveVerdict::kGameFinished;
  }

 private:
  Answer chain_offer() {
    if (m_move.count != chain_spacing(m_next, m_rules).segments - 1)
      return MoveVerdict::kCountMismatch;
    keep_bytes(m_move.offered);
    return Guard::kEntryForEach;
  }

  Answer chain_point() {
    const Spacing steps = chain_spacing(m_next, m_rules);
    const std::uint32_t k = m_move.index;
    if (k >= steps.segments) return MoveVerdict::kIndexOutOfRange;
    if (testing::planted(testing::Planted::kWidePoint)) {
      drop_offer();
      return steps_left(m_next.step_high - m_next.step_low);
    }
    if (k > 0) m_next.root_low = offered_hash(k - 1);
    if (k + 1 < steps.segments) m_next.root_high = offered_hash(k);
    m_next.step_low = steps.at(k);
    m_next.step_high = steps.at(k + 1);
    drop_offer();
    return steps_left(m_next.step_high - m_next.step_low);
  }

  Answer trace_offer() {
    const bool first = m_next.program.node_count == 0;
    if (m_move.has_program != first) return MoveVerdict::kCountMismatch;
    if (first) {
      const Hash256& program = is_init() ? m_terms.task.init_program : m_terms.task.step_program;
      if (commit::program_root(m_sha256, m_move.program) != program)
        return MoveVerdict::kHashMismatch;
      m_next.program = m_move.program;
      if (!is_within_limits(m_next.program)) return Guard::kBeyondLimits;
      m_next.range = {0, m_next.program.node_count};
    }
    Hash256 root;
    if (!offered_root(root)) return MoveVerdict::kCountMismatch;
    if (first) {
      m_next.trace_root = root;
      m_next.range_root = root;
    } else if (root != m_next.range_root) {
      return MoveVerdict::kHashMismatch;
    }
    keep_bytes(m_move.offered);
    return first ? Guard::kNewRoots : Guard::kLeadsToTheRoot;
  }

  Answer trace_point() {
    const commit::Children children = offered_children();
    const bool whole = m_next.range.count == m_next.program.node_count;
    if (whole && m_move.index == children.count) {
      if (m_move.has_record) return MoveVerdict::kCountMismatch;
      drop_offer();
      enter_tree(m_next.program.slot_count);
      return Guard::kClaimedState;
    }
    if (m_move.index >= children.count) return MoveVerdict::kIndexOutOfRange;
    const Range child = children.ranges[m_move.index];
    if (m_move.has_record != (child.count == 1)) return MoveVerdict::kCountMismatch;
    if (child.count != 1) {
      descend(child);
      return Guard::kSubtree;
    }
    if (!is_under(commit::leaf_hash(m_sha256, m_move.record), child.first,
                  m_next.program.node_count, m_move.path, m_next.program.node_list_root))
      return MoveVerdict::kHashMismatch;
    m_next.node_index = static_cast<std::uint32_t>(child.first);
    m_next.node_leaf = offered_hash(m_move.index);
    drop_offer();
    leave_tree();
    return enter_node();
  }

  // The node stands; what is disputed is its output.
  Answer enter_node() {
    codec::Reader reader(m_move.record);
    m_next.node = graph::read_node(reader);
    if (!reader.finish()) m_next.node = {};
    if (!reader.finish() || !referee::is_judgeable(m_next.node, m_next.node_index))
      return Guard::kUnjudgeable;
    const numerics::NodeSpec& spec = m_next.node.spec;
    switch (spec.op) {
      case numerics::OpCode::kStepIndex: return settle_scalar_source(spec, m_next.step_low);
      case numerics::OpCode::kSeed: return settle_scalar_source(spec, m_terms.task.seed);
      case numerics::OpCode::kStateSlot:
        if (is_init() || spec.attributes[0] >= m_next.program.slot_count)
          return Guard::kUnjudgeable;
        return Guard::kReadsTheState;
      case numerics::OpCode::kData:
        if (spec.attributes[0] >= m_next.program.data_count) return Guard::kUnjudgeable;
        return Guard::kReadsTheState;
      default: break;
    }
    enter_tree(commit::chunk_count(spec.output));
    return m_next.range.count == 1 ? Guard::kOneChunk : Guard::kSeveralChunks;
  }

  Answer settle_scalar_source(const numerics::NodeSpec& spec, std::uint64_t bits) {
    const Hash256 root = commit::scalar_tensor_root(m_sha256, spec.output.dtype, bits);
    return commit::leaf_hash(m_sha256, root.view()) == m_next.node_leaf ? Guard::kGivenHolds
                                                                        : Guard::kGivenDiffers;
  }

  Answer state_offer() {
    Hash256 root;
    if (!offered_root(root)) return MoveVerdict::kCountMismatch;
    const bool whole = m_next.range.count == m_next.program.slot_count;
    const Hash256 reached =
        whole ? commit::counted_root(m_sha256, commit::Tag::kState, m_next.program.slot_count, root)
              : root;
    if (reached != (whole ? m_next.root_high : m_next.range_root))
      return MoveVerdict::kHashMismatch;
    m_next.range_root = root;
    keep_bytes(m_move.offered);
    return Guard::kLeadsToTheRoot;
  }

  Answer state_point() { return tree_point(); }

  Answer state_leaf() {
    const commit::ProgramHeader& program = m_next.program;
    if (!is_under(commit::leaf_hash(m_sha256, m_move.record), m_next.range.first,
                  program.slot_count, m_move.path, program.slot_list_root))
      return MoveVerdict::kHashMismatch;
    codec::Reader reader(m_move.record);
    const graph::SlotRecord slot = graph::read_slot(reader);
    if (!reader.finish() || slot.output >= program.node_count) return Guard::kUnjudgeable;
    if (!is_under(commit::leaf_hash(m_sha256, m_move.output_root.view()), slot.output,
                  program.node_count, m_move.output_path, m_next.trace_root))
      return MoveVerdict::kHashMismatch;
    return holds_if(named_leaf_hash({slot.name, m_move.output_root}) == m_next.range_root);
  }

  Answer source() {
    const std::uint64_t index = m_next.node.spec.attributes[0];
    const bool is_slot = m_next.node.spec.op == numerics::OpCode::kStateSlot;
    const std::uint64_t count = is_slot ? m_next.program.slot_count : m_next.program.data_count;
    Hash256 list_root;
    if (!commit::root_of_path(m_sha256, named_leaf_hash(m_move.source), index, count,
                              m_move.path.hashes.data(), m_move.path.length, list_root))
      return MoveVerdict::kHashMismatch;
    const commit::Tag tag = is_slot ? commit::Tag::kState : commit::Tag::kDataSet;
    if (commit::counted_root(m_sha256, tag, count, list_root) !=
        (is_slot ? m_next.root_low : m_terms.task.data_set))
      return MoveVerdict::kHashMismatch;
    return holds_if(commit::leaf_hash(m_sha256, m_move.source.root.view()) == m_next.node_leaf);
  }

  Answer tensor_offer() {
    Hash256 root;
    if (!offered_root(root)) return MoveVerdict::kCountMismatch;
    if (!is_claimed_output(m_next.range, root)) return MoveVerdict::kHashMismatch;
    m_next.range_root = root;
    keep_bytes(m_move.offered);
    return Guard::kLeadsToTheRoot;
  }

  Answer tensor_point() { return tree_point(); }

  Answer chunk_reveal() {
    const ByteView chunk = m_move.record;
    if (chunk.size() != referee::chunk_size(m_next.node.spec.output, m_next.range.first))
      return MoveVerdict::kCountMismatch;
    if (!is_claimed_output(m_next.range, commit::leaf_hash(m_sha256, chunk)))
      return MoveVerdict::kHashMismatch;
    keep_bytes(chunk);
    return Guard::kLeadsToTheRoot;
  }

  Answer element_point() {
    const numerics::NodeSpec& spec = m_next.node.spec;
    const std::uint32_t size = size_of(spec.output.dtype);
    if (m_move.index >= m_next.offered_bytes / size) return MoveVerdict::kIndexOutOfRange;
    m_next.element = m_next.range.first * (commit::kChunkBytes / size) + m_move.index;
    m_next.fold_low = 0;
    m_next.fold_high = numerics::fold_length(spec);
    m_next.state_low = numerics::fold_init(spec, m_next.element);
    m_next.state_high = numerics::fold_final(
        spec, numerics::load_element(spec.output.dtype, m_next.offered.data(), m_move.index));
    drop_offer();
    leave_tree();
    return steps_left(m_next.fold_high);
  }

  Answer fold_offer() {
    const unsigned words = numerics::fold_words(m_next.node.spec);
    if (m_move.count != (fold_spacing(m_next, m_rules).segments - 1) * words)
      return MoveVerdict::kCountMismatch;
    keep_bytes(m_move.offered);
    return Guard::kEntryForEach;
  }

  Answer fold_point() {
    const Spacing steps = fold_spacing(m_next, m_rules);
    const std::uint32_t k = m_move.index;
    if (k >= steps.segments) return MoveVerdict::kIndexOutOfRange;
    if (k > 0) m_next.state_low = offered_state(k - 1);
    if (k + 1 < steps.segments) m_next.state_high = offered_state(k);
    m_next.fold_low = static_cast<std::uint32_t>(steps.at(k));
    m_next.fold_high = static_cast<std::uint32_t>(steps.at(k + 1));
    drop_offer();
    return steps_left(m_next.fold_high - m_next.fold_low);
  }

  Answer scalar() {
    switch (referee::judge(m_sha256, scalar_position(m_next), m_move.record, &m_next.computed)) {
      case referee::Verdict::kDefenderWins: return Guard::kHolds;
      case referee::Verdict::kChallengerWins: return Guard::kDiffers;
      case referee::Verdict::kVoid: return Guard::kBeyondProfile;
      case referee::Verdict::kInvalidOpening: break;
    }
    return MoveVerdict::kHashMismatch;
  }

  // Points that walk a tree which is all under one committed root.
  Answer tree_point() {
    const commit::Children children = offered_children();
    if (m_move.index >= children.count) return MoveVerdict::kIndexOutOfRange;
    const Range child = children.ranges[m_move.index];
    descend(child);
    return child.count == 1 ? Guard::kLeaf : Guard::kSubtree;
  }

  void descend(Range child) {
    m_next.range = child;
    m_next.range_root = offered_hash(m_move.index);
    drop_offer();
  }

  // A tree whose root is not known as a list root yet: its first offer is checked through a header.
  void enter_tree(std::uint64_t leaves) {
    m_next.range = {0, leaves};
    m_next.range_root = {};
  }
  void leave_tree() {
    m_next.range = {};
    m_next.range_root = {};
  }

  // True if `root` is the root of `range` of the disputed node's claimed output. A range that is
  // not the whole list was reached by pointing and has a root of its own.
  [[nodiscard]] bool is_claimed_output(Range range, const Hash256& root) const {
    const TensorType& type = m_next.node.spec.output;
    if (range.count != commit::chunk_count(type)) return root == m_next.range_root;
    const Hash256 output = commit::tensor_root(m_sha256, type, root);
    return commit::leaf_hash(m_sha256, output.view()) == m_next.node_leaf;
  }

  [[nodiscard]] bool is_under(const Hash256& leaf, std::uint64_t index, std::uint64_t count,
                              const commit::Path& path, const Hash256& list_root) const {
    Hash256 root;
    return commit::root_of_path(m_sha256, leaf, index, count, path.hashes.data(), path.length,
                                root) &&
           root == list_root;
  }

  [[nodiscard]] Hash256 named_leaf_hash(const commit::NamedLeaf& leaf) const {
    std::array<std::uint8_t, commit::kMaxNamedLeafBytes> bytes;
    codec::FixedSink sink(bytes);
    codec::BasicWriter<codec::FixedSink> writer(sink);
    commit::write_named_leaf(writer, leaf);
    ASSAY_ENSURES(!sink.overflowed());
    return commit::leaf_hash(m_sha256, sink.written());
  }

  // The root that the offered children of the current range make; false if there are too few or
  // many.
  [[nodiscard]] bool offered_root(Hash256& root) const {
    if (m_move.count != offered_children().count) return false;
    std::array<Hash256, commit::kMaxChildren> roots;
    std::memcpy(roots.data(), m_move.offered.data(), m_move.offered.size());
    root = commit::root_of_children(m_sha256, m_next.range, roots.data(), m_rules.split_depth);
    return true;
  }

  void keep_bytes(ByteView bytes) {
    ASSAY_EXPECTS(bytes.size() <= m_next.offered.size());
    m_next.offered_bytes = static_cast<std::uint32_t>(bytes.size());
    std::memcpy(m_next.offered.data(), bytes.data(), bytes.size());
  }
  void drop_offer() {
    m_next.offered_bytes = 0;
    m_next.offered = {};
  }
  [[nodiscard]] Hash256 offered_hash(std::uint32_t index) const {
    Hash256 hash;
    std::memcpy(hash.bytes.data(), m_next.offered.data() + index * hash.bytes.size(),
                hash.bytes.size());
    return hash;
  }
  [[nodiscard]] numerics::FoldState offered_state(std::uint32_t index) const {
    const unsigned words = numerics::fold_words(m_next.node.spec);
    numerics::FoldState state;
    for (unsigned i = 0; i < words; ++i)
      state.words[i] = load_le<std::uint32_t>(m_next.offered.data() + (index * words + i) * 4);
    return state;
  }

  [[nodiscard]] commit::Children offered_children() const {
    return commit::children_of(m_next.range, m_rules.split_depth);
  }
  [[nodiscard]] static Guard steps_left(std::uint64_t steps) {
    return steps <= 1 ? Guard::kAtMostOneStep : Guard::kSeveralSteps;
  }
  [[nodiscard]] bool is_init() const { return m_terms.entry == 0; }
  [[nodiscard]] static bool is_within_limits(const commit::ProgramHeader& p) {
    return p.profile == numerics::kProfileNumber && p.node_count >= 1 &&
           p.node_count <= graph::kMaxNodes && p.slot_count >= 1 &&
           p.slot_count <= graph::kMaxSlots && p.data_count <= graph::kMaxData;
  }

  [[nodiscard]] static Guard holds_if(bool claim_holds) {
    return claim_holds ? Guard::kHolds : Guard::kDiffers;
  }

  Sha256Function m_sha256;
  const GameTerms& m_terms;
  const Rules& m_rules;
  Position& m_next;
  const Move& m_move;
};

}  // namespace

MoveVerdict apply(Sha256Function sha256, const GameTerms& terms, Position& position, Mover mover,
                  ByteView body, const Rules& rules) {
  if (position.stage == Stage::kFinished) return MoveVerdict::kGameFinished;
  if (body.size() > kMaxMoveBytes) return MoveVerdict::kTooLong;
  Move move;
  if (!read_move(body, move)) return MoveVerdict::kMalformed;
  if (!may_move(position, mover)) return MoveVerdict::kNotYourTurn;
  if (move.kind != position.stage) return MoveVerdict::kWrongKind;
  Position next = position;
  const Answer answer = Effects(sha256, terms, rules, next, move).run();
  if (answer.verdict != MoveVerdict::kAccepted) return answer.verdict;
  if (position.turn >= kMaxTurns) return MoveVerdict::kTooManyTurns;
  internal::take(next, answer.guard);
  ++next.turn;
  position = next;
  return MoveVerdict::kAccepted;
}

}  // namespace assay::dispute
