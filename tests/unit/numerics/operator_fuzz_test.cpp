// Deterministic fuzzing of every operator: random valid nodes and hostile data through every path
// that computes an element, and random bytes through the validator.
#include <gtest/gtest.h>

#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/arithmetic_integer.hpp"
#include "unit/numerics/random_spec.hpp"

namespace assay::numerics {
namespace {

using test::Buffer;
using test::Generator;

// Notes what a step reads, and that it stays within the operands.
struct RecordingAccess {
  MemoryAccess memory;
  unsigned reads = 0;
  std::uint64_t read(unsigned operand, std::uint64_t index) {
    EXPECT_LT(operand, memory.spec->operand_count);
    EXPECT_LT(index, memory.spec->operands[operand].shape.elements());
    ++reads;
    return memory.read(operand, index);
  }
};

class OperatorFuzz : public testing::TestWithParam<OpCode> {};

TEST_P(OperatorFuzz, EveryPathAgrees) {
  Generator random(9'000 + static_cast<unsigned>(GetParam()));
  for (int round = 0; round < 60; ++round) {
    random.set_tame(round % 2 == 0);
    const NodeSpec s = random.spec(GetParam(), 1);
    ASSERT_EQ(validate(s), SpecVerdict::kValid) << test::describe(s);
    const std::vector<Buffer> operands = random_operands(random, s);
    SerialTaskPool pool;
    const Buffer fast = test::run_node(best_isa(), s, operands, pool);
    RecordingAccess access{{&s, {}}};
    for (unsigned i = 0; i < s.operand_count; ++i) access.memory.operands[i] = operands[i].data();
    const std::uint64_t n = s.output.shape.elements();
    for (int sample = 0; sample < 20; ++sample) {
      const std::uint64_t e = random(n);
      FoldState hardware = fold_init(s, e);
      FoldState integer = hardware;
      for (std::uint32_t step = 0; step < fold_length(s); ++step) {
        access.reads = 0;
        fold_step<HardwareArithmetic>(s, e, step, access, hardware);
        ASSERT_LE(access.reads, kMaxOperands);
        fold_step<IntegerArithmetic>(s, e, step, access, integer);
        ASSERT_EQ(hardware, integer) << test::describe(s) << " element " << e << " step " << step;
        for (unsigned w = fold_words(s); w < kMaxFoldWords; ++w) ASSERT_EQ(hardware.words[w], 0U);
      }
      const std::uint64_t bits = load_element(s.output.dtype, fast.data(), e);
      ASSERT_EQ(hardware, fold_final(s, bits)) << test::describe(s) << " element " << e;
      if (s.output.dtype == DType::kF32) {  // INV-NUM-001
        ASSERT_EQ(bits, canonical(static_cast<std::uint32_t>(bits))) << test::describe(s);
      }
    }
  }
}

// INV-NUM-002. A step is a function for any state, as a liar may post it: no crash, and the
// arithmetics agree.
TEST_P(OperatorFuzz, StepsAreTotal) {
  Generator random(17'000 + static_cast<unsigned>(GetParam()));
  for (int round = 0; round < 100; ++round) {
    const NodeSpec s = random.spec(GetParam(), 1);
    const std::vector<Buffer> operands = random_operands(random, s);
    RecordingAccess access{{&s, {}}};
    for (unsigned i = 0; i < s.operand_count; ++i) access.memory.operands[i] = operands[i].data();
    FoldState a;
    for (auto& word : a.words) word = random.f32();
    FoldState b = a;
    const std::uint64_t e = random(s.output.shape.elements());
    const auto step = static_cast<std::uint32_t>(random(fold_length(s)));
    fold_step<HardwareArithmetic>(s, e, step, access, a);
    fold_step<IntegerArithmetic>(s, e, step, access, b);
    ASSERT_EQ(a, b) << test::describe(s) << " element " << e << " step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(AllOperators, OperatorFuzz, testing::ValuesIn(test::kOperators),
                         [](const auto& op) { return std::string(name_of(op.param)); });

// One field of a valid spec replaced by anything: the validator answers, and what it accepts runs.
TEST(ValidatorFuzz, AnswersToAnything) {
  Generator random(5);
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    NodeSpec s = random.spec(test::kOperators[random(std::size(test::kOperators))], 1);
    const auto odd = [&]() -> std::uint64_t {
      return random(2) == 0 ? random(4) : random.word() >> random(64);
    };
    switch (random(6)) {
      case 0: s.op = static_cast<OpCode>(odd()); break;
      case 1: s.operand_count = static_cast<std::uint8_t>(odd()); break;
      case 2: s.attribute_count = static_cast<std::uint8_t>(odd()); break;
      case 3: s.attributes[random(5)] = odd(); break;
      case 4: {
        TensorType& t = random(2) == 0 ? s.output : s.operands[random(kMaxOperands)];
        if (random(3) == 0) t.dtype = static_cast<DType>(odd());
        if (random(3) == 0) t.shape.rank = static_cast<std::uint8_t>(odd());
        t.shape.dims[random(kMaxRank)] = odd();
        break;
      }
      default: s.output = s.operands[0]; break;
    }
    if (validate(s) != SpecVerdict::kValid) continue;
    ++accepted;
    ASSERT_LE(fold_length(s), kMaxFoldSteps) << test::describe(s);
    ASSERT_LE(fold_words(s), kMaxFoldWords);
    if (is_source(s.op)) continue;
    std::uint64_t bytes = s.output.byte_count();
    for (unsigned i = 0; i < s.operand_count; ++i) bytes += s.operands[i].byte_count();
    if (bytes > 1'000'000) continue;
    const std::vector<Buffer> operands = random_operands(random, s);
    RecordingAccess access{{&s, {}}};
    for (unsigned i = 0; i < s.operand_count; ++i) access.memory.operands[i] = operands[i].data();
    evaluate<IntegerArithmetic>(s, s.output.shape.elements() - 1, access);
  }
  EXPECT_GT(accepted, 500);
}

// Any operand, without memory: what a step reads lies within it, whatever its size.
struct EndlessAccess {
  const NodeSpec* spec;
  std::uint64_t bits;
  std::uint64_t read(unsigned operand, std::uint64_t index) const {
    EXPECT_LT(operand, spec->operand_count) << test::describe(*spec);
    EXPECT_LT(index, spec->operands[operand].shape.elements()) << test::describe(*spec);
    return bits;
  }
};

NodeSpec extreme(OpCode op, const TensorType& output, std::initializer_list<TensorType> operands,
                 std::initializer_list<std::uint64_t> attributes) {
  NodeSpec s;
  s.op = op;
  s.output = output;
  for (const TensorType& t : operands) s.operands[s.operand_count++] = t;
  for (const std::uint64_t v : attributes) s.attributes[s.attribute_count++] = v;
  return s;
}

// The largest tensors, the longest folds, the widest frames: first, last and random elements and
// steps.
TEST(Limits, StepsReadWithinTheirOperands) {
  constexpr std::uint64_t kAll = kMaxElements, kRoot = std::uint64_t{1} << 20, kFold = 131'072;
  const auto f32 = [](const Shape& shape) { return TensorType{DType::kF32, shape}; };
  const auto u32 = [](const Shape& shape) { return TensorType{DType::kU32, shape}; };
  const TensorType u64{DType::kU64, {}};
  const TensorType flat = f32({kAll}), square = f32({kRoot, kRoot});
  const Shape deep{1 << 7, 1 << 7, 1 << 7, 1 << 7, 1 << 6, 1 << 6};
  const std::uint64_t frame = 131'071;  // x of one pixel with 65,535 of padding
  const NodeSpec specs[] = {
      extreme(OpCode::kConstant, flat, {}, {1}),
      extreme(OpCode::kIota, {DType::kU8, deep}, {}, {5}),
      extreme(OpCode::kReshape, square, {flat}, {}),
      extreme(OpCode::kCast, {DType::kU64, {kAll}}, {flat}, {}),
      extreme(OpCode::kTranspose, square, {square}, {1}),
      extreme(OpCode::kTranspose, f32({64, 64, 128, 128, 128, 128}), {f32(deep)}, {0x012345}),
      extreme(OpCode::kSlice, f32({1}), {flat}, {0, kAll - 1}),
      extreme(OpCode::kSlice, f32({kRoot, 1}), {square}, {1, kRoot - 1}),
      extreme(OpCode::kPad, flat, {f32({1})}, {0, kAll - 1}),
      extreme(OpCode::kPad, square, {f32({1, kRoot})}, {0, kRoot / 2}),
      extreme(OpCode::kConcat, flat, {f32({kAll - 1}), f32({1})}, {0}),
      extreme(OpCode::kConcat, square, {f32({kRoot, 1}), f32({kRoot, kRoot - 1})}, {1}),
      extreme(OpCode::kAdd, f32(deep), {f32({64, 1}), f32({1, 128, 1, 128, 64, 1})}, {}),
      extreme(OpCode::kSelect, square, {u32({kRoot, 1}), f32({}), square}, {}),
      extreme(OpCode::kReduceSum, f32({1, kAll / kFold}), {f32({kFold / 2, kAll / kFold})}, {1}),
      extreme(OpCode::kReduceMax, f32({kAll / kFold, 1}), {f32({kAll / kFold, kFold})}, {2}),
      extreme(OpCode::kMatMul, f32({kAll / kFold, 1}),
              {f32({kFold, kAll / kFold}), f32({1, kFold})}, {1, 1}),
      extreme(OpCode::kMatMulTriangular, f32({1, kAll / kFold, 1}),
              {f32({1, kAll / kFold, kFold}), f32({1, kFold, 1})}, {0, 0, 1, kAll, 0}),
      extreme(OpCode::kMatMulTriangular, square, {f32({kRoot, 1}), f32({1, kRoot})},
              {0, 0, 0, kRoot - 2, 0}),
      extreme(OpCode::kMatMulTriangular, f32({1, kRoot}), {f32({kFold, 1}), f32({kFold, kRoot})},
              {1, 0, 2, 0, 0}),
      extreme(OpCode::kConv2d, f32({1, frame, frame, 1}), {f32({1, 1, 1, 1}), f32({1, 1, 1, 1})},
              {1, 65'535}),
      extreme(OpCode::kConv2d, f32({1, 3, 3, kRoot}),
              {f32({1, 1, 1, kRoot}), f32({1, 1, 1, kRoot})}, {65'535, 65'535}),
      extreme(OpCode::kConv2dGradInput, f32({1, 1, 1, 1}),
              {f32({1, frame, frame, 1}), f32({1, 1, 1, 1})}, {1, 65'535}),
      extreme(OpCode::kConv2dGradWeight, f32({frame, 1, 1, 1}),
              {f32({1, 1, 1, 1}), f32({1, 1, frame, 1})}, {1, 65'535}),
      extreme(OpCode::kMaxPool2d, f32({1, 2'896, 2'896, 1}), {f32({1, 1 << 20, 1 << 20, 1})},
              {362}),
      extreme(OpCode::kMaxPool2dGrad, f32({1, 1 << 20, 1 << 20, 1}),
              {f32({1, 1 << 20, 1 << 20, 1}), f32({1, 2'896, 2'896, 1}), f32({1, 2'896, 2'896, 1})},
              {362}),
      extreme(OpCode::kGatherRows, f32({kRoot, kRoot}), {square, u32({kRoot})}, {}),
      extreme(OpCode::kGatherRows, f32({3}), {flat, u32({3})}, {}),
      extreme(OpCode::kScatterAddRows, flat, {u32({kFold}), f32({kFold})}, {}),
      extreme(OpCode::kScatterAddRows, f32({3, kAll / kFold}),
              {u32({kFold}), f32({kFold, kAll / kFold})}, {}),
      extreme(OpCode::kRandomUniform, flat, {u64, u64}, {~std::uint64_t{0}}),
      extreme(OpCode::kShuffleIndex, u32({kAll}), {u64, u64}, {std::uint64_t{1} << 32, 7}),
  };
  Generator random(23);
  for (const NodeSpec& s : specs) {
    ASSERT_EQ(validate(s), SpecVerdict::kValid) << test::describe(s);
    const std::uint64_t elements = s.output.shape.elements();
    const std::uint32_t steps = fold_length(s);
    for (int round = 0; round < 200; ++round) {
      const std::uint64_t e = round < 2 ? 0 : round < 4 ? elements - 1 : random(elements);
      const auto step = static_cast<std::uint32_t>(round % 2 == 0 ? 0 : random(steps));
      const EndlessAccess access{&s, round % 3 == 0 ? 0 : random.word()};
      FoldState state = fold_init(s, e);
      FoldState same = state;
      fold_step<IntegerArithmetic>(s, e, round == 1 ? steps - 1 : step, access, state);
      fold_step<HardwareArithmetic>(s, e, round == 1 ? steps - 1 : step, access, same);
      ASSERT_EQ(state, same) << test::describe(s) << " element " << e << " step " << step;
    }
  }
}

// INV-NUM-003. An element depends on its own inputs alone: the rows of a batch give what each gives
// alone.
TEST(BatchInvariance, RowsDoNotSeeEachOther) {
  Generator random(12);
  for (const bool tb : {false, true}) {
    for (const std::uint64_t rows : {7U, 13U, 64U}) {
      NodeSpec s;
      s.op = OpCode::kMatMul;
      s.output = {DType::kF32, {rows, 37}};
      s.operand_count = s.attribute_count = 2;
      s.operands[0] = {DType::kF32, {rows, 300}};
      s.operands[1] = {DType::kF32, tb ? Shape{37, 300} : Shape{300, 37}};
      s.attributes = {0, tb};
      const std::vector<Buffer> operands = random_operands(random, s);
      SerialTaskPool pool;
      const Buffer whole = test::run_node(best_isa(), s, operands, pool);
      NodeSpec one = s;
      one.output.shape.dims[0] = one.operands[0].shape.dims[0] = 1;
      for (std::uint64_t row = 0; row < rows; ++row) {
        Buffer a(300 * 4);
        std::memcpy(a.data(), operands[0].data() + row * 1'200, 1'200);
        const Buffer alone = test::run_node(best_isa(), one, {a, operands[1]}, pool);
        ASSERT_EQ(std::memcmp(alone.data(), whole.data() + row * 148, 148), 0) << "row " << row;
      }
    }
  }
}

}  // namespace
}  // namespace assay::numerics
