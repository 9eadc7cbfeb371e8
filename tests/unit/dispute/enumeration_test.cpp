// All games on tiny instances: every move of both sides and every silence, on the real rules with
// fan-outs of 2, beside an oracle that knows no hash (abstract_game.hpp). Held to the theorems of
// docs/spec/dispute.md (INV-DSP-001, INV-DSP-002) and to the bound on turns.
#include <gtest/gtest.h>

#include "assay/dispute/rank.hpp"
#include "realised_game.hpp"

namespace assay::dispute {
namespace {

using abstract::Op;
using abstract::Values;
using realised::kHalves;
using realised::sha;

struct Counts {
  std::uint64_t games = 0;  // ends reached
  std::uint64_t moves = 0;  // applied
  std::uint64_t refused = 0;
  std::uint64_t opened = 0;  // moves of the defender's that a stranger made as well
  std::uint64_t kept_by_defender = 0, won_by_challenger = 0;  // ends that the theorems speak of
  unsigned longest = 0;
};

class Enumeration {
 public:
  // Every game about `end`, which is true or not.
  void play(const abstract::World& world, const abstract::State& end) {
    m_world = &world;
    m_traces.clear();
    m_states.clear();
    const realised::Game game(world);
    m_realised = &game;
    m_is_true = end == world.state(world.steps);
    m_terms = game.terms(end);
    ASSERT_TRUE(is_valid(m_terms));
    const Position first = start(m_terms);
    m_bound = most_moves_left(first, kHalves);
    // Played out by two who know everything, the claim's truth alone decides.
    const bool won = follow(first, abstract::start(world, end), m_bound, true, true);
    EXPECT_EQ(won, m_is_true);
  }
  [[nodiscard]] const Counts& counts() const { return m_counts; }

 private:
  // True if the defender wins from here when both sides play their best.
  bool follow(const Position& real, const abstract::Position& at, unsigned most_moves,
              bool defender_honest, bool challenger_honest) {
    EXPECT_EQ(real.stage, at.stage);
    EXPECT_EQ(real.outcome, at.outcome);
    if (::testing::Test::HasFailure()) return false;
    if (at.stage == Stage::kFinished) return end(real, defender_honest, challenger_honest);
    refuse(real);
    refuse_other_claims(real, at);
    const bool challengers = on_turn(real) == Role::kChallenger;
    bool defender_can = false, challenger_can = false;
    for (const abstract::Move& move : abstract::moves(*m_world, at)) {
      Position next = real;
      if (move.by == abstract::Move::By::kClock) {
        forfeit(next);
      } else {
        const Role mover =
            move.by == abstract::Move::By::kDefender ? Role::kDefender : Role::kChallenger;
        const Bytes body = m_realised->body(real, at, move);
        EXPECT_EQ(apply(sha(), m_terms, next, mover, body, kHalves), MoveVerdict::kAccepted)
            << to_string(real.stage) << " " << move.index;
        ++m_counts.moves;
        move_as_stranger(real, next, body);
      }
      const unsigned left = most_moves_left(next, kHalves);
      EXPECT_LT(left, most_moves);
      const bool won = follow(next, move.next, left, defender_honest && move.keeps_defender_honest,
                              challenger_honest && move.keeps_challenger_honest);
      (won ? defender_can : challenger_can) = true;
      if (::testing::Test::HasFailure()) return false;
    }
    return challengers ? !challenger_can : defender_can;
  }

  bool end(const Position& real, bool defender_honest, bool challenger_honest) {
    ++m_counts.games;
    m_counts.longest = std::max(m_counts.longest, real.turn);
    EXPECT_LE(real.turn, m_bound);
    EXPECT_NE(real.outcome, Outcome::kVoid);
    if (m_is_true && defender_honest) {  // INV-DSP-002
      EXPECT_EQ(real.outcome, Outcome::kDefenderWins) << to_string(real.ended_at);
      ++m_counts.kept_by_defender;
    }
    if (!m_is_true && challenger_honest) {  // INV-DSP-001
      EXPECT_EQ(real.outcome, Outcome::kChallengerWins) << to_string(real.ended_at);
      ++m_counts.won_by_challenger;
    }
    return real.outcome == Outcome::kDefenderWins;
  }

  // INV-DSP-010: a stranger's opening leads where the defender's does, and nothing else of a
  // stranger's leads anywhere.
  void move_as_stranger(const Position& real, const Position& next, const Bytes& body) {
    Position opened = real;
    const MoveVerdict verdict = apply(sha(), m_terms, opened, Mover::stranger(), body, kHalves);
    if (verdict == MoveVerdict::kAccepted) {
      EXPECT_TRUE(opened == next) << to_string(real.stage);
      EXPECT_EQ(on_turn(real), Role::kDefender);
      ++m_counts.opened;
      return;
    }
    EXPECT_EQ(verdict, MoveVerdict::kNotYourTurn) << to_string(real.stage);
    EXPECT_TRUE(opened == real);
    ++m_counts.refused;
  }

