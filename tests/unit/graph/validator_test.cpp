// INV-GRA-002 and 010 to 023.
#include "assay/graph/validator.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "assay/graph/builder.hpp"
#include "assay/graph/meter.hpp"
#include "assay/numerics/geometry.hpp"

namespace assay::graph {
namespace {

using numerics::OpCode;
constexpr DType kF = DType::kF32;

Program step_program() {
  Builder b;
  const Value x = b.data("x", {kF, {2, 3}});
  const Value w = b.state("w", {kF, {3, 4}});
  const Value y = b.matmul(x, w);
  b.bind("loss", b.mean(y));
  b.bind("w", b.sub(w, b.matmul(x, y, true, false)));
  return *b.finish();
}

Program init_program() {
  Builder b;
  b.bind("loss", b.constant(0));
  b.bind("w", b.random_uniform({3, 4}, b.seed(), b.step_index(), 1));
  return *b.finish();
}

std::uint32_t find(const Program& p, OpCode op) {
  for (std::uint32_t i = 0; i < p.nodes.size(); ++i) {
    if (p.nodes[i].spec.op == op) return i;
  }
  return ~0u;
}

TEST(Validator, AcceptsAPairOfPrograms) {
  Validation init = validate_init(init_program());
  ASSERT_EQ(init.verdict, ProgramVerdict::kValid) << init.words;
  Validation step = validate_step(step_program(), *init.program);
  ASSERT_EQ(step.verdict, ProgramVerdict::kValid) << step.words;
  EXPECT_EQ(step.program->root(), root_of(step_program()));
  EXPECT_TRUE(std::move(step).result());
}

// Each rule by an edit of a program that breaks it and no rule before it.
TEST(Validator, RejectsEveryBrokenRuleByItsOwnVerdict) {
  struct Case {
    ProgramVerdict verdict;
    std::function<void(Program&)> edit;
  };
  using V = ProgramVerdict;
  const std::vector<Case> cases = {
      {V::kTooManyNodes, [](Program& p) { p.nodes.resize(kMaxNodes + 1); }},
      {V::kTooManySlots, [](Program& p) { p.slots.resize(kMaxSlots + 1); }},
      {V::kTooManyData, [](Program& p) { p.data.resize(kMaxData + 1); }},
      {V::kNoNodes, [](Program& p) { p.nodes.clear(); }},
      {V::kNoSlots, [](Program& p) { p.slots.clear(); }},
      {V::kWrongName, [](Program& p) { p.slots[0].name = "a b"; }},
      {V::kWrongName, [](Program& p) { p.data[0].name = ""; }},
      {V::kWrongName, [](Program& p) { p.data[0].name = std::string(65, 'a'); }},
      {V::kNamesNotAscending, [](Program& p) { p.slots[0].name = p.slots[1].name; }},
      {V::kNamesNotAscending, [](Program& p) { p.slots[0].name = "x"; }},
      {V::kInvalidType, [](Program& p) { p.slots[1].type.shape.dims[0] = 0; }},
      {V::kInvalidType, [](Program& p) { p.data[0].type.dtype = DType{9}; }},
      {V::kLabelCount, [](Program& p) { p.labels.pop_back(); }},
      {V::kInvalidOperator, [](Program& p) { p.nodes.back().spec.op = OpCode{999}; }},
      {V::kInvalidOperator,
       [](Program& p) { p.nodes[find(p, OpCode::kMatMul)].spec.output.shape.dims[0] = 9; }},
      {V::kInputNotEarlier,
       [](Program& p) {
         p.nodes.back().inputs[0] = static_cast<std::uint32_t>(p.nodes.size() - 1);
       }},
      {V::kInputNotEarlier, [](Program& p) { p.nodes.back().inputs[1] = ~0u; }},
      {V::kOperandType, [](Program& p) { p.nodes[find(p, OpCode::kMatMul)].inputs[0] = 1; }},
      {V::kSourceIndex, [](Program& p) { p.nodes[find(p, OpCode::kData)].spec.attributes[0] = 1; }},
      {V::kSourceIndex,
       [](Program& p) { p.nodes[find(p, OpCode::kStateSlot)].spec.attributes[0] = 2; }},
      {V::kSourceType,
       [](Program& p) { p.nodes[find(p, OpCode::kStateSlot)].spec.attributes[0] = 0; }},
      {V::kSourceType, [](Program& p) { p.data[0].type.dtype = DType::kI32; }},
      {V::kSlotOutput,
       [](Program& p) { p.slots[0].output = static_cast<std::uint32_t>(p.nodes.size()); }},
      {V::kSlotType, [](Program& p) { p.slots[0].output = p.slots[1].output; }},
      {V::kDeadNode, [](Program& p) { p.slots[1].output = find(p, OpCode::kStateSlot); }},
  };
  for (const Case& c : cases) {
    Program p = step_program();
    c.edit(p);
    const Validation v = validate_alone(p);
    EXPECT_EQ(v.verdict, c.verdict) << to_string(c.verdict) << ", got: " << v.words;
    EXPECT_FALSE(v.program);
    EXPECT_NE(v.words, "");
  }
}

TEST(Validator, WordsNameTheNode) {
  Program p = step_program();
  const std::uint32_t at = find(p, OpCode::kMatMul);
  p.nodes[at].inputs[0] = 1;
  EXPECT_NE(validate_alone(p).words.find("node " + std::to_string(at) + " matmul"),
            std::string::npos);
}

TEST(Validator, HoldsInitAndStepToTheSameState) {
  const ValidProgram init = *validate_init(init_program()).program;
  EXPECT_EQ(validate_init(step_program()).verdict, ProgramVerdict::kStateInInit);
  Program renamed = step_program();
  renamed.slots[1].name = "w2";
  EXPECT_EQ(validate_step(renamed, init).verdict, ProgramVerdict::kSlotsDiffer);
  Builder b;
  b.bind("loss", b.mean(b.data("z", {kF, {1}})));
  b.bind("w", b.constant(0, {3, 4}));
  const Validation with_data = validate_init(*b.finish());
  ASSERT_TRUE(with_data.program);
  EXPECT_EQ(validate_step(step_program(), *with_data.program).verdict, ProgramVerdict::kDataDiffer);
}

TEST(Validator, LimitsMemoryAndFolds) {
  Builder big;
  Value sum = big.constant(0, {std::uint64_t{1} << 40});
  big.bind("s", sum);
  EXPECT_EQ(validate_alone(*big.finish()).verdict, ProgramVerdict::kValid);
  Builder bigger;
  sum = bigger.constant(0, {std::uint64_t{1} << 40});
  bigger.bind("s", bigger.neg(sum));
  EXPECT_EQ(validate_alone(*bigger.finish()).verdict, ProgramVerdict::kTooMuchMemory);
  Builder folds;
  const Value a = folds.constant(0, {1 << 20, 1 << 17});
  const Value b = folds.constant(0, {1 << 17, 1 << 19});
  folds.bind("s", folds.matmul(a, b));
  EXPECT_EQ(validate_alone(*folds.finish()).verdict, ProgramVerdict::kTooManyFolds);
}

// INV-GRA-001.
TEST(Program, RoundTripsAndRejectsEveryCut) {
  const Program p = step_program();
  const Bytes bytes = encode_program(p);
  const Result<Program> back = decode_program(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, p);
  EXPECT_EQ(root_of(*back), root_of(p));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_program(ByteView(bytes).first(size))) << size;
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_EQ(decode_program(longer).error().code, ErrorCode::kMalformed);
}

// INV-GRA-001. A changed byte is refused, or makes another program: another root, or other labels
// only.
TEST(Program, EveryChangedByteShows) {
  const Program p = step_program();
  const Bytes bytes = encode_program(p);
  std::size_t label_bytes = 4;
  for (const std::string& label : p.labels) label_bytes += 4 + label.size();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const unsigned mask : {0x01u, 0x80u}) {
      Bytes bad = bytes;
      bad[i] ^= static_cast<std::uint8_t>(mask);
      const Result<Program> decoded = decode_program(bad);
      if (!decoded) continue;
      EXPECT_NE(*decoded, p) << i;
      if (i < bytes.size() - label_bytes) {
        EXPECT_NE(root_of(*decoded), root_of(p)) << i;
      }
      (void)validate_alone(*decoded);  // total
      (void)to_text(*decoded);
    }
  }
}

