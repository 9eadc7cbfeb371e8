// Outputs that are computed again for late readers: what else reads them, and the bits.
#include <gtest/gtest.h>

#include "assay/exec/executor.hpp"
#include "cheats/interpreter.hpp"
#include "support/tiny_programs.hpp"

namespace assay::exec {
namespace {

using numerics::OpCode;

struct Program {
  tiny::Sketch s;
  std::uint32_t source(const std::string& name, const Shape& shape) {
    const TensorType type{DType::kF32, shape};
    const auto slot = s.add(OpCode::kStateSlot, type, {}, {s.program.slots.size()});
    s.program.slots.push_back({name, type, slot});
    return slot;
  }
  // So many products, one of the other.
  std::uint32_t chain(std::uint32_t from, std::uint32_t by, unsigned count) {
    for (unsigned i = 0; i < count; ++i)
      from = s.f32(OpCode::kMatMul, s.type(from).shape, {from, by}, {0, 0});
    return from;
  }
};

// One output waits for a second while most memory is in use; the second, computed from it, waits
// when the first is a late copy already.
TEST(LateCopies, AreMadeOfOutputsThatHaveALateCopyThemselves) {
  constexpr std::uint64_t kRows = 64;
  Program p;
  const auto a = p.source("a", {kRows, kRows});
  const auto b = p.source("b", {kRows, kRows});
  const auto into = p.source("c", {kRows, 112});
  const auto large = p.source("d", {112, 112});
  const auto small = p.source("e", {kRows, kRows});
  auto& s = p.s;
  const auto first = s.f32(OpCode::kAdd, {kRows, kRows}, {a, b});
  const auto start = s.f32(OpCode::kMatMul, {kRows, 112}, {first, into}, {0, 0});
  const auto sums = s.f32(OpCode::kReduceSum, {kRows, 1}, {p.chain(start, large, 8)}, {2});
  const auto second = s.f32(OpCode::kAdd, {kRows, kRows}, {first, sums});
  const auto joined = s.f32(OpCode::kAdd, {kRows, kRows}, {second, p.chain(second, small, 5)});
  const auto last = s.f32(OpCode::kMul, {kRows, kRows}, {joined, first});
  s.program.slots.push_back({"f", s.type(last), last});
  const auto validation = graph::validate_alone(s.program);
  ASSERT_TRUE(validation.program) << validation.words;

  SerialTaskPool pool;
  ExecutorOptions options;
  auto none = Executor::create(*validation.program, {}, pool, options).value();
  options.late_copy_bytes = 1;
  options.late_copy_share = 1e300;
  auto all = Executor::create(*validation.program, {}, pool, options).value();
  EXPECT_LT(all.memory().arena, none.memory().arena);
  NamedTensors state = all.make_state();
  float value = 0.0F;
  for (auto& [name, tensor] : state) {
    for (float& x : tensor.as<float>()) x = value = value > 0.5F ? -0.5F : value + 0.01F;
  }
  const NamedTensors expected = cheats::interpret(validation.program->program(), {},
                                                  numerics::Isa::kReference, pool, 0, 0, state)
                                    .after;
  all.step(0, 0, state);
  EXPECT_TRUE(state == expected);
}

}  // namespace
}  // namespace assay::exec
