// Acknowledged writes against power cuts: a child process writes on a disk that loses what was not
// synced and reports every write that returned; it is killed, and what it reported must be there.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "assay/store/rocks_store.hpp"
#include "internal/rocks_access.hpp"
#include "support/lossy_file_system.hpp"
#include "support/temporary_folder.hpp"

namespace assay::store {
namespace {

constexpr char kFolderVariable[] = "ASSAY_POWER_CUT_FOLDER";
constexpr int kReportFd = 100;  // of the child

Bytes key_of(std::uint8_t family, std::uint32_t number) {
  Bytes key{family, 0, 0, 0, 0};
  for (int i = 0; i < 4; ++i) key[1 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return key;
}

// The number that the store holds under "next".
std::uint32_t next_of(const KeyValueStore& store) {
  const auto value = store.get(as_bytes("next"));
  return value && value->has_value() ? load_le<std::uint32_t>((*value)->data()) : 0;
}

void report(std::uint32_t number) {
  if (::write(kReportFd, &number, sizeof number) != sizeof number) ::_exit(4);
}

// Runs only as the child of the test below.
TEST(PowerCutChild, Writes) {
  const char* folder = std::getenv(kFolderVariable);
  if (folder == nullptr) GTEST_SKIP() << "a helper of RocksStorePowerCut";
  const auto disk = std::make_shared<test::LossyFileSystem>();
  const auto env = rocksdb::NewCompositeEnv(disk);
  RocksOptions options;
  options.write_buffer_bytes = 64 << 10;  // many flushes and compactions
  auto store = RocksAccess::open(folder, options, env.get());
  if (!store) ::_exit(3);
  for (std::uint32_t number = next_of(**store);; ++number) {
    WriteBatch batch;
    batch.put(key_of('a', number), Bytes(100 + number % 3000, static_cast<std::uint8_t>(number)));
    batch.put(key_of('b', number), key_of('b', number));
    Bytes next(4);
    store_le(next.data(), number + 1);
    batch.put(to_bytes(as_bytes("next")), next);
    if (!(*store)->write(batch)) ::_exit(5);
    report(number + 1);
  }
}

// With sync off the same disk loses writes: the disk of this test is lossy.
TEST(PowerCutChild, WritesWithoutSync) {
  const char* folder = std::getenv(kFolderVariable);
  if (folder == nullptr) GTEST_SKIP() << "a helper of RocksStorePowerCut";
  const auto disk = std::make_shared<test::LossyFileSystem>();
  const auto env = rocksdb::NewCompositeEnv(disk);
  rocksdb::Options options;
  options.env = env.get();
  options.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  if (!rocksdb::DB::Open(options, folder, &db).ok()) ::_exit(3);
  for (std::uint32_t number = 1; number <= 50; ++number) {
    if (!db->Put(rocksdb::WriteOptions(), "next", std::to_string(number)).ok()) ::_exit(5);
    report(number);
  }
  if (disk->unsynced_bytes() == 0) ::_exit(6);
  ::pause();
}

// Starts this program again (a fork alone would inherit RocksDB's threads half), reads its reports
// until `stop_after` of them and a little later kills it. The last number that it reported, 0 if
// none.
std::uint32_t run_child(const std::string& filter, const std::string& folder, unsigned stop_after,
                        unsigned delay_us) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return 0;
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], kReportFd);
    ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
    ::setenv(kFolderVariable, folder.c_str(), 1);
    const std::string argument = "--gtest_filter=" + filter;
    ::execl("/proc/self/exe", "store_unit_tests", "--gtest_brief=1", argument.c_str(), nullptr);
    ::_exit(2);
  }
  ::close(ends[1]);
  std::uint32_t last = 0;
  std::uint32_t number = 0;
  unsigned count = 0;
  bool killed = false;
  while (::read(ends[0], &number, sizeof number) == sizeof number) {
    last = number;
    if (!killed && ++count >= stop_after) {
      ::usleep(delay_us);
      ::kill(child, SIGKILL);
      killed = true;  // go on reading: what it reported before it died counts
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child failed by itself: " << WEXITSTATUS(status);
  ::close(ends[0]);
  return last;
}

// INV-COR-001, INV-STORE-001 and 002.
TEST(RocksStorePowerCut, EverythingAcknowledgedIsThereAndBatchesAreWhole) {
  test::TemporaryFolder folder;
  const std::string path = (folder.path() / "db").string();
  std::uint32_t acknowledged = 0;
  for (unsigned round = 0; round < 12; ++round) {
    const std::uint32_t last =
        run_child("PowerCutChild.Writes", path, 1 + 37 * round % 200, 331 * round % 2000);
    ASSERT_GT(last, acknowledged) << "each round goes on where the last one was cut";
    acknowledged = last;
    auto store = RocksStore::open(path);
    ASSERT_TRUE(store) << store.error().message;
    const std::uint32_t next = next_of(**store);
    ASSERT_GE(next, acknowledged) << "an acknowledged write is lost";
    for (std::uint32_t number = 0; number < next; ++number) {
      const auto a = (*store)->get(key_of('a', number));
      const auto b = (*store)->get(key_of('b', number));
      ASSERT_TRUE(a && a->has_value() && b && b->has_value()) << number;
      ASSERT_EQ(a->value(), Bytes(100 + number % 3000, static_cast<std::uint8_t>(number)));
    }
    EXPECT_FALSE((*store)->get(key_of('a', next))->has_value()) << "half a batch";
    EXPECT_FALSE((*store)->get(key_of('b', next))->has_value()) << "half a batch";
    EXPECT_TRUE((*store)->verify());
    acknowledged = next;
  }
  EXPECT_GT(acknowledged, 200u);
}

TEST(RocksStorePowerCut, TheDiskOfThisTestLosesWhatIsNotSynced) {
  test::TemporaryFolder folder;
  const std::string path = (folder.path() / "db").string();
  ASSERT_EQ(run_child("PowerCutChild.WritesWithoutSync", path, 50, 0), 50u);
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(rocksdb::Options(), path, &raw).ok());
  const std::unique_ptr<rocksdb::DB> db(raw);
  std::string value;
  EXPECT_TRUE(db->Get(rocksdb::ReadOptions(), "next", &value).IsNotFound());
}

}  // namespace
}  // namespace assay::store
