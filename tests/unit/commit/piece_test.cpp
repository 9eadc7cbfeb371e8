#include "assay/commit/piece.hpp"

#include <gtest/gtest.h>

#include "assay/core/faces.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::commit {
namespace {

Hash256 text_hash(const std::string& text) { return crypto::sha256(as_bytes(text)); }
Sha256Function sha() { return crypto::sha256_function(); }

Transcript transcript_of(std::uint64_t entries) {
  std::vector<Hash256> roots;
  for (std::uint64_t i = 0; i < entries; ++i) roots.push_back(text_hash(std::to_string(i)));
  return Transcript(std::move(roots));
}

// INV-COM-015: of every length around the borders of parts, each part leads to the root, and with
// any bit of it changed, at another place or of another count, it does not.
TEST(Piece, EveryPartOfATranscriptLeadsToItsRoot) {
  for (const std::uint64_t entries :
       {1u, 2u, 9u, 255u, 256u, 257u, 511u, 512u, 513u, 1001u, 1300u}) {
    const Transcript transcript = transcript_of(entries);
    for (std::uint64_t part = 0; part < part_count(entries); ++part) {
      TranscriptPart piece = open_part(transcript, part);
      EXPECT_TRUE(is_part(sha(), transcript.root(), entries, part, piece))
          << entries << " " << part;
      EXPECT_FALSE(is_part(sha(), transcript.root(), entries, part + 1, piece));
      EXPECT_FALSE(is_part(sha(), transcript.root(), entries + 1, part, piece));
      EXPECT_FALSE(is_part(sha(), text_hash("other"), entries, part, piece));
      for (std::size_t at = 0; at < piece.state_roots.size(); at += 31) {
        piece.state_roots[at] ^= 1;
        EXPECT_FALSE(is_part(sha(), transcript.root(), entries, part, piece));
        piece.state_roots[at] ^= 1;
      }
      for (unsigned i = 0; i < piece.path.length; ++i) {
        piece.path.hashes[i].bytes[0] ^= 1;
        EXPECT_FALSE(is_part(sha(), transcript.root(), entries, part, piece));
        piece.path.hashes[i].bytes[0] ^= 1;
      }
      piece.state_roots.resize(piece.state_roots.size() - 32);
      EXPECT_FALSE(is_part(sha(), transcript.root(), entries, part, piece));
    }
  }
}

// INV-COM-016: any index names a chunk; INV-COM-015: nothing of its opening can be changed.
TEST(Piece, EveryChunkOfATensorLeadsToTheRoot) {
  SerialTaskPool pool;
  Bytes a(1500, 7), c(3 * 1024, 9);
  const Bytes b(4, 1);
  c[1024] = 1, c[2048] = 2;
  const std::vector<TensorRef> tensors{{{DType::kU8, Shape{1500}}, a},
                                       {{DType::kF32, Shape{}}, b},
                                       {{DType::kF32, Shape{3, 256}}, c}};
  const NamedTree tree = named_tree({{"a", tensor_root(tensors[0].type, a, pool)},
                                     {"loss", tensor_root(tensors[1].type, b, pool)},
                                     {"z/w", tensor_root(tensors[2].type, c, pool)}});
  const Hash256 root = tree.root(Tag::kState);
  const std::uint64_t chunks[] = {2, 1, 3};
  for (std::uint64_t item = 0; item < 7; ++item)
    for (std::uint64_t chunk = 0; chunk < 5; ++chunk) {
      const TensorChunk good = open_chunk(tree, tensors, item, chunk, pool);
      const auto leads = [&](const TensorChunk& piece, std::uint64_t i, std::uint64_t j) {
        return root_over(sha(), Tag::kState, i, j, piece) == root;
      };
      EXPECT_TRUE(leads(good, item, chunk)) << item << " " << chunk;
      EXPECT_TRUE(leads(good, item + 3, chunk));
      EXPECT_TRUE(leads(good, item, chunk + chunks[item % 3]));
      EXPECT_FALSE(leads(good, item + 1, chunk));
      if (chunks[item % 3] > 1) {
        EXPECT_FALSE(leads(good, item, chunk + 1));
      }
      EXPECT_NE(root_over(sha(), Tag::kDataSet, item, chunk, good), root);
      const auto expect_wrong = [&](auto&& change) {
        TensorChunk bad = good;
        change(bad);
        EXPECT_FALSE(leads(bad, item, chunk));
      };
      expect_wrong([](TensorChunk& p) { p.bytes[0] ^= 1; });
      expect_wrong([](TensorChunk& p) { p.bytes.pop_back(); });
      expect_wrong([](TensorChunk& p) { p.bytes.push_back(0); });
      expect_wrong([](TensorChunk& p) { p.name += "x"; });
      expect_wrong([](TensorChunk& p) { p.name.clear(); });
      expect_wrong([](TensorChunk& p) { p.leaf_count = 0; });
      expect_wrong([](TensorChunk& p) { ++p.leaf_count; });
      expect_wrong([](TensorChunk& p) { p.leaf_path.hashes[0].bytes[3] ^= 1; });
      expect_wrong([](TensorChunk& p) { --p.leaf_path.length; });
      expect_wrong([](TensorChunk& p) { ++p.chunk_path.length; });
      expect_wrong([](TensorChunk& p) { p.type.dtype = DType::kI32; });
      expect_wrong([](TensorChunk& p) { p.type.shape = Shape{0}; });
    }
}

TEST(Piece, EveryRecordOfAProgramLeadsToItsRoot) {
  std::vector<Bytes> records;
  for (std::uint8_t i = 0; i < 7; ++i) records.push_back(Bytes(20, i));
  const auto tree = [&](std::size_t first, std::size_t count) {
    return MerkleTree(leaf_hashes(std::span(records).subspan(first, count)));
  };
  const MerkleTree trees[] = {tree(0, 4), tree(4, 2), tree(6, 1)};
  const ProgramHeader header{1, 4, 2, 1, trees[0].root(), trees[1].root(), trees[2].root()};
  const Hash256 root = program_root(sha(), header);
  for (std::uint64_t item = 0; item < 16; ++item) {
    const std::uint64_t at = item % 7;
    const std::uint64_t list = at < 4 ? 0 : at < 6 ? 1 : 2;
    const std::uint64_t index = at - (list == 0 ? 0 : list == 1 ? 4 : 6);
    const ProgramRecord good{records[at], trees[list].path(index), header};
    EXPECT_TRUE(is_record(sha(), root, item, good)) << item;
    EXPECT_FALSE(is_record(sha(), root, item + 1, good));
    ProgramRecord bad = good;
    bad.record[3] ^= 1;
    EXPECT_FALSE(is_record(sha(), root, item, bad));
    bad = good;
    bad.header.slot_count = 3;
    EXPECT_FALSE(is_record(sha(), root, item, bad));
    bad = good;
    bad.header = {};
    EXPECT_FALSE(is_record(sha(), program_root(sha(), bad.header), item, bad));
  }
}

}  // namespace
}  // namespace assay::commit
