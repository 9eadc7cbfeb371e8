#include "fuzz/scenes.hpp"

#include "assay/dispute/moves.hpp"

namespace assay::fuzz {

namespace {

using toy::Lie;

constexpr std::size_t kLies = 12;  // enough for the operators that differ in what they read

std::vector<toy::Game> play_games() {
  const toy::Task& task = toy::task();
  std::vector<toy::Game> games;
  const auto add = [&](const toy::World& defender, std::uint64_t entry,
                       const toy::PlayOptions& options) {
    games.push_back(
        toy::play(toy::challenge(defender, entry).terms, defender, toy::truth(), options));
  };
  const std::size_t nodes = task.step.nodes.size();
  for (std::size_t i = 0; i < kLies; ++i) {
    const auto node = static_cast<std::uint32_t>(i * nodes / kLies);
    const bool narrow = size_of(task.step.nodes[node].spec.output.dtype) < 4;
    const toy::World liar(task, Lie{Lie::Kind::kNode, false, 17, node, 0,
                                    narrow ? std::uint64_t{0x40} : std::uint64_t{0x40000000}});
    if (toy::first_false_entry(liar, toy::truth()) == 1) add(liar, 1, {});
  }
  add(toy::World(task, Lie{Lie::Kind::kNode, true, 0, 2, 0, 1}), 0, {});
  add(toy::World(task, Lie{Lie::Kind::kState, false, 17, 1, 0, 1}), 1, {});
  toy::PlayOptions blind;
  blind.challenger = toy::Challenger::kBlind;
  for (const std::uint64_t entry : {0U, 1U, 2U}) {
    blind.seed = static_cast<unsigned>(entry) + 3;
    add(toy::truth(), entry, blind);
  }
  return games;
}

std::vector<ScalarScene> find_scalar_scenes() {
  std::vector<ScalarScene> scenes;
  for (const toy::Game& game : games()) {
    if (game.before.empty() || game.before.back().stage != dispute::Stage::kScalar) continue;
    dispute::Move move;
    const bool is_move = dispute::read_move(game.moves.back().body, move);
    ASSAY_INVARIANT(is_move);
    scenes.push_back({dispute::scalar_position(game.before.back()), to_bytes(move.record)});
  }
  return scenes;
}

}  // namespace

const std::vector<toy::Game>& games() {
  static const std::vector<toy::Game> kGames = play_games();
  return kGames;
}

const std::vector<ScalarScene>& scalar_scenes() {
  static const std::vector<ScalarScene> kScenes = find_scalar_scenes();
  return kScenes;
}

}  // namespace assay::fuzz
