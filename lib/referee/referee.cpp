#include "assay/referee/referee.hpp"

#include "assay/numerics/arithmetic_integer.hpp"
#include "assay/numerics/memory_access.hpp"
#include "assay/referee/opening.hpp"

namespace assay::referee {

namespace {

// An Access that takes each element from the opening, in the order in which the step asks, and
// checks its chunk up to the trace. After a failure it reads 0: a step is total, and its result is
// not used.
class OpenedOperands {
 public:
  OpenedOperands(Sha256Function sha256, const ScalarPosition& position, ByteView opening)
      : m_sha256(sha256), m_position(position), m_reader(opening) {}

  [[nodiscard]] std::uint64_t read(unsigned operand, std::uint64_t index) {
    const graph::Node& node = m_position.node;
    if (m_reads == kMaxReads || operand >= node.spec.operand_count ||
        index >= node.spec.operands[operand].shape.elements()) {
      m_within_profile = false;
      return 0;
    }
    ++m_reads;
    const TensorType& type = node.spec.operands[operand];
    const Place place = place_of(type.dtype, index);
    const ByteView chunk = open(node.inputs[operand], type, place.chunk);
    return chunk.empty() ? 0 : numerics::load_element(type.dtype, chunk.data() + place.offset, 0);
  }

  [[nodiscard]] bool within_profile() const { return m_within_profile; }
  [[nodiscard]] bool ok() const { return m_reader.ok(); }
  // Everything opened, nothing left over.
  [[nodiscard]] bool finish() const { return m_reader.finish(); }

 private:
  struct Opened {
    std::uint32_t node = 0;
    std::uint64_t chunk = 0;
    ByteView bytes;
  };

  [[nodiscard]] ByteView open(std::uint32_t input, const TensorType& type, std::uint64_t index) {
    const ByteView chunk = m_reader.bytes(commit::kChunkBytes);
    m_tensor_path = commit::read_path(m_reader);
    m_trace_path = commit::read_path(m_reader);
    if (!m_reader.ok()) return {};
    for (unsigned i = 0; i < m_opened_count; ++i) {
      if (m_opened[i].node != input || m_opened[i].chunk != index) continue;
      // One encoding only: what is open already is not sent again.
      if (!chunk.empty() || m_tensor_path.length != 0 || m_trace_path.length != 0) return fail();
      return m_opened[i].bytes;
    }
    if (chunk.size() != chunk_size(type, index) || !is_under_trace(input, type, index, chunk))
      return fail();
    m_opened[m_opened_count++] = {input, index, chunk};
    return chunk;
  }

  [[nodiscard]] bool is_under_trace(std::uint32_t input, const TensorType& type,
                                    std::uint64_t index, ByteView chunk) const {
    Hash256 list_root;
    if (!commit::root_of_path(m_sha256, commit::leaf_hash(m_sha256, chunk), index,
                              commit::chunk_count(type), m_tensor_path.hashes.data(),
                              m_tensor_path.length, list_root))
      return false;
    const Hash256 output = commit::tensor_root(m_sha256, type, list_root);
    Hash256 trace_root;
    return commit::root_of_path(m_sha256, commit::leaf_hash(m_sha256, output.view()), input,
                                m_position.node_count, m_trace_path.hashes.data(),
                                m_trace_path.length, trace_root) &&
           trace_root == m_position.trace_root;
  }

  [[nodiscard]] ByteView fail() {
    m_reader.fail();
    return {};
  }

  Sha256Function m_sha256;
  const ScalarPosition& m_position;
  codec::Reader m_reader;
  std::array<Opened, kMaxReads> m_opened{};
  unsigned m_opened_count = 0;
  unsigned m_reads = 0;
  bool m_within_profile = true;
  commit::Path m_tensor_path;
  commit::Path m_trace_path;
};

}  // namespace

const char* to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::kDefenderWins: return "defender wins";
    case Verdict::kChallengerWins: return "challenger wins";
    case Verdict::kVoid: return "void";
    case Verdict::kInvalidOpening: return "invalid opening";
  }
  return "?";
}

bool is_judgeable(const graph::Node& node, std::uint32_t node_index) noexcept {
  const numerics::NodeSpec& spec = node.spec;
  if (numerics::validate(spec) != numerics::SpecVerdict::kValid) return false;
  for (unsigned i = 0; i < spec.operand_count; ++i) {
    if (node.inputs[i] >= node_index) return false;
    for (unsigned j = 0; j < i; ++j)
      if (node.inputs[j] == node.inputs[i] && spec.operands[j] != spec.operands[i]) return false;
  }
  return true;
}

Verdict judge(Sha256Function sha256, const ScalarPosition& position, ByteView opening,
              numerics::FoldState* computed) {
  const numerics::NodeSpec& spec = position.node.spec;
  if (position.node_index >= position.node_count ||
      !is_judgeable(position.node, position.node_index) || numerics::is_source(spec.op) ||
      position.element >= spec.output.shape.elements() ||
      position.step >= numerics::fold_length(spec))
    return Verdict::kVoid;
  OpenedOperands operands(sha256, position, opening);
  numerics::FoldState state = position.before;
  numerics::fold_step<numerics::IntegerArithmetic>(spec, position.element, position.step, operands,
                                                   state);
  // A false opening must not void a game: only what was read truly may.
  if (!operands.ok()) return Verdict::kInvalidOpening;
  if (!operands.within_profile()) return Verdict::kVoid;
  if (!operands.finish()) return Verdict::kInvalidOpening;
  if (computed != nullptr) *computed = state;
  return state == position.after ? Verdict::kDefenderWins : Verdict::kChallengerWins;
}

}  // namespace assay::referee
