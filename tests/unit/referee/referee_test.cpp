// The referee on random specs of every operator: it agrees with the hardware at every step, takes
// one opening only, and stays within its work limit (docs/spec/referee.md, INV-REF).
#include "assay/referee/referee.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "assay/codec/buffer.hpp"
#include "assay/commit/tensor_hash.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/memory_access.hpp"
#include "assay/referee/opening.hpp"

namespace assay::referee {
namespace {

using numerics::FoldState;
using numerics::NodeSpec;
using numerics::OpCode;

struct Random {
  std::mt19937_64 engine;
  std::uint64_t below(std::uint64_t n) { return engine() % n; }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  // Ordinary numbers, and now and then a zero, infinity, NaN with a payload or a subnormal.
  std::uint32_t f32() {
    static constexpr std::uint32_t kSpecial[] = {0,          0x80000000, 0x7f800000, 0xff800000,
                                                 0x7fc12345, 0xffa00001, 1,          0x807fffff};
    if (below(8) == 0) return kSpecial[below(8)];
    const auto scale = static_cast<std::uint32_t>(between(120, 133));
    return (static_cast<std::uint32_t>(engine()) & 0x807fffff) | scale << 23;
  }
};

TensorType type(DType dtype, std::initializer_list<std::uint64_t> dims) {
  return {dtype, Shape(dims)};
}
constexpr DType kDTypes[] = {DType::kF32, DType::kI32, DType::kU32,
                             DType::kI64, DType::kU64, DType::kU8};

NodeSpec spec_of(OpCode op, TensorType output, std::vector<TensorType> operands,
                 std::vector<std::uint64_t> attributes) {
  NodeSpec spec;
  spec.op = op;
  spec.output = output;
  spec.operand_count = static_cast<std::uint8_t>(operands.size());
  spec.attribute_count = static_cast<std::uint8_t>(attributes.size());
  std::copy(operands.begin(), operands.end(), spec.operands.begin());
  std::copy(attributes.begin(), attributes.end(), spec.attributes.begin());
  return spec;
}

// A random valid spec of `op`.
NodeSpec random_spec(OpCode op, Random& r) {
  const std::uint64_t m = r.between(1, 20), k = r.between(1, 40), n = r.between(1, 20);
  const DType any = kDTypes[r.below(6)];
  const DType numeric = kDTypes[r.below(5)];
  const TensorType x = type(DType::kF32, {m, k});
  const TensorType scalar = type(DType::kU64, {});
  switch (op) {
    case OpCode::kConstant:
      return spec_of(op, type(any, {m, k}), {}, {r.engine() >> (64 - 8 * size_of(any))});
    case OpCode::kIota: return spec_of(op, type(any, {m, k}), {}, {r.below(2)});
    case OpCode::kReshape: return spec_of(op, type(any, {k, m}), {type(any, {m, k})}, {});
    case OpCode::kCast:
      return spec_of(op, type(any, {m, k}), {type(kDTypes[r.below(6)], {m, k})}, {});
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
    case OpCode::kSigmoid: return spec_of(op, x, {x}, {});
    case OpCode::kTranspose: return spec_of(op, type(any, {k, m}), {type(any, {m, k})}, {1});
    case OpCode::kSlice:
      return spec_of(op, type(any, {m, k}), {type(any, {m, k + n})}, {1, r.below(n + 1)});
    case OpCode::kPad:
      return spec_of(op, type(any, {m, k + n}), {type(any, {m, k})}, {1, r.below(n + 1)});
    case OpCode::kConcat:
      return spec_of(op, type(any, {m + n, k}), {type(any, {m, k}), type(any, {n, k})}, {0});
    case OpCode::kAdd:
    case OpCode::kSub:
    case OpCode::kMul:
      return spec_of(op, type(numeric, {m, k}), {type(numeric, {m, k}), type(numeric, {k})}, {});
    case OpCode::kDiv:
    case OpCode::kMax:
    case OpCode::kMin: return spec_of(op, x, {x, type(DType::kF32, {m, 1})}, {});
    case OpCode::kEqual:
    case OpCode::kLess:
      return spec_of(op, type(DType::kU32, {m, k}), {type(any, {m, k}), type(any, {1, k})}, {});
    case OpCode::kSelect:
      return spec_of(op, type(any, {m, k}),
                     {type(DType::kU32, {k}), type(any, {m, k}), type(any, {})}, {});
    case OpCode::kFma: return spec_of(op, x, {x, type(DType::kF32, {k}), x}, {});
    case OpCode::kReduceSum:
    case OpCode::kReduceMax: {
      const std::uint64_t mask = r.between(1, 3);
      return spec_of(op, type(DType::kF32, {(mask & 1) != 0 ? 1 : m, (mask & 2) != 0 ? 1 : k}), {x},
                     {mask});
    }
    case OpCode::kMatMul:
    case OpCode::kMatMulTriangular: {
      const std::uint64_t ta = r.below(2), tb = r.below(2);
      const TensorType a = ta != 0 ? type(DType::kF32, {3, k, m}) : type(DType::kF32, {3, m, k});
      const TensorType b = tb != 0 ? type(DType::kF32, {3, n, k}) : type(DType::kF32, {3, k, n});
      if (op == OpCode::kMatMul) return spec_of(op, type(DType::kF32, {3, m, n}), {a, b}, {ta, tb});
      return spec_of(op, type(DType::kF32, {3, m, n}), {a, b},
                     {ta, tb, r.below(3), r.below(10), r.f32()});
    }
    case OpCode::kConv2d:
    case OpCode::kConv2dGradInput:
    case OpCode::kConv2dGradWeight: {
      const std::uint64_t stride = r.between(1, 2), padding = r.below(3), size = r.between(3, 7);
      const std::uint64_t out = (size + 2 * padding - 3) / stride + 1;
      const std::uint64_t groups = r.between(1, 2);
      const TensorType in = type(DType::kF32, {2, size, size, 3 * groups});
      const TensorType w = type(DType::kF32, {3, 3, 3, 4});
      const TensorType y = type(DType::kF32, {2, out, out, 4});
      if (op == OpCode::kConv2d) return spec_of(op, y, {in, w}, {stride, padding});
      if (op == OpCode::kConv2dGradInput) return spec_of(op, in, {y, w}, {stride, padding});
      return spec_of(op, w, {in, y}, {stride, padding});
    }
    case OpCode::kMaxPool2d:
    case OpCode::kMaxPool2dGrad: {
      const std::uint64_t window = r.between(1, 3), size = r.between(3, 8);
      const TensorType in = type(DType::kF32, {2, size, size, 3});
      const TensorType y = type(DType::kF32, {2, size / window, size / window, 3});
      if (op == OpCode::kMaxPool2d) return spec_of(op, y, {in}, {window});
      return spec_of(op, in, {in, y, y}, {window});
    }
    case OpCode::kGatherRows:
      return spec_of(op, type(any, {m, k}), {type(any, {7, k}), type(DType::kU32, {m})}, {});
    case OpCode::kScatterAddRows:
      return spec_of(op, type(DType::kF32, {7, k}), {type(DType::kU32, {m}), x}, {});
    case OpCode::kRandomUniform: return spec_of(op, x, {scalar, scalar}, {r.engine()});
    case OpCode::kShuffleIndex:
      return spec_of(op, type(DType::kU32, {m}), {scalar, scalar},
                     {r.between(1, 1000), r.below(9)});
    default: ADD_FAILURE() << "no random spec for operator " << static_cast<int>(op); return {};
  }
}

// Every operator that is not a source, found by its name.
std::vector<OpCode> operators() {
  std::vector<OpCode> all;
  for (std::uint16_t code = 16; code < 1024; ++code)
    if (std::string(numerics::name_of(static_cast<OpCode>(code))) != "?")
      all.push_back(static_cast<OpCode>(code));
  return all;
}

// A node over operands of random bits, under a trace of `inputs` + itself.
struct Scene {
  graph::Node node;
  std::vector<Bytes> data;
  std::vector<commit::MerkleTree> trees;
  commit::MerkleTree trace;

