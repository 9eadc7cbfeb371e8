// The transition table: what it says of itself, that the specification shows it as it is, that
// games take every row of it, and that it bounds every game (docs/spec/dispute.md, section 4).
#include <functional>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "assay/crypto/sha256.hpp"
#include "assay/dispute/moves.hpp"
#include "assay/dispute/rank.hpp"
#include "support/markdown_block.hpp"
#include "support/toy_player.hpp"

namespace assay::dispute {
namespace {

using toy::Lie;
using toy::task;
using toy::truth;
using toy::World;

Sha256Function sha() { return crypto::sha256_function(); }

std::string in_words(const Transition& row) {
  const std::string from = row.from == kNotStarted ? "(none)" : to_string(row.from);
  return "| " + from + " | " + to_string(row.event) + " | " + to_string(row.guard) + " | " +
         to_string(row.next) + " | " +
         (row.outcome == Outcome::kOpen ? "" : to_string(row.outcome)) + " |\n";
}

TEST(Transitions, TheSpecificationShowsTheTable) {
  std::string table = "| state | event | guard | next state | outcome |\n|---|---|---|---|---|\n";
  for (const Transition& row : kTransitions) table += in_words(row);
  EXPECT_EQ(test::markdown_block(ASSAY_DISPUTE_PAGE, "transitions"), table);
}

// A position of the stage: of a trace offer, before the first one or after it.
Position position_at(Stage stage, bool is_first) {
  Position position;
  position.stage = stage;
  position.program.node_count = is_first ? 0 : 3;
  return position;
}

// One duty and one kind of mover at each position, one row a guard; which row was taken can be told
// from the positions; only a finished game has an outcome, and nothing follows it.
TEST(Transitions, NoRowIsAmbiguous) {
  std::set<std::pair<Stage, Guard>> guards;
  std::set<std::tuple<Stage, bool, Stage, Outcome, bool>> effects;
  std::map<std::pair<Stage, bool>, std::set<Event>> events;
  for (const Transition& row : kTransitions) {
    EXPECT_TRUE(guards.insert({row.from, row.guard}).second) << in_words(row);
    const bool by_clock = row.event == Event::kClock;
    for (const bool is_first : {false, true}) {
      if (!can_take(position_at(row.from, is_first), row)) continue;
      EXPECT_TRUE(effects.insert({row.from, is_first, row.next, row.outcome, by_clock}).second)
          << in_words(row);
      if (!by_clock) events[{row.from, is_first}].insert(row.event);
    }
    EXPECT_EQ(row.next == Stage::kFinished, row.outcome != Outcome::kOpen) << in_words(row);
    EXPECT_EQ(by_clock, row.guard == Guard::kTimeOut) << in_words(row);
    EXPECT_EQ(row.from == kNotStarted, row.event == Event::kStart) << in_words(row);
    EXPECT_NE(row.from, Stage::kFinished);
  }
  for (const auto& [place, kinds] : events) EXPECT_EQ(kinds.size(), 1U) << to_string(place.first);
}

// DESIGN of the game: new roots and values are the defender's alone, what stands under a root may
// be opened by anybody, and nobody points for the challenger.
TEST(Transitions, StrangersOpenWhatStandsAndNothingElse) {
  const std::set<Stage> opened{Stage::kStateOffer,  Stage::kStateLeaf,   Stage::kSource,
                               Stage::kTensorOffer, Stage::kChunkReveal, Stage::kScalar};
  for (auto stage = Stage::kChainOffer; stage <= Stage::kFinished;
       stage = static_cast<Stage>(static_cast<unsigned>(stage) + 1)) {
    EXPECT_EQ(may_move(position_at(stage, true), Mover::stranger()), opened.contains(stage))
        << to_string(stage);
    EXPECT_EQ(may_move(position_at(stage, false), Mover::stranger()),
              opened.contains(stage) || stage == Stage::kTraceOffer)
        << to_string(stage);
  }
}

TEST(Transitions, EveryStageIsReachedAndCanTimeOutAgainstWhoeverMoves) {
  std::set<Stage> reached{kNotStarted};
  for (std::size_t before = 0; before != reached.size();) {
    before = reached.size();
    for (const Transition& row : kTransitions)
      if (reached.contains(row.from)) reached.insert(row.next);
  }
  for (auto stage = Stage::kChainOffer; stage <= Stage::kFinished;
       stage = static_cast<Stage>(static_cast<unsigned>(stage) + 1)) {
    EXPECT_TRUE(reached.contains(stage)) << to_string(stage);
    Position position;
    position.stage = stage;
    if (stage == Stage::kFinished) {
      EXPECT_FALSE(may_move(position, Role::kDefender) || may_move(position, Role::kChallenger));
      continue;
    }
    ASSERT_NE(find_transition(stage, Guard::kTimeOut), nullptr) << to_string(stage);
    EXPECT_TRUE(may_move(position, on_turn(position))) << to_string(stage);
  }
}

// INV-DSP-009. The longest game that the limits of tasks and programs allow, by the table alone.
TEST(Transitions, BoundTheTurnsOfEveryGame) {
  Position position;
  position.stage = Stage::kChainOffer;
  position.step_high = commit::kMaxSteps;
  EXPECT_EQ(most_moves_left(position), 57U);
  EXPECT_LE(most_moves_left(position), kMaxTurns);
  position.stage = Stage::kFinished;
  EXPECT_EQ(most_moves_left(position), 0U);
  for (const Transition& row : kTransitions) {
    if (row.from == kNotStarted) continue;
    position.stage = row.from;
    EXPECT_GE(most_moves_left(position), 1U) << in_words(row);
  }
}

// Which rows games take. Notes a change of position, and the time-out that might have come instead.
class Coverage {
 public:
  void note(const Position& before, const Position& after, const Rules& rules = kRules) {
    for (std::size_t i = 0; i < kTransitions.size(); ++i) {
      const Transition& row = kTransitions[i];
      if (can_take(before, row) && row.next == after.stage && row.outcome == after.outcome &&
          (row.event == Event::kClock) == after.by_clock)
        m_taken.insert(i);
    }
    ASSERT_LT(most_moves_left(after, rules), most_moves_left(before, rules))
        << to_string(before.stage);
  }
  void note(const toy::Game& game, const Rules& rules) {
    Position none;
    none.stage = kNotStarted;
    const Position first = start(game.terms);
    for (std::size_t i = 0; i < kTransitions.size(); ++i)
      if (kTransitions[i].from == kNotStarted && kTransitions[i].next == first.stage)
        m_taken.insert(i);
    for (std::size_t i = 0; i < game.before.size(); ++i) {
      note(game.before[i], i + 1 < game.before.size() ? game.before[i + 1] : game.position, rules);
      Position late = game.before[i];
      forfeit(late);
      note(game.before[i], late, rules);
    }
  }
  [[nodiscard]] std::vector<Transition> missing() const {
    std::vector<Transition> rows;
    for (std::size_t i = 0; i < kTransitions.size(); ++i)
      if (!m_taken.contains(i)) rows.push_back(kTransitions[i]);
    return rows;
  }

