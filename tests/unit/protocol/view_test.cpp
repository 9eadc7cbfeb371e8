// What strangers can do to one's view of the ledger.
#include "assay/protocol/layout.hpp"
#include "unit/protocol/played.hpp"

namespace assay::protocol {
namespace {

using namespace test;

// Posting is refunded: somebody who posts thousands of tasks must not push a party's own tasks out
// of its view, nor make the view too long to be answered.
TEST(View, StrangersTasksCannotFloodIt) {
  constexpr std::size_t kPosts = 4200;
  Net net(4, 100'000'000);
  const Posted own = post_and_accept(net, 0, 1, sample_task());
  PostTask reserved = sample_task();
  reserved.allow = {net.id(1)};
  const Envelope e = net.envelope(0, reserved);
  const TaskId offered = task_id_of(net.head.chain, net.id(0), e.client_id);
  net.block({sign_transaction(e, net.keys[0])});
  for (std::size_t posted = 0; posted < kPosts; posted += 100) {
    std::vector<Bytes> transactions;
    for (unsigned i = 0; i < 100; ++i) transactions.push_back(net.tx(3, sample_task()));
    net.block(std::move(transactions), 10);
  }
  ASSERT_GT(net.read().live_tasks().value().size(), kPosts);
  const View view = net.read().view(net.id(1)).value();
  EXPECT_EQ(view.tasks.size(), 1 + 4096u);
  for (const TaskId& id : {own.task, offered})
    EXPECT_TRUE(std::any_of(view.tasks.begin(), view.tasks.end(),
                            [&](const TaskView& task) { return task.record.id == id; }));
}

// A party with more ended tasks than a view shows sees those that ended last: what it is waiting
// for.
TEST(View, ShowsWhatEndedLast) {
  Net net(2, 100'000'000);
  PostTask terms = sample_task();
  TaskId last;
  for (unsigned i = 0; i < 300; ++i) {
    last = post(net, 0, terms);
    ASSERT_EQ(net.verdict(0, CancelTask{last}), TxVerdict::kApplied);
  }
  const View view = net.read().view(net.id(0)).value();
  ASSERT_EQ(view.tasks.size(), 256u);
  EXPECT_EQ(view.tasks.front().record.id, last);
  EXPECT_EQ(view.tasks.front().record.ended, net.head.ledger_time);
  for (std::size_t i = 1; i < view.tasks.size(); ++i)
    EXPECT_GE(view.tasks[i - 1].record.ended.value, view.tasks[i].record.ended.value);
}

// Nor hide what there is to check and to do from those who look for it: what is to be challenged
// comes first, then what is sold, then what is for sale, the dearest before the others.
TEST(View, AFloodOfPostsHidesNothing) {
  constexpr std::size_t kPosts = 4200;
  Net net(4, 100'000'000);
  PostTask wanted = sample_task();
  wanted.sought = Amount{100};
  const TaskId funding = post(net, 0, wanted);
  const TaskId open = post(net, 0, sample_task());
  const Posted trained = post_and_accept(net, 0, 1, sample_task());
  const Posted claimed = post_and_accept(net, 0, 1, sample_task());
  const MadeRun run(MadeRun::made_up(10, "run"));
  ASSERT_EQ(net.verdict(1, commitment_of(claimed, run)), TxVerdict::kApplied);
  net.wait(sample_task().windows.enlist_ms);
  ASSERT_EQ(net.verdict(1, reveal_of(net, claimed, 1, sample_task(), run)), TxVerdict::kApplied);
  net.block();
  PostTask free = sample_task();
  free.sought = Amount{1205};  // all but the tax
  PostTask cheap = sample_task();
  cheap.price = Amount{1};
  cheap.tax = Amount{1};
  for (std::size_t posted = 0; posted < kPosts; posted += 100) {
    std::vector<Bytes> transactions;
    for (unsigned i = 0; i < 100; ++i) transactions.push_back(net.tx(3, i % 2 ? free : cheap));
    for (const Receipt& r : net.block(std::move(transactions), 10).receipts.receipts)
      ASSERT_EQ(r.verdict, TxVerdict::kApplied) << int{r.detail};
  }
  const View view = net.read().view(net.id(2)).value();
  ASSERT_EQ(view.tasks.size(), 4096u);
  EXPECT_EQ(view.tasks[0].record.id, claimed.task);
  EXPECT_EQ(view.tasks[1].record.id, trained.task);
  EXPECT_EQ(view.tasks[2].record.id, open);
  // More of it is in the flood's than in one that lacks a part; that one has more than most.
  EXPECT_EQ(view.tasks[3 + kPosts / 2].record.id, funding);
}

TEST(View, StrangersGamesComeWithoutTheirMoves) {
  Played p(truth());
  const ChallengeId id = p.challenge(1);
  p.play(id, kSolver, truth(), toy::Challenger::kBlind);
  const auto moves = [&](unsigned party) {
    const View view = proven_view(p.net.read(), p.net.id(party)).value();
    return view.tasks.at(0).claims.at(0).challenges.at(0).games.at(0).moves.size();
  };
  EXPECT_GT(moves(kSolver), 0u);
  EXPECT_EQ(moves(kEve), moves(kSolver));
  EXPECT_EQ(moves(kBob), 0u);
  const auto openings = [&](unsigned party) {
    const View view = p.net.read().view(p.net.id(party)).value();
    return view.tasks.at(0).claims.at(0).challenges.at(0).record.end_path.length;
  };
  EXPECT_GT(openings(kEve), 0u);
  EXPECT_EQ(openings(kSolver), 0u);
}

// INV-PRO-026. What a node leaves out, invents, changes or takes from another time shows: a party
// that is shown the records makes the view itself.
TEST(View, ProvesItself) {
  Played p(truth());
  const BlockHeader before = p.net.head;
  p.play(p.challenge(1), kSolver, truth(), toy::Challenger::kBlind);
  const AccountId self = p.net.id(kSolver);
  const commit::MapExcerpt truth_of_it = p.net.read().view_excerpt(self).value();
  const View direct = p.net.read().view(self).value();
  const View read = read_view(p.net.head, truth_of_it, self).value();
  EXPECT_EQ(read.head, direct.head);
  EXPECT_EQ(read.totals, direct.totals);
  EXPECT_EQ(read.self, direct.self);
  EXPECT_EQ(read.accounts, direct.accounts);
  ASSERT_EQ(read.tasks.size(), 1u);
  EXPECT_EQ(read.tasks[0].claims[0].challenges[0].games[0].moves,
            direct.tasks[0].claims[0].challenges[0].games[0].moves);
  EXPECT_EQ(truth_of_it, commit::decode_map_excerpt(commit::encode(truth_of_it)).value());

  const auto refused = [&](const BlockHeader& head, const commit::MapExcerpt& lie) {
    const auto view = read_view(head, lie, self);
    return !view && view.error().code == ErrorCode::kIntegrity;
  };
  EXPECT_TRUE(refused(before, truth_of_it));
  const commit::AuthenticatedMap map = state_map(p.net.store);
  const auto with_its_proof = [&](std::vector<commit::MapEntry> entries) {
    commit::MapExcerpt excerpt{std::move(entries), {}};
    std::vector<Bytes> keys;
    for (const commit::MapEntry& entry : excerpt.entries) keys.push_back(entry.key);
    excerpt.proof = map.prove_all(keys, p.net.head.height.value).value();
    return excerpt;
  };
  for (std::size_t i = 0; i < truth_of_it.entries.size(); ++i) {
    commit::MapExcerpt lie = truth_of_it;
    if (lie.entries[i].value) {
      lie.entries[i].value->push_back(0);
      EXPECT_TRUE(refused(p.net.head, lie)) << i;
      lie.entries[i].value.reset();
    } else {
      lie.entries[i].value = Bytes{1};
    }
    EXPECT_TRUE(refused(p.net.head, lie)) << i;
    // Left out, with a proof of all the rest: the view wants it, or the count of its kind does.
    std::vector<commit::MapEntry> rest = truth_of_it.entries;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_TRUE(refused(p.net.head, with_its_proof(std::move(rest)))) << i;
  }
  // Another's view, true as it is.
  EXPECT_TRUE(refused(p.net.head, p.net.read().view_excerpt(p.net.id(kBob)).value()));
}

// A party that knows the moves so far is sent the new ones only, and has the whole view.
TEST(View, KnownMovesAreNotSentAgain) {
  Played p(truth());
  const ChallengeId first = p.challenge(1);
  ViewMemory memory;
  const auto look = [&] {
    const KnownMoves known = memory.known();
    const auto excerpt = p.net.read().view_excerpt(p.net.id(kSolver), known).value();
    View view = read_view(p.net.head, excerpt, p.net.id(kSolver), known).value();
    return std::pair(encode(excerpt).size(), memory.complete(std::move(view)).value());
  };
  const auto games = [](const View& view) {
    std::vector<GameView> all;
    for (const ChallengeView& c : view.tasks.at(0).claims.at(0).challenges)
      all.insert(all.end(), c.games.begin(), c.games.end());
    return all;
  };
  look();
  EXPECT_TRUE(memory.known().empty()) << "nobody has moved yet";
  p.play(first, kSolver, truth(), toy::Challenger::kBlind);
  const auto [whole, all] = look();
  const auto [rest, again] = look();
  EXPECT_LT(rest + 1'000, whole);
  ASSERT_EQ(games(again).size(), 1u);
  EXPECT_EQ(games(again)[0].moves, games(all)[0].moves);
  EXPECT_EQ(games(again)[0].moves.size(), games(again)[0].record.turn);
  const TaskView& task = again.tasks[0];
  const ChallengeView& challenge = task.claims[0].challenges[0];
  const dispute::GameTerms terms = terms_of(p.net.head.chain, task, challenge, challenge.games[0]);
  GameView derived = challenge.games[0];
  derived.position.reset();
  EXPECT_EQ(position_of(terms, challenge.games[0]), position_of(terms, derived));
  // Another game; the first one's moves are still known.
  p.play(p.challenge(2, kSubmitter), kSolver, truth(), toy::Challenger::kBlind);
  const View both = look().second;
  ASSERT_EQ(games(both).size(), 2u);
  for (const GameView& game : games(both)) EXPECT_EQ(game.moves.size(), game.record.turn);
  EXPECT_EQ(decode_known_moves(encode(memory.known())).value(), memory.known());
}

// What leaves out more than was known is refused, and the next one has to be whole.
TEST(View, AViewThatLeavesOutUnknownMovesIsRefused) {
  Played p(truth());
  p.play(p.challenge(1), kSolver, truth(), toy::Challenger::kBlind);
  const AccountId solver = p.net.id(kSolver);
  ViewMemory memory;
  ASSERT_TRUE(memory.complete(p.net.read().view(solver).value()));
  const KnownMoves known = memory.known();
  const View without = p.net.read().view(solver, known).value();
  KnownMoves fewer = known;
  --fewer.begin()->second;
  EXPECT_FALSE(memory.complete(p.net.read().view(solver, fewer).value()));
  EXPECT_TRUE(memory.known().empty());
  EXPECT_FALSE(memory.complete(without));
  EXPECT_TRUE(memory.complete(p.net.read().view(solver).value()));
  KnownMoves most;
  for (std::uint64_t i = 0; i <= kMaxKnownGames; ++i) {
    GameId game;
    store_le(game.value.bytes.data(), i);
    most[game] = 1;
  }
  EXPECT_FALSE(decode_known_moves(encode(most)));
  most.erase(most.begin());
  EXPECT_EQ(decode_known_moves(encode(most)).value(), most);
}

}  // namespace
}  // namespace assay::protocol
