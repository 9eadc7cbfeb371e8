// The dispute game over a toy task: every level's outcome and place (docs/spec/dispute.md,
// INV-DSP).
#include <gtest/gtest.h>

#include "assay/dispute/levels.hpp"
#include "support/toy_player.hpp"

namespace assay::dispute {
namespace {

using toy::Challenger;
using toy::Lie;
using toy::World;

const toy::Task& task() {
  static const toy::Task kTask =
      toy::make_task(22, 18, 99);  // entries 0 to 2; the last is 4 steps long
  return kTask;
}
const World& truth() {
  static const World kTruth(task());
  return kTruth;
}

struct Played {
  toy::Game game;
  std::uint64_t entry;
};

Played dispute_lie(const Lie& lie, std::optional<std::uint32_t> fold_lies_from = {},
                   bool challenger_opens = true) {
  const World liar(task(), lie);
  const std::uint64_t entry = toy::first_false_entry(liar, truth());
  EXPECT_LT(entry, commit::transcript_entries(task().header)) << "the lie changes no state";
  toy::PlayOptions options;
  options.fold_lies_from = fold_lies_from;
  options.challenger_opens = challenger_opens;
  return {toy::play(toy::challenge(liar, entry).terms, liar, truth(), options), entry};
}

// Whether the node's output reaches a state slot.
bool is_live(const toy::Program& program, std::uint32_t node) {
  std::vector<bool> live(program.nodes.size());
  for (const toy::Slot& slot : program.slots) live[slot.output] = true;
  for (std::size_t i = program.nodes.size(); i-- > 0;)
    for (unsigned k = 0; live[i] && k < program.nodes[i].spec.operand_count; ++k)
      live[program.nodes[i].inputs[k]] = true;
  return live[node];
}

// A lie in this node that the state shows after an interval: a max or a select hides some.
std::optional<Lie> visible_lie(std::uint64_t t, std::uint32_t node) {
  const numerics::NodeSpec& spec = task().step.nodes[node].spec;
  const std::uint64_t elements = spec.output.shape.elements();
  for (std::uint64_t tries = 0; tries < 64; ++tries) {
    Lie lie{Lie::Kind::kNode, false, t, node, elements - 1 - tries * 37 % elements, 1};
    constexpr std::uint64_t kFlips[] = {0x40000000, 0x80000000, 0x00400000};
    lie.flip = size_of(spec.output.dtype) < 4 ? 0x40 : kFlips[tries % 3];
    if (toy::first_false_entry(World(task(), lie), truth()) == 1) return lie;
  }
  return {};
}

// INV-DSP-001: a false claim loses to an honest challenger, at the place of the lie, whichever node
// lies.
TEST(DisputeGame, FindsTheLieInEveryNodeOfTheStep) {
  const std::uint64_t t = 17;  // the last of its interval: also what only the metrics hold is seen
  for (std::uint32_t node = 0; node < task().step.nodes.size(); ++node) {
    ASSERT_TRUE(is_live(task().step, node)) << node;
    const numerics::NodeSpec& spec = task().step.nodes[node].spec;
    const std::optional<Lie> lie = visible_lie(t, node);
    ASSERT_TRUE(lie) << node;
    const auto [game, disputed] = dispute_lie(*lie);
    const Position& end = game.position;
    EXPECT_EQ(disputed, 1U) << node;
    EXPECT_EQ(end.outcome, Outcome::kChallengerWins) << node << " " << explain(game.terms, end);
    EXPECT_FALSE(end.by_clock) << node;
    EXPECT_EQ(end.step_low, t) << node;
    EXPECT_EQ(end.node_index, node);
    if (!numerics::is_source(spec.op)) {
      EXPECT_EQ(end.ended_at, Stage::kScalar) << node;
      EXPECT_EQ(end.element, lie->element) << node;
      EXPECT_EQ(end.fold_low + 1, numerics::fold_length(spec)) << node;
      EXPECT_NE(end.computed, end.state_high);
    } else if (spec.op == numerics::OpCode::kSeed || spec.op == numerics::OpCode::kStepIndex) {
      EXPECT_EQ(end.ended_at, Stage::kTracePoint) << node;
    } else {
      EXPECT_EQ(end.ended_at, Stage::kSource) << node;
    }
    EXPECT_LE(game.moves.size(), kMaxTurns);
  }
}

TEST(DisputeGame, FindsTheLieInEveryNodeOfTheInitProgram) {
  for (std::uint32_t node = 0; node < task().init.nodes.size(); ++node) {
    const numerics::NodeSpec& spec = task().init.nodes[node].spec;
    const Lie lie{Lie::Kind::kNode, true, 0, node, 0, 2};
    const World liar(task(), lie);
    const auto [game, entry] = dispute_lie(lie);
    EXPECT_EQ(entry, 0U);
    EXPECT_EQ(game.position.outcome, Outcome::kChallengerWins) << node;
    EXPECT_FALSE(game.position.by_clock);
    EXPECT_EQ(game.position.node_index, node);
    EXPECT_EQ(game.position.ended_at,
              numerics::is_source(spec.op) ? Stage::kTracePoint : Stage::kScalar);
  }
}

TEST(DisputeGame, FindsTheFalseStateSlot) {
  for (std::uint32_t slot = 0; slot < task().step.slots.size(); ++slot) {
    const auto [game, entry] = dispute_lie({Lie::Kind::kState, false, 21, slot, 0, 1});
    EXPECT_EQ(entry, 2U);
    EXPECT_EQ(game.position.outcome, Outcome::kChallengerWins);
    EXPECT_EQ(game.position.ended_at, Stage::kStateLeaf);
    EXPECT_EQ(game.position.step_low, 21U);
    EXPECT_EQ(game.position.range, (commit::Range{slot, 1}));
    const auto [init_game, init_entry] = dispute_lie({Lie::Kind::kState, true, 0, slot, 0, 1});
    EXPECT_EQ(init_entry, 0U);
    EXPECT_EQ(init_game.position.outcome, Outcome::kChallengerWins);
    EXPECT_EQ(init_game.position.ended_at, Stage::kStateLeaf);
  }
}

// The step of the fold that lies is found wherever it is.
TEST(DisputeGame, FindsTheFalseFoldStep) {
  for (std::uint32_t node = 0; node < task().step.nodes.size(); ++node) {
    const numerics::NodeSpec& spec = task().step.nodes[node].spec;
    if (numerics::is_source(spec.op) || numerics::fold_length(spec) < 2) continue;
    for (std::uint32_t from = 1; from <= numerics::fold_length(spec); from += 5) {
      const Lie lie{Lie::Kind::kNode, false, 2, node, 0, 0x40000000};
      const World liar(task(), lie);
      if (toy::first_false_entry(liar, truth()) != 1) continue;
      const auto [game, entry] = dispute_lie(lie, from);
      EXPECT_EQ(game.position.outcome, Outcome::kChallengerWins);
      EXPECT_EQ(game.position.ended_at, Stage::kScalar);
      EXPECT_EQ(game.position.fold_high, from) << node;
    }
  }
}

// INV-DSP-002: an honest defender never loses, wherever the challenger points and whoever opens.
TEST(DisputeGame, HonestDefenderNeverLoses) {
  std::array<int, 17> ended_at{};
  for (unsigned seed = 0; seed < 3000; ++seed) {
    const std::uint64_t entry = seed % commit::transcript_entries(task().header);
    toy::PlayOptions options;
    options.challenger = Challenger::kBlind;
    options.challenger_opens = seed % 3 == 0;
    options.seed = seed;
    const toy::Game game =
        toy::play(toy::challenge(truth(), entry).terms, truth(), truth(), options);
    ASSERT_EQ(game.position.outcome, Outcome::kDefenderWins)
        << seed << explain(game.terms, game.position);
    ASSERT_FALSE(game.position.by_clock) << seed;
    ++ended_at[static_cast<unsigned>(game.position.ended_at)];
  }
  for (const Stage stage : {Stage::kTracePoint, Stage::kStateLeaf, Stage::kSource, Stage::kScalar})
    EXPECT_GT(ended_at[static_cast<unsigned>(stage)], 20) << to_string(stage);
}

// A challenger that points elsewhere than at the first difference may lose even to a liar; no one
// is void.
TEST(DisputeGame, BlindChallengersOfALieNeverVoidTheGame) {
  const World liar(task(), Lie{Lie::Kind::kNode, false, 7, 14, 3, 1});
  for (unsigned seed = 0; seed < 300; ++seed) {
    toy::PlayOptions options;
    options.challenger = Challenger::kBlind;
    options.challenger_opens = false;
    options.seed = seed;
    const toy::Game game = toy::play(toy::challenge(liar, 1).terms, liar, truth(), options);
    EXPECT_NE(game.position.outcome, Outcome::kVoid);
    EXPECT_NE(game.position.outcome, Outcome::kOpen);
  }
}

// A claim made of nothing cannot be opened, so its clock runs out.
TEST(DisputeGame, AnInventedRootCannotBeDefended) {
  for (const std::uint64_t entry : {0, 1, 2}) {
    GameTerms terms = toy::challenge(truth(), entry).terms;
    terms.end_root.bytes[5] ^= 1;
    const toy::Game game = toy::play(terms, truth(), truth(), {});
    EXPECT_EQ(game.position.outcome, Outcome::kChallengerWins);
    EXPECT_TRUE(game.position.by_clock);
    EXPECT_EQ(game.position.ended_at, Stage::kStateOffer);
  }
}

TEST(DisputeGame, ClocksLose) {
  Position position = start(toy::challenge(truth(), 1).terms);
  forfeit(position);
  EXPECT_EQ(position.outcome, Outcome::kChallengerWins);
  EXPECT_TRUE(position.by_clock);
  position = start(toy::challenge(truth(), 1).terms);
  position.stage = Stage::kFoldPoint;
  forfeit(position);
  EXPECT_EQ(position.outcome, Outcome::kDefenderWins);
}

TEST(DisputeGame, SpacingCoversEveryStep) {
  for (std::uint64_t length = 1; length < 600; ++length) {
    const Spacing s{100, 100 + length,
                    static_cast<std::uint32_t>(std::min<std::uint64_t>(length, 16))};
    EXPECT_EQ(s.at(0), 100U);
    EXPECT_EQ(s.at(s.segments), 100 + length);
    for (std::uint32_t k = 0; k < s.segments; ++k) EXPECT_LT(s.at(k), s.at(k + 1));
  }
  const Spacing far{0, commit::kMaxSteps, 16};
  EXPECT_EQ(far.at(16), commit::kMaxSteps);
}

// The longest game that any valid task and program can have, counted from the limits alone, beside
// the rank that the table gives (transitions_test).
TEST(DisputeGame, LongestGameIsWithinTheTurns) {
  const auto tree = [](std::uint64_t leaves, unsigned& moves, std::size_t& bytes) {
    for (commit::Range range{0, leaves}; range.count > 1; moves += 2) {
      const commit::Children children = commit::children_of(range);
      range = children.ranges[0];
      bytes += children.count * 32;
    }
  };
  const auto chain = [](std::uint64_t steps, std::uint64_t segments, std::size_t entry_bytes,
                        unsigned& moves, std::size_t& bytes) {
    for (; steps > 1; moves += 2) {
      const std::uint64_t count = std::min(steps, segments);
      steps = steps / count + (steps % count != 0 ? 1 : 0);
      bytes += (count - 1) * entry_bytes;
    }
  };
  unsigned moves = 3;  // the chunk, the element, the scalar
  std::size_t bytes = 2 * commit::kChunkBytes;
  chain(commit::kMaxSteps, kChainFanOut, 32, moves, bytes);
  tree(graph::kMaxNodes, moves, bytes);
  tree(std::uint64_t{8} * kMaxElements / commit::kChunkBytes, moves, bytes);
  chain(numerics::kMaxFoldSteps, kFoldOfferWords / numerics::kMaxFoldWords,
        4 * numerics::kMaxFoldWords, moves, bytes);
  EXPECT_EQ(moves, 57U);
  EXPECT_LE(moves, kMaxTurns);
  std::printf("longest game: %u moves, %zu bytes offered\n", moves, bytes);
}

TEST(DisputeGame, ExplainsThePlaceInWords) {
  const auto [game, entry] = dispute_lie({Lie::Kind::kNode, false, 17, 28, 65, 0x40000000});
  const std::string words =
      explain(game.terms, game.position, [](std::uint32_t) { return std::string("gradient"); });
  EXPECT_NE(words.find("steps 0 to 18"), std::string::npos) << words;
  EXPECT_NE(words.find("step 17"), std::string::npos) << words;
  EXPECT_NE(words.find("gradient (node 28 of 40, matmul)"), std::string::npos) << words;
  EXPECT_NE(words.find("[2, 5] (number 65 of 1200, f32)"), std::string::npos) << words;
  EXPECT_NE(words.find("step 7 of 8"), std::string::npos) << words;
  EXPECT_NE(words.find("claimed   0x"), std::string::npos) << words;
  EXPECT_NE(words.find("computed  0x"), std::string::npos) << words;
  EXPECT_NE(words.find("challenger wins, decided at the scalar"), std::string::npos) << words;
  EXPECT_EQ(value_words(DType::kF32, 0x3fc00000), "0x3fc00000 (1.5)");
  EXPECT_EQ(value_words(DType::kI32, 0xffffffff), "0xffffffff (-1)");
  EXPECT_EQ(value_words(DType::kU8, 7), "0x07 (7)");
  EXPECT_EQ(coordinates(Shape{}, 0), "[]");
  for (const Position& position : game.before) EXPECT_FALSE(explain(game.terms, position).empty());
}

}  // namespace
}  // namespace assay::dispute