 private:
  std::set<std::size_t> m_taken;
};

void play_lies(Coverage& coverage) {
  for (const Lie& lie :
       {Lie{Lie::Kind::kNode, false, 17, 30, 600, 0x40000000},
        Lie{Lie::Kind::kNode, false, 17, 28, 70, 0x40000000},
        Lie{Lie::Kind::kNode, true, 0, 0, 0, 2}, Lie{Lie::Kind::kNode, false, 17, 0, 0, 0x40000000},
        Lie{Lie::Kind::kState, false, 17, 2, 0, 1}}) {
    const World liar(task(), lie);
    const std::uint64_t entry = toy::first_false_entry(liar, truth());
    ASSERT_LT(entry, commit::transcript_entries(task().header));
    for (const Rules& rules : {kRules, Rules{2, 1, 32}}) {
      toy::PlayOptions options;
      options.fold_lies_from = 1;
      options.rules = rules;
      const toy::Game game = toy::play(toy::challenge(liar, entry).terms, liar, truth(), options);
      EXPECT_EQ(game.position.outcome, Outcome::kChallengerWins);
      coverage.note(game, rules);
    }
  }
  for (std::uint32_t node = 0; node < task().step.nodes.size(); ++node) {
    const numerics::OpCode op = task().step.nodes[node].spec.op;
    if (!numerics::is_source(op)) continue;
    const World liar(task(), Lie{Lie::Kind::kNode, false, 17, node, 0, 1});
    const std::uint64_t entry = toy::first_false_entry(liar, truth());
    if (entry >= commit::transcript_entries(task().header)) continue;
    coverage.note(toy::play(toy::challenge(liar, entry).terms, liar, truth(), {}), kRules);
  }
}

void play_blindly(Coverage& coverage) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    toy::PlayOptions options;
    options.challenger = toy::Challenger::kBlind;
    options.seed = seed;
    if (seed % 2 != 0) options.rules = {2, 1, 32};
    const toy::Game game =
        toy::play(toy::challenge(truth(), seed % 3).terms, truth(), truth(), options);
    EXPECT_EQ(game.position.outcome, Outcome::kDefenderWins);
    coverage.note(game, options.rules);
  }
}

