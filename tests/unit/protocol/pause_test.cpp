// INV-PRO-023: clocks of games stand still from a block whose lane is full to the next one, in one
// turn for at most a move window.
#include "assay/protocol/lane.hpp"
#include "unit/protocol/played.hpp"

namespace assay::protocol {
namespace {

using namespace test;

constexpr std::uint64_t kWindow = 60'000;
constexpr std::uint64_t kBank = 2'000;  // the solver's, for one interval
constexpr std::uint64_t kStep = kMaxLedgerStepMs;

// A game in which the solver is on turn.
struct Clocked : Played {
  Clocked() : Played(truth()), challenge_id(challenge(1)) {}
  GameRecord game() const {
    return net.read().game(game_id_of(challenge_id, net.id(kSolver))).value()->record;
  }
  Pause pause() const {
    Pause pause;
    const auto record = net.read().record_at(Bytes{'W'}, net.head.height).value();
    if (!record) return pause;
    codec::Reader reader(*record);
    read(reader, pause);
    EXPECT_TRUE(reader.finish());
    return pause;
  }
  // Until so many milliseconds before the turn's first deadline.
  void wait_until_before(std::uint64_t ms) {
    net.wait(game().deadline.value - ms - net.head.ledger_time.value);
  }
  // None of them applies: what waits for room counts, whatever becomes of it.
  std::vector<Bytes> moves(std::size_t count, std::size_t bytes) {
    std::vector<Bytes> all;
    for (std::size_t i = 0; i < count; ++i)
      all.push_back(net.tx(kSubmitter, PlayMove{game().id, Bytes(bytes)}));
    return all;
  }
  std::vector<Bytes> full_lane() { return moves(LaneLimit{}.bytes / 16'000, 16'000); }

  ChallengeId challenge_id;
};

TEST(Pause, AFullLaneStopsTheClockUntilTheNextBlock) {
  Clocked p;
  const GameRecord before = p.game();
  EXPECT_EQ(before.deadline.value - before.turn_started.value, kWindow + kBank);
  p.wait_until_before(101);
  p.net.block(p.full_lane());  // a millisecond is left
  EXPECT_EQ(p.pause().full_at, p.net.head.height);
  EXPECT_EQ(p.pause().total_ms, 0u);
  p.net.block({}, kStep);
  EXPECT_EQ(p.pause().total_ms, kStep);
  EXPECT_EQ(p.game().status, GameStatus::kOpen);
  EXPECT_EQ(p.game().deadline.value, before.deadline.value + kStep);
  p.net.block({}, 1);
  EXPECT_EQ(p.game().status, GameStatus::kChallengerWon);
  EXPECT_TRUE(p.game().by_clock);
  EXPECT_EQ(p.pause().total_ms, kStep) << "the block before was not full";
}

TEST(Pause, OneMoveLessStopsNothing) {
  Clocked p;
  p.wait_until_before(101);
  std::vector<Bytes> moves = p.full_lane();
  moves.pop_back();
  p.net.block(std::move(moves));
  EXPECT_EQ(p.pause().full_at, Height{});
  p.net.block({}, kStep);
  EXPECT_EQ(p.game().status, GameStatus::kChallengerWon);
}

TEST(Pause, LanesAreFullByCountTooAndOnlyOfGames) {
  Clocked p;
  std::vector<Bytes> others;
  for (std::size_t i = 0; i < LaneLimit{}.transactions; ++i)
    others.push_back(p.net.tx(kSubmitter, Stake{Amount{1}}));
  p.net.block(std::move(others));
  EXPECT_EQ(p.pause().full_at, Height{});
  std::vector<Bytes> moves = p.moves(LaneLimit{}.transactions, 1);
  const Bytes last = moves.back();
  moves.pop_back();
  p.net.block(std::move(moves));
  EXPECT_EQ(p.pause().full_at, Height{});
  moves = p.moves(LaneLimit{}.transactions - 1, 1);
  moves.push_back(last);
  p.net.block(std::move(moves));
  EXPECT_EQ(p.pause().full_at, p.net.head.height);
}

TEST(Pause, TakesNothingFromTheBank) {
  Clocked p;
  p.wait_until_before(kBank + 101);  // of the window a millisecond is left
  p.net.block(p.full_lane());
  p.net.block({}, kStep);
  const GameRecord now = p.game();
  const TaskView task = p.net.task(p.posted.task);
  const ChallengeView challenge = p.net.read().challenge(p.challenge_id).value().value();
  const GameView game = p.net.read().game(now.id).value().value();
  const dispute::GameTerms terms = terms_of(p.net.head.chain, task, challenge, game);
  const dispute::Position position = position_of(terms, game);
  toy::Party solver(truth(), terms);
  solver.observe(position);
  const PlayMove move{now.id, p.signed_move(terms, position, dispute::Role::kDefender,
                                            solver.offer(position), kSolver)};
  p.net.block({p.net.tx(kSolver, move)}, 11);
  ASSERT_EQ(p.game().turn, 1u);
  EXPECT_EQ(p.game().defender_bank_ms, kBank - 10);
  EXPECT_EQ(p.game().paused_before_ms, kStep) << "the next turn has pauses of its own";
}

// Whoever fills every lane holds up a turn for one more window and no longer.
TEST(Pause, OfATurnIsAtMostAWindow) {
  const NarrowLane limit({1, kMaxBlockBytes});
  Clocked p;
  const std::uint64_t began = p.game().turn_started.value;
  while (p.game().status == GameStatus::kOpen) p.net.block(p.moves(1, 1), kStep);
  EXPECT_TRUE(p.game().by_clock);
  const std::uint64_t most = 2 * kWindow + kBank;
  EXPECT_GE(p.net.head.ledger_time.value, began + most);
  EXPECT_LT(p.net.head.ledger_time.value, began + most + kStep);
}

TEST(Pause, ReplayedBlocksGiveTheSameRoots) {
  Clocked p;
  p.wait_until_before(101);
  p.net.block(p.full_lane());
  p.net.block({}, kStep);
  expect_replayed_alike(p.net);
}

}  // namespace
}  // namespace assay::protocol
