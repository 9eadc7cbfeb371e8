#include "assay/node/chain.hpp"

#include "unit/node/node_world.hpp"

namespace assay::node {
namespace {

using namespace test;

const crypto::KeyPair& genesis_operator() {
  static const crypto::KeyPair key = key_of(1);
  return key;
}

std::size_t keys_in(const KeyValueStore& store) {
  std::size_t count = 0;
  EXPECT_TRUE(store.scan({}, [&](ByteView, ByteView) { return ++count > 0; }));
  return count;
}

// The operator's, as the embedded mode has it.
Bytes seal_of(const protocol::BlockHeader& header, const Beacon& beacon) {
  const Bytes bytes =
      encode(SignedHeader{header, beacon.signature, sign_header(genesis_operator(), header)});
  return {bytes.begin() + protocol::kHeaderBytes, bytes.end()};
}

// Chains of the same genesis record, on stores of their own.
struct Kept {
  MemoryStore store;
  std::unique_ptr<Chain> chain;

  explicit Kept(const protocol::Genesis& genesis) { open(genesis); }
  void open(const protocol::Genesis& genesis) {
    chain.reset();
    const auto seal = [](const auto& header) { return seal_of(header, {}); };
    auto opened = Chain::open(store, genesis, seal, {});
    ASSERT_TRUE(opened) << opened.error().message;
    chain = std::move(*opened);
  }
  [[nodiscard]] protocol::VerifiedBlock next(const std::vector<Bytes>& transactions) const {
    protocol::VerifiedBlock block;
    block.height = Height{chain->head().height.value + 1};
    block.time_ms = chain->head().time_ms + 100;
    block.beacon = make_beacon(genesis_operator(), chain->head()).value;
    for (const Bytes& bytes : transactions) {
      TxId id;
      std::optional<protocol::VerifiedTransaction> verified;
      EXPECT_EQ(protocol::VerifiedTransaction::verify(chain->id(), bytes, id, verified),
                protocol::TxVerdict::kApplied);
      block.transactions.push_back(std::move(*verified));
    }
    return block;
  }
  [[nodiscard]] Status commit(const protocol::BlockResult& executed) {
    return chain->commit(seal_of(executed.header, make_beacon(genesis_operator(), chain->head())));
  }
};

// A block that was executed leaves no trace until it is committed, and gives way to another one.
TEST(Chain, ExecutesWithoutWritingAndCommitsTheLast) {
  World world;
  Kept one(world.genesis);
  Kept twin(world.genesis);
  const Bytes first = world.transfer(2, 3, 1, 5);
  const Bytes second = world.transfer(2, 3, 1, 7);
  const std::size_t keys = keys_in(one.store);
  const auto forgotten = one.chain->execute(one.next({first}));
  ASSERT_TRUE(forgotten);
  const protocol::Receipt never = (*forgotten)->receipts.receipts.front();
  EXPECT_EQ(keys_in(one.store), keys);
  EXPECT_EQ(one.chain->head().height, Height{0});
  const auto result = one.chain->execute(one.next({second}));
  ASSERT_TRUE(result);
  EXPECT_EQ((*result)->receipts.receipts.front().verdict, protocol::TxVerdict::kApplied);
  ASSERT_TRUE(one.commit(**result));

  const auto same = twin.chain->execute(twin.next({second}));
  ASSERT_TRUE(same);
  ASSERT_TRUE(twin.commit(**same));
  EXPECT_EQ(one.chain->head(), twin.chain->head());
  EXPECT_EQ(one.chain->outcome_of(never.id).value(), std::nullopt);

  // Nothing is committed twice, or after it was forgotten for something else.
  EXPECT_EQ(one.chain->commit(Bytes(128)).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(one.chain->execute(one.next({world.transfer(2, 3, 2, 9)})));
  ASSERT_TRUE(one.chain->prune());
  EXPECT_EQ(one.chain->commit(Bytes(128)).error().code, ErrorCode::kConflict);
  one.store.fail_writes(true);
  const auto lost = one.chain->execute(one.next({world.transfer(2, 3, 2, 9)}));
  ASSERT_TRUE(lost);
  EXPECT_EQ(one.commit(**lost).error().code, ErrorCode::kIo);
  EXPECT_EQ(one.chain->head(), twin.chain->head());
  one.store.fail_writes(false);

  // Opened again it goes on where it was.
  ASSERT_TRUE(one.chain->execute(one.next({world.transfer(2, 3, 2, 9)})));
  one.open(world.genesis);
  EXPECT_EQ(one.chain->head(), twin.chain->head());
}

}  // namespace
}  // namespace assay::node