// docs/spec/graph.md, made by Python's hashlib.
TEST(Program, IsTheWorkedExampleOfTheSpec) {
  Builder b;
  const Value w = b.state("model/w", {kF, {2}});
  b.bind("model/w", b.mul(w, b.constant(2.0F)));
  const Program p = *b.finish();
  EXPECT_EQ(to_hex(node_record(p, 0)), "01000101020000000000000001000000000000000000");
  EXPECT_EQ(to_hex(node_record(p, 1)), "1000010001000000400000000000");
  EXPECT_EQ(to_hex(node_record(p, 2)),
            "32000101020000000000000000020000000001010200000000000000010000000100");
  EXPECT_EQ(to_hex(slot_record(p, 0)), "070000006d6f64656c2f770101020000000000000002000000");
  EXPECT_EQ(to_hex(root_of(p)), "90961b82f144286e0c25624d0b909e204a80acb0e41bd810ac8793f8cbb3d0ff");
}

TEST(Program, RecordsOpenUnderItsRoot) {
  const Program p = step_program();
  const ProgramTrees trees = program_trees(p);
  for (std::uint32_t i = 0; i < p.nodes.size(); ++i) {
    const Bytes record = node_record(p, i);
    EXPECT_LE(record.size(), kMaxNodeRecordBytes);
    codec::Reader reader(record);
    EXPECT_EQ(read_node(reader), p.nodes[i]);
    EXPECT_TRUE(reader.finish());
  }
  const Bytes slot = slot_record(p, 1);
  codec::Reader reader(slot);
  const SlotRecord record = read_slot(reader);
  EXPECT_TRUE(reader.finish());
  EXPECT_TRUE(equal_bytes(record.name, as_bytes("w")));
  EXPECT_EQ(record.output, p.slots[1].output);
  EXPECT_EQ(trees.header.slot_count, 2u);
  Program other = p;
  other.slots[0].output ^= 1;
  EXPECT_NE(root_of(other), trees.root);
  other = p;
  other.labels.clear();
  EXPECT_EQ(root_of(other), trees.root);
}

