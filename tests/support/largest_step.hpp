// Scalar steps as large as the profile lets them be, with openings under made-up trees: for every
// operator the spec whose operands have the deepest trees, in the largest program. Freestanding:
// the wasm judge is timed on them too.
#pragma once

#include "assay/core/contract.hpp"
#include "assay/dispute/game.hpp"
#include "assay/numerics/arithmetic_integer.hpp"
#include "assay/numerics/memory_access.hpp"
#include "assay/referee/opening.hpp"

namespace assay::test {

using numerics::NodeSpec;
using numerics::OpCode;

// The spec of an operator with the largest operands that its validity admits; false for sources and
// for codes that are none.
inline bool largest_spec(OpCode op, NodeSpec& spec) {
  constexpr std::uint64_t kAll = kMaxElements, kFold = numerics::kMaxFoldSteps;
  constexpr std::uint64_t kRoot = std::uint64_t{1} << 20, kRest = kAll / kFold;
  const auto f32 = [](const Shape& shape) { return TensorType{DType::kF32, shape}; };
  const auto u32 = [](const Shape& shape) { return TensorType{DType::kU32, shape}; };
  const auto u64 = [](const Shape& shape) { return TensorType{DType::kU64, shape}; };
  const auto make = [&](const TensorType& output, std::initializer_list<TensorType> operands,
                        std::initializer_list<std::uint64_t> attributes) {
    spec = {};
    spec.op = op;
    spec.output = output;
    for (const TensorType& type : operands) spec.operands[spec.operand_count++] = type;
    for (const std::uint64_t value : attributes) spec.attributes[spec.attribute_count++] = value;
    return true;
  };
  const Shape flat{kAll}, square{kRoot, kRoot};
  const Shape pixels{kFold, 1, 1, kRest}, kernel{1, 1, kFold, kRest};
  switch (op) {
    case OpCode::kConstant: return make(f32(flat), {}, {1});
    case OpCode::kIota: return make(f32(flat), {}, {0});
    case OpCode::kReshape: return make(u64(square), {u64(flat)}, {});
    case OpCode::kCast: return make(f32(flat), {u64(flat)}, {});
    case OpCode::kTranspose: return make(u64(square), {u64(square)}, {1});
    case OpCode::kSlice:
    case OpCode::kPad: return make(u64(flat), {u64(flat)}, {0, 0});
    case OpCode::kConcat: return make(u64(flat), {u64({kAll - 1}), u64({1})}, {0});
    case OpCode::kNeg:
    case OpCode::kRelu:
    case OpCode::kSqrt:
    case OpCode::kExp:
    case OpCode::kLog:
    case OpCode::kTanh:
    case OpCode::kErf:
    case OpCode::kSin:
    case OpCode::kCos:
    case OpCode::kRsqrt:
    case OpCode::kSigmoid: return make(f32(flat), {f32(flat)}, {});
    case OpCode::kAdd:
    case OpCode::kSub:
    case OpCode::kMul: return make(u64(flat), {u64(flat), u64(flat)}, {});
    case OpCode::kDiv:
    case OpCode::kMax:
    case OpCode::kMin: return make(f32(flat), {f32(flat), f32(flat)}, {});
    case OpCode::kEqual:
    case OpCode::kLess: return make(u32(flat), {u64(flat), u64(flat)}, {});
    case OpCode::kSelect: return make(u64(flat), {u32(flat), u64(flat), u64(flat)}, {});
    case OpCode::kFma: return make(f32(flat), {f32(flat), f32(flat), f32(flat)}, {});
    case OpCode::kReduceSum: return make(f32({1, kRest}), {f32({kFold - 4, kRest})}, {1});
    case OpCode::kReduceMax: return make(f32({1, kRest}), {f32({kFold, kRest})}, {1});
    case OpCode::kMatMul:
      return make(f32({kRest, 1, 1}), {f32({kRest, 1, kFold}), f32({kRest, kFold, 1})}, {0, 0});
    case OpCode::kMatMulTriangular:
      return make(f32({kRest, 1, 1}), {f32({kRest, 1, kFold}), f32({kRest, kFold, 1})},
                  {0, 0, 1, kAll, 0});
    case OpCode::kConv2d: return make(f32(pixels), {f32(pixels), f32(kernel)}, {1, 0});
    case OpCode::kConv2dGradInput: return make(f32(pixels), {f32(pixels), f32(kernel)}, {1, 0});
    case OpCode::kConv2dGradWeight: return make(f32(kernel), {f32(pixels), f32(pixels)}, {1, 0});
    case OpCode::kMaxPool2d:
      return make(f32({1, kRoot, kRoot, 1}), {f32({1, kRoot, kRoot, 1})}, {1});
    case OpCode::kMaxPool2dGrad: {
      const TensorType x = f32({1, kRoot, kRoot, 1});
      return make(x, {x, x, x}, {1});
    }
    case OpCode::kGatherRows: return make(u64(flat), {u64(flat), u32(flat)}, {});
    case OpCode::kScatterAddRows:
      return make(f32({kFold, kRest}), {u32({kFold}), f32({kFold, kRest})}, {});
    case OpCode::kRandomUniform: return make(f32(flat), {u64({}), u64({})}, {~std::uint64_t{0}});
    case OpCode::kShuffleIndex:
      return make(u32(flat), {u64({}), u64({})}, {std::uint64_t{1} << 32, 7});
    default: return false;
  }
}

// The last node of the largest program, its operands in far corners of the trace.
inline graph::Node largest_node(const NodeSpec& spec) {
  graph::Node node;
  node.spec = spec;
  constexpr std::uint32_t kFar[] = {0, graph::kMaxNodes / 2, graph::kMaxNodes - 2,
                                    graph::kMaxNodes / 2 - 1};
  for (unsigned i = 0; i < spec.operand_count; ++i) node.inputs[i] = kFar[i];
  return node;
}

// Every element of a float operand is 0x3f3f3f3f, some 0.75; of any other 0.
inline std::uint8_t fill_of(DType dtype) { return dtype == DType::kF32 ? 0x3f : 0; }
struct Filled {
  const NodeSpec* spec;
  [[nodiscard]] std::uint64_t read(unsigned operand, std::uint64_t) const {
    const DType dtype = spec->operands[operand].dtype;
    return fill_of(dtype) * (size_of(dtype) == 8 ? 0x0101010101010101U : 0x01010101U);
  }
};

// A true step and its opening. The trees hold the operands' roots; every other subtree has a hash
// made up from its range.
struct OpenedStep {
  referee::ScalarPosition position;
  std::array<std::uint8_t, 16 * 1024> bytes{};
  std::size_t size = 0;

