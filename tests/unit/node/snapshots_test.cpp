// Snapshots of a replicated ledger: made beside the chain, offered to strangers, taken from liars.
// INV-NOD-021 to 025.
#include "assay/node/snapshots.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <mutex>

#include "assay/crypto/sha256.hpp"
#include "assay/host/files.hpp"
#include "assay/host/read_file.hpp"
#include "assay/node/archive.hpp"
#include "assay/node/home.hpp"
#include "assay/node/replicated_ledger.hpp"
#include "assay/node/storage.hpp"
#include "assay/node/verify_store.hpp"
#include "support/dying_store.hpp"
#include "support/temporary_folder.hpp"
#include "unit/node/node_world.hpp"

namespace assay::node {
namespace {

namespace fs = std::filesystem;
using namespace test;
using abci::ApplySnapshotChunkResult;
using abci::OfferSnapshotResult;
using assay::test::DyingStore;
using assay::test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint32_t kChunk = 700;

protocol::Genesis replicated_genesis() {
  protocol::Genesis genesis = genesis_record();
  genesis.operator_key = Hash256{};
  return genesis;
}

class ThreadedLog final : public Log {
 public:
  void write(LogLevel, std::string_view event, const Fields&) override {
    const std::lock_guard lock(m_mutex);
    m_events.emplace_back(event);
  }
  [[nodiscard]] std::size_t count(const std::string& event) const {
    const std::lock_guard lock(m_mutex);
    return static_cast<std::size_t>(std::count(m_events.begin(), m_events.end(), event));
  }

