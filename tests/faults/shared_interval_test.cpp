// Many games about one interval at once, turn by turn in any order: false claims that differ from
// one another and false challenges of the true one. The honest side's players share what they know
// of the interval, as a party's do (INV-PLR-005), also where next to nothing is kept; each game
// ends as it would alone.
#include <gtest/gtest.h>

#include "assay/crypto/sha256.hpp"
#include "faults/departure.hpp"
#include "support/duel.hpp"

namespace assay::faults {
namespace {

using dispute::MoveVerdict;
using dispute::Outcome;
using dispute::Position;
using dispute::Role;
using dispute::Stage;

// Executions keep references to faults, pointers to terms: a game stays where it is.
struct Game {
  std::optional<Fault> fault;  // none: the claim is true, the challenge false
  std::optional<FaultyExecution> faulty;
  Departure departure;
  dispute::GameTerms terms;
  Position position;
  std::unique_ptr<player::Player> honest, faithful_to_the_fault;
  duel::Mover pointer;
};

// A lie about the entry.
std::unique_ptr<Game> false_claim(World& world, std::uint64_t entry, Random& random) {
  for (;;) {
    auto game = std::make_unique<Game>();
    game->fault = random() % 2 == 0
                      ? std::optional(draw_lie(world, random))
                      : draw_fault(world, static_cast<Kind>(random() % kKinds), random);
    if (!game->fault || game->fault->fold || game->fault->fold_lies) continue;
    game->faulty.emplace(world, *game->fault);
    const auto departure = find_departure(world, *game->fault, *game->faulty);
    if (!departure || departure->entry != entry) continue;
    game->departure = *departure;
    game->terms = world.terms(entry, departure->claimed);
    game->faithful_to_the_fault = world.player(*game->faulty, game->terms, Role::kDefender);
    return game;
  }
}

Result<std::optional<Bytes>> move_of(Game& game, Role role) {
  if (!game.fault)
    return role == Role::kDefender ? game.honest->next_move(game.position)
                                   : game.pointer(game.position);
  return role == Role::kDefender ? game.faithful_to_the_fault->next_move(game.position)
                                 : game.honest->next_move(game.position);
}

void expect_all_end_in_their_places(World& world, std::uint64_t entry, bool sparing,
                                    Random& random) {
  constexpr unsigned kGames = 12;
  const auto shared = world.interval(world.honest(), entry, sparing);
  std::vector<std::unique_ptr<Game>> games;
  while (games.size() < kGames) {
    games.push_back(games.size() % 3 == 0 ? std::make_unique<Game>()
                                          : false_claim(world, entry, random));
    Game& game = *games.back();
    if (!game.fault) {
      game.terms = world.terms(entry, world.transcript()[entry]);
      game.pointer = duel::random_pointer(world.task(), game.terms, random());
    }
    game.position = dispute::start(game.terms);
    game.honest = std::make_unique<player::Player>(
        shared, game.terms, game.fault ? Role::kChallenger : Role::kDefender);
  }
  std::vector<Game*> open;
  for (const auto& game : games) open.push_back(game.get());
  while (!open.empty()) {
    const std::size_t chosen = random() % open.size();
    Game& game = *open[chosen];
    SCOPED_TRACE(game.fault ? game.fault->words : "a true claim");
    Role role = dispute::on_turn(game.position);
    // An honest challenger opens where it may.
    if (game.fault && dispute::may_move(game.position, Role::kChallenger)) role = Role::kChallenger;
    const auto move = move_of(game, role);
    ASSERT_TRUE(move) << move.error().message;
    ASSERT_TRUE(*move) << to_string(game.position.stage);
    ASSERT_EQ(dispute::apply(crypto::sha256_function(), game.terms, game.position, role, **move),
              MoveVerdict::kAccepted)
        << to_string(game.position.stage);
    if (game.position.stage != Stage::kFinished) continue;
    if (game.fault) {
      EXPECT_EQ(ended_elsewhere(game.departure, game.position), "");
    } else {
      EXPECT_EQ(game.position.outcome, Outcome::kDefenderWins);
    }
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(chosen));
  }
}

TEST(SharedInterval, GamesAtOnceEndAsEachWouldAlone) {
  constexpr unsigned kSmall = 5;  // models
  for (unsigned model = 0; model < kSmall; ++model)
    for (const bool sparing : {false, true}) {
      World& world = model_world(model);
      Random random(100 * model + sparing);
      const std::uint64_t entry = 1 + random() % (world.transcript().size() - 1);
      SCOPED_TRACE(world.name() + " entry " + std::to_string(entry));
      expect_all_end_in_their_places(world, entry, sparing, random);
      if (HasFatalFailure()) return;
    }
}

}  // namespace
}  // namespace assay::faults
