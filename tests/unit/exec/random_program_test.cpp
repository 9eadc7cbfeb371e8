// Random programs: fused, unfused and the interpreter of scalar definitions, on every instruction
// set and with 1 to 3 threads, bit for bit, every node's output and every state.
#include <gtest/gtest.h>

#include "assay/exec/executor.hpp"
#include "assay/host/thread_pool.hpp"
#include "cheats/interpreter.hpp"
#include "unit/exec/random_program.hpp"

namespace assay::exec {
namespace {

using numerics::Isa;

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

void check(unsigned seed) {
  test::RandomProgram maker(seed);
  std::mt19937 random(seed);
  const auto validation =
      graph::validate_alone(maker.make(20 + static_cast<unsigned>(random() % 60)));
  ASSERT_TRUE(validation.program) << validation.words;
  const graph::ValidProgram& program = *validation.program;
  SerialTaskPool serial;
  NamedTensors first = Executor::create(program, {}, serial).value().make_state();
  for (auto& [name, tensor] : first) test::fill(tensor, random, seed % 2 == 0);
  std::vector<NamedTensors> expected{first};
  std::vector<std::vector<Tensor>> outputs;
  for (std::uint64_t t = 0; t < 2; ++t) {
    auto run =
        cheats::interpret(program.program(), {}, Isa::kReference, serial, t, 0, expected.back());
    expected.push_back(std::move(run.after));
    outputs.push_back(std::move(run.outputs));
  }
  for (const Isa isa : numerics::kAllIsas) {
    if (!numerics::is_supported(isa)) continue;
    host::ThreadTaskPool pool(1 + seed % 3);
    auto fused = Executor::create(program, {}, pool, {isa, true, {}}).value();
    auto unfused = Executor::create(program, {}, pool, {isa, false, {}}).value();
    NamedTensors state = first;
    for (std::uint64_t t = 0; t < 2; ++t) {
      fused.step(t, 0, state);
      ASSERT_EQ(state, expected[t + 1])
          << "seed " << seed << " t " << t << " " << name_of(isa) << " "
          << difference(program.program(), expected[t + 1], state);
      NamedTensors after;
      unfused.trace(t, 0, expected[t], after, [&](std::uint32_t node, const TensorView& output) {
        ASSERT_TRUE(equal_bytes(output.bytes(), outputs[t][node].bytes()))
            << "seed " << seed << " " << graph::describe_node(program.program(), node);
      });
      ASSERT_EQ(after, expected[t + 1]) << "seed " << seed;
    }
  }
}

TEST(RandomPrograms, AreTheInterpreters) {
  for (unsigned seed = 0; seed < 250; ++seed) {
    check(seed);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace assay::exec