  Scene(const NodeSpec& spec, Random& r) {
    node.spec = spec;
    for (unsigned i = 0; i < spec.operand_count; ++i) {
      const TensorType& t = spec.operands[i];
      Bytes bytes(t.byte_count());
      for (std::uint64_t e = 0; e < t.shape.elements(); ++e) {
        std::uint64_t bits = t.dtype == DType::kF32 ? r.f32()
                             : r.below(2) != 0      ? r.engine()
                                                    : r.below(9);
        if (spec.op == OpCode::kGatherRows && i == 1) bits = r.below(9);
        if (spec.op == OpCode::kScatterAddRows && i == 0) bits = r.below(9);
        numerics::store_element(t.dtype, bytes.data(), e, bits);
      }
      node.inputs[i] = i;
      data.push_back(std::move(bytes));
    }
    seal();
  }

  // Makes the trees of what `data` holds.
  void seal() {
    SerialTaskPool pool;
    std::vector<Hash256> leaves;
    trees.clear();
    for (std::size_t i = 0; i < data.size(); ++i) {
      const TensorType& t = node.spec.operands[i];
      trees.push_back(commit::tensor_tree(t, data[i], pool));
      const Hash256 root = commit::tensor_root(t, data[i], pool);
      leaves.push_back(commit::leaf_hash(crypto::sha256_function(), root.view()));
    }
    Hash256 own;
    own.bytes[0] = 0xee;
    leaves.push_back(own);
    trace = commit::MerkleTree(leaves);
  }

