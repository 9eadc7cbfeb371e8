#include "assay/blob/blob_client.hpp"

#include <gtest/gtest.h>

#include <map>

#include "support/temporary_folder.hpp"

namespace assay::blob {
namespace {

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return bytes;
}

// Servers in memory, each with a vice of its own.
struct Server {
  Bytes bytes;
  std::size_t flipped = SIZE_MAX;  // this byte is sent wrong
  std::size_t answers = SIZE_MAX;  // then it falls silent
  std::uint64_t asked_bytes = 0;
};

struct World {
  test::TemporaryFolder folder;
  std::unique_ptr<host::DiskFiles> files = std::move(*host::DiskFiles::open(folder.path()));
  std::unique_ptr<BlobStore> store = std::move(*BlobStore::open(*files));
  std::map<std::string, Server> servers;

  Result<GetReply> get(const GetRequest& request) {
    const std::string host = request.url.substr(0, request.url.find('/', 8));
    const std::string path = request.url.substr(host.size());
    const auto found = servers.find(host);
    if (found == servers.end() || found->second.answers == 0)
      return Error{ErrorCode::kUnavailable, "no connection"};
    Server& server = found->second;
    --server.answers;
    const Manifest manifest = Manifest::make(server.bytes);
    const std::string blob = "/blob/" + to_hex(manifest.id().value);
    GetReply reply{200, {}};
    if (path == blob + "/manifest") {
      reply.body = manifest.encode();
    } else if (path == blob) {
      server.asked_bytes += request.count;
      const std::uint64_t count =
          std::min<std::uint64_t>(request.count, server.bytes.size() - request.first);
      Bytes sent = server.bytes;
      if (server.flipped < sent.size()) sent[server.flipped] ^= 1;
      reply = {206, to_bytes(ByteView(sent).subspan(request.first, count))};
    } else if (path == "/index/model/x") {
      reply.body = to_bytes(as_bytes(to_text({manifest.id(), manifest.size()})));
    } else {
      reply.status = 404;
    }
    if (reply.body.size() > request.limit_bytes) return Error{ErrorCode::kLimit, "too long"};
    return reply;
  }
  BlobClient client() {
    return BlobClient(*store, [this](const GetRequest& r) { return get(r); });
  }
};

constexpr std::uint64_t kMax = 64u << 20;

TEST(BlobClient, FetchesAndDoesNotFetchTwice) {
  World w;
  w.servers["https://a"].bytes = pattern(9'000'001);
  const BlobId id = blob_id_of(w.servers["https://a"].bytes);
  ASSERT_TRUE(w.client().fetch(id, {"https://gone", "https://a"}, kMax));
  EXPECT_EQ(*w.store->read_all(id, kMax), w.servers["https://a"].bytes);
  EXPECT_EQ(w.servers["https://a"].asked_bytes, 9'000'001u);
  w.servers.clear();
  EXPECT_TRUE(w.client().fetch(id, {"https://a"}, kMax));
  EXPECT_EQ(w.client().fetch(id, {"https://a"}, 100).error().code, ErrorCode::kLimit);
}

// INV-BLB-002.
TEST(BlobClient, ALyingServerIsLeftAndAnotherTakesOver) {
  World w;
  w.servers["https://liar"].bytes = w.servers["https://good"].bytes = pattern(6u << 20);
  w.servers["https://liar"].flipped = (4u << 20) + 70'000;
  const BlobId id = blob_id_of(w.servers["https://good"].bytes);
  ASSERT_TRUE(w.client().fetch(id, {"https://liar", "https://good"}, kMax));
  EXPECT_TRUE(w.store->verify(id));
  // What the liar sent right was kept.
  EXPECT_EQ(w.servers["https://good"].asked_bytes, (2u << 20) - kBlobChunkBytes);
}

TEST(BlobClient, WithNobodyHonestItSaysSo) {
  World w;
  w.servers["https://liar"].bytes = pattern(100'000);
  w.servers["https://liar"].flipped = 0;
  const BlobId id = blob_id_of(w.servers["https://liar"].bytes);
  EXPECT_EQ(w.client().fetch(id, {"https://liar"}, kMax).error().code, ErrorCode::kIntegrity);
  EXPECT_FALSE(w.store->has(id));
  EXPECT_EQ(w.client().fetch(BlobId{}, {"https://liar"}, kMax).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(w.client().fetch(id, {"https://liar"}, 99'999).error().code, ErrorCode::kLimit);
  EXPECT_EQ(w.client().fetch(id, {}, kMax).error().code, ErrorCode::kInvalidArgument);
}

TEST(BlobClient, ABrokenFetchGoesOnLater) {
  World w;
  Server& a = w.servers["https://a"];
  a.bytes = pattern(10u << 20);
  const BlobId id = blob_id_of(a.bytes);
  a.answers = 2;  // the manifest and one range
  EXPECT_EQ(w.client().fetch(id, {"https://a"}, kMax).error().code, ErrorCode::kUnavailable);
  a.answers = SIZE_MAX;
  a.asked_bytes = 0;
  ASSERT_TRUE(w.client().fetch(id, {"https://a"}, kMax));
  EXPECT_EQ(a.asked_bytes, 6u << 20);
}

TEST(BlobClient, StopsWhenAsked) {
  struct Stop : Progress {
    bool advance(std::uint64_t, std::uint64_t) override { return false; }
  } stop;
  World w;
  w.servers["https://a"].bytes = pattern(100);
  EXPECT_EQ(w.client().fetch(blob_id_of(pattern(100)), {"https://a"}, kMax, &stop).error().code,
            ErrorCode::kCancelled);
}

TEST(BlobClient, ANameIsOnlyAHint) {
  World w;
  w.servers["https://a"].bytes = pattern(100);
  w.servers["https://b"].bytes = pattern(200);
  w.servers["https://a"].flipped = 3;
  const auto entry = w.client().fetch_by_name("model/x", {"https://a", "https://b"}, kMax);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->id, blob_id_of(pattern(200)));
  EXPECT_EQ(w.client().resolve("model/x", {"https://a"}, 99).error().code, ErrorCode::kLimit);
  EXPECT_EQ(w.client().resolve("model/y", {"https://a"}, 99).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(w.client().resolve("../x", {"https://a"}, 99).error().code,
            ErrorCode::kInvalidArgument);
}

TEST(IndexEntry, EveryCutOrFlippedTextIsAnotherOrNone) {
  const IndexEntry entry{blob_id_of(pattern(3)), 3};
  const std::string text = to_text(entry);
  EXPECT_EQ(*index_entry_from_text(as_bytes(text)), entry);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string bad = text;
    bad[i] = static_cast<char>(bad[i] ^ 0x20);
    const auto other = index_entry_from_text(as_bytes(bad));
    EXPECT_FALSE(other && *other == entry) << i;
    EXPECT_FALSE(index_entry_from_text(as_bytes(text).first(i))) << i;
  }
}

}  // namespace
}  // namespace assay::blob
