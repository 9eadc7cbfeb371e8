#include "assay/host/read_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <fstream>

#include "support/temporary_folder.hpp"

namespace assay::host {
namespace {

using test::TemporaryFolder;
using testing::HasSubstr;

Bytes gzip(ByteView bytes) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes out(deflateBound(&z, bytes.size()) + 64);
  z.next_in = const_cast<Bytef*>(bytes.data());
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = out.data();
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

Bytes some_bytes(std::size_t count) {
  Bytes bytes(count);
  std::uint32_t x = 1;
  for (auto& b : bytes) b = static_cast<std::uint8_t>((x = x * 1664525 + 1013904223) >> 28);
  return bytes;
}

TEST(Gunzip, RoundTripsAllSizes) {
  for (const std::size_t size : {0u, 1u, 63u, 64u, 65u, 5000u, 300000u}) {
    const Bytes bytes = some_bytes(size);
    EXPECT_EQ(*gunzip(gzip(bytes), size), bytes) << size;
    EXPECT_EQ(*gunzip(gzip(bytes), 1 << 30), bytes) << size;
    if (size > 0) {
      EXPECT_EQ(gunzip(gzip(bytes), size - 1).error().code, ErrorCode::kLimit);
    }
  }
}

TEST(Gunzip, ABombStopsAtTheLimit) {
  const Bytes packed = gzip(Bytes(32 << 20, 0));
  ASSERT_LT(packed.size(), 64u << 10);
  EXPECT_EQ(gunzip(packed, 1 << 20).error().code, ErrorCode::kLimit);
}

TEST(Gunzip, CutFlippedAndTrailingBytesAreMalformed) {
  const Bytes bytes = some_bytes(400);
  const Bytes packed = gzip(bytes);
  for (std::size_t cut = 0; cut < packed.size(); ++cut)
    EXPECT_EQ(gunzip(ByteView(packed).first(cut), 4096).error().code, ErrorCode::kMalformed) << cut;
  for (std::size_t at = 0; at < packed.size(); ++at) {
    Bytes bad = packed;
    bad[at] ^= 0x10;
    const auto got = gunzip(bad, 4096);
    // Time, extra flags and system (bytes 4 to 9) and the bits that pad the deflate stream's last
    // byte are outside the checksum and change nothing.
    if ((at >= 4 && at <= 9) || (at == packed.size() - 9 && got)) {
      EXPECT_TRUE(got && *got == bytes) << at;
    } else {
      EXPECT_FALSE(got) << at;
    }
  }
  Bytes longer = packed;
  longer.push_back(0);
  EXPECT_EQ(gunzip(longer, 4096).error().code, ErrorCode::kMalformed);
}

TEST(ReadFile, ReadsWithALimitAndNamesThePath) {
  TemporaryFolder folder;
  const auto path = folder.path() / "data.gz";
  const Bytes bytes = some_bytes(3000);
  ASSERT_TRUE(write_file(path, gzip(bytes)));
  EXPECT_EQ(*read_gz_file(path, 3000), bytes);
  EXPECT_EQ(read_gz_file(path, 2999).error().code, ErrorCode::kLimit);
  ASSERT_TRUE(write_file(path, bytes));
  EXPECT_EQ(*read_file(path, 3000), bytes);
  EXPECT_EQ(read_file(path, 2999).error().code, ErrorCode::kLimit);
  EXPECT_EQ(read_gz_file(path, 3000).error().code, ErrorCode::kMalformed);
  EXPECT_THAT(read_gz_file(path, 3000).error().message, HasSubstr(path.string()));
  EXPECT_EQ(read_file(folder.path() / "no", 1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_file(folder.path(), 1).error().code, ErrorCode::kInvalidArgument);
  ASSERT_EQ(::mkfifo((folder.path() / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_file(folder.path() / "fifo", 1).error().code, ErrorCode::kInvalidArgument);
}

TEST(SecretFile, IsRefusedWhenOthersCanReadIt) {
  TemporaryFolder folder;
  const auto path = folder.path() / "key.json";
  ASSERT_TRUE(write_secret_file(path, Bytes{1, 2}));
  EXPECT_EQ(write_secret_file(path, Bytes{3}).error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(*read_secret_file(path, 10), (Bytes{1, 2}));
  for (const mode_t mode : {0640u, 0604u, 0620u, 0602u, 0610u, 0601u, 0644u}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const auto refused = read_secret_file(path, 10);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kPermission);
    EXPECT_THAT(refused.error().message, HasSubstr("chmod 600 " + path.string()));
  }
  ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
  EXPECT_TRUE(read_secret_file(path, 10));
  std::filesystem::create_symlink(path, folder.path() / "link");
  EXPECT_EQ(read_secret_file(folder.path() / "link", 10).error().code, ErrorCode::kPermission);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    EXPECT_EQ(entry.path().filename().string().rfind(".tmp-", 0), std::string::npos);
}

TEST(MappedFile, HoldsTheBytesEvenWhenTheFileIsReplaced) {
  TemporaryFolder folder;
  const auto path = folder.path() / "m";
  const Bytes bytes = some_bytes(10000);
  ASSERT_TRUE(write_file(path, bytes));
  auto mapped = MappedFile::open(path);
  ASSERT_TRUE(mapped);
  ASSERT_TRUE(write_file(path, Bytes{}));
  EXPECT_TRUE(equal_bytes(mapped->bytes(), bytes));
  EXPECT_EQ(MappedFile::open(path)->bytes().size(), 0u);
  MappedFile moved = *std::move(mapped);
  EXPECT_TRUE(equal_bytes(moved.bytes(), bytes));
  EXPECT_EQ(MappedFile::open(folder.path() / "no").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace assay::host