TEST(Node, LargestRecordFitsItsLimit) {
  Node node;
  node.spec.operand_count = numerics::kMaxOperands;
  node.spec.attribute_count = numerics::kMaxAttributes;
  node.spec.output.shape = {1, 1, 1, 1, 1, 1};
  for (TensorType& t : node.spec.operands) t = node.spec.output;
  Program p;
  p.nodes.push_back(node);
  EXPECT_LE(node_record(p, 0).size(), kMaxNodeRecordBytes);
}

TEST(Meter, CountsFromTheGraphAlone) {
  const Work work = work_of(step_program());
  EXPECT_EQ(work.multiply_adds, 2u * 4 * 3 + 3 * 4 * 2);
  EXPECT_EQ(work.state_bytes, 4u + 48);
  EXPECT_GT(work.operations, work.multiply_adds);
}

// Of a triangle and of scattered rows: what a loop over the definition finds.
TEST(Meter, CountsTheStepsThatMultiply) {
  using numerics::TrianglePart;
  for (const TrianglePart part :
       {TrianglePart::kOutput, TrianglePart::kLowerA, TrianglePart::kUpperA}) {
    for (const std::uint64_t diagonal : {0U, 1U, 3U, 9U}) {
      for (const std::array<std::uint64_t, 3> d :
           {std::array<std::uint64_t, 3>{4, 5, 6}, {6, 5, 4}, {5, 2, 7}, {1, 1, 1}}) {
        Builder b;
        const Value x = b.state("x", {kF, {2, d[0], d[1]}});
        const Value w = b.state("w", {kF, {2, d[1], d[2]}});
        b.bind("y", b.matmul_triangular(x, w, false, false, {part, diagonal, 0.0F}));
        const Program p = *b.finish();
        const numerics::NodeSpec& spec = p.nodes.back().spec;
        std::uint64_t steps = 0;
        for (std::uint64_t e = 0; e < spec.output.shape.elements(); ++e) {
          for (std::uint64_t k = 0; k < d[1]; ++k) steps += numerics::triangle_has_step(spec, e, k);
        }
        EXPECT_EQ(work_of(p).multiply_adds, steps);
        EXPECT_EQ(work_of(p).operations, steps);
      }
    }
  }
  Builder b;
  const Value index = b.data("index", {DType::kU32, {50}});
  b.bind("y", b.scatter_add_rows(index, b.data("rows", {kF, {50, 4}}), 30));
  EXPECT_EQ(work_of(*b.finish()).operations, 50u * 4 + 30 * 4);
}

TEST(Program, TextShowsConstantsAsNumbers) {
  Builder b;
  const Value x = b.state("x", {kF, {2, 2}});
  const Value masked = b.matmul_triangular(x, x, false, true, {.fill = -INFINITY});
  b.bind("y", b.mul(masked, b.constant(0.1F)));
  const std::string text = to_text(*b.finish());
  EXPECT_NE(text.find("constant f32[] {0.1}"), std::string::npos) << text;
  EXPECT_NE(text.find("f32[2,2] (0, 0) {0, 1, 0, 0, -inf}"), std::string::npos) << text;
}

TEST(Builder, KeepsItsFirstErrorAndPrunesWhatIsDead) {
  Builder b;
  const Value x = b.data("x", {kF, {2, 3}});
  (void)b.matmul(x, x);
  EXPECT_FALSE(b.ok());
  b.bind("y", b.add(x, x));
  const Result<Program> failed = b.finish();
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("matmul: f32[2,3] f32[2,3]"), std::string::npos);

  Builder c;
  const Value y = c.data("y", {kF, {2}});
  EXPECT_EQ(c.add(y, y), c.add(y, y));
  (void)c.exp(y);
  c.bind("z", c.neg(y));
  (void)c.state("kept", {kF, {5}});
  const Program p = *c.finish();
  EXPECT_EQ(p.nodes.size(), 3u);  // data, neg, the slot that keeps its value
  EXPECT_EQ(p.slots[0].name, "kept");
  EXPECT_EQ(validate_alone(p).verdict, ProgramVerdict::kValid);

  Builder d;
  (void)d.state("s", {kF, {5}});
  (void)d.state("s", {kF, {6}});
  EXPECT_FALSE(d.ok());
}

TEST(Builder, LabelsSayWhereANodeComesFrom) {
  Builder b;
  const Value x = b.data("x", {kF, {2, 3}});
  Value y;
  {
    const Builder::Scope scope(b, "dense1");
    y = b.matmul(x, b.state("w", {kF, {3, 3}}));
  }
  EXPECT_EQ(b.label(y), "dense1/matmul");
  EXPECT_EQ(b.label(x), "x");
}

}  // namespace
}  // namespace assay::graph
