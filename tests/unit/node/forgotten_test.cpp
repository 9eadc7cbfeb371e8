// INV-NOD-013: the node's index is what the state remembers, and both forget at once, whatever is
// cut on the way.
#include <gtest/gtest.h>

#include "assay/node/archive.hpp"
#include "assay/node/verify_store.hpp"
#include "assay/protocol/horizon.hpp"
#include "node_world.hpp"
#include "support/sample_task.hpp"

#if defined(ASSAY_AUDIT) && ASSAY_AUDIT

namespace assay::node {
namespace {

using protocol::ShortMemory;
using test::account_of;
using test::World;

constexpr protocol::Horizon kHorizon{30, 35, 3};

struct Busy : World {
  std::vector<TxId> sent;
  std::vector<TaskId> tasks;

  // One transfer a block, every fourth a task, cancelled in the next one.
  void blocks(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      const std::uint64_t nonce = node->head().height.value + 1;
      valid_until = Height{nonce + 20};
      submit(transfer(2, 3, nonce, 1));
      if (nonce % 4 == 0) {
        protocol::ClientId client{};
        store_le(client.data(), nonce);
        tasks.push_back(protocol::task_id_of(chain_id_of(genesis), account_of(3), client));
        submit(transaction(3, nonce, cheap_task()));
      } else if (nonce % 4 == 1 && !tasks.empty()) {
        submit(transaction(3, nonce, protocol::CancelTask{tasks.back()}));
      }
      ASSERT_TRUE(step());
    }
  }

 private:
  static protocol::PostTask cheap_task() {
    protocol::PostTask terms = assay::test::sample_task();
    terms.price = Amount{1};
    terms.tax = Amount{1};
    return terms;
  }
  void submit(const Bytes& bytes) {
    node->submit(bytes, [this](const Result<TxOutcome>& outcome) {
      ASSERT_TRUE(outcome);
      EXPECT_EQ(outcome->verdict, protocol::TxVerdict::kApplied) << to_string(outcome->verdict);
      sent.push_back(outcome->id);
    });
  }
};

StoreReport verified(const KeyValueStore& store, const protocol::Genesis& genesis, bool replay) {
  auto report = verify_store(store, genesis, {replay, nullptr});
  EXPECT_TRUE(report) << report.error().message;
  return report ? *report : StoreReport{};
}

std::size_t indexed(const MemoryStore& store) {
  std::size_t count = 0;
  EXPECT_TRUE(store.scan(as_bytes("et"), [&](ByteView, ByteView) { return ++count > 0; }));
  return count;
}

TEST(NodeForgets, TheIndexHoldsWhatTheStateRemembers) {
  const ShortMemory memory(kHorizon);
  Busy world;
  std::size_t most = 0;
  for (unsigned part = 0; part < 30; ++part) {
    world.blocks(5);
    const StoreReport report = verified(world.store, world.genesis, part % 10 == 9);
    ASSERT_EQ(report.fault_count, 0u) << report.faults[0];
    most = std::max(most, indexed(world.store));
  }
  EXPECT_LE(most, 31 * 2u);
  EXPECT_EQ(*world.node->outcome_of(world.sent.front()), std::nullopt);
  EXPECT_TRUE((*world.node->outcome_of(world.sent.back())).has_value());
  EXPECT_FALSE(*world.node->reader().task(world.tasks.front()));
  EXPECT_TRUE(*world.node->reader().task(world.tasks.back()));

  // One row too many is as wrong as one too few.
  MemoryStore::Map more = world.store.map();
  Bytes key = to_bytes(as_bytes("et"));
  const Bytes row = more.lower_bound(key)->second;
  key.insert(key.end(), world.sent[0].value.bytes.begin(), world.sent[0].value.bytes.end());
  ASSERT_FALSE(more.contains(key));
  more[key] = row;
  MemoryStore store;
  store.restore(std::move(more));
  EXPECT_GT(verified(store, world.genesis, false).fault_count, 0u);
}

TEST(NodeForgets, ANodeThatStartsAnewBeforeEveryBlockForgetsTheSame) {
  const ShortMemory memory(kHorizon);
  Busy steady, restless;
  for (unsigned i = 0; i < 120; ++i) {
    steady.blocks(1);
    restless.blocks(1);
    restless.start();
    ASSERT_EQ(steady.node->head(), restless.node->head()) << i;
  }
  EXPECT_EQ(steady.store.map(), restless.store.map());
}

// A power cut leaves what was written before it, and the block comes again.
TEST(NodeForgets, ABlockThatIsLostIsForgottenAgain) {
  const ShortMemory memory(kHorizon);
  Busy steady, cut;
  for (unsigned i = 0; i < 90; ++i) {
    steady.blocks(1);
    const MemoryStore::Map before = cut.store.map();
    const auto sent = cut.sent;
    const auto tasks = cut.tasks;
    const std::uint64_t now = cut.clock.now;
    cut.blocks(1);
    if (i % 3 == 0) continue;
    cut.store.restore(before);
    cut.sent = sent;
    cut.tasks = tasks;
    cut.clock.now = now;
    cut.start();
    cut.blocks(1);
    ASSERT_EQ(steady.node->head().state_root, cut.node->head().state_root) << i;
  }
  EXPECT_EQ(verified(cut.store, cut.genesis, true).fault_count, 0u);
}

TEST(NodeForgets, AnArchiveOfAStateThatIsBeingForgottenGoesOnAlike) {
  const ShortMemory memory(kHorizon);
  Busy world;
  world.blocks(77);
  Bytes archive;
  ASSERT_TRUE(write_archive(world.store, {true, nullptr}, [&](ByteView part) {
    archive.insert(archive.end(), part.begin(), part.end());
    return Status{};
  }));
  MemoryStore store;
  ASSERT_TRUE(import_archive(archive, world.genesis, store));
  EXPECT_EQ(indexed(store), indexed(world.store));
  Busy other;
  other.clock.now = world.clock.now;
  other.tasks = world.tasks;
  other.store.restore(store.map());
  other.start();
  world.start();
  world.blocks(40);
  other.blocks(40);
  EXPECT_EQ(world.node->head(), other.node->head());
  EXPECT_EQ(verified(other.store, world.genesis, true).fault_count, 0u);
}

}  // namespace
}  // namespace assay::node

#endif
