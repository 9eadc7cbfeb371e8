// What a game costs a side in steps, and the states that it keeps for that (docs/spec/player.md).
#include <list>

#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/moves.hpp"
#include "cheats/cheats.hpp"
#include "support/memory_files.hpp"
#include "unit/player/world.hpp"

namespace assay::player {
namespace {

using dispute::Outcome;
using dispute::Position;
using dispute::Role;
using dispute::Stage;

constexpr std::uint64_t kSteps = 1024;
constexpr unsigned kRootOfSteps = 32;
constexpr std::uint64_t kPlenty = std::uint64_t{1} << 40;

struct LongGame {
  World world{training::TaskParameters{9, 2 * kSteps, kSteps, kSteps}};
  std::unique_ptr<training::Execution> liar;
  dispute::GameTerms terms;

  explicit LongGame(std::uint64_t false_step) {
    cheats::Lie lie;
    lie.kind = "weight-bit";
    lie.step = false_step;
    liar = cheats::make_lying_execution(world.task, world.pool, lie).value();
    terms = world.terms_against(world.transcript_of(*liar));
  }

  struct Cost {
    std::uint64_t defender = 0;
    std::uint64_t challenger = 0;
  };
  // Both sides with these options; the disk, if any, is each side's own.
  Cost play(const IntervalOptions& options, test::MemoryFiles* defenders_disk = nullptr,
            test::MemoryFiles* challengers_disk = nullptr) {
    Counting defends(*liar), disputes(*world.honest);
    std::list<SpareDisk> disks;
    const auto interval = [&](training::Execution& execution, Files* disk) {
      IntervalOptions own = options;
      if (disk != nullptr) own.disk = &disks.emplace_back(*disk, kPlenty);
      return std::make_shared<Interval>(world.task, execution, terms.entry, world.pool, own);
    };
    Player defender(interval(defends, defenders_disk), terms, Role::kDefender);
    Player challenger(interval(disputes, challengers_disk), terms, Role::kChallenger);
    const duel::Duel duel = duel::play(terms, mover(defender), mover(challenger));
    EXPECT_EQ(duel.error, "");
    EXPECT_EQ(duel.position.outcome, Outcome::kChallengerWins);
    // The way to the interval is not the game's.
    const std::uint64_t start = commit::step_of_entry(terms.task, terms.entry - 1);
    return {defends.steps - start, disputes.steps - start};
  }
};

IntervalOptions with_disk(unsigned states) {
  IntervalOptions options;
  options.state_cache_bytes = 0;
  options.disk_folder = "replay";
  options.states_on_disk_max = states;
  return options;
}

// INV-PLR-008, in steps: 1.2 times the interval with the disk or the memory for the square root of
// its states, twice with room for two.
TEST(ReplayCost, IsBoundedWithAndWithoutADisk) {
  double worst_without = 0, worst_with = 0;
  for (const std::uint64_t step : {0u, 1u, 63u, 64u, 500u, 511u, 767u, 959u, 960u, 1022u, 1023u}) {
    SCOPED_TRACE(step);
    LongGame game(step);
    IntervalOptions none;
    none.state_cache_bytes = 0;
    test::MemoryFiles left, right;
    const auto share = [](const LongGame::Cost& cost) {
      return static_cast<double>(std::max(cost.defender, cost.challenger)) / kSteps;
    };
    const double without = share(game.play(none));
    const double with = share(game.play(with_disk(kRootOfSteps), &left, &right));
    const double memory = share(game.play({}));
    EXPECT_LE(without, 2.0);
    EXPECT_LE(with, 1.2);
    EXPECT_LE(memory, 1.2);
    worst_without = std::max(worst_without, without);
    worst_with = std::max(worst_with, with);
    EXPECT_TRUE(left.files.empty() && right.files.empty());  // gone with the interval
  }
  std::printf("figure replay_steps_without_disk %.3f x\nfigure replay_steps_with_disk %.3f x\n",
              worst_without, worst_with);
}

// Writes what it is given otherwise.
class DamagingFiles final : public Files {
 public:
  test::MemoryFiles files;
  Result<Bytes> read(const std::string& name) const override {
    ASSAY_TRY(Bytes bytes, files.read(name));
    bytes.back() ^= 1;
    return bytes;
  }
  Status write_atomically(const std::string& name, ByteView bytes) override {
    return files.write_atomically(name, bytes);
  }
  Status remove(const std::string& name) override { return files.remove(name); }
  bool exists(const std::string& name) const override { return files.exists(name); }
  Result<std::vector<std::string>> list(const std::string& folder) const override {
    return files.list(folder);
  }
};

// Nobody plays on from a file that is not what was written, nor stops for want of room.
TEST(ReplayCost, ADiskThatFailsCostsStepsAndNothingElse) {
  LongGame game(700);
  const auto wins = [&](Files& files, std::uint64_t& steps, std::uint64_t bytes = kPlenty) {
    Counting counting(*game.world.honest);
    SpareDisk disk(files, bytes);
    IntervalOptions options = with_disk(kRootOfSteps);
    options.disk = &disk;
    const auto interval = std::make_shared<Interval>(game.world.task, counting, game.terms.entry,
                                                     game.world.pool, options);
    Player challenger(interval, game.terms, Role::kChallenger);
    Player defender = game.world.player(*game.liar, game.terms, Role::kDefender);
    const duel::Duel duel = duel::play(game.terms, mover(defender), mover(challenger));
    EXPECT_EQ(duel.error, "");
    EXPECT_EQ(duel.position.outcome, Outcome::kChallengerWins);
    steps = counting.steps;
  };
  std::uint64_t sound = 0, damaged = 0, full = 0, filling = 0;
  test::MemoryFiles whole;
  whole.files["replay/77.safetensors"] = {1, 2, 3};  // of a process that was killed
  wins(whole, sound);
  EXPECT_TRUE(whole.files.empty());
  DamagingFiles damaging;
  wins(damaging, damaged);
  EXPECT_GT(damaged, sound);
  test::MemoryFiles none;
  none.writes_until_failure = 0;
  wins(none, full);
  EXPECT_GT(full, sound);
  test::MemoryFiles some;
  some.writes_until_failure = 5;
  wins(some, filling);
  EXPECT_TRUE(some.files.empty());
  // What all intervals may hold together is used up.
  std::uint64_t without = 0;
  test::MemoryFiles never;
  never.writes_until_failure = 0;
  wins(never, without, 1'000);
  EXPECT_EQ(without, full);
}

// INV-PLR-006 where memory holds two states: walks of many games that give way to one another again
// and again go on from the disk.
TEST(ReplayCost, ManyStoppedWalksGoOn) {
  constexpr unsigned kGames = 4, kSlice = 4;
  World world({9, 2 * kSteps, kSteps, kSteps});
  Counting counting(*world.honest);
  test::MemoryFiles files;
  SpareDisk disk(files, kPlenty);
  IntervalOptions options = with_disk(kRootOfSteps);
  options.disk = &disk;
  const auto interval = std::make_shared<Interval>(world.task, counting, 1, world.pool, options);
  dispute::GameTerms terms;
  terms.task = world.task.header;
  terms.entry = 1;
  terms.start_root = world.transcript[0];
  terms.end_root = world.transcript[1];
  struct Game {
    std::unique_ptr<Player> player;
    Position position;
    bool moved = false;
  };
  std::vector<Game> games;
  for (unsigned i = 0; i < kGames; ++i) {
    Game& game = games.emplace_back(
        Game{std::make_unique<Player>(interval, terms, Role::kDefender), dispute::start(terms)});
    const auto apply = [&](Role role, const Bytes& body) {
      ASSERT_EQ(dispute::apply(crypto::sha256_function(), terms, game.position, role, body),
                dispute::MoveVerdict::kAccepted);
    };
    apply(Role::kDefender, *game.player->next_move(game.position).value());
    apply(Role::kChallenger, codec::encode([&](codec::Writer& w) {
            dispute::write_point(w, Stage::kChainPoint, 2 + 3 * i);
          }));
  }
  const std::uint64_t before = counting.steps;
  unsigned left = kGames, turns = 0;
  for (; left > 0 && turns < 1'000; ++turns) {
    Game& game = games[turns % kGames];
    if (game.moved) continue;
    std::uint64_t asked = 0;
    const auto move = game.player->next_move(game.position, [&] { return ++asked > kSlice; });
    ASSERT_TRUE(move || move.error().code == ErrorCode::kCancelled);
    game.moved = move.has_value();
    left -= game.moved ? 1 : 0;
  }
  EXPECT_EQ(left, 0u);
  EXPECT_LE(counting.steps - before, kGames * kSteps / 16);
}

}  // namespace
}  // namespace assay::player
