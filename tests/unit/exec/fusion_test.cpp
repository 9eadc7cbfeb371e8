// What fusion is for: fewer units, less memory, no copies. Timings are no business of a test.
#include <gtest/gtest.h>

#include "assay/exec/executor.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/numerics/product.hpp"
#include "support/tiny_programs.hpp"

namespace assay::exec {
namespace {

using numerics::OpCode;

// Units that a step runs, by a clock that stands still.
std::vector<UnitTime> units_of(const graph::Program& plain, MemoryUse* memory = nullptr) {
  const auto validation = graph::validate_alone(plain);
  EXPECT_TRUE(validation.program) << validation.words;
  SerialTaskPool pool;
  ExecutorOptions options;
  options.nanoseconds = [] { return std::uint64_t{0}; };
  auto executor = Executor::create(*validation.program, {}, pool, options).value();
  NamedTensors state = executor.make_state();
  executor.step(0, 0, state);
  if (memory != nullptr) *memory = executor.memory();
  return executor.unit_times();
}

struct Slots {
  tiny::Sketch s;
  std::uint32_t source(const Shape& shape) {
    const auto index = static_cast<std::uint64_t>(m_next++);
    return s.add(OpCode::kStateSlot, {DType::kF32, shape}, {}, {index});
  }
  // Slot i is named by its letter.
  void bind(std::uint32_t node) {
    const auto letter = static_cast<char>('a' + s.program.slots.size());
    s.program.slots.push_back({std::string(1, letter), s.type(node), node});
  }