  // What is no move: points beyond what was offered, and moves of the other side.
  void refuse(const Position& real) {
    const Role other = on_turn(real) == Role::kDefender ? Role::kChallenger : Role::kDefender;
    const auto is_refused = [&](Role role, const Bytes& body) {
      Position next = real;
      EXPECT_NE(apply(sha(), m_terms, next, role, body, kHalves), MoveVerdict::kAccepted);
      EXPECT_TRUE(next == real);
      ++m_counts.refused;
    };
    switch (real.stage) {
      case Stage::kChainPoint:
      case Stage::kStatePoint:
      case Stage::kTensorPoint:
      case Stage::kFoldPoint:
        for (const unsigned index : {2U, 3U, 15U, 255U})
          is_refused(Role::kChallenger,
                     codec::encode([&](auto& w) { write_point(w, real.stage, index); }));
        is_refused(other, codec::encode([&](auto& w) { write_point(w, real.stage, 0); }));
        break;
      case Stage::kChainOffer:
        for (const std::size_t count : {0U, 2U, 3U})
          is_refused(Role::kDefender, codec::encode([&](auto& w) {
                       write_chain_offer(w, std::vector<Hash256>(count));
                     }));
        break;
      default: break;
    }
  }

  // At stages whose bodies are bound: what would be the move if something else had been claimed.
  void refuse_other_claims(const Position& real, const abstract::Position& at) {
    const std::optional<Bytes> own = body_of(real, at);
    for (const abstract::Position& other : other_claims(at)) {
      const std::optional<Bytes> body = body_of(real, other);
      if (!body || body == own) continue;
      Position next = real;
      EXPECT_EQ(apply(sha(), m_terms, next, Role::kDefender, *body, kHalves),
                MoveVerdict::kHashMismatch)
          << to_string(real.stage);
      EXPECT_TRUE(next == real);
      ++m_counts.refused;
    }
  }

  // None if nobody could make it.
  [[nodiscard]] std::optional<Bytes> body_of(const Position& real,
                                             const abstract::Position& at) const {
    for (const abstract::Move& move : abstract::moves(*m_world, at))
      if (move.by == abstract::Move::By::kDefender) return m_realised->body(real, at, move);
    return std::nullopt;
  }

  // The same place with another claim where the stage's body shows one.
  [[nodiscard]] std::vector<abstract::Position> other_claims(const abstract::Position& at) {
    constexpr std::size_t kMost = 3;
    std::vector<abstract::Position> all;
    const auto add_states = [&](abstract::State abstract::Position::*root, int after) {
      auto& claims = m_states[after];
      if (claims.empty()) claims = m_world->state_claims(after);
      for (const abstract::State& claim : claims) {
        if (all.size() == kMost) return;
        all.push_back(at);
        all.back().*root = claim;
      }
    };
    const auto add_traces = [&] {
      auto& claims = m_traces[at.low];
      if (claims.empty()) claims = m_world->trace_claims(at.low);
      for (const abstract::Trace& claim : claims) {
        if (all.size() == kMost) return;
        all.push_back(at);
        all.back().trace = claim;
      }
    };
    switch (at.stage) {
      case Stage::kStateOffer: add_states(&abstract::Position::root_high, at.high); break;
      case Stage::kSource:
        if (!m_world->is_init) add_states(&abstract::Position::root_low, at.low);
        break;
      case Stage::kTraceOffer:
        if (at.trace) add_traces();
        break;
      case Stage::kStateLeaf:
      case Stage::kTensorOffer:
      case Stage::kChunkReveal:
      case Stage::kScalar: add_traces(); break;
      default: break;
    }
    return all;
  }

