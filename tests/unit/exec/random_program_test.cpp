// Random programs: fused, unfused and the interpreter of scalar definitions, on every instruction
// set and with 1 to 3 threads, bit for bit, every node's output and every state.
#include <gtest/gtest.h>

#include <set>

#include "assay/exec/executor.hpp"
#include "assay/host/thread_pool.hpp"
#include "cheats/interpreter.hpp"
#include "unit/exec/random_program.hpp"

namespace assay::exec {
namespace {

using numerics::Isa;
using numerics::OpCode;

constexpr std::uint64_t kSeed = 20260101;

std::string difference(const graph::Program& program, const NamedTensors& want,
                       const NamedTensors& got) {
  for (const auto& slot : program.slots) {
    const Tensor& a = want.at(slot.name);
    const Tensor& b = got.at(slot.name);
    if (equal_bytes(a.bytes(), b.bytes())) continue;
    return "slot " + slot.name + " = " + graph::describe_node(program, slot.output) + "\n" +
           graph::to_text(program);
  }
  return "none";
}

// Adds the operators that it met to `met`.
void check(unsigned seed, const test::RandomProgram::Options& kind, std::set<OpCode>& met) {
  test::RandomProgram maker(seed, kind);
  std::mt19937 random(seed);
  const auto validation =
      graph::validate_alone(maker.make(20 + static_cast<unsigned>(random() % 60)));
  ASSERT_TRUE(validation.program) << validation.words;
  const graph::ValidProgram& program = *validation.program;
  for (const graph::Node& node : program.program().nodes) met.insert(node.spec.op);
  SerialTaskPool serial;
  NamedTensors data;
  std::vector<TensorView> views;
  for (const auto& [name, type] : program.program().data) {
    Tensor& tensor = data.emplace(name, Tensor(type)).first->second;
    test::fill(tensor, random, seed % 2 == 0);
    views.push_back(tensor.view());
  }
  NamedTensors first = Executor::create(program, views, serial).value().make_state();
  for (auto& [name, tensor] : first) test::fill(tensor, random, seed % 2 == 0);
  std::vector<NamedTensors> expected{first};
  std::vector<std::vector<Tensor>> outputs;
  for (std::uint64_t t = 0; t < 2; ++t) {
    auto run = cheats::interpret(program.program(), data, Isa::kReference, serial, t, kSeed,
                                 expected.back());
    expected.push_back(std::move(run.after));
    outputs.push_back(std::move(run.outputs));
  }
  for (const Isa isa : numerics::kAllIsas) {
    if (!numerics::is_supported(isa)) continue;
    host::ThreadTaskPool pool(1 + seed % 3);
    ExecutorOptions options;
    options.isa = isa;
    if (seed % 4 != 0) {  // every copy that could be made, else none: outputs are small
      options.late_copy_bytes = 1;
      options.late_copy_share = 1e300;
    }
    auto fused = Executor::create(program, views, pool, options).value();
    auto unfused = Executor::create(program, views, pool, {isa, false, {}}).value();
    NamedTensors state = first;
    for (std::uint64_t t = 0; t < 2; ++t) {
      fused.step(t, kSeed, state);
      ASSERT_EQ(state, expected[t + 1])
          << "seed " << seed << " t " << t << " " << name_of(isa) << " "
          << difference(program.program(), expected[t + 1], state);
      NamedTensors after;
      unfused.trace(
          t, kSeed, expected[t], after, [&](std::uint32_t node, const TensorView& output) {
            ASSERT_TRUE(equal_bytes(output.bytes(), outputs[t][node].bytes()))
                << "seed " << seed << " " << graph::describe_node(program.program(), node);
          });
      ASSERT_EQ(after, expected[t + 1]) << "seed " << seed;
    }
  }
}

TEST(RandomPrograms, AreTheInterpreters) {
  std::set<OpCode> met;
  for (unsigned seed = 0; seed < 250; ++seed) {
    // Every fifth is of any operators, hardly of chains.
    check(seed, {.table_share = seed % 5 == 4 ? 2U : 16U}, met);
    if (HasFatalFailure()) return;
  }
  for (const OpCode op : numerics::test::kOperators) {
    EXPECT_TRUE(met.contains(op)) << numerics::name_of(op) << " was not tested";
  }
  for (const OpCode op : {OpCode::kStateSlot, OpCode::kData, OpCode::kStepIndex, OpCode::kSeed}) {
    EXPECT_TRUE(met.contains(op)) << numerics::name_of(op) << " was not tested";
  }
}

// Beyond one block of a kernel, and no multiple of any.
TEST(RandomPrograms, OfLargeShapesAreTheInterpreters) {
  std::set<OpCode> met;
  for (unsigned seed = 1000; seed < 1012; ++seed) {
    check(seed, {.large = true}, met);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace assay::exec