  OpenedStep(Sha256Function sha256, const graph::Node& node, std::uint64_t element,
             std::uint32_t step)
      : m_sha256(sha256) {
    position.node = node;
    position.node_count = graph::kMaxNodes;
    position.node_index = graph::kMaxNodes - 1;
    position.element = element;
    position.step = step;
    position.before = numerics::fold_init(node.spec, element);
    position.after = position.before;
    Filled filled{&node.spec};
    referee::RecordingAccess recording(filled);
    numerics::fold_step<numerics::IntegerArithmetic>(node.spec, element, step, recording,
                                                     position.after);
    reads = recording.count();
    for (const referee::Read& read : recording.reads()) add(read);
    position.trace_root = root_of({0, graph::kMaxNodes});
    codec::FixedSink sink(bytes);
    codec::BasicWriter<codec::FixedSink> writer(sink);
    for (unsigned i = 0; i < m_count; ++i) {
      const Operand& o = m_operands[i];
      referee::write_operand(writer, {o.chunk.data(), o.chunk_bytes}, o.path, trace_path(o.input));
    }
    size = sink.written().size();
  }

  [[nodiscard]] ByteView opening() const { return {bytes.data(), size}; }
  unsigned reads = 0;

 private:
  struct Operand {
    std::uint32_t input = 0;
    std::array<std::uint8_t, commit::kChunkBytes> chunk{};
    std::size_t chunk_bytes = 0;
    commit::Path path;
    Hash256 leaf;
  };