 private:
  int m_next = 0;
};

TEST(Fusion, SoftmaxRunsOnTheRowsOfItsProduct) {
  Slots p;
  const auto a = p.source({24, 8});
  const auto b = p.source({8, 16});
  const auto scores = p.s.f32(OpCode::kMatMul, {24, 16}, {a, b}, {0, 0});
  const auto most = p.s.f32(OpCode::kReduceMax, {24, 1}, {scores}, {2});
  const auto e = p.s.f32(OpCode::kExp, {24, 16}, {p.s.f32(OpCode::kSub, {24, 16}, {scores, most})});
  const auto sum = p.s.f32(OpCode::kReduceSum, {24, 1}, {e}, {2});
  p.bind(a);
  p.bind(b);
  p.bind(p.s.f32(OpCode::kDiv, {24, 16}, {e, sum}));
  MemoryUse memory;
  const auto units = units_of(p.s.program, &memory);
  ASSERT_EQ(units.size(), 1U);
  EXPECT_EQ(units[0].kernel, OpCode::kMatMul);
  EXPECT_EQ(units[0].members, "reduce_max sub exp reduce_sum div*");
  EXPECT_EQ(memory.arena, 24U * 16 * 4);  // the scores
}

// Adam on a gradient: one unit, and every slot written over.
TEST(Fusion, AnOptimizerUpdatesInPlaceOnTheGradientsRows) {
  Slots p;
  const Shape shape{32, 16};
  const auto weight = p.source(shape);
  const auto first = p.source(shape);
  const auto second = p.source(shape);
  const auto x = p.source({8, 32});
  const auto rate = p.s.constant(-0.1F);
  const auto rest = p.s.constant(0.1F);
  const auto y = p.s.f32(OpCode::kMatMul, {8, 16}, {x, weight}, {0, 0});
  const auto g = p.s.f32(OpCode::kMatMul, shape, {x, y}, {1, 0});
  const auto m = p.s.f32(OpCode::kFma, shape, {rest, g, first});
  const auto v = p.s.f32(OpCode::kFma, shape, {rest, p.s.f32(OpCode::kMul, shape, {g, g}), second});
  const auto step = p.s.f32(OpCode::kDiv, shape, {m, p.s.f32(OpCode::kSqrt, shape, {v})});
  p.bind(p.s.f32(OpCode::kFma, shape, {rate, step, weight}));
  p.bind(m);
  p.bind(v);
  p.bind(x);
  MemoryUse memory;
  const auto units = units_of(p.s.program, &memory);
  EXPECT_EQ(units.size(), 2U);
  EXPECT_EQ(memory.next_state, 0U);
}

// The reader stands behind the writer in the program, and is run before it.
TEST(Fusion, AStateIsWrittenOverAfterItsLastReader) {
  Slots p;
  const auto a = p.source({4, 4});
  const auto one = p.s.constant(1.0F);
  const auto next = p.s.f32(OpCode::kAdd, {4, 4}, {a, one});
  const auto turned = p.s.f32(OpCode::kTranspose, {4, 4}, {a}, {0x01});
  p.bind(next);
  p.bind(turned);
  MemoryUse memory;
  units_of(p.s.program, &memory);
  EXPECT_EQ(memory.next_state, 0U);
}

// Each slot's new value needs the other's old one: one of them must wait in a second tensor.
TEST(Fusion, WhatCannotBeWrittenOverHasASecondTensor) {
  Slots p;
  const auto a = p.source({4, 4});
  const auto b = p.source({4, 4});
  p.bind(p.s.f32(OpCode::kTranspose, {4, 4}, {b}, {0x01}));
  p.bind(p.s.f32(OpCode::kTranspose, {4, 4}, {a}, {0x01}));
  MemoryUse memory;
  units_of(p.s.program, &memory);
  EXPECT_EQ(memory.next_state, 64U);
}

// Heads are split and merged by strides: nothing but the two products runs.
TEST(Fusion, HeadsAreNotCopied) {
  Slots p;
  const std::uint64_t batch = 2, steps = 6, heads = 3, size = 4;
  const auto split = [&](std::uint32_t x) {
    const auto four = p.s.f32(OpCode::kReshape, {batch, steps, heads, size}, {x});
    const auto turned = p.s.f32(OpCode::kTranspose, {batch, heads, steps, size}, {four}, {0x3120});
    return p.s.f32(OpCode::kReshape, {batch * heads, steps, size}, {turned});
  };
  const auto one = p.s.constant(1.0F);
  const auto made = [&] {  // a reshape of a slot would be a copy of its own
    return p.s.f32(OpCode::kMul, {batch * steps, heads * size},
                   {p.source({batch * steps, heads * size}), one});
  };
  const auto q = split(made());
  const auto k = split(made());
  const auto v = split(made());
  const auto scores = p.s.f32(OpCode::kMatMul, {batch * heads, steps, steps}, {q, k}, {0, 1});
  const auto mixed = p.s.f32(OpCode::kMatMul, {batch * heads, steps, size}, {scores, v}, {0, 0});
  const auto four = p.s.f32(OpCode::kReshape, {batch, heads, steps, size}, {mixed});
  const auto merged = p.s.f32(OpCode::kTranspose, {batch, steps, heads, size}, {four}, {0x3120});
  const auto flat = p.s.f32(OpCode::kReshape, {batch * steps, heads * size}, {merged});
  for (std::uint64_t i = 0; i < 3; ++i) {
    p.s.program.slots.push_back({std::string(1, static_cast<char>('a' + i)),
                                 {DType::kF32, {batch * steps, heads * size}},
                                 flat});
  }
  unsigned products = 0;
  for (const UnitTime& unit : units_of(p.s.program)) {
    EXPECT_NE(unit.kernel, OpCode::kTranspose);
    products += unit.kernel == OpCode::kMatMul ? 1 : 0;
  }
  EXPECT_EQ(products, 2U);
}

// The mask of relu's gradient is computed from relu's output, not kept beside it.
TEST(Fusion, CheapMasksAreComputedTwice) {
  Slots p;
  const Shape shape{16, 16};
  const auto a = p.source(shape);
  const auto w = p.source(shape);
  const auto zero = p.s.constant(0.0F);
  const auto y = p.s.f32(OpCode::kRelu, shape, {p.s.f32(OpCode::kMatMul, shape, {a, w}, {0, 0})});
  const auto mask = p.s.add(OpCode::kLess, {DType::kU32, shape}, {zero, y});
  const auto g = p.s.f32(OpCode::kMatMul, shape, {y, w}, {0, 1});
  p.bind(p.s.f32(OpCode::kSelect, shape, {mask, g, zero}));
  p.bind(w);
  for (const UnitTime& unit : units_of(p.s.program))
    EXPECT_EQ(unit.members.find("less*"), std::string::npos) << unit.members;
}

// A weight that two micro-batches of so many rows read forwards, and two backwards.
struct MicroBatches {
  static constexpr std::uint64_t kIn = 150, kOut = 40;
  Slots p;
  std::uint32_t weight = 0;

