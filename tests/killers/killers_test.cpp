// Hostile programs and data through training, replay and dispute: the honest solver wins every
// false challenge, and a lie at every node is convicted there (INV-GRA-050, INV-PLR-003, -007).
#include <gtest/gtest.h>

#include "assay/training/replay.hpp"
#include "faults/games.hpp"
#include "killers/killer_tasks.hpp"

namespace assay::killers {

static void PrintTo(const KillerTask& killer, std::ostream* out) { *out << killer.name; }

namespace {

using faults::Fault;
using faults::GameReport;
using faults::World;

constexpr std::size_t kManyNodes = 120;  // of a program each of whose nodes is met once, not twice

// Made once, for all tests of a task.
World& world_of(const KillerTask& killer) {
  static std::map<std::string, std::unique_ptr<World>> worlds;
  std::unique_ptr<World>& world = worlds[killer.name];
  if (!world) world = std::make_unique<World>(killer.name, killer.make(), killer.teller);
  return *world;
}

struct Tally {
  unsigned games = 0, nothing = 0;
  double ms = 0;
  void add(const GameReport& report) {
    ASSERT_EQ(report.failure, "") << report.words;
    report.nothing ? ++nothing : ++games;
    ms = std::max(ms, report.game_ms);
  }
  void print(const char* what, const World& world) const {
    std::printf("figure killers_%s %s %u games, %u that change nothing, slowest %.1f ms\n", what,
                world.name().c_str(), games, nothing, ms);
  }
};

// A bit of one element of a node's output, in one step or in init.
Fault bit_of(const World& world, bool in_init, std::uint32_t node, faults::Random& random) {
  const TensorType type = world.program(in_init).nodes[node].spec.output;
  const std::uint64_t elements = type.shape.elements();
  const std::uint64_t places[] = {0, elements - 1, random() % elements, random() % elements};
  const std::uint64_t at =
      places[random() % 4] * size_of(type.dtype) + random() % size_of(type.dtype);
  const auto bit = static_cast<std::uint8_t>(1u << random() % 8);
  Fault fault;
  fault.in_init = in_init;
  // The last of an interval: what a step alone computes is gone after the next.
  const std::uint64_t entry = 1 + random() % (world.transcript().size() - 1);
  fault.first = fault.last = commit::step_of_entry(world.task().header, entry) - 1;
  fault.words = "byte " + std::to_string(at) + " in step " + std::to_string(fault.first) + " of " +
                graph::describe_node(world.program(in_init), node);
  fault.tamper = [=](std::uint32_t index, Tensor& output) {
    if (index == node) output.data()[at] ^= bit;
  };
  return fault;
}

class Killers : public testing::TestWithParam<KillerTask> {};

TEST_P(Killers, AreTrainedAndReplayedAlike) {
  World& world = world_of(GetParam());
  const training::Task& task = world.task();
  for (std::uint64_t entry = 0; entry < world.transcript().size(); ++entry) {
    const std::uint64_t start = entry == 0 ? 0 : commit::step_of_entry(task.header, entry - 1);
    const auto replay =
        training::replay_interval(task, world.honest(), world.state(start), entry, world.pool());
    ASSERT_TRUE(replay) << replay.error().message;
    EXPECT_EQ(replay.value().end_root, world.transcript()[entry]) << "entry " << entry;
  }
  // And as the definitions say: truth() aborts where the run is another.
  EXPECT_FALSE(world.truth(true, 0).after.empty());
  for (std::uint64_t step = 0; step < task.header.steps; ++step)
    EXPECT_FALSE(world.truth(false, step).after.empty());
}

TEST_P(Killers, AreDefendedAtEveryNode) {
  World& world = world_of(GetParam());
  Tally tally;
  std::uint64_t seed = 0;
  for (std::uint64_t entry = 0; entry < world.transcript().size(); ++entry) {
    const std::size_t nodes = world.task().program_of(entry).program().nodes.size();
    for (std::uint32_t node = 0; node < nodes; ++node)
      for (unsigned times = 0; times < (nodes > kManyNodes ? 1 : 2); ++times) {
        tally.add(faults::play_challenge(world, ++seed, faults::Target{entry, node}));
        if (HasFatalFailure()) return;
      }
  }
  for (unsigned times = 0; times < 40; ++times) {
    tally.add(faults::play_challenge(world, ++seed));
    if (HasFatalFailure()) return;
  }
  tally.print("defended", world);
}

TEST_P(Killers, ConvictALieAtEveryNode) {
  World& world = world_of(GetParam());
  Tally tally;
  faults::Random random(1);
  for (const bool in_init : {true, false})
    for (std::uint32_t node = 0; node < world.program(in_init).nodes.size(); ++node)
      for (unsigned times = 0; times < (world.program(in_init).nodes.size() > kManyNodes ? 1 : 2);
           ++times) {
        tally.add(faults::play_fault(world, bit_of(world, in_init, node, random), random()));
        if (HasFatalFailure()) return;
      }
  EXPECT_GT(tally.games, tally.nothing);
  tally.print("convicted", world);
}

// In every node that folds: caught at that very step.
TEST_P(Killers, ConvictABitOfAnAccumulator) {
  World& world = world_of(GetParam());
  Tally tally;
  faults::Random random(3);
  const graph::Program& program = world.program(false);
  for (std::uint32_t node = 0; node < program.nodes.size(); ++node) {
    const numerics::NodeSpec& spec = program.nodes[node].spec;
    if (numerics::is_source(spec.op) || numerics::fold_length(spec) == 1) continue;
    const std::uint64_t last = world.task().header.steps - 1;
    tally.add(faults::play_fault(world, faults::accumulator_fault(world, false, last, node, random),
                                 random()));
    if (HasFatalFailure()) return;
  }
  tally.print("accumulators", world);
}

TEST_P(Killers, ConvictLies) {
  World& world = world_of(GetParam());
  Tally tally;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    tally.add(faults::play_lie(world, seed));
    if (HasFatalFailure()) return;
  }
  tally.print("lies", world);
}

TEST_P(Killers, ConvictRandomFaults) {
  World& world = world_of(GetParam());
  Tally tally;
  for (unsigned kind = 0; kind < faults::kKinds; ++kind)
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      tally.add(faults::play_fault(world, static_cast<faults::Kind>(kind), seed));
      if (HasFatalFailure()) return;
    }
  tally.print("faults", world);
}

