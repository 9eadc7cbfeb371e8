#include "assay/host/files.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "assay/host/file_writer.hpp"
#include "support/temporary_folder.hpp"

namespace assay::host {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(FileName, OnlyPlainRelativeNamesPass) {
  for (const char* good : {"a", "a/b.c", "A-1_z/..x", "x..y", ".hidden"})
    EXPECT_TRUE(check_file_name(good)) << good;
  for (const std::string bad : {"", "/", "/a", "a/", "a//b", "..", "a/../b", ".", "./a", "a b",
                                "a\\b", "\xc3\xa9", "a\nb", ".tmp-1", "a/.tmp-x"})
    EXPECT_EQ(check_file_name(bad).error().code, ErrorCode::kInvalidArgument) << bad;
  EXPECT_FALSE(check_file_name(std::string("a\0b", 3)));
  EXPECT_FALSE(check_file_name(std::string(600, 'a')));
  EXPECT_FALSE(check_file_name(std::string(256, 'a')));
  EXPECT_FALSE(check_file_name("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"));
}

TEST(Exchange, GivesTwoFoldersEachOthersNames) {
  TemporaryFolder folder;
  const fs::path one = folder.path() / "one", other = folder.path() / "other";
  fs::create_directories(one / "a");
  fs::create_directories(other / "b");
  ASSERT_TRUE(exchange_durably(one, other));
  EXPECT_TRUE(fs::exists(one / "b") && fs::exists(other / "a"));
  EXPECT_EQ(exchange_durably(one, folder.path() / "none").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(fs::exists(one / "b"));
}

TEST(DiskFiles, WritesReadsListsAndRemoves) {
  TemporaryFolder folder;
  auto files = *DiskFiles::open(folder.path() / "new" / "deep");
  const Bytes one{1, 2, 3};
  ASSERT_TRUE(files->write_atomically("games/b", one));
  ASSERT_TRUE(files->write_atomically("games/a/x", {}));
  ASSERT_TRUE(files->write_atomically("top", one));
  ASSERT_TRUE(files->write_atomically("top", Bytes{9}));
  EXPECT_EQ(*files->read("top"), Bytes{9});
  EXPECT_EQ(*files->read("games/a/x"), Bytes{});
  EXPECT_TRUE(files->exists("games/b"));
  EXPECT_FALSE(files->exists("games"));
  EXPECT_FALSE(files->exists("../deep/top"));
  EXPECT_THAT(*files->list(""), ElementsAre("games/a/x", "games/b", "top"));
  EXPECT_THAT(*files->list("games"), ElementsAre("games/a/x", "games/b"));
  EXPECT_THAT(*files->list("none"), ElementsAre());
  ASSERT_TRUE(files->remove("games/b"));
  ASSERT_TRUE(files->remove("games/b"));
  EXPECT_EQ(files->read("games/b").error().code, ErrorCode::kNotFound);
  EXPECT_THAT(files->read("games/b").error().message, HasSubstr("games/b"));
  EXPECT_EQ(files->read("../x").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(files->write_atomically("/x", one).error().code, ErrorCode::kInvalidArgument);
}

TEST(DiskFiles, WhatACrashLeftIsRemovedAtOpen) {
  TemporaryFolder folder;
  { ASSERT_TRUE((*DiskFiles::open(folder.path()))->write_atomically("a/b", Bytes{1})); }
  std::ofstream(folder.path() / ".tmp-77-0") << "half";
  std::ofstream(folder.path() / "a" / ".tmp-77-1") << "half";
  auto files = *DiskFiles::open(folder.path());
  EXPECT_FALSE(fs::exists(folder.path() / ".tmp-77-0"));
  EXPECT_FALSE(fs::exists(folder.path() / "a" / ".tmp-77-1"));
  EXPECT_THAT(*files->list(""), ElementsAre("a/b"));
}

// INV-COR-002.
TEST(DiskFiles, AKilledWriterLeavesTheOldFileOrTheNew) {
  TemporaryFolder folder;
  const Bytes old_bytes(1 << 16, 1);
  const Bytes new_bytes(1 << 16, 2);
  for (int round = 0; round < 12; ++round) {
    {
      auto files = *DiskFiles::open(folder.path());
      ASSERT_TRUE(files->write_atomically("f", old_bytes));
    }
    const pid_t child = ::fork();
    if (child == 0) {
      auto files = DiskFiles::open(folder.path());
      while (files && (*files)->write_atomically("f", new_bytes) &&
             (*files)->write_atomically("f", old_bytes)) {
      }
      ::_exit(1);
    }
    ::usleep(static_cast<useconds_t>(1000 + 700 * round));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    auto files = *DiskFiles::open(folder.path());
    const Bytes found = *files->read("f");
    EXPECT_TRUE(found == old_bytes || found == new_bytes);
    EXPECT_THAT(*files->list(""), ElementsAre("f"));
  }
}

TEST(DiskFiles, AFullDiskIsNoSpaceAndKeepsTheOldFile) {
  TemporaryFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "mounting a small disk needs root";
  struct Unmount {
    fs::path path;
    ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
  } unmount{folder.path()};
  auto files = *DiskFiles::open(folder.path() / "data");
  ASSERT_TRUE(files->write_atomically("f", Bytes{7}));
  const Status full = files->write_atomically("f", Bytes(1 << 20, 1));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kNoSpace);
  EXPECT_THAT(full.error().message, HasSubstr("free some space"));
  EXPECT_THAT(full.error().message, HasSubstr("data/f"));
  EXPECT_EQ(*files->read("f"), Bytes{7});
  EXPECT_THAT(*files->list(""), ElementsAre("f"));
  EXPECT_TRUE(files->write_atomically("g", Bytes(1000, 1)))
      << "the failed write gave its space back";
}

// As an unprivileged user in a child process, since root may do everything.
TEST(DiskFiles, AFolderThatMayNotBeWrittenIsPermission) {
  TemporaryFolder folder;
  { ASSERT_TRUE((*DiskFiles::open(folder.path()))->write_atomically("f", Bytes{1})); }
  ASSERT_EQ(::chmod(folder.path().c_str(), 0555), 0);
  ASSERT_EQ(::chmod((folder.path() / "f").c_str(), 0000), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(9);
    auto files = DiskFiles::open(folder.path());
    if (!files) ::_exit(8);
    const Status wrote = (*files)->write_atomically("g", Bytes{1});
    const auto got = (*files)->read("f");
    const bool right = !wrote && wrote.error().code == ErrorCode::kPermission &&
                       wrote.error().message.find(folder.path().string()) != std::string::npos &&
                       !got && got.error().code == ErrorCode::kPermission;
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::chmod(folder.path().c_str(), 0755);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(FolderLock, KeepsASecondHolderOutAndDiesWithItsProcess) {
  TemporaryFolder folder;
  {
    auto first = FolderLock::acquire(folder.path());
    ASSERT_TRUE(first);
    const auto second = FolderLock::acquire(folder.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kConflict);
    EXPECT_THAT(second.error().message, HasSubstr(folder.path().string()));
    EXPECT_THAT(second.error().message, HasSubstr(std::to_string(::getpid())));
    FolderLock moved = *std::move(first);
    EXPECT_FALSE(FolderLock::acquire(folder.path()));
  }
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto held = FolderLock::acquire(folder.path());
    const char ok = held ? 'y' : 'n';
    if (::write(ready[1], &ok, 1) == 1) ::pause();
    ::_exit(0);
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(FolderLock::acquire(folder.path()));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(FolderLock::acquire(folder.path()));
  ::close(ready[0]);
  ::close(ready[1]);
}

}  // namespace
}  // namespace assay::host