// A game about `shown`, whose trace and state are those of a world of another program, from its
// first trace offer on: down to `node`, or to `slot` of the claimed state. Returns where it ends.
class GameAboutAnotherProgram {
 public:
  GameAboutAnotherProgram(const toy::Program& shown, Coverage& coverage)
      : m_shown(shown), m_coverage(coverage), m_terms(toy::challenge(truth(), 1).terms) {
    m_terms.task.step_program = shown.root();
    position = start(m_terms);
    toy::Party party(truth(), m_terms);
    std::mt19937 random(1);
    while (position.stage != Stage::kTraceOffer)
      play(on_turn(position) == Role::kDefender ? party.offer(position)
                                                : party.point_anywhere(position, random));
    // Another header than the task's program is no move.
    const Position before = position;
    EXPECT_EQ(apply(sha(), m_terms, position, Role::kDefender,
                    trace_offer(&task().step.header(), {0, task().step.nodes.size()})),
              MoveVerdict::kHashMismatch);
    EXPECT_TRUE(position == before);
    play(trace_offer(&shown.header(), {0, shown.nodes.size()}));
  }

  void go_to_node(std::uint32_t node) {
    while (position.stage != Stage::kFinished) {
      const unsigned index = child_with(node);
      const bool is_leaf = commit::children_of(position.range).ranges[index].count == 1;
      play(codec::encode([&](auto& w) {
        if (is_leaf)
          write_trace_leaf(w, index, m_shown.node_record(node), m_shown.node_tree().path(node));
        else
          write_trace_point(w, index);
      }));
      if (position.stage == Stage::kTraceOffer) play(trace_offer(nullptr, position.range));
    }
  }

  void go_to_slot(std::uint32_t slot) {
    play(codec::encode(
        [&](auto& w) { write_trace_point(w, commit::children_of(position.range).count); }));
    while (position.stage == Stage::kStateOffer) {
      const toy::Execution& run = truth().step(position.step_low);
      play(codec::encode([&](auto& w) {
        write_tree_offer(w, Stage::kStateOffer, run.state_tree.tree.children_roots(position.range));
      }));
      play(codec::encode([&](auto& w) { write_point(w, Stage::kStatePoint, child_with(slot)); }));
    }
    play(codec::encode([&](auto& w) {
      write_state_leaf(w, m_shown.slot_record(slot), m_shown.slot_tree().path(slot), {}, {});
    }));
  }