  [[nodiscard]] numerics::MemoryAccess memory() const {
    numerics::MemoryAccess access;
    access.spec = &node.spec;
    for (std::size_t i = 0; i < data.size(); ++i) access.operands[i] = data[i].data();
    return access;
  }

  [[nodiscard]] ScalarPosition position(std::uint64_t element, std::uint32_t step) const {
    ScalarPosition p;
    p.node = node;
    p.node_index = node.spec.operand_count;
    p.node_count = node.spec.operand_count + 1U;
    p.trace_root = trace.root();
    p.element = element;
    p.step = step;
    return p;
  }

  [[nodiscard]] Bytes opening(std::span<const Read> reads) const {
    return codec::encode([&](codec::Writer& w) {
      std::vector<std::pair<unsigned, std::uint64_t>> opened;
      for (const Read& read : reads) {
        const std::uint64_t chunk =
            place_of(node.spec.operands[read.operand].dtype, read.index).chunk;
        const std::pair key{read.operand, chunk};
        if (std::find(opened.begin(), opened.end(), key) != opened.end()) {
          write_repeated_operand(w);
          continue;
        }
        opened.push_back(key);
        write_operand(w, commit::chunk_of(data[read.operand], chunk),
                      trees[read.operand].path(chunk), trace.path(read.operand));
      }
    });
  }
};

// One step of the scene's element on the hardware, with its opening.
struct Step {
  ScalarPosition position;
  Bytes opening;
  unsigned reads = 0;
};
Step step_of(const Scene& scene, std::uint64_t element, std::uint32_t step) {
  numerics::MemoryAccess memory = scene.memory();
  FoldState state = numerics::fold_init(scene.node.spec, element);
  for (std::uint32_t k = 0; k < step; ++k)
    numerics::fold_step<numerics::HardwareArithmetic>(scene.node.spec, element, k, memory, state);
  Step result{scene.position(element, step), {}, 0};
  result.position.before = state;
  RecordingAccess access(memory);
  numerics::fold_step<numerics::HardwareArithmetic>(scene.node.spec, element, step, access, state);
  result.position.after = state;
  result.reads = access.count();
  result.opening = scene.opening(access.reads());
  return result;
}

// INV-REF-001: integers alone give the hardware's bits, for every operator, at every step.
TEST(Referee, AgreesWithTheHardwareOnEveryOperator) {
  Random r{std::mt19937_64(20240229)};
  ASSERT_GE(operators().size(), 30U);
  for (const OpCode op : operators()) {
    for (int round = 0; round < 12; ++round) {
      const NodeSpec spec = random_spec(op, r);
      ASSERT_EQ(numerics::validate(spec), numerics::SpecVerdict::kValid) << numerics::name_of(op);
      const Scene scene(spec, r);
      for (int sample = 0; sample < 12; ++sample) {
        const std::uint64_t element = r.below(spec.output.shape.elements());
        const auto step = static_cast<std::uint32_t>(r.below(numerics::fold_length(spec)));
        Step s = step_of(scene, element, step);
        ASSERT_LE(s.reads, 3U) << numerics::name_of(op);  // dispute::opening_bounds counts on it
        FoldState computed;
        ASSERT_EQ(judge(crypto::sha256_portable, s.position, s.opening, &computed),
                  Verdict::kDefenderWins)
            << numerics::name_of(op) << " element " << element << " step " << step;
        ASSERT_EQ(computed, s.position.after);
        s.position.after.words[r.below(numerics::kMaxFoldWords)] ^= 1U << r.below(32);
        ASSERT_EQ(judge(crypto::sha256_portable, s.position, s.opening), Verdict::kChallengerWins)
            << numerics::name_of(op);
      }
    }
  }
}

// INV-REF-002: there is one opening; no byte of it can be changed, cut off or added.
TEST(Referee, TakesOneOpeningOnly) {
  Random r{std::mt19937_64(7)};
  for (const OpCode op : operators()) {
    const NodeSpec spec = random_spec(op, r);
    const Scene scene(spec, r);
    const Step s = step_of(scene, spec.output.shape.elements() - 1, 0);
    for (std::size_t at = 0; at < s.opening.size(); ++at) {
      Bytes bad = s.opening;
      bad[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
      ASSERT_EQ(judge(crypto::sha256_portable, s.position, bad), Verdict::kInvalidOpening)
          << numerics::name_of(op) << " byte " << at;
      ASSERT_EQ(judge(crypto::sha256_portable, s.position, ByteView(s.opening).first(at)),
                Verdict::kInvalidOpening);
    }
    Bytes longer = s.opening;
    longer.push_back(0);
    ASSERT_EQ(judge(crypto::sha256_portable, s.position, longer), Verdict::kInvalidOpening);
  }
}

// x * x opens its chunk once; the second time is the empty form and no other.
TEST(Referee, OpensAChunkOnce) {
  Random r{std::mt19937_64(3)};
  const TensorType x = type(DType::kF32, {600});
  Scene scene(spec_of(OpCode::kMul, x, {x, x}, {}), r);
  scene.node.inputs[1] = 0;
  ScalarPosition p = scene.position(300, 0);
  numerics::MemoryAccess memory = scene.memory();
  memory.operands[1] = memory.operands[0];
  numerics::fold_step<numerics::HardwareArithmetic>(p.node.spec, 300, 0, memory, p.after);
  const auto opening = [&](bool twice) {
    return codec::encode([&](codec::Writer& w) {
      const auto one = [&] {
        write_operand(w, commit::chunk_of(scene.data[0], 1), scene.trees[0].path(1),
                      scene.trace.path(0));
      };
      one();
      twice ? one() : write_repeated_operand(w);
    });
  };
  EXPECT_EQ(judge(crypto::sha256_portable, p, opening(false)), Verdict::kDefenderWins);
  EXPECT_EQ(judge(crypto::sha256_portable, p, opening(true)), Verdict::kInvalidOpening);
  p.node.spec.operands[1] = type(DType::kU32, {600});
  EXPECT_EQ(judge(crypto::sha256_portable, p, opening(false)), Verdict::kVoid);
}

// Steps that read nothing, or one operand or the other, or as many as what they read first tells.
// Exactly those are opened: one operand more or fewer is no opening, and what a skipped step finds
// it leaves, whatever it is.
TEST(Referee, OpensWhatTheStepReadsAndNoMore) {
  const auto f32 = [](std::initializer_list<std::uint64_t> dims) {
    return type(DType::kF32, dims);
  };
  const TensorType u32 = type(DType::kU32, {3});
  const std::uint32_t rows[] = {2, 9, 0};
  const NodeSpec pad = spec_of(OpCode::kPad, f32({2, 5}), {f32({2, 2})}, {1, 2});
  const NodeSpec concat = spec_of(OpCode::kConcat, f32({2, 5}), {f32({2, 2}), f32({2, 3})}, {1});
  const NodeSpec gather = spec_of(OpCode::kGatherRows, f32({3, 4}), {f32({5, 4}), u32}, {});
  const NodeSpec scatter = spec_of(OpCode::kScatterAddRows, f32({5, 4}), {u32, f32({3, 4})}, {});
  const auto triangular = [&](std::uint64_t part, std::uint64_t diagonal) {
    return spec_of(OpCode::kMatMulTriangular, f32({3, 4}), {f32({3, 5}), f32({5, 4})},
                   {0, 0, part, diagonal, 0xff800000});
  };
  const NodeSpec plain = spec_of(OpCode::kConstant, f32({2}), {}, {5});
  const NodeSpec conv =
      spec_of(OpCode::kConv2d, f32({1, 3, 3, 2}), {f32({1, 3, 3, 4}), f32({3, 3, 2, 2})}, {1, 1});
  const NodeSpec sum = spec_of(OpCode::kReduceSum, f32({2, 1}), {f32({2, 3})}, {2});
  const NodeSpec pool_grad =
      spec_of(OpCode::kMaxPool2dGrad, f32({1, 3, 3, 1}),
              {f32({1, 3, 3, 1}), f32({1, 1, 1, 1}), f32({1, 1, 1, 1})}, {2});
  const NodeSpec grad_input = spec_of(OpCode::kConv2dGradInput, f32({1, 3, 3, 2}),
                                      {f32({1, 3, 3, 2}), f32({3, 3, 2, 2})}, {1, 1});
  const NodeSpec grad_weight = spec_of(OpCode::kConv2dGradWeight, f32({3, 3, 2, 2}),
                                       {f32({1, 3, 3, 2}), f32({1, 3, 3, 2})}, {1, 1});
  const TensorType u64 = type(DType::kU64, {});
  const NodeSpec uniform = spec_of(OpCode::kRandomUniform, f32({3}), {u64, u64}, {5});
  const NodeSpec shuffle =
      spec_of(OpCode::kShuffleIndex, type(DType::kU32, {3}), {u64, u64}, {7, 5});
  const NodeSpec select =
      spec_of(OpCode::kSelect, f32({2}), {type(DType::kU32, {2}), f32({2}), f32({2})}, {});
  const struct {
    const char* what;
    NodeSpec spec;
    std::uint64_t element;
    std::uint32_t step;
    std::vector<Read> reads;
    bool skipped;
  } cases[] = {
      {"constant", plain, 1, 0, {}, false},
      {"before what is padded", pad, 1, 0, {}, false},
      {"behind it", pad, 9, 0, {}, false},
      {"within", pad, 8, 0, {{0, 3}}, false},
      {"a of two", concat, 6, 0, {{0, 3}}, false},
      {"b of two", concat, 7, 0, {{1, 3}}, false},
      {"a row of the table", gather, 2, 0, {{1, 0}, {0, 10}}, false},
      {"a row beyond it", gather, 6, 0, {{1, 1}}, false},
      {"a source of this row", scatter, 9, 0, {{0, 0}, {1, 1}}, false},
      {"a source of another", scatter, 9, 2, {{0, 2}}, true},
      {"a source of none", scatter, 9, 1, {{0, 1}}, true},
      {"above the diagonal", triangular(0, 1), 6, 4, {{0, 9}, {1, 18}}, false},
      {"the fill", triangular(0, 1), 7, 4, {}, true},
      {"beyond a lower triangle", triangular(1, 0), 6, 2, {}, true},
      {"in a lower triangle", triangular(1, 0), 6, 1, {{0, 6}, {1, 6}}, false},
      {"beyond an upper triangle", triangular(2, 0), 6, 0, {}, true},
      {"in an upper triangle", triangular(2, 0), 6, 1, {{0, 6}, {1, 6}}, false},
      {"padding of a convolution", conv, 1, 0, {{1, 1}}, false},
      {"the second group", conv, 1, 9, {{0, 3}, {1, 19}}, false},
      {"an element of a sum", sum, 1, 2, {{0, 5}}, false},
      {"a join of lanes", sum, 1, 3, {}, false},
      {"the last join", sum, 1, 6, {}, false},
      {"a window's place", pool_grad, 0, 1, {{0, 1}, {1, 0}, {2, 0}}, true},
      {"outside all windows", pool_grad, 2, 1, {}, true},
      {"outside, the last step", pool_grad, 2, 3, {}, true},
      {"a tap of an input's gradient", grad_input, 0, 0, {{0, 8}, {1, 0}}, false},
      {"a tap beyond the output", grad_input, 0, 13, {{1, 25}}, false},
      {"a tap of a weight's gradient", grad_weight, 3, 4, {{0, 1}, {1, 9}}, false},
      {"a tap in the padding", grad_weight, 0, 0, {{1, 0}}, false},
      {"seed and step", uniform, 2, 0, {{0, 0}, {1, 0}}, false},
      {"the position in the epoch", shuffle, 2, 0, {{0, 0}, {1, 0}}, false},
      {"a round of the shuffle", shuffle, 2, 9, {{0, 0}, {1, 0}}, false},
      {"both sides of a choice", select, 1, 0, {{0, 1}, {1, 1}, {2, 1}}, false},
  };
  Random r{std::mt19937_64(13)};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    ASSERT_EQ(numerics::validate(c.spec), numerics::SpecVerdict::kValid);
    Scene scene(c.spec, r);
    for (unsigned i = 0; i < c.spec.operand_count; ++i) {
      if (c.spec.operands[i] == u32) std::memcpy(scene.data[i].data(), rows, sizeof rows);
    }
    scene.seal();
    ScalarPosition p = scene.position(c.element, c.step);
    p.before.words[0] = 0x7fc12345;  // a NaN that every other step makes canonical
    numerics::MemoryAccess memory = scene.memory();
    RecordingAccess access(memory);
    p.after = p.before;
    numerics::fold_step<numerics::HardwareArithmetic>(c.spec, c.element, c.step, access, p.after);
    EXPECT_TRUE(std::ranges::equal(access.reads(), c.reads));
    EXPECT_EQ(c.skipped, p.after == p.before);
    const auto verdict = [&](std::span<const Read> reads) {
      return judge(crypto::sha256_portable, p, scene.opening(reads));
    };
    EXPECT_EQ(verdict(c.reads), Verdict::kDefenderWins);
    for (unsigned i = 0; i < c.spec.operand_count; ++i) {
      std::vector<Read> more = c.reads;
      more.push_back({i, 0});
      EXPECT_EQ(verdict(more), Verdict::kInvalidOpening);
    }
    if (!c.reads.empty()) {
      EXPECT_EQ(verdict(std::span(c.reads).first(c.reads.size() - 1)), Verdict::kInvalidOpening);
    }
    p.after.words[0] ^= 1;
    EXPECT_EQ(verdict(c.reads), Verdict::kChallengerWins);
  }
}

// INV-REF-004: what the profile does not judge is void, before any byte of an opening is read.
TEST(Referee, VoidsWhatTheProfileDoesNotJudge) {
  Random r{std::mt19937_64(5)};
  const NodeSpec spec = random_spec(OpCode::kMatMul, r);
  const Scene scene(spec, r);
  const ScalarPosition sound = scene.position(0, 0);
  const auto verdict = [](const ScalarPosition& p) {
    return judge(crypto::sha256_portable, p, {});
  };
  EXPECT_EQ(verdict(sound), Verdict::kInvalidOpening);
  ScalarPosition p = sound;
  p.node.inputs[1] = 2;
  EXPECT_EQ(verdict(p), Verdict::kVoid);
  p = sound;
  p.node.spec.op = static_cast<OpCode>(999);
  EXPECT_EQ(verdict(p), Verdict::kVoid);
  p = sound;
  p.node.spec.operands[0].shape.dims[1] += 1;
  EXPECT_EQ(verdict(p), Verdict::kVoid);
  p = sound;
  p.step = numerics::fold_length(spec);
  EXPECT_EQ(verdict(p), Verdict::kVoid);
  p = sound;
  p.element = spec.output.shape.elements();
  EXPECT_EQ(verdict(p), Verdict::kVoid);
  p = sound;
  p.node_count = p.node_index;
  EXPECT_EQ(verdict(p), Verdict::kVoid);
  p = sound;
  p.node.spec = spec_of(OpCode::kSeed, type(DType::kU64, {}), {}, {});
  EXPECT_EQ(verdict(p), Verdict::kVoid);
}

}  // namespace
}  // namespace assay::referee
