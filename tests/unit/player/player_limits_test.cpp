// Programs at the edges of what the validator admits: slots bound to sources, to one node twice and
// to constants, reshapes of sources, all element types, tensors of rank 0 and of one chunk,
// programs of one node, data that nothing reads, NaN with payloads, elements that nothing makes.
// Every node's lie is caught there, also one that only changes a NaN's payload, and every truth is
// defended.
#include <gtest/gtest.h>

#include "cheats/node_lie.hpp"
#include "unit/player/world.hpp"

namespace assay::player {
namespace {

using dispute::Outcome;
using dispute::Role;
using numerics::OpCode;

TensorType type(DType dtype, Shape shape = {}) { return {dtype, shape}; }

struct Sketches {
  graph::Program init, step;
};

struct SlotPair {
  const char* name;
  std::uint32_t init, step;
};
void bind(tiny::Sketch& init, tiny::Sketch& step, const std::vector<SlotPair>& slots) {
  for (const SlotPair& slot : slots) {
    init.program.slots.push_back({slot.name, init.type(slot.init), slot.init});
    step.program.slots.push_back({slot.name, step.type(slot.step), slot.step});
  }
}

constexpr std::uint32_t kPayload = 0xffc12345;

// Slots, ascending: a data; b the same node; c a reshape of data; d kept; e another slot's source;
// f u64 sum with t; g u8 of three chunks; h a constant NaN with a payload; i NaN by logarithm; j
// i32.
Sketches odd_bindings() {
  tiny::Sketch init, step;
  const DType f32 = DType::kF32, i64 = DType::kI64, u64 = DType::kU64, u8 = DType::kU8;
  for (tiny::Sketch* s : {&init, &step}) {
    s->program.data = {{"floats", type(f32, {3})}, {"unread", type(DType::kI32, {7})}};
  }
  const auto data_i = init.add(OpCode::kData, type(f32, {3}), {}, {0});
  const auto flat_i = init.f32(OpCode::kReshape, {1, 3}, {data_i});
  const auto five = init.add(OpCode::kConstant, type(i64), {}, {5});
  const auto seed = init.add(OpCode::kSeed, type(u64));
  const auto bytes_i = init.add(OpCode::kIota, type(u8, {2500}), {}, {0});
  const auto nan_i = init.add(OpCode::kConstant, type(f32, {300}), {}, {kPayload});
  const auto log_i = init.f32(OpCode::kLog, {1, 3}, {flat_i});
  const auto ints_i = init.add(OpCode::kConstant, type(DType::kI32, {2}), {}, {0xffff'fffe});
  const auto data_s = step.add(OpCode::kData, type(f32, {3}), {}, {0});
  const auto flat_s = step.f32(OpCode::kReshape, {1, 3}, {data_s});
  const auto d = step.add(OpCode::kStateSlot, type(i64), {}, {3});
  const auto f = step.add(OpCode::kStateSlot, type(u64), {}, {5});
  const auto g = step.add(OpCode::kStateSlot, type(u8, {2500}), {}, {6});
  const auto t = step.add(OpCode::kStepIndex, type(u64));
  const auto sum = step.add(OpCode::kAdd, type(u64), {f, t});
  const auto wide = step.add(OpCode::kCast, type(u64, {2500}), {g});
  const auto more = step.add(OpCode::kAdd, type(u64, {2500}), {wide, sum});
  const auto bytes_s = step.add(OpCode::kCast, type(u8, {2500}), {more});
  const auto nan_s = step.add(OpCode::kConstant, type(f32, {300}), {}, {kPayload});
  const auto a = step.add(OpCode::kStateSlot, type(f32, {3}), {}, {0});
  const auto a_flat = step.f32(OpCode::kReshape, {1, 3}, {a});
  const auto log_s = step.f32(OpCode::kLog, {1, 3}, {a_flat});
  const auto j = step.add(OpCode::kStateSlot, type(DType::kI32, {2}), {}, {9});
  const auto j_less = step.add(OpCode::kLess, type(DType::kU32, {2}), {j, j});
  const auto ints_s = step.add(OpCode::kSelect, type(DType::kI32, {2}), {j_less, j, j});
  bind(init, step,
       {{"a", data_i, data_s},
        {"b", data_i, data_s},
        {"c", flat_i, flat_s},
        {"d", five, d},
        {"e", five, d},
        {"f", seed, sum},
        {"g", bytes_i, bytes_s},
        {"h", nan_i, nan_s},
        {"i", log_i, log_s},
        {"j", ints_i, ints_s}});
  return {init.program, step.program};
}

Sketches one_node() {
  tiny::Sketch init, step;
  const auto made = init.constant(-0.0f);
  const auto kept = step.add(OpCode::kStateSlot, type(DType::kF32), {}, {0});
  bind(init, step, {{"x", made, kept}});
  return {init.program, step.program};
}

// What moves elements, at its edges: axes of rank 0 and 6, parts of one element and of all, a frame
// around nothing but one chunk, rows that no index names, triangles that skip every step. Slots: a
// scalar; b u8 of three chunks; c turned; d framed; e scattered; f and g triangles; h one group a
// channel.
Sketches movers() {
  tiny::Sketch init, step;
  const DType f32 = DType::kF32, u8 = DType::kU8, u32 = DType::kU32;
  const Shape deep{2, 1, 3, 1, 2, 2};
  const auto zeros = [&](const TensorType& t) { return init.add(OpCode::kConstant, t, {}, {0}); };
  const auto counted = init.f32(OpCode::kIota, deep, {}, {2});
  const auto seven = init.constant(7.0f);
  const auto bytes_i = init.add(OpCode::kIota, type(u8, {2500}), {}, {0});

  const auto a = step.f32(OpCode::kStateSlot, {}, {}, {0});
  const auto a_turned = step.f32(OpCode::kTranspose, {}, {a}, {0});
  const auto bytes = step.add(OpCode::kStateSlot, type(u8, {2500}), {}, {1});
  const auto front = step.add(OpCode::kSlice, type(u8, {1}), {bytes}, {0, 2499});
  const auto rest = step.add(OpCode::kSlice, type(u8, {2499}), {bytes}, {0, 0});
  const auto rolled = step.add(OpCode::kConcat, type(u8, {2500}), {front, rest}, {0});
  const auto c = step.f32(OpCode::kStateSlot, deep, {}, {2});
  const auto turned = step.f32(OpCode::kTranspose, {2, 2, 1, 3, 1, 2}, {c}, {0x012345});
  const auto turned_back = step.f32(OpCode::kReshape, deep, {turned});
  const auto one = step.f32(OpCode::kReshape, {1, 1}, {a_turned});
  const auto framed = step.f32(OpCode::kPad, {300, 1}, {one}, {0, 299});
  const auto wide = step.f32(OpCode::kPad, {300, 2}, {framed}, {1, 0});
  const auto index = step.add(OpCode::kIota, type(u32, {6}), {}, {0});
  const auto rows = step.f32(OpCode::kReshape, {6, 4}, {turned});
  const auto scattered = step.f32(OpCode::kScatterAddRows, {9, 4}, {index, rows});
  const std::uint64_t nan = kPayload;
  const auto upper = step.f32(OpCode::kMatMulTriangular, {6, 6}, {rows, rows}, {0, 1, 0, 0, nan});
  // A depth of one: all rows but the first skip the only step.
  const auto column = step.f32(OpCode::kSlice, {6, 1}, {rows}, {1, 3});
  const auto none = step.f32(OpCode::kMatMulTriangular, {6, 6}, {column, column}, {0, 1, 2, 0, 0});
  const auto picture = step.f32(OpCode::kReshape, {1, 2, 3, 4}, {rows});
  const auto filters = step.constant(0.5f, {1, 1, 1, 4});
  const auto depthwise = step.f32(OpCode::kConv2d, {1, 2, 3, 4}, {picture, filters}, {1, 0});
  bind(init, step,
       {{"a", seven, a_turned},
        {"b", bytes_i, rolled},
        {"c", counted, turned_back},
        {"d", zeros(type(f32, {300, 2})), wide},
        {"e", zeros(type(f32, {9, 4})), scattered},
        {"f", zeros(type(f32, {6, 6})), upper},
        {"g", zeros(type(f32, {6, 6})), none},
        {"h", zeros(type(f32, {1, 2, 3, 4})), depthwise}});
  return {init.program, step.program};
}

NamedTensors data_of(const graph::Program& program) {
  NamedTensors data;
  for (const graph::DataDecl& declared : program.data)
    data.emplace(declared.name, Tensor(declared.type));
  if (const auto floats = data.find("floats"); floats != data.end()) {
    const std::uint32_t bits[] = {kPayload, 0x8000'0000, 0x7f80'0001};  // quiet, -0, signalling
    std::memcpy(floats->second.data(), bits, sizeof bits);
  }
  return data;
}

class PlayerAtTheLimits : public testing::TestWithParam<Sketches (*)()>, protected Run {
 protected:
  PlayerAtTheLimits() {
    const Sketches sketches = GetParam()();
    auto made = training::make_task({11, 7, 3, 3}, sketches.init, sketches.step,
                                    data_of(sketches.step), pool);
    EXPECT_TRUE(made) << made.error().message;
    train(std::move(made).value());
  }
};

TEST_P(PlayerAtTheLimits, EveryNodesLieIsCaughtThere) {
  for (const bool in_init : {true, false}) {
    const graph::Program& program = (in_init ? task.init : task.step)->program();
    for (std::uint32_t node = 0; node < program.nodes.size(); ++node) {
      const TensorType& output = program.nodes[node].spec.output;
      for (const std::uint64_t step : {std::uint64_t{1}, std::uint64_t{6}}) {
        for (const std::uint64_t element : {std::uint64_t{0}, output.shape.elements() - 1}) {
          for (const unsigned bit : {0u, 8 * size_of(output.dtype) - 1}) {
            const cheats::NodeLie lie{in_init, step, node, element, bit};
            SCOPED_TRACE((in_init ? "init node " : "node ") + std::to_string(node) + " step " +
                         std::to_string(step) + " element " + std::to_string(element) + " bit " +
                         std::to_string(bit));
            auto liar = cheats::make_node_lie(task, pool, lie).value();
            const std::vector<Hash256> claimed = transcript_of(*liar);
            std::uint64_t entry = 0;
            while (entry < claimed.size() && claimed[entry] == transcript[entry]) ++entry;
            if (entry == claimed.size()) continue;  // nothing that counts was changed
            const dispute::GameTerms terms = this->terms(entry, claimed);
            for (const bool challenger_first : {false, true}) {
              Player defender = player(*liar, terms, Role::kDefender);
              Player challenger = player(*honest, terms, Role::kChallenger);
              const duel::Duel duel =
                  duel::play(terms, mover(defender), mover(challenger), challenger_first);
              ASSERT_EQ(duel.error, "");
              ASSERT_EQ(duel.position.outcome, Outcome::kChallengerWins);
              ASSERT_EQ(duel.position.node_index, node);
            }
          }
        }
      }
    }
  }
}

TEST_P(PlayerAtTheLimits, TheTruthIsDefendedAtEveryNode) {
  for (std::uint64_t entry = 0; entry < transcript.size(); ++entry) {
    const dispute::GameTerms terms = this->terms(entry, transcript);
    const std::size_t nodes = task.program_of(entry).program().nodes.size();
    for (std::uint32_t node = 0; node <= nodes; ++node) {
      for (std::uint64_t seed = 0; seed < 4; ++seed) {
        SCOPED_TRACE("entry " + std::to_string(entry) + " node " + std::to_string(node));
        Player defender = player(*honest, terms, Role::kDefender);
        const duel::Mover anywhere = duel::random_pointer(task, terms, seed * 100 + node);
        const duel::Mover challenger =
            [&](const dispute::Position& p) -> Result<std::optional<Bytes>> {
          if (p.stage != dispute::Stage::kTracePoint || node == nodes) return anywhere(p);
          return duel::point_at_node(task, terms, p, node);
        };
        const duel::Duel duel = duel::play(terms, mover(defender), challenger);
        ASSERT_EQ(duel.error, "");
        ASSERT_EQ(duel.position.outcome, Outcome::kDefenderWins);
        ASSERT_FALSE(duel.position.by_clock);
      }
    }
  }
}

constexpr const char* kProgramNames[] = {"OddBindings", "OneNode", "Movers"};
INSTANTIATE_TEST_SUITE_P(Programs, PlayerAtTheLimits,
                         testing::Values(odd_bindings, one_node, movers),
                         [](const auto& program) { return kProgramNames[program.index]; });

}  // namespace
}  // namespace assay::player
