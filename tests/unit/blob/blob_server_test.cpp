#include "assay/blob/blob_server.hpp"

#include <gtest/gtest.h>

#include "assay/blob/blob_client.hpp"
#include "support/temporary_folder.hpp"

namespace assay::blob {
namespace {

std::string text_of(const net::HttpResponse& a) { return {a.body.begin(), a.body.end()}; }
std::string range_of(const net::HttpResponse& a) {
  return std::string(a.headers.find("content-range").value_or(""));
}

TEST(BlobServer, AnswersByTheTable) {
  test::TemporaryFolder folder;
  const auto files = std::move(*host::DiskFiles::open(folder.path()));
  const auto store = std::move(*BlobStore::open(*files));
  const Bytes bytes(5u << 20, 7);
  const BlobId big = *store->put(bytes), small = *store->put(as_bytes("hello")),
               none = *store->put({});
  const auto get = [&](const std::string& path, const char* range = nullptr) {
    net::HttpRequest request;
    request.target = path;
    if (range) request.headers.add("range", range);
    return serve(*store, request);
  };
  const std::string b = "/blob/" + to_hex(big.value), s = "/blob/" + to_hex(small.value);
  EXPECT_EQ(text_of(get(s)), "hello");
  EXPECT_EQ(get("/blob/" + to_hex(none.value)).status, 200u);
  EXPECT_EQ(get(s, "bytes=1-2").status, 206u);
  EXPECT_EQ(range_of(get(s, "bytes=1-2")), "bytes 1-2/5");
  EXPECT_EQ(text_of(get(s, "bytes=1-2")), "el");
  EXPECT_EQ(get(s, "bytes=5-").status, 416u);
  EXPECT_EQ(range_of(get(s, "bytes=5-")), "bytes */5");
  EXPECT_EQ(get(b).status, 400u);
  EXPECT_EQ(get(b, "bytes=10-").body.size(), kAnswerBytesMax);
  EXPECT_EQ(range_of(get(b, "bytes=10-")), "bytes 10-4194313/5242880");
  EXPECT_TRUE(Manifest::decode(big, get(b + "/manifest").body));
  ASSERT_TRUE(store->set_name("model/x", small));
  EXPECT_EQ(text_of(get("/index/model/x")), to_hex(small.value) + " 5\n");
  for (const std::string& path :
       {std::string("/"), std::string("/blob/"), std::string("/blob/12"), b + "x", b + "/",
        b + "/x", "/blob/" + std::string(64, '0'), "/blob/" + std::string(64, 'A'),
        std::string("/index/"), std::string("/index/model/y"), std::string("/index/../blobs"),
        "/../" + b})
    EXPECT_EQ(get(path).status, 404u) << path;
  EXPECT_EQ(get(b, "bytes=0-1,4-5").status, 400u);
  net::HttpRequest post;
  post.method = "POST";
  post.target = s;
  EXPECT_EQ(serve(*store, post).status, 405u);
  EXPECT_TRUE(is_blob_target(s));
  EXPECT_FALSE(is_blob_target("/rpc"));
}

}  // namespace
}  // namespace assay::blob