  explicit MicroBatches(std::uint64_t rows) {
    weight = p.source({kIn, kOut});
    p.bind(weight);
    for (int part = 0; part < 2; ++part) {
      const auto x = p.source({rows, kIn});
      const auto y = p.s.f32(OpCode::kMatMul, {rows, kOut}, {x, weight}, {0, 0});
      p.bind(p.s.f32(OpCode::kMatMul, {rows, kIn}, {y, weight}, {0, 1}));
    }
  }
  // Of the weight packed for these products.
  [[nodiscard]] std::size_t packed_bytes() const {
    std::size_t sum = 0;
    for (const std::size_t i : {std::size_t{2}, std::size_t{3}})
      sum += numerics::packed_b_bytes(numerics::best_isa(), p.s.program.nodes[i].spec);
    return sum;
  }
};

TEST(Fusion, AWeightIsPackedOnceForMicroBatches) {
  for (const std::uint64_t rows : {24U, 300U}) {
    const MicroBatches micro(rows);
    const std::size_t outputs = 2 * rows * MicroBatches::kOut * sizeof(float);
    MemoryUse memory;
    EXPECT_EQ(units_of(micro.p.s.program, &memory).size(), 4U);
    ASSERT_GT(micro.packed_bytes(), 0U);
    if (rows > 256) {
      EXPECT_LE(memory.arena, outputs);  // packing takes too little of their time
    } else {
      EXPECT_GT(memory.arena, micro.packed_bytes());
    }
  }
}

TEST(Fusion, PackedOnceGivesTheSameBits) {
  const MicroBatches micro(24);
  const auto validation = graph::validate_alone(micro.p.s.program);
  ASSERT_TRUE(validation.program) << validation.words;
  for (const numerics::Isa isa : numerics::kAllIsas) {
    if (!numerics::is_supported(isa)) continue;
    std::vector<NamedTensors> after;
    for (const bool fuse : {false, true}) {
      host::ThreadTaskPool pool(2);
      ExecutorOptions options;
      options.isa = isa;
      options.fuse = fuse;
      auto executor = Executor::create(*validation.program, {}, pool, options).value();
      NamedTensors state = executor.make_state();
      std::uint32_t random = 1;
      for (auto& [name, tensor] : state) {
        for (float& x : tensor.as<float>()) {
          random = random * 1'664'525 + 1'013'904'223;
          x = static_cast<float>(random >> 8) * 0x1p-23F - 1.0F;
        }
      }
      for (std::uint64_t t = 0; t < 2; ++t) executor.step(t, 1, state);
      after.push_back(std::move(state));
    }
    EXPECT_TRUE(after[0] == after[1]) << numerics::name_of(isa);
  }
}

// A stranger's program: valid, as long as any may be, every node reading one tensor.
TEST(Fusion, TheLongestProgramIsPlannedInSeconds) {
  Slots p;
  const auto a = p.source({8});
  auto last = a;
  while (p.s.program.nodes.size() < graph::kMaxNodes) {
    const bool turn = p.s.program.nodes.size() % 3 == 0;
    last = turn ? p.s.f32(OpCode::kGatherRows, {8},
                          {last, p.s.add(OpCode::kCast, {DType::kU32, {8}}, {a})})
                : p.s.f32(OpCode::kAdd, {8}, {last, a});
    if (p.s.program.nodes.size() + 2 > graph::kMaxNodes) break;
  }
  p.bind(last);
  const auto validation = graph::validate_alone(p.s.program);
  ASSERT_TRUE(validation.program) << validation.words;
  SerialTaskPool pool;
  EXPECT_TRUE(Executor::create(*validation.program, {}, pool));
}

// The same of what regions make, which the next ones could compute again.
TEST(Fusion, TheLongestProgramOfCheapMembersIsPlannedInSeconds) {
  Slots p;
  const Shape shape{64, 64};
  const auto a = p.source(shape);
  const auto row = p.s.add(OpCode::kCast, {DType::kU32, {64}}, {p.source({64})});
  const auto shared = p.s.f32(OpCode::kRelu, shape, {a});
  std::array<std::uint32_t, 3> last{shared, shared, shared};
  while (p.s.program.nodes.size() + 4 < graph::kMaxNodes) {
    for (std::uint32_t& node : last)
      node = p.s.f32(OpCode::kFma, shape, {last[0], last[1], last[2]});
    last[0] = p.s.f32(OpCode::kGatherRows, shape, {last[0], row});
    last[1] = p.s.f32(OpCode::kAdd, shape, {shared, last[2]});
  }
  p.bind(p.s.f32(OpCode::kFma, shape, {last[0], last[1], last[2]}));
  p.s.program.slots.push_back({"b", {DType::kF32, {64}}, p.s.constant(0, {64})});
  const auto validation = graph::validate_alone(p.s.program);
  ASSERT_TRUE(validation.program) << validation.words;
  SerialTaskPool pool;
  ExecutorOptions options;
  options.late_copy_bytes = 1;
  EXPECT_TRUE(Executor::create(*validation.program, {}, pool, options));
}

// Adam's rate stands behind all gradients in a program; the updates do not wait for it, and an
// activation is let go once its weight has been updated.
TEST(Fusion, UpdatesRunBehindTheirGradients) {
  Slots p;
  const Shape square{64, 64};
  constexpr unsigned kLayers = 8;
  std::vector<std::uint32_t> weights, inputs;
  auto x = p.s.f32(OpCode::kExp, square, {p.source(square)});
  for (unsigned i = 0; i < kLayers; ++i) {
    weights.push_back(p.source(square));
    inputs.push_back(x);
    x = p.s.f32(OpCode::kTanh, square, {p.s.f32(OpCode::kMatMul, square, {x, weights[i]}, {0, 0})});
  }
  std::vector<std::uint32_t> gradients(kLayers);
  for (unsigned i = kLayers; i-- > 0;) {
    gradients[i] = p.s.f32(OpCode::kMatMul, square, {inputs[i], x}, {1, 0});
    if (i > 0) x = p.s.f32(OpCode::kMatMul, square, {x, weights[i]}, {0, 1});
  }
  const auto rate = p.s.f32(OpCode::kSqrt, {}, {p.source({})});
  p.bind(inputs[0]);
  for (unsigned i = 0; i < kLayers; ++i)
    p.bind(p.s.f32(OpCode::kFma, square, {rate, gradients[i], weights[i]}));
  p.bind(rate);
  MemoryUse memory;
  units_of(p.s.program, &memory);
  EXPECT_EQ(memory.next_state, 0U);
  EXPECT_EQ(memory.arena, memory.arena_min);
  // All activations but the first (a slot's), the gradient of one, and a gradient of a weight that
  // is updated on its rows.
  EXPECT_LE(memory.arena, (kLayers + 2) * square.elements() * 4 + 64);
}

// What a norm gives to a product waits for that product's gradient, unless it is made again.
TEST(Fusion, OutputsAreMadeAgainForLateReaders) {
  Slots p;
  const Shape shape{128, 64};
  constexpr unsigned kLayers = 6;
  std::vector<std::uint32_t> norms, weights, scales;
  const auto x = p.s.f32(OpCode::kExp, shape, {p.source(shape)});
  auto y = x;
  for (unsigned i = 0; i < kLayers; ++i) {
    scales.push_back(p.source({1, 64}));
    weights.push_back(p.source({64, 64}));
    norms.push_back(p.s.f32(OpCode::kMul, shape, {x, scales[i]}));
    const auto made = p.s.f32(OpCode::kMatMul, shape, {norms[i], weights[i]}, {0, 0});
    y = p.s.f32(OpCode::kTanh, shape, {p.s.f32(OpCode::kAdd, shape, {made, y})});
  }
  p.bind(x);
  for (unsigned i = 0; i < kLayers; ++i) {
    p.bind(scales[i]);
    p.bind(p.s.f32(OpCode::kMatMul, {64, 64}, {norms[i], y}, {1, 0}));
  }
  const auto validation = graph::validate_alone(p.s.program);
  ASSERT_TRUE(validation.program) << validation.words;
  SerialTaskPool pool;
  std::array<std::size_t, 2> arena{};
  std::array<NamedTensors, 2> states;
  for (const bool copies : {false, true}) {
    ExecutorOptions options;
    options.late_copy_bytes = 1;
    options.late_copy_share = copies ? 1e9 : 0;
    auto executor = Executor::create(*validation.program, {}, pool, options).value();
    states[copies] = executor.make_state();
    executor.step(0, 0, states[copies]);
    executor.step(1, 0, states[copies]);
    arena[copies] = executor.memory().arena;
  }
  EXPECT_EQ(states[0], states[1]);
  EXPECT_LE(arena[1] + 3 * shape.elements() * 4, arena[0]);
}

}  // namespace
}  // namespace assay::exec