INSTANTIATE_TEST_SUITE_P(Tasks, Killers, testing::ValuesIn(killer_tasks()),
                         [](const auto& task) { return std::string(task.param.name); });

// As many nodes, slots and data as there may be: 65,536, 4,096 and 16, names of 64 bytes.
TEST(LargestGraph, IsTrainedReplayedDefendedAndItsLiesConvicted) {
  World world("LargestGraph", largest_graph());
  const graph::Program& program = world.program(false);
  ASSERT_EQ(program.nodes.size(), graph::kMaxNodes);
  ASSERT_EQ(program.slots.size(), graph::kMaxSlots);
  ASSERT_EQ(program.data.size(), graph::kMaxData);
  const auto replay =
      training::replay_interval(world.task(), world.honest(), world.state(0), 1, world.pool());
  ASSERT_TRUE(replay) << replay.error().message;
  EXPECT_EQ(replay.value().end_root, world.transcript()[1]);
  Tally defended, convicted;
  faults::Random random(2);
  const std::uint32_t last = graph::kMaxNodes - 1;
  for (const std::uint32_t node : {0u, 4'095u, 4'112u, last}) {
    defended.add(faults::play_challenge(world, node, faults::Target{1, node}));
    convicted.add(faults::play_fault(world, bit_of(world, false, node, random), random()));
  }
  for (std::uint64_t seed = 0; seed < 2; ++seed) {
    defended.add(faults::play_challenge(world, seed));
    convicted.add(faults::play_fault(world, faults::Kind::kBit, seed));
  }
  EXPECT_GT(convicted.games, 3u);
  defended.print("defended", world);
  convicted.print("convicted", world);
}

}  // namespace
}  // namespace assay::killers
