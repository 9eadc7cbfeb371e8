#include "assay/host/key_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "assay/crypto/random.hpp"
#include "assay/host/read_file.hpp"
#include "support/temporary_folder.hpp"

namespace assay::host {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using testing::HasSubstr;

crypto::KeystoreOptions cheap() {
  crypto::KeystoreOptions options;
  options.scrypt_n = 2;
  options.scrypt_r = 1;
  return options;
}

Result<Hash256> create(const fs::path& path, std::string_view password) {
  crypto::SystemRng rng;
  return create_key_file(path, password, rng, cheap());
}

unsigned mode_of(const fs::path& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return info.st_mode & 0777u;
}

fs::path secret(const TemporaryFolder& folder, std::string_view text) {
  static int count = 0;
  const fs::path path = folder.path() / ("secret" + std::to_string(count++));
  EXPECT_TRUE(write_secret_file(path, as_bytes(text)));
  return path;
}

TEST(KeyFile, OpensWhatItMade) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "key.json";
  const Hash256 made = *create(path, "correct horse");
  EXPECT_EQ(mode_of(path), 0600u);
  EXPECT_EQ(*key_file_public_key(path), made);
  EXPECT_EQ(open_key_file(path, "correct horse")->public_key(), made);
  const Error wrong = open_key_file(path, "correct hors").error();
  EXPECT_EQ(wrong.code, ErrorCode::kIntegrity);
  EXPECT_THAT(wrong.message, HasSubstr(path.string()));
  EXPECT_THAT(wrong.message, HasSubstr("wrong password"));
  EXPECT_NE(*create(folder.path() / "other.json", "correct horse"), made);
}

TEST(KeyFile, NeverOverwrites) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "key.json";
  const Hash256 made = *create(path, "pw");
  EXPECT_EQ(create(path, "pw").error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(*key_file_public_key(path), made);
  // Nor does it follow a link, even to nothing.
  fs::create_symlink(folder.path() / "nowhere", folder.path() / "link");
  EXPECT_EQ(create(folder.path() / "link", "pw").error().code, ErrorCode::kAlreadyExists);
  EXPECT_FALSE(fs::exists(folder.path() / "nowhere"));
}

TEST(KeyFile, LeavesNothingBehindWhenItFails) {
  const TemporaryFolder folder;
  EXPECT_EQ(create(folder.path() / "a", "").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(create(folder.path() / "a", "\xff").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(create(folder.path() / "no" / "a", "pw").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(KeyFile, RefusesAFileThatOthersCanUse) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "key.json";
  ASSERT_TRUE(create(path, "pw"));
  for (const unsigned mode : {0640u, 0604u, 0620u, 0602u, 0610u}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const Error error = open_key_file(path, "pw").error();
    EXPECT_EQ(error.code, ErrorCode::kPermission);
    EXPECT_THAT(error.message, HasSubstr("chmod 600 " + path.string()));
    EXPECT_EQ(key_file_public_key(path).error().code, ErrorCode::kPermission);
  }
  ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
  EXPECT_TRUE(open_key_file(path, "pw"));
}

TEST(KeyFile, NamesTheFileThatIsNoKeyFile) {
  const TemporaryFolder folder;
  const fs::path path = secret(folder, "{\"version\": 3}");
  const Error error = open_key_file(path, "pw").error();
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_EQ(error.message, path.string() + ": key file: version: is not 4");
  EXPECT_EQ(open_key_file(secret(folder, "no json"), "pw").error().code, ErrorCode::kMalformed);
  EXPECT_EQ(open_key_file(secret(folder, ""), "pw").error().code, ErrorCode::kMalformed);
  EXPECT_EQ(open_key_file(secret(folder, std::string(70'000, ' ')), "pw").error().code,
            ErrorCode::kLimit);
  EXPECT_EQ(open_key_file(folder.path() / "none", "pw").error().code, ErrorCode::kNotFound);
}

TEST(Password, ComesFromAFileBeforeTheEnvironment) {
  const TemporaryFolder folder;
  ::setenv("ASSAY_TEST_PASSWORD", "from environment", 1);
  const auto read = [&](std::string_view text) {
    return read_password({secret(folder, text), "ASSAY_TEST_PASSWORD"});
  };
  EXPECT_EQ(*read("from file\n"), "from file");
  EXPECT_EQ(*read("from file\r\n"), "from file");
  EXPECT_EQ(*read(" spaces count "), " spaces count ");
  EXPECT_EQ(*read_password({{}, "ASSAY_TEST_PASSWORD"}), "from environment");
  EXPECT_EQ(read("").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(read("\n").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(read("two\nlines\n").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(read(std::string(2000, 'a')).error().code, ErrorCode::kLimit);
  const fs::path open_to_all = secret(folder, "pw");
  ASSERT_EQ(::chmod(open_to_all.c_str(), 0644), 0);
  EXPECT_EQ(read_password({open_to_all, {}}).error().code, ErrorCode::kPermission);
  ::setenv("ASSAY_TEST_PASSWORD", "", 1);
  EXPECT_EQ(read_password({{}, "ASSAY_TEST_PASSWORD"}).error().code, ErrorCode::kInvalidArgument);
  ::unsetenv("ASSAY_TEST_PASSWORD");
  const Error none = read_password({{}, "ASSAY_TEST_PASSWORD"}).error();
  EXPECT_EQ(none.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(none.message, HasSubstr("ASSAY_TEST_PASSWORD"));
}

}  // namespace
}  // namespace assay::host