  static Hash256 made_up(std::uint64_t a, std::uint64_t b) {
    Hash256 hash;
    store_le(hash.bytes.data(), a + 1);
    store_le(hash.bytes.data() + 8, b + 1);
    return hash;
  }

  void add(const referee::Read& read) {
    const TensorType& type = position.node.spec.operands[read.operand];
    const std::uint64_t index = referee::place_of(type.dtype, read.index).chunk;
    Operand& o = m_operands[m_count++];
    o.input = position.node.inputs[read.operand];
    o.chunk_bytes = referee::chunk_size(type, index);
    o.chunk.fill(fill_of(type.dtype));
    o.path.length = commit::path_length(index, commit::chunk_count(type));
    for (unsigned i = 0; i < o.path.length; ++i) o.path.hashes[i] = made_up(i, read.operand);
    Hash256 list_root;
    const bool is_path = commit::root_of_path(
        m_sha256, commit::leaf_hash(m_sha256, {o.chunk.data(), o.chunk_bytes}), index,
        commit::chunk_count(type), o.path.hashes.data(), o.path.length, list_root);
    ASSAY_ENSURES(is_path);
    const Hash256 root = commit::tensor_root(m_sha256, type, list_root);
    o.leaf = commit::leaf_hash(m_sha256, root.view());
  }

  [[nodiscard]] Hash256 root_of(commit::Range range) const {
    const Operand* inside = nullptr;
    for (unsigned i = 0; i < m_count; ++i)
      if (m_operands[i].input - range.first < range.count) inside = &m_operands[i];
    if (inside == nullptr) return made_up(range.first, range.count);
    if (range.count == 1) return inside->leaf;
    const std::uint64_t left = commit::split_of(range.count);
    return commit::node_hash(m_sha256, root_of({range.first, left}),
                             root_of({range.first + left, range.count - left}));
  }

  [[nodiscard]] commit::Path trace_path(std::uint64_t index) const {
    commit::Path path;
    path.length = commit::path_length(index, graph::kMaxNodes);
    commit::Range range{0, graph::kMaxNodes};
    for (unsigned i = path.length; i-- > 0;) {
      const std::uint64_t left = commit::split_of(range.count);
      const commit::Range halves[] = {{range.first, left},
                                      {range.first + left, range.count - left}};
      const bool is_right = index >= halves[1].first;
      path.hashes[i] = root_of(halves[is_right ? 0 : 1]);
      range = halves[is_right ? 1 : 0];
    }
    return path;
  }

  Sha256Function m_sha256;
  std::array<Operand, referee::kMaxReads> m_operands{};
  unsigned m_count = 0;
};

// The game's position before the last move, of which the step is all that counts.
inline dispute::Position before_last_move(const OpenedStep& step) {
  dispute::Position position;
  position.stage = dispute::Stage::kScalar;
  position.node = step.position.node;
  position.node_index = step.position.node_index;
  position.program.node_count = step.position.node_count;
  position.trace_root = step.position.trace_root;
  position.element = step.position.element;
  position.fold_low = step.position.step;
  position.fold_high = step.position.step + 1;
  position.state_low = step.position.before;
  position.state_high = step.position.after;
  return position;
}

// Calls visit(element, step) for elements and steps at both ends and between.
template <class Visit>
void visit_places(const NodeSpec& spec, Visit&& visit) {
  const std::uint64_t elements = spec.output.shape.elements();
  const std::uint32_t steps = numerics::fold_length(spec);
  for (const std::uint64_t element : {std::uint64_t{0}, elements / 2, elements - 1})
    for (const std::uint32_t step : {0u, steps / 2, steps - 1}) visit(element, step);
}

}  // namespace assay::test
