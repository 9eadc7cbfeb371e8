// The demo's models in small: every lie ends in its place, and every operator of their graphs is
// one that a game can end in.
#include <gtest/gtest.h>

#include <set>

#include "assay/crypto/sha256.hpp"
#include "assay/models/model.hpp"
#include "assay/player/player.hpp"
#include "assay/training/run.hpp"
#include "cheats/cheats.hpp"
#include "support/duel.hpp"

namespace assay::player {
namespace {

using dispute::Outcome;
using dispute::Position;
using dispute::Role;
using dispute::Stage;
using numerics::OpCode;

struct World {
  SerialTaskPool pool;
  training::Task task;
  std::unique_ptr<training::ProgramExecution> honest;
  std::vector<Hash256> transcript;

  World(const models::Network& network, models::OptimizerKind optimizer) {
    models::ModelDescription d;
    d.network = network;
    d.images = {.examples = 40, .height = 8, .width = 8};
    d.batch = 10;
    d.optimizer.kind = optimizer;
    d.optimizer.learning_rate = 0.01f;
    d.optimizer.schedule = models::Schedule::kLinear;
    d.optimizer.decay_steps = 100;
    auto programs = models::build(d).value();
    Tensor images({DType::kU8, {40, 8, 8}}), labels({DType::kU8, {40}});
    for (std::size_t i = 0; i < images.byte_count(); ++i) {
      images.data()[i] = static_cast<std::uint8_t>(i * 2654435761u >> 13);
    }
    for (std::size_t i = 0; i < 40; ++i) labels.data()[i] = static_cast<std::uint8_t>(i % 10);
    NamedTensors data;
    data.emplace(std::string(models::kImages), std::move(images));
    data.emplace(std::string(models::kLabels), std::move(labels));
    task = training::make_task({77, 30, 10, 10}, programs.init, programs.step, data, pool).value();
    honest = training::ProgramExecution::create(task, pool).value();
    transcript = transcript_of(*honest);
  }
  std::vector<Hash256> transcript_of(training::Execution& execution) {
    auto run = training::TrainingRun::open(task, execution, pool).value();
    EXPECT_TRUE(run->advance(task.header.steps));
    return run->transcript();
  }
  dispute::GameTerms terms(std::uint64_t entry, const std::vector<Hash256>& claimed) const {
    dispute::GameTerms terms;
    terms.task = task.header;
    terms.entry = entry;
    if (entry > 0) terms.start_root = claimed[entry - 1];
    terms.end_root = claimed.at(entry);
    return terms;
  }
};

duel::Mover mover(Player& player) {
  return [&player](const Position& position) { return player.next_move(position); };
}

struct Kind {
  models::Network network;
  models::OptimizerKind optimizer;
};

class PlayerOnModels : public testing::TestWithParam<Kind> {};

TEST_P(PlayerOnModels, EveryLieEndsInItsPlace) {
  World world(GetParam().network, GetParam().optimizer);
  const graph::Program& program = world.task.step->program();
  struct Case {
    cheats::Lie lie;
    Stage ended_at;
    std::uint64_t step;
    OpCode op;         // of the node where it ends
    std::string slot;  // at kStateLeaf
  };
  std::vector<Case> cases;
  const auto add = [&](const char* kind, std::uint64_t step, Stage ended_at, OpCode op) -> Case& {
    cheats::Lie lie;
    lie.kind = kind;
    lie.step = step;
    cases.push_back({lie, ended_at, step, op, ""});
    return cases.back();
  };
  add("weight-bit", 13, Stage::kStateLeaf, {}).slot = "model/";
  add("skip-step", 21, Stage::kStateLeaf, {}).slot = "metric/loss";
  {
    // The first matmul that this step computes is a forward one.
    Case& c = add("output-element", 17, Stage::kScalar, OpCode::kMatMul);
    c.lie.element = 31;
    c.lie.bit = 20;
  }
  if (std::holds_alternative<models::Cnn>(GetParam().network)) {
    Case& c = add("output-element", 29, Stage::kScalar, OpCode::kConv2d);
    c.lie.op = "conv2d";
    c.lie.element = 777;
    c.lie.bit = 22;
  }
  add("learning-rate", 0, Stage::kScalar, OpCode::kConstant);
  add("order", 0, Stage::kTracePoint, OpCode::kSeed);
  add("data", 0, Stage::kSource, OpCode::kData);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.lie.kind);
    auto liar = cheats::make_lying_execution(world.task, world.pool, c.lie).value();
    const auto claimed = world.transcript_of(*liar);
    std::uint64_t entry = 0;
    while (entry < claimed.size() && claimed[entry] == world.transcript[entry]) ++entry;
    ASSERT_LT(entry, claimed.size());
    const dispute::GameTerms terms = world.terms(entry, claimed);
    PlayerOptions defends, challenges;
    defends.role = Role::kDefender;
    challenges.role = Role::kChallenger;
    Player defender(world.task, *liar, terms, world.pool, defends);
    Player challenger(world.task, *world.honest, terms, world.pool, challenges);
    const duel::Duel duel = duel::play(terms, mover(defender), mover(challenger), true);
    ASSERT_EQ(duel.error, "");
    EXPECT_EQ(duel.position.outcome, Outcome::kChallengerWins);
    EXPECT_EQ(duel.position.ended_at, c.ended_at) << to_string(duel.position.ended_at);
    if (c.lie.kind != "data") {
      EXPECT_EQ(duel.position.step_low, c.step);
    }
    if (c.ended_at == Stage::kStateLeaf) {
      EXPECT_TRUE(program.slots[duel.position.range.first].name.starts_with(c.slot));
    } else {
      EXPECT_EQ(program.nodes[duel.position.node_index].spec.op, c.op)
          << graph::describe_node(program, duel.position.node_index);
    }
    if (c.lie.kind == "output-element") {
      EXPECT_GE(duel.position.element, c.lie.element);
      EXPECT_LT(duel.position.element, c.lie.element + 40);
    }
  }
}

