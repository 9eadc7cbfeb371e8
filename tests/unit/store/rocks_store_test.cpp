#include "assay/store/rocks_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "assay/core/memory_store.hpp"
#include "support/temporary_folder.hpp"

namespace assay::store {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using testing::HasSubstr;

Bytes bytes_of(std::string_view text) { return to_bytes(as_bytes(text)); }

std::vector<std::string> keys(const KeyValueStore& store, std::string_view prefix,
                              std::size_t at_most = 1000) {
  std::vector<std::string> found;
  EXPECT_TRUE(store.scan(as_bytes(prefix), [&](ByteView key, ByteView) {
    found.emplace_back(key.begin(), key.end());
    return found.size() < at_most;
  }));
  return found;
}

// What any KeyValueStore must do.
void behaves_as_a_store(KeyValueStore& store) {
  EXPECT_FALSE(store.get(as_bytes("a"))->has_value());
  WriteBatch batch;
  for (const char* key : {"b/2", "a", "b/1", "b", "c", "b/10"})
    batch.put(bytes_of(key), bytes_of("v"));
  batch.put(Bytes{0xff, 0xff}, Bytes{});
  batch.put(Bytes{0xff}, Bytes{1});
  batch.put(Bytes{}, Bytes{2});
  batch.put(bytes_of("gone"), Bytes{});
  batch.erase(bytes_of("gone"));
  batch.put(bytes_of("twice"), Bytes{1});
  batch.put(bytes_of("twice"), Bytes{2});
  ASSERT_TRUE(store.write(batch));
  EXPECT_EQ(store.get(as_bytes("a"))->value(), bytes_of("v"));
  EXPECT_EQ(store.get(Bytes{0xff, 0xff})->value(), Bytes{});
  EXPECT_EQ(store.get(as_bytes("twice"))->value(), Bytes{2});
  EXPECT_EQ(store.get({})->value(), Bytes{2});
  EXPECT_FALSE(store.get(as_bytes("gone"))->has_value());
  EXPECT_THAT(keys(store, "b"), testing::ElementsAre("b", "b/1", "b/10", "b/2"));
  EXPECT_THAT(keys(store, "b/"), testing::ElementsAre("b/1", "b/10", "b/2"));
  EXPECT_THAT(keys(store, "b", 2), testing::ElementsAre("b", "b/1"));
  EXPECT_THAT(keys(store, "\xff"), testing::ElementsAre("\xff", "\xff\xff"));
  EXPECT_THAT(keys(store, "d"), testing::IsEmpty());
  EXPECT_EQ(keys(store, "").size(), 10u);
  WriteBatch erase;
  erase.erase(bytes_of("b"));
  erase.erase(bytes_of("never"));
  ASSERT_TRUE(store.write(erase));
  EXPECT_THAT(keys(store, "b"), testing::ElementsAre("b/1", "b/10", "b/2"));
  EXPECT_TRUE(store.write({}));
}

TEST(MemoryStore, BehavesAsAStore) {
  MemoryStore store;
  behaves_as_a_store(store);
  const auto before = store.map();
  WriteBatch batch;
  batch.put(Bytes{9}, Bytes{9});
  store.fail_writes(true);
  EXPECT_EQ(store.write(batch).error().code, ErrorCode::kIo);
  EXPECT_EQ(store.map(), before);
}

TEST(RocksStore, BehavesAsAStoreAndKeepsItWhenOpenedAgain) {
  TemporaryFolder folder;
  {
    auto store = *RocksStore::open(folder.path() / "db");
    behaves_as_a_store(*store);
  }
  for (int round = 0; round < 2; ++round) {
    auto store = *RocksStore::open(folder.path() / "db");
    EXPECT_THAT(keys(*store, "b"), testing::ElementsAre("b/1", "b/10", "b/2"));
    EXPECT_EQ(keys(*store, "").size(), 9u) << "the format record is not among the keys";
    EXPECT_TRUE(store->flush());
    EXPECT_TRUE(store->verify());
  }
}

// Families of keys, nested and shared.
RocksOptions with_families() {
  RocksOptions options;
  options.families = {{"letters", bytes_of("b")},
                      {"deep", bytes_of("b/1")},
                      {"letters", bytes_of("c")},
                      {"bytes", Bytes{0xff, 0xff}}};
  return options;
}

TEST(RocksStore, FamiliesOfKeysAreSeenAsOneStore) {
  TemporaryFolder folder;
  {
    auto store = *RocksStore::open(folder.path(), with_families());
    behaves_as_a_store(*store);
    EXPECT_TRUE(store->flush());
    EXPECT_EQ(store->family_bytes().size(), 2u + 3u);
  }
  auto store = *RocksStore::open(folder.path(), with_families());
  EXPECT_THAT(keys(*store, "b"), testing::ElementsAre("b/1", "b/10", "b/2"));
  EXPECT_EQ(keys(*store, "").size(), 9u);
  EXPECT_TRUE(store->verify());
}

TEST(RocksStore, ASnapshotStaysAsTheStoreWas) {
  TemporaryFolder folder;
  auto store = *RocksStore::open(folder.path(), with_families());
  behaves_as_a_store(*store);
  auto snapshot = store->snapshot();
  const auto before = keys(*snapshot, "");
  EXPECT_EQ(before, keys(*store, ""));
  WriteBatch batch;
  batch.put(bytes_of("b/new"), Bytes{1});
  batch.put(bytes_of("new"), Bytes{1});
  batch.erase(bytes_of("b/1"));
  ASSERT_TRUE(store->write(batch));
  EXPECT_EQ(keys(*snapshot, ""), before);
  EXPECT_FALSE(snapshot->get(bytes_of("b/new"))->has_value());
  EXPECT_TRUE(snapshot->get(bytes_of("b/1"))->has_value());
  EXPECT_FALSE(store->get(bytes_of("b/1"))->has_value());
  EXPECT_NE(keys(*store->snapshot(), ""), before);
}

TEST(RocksStore, AnotherVersionIsRefused) {
  TemporaryFolder folder;
  RocksOptions options = with_families();
  options.content = "ledger";
  options.version = 2;
  { ASSERT_TRUE(RocksStore::open(folder.path(), options)); }
  for (const std::uint32_t version : {1u, 3u, 20u}) {
    options.version = version;
    const auto refused = RocksStore::open(folder.path(), options);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(refused.error().message, HasSubstr("is 'assay ledger 2', and this program reads"));
    EXPECT_THAT(refused.error().message, HasSubstr(std::to_string(version)));
  }
}

TEST(RocksStore, AnotherTableOfFamiliesIsRefused) {
  TemporaryFolder folder;
  { ASSERT_TRUE(RocksStore::open(folder.path(), with_families())); }
  RocksOptions moved = with_families();
  moved.families[1].prefix = bytes_of("b/2");
  RocksOptions fewer = with_families();
  fewer.families.pop_back();
  for (const RocksOptions& other : {moved, fewer, RocksOptions{}}) {
    const auto refused = RocksStore::open(folder.path(), other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported) << refused.error().message;
  }
  RocksOptions twice = with_families();
  twice.families.push_back({"again", bytes_of("b")});
  EXPECT_EQ(RocksStore::open(folder.path(), twice).error().code, ErrorCode::kInvalidArgument);
}

std::map<std::string, Bytes> files_of(const fs::path& folder) {
  std::map<std::string, Bytes> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().filename().string()] =
        Bytes(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return files;
}

TEST(RocksStore, OpenedForReadingItSeesTheLogAndChangesNothing) {
  TemporaryFolder folder;
  {
    auto store = *RocksStore::open(folder.path(), with_families());
    WriteBatch batch;
    for (std::uint8_t i = 0; i < 9; ++i) batch.put(Bytes{'b', i}, Bytes{i});
    ASSERT_TRUE(store->write(batch));
  }
  const auto before = files_of(folder.path());
  {
    RocksOptions options = with_families();
    options.read_only = true;
    auto store = *RocksStore::open(folder.path(), options);
    EXPECT_EQ(keys(*store, "b").size(), 9u);
    WriteBatch batch;
    batch.put(Bytes{1}, Bytes{});
    EXPECT_EQ(store->write(batch).error().code, ErrorCode::kPermission);
    EXPECT_TRUE(store->verify());
    EXPECT_FALSE(RocksStore::open(folder.path() / "none", options));
  }
  EXPECT_EQ(files_of(folder.path()), before);
}

TEST(RocksStore, AScanDoesNotSeeWhatIsWrittenMeanwhile) {
  TemporaryFolder folder;
  auto store = *RocksStore::open(folder.path());
  WriteBatch batch;
  batch.put(Bytes{1}, Bytes{1});
  ASSERT_TRUE(store->write(batch));
  int seen = 0;
  ASSERT_TRUE(store->scan({}, [&](ByteView, ByteView) {
    WriteBatch more;
    more.put(Bytes{2}, Bytes{2});
    EXPECT_TRUE(store->write(more));
    return ++seen < 10;
  }));
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(keys(*store, "").size(), 2u);
}

TEST(RocksStore, RefusesAnotherContentAMissingFolderAndLimits) {
  TemporaryFolder folder;
  RocksOptions options;
  options.content = "ledger";
  { ASSERT_TRUE(RocksStore::open(folder.path() / "db", options)); }
  options.content = "blobs";
  auto other = RocksStore::open(folder.path() / "db", options);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(other.error().message, HasSubstr("is 'assay ledger 1'"));
  options.content = "Bad name";
  EXPECT_EQ(RocksStore::open(folder.path() / "x", options).error().code,
            ErrorCode::kInvalidArgument);
  options.content = "ledger";
  options.create_if_missing = false;
  EXPECT_EQ(RocksStore::open(folder.path() / "none", options).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(fs::exists(folder.path() / "none"));

  auto store = *RocksStore::open(folder.path() / "db", options);
  WriteBatch batch;
  batch.put(Bytes{1}, Bytes{1});
  batch.put(Bytes(kMaxKeyBytes + 1, 0), Bytes{});
  EXPECT_EQ(store->write(batch).error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(store->get(Bytes{1})->has_value());
}

TEST(RocksStore, ASecondProcessIsAConflict) {
  TemporaryFolder folder;
  auto store = *RocksStore::open(folder.path());
  auto same_process = RocksStore::open(folder.path());
  ASSERT_FALSE(same_process);
  EXPECT_EQ(same_process.error().code, ErrorCode::kConflict) << same_process.error().message;
  EXPECT_THAT(same_process.error().message, HasSubstr(folder.path().string()));
}

// INV-STORE-004.
TEST(RocksStore, AFullDiskIsNoSpaceAndWhatWasWrittenStays) {
  TemporaryFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=4m") != 0)
    GTEST_SKIP() << "mounting a small disk needs root";
  struct Unmount {
    fs::path path;
    ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
  } unmount{folder.path()};
  std::uint8_t written = 0;
  {
    auto store = *RocksStore::open(folder.path() / "db", with_families());
    Status status;
    while ((status = [&] {
      WriteBatch batch;
      batch.put(Bytes{written}, Bytes(100'000, written));
      batch.put(Bytes{'b', written}, Bytes(100'000, written));
      return store->write(batch);
    }()))
      ASSERT_LT(++written, 100);
    EXPECT_EQ(status.error().code, ErrorCode::kNoSpace) << status.error().message;
    WriteBatch small;
    small.put(Bytes{200}, Bytes{1});
    EXPECT_FALSE(store->write(small)) << "only a new open is certain";
  }
  ASSERT_GT(written, 3);
  ASSERT_EQ(::mount("tmpfs", folder.path().c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
  auto store = *RocksStore::open(folder.path() / "db", with_families());
  for (std::uint8_t i = 0; i < written; ++i) {
    EXPECT_EQ(store->get(Bytes{i})->value(), Bytes(100'000, i));
    EXPECT_EQ(store->get(Bytes{'b', i})->value(), Bytes(100'000, i));
  }
}

fs::path newest_log(const fs::path& folder) {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
  return newest;
}

// A store with ten synced batches in its log, as a killed process leaves it.
void make_log(const fs::path& folder) {
  auto store = *RocksStore::open(folder);
  for (std::uint8_t i = 0; i < 10; ++i) {
    WriteBatch batch;
    batch.put(Bytes{i}, Bytes(100, i));
    ASSERT_TRUE(store->write(batch));
  }
}

TEST(RocksStore, AnIncompleteLastRecordIsDroppedAndTheRestKept) {
  TemporaryFolder folder;
  make_log(folder.path());
  const fs::path log = newest_log(folder.path());
  fs::resize_file(log, fs::file_size(log) - 20);
  auto store = RocksStore::open(folder.path());
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(keys(**store, "").size(), 9u);
  EXPECT_FALSE((*store)->get(Bytes{9})->has_value());
}

TEST(RocksStore, ADamagedSyncedRecordIsRefusedNotSkipped) {
  for (const int from_end : {30, 200, 700, 1200}) {
    TemporaryFolder folder;
    make_log(folder.path());
    const fs::path log = newest_log(folder.path());
    {
      std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(-from_end, std::ios::end);
      file.put('\x7e');
    }
    const auto store = RocksStore::open(folder.path());
    ASSERT_FALSE(store) << from_end;
    EXPECT_EQ(store.error().code, ErrorCode::kIntegrity) << store.error().message;
    EXPECT_THAT(store.error().message, HasSubstr("restore the folder"));
  }
}

// INV-STORE-003.
class Damage : public testing::TestWithParam<std::pair<const char*, std::size_t>> {};

TEST_P(Damage, OfAFileIsAnErrorNotAValue) {
  const auto [extension, value_bytes] = GetParam();
  TemporaryFolder folder;
  {
    auto store = *RocksStore::open(folder.path());
    WriteBatch batch;
    for (std::uint8_t i = 0; i < 50; ++i) batch.put(Bytes{i}, Bytes(value_bytes, i));
    ASSERT_TRUE(store->write(batch));
    ASSERT_TRUE(store->flush());
  }
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    if (entry.path().extension() != extension || entry.file_size() < 10'000) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5000);
    file.put('\x7e');
  }
  auto store = RocksStore::open(folder.path());
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->verify().error().code, ErrorCode::kIntegrity);
  int wrong = 0;
  for (std::uint8_t i = 0; i < 50; ++i) {
    const auto got = (*store)->get(Bytes{i});
    if (!got) {
      EXPECT_EQ(got.error().code, ErrorCode::kIntegrity);
      ++wrong;
    } else {
      EXPECT_EQ(got->value(), Bytes(value_bytes, i));
    }
  }
  EXPECT_GT(wrong, 0);
}

INSTANTIATE_TEST_SUITE_P(RocksStore, Damage,
                         testing::Values(std::pair(".sst", 1000), std::pair(".blob", 20'000)),
                         [](const auto& of) { return of.index == 0 ? "Tables" : "Blobs"; });

}  // namespace
}  // namespace assay::store
