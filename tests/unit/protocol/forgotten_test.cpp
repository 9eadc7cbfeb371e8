// What is over is forgotten after a while, in bounded work a block (INV-PRO-018 and 019), with a
// horizon that tests can reach.
#include "assay/commit/map_check.hpp"
#include "assay/protocol/layout.hpp"
#include "internal/state.hpp"
#include "unit/protocol/played.hpp"

#if defined(ASSAY_AUDIT) && ASSAY_AUDIT

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;

// The state's records by the letter of their table.
std::map<char, std::size_t> tables_of(const MemoryStore& store) {
  std::map<char, std::size_t> count;
  EXPECT_TRUE(store.scan(Bytes{kStatePrefix}, [&](ByteView key, ByteView) {
    ++count[static_cast<char>(key[1])];
    return true;
  }));
  return count;
}
std::size_t records_of(const MemoryStore& store) {
  std::size_t sum = 0;
  for (const auto& [table, count] : tables_of(store)) sum += count;
  return sum;
}
// Of the state and its tree without older versions.
std::size_t bytes_anew(const MemoryStore& store) {
  std::vector<commit::MapChange> changes;
  EXPECT_TRUE(store.scan(Bytes{kStatePrefix}, [&](ByteView key, ByteView value) {
    changes.push_back({to_bytes(key.subspan(1)), to_bytes(value)});
    return true;
  }));
  const MemoryStore empty;
  WriteBatch batch;
  EXPECT_TRUE(state_map(empty).load(1, changes, batch));
  std::size_t bytes = 0;
  for (const auto& [key, value] : batch.writes)
    bytes += key.size() + value.value_or(Bytes{}).size();
  return bytes;
}
Bytes key_of(const TaskId& id) {
  Bytes key{'T'};
  key.insert(key.end(), id.value.bytes.begin(), id.value.bytes.end());
  return key;
}

const Piece kPart{PieceKind::kTranscript, 0, 0, 0};

// Every reader finds a thing whole or not at all.
void expect_readable(const Played& p, const std::vector<ChallengeId>& challenges) {
  const StateReader reader = p.net.read();
  const auto task = reader.task(p.posted.task);
  ASSERT_TRUE(task) << task.error().message;
  const auto claim = reader.claim(p.posted.claim);
  ASSERT_TRUE(claim) << claim.error().message;
  EXPECT_TRUE(!*task || *claim) << "a task without its claim";
  for (const ChallengeId& id : challenges) {
    const auto challenge = reader.challenge(id);
    ASSERT_TRUE(challenge) << challenge.error().message;
    EXPECT_TRUE(!*claim || *challenge) << "a claim without its challenge";
    const auto game = reader.game(game_id_of(id, p.net.id(kSolver)));
    ASSERT_TRUE(game) << game.error().message;
    EXPECT_TRUE(!*challenge || *game) << "a challenge without its game";
  }
  for (unsigned party = 0; party < 6; ++party) {
    const auto view = reader.view(p.net.id(party));
    ASSERT_TRUE(view) << view.error().message;
    EXPECT_TRUE(proven_view(reader, p.net.id(party)));
  }
}

// And so does every rule: whatever is sent about it is refused, and nothing is taken for damage.
void expect_refused(Played& p, const std::vector<ChallengeId>& challenges) {
  const ClaimId& claim = p.posted.claim;
  const GameId game = game_id_of(challenges[0], p.net.id(kSolver));
  RevealTranscript reveal;
  reveal.claim = claim;
  Disclose disclosure;
  disclosure.claim = claim;
  OpenSeal opening;
  opening.claim = claim;
  const Payload payloads[] = {CancelTask{p.posted.task},
                              FundTask{p.posted.task, Amount{5}},
                              AcceptTask{p.posted.task, {2000, 100}, hash_of_text("r")},
                              PlaceBid{p.posted.task, Amount{9}, {2000, 100}, hash_of_text("r")},
                              WithdrawBid{p.posted.task},
                              AwardTask{p.posted.task, p.net.id(kAnn)},
                              quoted(p.net, p.posted.task, p.terms, kAnn, 9),
                              EnlistVerifier{claim},
                              ReportProgress{claim, 2, hash_of_text("p")},
                              AbandonClaim{claim},
                              commitment_of(p.posted, p.run),
                              reveal,
                              disclosure,
                              Seal{claim, {hash_of_text("s")}},
                              opening,
                              CommitChallenge{claim, hash_of_text("c")},
                              ReportContradiction{claim, hash_of_text("t"), {}},
                              challenge_reveal(challenges[0], p.run, 1),
                              StandUp{challenges[0]},
                              PlayMove{game, {}},
                              DemandChunk{claim, kPart},
                              SupplyChunk{demand_id_of(claim, kPart), {}},
                              RegisterDelegate{p.posted.task, p.certificate_of(kSolver, kBob)},
                              RevokeDelegate{p.posted.task}};
  for (unsigned party = 0; party < 5; ++party)
    for (const Payload& payload : payloads) {
      Envelope e = p.net.envelope(party, payload);
      e.nonce = p.net.account(party).profile.last_nonce + 1;
      const auto receipt = check_transaction(p.net.store, sign_transaction(e, p.net.keys[party]));
      ASSERT_TRUE(receipt) << receipt.error().message;
      EXPECT_NE(receipt->verdict, V::kApplied) << payload.index();
    }
}