// At every node there is: points go straight to it, the rest of the way at random.
TEST_P(PlayerOnModels, TheTruthIsDefendedAtEveryNode) {
  World world(GetParam().network, GetParam().optimizer);
  std::set<OpCode> ops, ended;
  for (const std::uint64_t entry : {std::uint64_t{0}, std::uint64_t{2}}) {
    const dispute::GameTerms terms = world.terms(entry, world.transcript);
    PlayerOptions options;
    options.role = Role::kDefender;
    Player defender(world.task, *world.honest, terms, world.pool, options);
    const graph::ValidProgram& program = world.task.program_of(entry);
    for (std::uint32_t node = 0; node < program.program().nodes.size(); ++node) {
      ops.insert(program.program().nodes[node].spec.op);
      const duel::Mover random = duel::random_pointer(world.task, terms, node + 1000 * entry);
      const duel::Mover to_node = [&](const Position& p) -> Result<std::optional<Bytes>> {
        if (p.stage != Stage::kTracePoint) return random(p);
        return duel::point_at_node(world.task, terms, p, node);
      };
      const duel::Duel duel = duel::play(terms, mover(defender), to_node);
      ASSERT_EQ(duel.error, "") << graph::describe_node(program.program(), node);
      ASSERT_EQ(duel.position.outcome, Outcome::kDefenderWins)
          << graph::describe_node(program.program(), node);
      ASSERT_EQ(duel.position.node_index, node);
      ended.insert(duel.position.node.spec.op);
    }
  }
  EXPECT_EQ(ops, ended);
}

INSTANTIATE_TEST_SUITE_P(Families, PlayerOnModels,
                         testing::Values(Kind{models::Mlp{.hidden = {20}},
                                              models::OptimizerKind::kSgd},
                                         Kind{models::Cnn{.channels = {4, 6}, .hidden = {20}},
                                              models::OptimizerKind::kAdam}));

}  // namespace
}  // namespace assay::player