  const abstract::World* m_world = nullptr;
  const realised::Game* m_realised = nullptr;
  bool m_is_true = false;
  GameTerms m_terms;
  unsigned m_bound = 0;
  std::map<int, std::vector<abstract::Trace>> m_traces;  // claims by step, made once
  std::map<int, std::vector<abstract::State>> m_states;
  Counts m_counts;
};

Counts play_all(const char* name, const abstract::World& world) {
  Enumeration enumeration;
  const std::vector<abstract::State> ends = world.state_claims(world.steps);
  for (const abstract::State& end : ends) enumeration.play(world, end);
  const Counts& c = enumeration.counts();
  std::printf(
      "figure all_games_%s %llu games of %zu claims, %llu moves, %u at most, %llu refused, %llu "
      "opened by strangers; %llu of an honest defender, %llu of an honest challenger\n",
      name, static_cast<unsigned long long>(c.games), ends.size(),
      static_cast<unsigned long long>(c.moves), c.longest,
      static_cast<unsigned long long>(c.refused), static_cast<unsigned long long>(c.opened),
      static_cast<unsigned long long>(c.kept_by_defender),
      static_cast<unsigned long long>(c.won_by_challenger));
  EXPECT_GT(c.kept_by_defender, 0U);
  EXPECT_GT(c.won_by_challenger, 0U);
  return c;
}

// s0 grows by a constant; two elements, each claimed truly or not.
abstract::World small() {
  abstract::World world;
  world.nodes = {{.op = Op::kSlot, .a = 0, .size = 2},
                 {.op = Op::kConstant, .a = 3, .size = 2},
                 {.op = Op::kAdd, .a = 0, .b = 1, .size = 2}};
  world.slot_nodes = {2};
  world.initial = {{5, 7}};
  world.node_lies = {{{1, 0}}, {{0, 1}}, {{1, 0}, {0, 1}, {1, 1}}};
  return world;
}

TEST(AllGames, OfOneStep) { play_all("of_one_step", small()); }

TEST(AllGames, OfAnInitialState) {
  abstract::World world;
  world.nodes = {{.op = Op::kSeed},
                 {.op = Op::kData, .a = 1, .size = 2},
                 {.op = Op::kConstant, .a = 3, .size = 2},
                 {.op = Op::kAdd, .a = 1, .b = 2, .size = 2}};
  world.is_init = true;
  world.data = {{9}, {5, 7}};
  world.slot_nodes = {3, 2};
  world.initial = {{0, 0}, {0, 0}};
  world.node_lies = {{{1}}, {{1, 0}}, {{0, 1}}, {{1, 0}, {0, 1}}};
  play_all("of_an_initial_state", world);
}

// Every level at once: three steps of four sums of products, added to the state.
TEST(AllGames, OfEveryLevel) {
  abstract::World world;
  world.nodes = {{.op = Op::kSlot, .a = 0, .size = 2},
                 {.op = Op::kConstant, .a = 2, .size = 4},
                 {.op = Op::kConstant, .a = 1, .size = 8},
                 {.op = Op::kMatMul, .a = 1, .b = 2, .size = 2, .terms = 4},
                 {.op = Op::kAdd, .a = 0, .b = 3, .size = 2}};
  world.slot_nodes = {4};
  world.initial = {{3, 4}};
  world.steps = 3;
  world.node_lies = {{{1, 0}}, {}, {}, {{1, 0}}, {{1, 0}}};
  world.hides_nodes = false;
  world.fold_lies = {1};
  EXPECT_EQ(play_all("of_every_level", world).longest, 17U);
}

TEST(AllGames, OfAChainOfEightSteps) {
  abstract::World world = small();
  world.steps = 8;
  world.node_lies = {{{1, 0}}, {}, {{1, 0}}};
  world.hides_nodes = world.hides_halves = false;
  world.fold_lies.clear();
  EXPECT_GE(play_all("of_eight_steps", world).longest, 11U);
}

TEST(AllGames, OfATraceOfEightNodes) {
  abstract::World world;
  world.nodes = {{.op = Op::kSlot, .a = 0}, {.op = Op::kStepIndex}, {.op = Op::kConstant, .a = 2}};
  for (unsigned i = 3; i < 8; ++i) world.nodes.push_back({.op = Op::kAdd, .a = 0, .b = i - 1});
  world.slot_nodes = {7};
  world.initial = {{1}};
  world.node_lies.assign(8, {{1}});
  world.hides_nodes = false;
  play_all("of_eight_nodes", world);
}

TEST(AllGames, OfAStateOfEightSlots) {
  abstract::World world;
  world.nodes = {{.op = Op::kConstant, .a = 4}, {.op = Op::kConstant, .a = 6}};
  world.node_lies = {{{1}}, {{1}}};
  for (unsigned i = 0; i < 8; ++i) {
    world.slot_nodes.push_back(i % 2);
    world.initial.push_back({1});
  }
  world.hides_nodes = world.hides_slots = false;
  play_all("of_eight_slots", world);
}

TEST(AllGames, OfAFoldOfEightSteps) {
  abstract::World world;
  world.nodes = {{.op = Op::kConstant, .a = 2, .size = 8},
                 {.op = Op::kConstant, .a = 1, .size = 16},
                 {.op = Op::kMatMul, .a = 0, .b = 1, .size = 2, .terms = 8}};
  world.slot_nodes = {2};
  world.initial = {{0, 0}};
  world.node_lies = {{{1, 0, 0, 0, 0, 0, 0, 1}}, {}, {{1, 0}, {0, 2}}};
  world.hides_halves = false;
  play_all("of_a_fold_of_eight", world);
}

TEST(AllGames, OfATensorOfEightChunks) {
  abstract::World world;
  constexpr int kSize = 7 * 256 + 3;
  world.nodes = {{.op = Op::kConstant, .a = 2, .size = kSize},
                 {.op = Op::kConstant, .a = 1, .size = 1}};
  world.slot_nodes = {0};
  world.initial = {Values(kSize)};
  Values first(kSize), last(kSize), many(kSize);
  first[0] = last[kSize - 1] = 1;
  for (std::size_t i = 300; i < kSize; i += 500) many[i] = 1;
  world.node_lies = {{first, last, many}, {}};
  play_all("of_eight_chunks", world);
}

}  // namespace
}  // namespace assay::dispute