 private:
  mutable std::mutex m_mutex;
  std::vector<std::string> m_events;
};

abci::FinalizeBlockRequest block_of(std::uint64_t height) {
  abci::FinalizeBlockRequest request;
  request.height = static_cast<std::int64_t>(height);
  request.time = {1'000 + request.height, 500'000'000};
  for (const std::uint8_t from : {std::uint8_t{2}, std::uint8_t{3}}) {
    protocol::Envelope e;
    e.chain = chain_id_of(replicated_genesis());
    e.sender = account_of(from);
    e.nonce = height;
    store_le(e.client_id.data(), height);
    e.valid_until = Height{1'000};
    // Some are refused.
    e.payload = protocol::Transfer{account_of(static_cast<std::uint8_t>(2 + (from + height) % 9)),
                                   Amount{height % 5 == 0 ? 1'000'000 : height % 3}};
    request.txs.push_back(sign_transaction(e, key_of(from)));
  }
  return request;
}

// A node with a folder of snapshots, driven as CometBFT drives it.
struct Replica {
  TemporaryFolder folder;
  MemoryStore own;
  KeyValueStore* store = &own;
  ThreadedLog log;
  SnapshotOptions snapshot_options{.every = 5, .keep = 2, .chunk_bytes = kChunk, .may_write = {}};
  ReplicatedOptions options;
  std::unique_ptr<Snapshots> snapshots;
  std::unique_ptr<ReplicatedLedger> ledger;
  std::vector<CommittedBlock> told;

  Replica() {
    options.snapshot = [this] {
      auto copy = std::make_shared<MemoryStore>();
      copy->restore(own.map());
      return copy;
    };
    options.on_commit = [this](CommittedBlock block) { told.push_back(std::move(block)); };
    open();
  }
  void open() {
    ledger.reset();
    snapshots.reset();
    const auto head = protocol::StateReader(own).head();
    auto made =
        Snapshots::open(folder.path(), head ? head->height : Height{0}, snapshot_options, log);
    ASSERT_TRUE(made) << made.error().message;
    snapshots = std::move(*made);
    options.snapshots = snapshots.get();
    auto opened = ReplicatedLedger::open(*store, replicated_genesis(), options);
    ASSERT_TRUE(opened) << opened.error().message;
    ledger = std::move(*opened);
  }
  [[nodiscard]] std::uint64_t height() const { return ledger->chain().head().height.value; }
  Bytes block() {
    const auto response = ledger->finalize_block(block_of(height() + 1));
    EXPECT_TRUE(response) << response.error().message;
    EXPECT_TRUE(ledger->commit({}));
    snapshots->wait();
    return response ? response->app_hash : Bytes();
  }
  void run_to(std::uint64_t last) {
    while (height() < last) block();
  }
  [[nodiscard]] std::vector<abci::Snapshot> list() const {
    return ledger->list_snapshots({}).value().snapshots;
  }
  [[nodiscard]] Bytes load(const abci::Snapshot& snapshot, std::uint32_t chunk) const {
    return ledger->load_snapshot_chunk({snapshot.height, snapshot.format, chunk}).value().chunk;
  }
  [[nodiscard]] Bytes archive_of(const abci::Snapshot& snapshot) const {
    Bytes all;
    for (std::uint32_t chunk = 0; chunk < snapshot.chunks; ++chunk) {
      const Bytes part = load(snapshot, chunk);
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }
  [[nodiscard]] Bytes app_hash_at(std::uint64_t h) const {
    return app_hash_of(**ledger->chain().reader().header(Height{h}));
  }
  // The chunks of a snapshot, from a source that tells the truth.
  ApplySnapshotChunkResult take_all(const Replica& source, const abci::Snapshot& snapshot) {
    auto last = ApplySnapshotChunkResult::kUnknown;
    for (std::uint32_t chunk = 0; chunk < snapshot.chunks; ++chunk) {
      const auto response =
          ledger->apply_snapshot_chunk({chunk, source.load(snapshot, chunk), "honest"});
      if (!response) return ApplySnapshotChunkResult::kUnknown;
      last = response->result;
    }
    return last;
  }
  OfferSnapshotResult offer(const abci::Snapshot& snapshot, const Bytes& app_hash) const {
    const auto response = ledger->offer_snapshot({snapshot, app_hash});
    return response ? response->result : OfferSnapshotResult::kUnknown;
  }
  bool join(const Replica& source) {
    const abci::Snapshot snapshot = source.list().back();
    return offer(snapshot, source.app_hash_at(snapshot.height)) == OfferSnapshotResult::kAccept &&
           take_all(source, snapshot) == ApplySnapshotChunkResult::kAccept;
  }
  [[nodiscard]] std::vector<std::string> faults() const {
    return verify_store(own, replicated_genesis(), {}).value().faults;
  }
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder.path()))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
};

Bytes archive_at(const KeyValueStore& store) {
  Bytes bytes;
  EXPECT_TRUE(write_archive(store, {}, [&](ByteView part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
    return Status{};
  }));
  return bytes;
}

// The index that somebody would offer with this archive.
SnapshotIndex index_of(const protocol::BlockHeader& header, ByteView archive) {
  SnapshotIndex index{header, archive.size(), kChunk, {}};
  for (std::size_t at = 0; at < archive.size(); at += kChunk)
    index.chunks.push_back(
        crypto::sha256(archive.subspan(at, std::min<std::size_t>(kChunk, archive.size() - at))));
  return index;
}

// INV-NOD-021.
TEST(Snapshots, OfOneHistoryAreTheSameBytesOnAllNodes) {
  Replica one;
  Replica other;
  other.options.chain.keep_versions = 3;
  other.options.chain.keep_bodies = 2;
  other.open();
  one.run_to(40);
  other.run_to(40);
  ASSERT_EQ(one.list().size(), 2u);
  EXPECT_EQ(one.list()[0].height, 35u);
  EXPECT_EQ(one.list(), other.list());
  for (const abci::Snapshot& snapshot : one.list()) {
    EXPECT_GT(snapshot.chunks, 10u);
    EXPECT_EQ(one.archive_of(snapshot), other.archive_of(snapshot));
  }
  EXPECT_EQ(one.archive_of(one.list()[1]), archive_at(one.own));
  // Also on one that joined between, and after a restart.
  Replica joined;
  ASSERT_TRUE(joined.join(one));
  one.run_to(45);
  joined.run_to(44);
  joined.open();
  joined.block();
  EXPECT_EQ(joined.list().back(), one.list().back());
  EXPECT_EQ(joined.archive_of(joined.list().back()), one.archive_of(one.list().back()));
}

TEST(Snapshots, HoldTheStateOfTheirHeightWhateverIsWrittenMeanwhile) {
  // The worker begins when the chain is blocks ahead.
  Replica slow;
  std::atomic<bool> go = false;
  slow.snapshot_options.may_write = [&]() -> Status {
    while (!go) std::this_thread::yield();
    return {};
  };
  slow.open();
  Replica plain;
  plain.run_to(5);
  for (std::uint64_t h = 1; h <= 12; ++h) {
    ASSERT_TRUE(slow.ledger->finalize_block(block_of(h)));
    ASSERT_TRUE(slow.ledger->commit({}));
  }
  EXPECT_TRUE(slow.list().empty());
  go = true;
  slow.snapshots->wait();
  // That of height 10 was left out: the one of 5 was still being made.
  EXPECT_EQ(slow.list(), plain.list());
}

// INV-NOD-022.
TEST(Snapshots, ANodeJoinsByOneAndGoesOn) {
  Replica source;
  source.run_to(22);
  Replica joined;
  ASSERT_TRUE(joined.join(source));
  EXPECT_EQ(joined.ledger->info({}).value().last_block_height, 20);
  EXPECT_EQ(joined.ledger->info({}).value().last_block_app_hash, source.app_hash_at(20));
  EXPECT_EQ(joined.faults(), std::vector<std::string>{});
  ASSERT_EQ(joined.told.size(), 1u);
  EXPECT_EQ(joined.told[0].header.height, Height{20});
  EXPECT_EQ(protocol::StateReader(*joined.told[0].state).head()->height, Height{20});
  // It has a snapshot of its own of what it took.
  joined.snapshots->wait();
  EXPECT_THAT(joined.list(), ElementsAre(source.list().back()));
  EXPECT_THAT(joined.files(), ElementsAre("20.assay", "20.index"));
  joined.run_to(30);
  source.run_to(30);
  EXPECT_EQ(joined.app_hash_at(30), source.app_hash_at(30));
  EXPECT_EQ(joined.faults(), std::vector<std::string>{});
  joined.open();
  EXPECT_EQ(joined.height(), 30u);
}

TEST(Snapshots, CallsBesideARestorationSeeTheOldLedgerOrTheNewOne) {
  Replica source;
  source.run_to(20);
  for (unsigned round = 0; round < 10; ++round) {
    Replica joined;
    std::atomic<bool> done = false;
    std::atomic<unsigned> calls = 0;
    std::thread caller([&] {
      for (; !done; ++calls) {
        abci::QueryRequest query;
        query.path = "/header";
        const auto answer = joined.ledger->query(query).value();
        EXPECT_TRUE(answer.code == 1 || answer.height == 0 || answer.height == 20);
        if (calls % 64 != 0) continue;
        const auto checked = joined.ledger->check_tx({block_of(21).txs[0], {}}).value();
        EXPECT_TRUE(checked.code == 0 || checked.code == kNoRoomCode) << checked.code;
      }
    });
    while (calls == 0) std::this_thread::yield();
    EXPECT_TRUE(joined.join(source));
    done = true;
    caller.join();
    EXPECT_EQ(joined.height(), 20u);
  }
}

TEST(Snapshots, OnlyALedgerWithoutBlocksOfItsOwnTakesOne) {
  Replica source;
  source.run_to(10);
  Replica other;
  other.block();
  const abci::Snapshot snapshot = source.list().back();
  const auto refused = other.ledger->offer_snapshot({snapshot, source.app_hash_at(10)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("[statesync]"));
  // CometBFT died before it knew that the snapshot was restored: it begins again.
  Replica joined;
  ASSERT_TRUE(joined.join(source));
  source.run_to(15);
  joined.open();
  ASSERT_TRUE(joined.join(source));
  EXPECT_EQ(joined.height(), 15u);
  joined.block();
  EXPECT_EQ(joined.offer(snapshot, source.app_hash_at(10)), OfferSnapshotResult::kUnknown);
  EXPECT_EQ(joined.height(), 16u);
}

// INV-NOD-023.
TEST(Snapshots, NoLieInAnOfferIsAccepted) {
  Replica source;
  source.run_to(10);
  const abci::Snapshot snapshot = source.list().back();
  const Bytes app_hash = source.app_hash_at(10);
  Replica joined;
  const auto before = joined.own.map();
  const auto expect = [&](abci::Snapshot bad, const Bytes& hash, OfferSnapshotResult result) {
    EXPECT_EQ(joined.offer(bad, hash), result);
    // Also where the liar makes the hash of its lie anew.
    bad.hash =
        to_bytes(crypto::sha256({as_bytes("assay/snapshot/1"), ByteView(bad.metadata)}).view());
    EXPECT_NE(joined.offer(bad, hash), OfferSnapshotResult::kAccept);
  };
  for (std::size_t at = 0; at < snapshot.metadata.size(); ++at) {
    abci::Snapshot bad = snapshot;
    bad.metadata[at] ^= static_cast<std::uint8_t>(1u << at % 8);
    EXPECT_EQ(joined.offer(bad, app_hash), OfferSnapshotResult::kRejectSender) << at;
    bad = snapshot;
    bad.metadata.resize(at);
    expect(bad, app_hash, OfferSnapshotResult::kRejectSender);
  }
  abci::Snapshot bad = snapshot;
  bad.metadata.push_back(0);
  expect(bad, app_hash, OfferSnapshotResult::kRejectSender);
  bad = snapshot;
  bad.hash[3] ^= 1;
  EXPECT_EQ(joined.offer(bad, app_hash), OfferSnapshotResult::kRejectSender);
  bad = snapshot;
  ++bad.height;
  expect(bad, app_hash, OfferSnapshotResult::kRejectSender);
  bad = snapshot;
  ++bad.chunks;
  expect(bad, app_hash, OfferSnapshotResult::kRejectSender);
  bad = snapshot;
  ++bad.format;
  expect(bad, app_hash, OfferSnapshotResult::kRejectFormat);
  // Another block's header; another chain's.
  expect(snapshot, source.app_hash_at(9), OfferSnapshotResult::kRejectSender);
  SnapshotIndex index = *decode_snapshot_index(snapshot.metadata);
  index.header.chain.value.bytes[0] ^= 1;
  expect(describe(index), app_hash_of(index.header), OfferSnapshotResult::kRejectSender);
  // Sizes that contradict each other, or are over the limits.
  for (const auto& [bytes, chunk_bytes, chunks] :
       std::vector<std::tuple<std::uint64_t, std::uint32_t, std::size_t>>{
           {701, kChunk, 1},
           {700, kChunk, 2},
           {0, kChunk, 0},
           {0, kChunk, 1},
           {1, 0, 1},
           {1, kSnapshotChunkBytes + 1, 1},
           {kSnapshotChunksMax + 1, 1, kSnapshotChunksMax + 1}}) {
    SnapshotIndex odd{index.header, bytes, chunk_bytes, std::vector<Hash256>(chunks)};
    EXPECT_FALSE(decode_snapshot_index(encode(odd))) << bytes;
  }
  EXPECT_TRUE(joined.own.map() == before);
  EXPECT_TRUE(joined.files().empty());
  EXPECT_EQ(joined.ledger->apply_snapshot_chunk({0, source.load(snapshot, 0), "x"})->result,
            ApplySnapshotChunkResult::kAbort);
  EXPECT_TRUE(joined.join(source));
}

// INV-NOD-023.
TEST(Snapshots, NoLieInAChunkIsTaken) {
  Replica source;
  source.run_to(10);
  const abci::Snapshot snapshot = source.list().back();
  Replica joined;
  ASSERT_EQ(joined.offer(snapshot, source.app_hash_at(10)), OfferSnapshotResult::kAccept);
  const auto before = joined.own.map();
  for (std::uint32_t chunk = 0; chunk < snapshot.chunks; ++chunk) {
    const Bytes good = source.load(snapshot, chunk);
    std::vector<Bytes> lies{{}, Bytes(good.size()), source.load(snapshot, chunk == 0 ? 1 : 0)};
    for (std::size_t at = 0; at < good.size(); at += 13) {
      lies.push_back(good);
      lies.back()[at] ^= 1;
    }
    lies.push_back(Bytes(good.begin(), good.end() - 1));
    lies.push_back(good);
    lies.back().push_back(0);
    for (const Bytes& lie : lies) {
      const auto response = joined.ledger->apply_snapshot_chunk({chunk, lie, "liar"}).value();
      EXPECT_EQ(response.result, ApplySnapshotChunkResult::kRetry);
      EXPECT_THAT(response.refetch_chunks, ElementsAre(chunk));
      EXPECT_THAT(response.reject_senders, ElementsAre("liar"));
    }
    EXPECT_TRUE(joined.own.map() == before);
    EXPECT_EQ(joined.ledger->apply_snapshot_chunk({chunk, good, "honest"})->result,
              ApplySnapshotChunkResult::kAccept);
  }
  EXPECT_EQ(joined.ledger->info({}).value().last_block_app_hash, source.app_hash_at(10));
  EXPECT_EQ(joined.faults(), std::vector<std::string>{});
}

TEST(Snapshots, ChunksComeInTheirOrderAndAgain) {
  Replica source;
  source.run_to(10);
  const abci::Snapshot snapshot = source.list().back();
  Replica joined;
  const auto take = [&](std::uint32_t chunk, const Bytes& bytes) {
    return joined.ledger->apply_snapshot_chunk({chunk, bytes, "peer"})->result;
  };
  EXPECT_EQ(take(0, source.load(snapshot, 0)), ApplySnapshotChunkResult::kAbort);
  ASSERT_EQ(joined.offer(snapshot, source.app_hash_at(10)), OfferSnapshotResult::kAccept);
  EXPECT_EQ(take(1, source.load(snapshot, 1)), ApplySnapshotChunkResult::kRetrySnapshot);
  EXPECT_EQ(take(snapshot.chunks, {}), ApplySnapshotChunkResult::kRetrySnapshot);
  EXPECT_EQ(take(0, source.load(snapshot, 0)), ApplySnapshotChunkResult::kAccept);
  EXPECT_EQ(take(0, source.load(snapshot, 0)), ApplySnapshotChunkResult::kAccept);
  EXPECT_EQ(take(0, source.load(snapshot, 1)), ApplySnapshotChunkResult::kRetry);
  EXPECT_EQ(take(1, source.load(snapshot, 1)), ApplySnapshotChunkResult::kAccept);
  // An offer begins anew, after a refused one as well as in the middle.
  EXPECT_EQ(joined.offer(snapshot, source.app_hash_at(9)), OfferSnapshotResult::kRejectSender);
  EXPECT_EQ(take(2, source.load(snapshot, 2)), ApplySnapshotChunkResult::kAccept);
  EXPECT_TRUE(joined.join(source));
  EXPECT_EQ(joined.height(), 10u);
}

// INV-NOD-023: somebody whose chunks are those of its own index, but whose ledger is no true one.
TEST(Snapshots, ALedgerThatHasNotTheAppHashIsThrownAway) {
  Replica source;
  source.run_to(10);
  const abci::Snapshot truth = source.list().back();
  const Bytes archive = source.archive_of(truth);
  const protocol::BlockHeader head = source.ledger->chain().head();
  Replica joined;
  const auto genesis = joined.own.map();
  const auto is_refused = [&](Bytes lie) {
    const SnapshotIndex index = index_of(head, lie);
    EXPECT_EQ(joined.offer(describe(index), source.app_hash_at(10)), OfferSnapshotResult::kAccept);
    abci::ApplySnapshotChunkResponse response;
    for (std::uint32_t chunk = 0; chunk < index.chunks.size(); ++chunk) {
      const auto from = lie.begin() + std::ptrdiff_t{kChunk} * chunk;
      response =
          joined.ledger
              ->apply_snapshot_chunk(
                  {chunk, Bytes(from, from + static_cast<std::ptrdiff_t>(index.size_of(chunk))),
                   "liar-" + std::to_string(chunk % 2)})
              .value();
    }
    EXPECT_THAT(response.reject_senders, ElementsAre("liar-0", "liar-1"));
    EXPECT_TRUE(joined.own.map() == genesis);
    EXPECT_THAT(joined.files(), ::testing::IsEmpty());
    EXPECT_EQ(joined.height(), 0u);
    return response.result == ApplySnapshotChunkResult::kRejectSnapshot;
  };
  const auto resealed = [](Bytes lie) {
    const Hash256 sum = crypto::sha256(ByteView(lie).first(lie.size() - 32));
    std::copy(sum.bytes.begin(), sum.bytes.end(), lie.end() - 32);
    return lie;
  };
  for (std::size_t at = 0; at < archive.size(); at += 41) {
    Bytes lie = archive;
    lie[at] ^= static_cast<std::uint8_t>(1u << at % 8);
    ASSERT_TRUE(is_refused(lie)) << at;
    if (at + 32 >= archive.size()) continue;
    ASSERT_TRUE(is_refused(resealed(lie))) << at;
  }
  // A true ledger, but of another height, or of another history.
  ASSERT_TRUE(is_refused(source.archive_of(source.list()[0])));
  Replica other;
  abci::FinalizeBlockRequest empty = block_of(1);
  empty.txs.clear();
  ASSERT_TRUE(other.ledger->finalize_block(empty));
  ASSERT_TRUE(other.ledger->commit({}));
  other.run_to(10);
  ASSERT_TRUE(is_refused(other.archive_of(other.list().back())));
  ASSERT_TRUE(joined.join(source));
  EXPECT_EQ(joined.faults(), std::vector<std::string>{});
}

// An archive's pieces, to be put together otherwise.
class Pieces {
 public:
  explicit Pieces(ByteView archive) : m_head(to_bytes(archive.first(18))) {
    codec::Reader r(archive.subspan(18, archive.size() - 18 - 32));
    while (r.ok() && r.remaining() > 0) {
      const std::uint8_t kind = r.u8();
      all.emplace_back(kind, to_bytes(r.bytes(r.remaining())));
    }
    EXPECT_TRUE(r.finish());
  }
  [[nodiscard]] Bytes archive() const {
    Bytes bytes = codec::encode([&](codec::Writer& w) {
      w.raw(m_head);
      for (const auto& [kind, payload] : all) {
        w.u8(kind);
        w.bytes(payload);
      }
    });
    const Hash256 sum = crypto::sha256(bytes);
    return codec::encode([&](codec::Writer& w) {
      w.raw(bytes);
      w.hash(sum);
    });
  }
  std::vector<std::pair<std::uint8_t, Bytes>> all;

 private:
  Bytes m_head;
};

abci::ApplySnapshotChunkResponse take_archive(ReplicatedLedger& ledger,
                                              const protocol::BlockHeader& head, ByteView archive) {
  const SnapshotIndex index = index_of(head, archive);
  EXPECT_EQ(ledger.offer_snapshot({describe(index), app_hash_of(head)})->result,
            OfferSnapshotResult::kAccept);
  abci::ApplySnapshotChunkResponse response;
  for (std::uint32_t chunk = 0; chunk < index.chunks.size(); ++chunk) {
    const auto answer = ledger.apply_snapshot_chunk(
        {chunk, to_bytes(archive.subspan(std::size_t{kChunk} * chunk, index.size_of(chunk))), "x"});
    EXPECT_TRUE(answer) << answer.error().message;
    if (answer) response = *answer;
  }
  return response;
}

// INV-NOD-021: the true content in other pieces is taken, and handed on as everybody has it.
TEST(Snapshots, OtherPiecesOfTheSameContentAreNotHandedOn) {
  Replica source;
  source.run_to(10);
  Pieces pieces(source.archive_of(source.list().back()));
  EXPECT_EQ(Pieces(pieces.archive()).archive(), source.archive_of(source.list().back()));
  const auto records = std::find_if(pieces.all.begin(), pieces.all.end(),
                                    [](const auto& piece) { return piece.first == 3; });
  ASSERT_NE(records, pieces.all.end());
  codec::Reader r(records->second);
  const std::size_t first = 8 + r.bytes(r.remaining()).size() + r.bytes(r.remaining()).size();
  const auto cut = records->second.begin() + static_cast<std::ptrdiff_t>(first);
  const Bytes rest(cut, records->second.end());
  records->second.resize(first);
  pieces.all.insert(records + 1, {3, rest});
  Replica joined;
  EXPECT_EQ(take_archive(*joined.ledger, source.ledger->chain().head(), pieces.archive()).result,
            ApplySnapshotChunkResult::kAccept);
  joined.snapshots->wait();
  EXPECT_EQ(joined.list().back(), source.list().back());
}

// INV-NOD-023: what the store would not take is the liar's fault and not the disk's.
TEST(Snapshots, KeysThatNoStoreTakesAreRefused) {
  Replica source;
  source.run_to(10);
  const Bytes truth = source.archive_of(source.list().back());
  Pieces pieces(truth);
  auto& records = pieces.all[pieces.all.size() - 2].second;
  const Bytes added = codec::encode([&](codec::Writer& w) {
    w.raw(records);
    w.bytes(Bytes(5'000, 0xff));
    w.bytes(Bytes(1));
  });
  records = added;
  Bytes& end = pieces.all.back().second;
  store_le(end.data() + 8, load_le<std::uint64_t>(end.data() + 8) + 1);
  TemporaryFolder folder;
  const auto store = store::RocksStore::open(folder.path(), ledger_store_options()).value();
  Replica joined;  // its folder of snapshots
  ReplicatedOptions options = joined.options;
  options.snapshot = [&] { return store->snapshot(); };
  const auto ledger = ReplicatedLedger::open(*store, replicated_genesis(), options).value();
  const auto& head = source.ledger->chain().head();
  EXPECT_EQ(take_archive(*ledger, head, pieces.archive()).result,
            ApplySnapshotChunkResult::kRejectSnapshot);
  EXPECT_EQ(ledger->info({})->last_block_height, 0);
  EXPECT_EQ(take_archive(*ledger, head, truth).result, ApplySnapshotChunkResult::kAccept);
  EXPECT_EQ(ledger->info({})->last_block_height, 10);
  joined.snapshots->wait();
}

// INV-NOD-024: cut before each of its writes, a restoration leaves a ledger without blocks that
// takes the snapshot again, or the whole one.
TEST(Snapshots, ARestorationThatIsCutBeginsAgain) {
  Replica source;
  source.run_to(10);
  for (const bool again : {false, true}) {  // on a snapshot that was restored before
    bool done = false;
    unsigned writes = 0;
    for (; !done; ++writes) {
      Replica joined;
      ASSERT_TRUE(!again || joined.join(source));
      DyingStore dying(joined.own, writes);
      joined.store = &dying;
      joined.open();
      done = joined.join(source);
      if (!done) {
        // After such an error nothing is executed.
        EXPECT_FALSE(joined.ledger->finalize_block(block_of(1)));
      }
      joined.store = &joined.own;
      joined.open();
      EXPECT_EQ(joined.height(), done || (again && writes == 0) ? 10u : 0u) << writes;
      EXPECT_EQ(joined.own.map().count(Bytes{'e', 'u'}), 0u);
      EXPECT_EQ(joined.faults(), std::vector<std::string>{}) << writes;
      EXPECT_TRUE(joined.join(source));
      Replica twin;
      twin.own.restore(source.own.map());
      twin.open();
      EXPECT_EQ(joined.block(), twin.block());
      EXPECT_EQ(joined.faults(), std::vector<std::string>{});
      ASSERT_LT(writes, 100u);
    }
    EXPECT_GT(writes, 4u);
  }
}

TEST(Snapshots, LeftoversGoAtTheStartAndTheNewestStay) {
  Replica node;
  node.run_to(27);
  EXPECT_THAT(node.files(), ElementsAre("20.assay", "20.index", "25.assay", "25.index"));
  const auto write = [&](const char* name, const Bytes& bytes) {
    ASSERT_TRUE(host::write_file(node.folder.path() / name, bytes));
  };
  const Bytes index = *host::read_file(node.folder.path() / "25.index", 100'000);
  const Bytes archive = *host::read_file(node.folder.path() / "25.assay", 1'000'000);
  write("15.index", index);          // without its archive
  write("10.assay", archive);        // and the reverse
  write(".tmp-30.assay", archive);   // a worker that died
  write("incoming.assay", archive);  // a restoration that was cut
  write("24.index", index);          // of another height than it says
  write("24.assay", archive);
  write("0.index", index);
  write("note.txt", {});  // somebody's
  node.open();
  EXPECT_THAT(node.files(),
              ElementsAre("20.assay", "20.index", "25.assay", "25.index", "note.txt"));
  node.snapshot_options.keep = 1;
  node.open();
  EXPECT_EQ(node.list().size(), 1u);
  EXPECT_THAT(node.files(), ElementsAre("25.assay", "25.index", "note.txt"));
  // A ledger that is behind its snapshots offers none of those that are ahead of it.
  Replica behind;
  write("25.index", index);
  fs::copy(node.folder.path() / "25.index", behind.folder.path() / "25.index");
  fs::copy(node.folder.path() / "25.assay", behind.folder.path() / "25.assay");
  behind.open();
  EXPECT_TRUE(behind.list().empty());
  EXPECT_TRUE(behind.files().empty());
}

TEST(Snapshots, ADamagedOneIsServedToNobody) {
  Replica node;
  node.run_to(10);
  const abci::Snapshot snapshot = node.list().back();
  EXPECT_TRUE(node.load(snapshot, snapshot.chunks).empty());
  EXPECT_TRUE(node.ledger->load_snapshot_chunk({snapshot.height, 9, 0}).value().chunk.empty());
  EXPECT_TRUE(node.ledger->load_snapshot_chunk({7, snapshot.format, 0}).value().chunk.empty());
  const fs::path file = node.folder.path() / "10.assay";
  Bytes archive = *host::read_file(file, 1'000'000);
  archive[kChunk + 1] ^= 1;
  ASSERT_TRUE(host::write_file(file, archive));
  EXPECT_FALSE(node.load(snapshot, 0).empty());
  EXPECT_TRUE(node.load(snapshot, 1).empty());
  EXPECT_EQ(node.log.count("snapshot.damaged"), 1u);
  EXPECT_EQ(node.list().back().height, 5u);
  EXPECT_THAT(node.files(), ElementsAre("5.assay", "5.index"));
}

TEST(Snapshots, AFullDiskLeavesThemOutAndTheChainGoesOn) {
  Replica node;
  std::atomic<unsigned> left = 3;
  node.snapshot_options.may_write = [&]() -> Status {
    if (left > 0) {
      --left;
      return {};
    }
    return {ErrorCode::kNoSpace, "the disk is full"};
  };
  node.open();
  node.run_to(12);
  EXPECT_TRUE(node.list().empty());
  EXPECT_TRUE(node.files().empty());
  EXPECT_EQ(node.log.count("snapshot.failed"), 2u);
  left = 1'000;
  node.run_to(15);
  EXPECT_EQ(node.list().size(), 1u);
  // Nor is one taken.
  Replica joined;
  bool full = true;
  joined.options.may_write = [&]() -> Status {
    if (full) return {ErrorCode::kNoSpace, "the disk is full"};
    return {};
  };
  joined.open();
  EXPECT_FALSE(joined.join(node));
  full = false;
  EXPECT_TRUE(joined.join(node));
}

// A home with a ledger of that many blocks and its snapshots.
class RollbackHome {
 public:
  explicit RollbackHome(std::uint64_t blocks) {
    fs::create_directories(path() / "config");
    EXPECT_TRUE(host::write_file(genesis_path(path()), encode(replicated_genesis())));
    EXPECT_EQ(run_to(blocks).size(), blocks);
  }
  [[nodiscard]] const fs::path& path() const { return m_folder.path(); }
  // As a node does it; the app hashes of what was executed.
  std::vector<Bytes> run_to(std::uint64_t last) {
    std::vector<Bytes> hashes;
    EXPECT_TRUE(remove_unfinished(path()));
    auto store = store::RocksStore::open(ledger_path(path()), ledger_store_options());
    EXPECT_TRUE(store) << store.error().message;
    if (!store) return hashes;
    const auto head = protocol::StateReader(**store).head();
    auto snapshots = Snapshots::open(snapshots_path(path()), head ? head->height : Height{0},
                                     {.every = 5, .keep = 2}, m_log);
    ReplicatedOptions options;
    options.snapshots = snapshots->get();
    options.snapshot = [&] { return (*store)->snapshot(); };
    const auto ledger = ReplicatedLedger::open(**store, replicated_genesis(), options);
    EXPECT_TRUE(ledger) << ledger.error().message;
    while (ledger && (*ledger)->chain().head().height.value < last) {
      const auto done =
          (*ledger)->finalize_block(block_of((*ledger)->chain().head().height.value + 1));
      EXPECT_TRUE(done && (*ledger)->commit({}));
      hashes.push_back(done->app_hash);
      (*snapshots)->wait();
    }
    snapshots->reset();
    m_twin.run_to(last);
    EXPECT_EQ(app_hash_of((*ledger)->chain().head()), m_twin.app_hash_at(last));
    return hashes;
  }
  [[nodiscard]] StoreReport report() const {
    auto report = verify_home(path(), {.replay = true});
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : StoreReport{};
  }

 private:
  TemporaryFolder m_folder;
  ThreadedLog m_log;
  Replica m_twin;  // the same history in memory
};

// INV-NOD-025.
TEST(Rollback, PutsTheNewestSnapshotInTheLedgersPlace) {
  RollbackHome home(23);
  const auto rolled = rollback_home(home.path(), Height{22}, store::RocksStore::open);
  ASSERT_TRUE(rolled) << rolled.error().message;
  EXPECT_EQ(rolled->height, Height{20});
  EXPECT_FALSE(fs::exists(home.path() / "ledger.import"));
  const StoreReport report = home.report();
  EXPECT_EQ(report.faults, std::vector<std::string>{});
  EXPECT_EQ(report.head, *rolled);
  EXPECT_EQ(report.bodies_from, Height{0});  // they were not lost
  EXPECT_TRUE(report.replayed);
  EXPECT_EQ(home.run_to(23).size(), 3u);
  EXPECT_EQ(home.report().faults, std::vector<std::string>{});
  // Further down, to the exact height.
  EXPECT_EQ(rollback_home(home.path(), Height{15}, store::RocksStore::open)->height, Height{15});
  EXPECT_EQ(home.run_to(26).size(), 11u);
}

TEST(Rollback, RefusesAndChangesNothing) {
  RollbackHome home(12);
  const auto code = [&](std::uint64_t to) {
    const auto rolled = rollback_home(home.path(), Height{to}, store::RocksStore::open);
    EXPECT_FALSE(rolled);
    EXPECT_EQ(home.report().head.height, Height{12});
    EXPECT_FALSE(fs::exists(home.path() / "ledger.import"));
    return rolled ? ErrorCode{} : rolled.error().code;
  };
  EXPECT_EQ(code(12), ErrorCode::kConflict);
  EXPECT_EQ(code(50), ErrorCode::kConflict);
  EXPECT_EQ(code(4), ErrorCode::kNotFound);
  // A snapshot that is damaged, or of another ledger.
  const fs::path file = snapshots_path(home.path()) / "10.assay";
  const Bytes archive = *host::read_file(file, 1'000'000);
  Bytes damaged = archive;
  damaged[archive.size() / 2] ^= 1;
  ASSERT_TRUE(host::write_file(file, damaged));
  EXPECT_EQ(code(11), ErrorCode::kMalformed);
  ASSERT_TRUE(host::write_file(file, Bytes(archive.begin(), archive.end() - 1)));
  EXPECT_EQ(rollback_home(home.path(), Height{11}, store::RocksStore::open)->height, Height{5});
  EXPECT_EQ(home.run_to(12).size(), 7u);
  SnapshotIndex other = index_of({}, archive);
  other.header.chain = chain_id_of(replicated_genesis());
  other.header.height = Height{10};
  ASSERT_TRUE(host::write_file(file, archive));
  ASSERT_TRUE(host::write_file(snapshots_path(home.path()) / "10.index", encode(other)));
  EXPECT_EQ(code(11), ErrorCode::kConflict);
  {
    const auto lock = host::FolderLock::acquire(home.path());
    EXPECT_EQ(rollback_home(home.path(), Height{7}, store::RocksStore::open).error().code,
              ErrorCode::kConflict);
  }
  ASSERT_TRUE(host::write_file(genesis_path(home.path()), encode(genesis_record())));
  EXPECT_EQ(rollback_home(home.path(), Height{7}, store::RocksStore::open).error().code,
            ErrorCode::kInvalidArgument);
}

// INV-NOD-025: what a cut leaves beside the ledger is nothing or the other one, and goes.
TEST(Rollback, WhatWasCutIsDoneAgain) {
  RollbackHome home(12);
  fs::create_directories(home.path() / "ledger.import");
  ASSERT_TRUE(host::write_file(home.path() / "ledger.import" / "half", {}));
  EXPECT_EQ(rollback_home(home.path(), Height{11}, store::RocksStore::open)->height, Height{10});
  fs::create_directories(home.path() / "ledger.import");
  EXPECT_EQ(home.run_to(12).size(), 2u);
  EXPECT_FALSE(fs::exists(home.path() / "ledger.import"));
  // A disk without room leaves the old one.
  const auto full = [](const fs::path&, const store::RocksOptions&) {
    return Result<std::unique_ptr<store::RocksStore>>(ErrorCode::kNoSpace, "full");
  };
  EXPECT_EQ(rollback_home(home.path(), Height{11}, full).error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(home.report().head.height, Height{12});
}

TEST(Snapshots, OptionsOutOfRangeAreRefused) {
  TemporaryFolder folder;
  ThreadedLog log;
  for (const SnapshotOptions& options :
       {SnapshotOptions{.keep = 0}, SnapshotOptions{.keep = kSnapshotsKeptMax + 1},
        SnapshotOptions{.chunk_bytes = 0},
        SnapshotOptions{.chunk_bytes = kSnapshotChunkBytes + 1}}) {
    const auto refused = Snapshots::open(folder.path(), Height{0}, options, log);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  }
  Replica without;
  without.snapshot_options.every = 0;
  without.open();
  without.run_to(11);
  EXPECT_TRUE(without.list().empty());
}

}  // namespace
}  // namespace assay::node
