#include "assay/blob/blob_store.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "assay/crypto/sha256.hpp"
#include "support/temporary_folder.hpp"

namespace assay::blob {
namespace {

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t x = 1;
  for (auto& b : bytes) b = static_cast<std::uint8_t>((x = x * 1664525u + 1013904223u) >> 24);
  return bytes;
}

struct Store {
  test::TemporaryFolder folder;
  std::unique_ptr<host::DiskFiles> files;
  std::unique_ptr<BlobStore> store;
  Store() { reopen(); }
  void reopen() {
    store.reset();
    files = std::move(*host::DiskFiles::open(folder.path()));
    store = std::move(*BlobStore::open(*files));
  }
  void flip(const std::string& file, std::size_t at) {
    std::fstream f(folder.path() / file, std::ios::in | std::ios::out | std::ios::binary);
    f.seekg(static_cast<std::streamoff>(at));
    const int c = f.get();
    f.seekp(static_cast<std::streamoff>(at));
    f.put(static_cast<char>(c ^ 1));
  }
};

// docs/spec/blob.md's worked example: the id written out with nothing but SHA-256.
TEST(Manifest, IdIsTheHeadedRootOfItsChunks) {
  const Bytes bytes = pattern(2 * kBlobChunkBytes + 5);
  const ByteView view = bytes;
  const std::uint8_t leaf = 0, node = 1;
  const auto leaf_of = [&](ByteView chunk) { return crypto::sha256({ByteView{&leaf, 1}, chunk}); };
  const Hash256 a = leaf_of(view.first(kBlobChunkBytes));
  const Hash256 b = leaf_of(view.subspan(kBlobChunkBytes, kBlobChunkBytes));
  const Hash256 c = leaf_of(view.subspan(2 * kBlobChunkBytes));
  const Hash256 ab = crypto::sha256({ByteView{&node, 1}, a.view(), b.view()});
  const Hash256 root = crypto::sha256({ByteView{&node, 1}, ab.view(), c.view()});
  Bytes header{0x02, 'B', 0, 0, 0, 0, 0, 0, 0, 0};
  store_le<std::uint64_t>(header.data() + 2, bytes.size());
  EXPECT_EQ(blob_id_of(bytes).value, crypto::sha256({header, root.view()}));

  const Bytes empty{0x02, 'B', 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(blob_id_of({}).value, crypto::sha256({empty, crypto::sha256(ByteView{}).view()}));
}

// INV-BLB-001.
TEST(Manifest, EveryFlippedOrMissingByteIsRejected) {
  const Manifest manifest = Manifest::make(pattern(3 * kBlobChunkBytes - 7));
  const Bytes good = manifest.encode();
  ASSERT_TRUE(Manifest::decode(manifest.id(), good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x10;
    EXPECT_FALSE(Manifest::decode(manifest.id(), bad)) << i;
    EXPECT_FALSE(Manifest::decode(manifest.id(), ByteView(good).first(i))) << i;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(Manifest::decode(manifest.id(), longer).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(Manifest::decode(manifest.id(), good, 100).error().code, ErrorCode::kLimit);
  Bytes one_more = good;  // the same leaves, another size
  one_more[0] ^= 1;
  EXPECT_FALSE(Manifest::decode(manifest.id(), one_more));
}

TEST(Manifest, SizesAroundTheChunk) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kBlobChunkBytes - 1,
                                 kBlobChunkBytes, kBlobChunkBytes + 1, 5 * kBlobChunkBytes}) {
    const Bytes bytes = pattern(size);
    const Manifest m = Manifest::make(bytes);
    EXPECT_EQ(m.chunk_count(), (size + kBlobChunkBytes - 1) / kBlobChunkBytes);
    std::size_t at = 0;
    for (std::uint64_t c = 0; c < m.chunk_count(); ++c) {
      EXPECT_TRUE(m.is_chunk(c, ByteView(bytes).subspan(at, m.chunk_size(c))));
      at += m.chunk_size(c);
    }
    EXPECT_EQ(at, size);
    EXPECT_FALSE(m.is_chunk(m.chunk_count(), {}));
  }
}

TEST(BlobStore, PutsReadsListsAndRemoves) {
  Store s;
  const Bytes bytes = pattern(3 * kBlobChunkBytes + 17);
  const auto id = s.store->put(bytes);
  ASSERT_TRUE(id);
  EXPECT_EQ(*id, blob_id_of(bytes));
  s.reopen();
  ASSERT_TRUE(s.store->has(*id));
  EXPECT_EQ(*s.store->read_all(*id, bytes.size()), bytes);
  EXPECT_EQ(*s.store->read(*id, kBlobChunkBytes - 3, 10),
            Bytes(bytes.begin() + kBlobChunkBytes - 3, bytes.begin() + kBlobChunkBytes + 7));
  EXPECT_EQ(s.store->read(*id, bytes.size() - 1, 2).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(s.store->read(*id, ~0ull, 2).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(s.store->read_all(*id, bytes.size() - 1).error().code, ErrorCode::kLimit);
  const auto empty = s.store->put({});
  ASSERT_TRUE(empty);
  EXPECT_EQ(*s.store->read_all(*empty, 0), Bytes{});
  EXPECT_EQ(s.store->list()->size(), 2u);
  ASSERT_TRUE(s.store->remove(*id));
  ASSERT_TRUE(s.store->remove(*id));
  EXPECT_FALSE(s.store->has(*id));
  EXPECT_EQ(s.store->read_all(*id, 1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(*s.store->list(), std::vector<BlobId>{*empty});
}

TEST(BlobStore, PutsAFile) {
  Store s;
  const Bytes bytes = pattern(1000);
  std::ofstream(s.folder.path() / "in.bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), 1000);
  EXPECT_EQ(*s.store->put_file(s.folder.path() / "in.bin"), blob_id_of(bytes));
}

TEST(BlobStore, DamageIsNoticedAndMendedByPuttingAgain) {
  Store s;
  const Bytes bytes = pattern(2 * kBlobChunkBytes);
  const BlobId id = *s.store->put(bytes);
  s.flip("blobs/" + to_hex(id.value) + ".data", kBlobChunkBytes + 9);
  EXPECT_TRUE(s.store->read(id, 0, kBlobChunkBytes));
  EXPECT_EQ(s.store->read(id, kBlobChunkBytes, 1).error().code, ErrorCode::kIntegrity);
  EXPECT_EQ(s.store->verify(id).error().code, ErrorCode::kIntegrity);
  ASSERT_TRUE(s.store->put(bytes));
  EXPECT_TRUE(s.store->verify(id));
  s.flip("blobs/" + to_hex(id.value) + ".manifest", 11);
  s.reopen();
  EXPECT_EQ(s.store->read(id, 0, 1).error().code, ErrorCode::kIntegrity);
}

// INV-BLB-003.
TEST(BlobStore, DataWithoutManifestIsCleanedAway) {
  Store s;
  const BlobId id = *s.store->put(pattern(10));
  std::filesystem::remove(s.folder.path() / ("blobs/" + to_hex(id.value) + ".manifest"));
  s.reopen();
  EXPECT_FALSE(s.store->has(id));
  EXPECT_FALSE(std::filesystem::exists(s.folder.path() / ("blobs/" + to_hex(id.value) + ".data")));
}

TEST(BlobStore, NamesPointAtBlobs) {
  Store s;
  const BlobId id = *s.store->put(pattern(10));
  ASSERT_TRUE(s.store->set_name("checkpoint/ab/3", id));
  ASSERT_TRUE(s.store->set_name("checkpoint/ab", id));
  EXPECT_EQ(s.store->set_name("x", BlobId{}).error().code, ErrorCode::kNotFound);
  s.reopen();
  EXPECT_EQ(*s.store->find_name("checkpoint/ab/3"), (IndexEntry{id, 10}));
  EXPECT_EQ(*s.store->find_name("checkpoint/ab/4"), std::nullopt);
  EXPECT_EQ(*s.store->names("checkpoint"),
            (std::vector<std::string>{"checkpoint/ab", "checkpoint/ab/3"}));
  for (const char* bad :
       {"", "/", "/a", "a/", "a//b", "a.b", "..", "a/../b", "a b", "1/2/3/4/5/6/7/8/9"})
    EXPECT_FALSE(s.store->set_name(bad, id)) << bad;
  ASSERT_TRUE(s.store->remove_name("checkpoint/ab"));
  EXPECT_EQ(*s.store->find_name("checkpoint/ab"), std::nullopt);
}

// INV-BLB-002 and 003.
TEST(PartialBlob, GoesOnWhereItStopped) {
  Store s;
  const Bytes bytes = pattern(5 * kBlobChunkBytes + 1);
  const Manifest manifest = Manifest::make(bytes);
  {
    auto partial = PartialBlob::begin(*s.store, manifest);
    ASSERT_TRUE(partial);
    EXPECT_EQ(partial->next_bytes(1), kBlobChunkBytes);
    ASSERT_TRUE(partial->accept(ByteView(bytes).first(2 * kBlobChunkBytes)));
    // Half a chunk is kept out, the whole one before it stays.
    EXPECT_EQ(partial->accept(ByteView(bytes).subspan(2 * kBlobChunkBytes, kBlobChunkBytes + 9))
                  .error()
                  .code,
              ErrorCode::kIntegrity);
    EXPECT_EQ(partial->verified_bytes(), 3 * kBlobChunkBytes);
  }
  EXPECT_FALSE(s.store->has(manifest.id()));
  s.reopen();
  s.flip("partial/" + to_hex(manifest.id().value), 2 * kBlobChunkBytes + 1);
  auto partial = PartialBlob::begin(*s.store, manifest);
  ASSERT_TRUE(partial);
  EXPECT_EQ(partial->verified_bytes(), 2 * kBlobChunkBytes);
  EXPECT_EQ(partial->next_bytes(1 << 20), 3 * kBlobChunkBytes + 1);
  ASSERT_TRUE(partial->accept(ByteView(bytes).subspan(2 * kBlobChunkBytes)));
  EXPECT_FALSE(partial->accept(ByteView(bytes).first(1)));
  EXPECT_EQ(*partial->finish(), manifest.id());
  EXPECT_EQ(*s.store->read_all(manifest.id(), bytes.size()), bytes);
}

// A server that gives two names to one blob must not have it fetched into one file twice at a time.
TEST(PartialBlob, IsFetchedByOneAtATime) {
  Store s;
  const Bytes bytes = pattern(2 * kBlobChunkBytes);
  const Manifest manifest = Manifest::make(bytes);
  {
    auto first = PartialBlob::begin(*s.store, manifest);
    ASSERT_TRUE(first && first->accept(ByteView(bytes).first(kBlobChunkBytes)));
    EXPECT_EQ(PartialBlob::begin(*s.store, manifest).error().code, ErrorCode::kUnavailable);
    ASSERT_TRUE(first->accept(ByteView(bytes).subspan(kBlobChunkBytes)));
    ASSERT_TRUE(first->finish());
  }
  EXPECT_EQ(*s.store->read_all(manifest.id(), bytes.size()), bytes);
}

}  // namespace
}  // namespace assay::blob
