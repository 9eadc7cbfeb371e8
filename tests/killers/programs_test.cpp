// Random programs with one field changed: what the validator accepts is void in no game, and what
// it rejects it rejects for a reason that the field can give (INV-GRA-050).
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "assay/dispute/bounds.hpp"
#include "assay/exec/executor.hpp"
#include "assay/graph/meter.hpp"
#include "assay/numerics/arithmetic_integer.hpp"
#include "faults/games.hpp"
#include "killers/draft.hpp"
#include "killers/mutation.hpp"
#include "unit/exec/random_program.hpp"

namespace assay::killers {
namespace {

using graph::ProgramVerdict;
using numerics::OpCode;

// Any operand, without memory; notes what a step reads that it may not.
struct Watched {
  const numerics::NodeSpec* spec;
  std::uint64_t bits;
  unsigned reads = 0;
  bool within = true;
  std::uint64_t read(unsigned operand, std::uint64_t index) {
    ++reads;
    within =
        within && operand < spec->operand_count && index < spec->operands[operand].shape.elements();
    return bits;
  }
};

// What the rules of a game ask of a node before they let anybody win: its record, and its steps.
void expect_judgeable(const graph::Program& program, std::uint32_t index, std::mt19937_64& random) {
  const Bytes record = graph::node_record(program, index);
  ASSERT_LE(record.size(), graph::kMaxNodeRecordBytes);
  codec::Reader reader(record);
  const graph::Node node = graph::read_node(reader);
  ASSERT_TRUE(reader.finish());
  ASSERT_EQ(node, program.nodes[index]);
  ASSERT_TRUE(referee::is_judgeable(node, index)) << graph::describe_node(program, index);
  const numerics::NodeSpec& spec = node.spec;
  if (spec.op == OpCode::kStateSlot || spec.op == OpCode::kData) {
    ASSERT_LT(spec.attributes[0],
              spec.op == OpCode::kData ? program.data.size() : program.slots.size());
  }
  if (numerics::is_source(spec.op)) return;
  const std::uint64_t elements = spec.output.shape.elements();
  for (int times = 0; times < 6; ++times) {
    const std::uint64_t element = times == 0 ? elements - 1 : random() % elements;
    const auto step = static_cast<std::uint32_t>(random() % numerics::fold_length(spec));
    Watched access{&spec, times % 2 == 0 ? random() % 4 : random()};
    numerics::FoldState state;
    for (auto& word : state.words) word = static_cast<std::uint32_t>(random());
    numerics::fold_step<numerics::IntegerArithmetic>(spec, element, step, access, state);
    ASSERT_TRUE(access.within) << graph::describe_node(program, index);
    ASSERT_LE(access.reads, referee::kMaxReads) << graph::describe_node(program, index);
  }
}

// What parties do before they run a stranger's program, whatever its size: they read it, price it
// and plan it, and none of that allocates its tensors.
void expect_readable(const graph::ValidProgram& valid) {
  const Result<graph::Program> again =
      graph::decode_program(graph::encode_program(valid.program()));
  ASSERT_TRUE(again) << again.error().message;
  ASSERT_EQ(graph::root_of(again.value()), valid.root());
  const dispute::GameBounds bounds = dispute::bounds_of(valid, std::uint64_t{1} << 32);
  ASSERT_LE(bounds.defender_moves + bounds.challenger_moves, dispute::kMaxTurns);
  ASSERT_LE(bounds.opening.bytes, dispute::kMaxMoveBytes);
  ASSERT_LE(bounds.opening.compressions, referee::kMaxCompressions);
  SerialTaskPool pool;
  const auto plan = exec::Executor::plan(valid, pool, {});
  ASSERT_TRUE(plan || plan.error().code == ErrorCode::kLimit) << plan.error().message;
}

// What init makes: every slot full of one value.
graph::Program init_for(const graph::Program& step) {
  tiny::Sketch init;
  for (const graph::Slot& slot : step.slots) {
    const bool is_float = slot.type.dtype == DType::kF32;
    init.program.slots.push_back(
        {slot.name, slot.type,
         init.add(OpCode::kConstant, slot.type, {}, {is_float ? 0x3f400000u : 2u})});
  }
  return init.program;
}

bool is_small(const graph::Program& program) {
  std::uint64_t work = 0;
  for (const graph::Node& node : program.nodes)
    work += node.spec.output.shape.elements() *
            (numerics::is_source(node.spec.op) ? 1 : numerics::fold_length(node.spec));
  return work < 3'000'000;
}

// A task of the program, trained; false challenges of it, of the changed node first, and a lie.
void play(const graph::Program& program, std::uint32_t node, std::uint64_t seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  NamedTensors data;
  for (const graph::DataDecl& declared : program.data)
    exec::test::fill(data.emplace(declared.name, Tensor(declared.type)).first->second, random,
                     seed % 2 == 0);
  SerialTaskPool pool;
  auto task = training::make_task({seed, 2, 1, 1}, init_for(program), program, data, pool);
  ASSERT_TRUE(task) << task.error().message;
  faults::World world("program " + std::to_string(seed), std::move(task).value());
  for (unsigned game = 0; game < 3; ++game) {
    std::optional<faults::Target> target;
    if (game == 0 && node < program.nodes.size()) target = faults::Target{1, node};
    const faults::GameReport report = faults::play_challenge(world, seed + game, target);
    ASSERT_EQ(report.failure, "") << report.words;
  }
  const faults::GameReport lie = faults::play_fault(world, faults::Kind::kElement, seed);
  ASSERT_EQ(lie.failure, "") << lie.words;
}

TEST(MutatedPrograms, AreNeverVoidOnceAccepted) {
  std::map<std::string, unsigned> refused, accepted;
  unsigned played = 0;
  for (std::uint64_t seed = 1; seed <= 10'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    exec::test::RandomProgram maker(static_cast<unsigned>(seed), {.table_share = 2});
    graph::Program program = maker.make(8 + static_cast<unsigned>(random() % 16));
    const graph::Program before = program;
    const Mutation mutation = mutate(program, random);
    if (program == before) continue;
    SCOPED_TRACE(mutation.field);
    const graph::Validation validation = graph::validate_alone(program);
    if (validation.verdict != ProgramVerdict::kValid) {
      ASSERT_NE(std::find(mutation.verdicts.begin(), mutation.verdicts.end(), validation.verdict),
                mutation.verdicts.end())
          << validation.words;
      ASSERT_TRUE(validation.words.starts_with(to_string(validation.verdict)));
      ++refused[to_string(validation.verdict)];
      continue;
    }
    ++accepted[mutation.field];
    const graph::Program& stands = validation.program->program();
    expect_readable(*validation.program);
    if (HasFatalFailure()) return;
    for (std::uint32_t node = 0; node < stands.nodes.size(); ++node) {
      expect_judgeable(stands, node, random);
      if (HasFatalFailure()) return;
    }
    if (!is_small(stands)) continue;
    ++played;
    play(stands, mutation.node, seed);
    if (HasFatalFailure()) return;
  }
  EXPECT_GE(refused.size(), 14u);
  EXPECT_GT(played, 400u);
  for (const auto& [verdict, count] : refused)
    std::printf("figure mutated_programs_refused %u: %s\n", count, verdict.c_str());
  for (const auto& [field, count] : accepted)
    std::printf("figure mutated_programs_accepted %u with another %s\n", count, field.c_str());
  std::printf("figure mutated_programs_played %u programs\n", played);
}

// Only the second of five elements reads anything: not the first, the middle one or the last.
TEST(Bounds, CountOperandsThatFewElementsRead) {
  Draft d;
  const auto one = d.data(floats({1}, 1));
  const auto padded = d.f32(OpCode::kPad, {5}, {one}, {0, 1});
  faults::World world("pad", d.task(1, 1));
  EXPECT_GT(world.bounds(1).opening.bytes, 0u);
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const faults::GameReport report =
        faults::play_challenge(world, seed, faults::Target{1, padded});
    EXPECT_EQ(report.failure, "") << report.words;
  }
}

// Terabytes, which nobody runs: still read, priced, planned and judged, and refused by whoever was
// given a limit.
TEST(LargestNodes, AreJudgedAndRefusedToRun) {
  constexpr std::uint64_t kAll = std::uint64_t{1} << 38, kRoot = std::uint64_t{1} << 19;
  constexpr std::uint64_t kFold = numerics::kMaxFoldSteps;
  std::mt19937_64 random(3);
  const auto check = [&](const char* what, const std::function<std::uint32_t(Draft&)>& add) {
    SCOPED_TRACE(what);
    Draft d;
    const std::uint32_t node = add(d);
    graph::Program& program = d.program();
    program.slots.push_back({"out", d.type(node), node});
    const graph::Validation validation = graph::validate_alone(program);
    ASSERT_EQ(validation.verdict, ProgramVerdict::kValid) << validation.words;
    expect_readable(*validation.program);
    for (std::uint32_t i = 0; i < program.nodes.size(); ++i) expect_judgeable(program, i, random);
    SerialTaskPool pool;
    const auto task = training::make_task({1, 1, 1, 1}, init_for(program), program, {}, pool);
    ASSERT_TRUE(task) << task.error().message;
    const auto refused = training::ProgramExecution::create(
        task.value(), pool, {.memory_bytes_max = std::uint64_t{1} << 30});
    ASSERT_FALSE(refused);
    ASSERT_EQ(refused.error().code, ErrorCode::kLimit) << refused.error().message;
  };
  const auto ones = [](Draft& d, const Shape& shape) {
    return d.constant(DType::kF32, 0x3f800000, shape);
  };
  check("constant", [&](Draft& d) { return ones(d, {kAll}); });
  check("iota", [&](Draft& d) {
    return d.add(OpCode::kIota, {DType::kU8, {128, 128, 128, 128, 64, 16}}, {}, {5});
  });
  check("fma", [&](Draft& d) {
    return d.f32(OpCode::kFma, {kRoot, kRoot},
                 {ones(d, {kRoot, 1}), ones(d, {kRoot}), ones(d, {})});
  });
  check("transpose", [&](Draft& d) {
    return d.f32(OpCode::kTranspose, {kAll / 2, 2}, {ones(d, {2, kAll / 2})}, {0x01});
  });
  check("pad", [&](Draft& d) {
    return d.f32(OpCode::kPad, {kAll}, {ones(d, {1})}, {0, kAll - 1});
  });
  check("concat", [&](Draft& d) {
    return d.f32(OpCode::kConcat, {kAll}, {ones(d, {kAll - 1}), ones(d, {1})}, {0});
  });
  check("reduce_sum", [&](Draft& d) {
    return d.f32(OpCode::kReduceSum, {kAll / kFold, 1}, {ones(d, {kAll / kFold, kFold - 4})}, {2});
  });
  check("matmul", [&](Draft& d) {
    return d.f32(OpCode::kMatMul, {kAll / kFold, 1},
                 {ones(d, {kFold, kAll / kFold}), ones(d, {1, kFold})}, {1, 1});
  });
  check("conv2d", [&](Draft& d) {
    return d.f32(OpCode::kConv2d, {1, 131'071, 131'071, 1},
                 {ones(d, {1, 1, 1, 1}), ones(d, {1, 1, 1, 1})}, {1, 65'535});
  });
  check("max_pool2d_grad", [&](Draft& d) {
    const Shape wide{1, kRoot, kRoot, 1}, small{1, kRoot / 362, kRoot / 362, 1};
    return d.f32(OpCode::kMaxPool2dGrad, wide, {ones(d, wide), ones(d, small), ones(d, small)},
                 {362});
  });
  check("gather_rows", [&](Draft& d) {
    return d.f32(OpCode::kGatherRows, {kRoot, kRoot},
                 {ones(d, {3, kRoot}), d.constant(DType::kU32, 2, {kRoot})});
  });
  check("scatter_add_rows", [&](Draft& d) {
    return d.f32(OpCode::kScatterAddRows, {kAll},
                 {d.constant(DType::kU32, 2, {kFold}), ones(d, {kFold})});
  });
  check("random_uniform", [&](Draft& d) {
    const auto t = d.add(OpCode::kStepIndex, {DType::kU64, {}});
    return d.f32(OpCode::kRandomUniform, {kAll}, {t, t}, {~std::uint64_t{0}});
  });
  check("shuffle_index", [&](Draft& d) {
    const auto t = d.add(OpCode::kStepIndex, {DType::kU64, {}});
    return d.add(OpCode::kShuffleIndex, {DType::kU32, {kAll}}, {t, t}, {std::uint64_t{1} << 32, 7});
  });
}

}  // namespace
}  // namespace assay::killers
