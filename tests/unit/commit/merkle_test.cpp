// INV-COM-001 to 004.
#include "assay/commit/merkle.hpp"

#include <gtest/gtest.h>

#include "assay/codec/buffer.hpp"
#include "assay/commit/path_record.hpp"
#include "assay/commit/roots.hpp"
#include "assay/commit/tree.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::commit {
namespace {

const Sha256Function kSha = crypto::sha256_function();

// The reference leaves, tree heads and paths of Certificate Transparency (RFC 6962 test data).
const char* const kCtLeaves[] = {"",
                                 "00",
                                 "10",
                                 "2021",
                                 "3031",
                                 "40414243",
                                 "5051525354555657",
                                 "606162636465666768696a6b6c6d6e6f"};
const char* const kCtRoots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
struct CtPath {
  std::uint64_t index, count;
  std::vector<const char*> hashes;
};
const CtPath kCtPaths[] = {
    {0, 1, {}},
    {0,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {5,
     8,
     {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {2, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
    {1,
     5,
     {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
};

std::vector<Hash256> ct_leaves(std::size_t count) {
  std::vector<Bytes> records;
  for (std::size_t i = 0; i < count; ++i) records.push_back(*from_hex(kCtLeaves[i]));
  return leaf_hashes(records);
}

std::vector<Hash256> numbered_leaves(std::uint64_t count) {
  std::vector<Hash256> leaves;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint8_t raw[8];
    store_le(raw, i);
    leaves.push_back(leaf_hash(kSha, raw));
  }
  return leaves;
}

// The definition of RFC 9162, section 2.1.1, by recursion.
Hash256 naive_root(std::span<const Hash256> leaves) {
  if (leaves.empty()) return crypto::sha256(ByteView{});
  if (leaves.size() == 1) return leaves[0];
  const std::size_t left = split_of(leaves.size());
  return node_hash(kSha, naive_root(leaves.first(left)), naive_root(leaves.subspan(left)));
}

TEST(Merkle, MatchesThePublicRootsAndPaths) {
  for (std::size_t n = 0; n <= 8; ++n) {
    EXPECT_EQ(to_hex(MerkleTree(ct_leaves(n)).root()), kCtRoots[n]) << n;
  }
  for (const CtPath& expected : kCtPaths) {
    const MerkleTree tree(ct_leaves(expected.count));
    const Path path = tree.path(expected.index);
    ASSERT_EQ(path.length, expected.hashes.size());
    for (unsigned i = 0; i < path.length; ++i) {
      EXPECT_EQ(to_hex(path.hashes[i]), expected.hashes[i]);
    }
    Hash256 root;
    ASSERT_TRUE(root_of_path(kSha, tree.leaves()[expected.index], expected.index, expected.count,
                             path.hashes.data(), path.length, root));
    EXPECT_EQ(to_hex(root), kCtRoots[expected.count]);
  }
}

TEST(Merkle, TreesPathsAndSubtreesAgreeWithTheDefinition) {
  for (std::uint64_t n : {1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100, 257}) {
    const std::vector<Hash256> leaves = numbered_leaves(n);
    const MerkleTree tree(leaves);
    ASSERT_EQ(tree.root(), naive_root(leaves)) << n;
    for (std::uint64_t i = 0; i < n; ++i) {
      const Path path = tree.path(i);
      ASSERT_EQ(path.length, path_length(i, n));
      Hash256 root;
      ASSERT_TRUE(root_of_path(kSha, leaves[i], i, n, path.hashes.data(), path.length, root));
      ASSERT_EQ(root, tree.root());
    }
    // Every subtree that walking down by children meets.
    std::vector<Range> todo{{0, n}};
    while (!todo.empty()) {
      const Range range = todo.back();
      todo.pop_back();
      ASSERT_EQ(tree.subtree_root(range),
                naive_root(std::span(leaves).subspan(range.first, range.count)));
      const Children children = children_of(range);
      const std::vector<Hash256> roots = tree.children_roots(range);
      ASSERT_EQ(roots.size(), children.count);
      ASSERT_LE(children.count, kMaxChildren);
      ASSERT_EQ(root_of_children(kSha, range, roots.data()), tree.subtree_root(range));
      std::uint64_t next = range.first;
      for (unsigned i = 0; i < children.count; ++i) {
        ASSERT_EQ(children.ranges[i].first, next);
        next += children.ranges[i].count;
        if (children.ranges[i].count < range.count) todo.push_back(children.ranges[i]);
      }
      ASSERT_EQ(next, range.first + range.count);
    }
  }
}

TEST(Merkle, LargeTreesAreTheSameOnAPool) {
  class Halves final : public TaskPool {
   public:
    unsigned thread_count() const override { return 2; }
    void run(std::size_t count, std::size_t grain,
             const std::function<void(std::size_t, std::size_t)>& body) override {
      const std::size_t middle = count / 2 / grain * grain;
      body(middle, count);
      if (middle > 0) body(0, middle);
    }
  } pool;
  const std::vector<Hash256> leaves = numbered_leaves(5001);
  EXPECT_EQ(MerkleTree(leaves, pool).root(), MerkleTree(leaves).root());
}

TEST(Merkle, EveryTamperedPathIsRejected) {
  const std::uint64_t n = 13;
  const std::vector<Hash256> leaves = numbered_leaves(n);
  const MerkleTree tree(leaves);
  for (std::uint64_t i = 0; i < n; ++i) {
    const Bytes record = codec::encode([&](codec::Writer& w) { write_path(w, tree.path(i)); });
    const auto accepts = [&](ByteView bytes, std::uint64_t index) {
      codec::Reader reader(bytes);
      const Path path = read_path(reader);
      Hash256 root;
      return reader.finish() &&
             root_of_path(kSha, leaves[i], index, n, path.hashes.data(), path.length, root) &&
             root == tree.root();
    };
    ASSERT_TRUE(accepts(record, i));
    for (std::uint64_t j = 0; j < n + 3; ++j) {
      if (j != i) {
        EXPECT_FALSE(accepts(record, j));
      }
    }
    for (std::size_t at = 0; at < record.size(); ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        Bytes bad = record;
        bad[at] ^= static_cast<std::uint8_t>(1u << bit);
        EXPECT_FALSE(accepts(bad, i)) << at;
      }
      EXPECT_FALSE(accepts(ByteView(record).first(at), i));
    }
    Bytes longer = record;
    longer.push_back(0);
    EXPECT_FALSE(accepts(longer, i));
  }
}

// An RFC 9162 list root does not bind its length; the headed root does.
TEST(Merkle, LeafTwoOfThreePosesAsLeafOneOfTwoUntilTheHeaderSaysHowMany) {
  const std::vector<Hash256> leaves = numbered_leaves(3);
  const MerkleTree tree(leaves);
  const Path path = tree.path(2);
  Hash256 as_three;
  Hash256 as_two;
  ASSERT_TRUE(root_of_path(kSha, leaves[2], 2, 3, path.hashes.data(), path.length, as_three));
  ASSERT_TRUE(root_of_path(kSha, leaves[2], 1, 2, path.hashes.data(), path.length, as_two));
  EXPECT_EQ(as_three, as_two);  // the confusion
  EXPECT_NE(counted_root(kSha, Tag::kState, 3, as_three),
            counted_root(kSha, Tag::kState, 2, as_two));
  EXPECT_NE(counted_root(kSha, Tag::kState, 3, as_three),
            counted_root(kSha, Tag::kDataSet, 3, as_three));
}

TEST(Merkle, PathsBeyondTheDeepestTreeAreRefused) {
  std::array<Hash256, kMaxPathLength> path{};
  Hash256 root;
  const std::uint64_t huge = std::uint64_t{1} << 48;
  EXPECT_TRUE(root_of_path(kSha, {}, huge - 1, huge, path.data(), 48, root));
  EXPECT_FALSE(root_of_path(kSha, {}, huge, huge, path.data(), 48, root));
  EXPECT_FALSE(root_of_path(kSha, {}, 0, huge + 1, path.data(), 49, root));
  EXPECT_FALSE(root_of_path(kSha, {}, 0, 0, path.data(), 0, root));
  EXPECT_EQ(path_length(0, ~std::uint64_t{0}), 64u);
}

}  // namespace
}  // namespace assay::commit