  Position position;

 private:
  Bytes trace_offer(const commit::ProgramHeader* header, commit::Range range) const {
    return codec::encode([&](auto& w) {
      write_trace_offer(w, header, truth().step(position.step_low).trace.children_roots(range));
    });
  }
  unsigned child_with(std::uint64_t leaf) const {
    const commit::Children children = commit::children_of(position.range);
    unsigned index = 0;
    while (children.ranges[index].first + children.ranges[index].count <= leaf) ++index;
    return index;
  }
  void play(const Bytes& body) {
    const Position before = position;
    ASSERT_EQ(apply(sha(), m_terms, position, on_turn(before), body), MoveVerdict::kAccepted)
        << to_string(before.stage);
    m_coverage.note(before, position);
  }

  const toy::Program& m_shown;
  Coverage& m_coverage;
  GameTerms m_terms;
};

// Programs that admission would refuse: their games are void, whoever reveals it.
void play_inadmissible_programs(Coverage& coverage) {
  const auto with = [](const std::function<void(toy::Program&)>& change) {
    toy::Program program = task().step;
    change(program);
    program.seal();
    return program;
  };
  const toy::Program later_input = with([](auto& p) { p.nodes[14].inputs[0] = 20; });
  std::uint32_t slot_node = 0;
  while (task().step.nodes[slot_node].spec.op != numerics::OpCode::kStateSlot) ++slot_node;
  const toy::Program no_such_slot =
      with([&](auto& p) { p.nodes[slot_node].spec.attributes[0] = 4000; });
  for (const auto& [program, node] :
       {std::pair{&later_input, 14U}, std::pair{&no_such_slot, slot_node}}) {
    GameAboutAnotherProgram game(*program, coverage);
    game.go_to_node(node);
    EXPECT_EQ(game.position.outcome, Outcome::kVoid);
    EXPECT_EQ(game.position.ended_at, Stage::kTracePoint);
  }
  const toy::Program no_such_node = with([](auto& p) { p.slots[1].output = 1000; });
  GameAboutAnotherProgram game(no_such_node, coverage);
  game.go_to_slot(1);
  EXPECT_EQ(game.position.outcome, Outcome::kVoid);
  EXPECT_EQ(game.position.ended_at, Stage::kStateLeaf);
  const toy::Program too_much_data = with([](auto& p) { p.data_count = graph::kMaxData + 1; });
  EXPECT_EQ(GameAboutAnotherProgram(too_much_data, coverage).position.outcome, Outcome::kVoid);
}

// No game comes there (INV-REF-004): a position whose step the profile does not have.
void judge_beyond_the_profile(Coverage& coverage) {
  const World liar(task(), Lie{Lie::Kind::kNode, false, 17, 28, 70, 0x40000000});
  const toy::Game game = toy::play(toy::challenge(liar, 1).terms, liar, truth(), {});
  Position before = game.before.back();
  ASSERT_EQ(before.stage, Stage::kScalar);
  before.node.spec.op = static_cast<numerics::OpCode>(999);
  Position after = before;
  ASSERT_EQ(apply(sha(), game.terms, after, Role::kChallenger, game.moves.back().body),
            MoveVerdict::kAccepted);
  EXPECT_EQ(after.outcome, Outcome::kVoid);
  coverage.note(before, after);
}

// INV-DSP-009: and each move lowers the rank.
TEST(Transitions, GamesTakeEveryRow) {
  Coverage coverage;
  play_lies(coverage);
  play_blindly(coverage);
  play_inadmissible_programs(coverage);
  judge_beyond_the_profile(coverage);
  for (const Transition& row : coverage.missing()) ADD_FAILURE() << "not taken: " << in_words(row);
}

}  // namespace
}  // namespace assay::dispute
