#include "assay/blob/blob_server.hpp"

#include <gtest/gtest.h>

#include "assay/blob/blob_client.hpp"
#include "support/temporary_folder.hpp"

namespace assay::blob {
namespace {

std::string text_of(const BlobAnswer& a) { return {a.body.begin(), a.body.end()}; }

TEST(ParseRange, KnowsEveryForm) {
  EXPECT_EQ(parse_range("bytes=0-0", 10), (ByteRange{0, 0}));
  EXPECT_EQ(parse_range("bytes=3-", 10), (ByteRange{3, 9}));
  EXPECT_EQ(parse_range("bytes=3-99", 10), (ByteRange{3, 9}));
  EXPECT_EQ(parse_range("bytes=-4", 10), (ByteRange{6, 9}));
  EXPECT_EQ(parse_range("bytes=-40", 10), (ByteRange{0, 9}));
  for (const char* bad : {"", "bytes=", "bytes=-", "bytes=10-", "bytes=4-3", "bytes=-0", "bytes=a-b",
                          "bytes=1-2,4-5", "bytes=0x1-2", "bytes=+1-2", "bytes= 1-2", "rows=1-2",
                          "bytes=18446744073709551616-", "bytes=1-18446744073709551616"})
    EXPECT_EQ(parse_range(bad, 10), std::nullopt) << bad;
  EXPECT_EQ(parse_range("bytes=0-", 0), std::nullopt);
}

TEST(BlobServer, AnswersByTheTable) {
  test::TemporaryFolder folder;
  const auto files = std::move(*host::DiskFiles::open(folder.path()));
  const auto store = std::move(*BlobStore::open(*files));
  const Bytes bytes(5u << 20, 7);
  const BlobId big = *store->put(bytes), small = *store->put(as_bytes("hello")), none = *store->put({});
  const auto get = [&](const std::string& path, const char* range = "") {
    return answer(*store, "GET", path, range);
  };
  const std::string b = "/blob/" + to_hex(big.value), s = "/blob/" + to_hex(small.value);
  EXPECT_EQ(text_of(get(s)), "hello");
  EXPECT_EQ(get("/blob/" + to_hex(none.value)).status, 200u);
  EXPECT_EQ(get(s, "bytes=1-2").status, 206u);
  EXPECT_EQ(get(s, "bytes=1-2").content_range, "bytes 1-2/5");
  EXPECT_EQ(text_of(get(s, "bytes=1-2")), "el");
  EXPECT_EQ(get(s, "bytes=5-").status, 416u);
  EXPECT_EQ(get(s, "bytes=5-").content_range, "bytes */5");
  EXPECT_EQ(get(b).status, 400u);
  EXPECT_EQ(get(b, "bytes=10-").body.size(), kAnswerBytesMax);
  EXPECT_EQ(get(b, "bytes=10-").content_range, "bytes 10-4194313/5242880");
  EXPECT_TRUE(Manifest::decode(big, get(b + "/manifest").body));
  ASSERT_TRUE(store->set_name("model/x", small));
  EXPECT_EQ(text_of(get("/index/model/x")), to_hex(small.value) + " 5\n");
  for (const std::string& path :
       {std::string("/"), std::string("/blob/"), std::string("/blob/12"), b + "x", b + "/", b + "/x",
        "/blob/" + std::string(64, '0'), "/blob/" + std::string(64, 'A'), std::string("/index/"),
        std::string("/index/model/y"), std::string("/index/../blobs"), "/../" + b})
    EXPECT_EQ(get(path).status, 404u) << path;
  EXPECT_EQ(answer(*store, "POST", s, "").status, 405u);
  EXPECT_TRUE(is_blob_path(s));
  EXPECT_FALSE(is_blob_path("/rpc"));
}

}  // namespace
}  // namespace assay::blob
