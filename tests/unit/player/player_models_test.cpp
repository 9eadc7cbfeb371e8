// Small models of every family: every lie ends in its place, at the scalar step where there is one,
// and every node of their graphs is one where a false challenge ends and loses (INV-PLR-003).
#include <gtest/gtest.h>

#include <set>

#include "assay/crypto/sha256.hpp"
#include "assay/dispute/bounds.hpp"
#include "cheats/cheats.hpp"
#include "support/small_models.hpp"
#include "unit/player/world.hpp"

namespace assay::player {
namespace {

using dispute::Outcome;
using dispute::Position;
using dispute::Role;
using dispute::Stage;
using numerics::OpCode;

struct ModelWorld : Run {
  explicit ModelWorld(const models::ModelDescription& d) {
    auto programs = models::build(d).value();
    train(
        training::make_task({77, 30, 10, 10}, programs.init, programs.step, test::data_for(d), pool)
            .value());
  }
};

class PlayerOnModels : public testing::TestWithParam<test::SmallModel> {};

TEST_P(PlayerOnModels, EveryLieEndsInItsPlace) {
  ModelWorld world(GetParam().description);
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
  // The first of its kind that this step computes is one of the forward pass.
  const auto add_output = [&](OpCode op, std::uint64_t step, std::uint64_t element, unsigned bit) {
    Case& c = add("output-element", step, Stage::kScalar, op);
    c.lie.op = numerics::name_of(op);
    c.lie.element = element;
    c.lie.bit = bit;
  };
  add_output(OpCode::kMatMul, 17, 31, 20);
  const bool reads_text = std::holds_alternative<models::Gpt>(GetParam().description.network);
  const bool is_mlp = std::holds_alternative<models::Mlp>(GetParam().description.network);
  if (reads_text) add_output(OpCode::kMatMulTriangular, 25, 40, 21);
  if (!reads_text && !is_mlp) add_output(OpCode::kConv2d, 29, 777, 22);
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
    Player defender = world.player(*liar, terms, Role::kDefender);
    Player challenger = world.player(*world.honest, terms, Role::kChallenger);
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
  ModelWorld world(GetParam().description);
  std::set<OpCode> ops, ended;
  for (const std::uint64_t entry : {std::uint64_t{0}, std::uint64_t{2}}) {
    std::size_t most_bytes = 0;
    const dispute::GameTerms terms = world.terms(entry, world.transcript);
    Player defender = world.player(*world.honest, terms, Role::kDefender);
    const graph::ValidProgram& program = world.task.program_of(entry);
    const dispute::GameBounds most = dispute::bounds_of(program, entry == 0 ? 1 : 10);
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
      EXPECT_LE(duel.moves[0], most.defender_moves);  // INV-DSP-008
      EXPECT_LE(duel.moves[1], most.challenger_moves);
      EXPECT_LE(duel.bytes[0] + duel.bytes[1], most.body_bytes);
      most_bytes = std::max(most_bytes, duel.bytes[0] + duel.bytes[1]);
      ended.insert(duel.position.node.spec.op);
    }
    EXPECT_GE(10 * most_bytes, 7 * most.body_bytes) << "the bound is far from any game";
  }
  EXPECT_EQ(ops, ended);
}

INSTANTIATE_TEST_SUITE_P(Families, PlayerOnModels, testing::ValuesIn(test::small_models()),
                         [](const auto& chosen) { return std::string(chosen.param.name); });

}  // namespace
}  // namespace assay::player
