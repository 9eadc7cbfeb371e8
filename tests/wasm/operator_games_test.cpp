// INV-DSP-007: a game that ends in every operator of the profile, most of them on the demo's own
// graphs; what the last scalar step gives is the same bits on the processor's floating-point unit,
// in integer arithmetic and, through the evidence that is written here, as wasm32.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/arithmetic_integer.hpp"
#include "assay/numerics/table.hpp"
#include "support/operator_games.hpp"
#include "wasm/corpus.hpp"

namespace assay::games {
namespace {

using dispute::Outcome;
using dispute::Stage;
using numerics::OpCode;

struct Tally {
  std::unique_ptr<wasm::Corpus> corpus;
  std::set<OpCode> in_demo_graphs;
  std::uint64_t games = 0, scalar_steps = 0;
  std::uint64_t defender_wins = 0, challenger_wins = 0;
};
Tally& tally() {
  static Tally made = [] {
    Tally t;
    if (const char* folder = std::getenv("ASSAY_EVIDENCE_FOLDER"))
      t.corpus = std::make_unique<wasm::Corpus>(folder);
    return t;
  }();
  return made;
}

// Where a game over a node's output ends.
Stage last_stage(OpCode op) {
  if (op == OpCode::kStateSlot || op == OpCode::kData) return Stage::kSource;
  return numerics::is_source(op) ? Stage::kTracePoint : Stage::kScalar;
}

void judge(World& world, bool in_init, std::uint32_t node, const Game& game, Outcome outcome,
           const std::string& name) {
  SCOPED_TRACE(name);
  ASSERT_EQ(game.error, "");
  const dispute::Position& end = game.position;
  const OpCode op = world.program(in_init).nodes[node].spec.op;
  ASSERT_EQ(end.outcome, outcome);
  ASSERT_EQ(end.ended_at, last_stage(op));
  EXPECT_FALSE(end.by_clock);
  EXPECT_EQ(end.node_index, node);
  if (end.ended_at == Stage::kScalar) {
    const auto hardware = world.scalar_step<numerics::HardwareArithmetic>(in_init, end);
    const auto integer = world.scalar_step<numerics::IntegerArithmetic>(in_init, end);
    EXPECT_EQ(hardware.words, end.computed.words);
    EXPECT_EQ(integer.words, end.computed.words);
    EXPECT_EQ(hardware == end.state_high, outcome == Outcome::kDefenderWins);
    ++tally().scalar_steps;
  }
  const Bytes file = dispute::write_evidence(game.evidence);
  const dispute::EvidenceReport report =
      tally().corpus
          ? tally().corpus->write(name, file)
          : dispute::judge_evidence(crypto::sha256_function(), crypto::ed25519_verify, file);
  EXPECT_EQ(report.verdict, dispute::EvidenceVerdict::kProven) << to_string(report.verdict);
  EXPECT_EQ(report.position, end);
  EXPECT_EQ(report.convicted, outcome == Outcome::kDefenderWins ? game.evidence.terms.challenger
                                                                : game.evidence.terms.defender);
  ++tally().games;
  ++(outcome == Outcome::kDefenderWins ? tally().defender_wins : tally().challenger_wins);
}

// Games over the operator in one program; how many.
unsigned games_in(World& world, bool in_init, const numerics::OperatorRow& row) {
  const std::vector<std::uint32_t> nodes = world.nodes_of(in_init, row.op);
  if (nodes.empty()) return 0;
  const std::string name = world.name() + (in_init ? "-init-" : "-step-") + row.name;
  const auto lie = world.lie_in(in_init, row.op);
  if (lie)
    judge(world, in_init, lie->node, world.against(*lie), Outcome::kChallengerWins, name + "-lie");
  // A true claim is challenged at each of them.
  for (const std::uint32_t node : nodes)
    judge(world, in_init, node, world.against_truth(in_init, node, node), Outcome::kDefenderWins,
          name + "-truth-" + std::to_string(node));
  return lie ? 1 : 0;
}

class OperatorGames : public testing::TestWithParam<numerics::OperatorRow> {
 public:
  static void TearDownTestSuite() {
    std::printf(
        "figure operator_games %llu games\nfigure operator_games_scalar_steps %llu steps\n"
        "figure operator_games_liar_loses %llu games\n"
        "figure operator_games_truth_holds %llu games\n"
        "figure operator_games_demo_operators %zu operators\n",
        static_cast<unsigned long long>(tally().games),
        static_cast<unsigned long long>(tally().scalar_steps),
        static_cast<unsigned long long>(tally().challenger_wins),
        static_cast<unsigned long long>(tally().defender_wins), tally().in_demo_graphs.size());
  }
};

// Every row of the table needs a lie that ends in its operator: on each of the demo's graphs that
// have it, or else on a program of its own.
TEST_P(OperatorGames, AGameEndsIn) {
  const numerics::OperatorRow& row = GetParam();
  EXPECT_STREQ(
      row.dispute,
      (std::string("operator_games_tests: EveryOperator/OperatorGames.AGameEndsIn/") + row.name)
          .c_str());
  unsigned lies = 0;
  for (const auto& world : demo_worlds())
    for (const bool in_init : {true, false}) {
      const std::size_t nodes = world->nodes_of(in_init, row.op).size();
      if (nodes == 0) continue;
      tally().in_demo_graphs.insert(row.op);
      const unsigned found = games_in(*world, in_init, row);
      EXPECT_EQ(found, 1u) << world->name() << ": no lie in its " << nodes
                           << " nodes reaches the state";
      lies += found;
    }
  if (lies == 0) lies = games_in(other_operators_world(), false, row);
  EXPECT_GT(lies, 0u) << "no game ended in " << row.name;
}

// Elements for which nothing is read, or every step is skipped: the fill of a triangle, the frame
// of a pad, a row that no index names. A lie in one is convicted by an opening without an operand,
// or with the index alone.
TEST(ElementsThatNothingMakes, ALieIsConvicted) {
  World& world = other_operators_world();
  const struct {
    OpCode op;
    std::uint64_t element;
    std::uint32_t operands_read;
  } cases[] = {{OpCode::kMatMulTriangular, 3, 0},
               {OpCode::kMatMulTriangular, 11, 0},
               {OpCode::kPad, 0, 0},
               {OpCode::kPad, 23, 0},
               {OpCode::kScatterAddRows, 18, 1},
               {OpCode::kScatterAddRows, 23, 1}};
  for (const auto& c : cases) {
    const std::uint32_t node = world.nodes_of(false, c.op).front();
    const Game game = world.against({false, kDisputedStep, node, c.element, 30});
    judge(world, false, node, game, Outcome::kChallengerWins,
          world.name() + "-nothing-" + name_of(c.op) + "-" + std::to_string(c.element));
    EXPECT_EQ(game.position.element, c.element);
    // The opening behind its length: nothing, or one chunk of 16 bytes with its length and paths.
    const Bytes& last = game.evidence.moves.back().body;
    EXPECT_EQ(last.size() < 8, c.operands_read == 0) << last.size();
  }
}

INSTANTIATE_TEST_SUITE_P(EveryOperator, OperatorGames,
                         testing::ValuesIn(numerics::operator_table().begin(),
                                           numerics::operator_table().end()),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace assay::games
