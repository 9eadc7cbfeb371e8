// INV-NOD-002 to 009: what is on disk is found whole, damage is found, what is pruned is not
// missed, and an archive is the ledger that it was made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "assay/crypto/sha256.hpp"
#include "assay/node/archive.hpp"
#include "assay/node/light_client.hpp"
#include "assay/node/storage.hpp"
#include "assay/node/verify_store.hpp"
#include "assay/protocol/layout.hpp"
#include "node_world.hpp"
#include "support/dying_store.hpp"
#include "support/temporary_folder.hpp"

namespace assay::node {
namespace {

using assay::test::DyingStore;
using test::account_of;
using test::key_of;
using test::World;
using testing::HasSubstr;

// A chain of `blocks` blocks: transfers, and now and then one that is refused.
void run_blocks(World& world, unsigned blocks, std::uint64_t first_nonce = 1) {
  for (std::uint64_t n = first_nonce; n < first_nonce + blocks; ++n) {
    const std::uint64_t amount = n % 5 == 0 ? 1'000'000 : 1 + n % 3;
    world.node->submit(world.transfer(2, static_cast<std::uint8_t>(3 + n % 4), n, amount),
                       [](auto&) {});
    world.node->submit(world.transfer(3, 2, n, 1), [](auto&) {});
    ASSERT_TRUE(world.step());
  }
}

StoreReport verified(const KeyValueStore& store, const protocol::Genesis& genesis, bool replay) {
  auto report = verify_store(store, genesis, {replay, nullptr});
  EXPECT_TRUE(report) << report.error().message;
  return report ? *report : StoreReport{};
}

Bytes archive_of(const KeyValueStore& store, bool bodies) {
  Bytes bytes;
  const Status written = write_archive(store, {bodies, nullptr}, [&](ByteView part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
    return Status{};
  });
  EXPECT_TRUE(written) << written.error().message;
  return bytes;
}

void reseal(Bytes& archive) {
  const Hash256 sum = crypto::sha256(ByteView(archive).first(archive.size() - 32));
  std::copy(sum.bytes.begin(), sum.bytes.end(), archive.end() - 32);
}

struct PrunedWorld : World {
  PrunedWorld(std::uint64_t versions, std::uint64_t bodies, std::size_t erase_max) {
    options.chain.keep_versions = versions;
    options.chain.keep_bodies = bodies;
    options.chain.prune_erase_max = erase_max;
    start();
  }
};

// INV-NOD-007.
TEST(NodeStorage, OldVersionsAndBodiesGoAndTheRestStaysWhole) {
  for (const std::size_t erase_max : {4u, 10'000u}) {
    PrunedWorld world(6, 10, erase_max);
    std::size_t most = 0;
    for (unsigned part = 0; part < 6; ++part) {
      run_blocks(world, 30, 1 + 30 * part);
      while (world.node->next_wake_ms() == 0) ASSERT_TRUE(world.node->tick());
      const StoreReport report = verified(world.store, world.genesis, false);
      ASSERT_EQ(report.fault_count, 0u) << report.faults[0];
      const std::uint64_t head = report.head.height.value;
      EXPECT_LE(head - report.oldest_version.value, 6 + kPruneSlack);
      EXPECT_LE(head - report.bodies_from.value, 10 + kPruneSlack);
      EXPECT_GT(report.bodies_from.value, 0u);
      most = std::max(most, world.store.map().size());
      world.start();
    }
    EXPECT_FALSE(*world.node->reader().transactions(Height{3}));
    EXPECT_TRUE(*world.node->signed_header(Height{3}));
    // A transaction of a block without its body is still answered, and the same.
    std::optional<TxOutcome> outcome;
    world.node->submit(world.transfer(2, 4, 1, 2), [&](const auto& o) { outcome = *o; });
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->height, Height{1});
    EXPECT_EQ(outcome->verdict, protocol::TxVerdict::kApplied);
  }
}

// INV-NOD-008: a header of any height that is kept shows a balance at that height.
TEST(NodeStorage, ALightClientChecksABalanceAtAnOlderHeader) {
  World world;
  std::vector<std::uint64_t> balances{1000};
  for (unsigned i = 0; i < 12; ++i) {
    run_blocks(world, 1, i + 1);
    balances.push_back(world.balance(2));
  }
  LightClient light(world.genesis);
  ASSERT_EQ(light.follow(**world.node->signed_header(Height{12})), HeaderVerdict::kValid);
  Bytes key{'A', 1};
  const AccountId id = account_of(2);
  key.insert(key.end(), id.value.bytes.begin(), id.value.bytes.end());
  const protocol::StateReader& reader = world.node->reader();
  for (std::uint64_t h = 0; h <= 12; ++h) {
    const SignedHeader header = **world.node->signed_header(Height{h});
    ASSERT_EQ(light.check_header(header), HeaderVerdict::kValid);
    const auto record = *reader.record_at(key, Height{h});
    ASSERT_TRUE(record);
    EXPECT_EQ(load_le<std::uint64_t>(record->data()), balances[h]);
    const Bytes proof = *reader.prove_at(key, Height{h});
    EXPECT_EQ(LightClient::check_present(header.header, key, *record, proof),
              commit::MapProofVerdict::kValid);
    EXPECT_EQ(LightClient::check_absent(header.header, Bytes{'A', 9},
                                        *reader.prove_at(Bytes{'A', 9}, Height{h})),
              commit::MapProofVerdict::kValid);
    SignedHeader forged = header;
    forged.header.state_root.bytes[0] ^= 1;
    EXPECT_EQ(light.check_header(forged), HeaderVerdict::kWrongSignature);
  }
  EXPECT_EQ(reader.prove_at(key, Height{13}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(*reader.provable_heights(), std::pair(Height{0}, Height{12}));
}

// INV-NOD-006.
TEST(NodeStorage, VerificationFindsWhateverIsGoneOrChanged) {
  World world;
  run_blocks(world, 6);
  const StoreReport sound = verified(world.store, world.genesis, true);
  ASSERT_EQ(sound.fault_count, 0u) << sound.faults[0];
  EXPECT_EQ(sound.blocks, 7u);
  EXPECT_EQ(sound.transactions, 12u);
  EXPECT_TRUE(sound.replayed);
  const MemoryStore::Map whole = world.store.map();
  for (const auto& [key, value] : whole) {
    MemoryStore store;
    const auto expect_found = [&](MemoryStore::Map map, const char* what) {
      store.restore(std::move(map));
      const auto report = verify_store(store, world.genesis, {});
      EXPECT_TRUE(!report || report->fault_count > 0) << what << to_hex(key);
    };
    MemoryStore::Map less = whole;
    less.erase(key);
    expect_found(less, "without ");
    MemoryStore::Map other = whole;
    other[key].push_back(7);
    expect_found(other, "longer ");
    if (value.empty()) continue;
    for (const std::size_t at : {std::size_t{0}, value.size() / 2, value.size() - 1}) {
      other = whole;
      other[key][at] ^= 0x10;
      expect_found(other, "changed ");
    }
  }
  MemoryStore store;
  MemoryStore::Map more = whole;
  more[Bytes{'z'}] = {};
  store.restore(more);
  EXPECT_THAT(verified(store, world.genesis, false).faults,
              testing::ElementsAre(HasSubstr("a key that no ledger has")));
}

// INV-NOD-009.
TEST(NodeStorage, AnArchiveBecomesTheSameLedgerAndGivesTheSameArchive) {
  World world;
  run_blocks(world, 25);
  for (const bool bodies : {false, true}) {
    const Bytes archive = archive_of(world.store, bodies);
    EXPECT_EQ(archive_of(world.store, bodies), archive);
    MemoryStore store;
    const auto head = import_archive(archive, world.genesis, store);
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_EQ(*head, world.node->head());
    EXPECT_EQ(archive_of(store, bodies), archive);
    const StoreReport report = verified(store, world.genesis, bodies);
    ASSERT_EQ(report.fault_count, 0u) << report.faults[0];
    EXPECT_EQ(report.bodies_from, Height{bodies ? 0u : 26u});

    // And it goes on as the old one does.
    World other;
    other.clock.now = world.clock.now;
    other.store.restore(store.map());
    other.start();
    World twin;
    twin.clock.now = world.clock.now;
    twin.store.restore(world.store.map());
    twin.start();
    run_blocks(other, 3, 100);
    run_blocks(twin, 3, 100);
    EXPECT_EQ(other.node->head(), twin.node->head());
    EXPECT_EQ(*other.node->outcome_of(TxId{}), std::nullopt);
    EXPECT_EQ(import_archive(archive, world.genesis, other.store).error().code,
              ErrorCode::kAlreadyExists);
  }
}

TEST(NodeStorage, EveryTamperedArchiveIsRefused) {
  World world;
  run_blocks(world, 2);
  const Bytes archive = archive_of(world.store, true);
  const auto refused = [&](const Bytes& bytes) {
    MemoryStore store;
    const auto head = import_archive(bytes, world.genesis, store);
    const protocol::StateReader reader(store);
    return !head && !reader.head();  // INV-NOD-009: no head, no ledger
  };
  ASSERT_FALSE(refused(archive));
  for (std::size_t at = 0; at < archive.size(); ++at) {
    Bytes bad = archive;
    bad[at] ^= static_cast<std::uint8_t>(1u << at % 8);
    ASSERT_TRUE(refused(bad)) << at;
    // Somebody who makes the checksum anew gains nothing.
    if (at + 32 < archive.size()) {
      reseal(bad);
      ASSERT_TRUE(refused(bad)) << "resealed " << at;
    }
    ASSERT_TRUE(refused(Bytes(archive.begin(), archive.begin() + static_cast<std::ptrdiff_t>(at))));
  }
  Bytes longer = archive;
  longer.push_back(0);
  EXPECT_TRUE(refused(longer));
  reseal(longer);
  EXPECT_TRUE(refused(longer));
  Bytes newer = archive;
  newer[14] = static_cast<std::uint8_t>(kArchiveVersion + 1);
  MemoryStore store;
  EXPECT_EQ(import_archive(newer, world.genesis, store).error().code, ErrorCode::kUnsupported);
  protocol::Genesis other = world.genesis;
  other.name = "another";
  EXPECT_EQ(import_archive(archive, other, store).error().code, ErrorCode::kConflict);
}

TEST(NodeStorage, AnImportThatBreaksOffIsNoLedger) {
  World world;
  run_blocks(world, 10);
  const Bytes archive = archive_of(world.store, true);
  bool done = false;
  for (unsigned writes = 0; !done; ++writes) {
    MemoryStore disk;
    DyingStore store(disk, writes);
    done = bool(import_archive(archive, world.genesis, store));
    EXPECT_EQ(bool(protocol::StateReader(disk).head()), done);
    ASSERT_LT(writes, 100u);
  }
}

// INV-NOD-007: dying before or after any write of a pruning node loses nothing.
TEST(NodeStorage, ANodeThatDiesWhilePruningGoesOn) {
  World reference;
  run_blocks(reference, 60);
  for (unsigned writes = 1; writes < 140; writes += 3) {
    MemoryStore disk;
    test::FakeClock clock;
    test::NoLog log;
    NodeOptions options;
    options.chain.keep_versions = 3;
    options.chain.keep_bodies = 5;
    options.chain.prune_erase_max = 8;
    DyingStore dying(disk, writes);
    for (KeyValueStore* store :
         {static_cast<KeyValueStore*>(&dying), static_cast<KeyValueStore*>(&disk)}) {
      auto node = LedgerNode::open(*store, reference.genesis, reference.key, clock, log, options);
      ASSERT_TRUE(node) << node.error().message;
      for (std::uint64_t n = (*node)->head().height.value + 1; n <= 60; ++n) {
        (*node)->submit(reference.transfer(2, static_cast<std::uint8_t>(3 + n % 4), n,
                                           n % 5 == 0 ? 1'000'000 : 1 + n % 3),
                        [](auto&) {});
        (*node)->submit(reference.transfer(3, 2, n, 1), [](auto&) {});
        clock.now += 200;
        if (!(*node)->tick()) break;
      }
    }
    const StoreReport report = verified(disk, reference.genesis, false);
    ASSERT_EQ(report.fault_count, 0u) << report.faults[0];
    EXPECT_EQ(report.head.height, Height{60});
    EXPECT_EQ(report.records, verified(reference.store, reference.genesis, false).records);
  }
}

TEST(NodeStorage, ALedgerOfAnOlderVersionIsRefused) {
  assay::test::TemporaryFolder folder;
  store::RocksOptions older = ledger_store_options();
  older.version = kLedgerVersion - 1;
  { ASSERT_TRUE(store::RocksStore::open(folder.path(), older)); }
  const auto refused = store::RocksStore::open(folder.path(), ledger_store_options());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(refused.error().message, HasSubstr("use the program that made it"));
}

TEST(NodeStorage, AFullDiskPausesTheNodeAndItGoesOnByItself) {
  World world;
  bool full = false;
  world.options.may_write = [&]() -> Status {
    if (full) return {ErrorCode::kNoSpace, "the disk is full"};
    return {};
  };
  world.start();
  run_blocks(world, 2);
  full = true;
  const std::uint64_t before = world.balance(2);
  std::optional<Error> error;
  world.node->submit(world.transfer(2, 3, 50, 1), [&](const auto& o) { error = o.error(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kUnavailable);
  EXPECT_THAT(error->message, HasSubstr("the disk is full"));
  EXPECT_TRUE(world.node->pause());
  EXPECT_FALSE(world.node->failure());
  EXPECT_EQ(world.balance(2), before);
  full = false;
  world.clock.now += kPauseMs;
  run_blocks(world, 2, 60);
  EXPECT_FALSE(world.node->pause());
  EXPECT_EQ(world.node->head().height, Height{4});
}

}  // namespace
}  // namespace assay::node
