#include "assay/player/player.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "assay/crypto/sha256.hpp"
#include "assay/training/replay.hpp"
#include "cheats/cheats.hpp"
#include "unit/player/world.hpp"

namespace assay::player {
namespace {

using dispute::Outcome;
using dispute::Position;
using dispute::Role;
using dispute::Stage;
using numerics::OpCode;

duel::Duel duel_against(World& world, const cheats::Lie& lie, bool challenger_first = false) {
  auto liar = cheats::make_lying_execution(world.task, world.pool, lie).value();
  const dispute::GameTerms terms = world.terms_against(world.transcript_of(*liar));
  Player defender = world.player(*liar, terms, Role::kDefender);
  Player challenger = world.player(*world.honest, terms, Role::kChallenger);
  EXPECT_TRUE(defender.agrees_with_claim().value());
  EXPECT_FALSE(challenger.agrees_with_claim().value());
  return duel::play(terms, mover(defender), mover(challenger), challenger_first);
}

// docs/spec/player.md has this table.
TEST(Player, EveryLieEndsInItsPlace) {
  World world;
  const std::uint32_t conv = world.programs.conv, dense = world.programs.dense;
  struct Case {
    cheats::Lie lie;
    Stage ended_at;
    std::uint64_t step;
    std::uint32_t node;     // where it ends at a node
    std::string slot;       // where it ends at a slot of the state
    std::uint64_t element;  // at kScalar
  };
  const auto lie = [](const char* kind, std::uint64_t step) {
    cheats::Lie l;
    l.kind = kind;
    l.step = step;
    return l;
  };
  std::vector<Case> cases;
  cases.push_back({lie("weight-bit", 33), Stage::kStateLeaf, 33, 0, "param/head", 0});
  cases.back().lie.slot = "param/head";
  cases.back().lie.element = 17;
  cases.push_back({lie("skip-step", 41), Stage::kStateLeaf, 41, 0, "metric/loss", 0});
  cases.push_back({lie("output-element", 7), Stage::kScalar, 7, dense, "", 200});
  cases.back().lie.element = 200;
  cases.back().lie.bit = 22;
  cases.push_back({lie("output-element", 59), Stage::kScalar, 59, conv, "", 1000});
  cases.back().lie.op = "conv2d";
  cases.back().lie.element = 1000;
  cases.back().lie.bit = 30;
  cases.push_back(
      {lie("learning-rate", 0), Stage::kScalar, 0, world.programs.learning_rate, "", 0});
  cases.push_back({lie("order", 0), Stage::kTracePoint, 0, world.programs.seed, "", 0});
  for (Case& c : cases) {
    for (const bool challenger_first : {false, true}) {
      SCOPED_TRACE(c.lie.kind);
      const duel::Duel duel = duel_against(world, c.lie, challenger_first);
      EXPECT_EQ(duel.error, "");
      EXPECT_EQ(duel.position.outcome, Outcome::kChallengerWins);
      EXPECT_EQ(duel.position.ended_at, c.ended_at) << to_string(duel.position.ended_at);
      EXPECT_EQ(duel.position.step_low, c.step);
      if (c.ended_at == Stage::kStateLeaf) {
        EXPECT_EQ(world.task.step->program().slots[duel.position.range.first].name, c.slot);
      } else {
        EXPECT_EQ(duel.position.node_index, c.node);
      }
      if (c.ended_at == Stage::kScalar) {
        EXPECT_EQ(duel.position.element, c.element);
        // The element is wrong, not a step of its fold: the last one must lie.
        EXPECT_EQ(duel.position.fold_low + 1, fold_length(duel.position.node.spec));
      }
      EXPECT_LE(duel.position.turn, 40u);
    }
  }
}

TEST(Player, OtherDataEndsAtTheirSource) {
  World world;
  for (const char* name : {"images", "labels"}) {
    cheats::Lie lie;
    lie.kind = "data";
    lie.data = name;
    const duel::Duel duel = duel_against(world, lie);
    EXPECT_EQ(duel.error, "");
    EXPECT_EQ(duel.position.outcome, Outcome::kChallengerWins);
    EXPECT_EQ(duel.position.ended_at, Stage::kSource);
    EXPECT_EQ(duel.position.node_index,
              std::string(name) == "images" ? world.programs.images : world.programs.labels);
  }
}

// A false initial state is a false entry 0: the init program's game.
TEST(Player, AFalseInitialStateIsCaught) {
  World world;
  struct FalseStart final : training::Execution {
    training::ProgramExecution& honest;
    TaskPool& pool;
    FalseStart(training::ProgramExecution& h, TaskPool& p) : honest(h), pool(p) {}
    Result<NamedTensors> initial_state() override {
      auto state = honest.initial_state();
      state->at("param/dense").as<float>()[3] += 1.0f;
      return state;
    }
    Status step(std::uint64_t t, NamedTensors& state) override { return honest.step(t, state); }
    struct Claim final : training::Trace {
      std::unique_ptr<training::Trace> inner;
      commit::NamedTree end;
      const std::vector<Hash256>& node_roots() const override { return inner->node_roots(); }
      Result<Bytes> node_output(std::uint32_t node) override { return inner->node_output(node); }
      const commit::NamedTree& end_state() const override { return end; }
    };
    Result<std::unique_ptr<training::Trace>> trace_init() override {
      auto claim = std::make_unique<Claim>();
      claim->inner = honest.trace_init().value();
      claim->end = training::state_tree(initial_state().value(), pool);
      return std::unique_ptr<training::Trace>(std::move(claim));
    }
    Result<std::unique_ptr<training::Trace>> trace_step(std::uint64_t t,
                                                        const NamedTensors& s) override {
      return honest.trace_step(t, s);
    }
  } liar(*world.honest, world.pool);
  const dispute::GameTerms terms = world.terms_against(world.transcript_of(liar));
  EXPECT_EQ(terms.entry, 0u);
  Player defender = world.player(liar, terms, Role::kDefender);
  Player challenger = world.player(*world.honest, terms, Role::kChallenger);
  const duel::Duel duel = duel::play(terms, mover(defender), mover(challenger));
  EXPECT_EQ(duel.error, "");
  EXPECT_EQ(duel.position.outcome, Outcome::kChallengerWins);
  EXPECT_EQ(duel.position.ended_at, Stage::kStateLeaf);
}

// INV-PLR-003.
TEST(Player, HonestDefenderWinsAgainstRandomPointersAtEveryLevel) {
  World world;
  std::map<Stage, int> ends;
  std::set<OpCode> ops;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    dispute::GameTerms terms;
    terms.task = world.task.header;
    terms.entry = seed % world.transcript.size();
    if (terms.entry > 0) terms.start_root = world.transcript[terms.entry - 1];
    terms.end_root = world.transcript[terms.entry];
    Player defender = world.player(*world.honest, terms, Role::kDefender);
    const duel::Duel duel =
        duel::play(terms, mover(defender), duel::random_pointer(world.task, terms, seed));
    ASSERT_EQ(duel.error, "") << seed;
    ASSERT_EQ(duel.position.outcome, Outcome::kDefenderWins)
        << seed << " " << to_string(duel.position.ended_at) << " node " << duel.position.node_index;
    ++ends[duel.position.ended_at];
    if (duel.position.ended_at == Stage::kScalar) ops.insert(duel.position.node.spec.op);
  }
  for (const Stage stage :
       {Stage::kStateLeaf, Stage::kSource, Stage::kScalar, Stage::kTracePoint}) {
    EXPECT_GT(ends[stage], 0) << to_string(stage);
  }
  EXPECT_GT(ops.size(), 10u);
}

// INV-PLR-002.
TEST(Player, AnHonestChallengerHasNoCaseAgainstTheTruth) {
  World world;
  dispute::GameTerms terms;
  terms.task = world.task.header;
  terms.entry = 2;
  terms.start_root = world.transcript[1];
  terms.end_root = world.transcript[2];
  Player defender = world.player(*world.honest, terms, Role::kDefender);
  Player challenger = world.player(*world.honest, terms, Role::kChallenger);
  EXPECT_TRUE(challenger.agrees_with_claim().value());
  Position position = dispute::start(terms);
  EXPECT_FALSE(challenger.next_move(position).value());  // not its turn
  const Bytes offer = defender.next_move(position).value().value();
  ASSERT_EQ(dispute::apply(crypto::sha256_function(), terms, position, Role::kDefender, offer),
            dispute::MoveVerdict::kAccepted);
  EXPECT_EQ(challenger.next_move(position).error().code, ErrorCode::kConflict);
}

// A move is a function of position and execution: a player made anew for each gives the same game,
// and one with hardly any memory too.
TEST(Player, RemembersNothingThatMatters) {
  World world;
  cheats::Lie lie;
  lie.kind = "output-element";
  lie.step = 27;
  lie.element = 99;
  auto liar = cheats::make_lying_execution(world.task, world.pool, lie).value();
  const dispute::GameTerms terms = world.terms_against(world.transcript_of(*liar));
  std::vector<Bytes> moves[2];
  for (const bool fresh : {false, true}) {
    Player defender = world.player(*liar, terms, Role::kDefender);
    Player challenger = world.player(*world.honest, terms, Role::kChallenger);
    const auto recording = [&, fresh](Player& kept, training::Execution& execution, Role role) {
      return [&, fresh, role](const Position& position) {
        IntervalOptions options;
        options.state_cache_bytes = 0;
        options.output_cache_bytes = 0;
        Player once(
            std::make_shared<Interval>(world.task, execution, terms.entry, world.pool, options),
            terms, role);
        auto move = (fresh ? once : kept).next_move(position);
        if (move && *move) moves[fresh].push_back(**move);
        return move;
      };
    };
    const duel::Duel duel = duel::play(terms, recording(defender, *liar, Role::kDefender),
                                       recording(challenger, *world.honest, Role::kChallenger));
    EXPECT_EQ(duel.position.outcome, Outcome::kChallengerWins) << duel.error;
  }
  EXPECT_EQ(moves[0], moves[1]);
}

// INV-PLR-001's exception: under a trace that is false from the disputed node on, the challenger
// needs what the defender offered in earlier turns. One that is made anew before any turn, or
// before every one, and is shown the game so far makes the same moves, and opens the last stage
// itself: the defender falls silent there.
TEST(Player, AChallengerMadeAnewBeforeAnyTurnWinsByVerdict) {
  constexpr std::uint32_t kNever = UINT32_MAX, kEveryTurn = UINT32_MAX - 1;
  World world;
  unsigned restarts = 0;
  const auto lie = [](const char* kind, const char* op, std::uint64_t step, std::uint64_t element) {
    cheats::Lie l;
    l.kind = kind;
    l.op = op;
    l.step = step;
    l.element = element;
    return l;
  };
  for (const cheats::Lie& told :
       {lie("output-element", "conv2d", 27, 99), lie("output-element", "matmul", 7, 200),
        lie("output-element", "exp", 59, 3), lie("learning-rate", "", 0, 0), lie("data", "", 0, 40),
        lie("weight-bit", "", 33, 5)}) {
    SCOPED_TRACE(told.kind + " " + told.op);
    auto liar = cheats::make_lying_execution(world.task, world.pool, told).value();
    const dispute::GameTerms terms = world.terms_against(world.transcript_of(*liar));
    std::vector<Bytes> uninterrupted;
    std::uint32_t turns = 0;
    const auto anew = [&] {
      return std::unique_ptr<Player>(
          new Player(world.player(*world.honest, terms, Role::kChallenger)));
    };
    const auto play = [&](std::uint32_t restart_at) {
      SCOPED_TRACE("made anew before turn " + std::to_string(restart_at));
      Player defender = world.player(*liar, terms, Role::kDefender);
      auto challenger = anew();
      std::vector<Position> before;  // by turn
      std::vector<Bytes> moves;
      const auto at_turn = [&](const Position& position) {
        if (before.size() > position.turn) return;
        if (restart_at == position.turn || restart_at == kEveryTurn) {
          challenger = anew();
          for (const Position& earlier : before) challenger->see(earlier);
          ++restarts;
        }
        before.push_back(position);
      };
      const duel::Duel duel = duel::play(
          terms,
          [&](const Position& position) -> Result<std::optional<Bytes>> {
            at_turn(position);
            if (dispute::may_move(position, Role::kChallenger)) return std::optional<Bytes>{};
            return defender.next_move(position);
          },
          [&](const Position& position) {
            at_turn(position);
            auto move = challenger->next_move(position);
            if (move && *move) moves.push_back(**move);
            return move;
          },
          true);
      ASSERT_EQ(duel.error, "");
      ASSERT_EQ(duel.position.outcome, Outcome::kChallengerWins);
      EXPECT_FALSE(duel.position.by_clock);
      if (restart_at == kNever) {
        uninterrupted = moves;
        turns = duel.position.turn;
      }
      EXPECT_EQ(moves, uninterrupted);
      if (told.kind != "output-element") return;
      // The case that the test is about: the trace is false to the right of the node, so that who
      // was shown nothing cannot open.
      ASSERT_EQ(duel.position.ended_at, Stage::kScalar);
      Player blind = world.player(*world.honest, terms, Role::kChallenger);
      const auto opening = blind.next_move(before.back());
      ASSERT_TRUE(opening);
      EXPECT_FALSE(*opening);
    };
    play(kNever);
    if (HasFatalFailure()) return;
    for (std::uint32_t turn = 0; turn < turns; ++turn) {
      play(turn);
      if (HasFatalFailure()) return;
    }
    play(kEveryTurn);
  }
  std::printf("figure player_restart_points %u restarts\n", restarts);
}

// INV-PLR-004: after a false interval only the claimed state leads into the next one. Who does not
// have it makes no move, rather than one that loses.
TEST(Player, DoesNotPlayFromAnotherStateThanTheAgreedOne) {
  World world;
  cheats::Lie lie;
  lie.kind = "learning-rate";
  auto liar = cheats::make_lying_execution(world.task, world.pool, lie).value();
  const auto claimed = world.transcript_of(*liar);
  dispute::GameTerms terms = world.terms_against(claimed);
  terms.entry = 3;
  terms.start_root = claimed[2];
  terms.end_root = claimed[3];
  NamedTensors agreed = liar->initial_state().value();
  for (std::uint64_t t = 0; t < 40; ++t) ASSERT_TRUE(liar->step(t, agreed));

  Player defender = world.player(*liar, terms, Role::kDefender);
  Player without = world.player(*world.honest, terms, Role::kChallenger);
  IntervalOptions options;
  options.states = [&](std::uint64_t) -> Result<std::optional<training::KnownState>> {
    return std::optional<training::KnownState>{{40, agreed}};
  };
  Player with(
      std::make_shared<Interval>(world.task, *world.honest, terms.entry, world.pool, options),
      terms, Role::kChallenger);
  const duel::Duel duel = duel::play(terms, mover(defender), [&](const Position& position) {
    EXPECT_EQ(without.next_move(position).error().code, ErrorCode::kUnavailable);
    return with.next_move(position);
  });
  EXPECT_EQ(duel.error, "");
  EXPECT_EQ(duel.position.outcome, Outcome::kChallengerWins);
  EXPECT_EQ(duel.position.ended_at, Stage::kScalar);
}

// Long intervals are narrowed in rounds; the states come from the provider where it has them.
TEST(Player, NarrowsALongIntervalFromCheckpoints) {
  World world({9, 600, 300, 300});
  cheats::Lie lie;
  lie.kind = "weight-bit";
  lie.step = 471;
  auto liar = cheats::make_lying_execution(world.task, world.pool, lie).value();
  const dispute::GameTerms terms = world.terms_against(world.transcript_of(*liar));
  ASSERT_EQ(terms.entry, 2u);
  const auto run = training::replay_interval;
  const NamedTensors start =
      run(world.task, *world.honest, {}, 0, world.pool, {}).value().end_state;
  const NamedTensors at_300 =
      run(world.task, *world.honest, start, 1, world.pool, {}).value().end_state;
  int asked = 0;
  IntervalOptions options;
  options.states = [&](std::uint64_t step) -> Result<std::optional<training::KnownState>> {
    ++asked;
    EXPECT_GE(step, 300u);
    return std::optional<training::KnownState>{{300, at_300}};
  };
  Player challenger(
      std::make_shared<Interval>(world.task, *world.honest, terms.entry, world.pool, options),
      terms, Role::kChallenger);
  Player defender = world.player(*liar, terms, Role::kDefender);
  const duel::Duel duel = duel::play(terms, mover(defender), mover(challenger));
  EXPECT_EQ(duel.error, "");
  EXPECT_EQ(duel.position.step_low, 471u);
  EXPECT_EQ(duel.position.outcome, Outcome::kChallengerWins);
  EXPECT_EQ(asked, 1);
}

// INV-PLR-005: however many challenge one interval, its defender replays it once; beyond that a
// game costs a walk within one segment of the first offer, and its trace.
TEST(Player, GamesAboutOneIntervalShareItsReplay) {
  constexpr std::uint64_t kSteps = 300;
  constexpr unsigned kGames = 48;
  World world({9, 2 * kSteps, kSteps, kSteps});
  const auto before = world.transcript;
  dispute::GameTerms terms;
  terms.task = world.task.header;
  terms.entry = 1;
  terms.start_root = before[0];
  terms.end_root = before[1];
  Counting counting(*world.honest);
  const auto interval = std::make_shared<Interval>(world.task, counting, terms.entry, world.pool);
  struct Game {
    std::unique_ptr<Player> defender;
    duel::Mover challenger;
    Position position;
  };
  std::vector<Game> games;
  for (unsigned i = 0; i < kGames; ++i)
    games.push_back({std::make_unique<Player>(interval, terms, Role::kDefender),
                     duel::random_pointer(world.task, terms, i), dispute::start(terms)});
  // Turn by turn, so that each game finds the others' traces in between.
  for (bool moved = true; moved;) {
    moved = false;
    for (Game& game : games) {
      if (game.position.stage == Stage::kFinished) continue;
      moved = true;
      const bool defends = dispute::may_move(game.position, Role::kDefender);
      const auto move =
          defends ? game.defender->next_move(game.position) : game.challenger(game.position);
      ASSERT_TRUE(move) << move.error().message;
      ASSERT_TRUE(*move);
      if (!defends) {
        ASSERT_FALSE(game.defender->next_move(game.position).value());
      }
      ASSERT_EQ(dispute::apply(crypto::sha256_function(), terms, game.position,
                               defends ? Role::kDefender : Role::kChallenger, **move),
                dispute::MoveVerdict::kAccepted);
    }
  }
  for (const Game& game : games) EXPECT_EQ(game.position.outcome, Outcome::kDefenderWins);
  const std::uint64_t segment = kSteps / 16 + 1;
  EXPECT_LE(counting.steps, kSteps + kGames * 4 * segment);
  EXPECT_GE(counting.traces, 1u);
  std::printf("figure player_shared_steps %llu steps, %llu traces, %u games about %llu steps\n",
              static_cast<unsigned long long>(counting.steps),
              static_cast<unsigned long long>(counting.traces), kGames,
              static_cast<unsigned long long>(kSteps));
}

// INV-PLR-006: a move that is stopped again and again takes each step once, also where another
// move about an earlier place goes before it.
TEST(Player, AStoppedWalkGoesOnWhereItWas) {
  constexpr std::uint64_t kSteps = 100;
  World world({9, 2 * kSteps, kSteps, kSteps});
  dispute::GameTerms terms;
  terms.task = world.task.header;
  terms.entry = 1;
  terms.start_root = world.transcript[0];
  terms.end_root = world.transcript[1];
  const Position first = dispute::start(terms);
  Counting once(*world.honest);
  const Bytes expected = *world.player(once, terms, Role::kDefender).next_move(first).value();
  Counting counting(*world.honest);
  const auto interval = std::make_shared<Interval>(world.task, counting, terms.entry, world.pool);
  Player player(interval, terms, Role::kDefender);
  unsigned stopped = 0;
  std::uint64_t asked = 0;
  while (true) {
    const auto move = player.next_move(first, [&] { return ++asked % 8 == 0; });
    if (move) {
      EXPECT_EQ(**move, expected);
      break;
    }
    ASSERT_EQ(move.error().code, ErrorCode::kCancelled);
    ++stopped;
    if (stopped == 5) {
      Player other(interval, terms, Role::kDefender);
      EXPECT_TRUE(other.state_root(3));  // of an earlier state: the walk's own is kept beside it
    }
  }
  EXPECT_GE(stopped, 10u);
  EXPECT_EQ(counting.steps, once.steps + 3);
}

// The same before the interval's start, where the way leads from an older state: with room for one
// state that is the start's, so that later walks of the game begin there.
TEST(Player, AStopOnTheWayToTheIntervalCostsLaterWalksNothing) {
  constexpr std::uint64_t kSteps = 100;
  World world({9, 3 * kSteps, kSteps, 3 * kSteps});
  dispute::GameTerms terms;
  terms.task = world.task.header;
  terms.entry = 2;
  terms.start_root = world.transcript[1];
  terms.end_root = world.transcript[2];
  const std::size_t bytes = training::byte_count(world.honest->initial_state().value());
  for (const std::size_t room : {std::size_t{1}, std::size_t{2}}) {
    Counting counting(*world.honest);
    IntervalOptions options;
    options.state_cache_bytes = room * bytes;
    const auto interval =
        std::make_shared<Interval>(world.task, counting, terms.entry, world.pool, options);
    Player player(interval, terms, Role::kDefender);
    const Position first = dispute::start(terms);
    unsigned asked = 0;
    const auto stopped = player.next_move(first, [&] { return ++asked == 30; });
    ASSERT_EQ(stopped.error().code, ErrorCode::kCancelled);
    ASSERT_TRUE(player.next_move(first));
    const std::uint64_t before = counting.steps;
    EXPECT_TRUE(player.state_root(kSteps + 3));
    EXPECT_LE(counting.steps - before, 3u) << room;
  }
}

}  // namespace
}  // namespace assay::player