// A disputed task, played to its end.
struct Ended : Played {
  std::vector<ChallengeId> challenges;
  Ended() : Played(lie()) {
    EXPECT_EQ(net.verdict(kBob, DemandChunk{posted.claim, kPart}), V::kApplied);
    EXPECT_EQ(net.verdict(kSolver, SupplyChunk{demand_id_of(posted.claim, kPart),
                                               commit::open_part(run.transcript, 0)}),
              V::kApplied);
    for (const unsigned party : {unsigned{kSolver}, unsigned{kAnn}})
      EXPECT_EQ(net.verdict(party, RegisterDelegate{posted.task, certificate_of(party, kBob)}),
                V::kApplied);
    challenges.push_back(challenge(1));
    play(challenges[0], kSolver, lie(), toy::Challenger::kHonest);
    net.wait(60'000);
    EXPECT_EQ(net.status(posted.claim), ClaimStatus::kFallen);
  }
  [[nodiscard]] Height ended() const {
    for (std::uint64_t h = 1; h <= net.head.height.value; ++h) {
      const BlockReceipts receipts = net.read().receipts(Height{h}).value().value();
      for (const Event& event : receipts.block_events)
        if (std::holds_alternative<TaskEnded>(event)) return Height{h};
    }
    return {};
  }
};

// INV-PRO-018: from before the post on, nothing is left of it but its id.
TEST(Forgotten, OfAnEndedTaskOnlyTheIdStays) {
  const ShortMemory memory({100, 120, kMaxErasuresPerBlock});
  Ended p;
  const std::uint64_t last = p.ended().value + 120;
  const auto live = tables_of(p.net.store);
  for (const char table : {'T', 'C', 'V', 'U', 'u', 'y', 'H', 'h', 'G', 'M', 'J', 'j', 'd', 'X'})
    EXPECT_GT(live.at(table), 0u) << table;
  EXPECT_EQ(live.count('P'), 0u) << "a resolved transfer leaves no record";
  while (p.net.head.height.value < last) p.net.block();
  const AccountView solver = p.net.account(kSolver);
  EXPECT_TRUE(p.net.read().task(p.posted.task).value());
  p.net.block();

  const auto left = tables_of(p.net.store);
  for (const auto& [table, count] : left)
    EXPECT_NE(std::string("ANRST").find(table), std::string::npos) << table;
  EXPECT_EQ(left.at('T'), 1u);
  EXPECT_EQ(p.net.read().record(key_of(p.posted.task)).value(), Bytes{});
  EXPECT_FALSE(p.net.read().task(p.posted.task).value());
  EXPECT_FALSE(p.net.read().claim(p.posted.claim).value());
  EXPECT_FALSE(p.net.read().challenge(p.challenges[0]).value());
  EXPECT_FALSE(p.net.read().game(game_id_of(p.challenges[0], p.net.id(kSolver))).value());
  expect_readable(p, p.challenges);
  for (unsigned party = 0; party < 6; ++party)
    EXPECT_TRUE(p.net.read().tasks_of(p.net.id(party)).value().empty());
  // Money and reputation are what they were.
  EXPECT_EQ(p.net.account(kSolver), solver);
  EXPECT_EQ(solver.reputation[1].slashes, 1u);
  const auto map = commit::check_map(p.net.store, state_places());
  ASSERT_TRUE(map);
  EXPECT_EQ(map->fault_count, 0u);
  EXPECT_EQ(map->root, p.net.head.state_root);
}

// INV-PRO-019, and the same whether the state machine was made anew before each block or never.
TEST(Forgotten, MuchGoesInPartsAndNobodyFindsAPart) {
  const ShortMemory memory({100, 120, 3});
  Ended p;
  const std::uint64_t last = p.ended().value + 120;
  while (p.net.head.height.value < last) p.net.block();
  std::size_t before = records_of(p.net.store);
  unsigned blocks = 0;
  for (; tables_of(p.net.store).contains('X'); ++blocks) {
    ASSERT_LT(blocks, 500u);
    p.net.block();
    const std::size_t now = records_of(p.net.store);
    EXPECT_LE(before - now, 3 + 2u);  // the list that is used up, and a block's first results
    before = now;
    expect_readable(p, p.challenges);
    expect_refused(p, p.challenges);
  }
  EXPECT_GE(blocks, 10u);
  for (const auto& [table, count] : tables_of(p.net.store))
    EXPECT_NE(std::string("AINRST").find(table), std::string::npos) << table;

  MemoryStore twin;
  ASSERT_TRUE(twin.write(init_chain(twin, p.net.read().genesis().value())->batch));
  StateMachine machine(twin);
  for (const Block& block : p.net.history) {
    const auto result = machine.apply(block);
    ASSERT_TRUE(result);
    ASSERT_EQ(result->header, p.net.read().header(block.height).value());
    ASSERT_TRUE(twin.write(result->batch));
    machine.written();
  }
  EXPECT_EQ(twin.map(), p.net.store.map());
}

TEST(Forgotten, AThousandTasksAtOnceTakeBoundedWorkABlock) {
  constexpr std::size_t kTasks = 1000;
  constexpr std::size_t kMost = 100;
  const ShortMemory memory({100, 120, kMost});
  Net net(3, 100'000'000);
  const std::size_t before = records_of(net.store);
  const std::size_t bytes_before = bytes_anew(net.store);
  std::vector<Bytes> posts, cancels;
  std::vector<TaskId> ids;
  for (std::size_t i = 0; i < kTasks; ++i) {
    const Envelope e = net.envelope(0, sample_task());
    posts.push_back(sign_transaction(e, net.keys[0]));
    ids.push_back(task_id_of(net.head.chain, net.id(0), e.client_id));
  }
  for (const TaskId& id : ids) cancels.push_back(net.tx(0, CancelTask{id}));
  for (std::vector<Bytes>* txs : {&posts, &cancels})
    for (const Receipt& r : net.block(std::move(*txs)).receipts.receipts)
      ASSERT_EQ(r.verdict, V::kApplied);
  PostTask lasting = sample_task();
  lasting.windows.accept_ms = 3'600'000;
  const TaskId live = post(net, 2, lasting);
  const std::uint64_t last = net.head.height.value - 1 + 120;
  while (net.head.height.value < last) net.block();
  std::size_t records = records_of(net.store);
  EXPECT_GE(records, before + 3 * kTasks);
  unsigned blocks = 0;
  while (tables_of(net.store).contains('X')) {
    ASSERT_LE(++blocks, 3 * kTasks / kMost + 2);
    net.block();
    const std::size_t now = records_of(net.store);
    EXPECT_LE(records - now, kMost + 1);
    records = now;
  }
  EXPECT_GE(blocks, 3 * kTasks / kMost);
  EXPECT_TRUE(net.read().task(live).value());
  EXPECT_EQ(tables_of(net.store).at('T'), kTasks + 1);
  EXPECT_EQ(tables_of(net.store).at('J'), 1u);
  EXPECT_EQ(tables_of(net.store).at('j'), 1u);
  EXPECT_EQ(net.account(0).available, Amount{100'000'000});
  std::printf("figure forgotten_task %zu bytes\n", (bytes_anew(net.store) - bytes_before) / kTasks);
}

// What was signed about a task must not count for another one of its id.
TEST(Forgotten, ATaskIsNeverPostedTwiceUnderOneClientId) {
  const ShortMemory memory({100, 100, kMaxErasuresPerBlock});
  Net net(3);
  const Envelope first = net.envelope(0, sample_task());
  ASSERT_EQ(net.block({sign_transaction(first, net.keys[0])}).receipts.receipts[0].verdict,
            V::kApplied);
  const TaskId id = task_id_of(net.head.chain, net.id(0), first.client_id);
  ASSERT_EQ(net.verdict(0, CancelTask{id}), V::kApplied);
  const auto again = [&] {
    Envelope e = net.envelope(0, sample_task());
    e.client_id = first.client_id;
    return net.block({sign_transaction(e, net.keys[0])}).receipts.receipts[0];
  };
  EXPECT_EQ(again().verdict, V::kApplied);  // the first result
  for (unsigned i = 0; i < 101; ++i) net.block();
  EXPECT_FALSE(net.read().task(id).value());
  const Receipt refused = again();
  EXPECT_EQ(refused.verdict, V::kAlreadyExists);
  EXPECT_FALSE(refused.repeated);
  EXPECT_EQ(net.verdict(1, FundTask{id, Amount{1}}), V::kUnknownTask);
  EXPECT_EQ(net.verdict(0, CancelTask{id}), V::kUnknownTask);
  EXPECT_EQ(net.verdict(1, AcceptTask{id, {2000, 100}, hash_of_text("r")}), V::kUnknownTask);
  EXPECT_TRUE(net.read().live_tasks().value().empty());
}

using internal::Erasures;
using internal::Overlay;
using internal::State;

// A list as some block asked for it, and what is left of records after `blocks` more.
std::size_t left_after(std::span<const Bytes> keys, std::size_t record_bytes,
                       const internal::ErasureLimits& most, unsigned blocks) {
  MemoryStore store;
  const auto write = [&](State& state) {
    WriteBatch batch;
    for (const Overlay::Record* const record : state.overlay().changes()) {
      Bytes key{kStatePrefix};
      key.insert(key.end(), record->first.begin(), record->first.end());
      batch.writes.push_back({std::move(key), record->second.now});
    }
    EXPECT_TRUE(state.status());
    EXPECT_TRUE(store.write(batch));
  };
  {
    State state(store);
    for (const Bytes& key : keys) {
      state.overlay().put(key, Bytes(record_bytes, 7));
      state.erasures().add(Height{9}, key);
    }
    state.erasures().put_lists(Height{5});
    write(state);
  }
  for (unsigned i = 0; i < 9 + blocks; ++i) {
    State state(store);
    state.erasures().run(Height{i + 1}, most);
    write(state);
    EXPECT_TRUE(i >= 9 || records_of(store) == keys.size() + 1) << "too early";
  }
  return records_of(store);
}

TEST(Forgotten, RecordsAndBytesOfABlockAreBounded) {
  std::vector<Bytes> keys;
  for (std::uint8_t i = 0; i < 40; ++i) keys.push_back(Bytes{'Q', i});
  EXPECT_EQ(left_after(keys, 10, {100, 1000}, 1), 0u);
  EXPECT_EQ(left_after(keys, 10, {40, 1000}, 1), 0u);
  EXPECT_EQ(left_after(keys, 10, {39, 1000}, 1), 1 + 1u);
  EXPECT_EQ(left_after(keys, 10, {100, 100}, 1), 30 + 1u);
  EXPECT_EQ(left_after(keys, 10, {100, 95}, 3), 10 + 1u);
  EXPECT_EQ(left_after(keys, 10, {100, 1}, 40), 0u) << "a record longer than the bytes goes too";
  EXPECT_EQ(left_after(keys, 0, {7, 1}, 2), 26 + 1u);
}

TEST(Forgotten, ADamagedListIsNotFollowed) {
  for (const Bytes& list : {Bytes{5, 'Q'}, Bytes{0}}) {
    MemoryStore store;
    WriteBatch batch;
    Bytes key(1 + 17, 0);
    key[0] = kStatePrefix;
    key[1] = 'X';
    batch.put(key, list);
    ASSERT_TRUE(store.write(batch));
    State state(store);
    state.erasures().run(Height{9}, {10, 10});
    EXPECT_EQ(state.status().error().code, ErrorCode::kIntegrity);
    EXPECT_TRUE(state.overlay().changes().empty());
  }
}

// A list that names a thing twice, or one that never was, holds up no block.
TEST(Forgotten, WhatIsGoneIsPassedOver) {
  for (const char table : {'T', 'C', 'Q'}) {
    MemoryStore store;
    WriteBatch batch;
    Bytes key(1 + 17, 0);
    key[0] = kStatePrefix;
    key[1] = 'X';
    Bytes item{33, static_cast<std::uint8_t>(table)};
    item.resize(34);
    batch.put(key, item);
    ASSERT_TRUE(store.write(batch));
    State state(store);
    state.erasures().run(Height{9}, {10, 10});
    ASSERT_TRUE(state.status()) << state.status().error().message;
    ASSERT_EQ(state.overlay().changes().size(), 1u) << table;
    EXPECT_FALSE(state.overlay().changes().front()->second.value());
  }
}

}  // namespace
}  // namespace assay::protocol

#endif
