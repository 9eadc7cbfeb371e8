#include "assay/exec/executor.hpp"

#include <gtest/gtest.h>

#include <random>

#include "assay/host/thread_pool.hpp"
#include "cheats/interpreter.hpp"
#include "support/tiny_programs.hpp"

namespace assay::exec {
namespace {

using numerics::Isa;
using numerics::OpCode;

std::vector<TensorView> views(const NamedTensors& tensors) {
  std::vector<TensorView> result;
  for (const auto& [name, tensor] : tensors) result.push_back(tensor.view());
  return result;
}

std::vector<Isa> supported() {
  std::vector<Isa> all;
  for (const Isa isa : numerics::kAllIsas) {
    if (numerics::is_supported(isa)) all.push_back(isa);
  }
  return all;
}

NamedTensors first_state(const tiny::Programs& programs) {
  SerialTaskPool pool;
  return cheats::interpret(programs.init.program(), {}, Isa::kReference, pool, 0, 7, {}).after;
}

TEST(Executor, InitMakesTheInterpretersState) {
  const auto programs = tiny::conv_net();
  SerialTaskPool pool;
  auto executor = Executor::create(programs.init, {}, pool).value();
  NamedTensors state = executor.make_state();
  executor.step(0, 7, state);
  EXPECT_EQ(state, first_state(programs));
}

TEST(Executor, StepsAreTheInterpretersForEveryIsaThreadCountAndFusion) {
  const auto programs = tiny::conv_net();
  const NamedTensors data = tiny::conv_net_data();
  std::vector<NamedTensors> expected{first_state(programs)};
  SerialTaskPool serial;
  for (std::uint64_t t = 0; t < 5; ++t) {
    expected.push_back(cheats::interpret(programs.step.program(), data, Isa::kReference, serial, t,
                                         7, expected.back())
                           .after);
  }
  EXPECT_NE(expected[1], expected[5]);
  for (const unsigned threads : {1u, 2u}) {
    host::ThreadTaskPool pool(threads);
    for (const Isa isa : supported()) {
      for (const bool fuse : {false, true}) {
        auto executor = Executor::create(programs.step, views(data), pool, {isa, fuse, {}}).value();
        NamedTensors state = expected[0];
        for (std::uint64_t t = 0; t < 5; ++t) {
          executor.step(t, 7, state);
          ASSERT_EQ(state, expected[t + 1]) << name_of(isa) << " threads " << threads << " t " << t;
        }
      }
    }
  }
}

TEST(Executor, TraceShowsEveryOutputInOrderAndLeavesTheStateAlone) {
  const auto programs = tiny::conv_net();
  const NamedTensors data = tiny::conv_net_data();
  SerialTaskPool pool;
  const NamedTensors before = first_state(programs);
  const auto expected =
      cheats::interpret(programs.step.program(), data, Isa::kReference, pool, 3, 7, before);
  ExecutorOptions options;
  options.fuse = false;
  auto executor = Executor::create(programs.step, views(data), pool, options).value();
  const NamedTensors copy = before;
  NamedTensors after;
  std::uint32_t seen = 0;
  executor.trace(3, 7, before, after, [&](std::uint32_t node, const TensorView& output) {
    EXPECT_EQ(node, seen++);
    EXPECT_TRUE(equal_bytes(output.bytes(), expected.outputs[node].bytes())) << node;
  });
  EXPECT_EQ(seen, programs.step.program().nodes.size());
  EXPECT_EQ(after, expected.after);
  EXPECT_EQ(before, copy);
  std::uint32_t last = 0;
  executor.trace_until(programs.conv, 3, 7, before,
                       [&](std::uint32_t node, const TensorView&) { last = node; });
  EXPECT_EQ(last, programs.conv);
}

TEST(Executor, ReusesMemory) {
  const auto programs = tiny::conv_net();
  const NamedTensors data = tiny::conv_net_data();
  SerialTaskPool pool;
  ExecutorOptions options;
  options.fuse = false;
  auto executor = Executor::create(programs.step, views(data), pool, options).value();
  std::size_t all = 0;
  for (const auto& node : programs.step.program().nodes) all += node.spec.output.byte_count();
  EXPECT_LT(executor.memory().arena, all / 2);
}

TEST(Executor, RefusesAnInstructionSetThatIsNone) {
  const auto programs = tiny::conv_net();
  SerialTaskPool pool;
  EXPECT_EQ(numerics::isa_named("scalar"), Isa::kScalar);
  for (const Isa isa : numerics::kAllIsas) {
    EXPECT_EQ(numerics::isa_named(name_of(isa)), isa);
    if (numerics::is_supported(isa)) continue;
    EXPECT_EQ(Executor::create(programs.init, {}, pool, {.isa = isa}).error().code,
              ErrorCode::kUnsupported);
  }
  const auto refused =
      Executor::create(programs.init, {}, pool, {.isa = numerics::isa_named("avx3")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(refused.error().message.find("ASSAY_ISA"), std::string::npos);
}

TEST(Executor, RefusesDataOfAnotherType) {
  const auto programs = tiny::conv_net();
  NamedTensors data = tiny::conv_net_data();
  SerialTaskPool pool;
  EXPECT_EQ(Executor::create(programs.step, {}, pool).error().code, ErrorCode::kInvalidArgument);
  data["labels"] = Tensor({DType::kU8, {3}});
  EXPECT_EQ(Executor::create(programs.step, views(data), pool).error().code,
            ErrorCode::kInvalidArgument);
}

// A program of strangers may be valid and ask for terabytes: an error, not the end of the process.
TEST(Executor, AProgramTooLargeForTheMachineIsRefused) {
  tiny::Sketch s;
  const Shape huge{std::uint64_t{1} << 38};
  const auto one = s.add(OpCode::kConstant, {DType::kF32, {}}, {}, {0});
  auto last = s.f32(OpCode::kAdd, huge, {one, one});
  last = s.f32(OpCode::kNeg, huge, {last});
  s.program.slots.push_back({"x", {DType::kF32, huge}, last});
  const auto program = graph::validate_alone(s.program);
  ASSERT_TRUE(program.program) << program.words;
  SerialTaskPool pool;
  ExecutorOptions options;
  options.memory_bytes_max = std::uint64_t{1} << 40;
  for (const bool fuse : {true, false}) {  // fused, the first is a tile, the second the state
    options.fuse = fuse;
    EXPECT_EQ(Executor::create(*program.program, {}, pool, options).error().code,
              ErrorCode::kLimit);
  }

  const auto programs = tiny::conv_net();
  const NamedTensors data = tiny::conv_net_data();
  options = {};
  const auto made = Executor::create(programs.step, views(data), pool).value();
  options.memory_bytes_max = made.memory().total() + made.memory().state;
  EXPECT_EQ(Executor::plan(programs.step, pool, options)->total(), made.memory().total());
  EXPECT_TRUE(Executor::create(programs.step, views(data), pool, options));
  --options.memory_bytes_max;
  EXPECT_EQ(Executor::create(programs.step, views(data), pool, options).error().code,
            ErrorCode::kLimit);
}

// One constant of 2 TiB bound to many slots: to the executor a single element, to its caller memory
// for each.
TEST(Executor, AStateTooLargeForTheMachineIsRefused) {
  tiny::Sketch s;
  const TensorType type{DType::kF32, {std::uint64_t{1} << 39}};
  const auto constant = s.add(OpCode::kConstant, type, {}, {0});
  for (int i = 0; i < 1'000; ++i)
    s.program.slots.push_back({"s" + std::to_string(1'000 + i), type, constant});
  const auto program = graph::validate_init(s.program);
  ASSERT_TRUE(program.program) << program.words;
  SerialTaskPool pool;
  ExecutorOptions options;
  options.memory_bytes_max = 1'000 * type.byte_count();
  const auto refused = Executor::create(*program.program, {}, pool, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
  EXPECT_EQ(Executor::plan(*program.program, pool, options).error().code, ErrorCode::kLimit);
}

// A reshape of what came from outside is a copy: operators canonicalise the NaN that they read.
TEST(Executor, ReshapeOfAStateSlotCanonicalisesNaN) {
  tiny::Sketch s;
  const auto slot = s.add(OpCode::kStateSlot, {DType::kF32, {2}}, {}, {0});
  s.program.slots.push_back({"a", {DType::kF32, {2}}, slot});
  const auto flat = s.f32(OpCode::kReshape, {1, 2}, {slot});
  s.program.slots.push_back({"b", {DType::kF32, {1, 2}}, flat});
  const auto program = graph::validate_alone(s.program);
  ASSERT_TRUE(program.program) << program.words;
  SerialTaskPool pool;
  auto executor = Executor::create(*program.program, {}, pool).value();
  NamedTensors state = executor.make_state();
  state["a"].as<float>()[1] = std::bit_cast<float>(0xffc12345u);
  executor.step(0, 0, state);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(state["a"].as<float>()[1]), 0xffc12345u);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(state["b"].as<float>()[1]), 0x7fc00000u);
}

// Random elementwise graphs, with slots bound to sources, constants, reshapes, other slots and
// twice to one node: the plan, the fusion and the copies against the interpreter.
TEST(Executor, RandomGraphsAreTheInterpreters) {
  std::mt19937 random(1);
  SerialTaskPool serial;
  host::ThreadTaskPool pool(2);
  for (int round = 0; round < 60; ++round) {
    const Shape shape = round % 3 == 0 ? Shape{3, 5} : Shape{13, 4096 / 4 + 5};
    const Shape flat{shape.elements()};
    tiny::Sketch s;
    std::vector<std::uint32_t> wide, narrow;
    for (std::uint64_t i = 0; i < 4; ++i)
      wide.push_back(s.add(OpCode::kStateSlot, {DType::kF32, shape}, {}, {i}));
    narrow.push_back(s.constant(0.75f));
    wide.push_back(s.constant(-1.5f, shape));
    const auto pick = [&](const std::vector<std::uint32_t>& from) {
      return from[random() % from.size()];
    };
    for (int i = 0; i < 25; ++i) {
      const auto a = pick(wide);
      const auto c = random() % 3 == 0 ? pick(narrow) : pick(wide);
      switch (random() % 7) {
        case 0: wide.push_back(s.f32(OpCode::kAdd, shape, {a, c})); break;
        case 1: wide.push_back(s.f32(OpCode::kSub, shape, {c, a})); break;
        case 2: wide.push_back(s.f32(OpCode::kMin, shape, {a, c})); break;
        case 3: wide.push_back(s.f32(OpCode::kFma, shape, {a, narrow[0], c})); break;
        case 4: wide.push_back(s.f32(OpCode::kRelu, shape, {a})); break;
        case 5: {
          const auto sum = s.f32(OpCode::kReduceSum, {1, 1}, {a}, {3});
          narrow.push_back(s.f32(OpCode::kReshape, {}, {s.f32(OpCode::kMin, {1, 1}, {sum, sum})}));
          break;
        }
        default: {
          const auto r = s.f32(OpCode::kReshape, flat, {a});
          wide.push_back(s.f32(OpCode::kReshape, shape, {s.f32(OpCode::kNeg, flat, {r})}));
        }
      }
    }
    for (int i = 0; i < 4; ++i) {
      s.program.slots.push_back(
          {std::string(1, static_cast<char>('a' + i)), {DType::kF32, shape}, pick(wide)});
    }
    // Dead nodes are not programs: bind them to slots of their own.
    std::vector<bool> used(s.program.nodes.size());
    for (const auto& node : s.program.nodes) {
      for (unsigned k = 0; k < node.spec.operand_count; ++k) used[node.inputs[k]] = true;
    }
    for (const auto& slot : s.program.slots) used[slot.output] = true;
    for (std::uint32_t i = 0; i < used.size(); ++i) {
      if (used[i]) continue;
      const std::string number = std::to_string(1000 + i);
      s.program.slots.push_back({"z" + number, s.type(i), i});
    }
    auto validation = graph::validate_alone(s.program);
    ASSERT_TRUE(validation.program) << validation.words;
    const graph::ValidProgram& program = *validation.program;

    auto fused = Executor::create(program, {}, pool).value();
    ExecutorOptions plain;
    plain.fuse = false;
    auto unfused = Executor::create(program, {}, pool, plain).value();
    NamedTensors expected = fused.make_state();
    for (auto& [name, tensor] : expected) {
      for (float& x : tensor.as<float>()) x = static_cast<float>(random() % 1000) / 500.0f - 1.0f;
    }
    NamedTensors state = expected, other = expected;
    for (std::uint64_t t = 0; t < 3; ++t) {
      const NamedTensors before = expected;
      expected =
          cheats::interpret(program.program(), {}, Isa::kReference, serial, t, 0, expected).after;
      fused.step(t, 0, state);
      ASSERT_EQ(state, expected) << "round " << round << " t " << t;
      NamedTensors after;
      unfused.trace(t, 0, before, after, [](std::uint32_t, const TensorView&) {});
      ASSERT_EQ(after, expected) << "round " << round << " t " << t;
      unfused.step(t, 0, other);
      ASSERT_EQ(other, expected) << "round " << round << " t " << t;
    }
  }
}

}  // namespace
}  // namespace assay::exec
