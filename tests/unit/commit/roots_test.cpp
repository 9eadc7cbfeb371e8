// INV-COM-010 to 014.
#include "assay/commit/roots.hpp"

#include <gtest/gtest.h>

#include "assay/codec/buffer.hpp"
#include "assay/commit/task.hpp"
#include "assay/commit/tensor_hash.hpp"
#include "assay/commit/transcript.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::commit {
namespace {

const Sha256Function kSha = crypto::sha256_function();

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 131 + i / 7);
  return bytes;
}

// Straight from docs/spec/commit.md: the chunks, the list by recursion, the header by hand.
Hash256 naive_list(std::span<const Hash256> leaves) {
  if (leaves.size() == 1) return leaves[0];
  const std::size_t left = split_of(leaves.size());
  return node_hash(kSha, naive_list(leaves.first(left)), naive_list(leaves.subspan(left)));
}
Hash256 naive_tensor_root(const TensorType& type, ByteView data) {
  std::vector<Hash256> leaves;
  for (std::size_t at = 0; at < data.size(); at += kChunkBytes) {
    leaves.push_back(leaf_hash(kSha, data.subspan(at, std::min(kChunkBytes, data.size() - at))));
  }
  Bytes header{0x02, 'T', static_cast<std::uint8_t>(type.dtype), type.shape.rank};
  for (unsigned i = 0; i < type.shape.rank; ++i) {
    for (unsigned b = 0; b < 8; ++b) {
      header.push_back(static_cast<std::uint8_t>(type.shape.dims[i] >> (8 * b)));
    }
  }
  const Hash256 list = naive_list(leaves);
  return crypto::sha256({header, list.view()});
}

TEST(TensorRoot, IsTheHeadedListOfItsChunks) {
  SerialTaskPool pool;
  std::vector<Bytes> data;
  std::vector<TensorRef> tensors;
  for (std::uint64_t size : {1u, 7u, 1023u, 1024u, 1025u, 2048u, 65535u, 65536u, 65537u, 200001u,
                             262143u, 262144u, 262145u, 327681u, 600000u}) {
    data.push_back(pattern(size));
  }
  for (const Bytes& bytes : data) tensors.push_back({{DType::kU8, {bytes.size()}}, bytes});
  const std::vector<Hash256> roots = tensor_roots(tensors, pool);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(roots[i], naive_tensor_root(tensors[i].type, tensors[i].data));
    EXPECT_EQ(roots[i], tensor_root(tensors[i].type, tensors[i].data, pool));
    const MerkleTree tree = tensor_tree(tensors[i].type, tensors[i].data, pool);
    EXPECT_EQ(roots[i], tensor_root(kSha, tensors[i].type, tree.root()));
    const std::uint64_t last = tree.size() - 1;
    EXPECT_EQ(tree.leaves()[last], leaf_hash(kSha, chunk_of(tensors[i].data, last)));
  }
}

TEST(TensorRoot, BindsItsType) {
  SerialTaskPool pool;
  const Bytes data = pattern(64);
  const Hash256 root = tensor_root({DType::kF32, {4, 4}}, data, pool);
  EXPECT_NE(root, tensor_root({DType::kI32, {4, 4}}, data, pool));
  EXPECT_NE(root, tensor_root({DType::kF32, {16}}, data, pool));
  EXPECT_NE(root, tensor_root({DType::kF32, {2, 8}}, data, pool));
  EXPECT_NE(root, tensor_root({DType::kF32, {1, 4, 4}}, data, pool));
}

TEST(TensorRoot, OfScalarsNeedsNoTree) {
  SerialTaskPool pool;
  Bytes raw{0x39, 0x30, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(scalar_tensor_root(kSha, DType::kU64, 12345),
            tensor_root({DType::kU64, {}}, raw, pool));
  raw.resize(4);
  EXPECT_EQ(scalar_tensor_root(kSha, DType::kU32, 12345),
            tensor_root({DType::kU32, {}}, raw, pool));
}

NamedTree example_tree() {
  return named_tree({{"metric/loss", scalar_tensor_root(kSha, DType::kF32, 1)},
                     {"model/w", scalar_tensor_root(kSha, DType::kF32, 2)},
                     {"optim/m", scalar_tensor_root(kSha, DType::kF32, 3)}});
}

TEST(NamedTree, OpensItsEntries) {
  const NamedTree tree = example_tree();
  EXPECT_EQ(tree.find("model/w"), 1u);
  EXPECT_EQ(tree.find("model/x"), 3u);
  const Path path = tree.tree.path(1);
  Hash256 list;
  ASSERT_TRUE(root_of_path(kSha, leaf_hash(kSha, named_leaf_record(tree.leaves[1])), 1, 3,
                           path.hashes.data(), path.length, list));
  EXPECT_EQ(counted_root(kSha, Tag::kState, 3, list), tree.root(Tag::kState));
  EXPECT_NE(tree.root(Tag::kState), tree.root(Tag::kDataSet));
}

TEST(NamedTree, RefusesNamesThatAreNotNames) {
  EXPECT_TRUE(is_valid_name("model/dense-1.w_0"));
  EXPECT_FALSE(is_valid_name(""));
  EXPECT_FALSE(is_valid_name("a b"));
  EXPECT_FALSE(is_valid_name(std::string(65, 'a')));
  EXPECT_DEATH((void)named_tree({{"b", {}}, {"a", {}}}), "precondition");
  EXPECT_DEATH((void)named_tree({{"a", {}}, {"a", {}}}), "precondition");
}

TEST(NamedLeaf, RoundTripsAndRejectsEveryCut) {
  const Bytes record = named_leaf_record({"model/w", scalar_tensor_root(kSha, DType::kF32, 2)});
  for (std::size_t size = 0; size <= record.size(); ++size) {
    codec::Reader reader(ByteView(record).first(size));
    const NamedLeaf leaf = read_named_leaf(reader);
    EXPECT_EQ(reader.finish(), size == record.size());
    if (reader.finish()) {
      EXPECT_EQ(leaf.name.size(), 7u);
    }
  }
}

TEST(ProgramRoot, BindsEveryFieldOfItsHeader) {
  ProgramHeader header;
  header.node_count = 5;
  const Bytes record = codec::encode([&](codec::Writer& w) { write_program_header(w, header); });
  codec::Reader reader(record);
  EXPECT_EQ(read_program_header(reader), header);
  ASSERT_TRUE(reader.finish());
  EXPECT_EQ(program_root(kSha, header), crypto::sha256({as_bytes("\x02P"), record}));
  for (std::size_t i = 0; i < record.size(); ++i) {
    Bytes bad = record;
    bad[i] ^= 1;
    codec::Reader other(bad);
    EXPECT_NE(program_root(kSha, read_program_header(other)), program_root(kSha, header));
  }
}

TEST(TaskHeader, RoundTripsAndItsRootBindsEveryByte) {
  TaskHeader header;
  header.init_program = leaf_hash(kSha, as_bytes("init"));
  header.seed = 7;
  header.steps = 105;
  header.commit_interval = 10;
  header.checkpoint_interval = 50;
  EXPECT_TRUE(is_valid(header));
  EXPECT_EQ(transcript_entries(header), 12u);
  EXPECT_EQ(step_of_entry(header, 10), 100u);
  EXPECT_EQ(step_of_entry(header, 11), 105u);
  const Bytes record = codec::encode([&](codec::Writer& w) { write_task_header(w, header); });
  EXPECT_EQ(record.size(), kTaskHeaderBytes);
  codec::Reader reader(record);
  EXPECT_EQ(read_task_header(reader), header);
  EXPECT_EQ(task_root(kSha, header), crypto::sha256({as_bytes("\x02K"), record}));
  for (std::size_t i = 0; i < record.size(); ++i) {
    Bytes bad = record;
    bad[i] ^= 0x40;
    codec::Reader other(bad);
    EXPECT_NE(task_root(kSha, read_task_header(other)), task_root(kSha, header));
  }
}

// docs/spec/commit.md, made by Python's hashlib.
TEST(Roots, AreTheWorkedExamplesOfTheSpec) {
  SerialTaskPool pool;
  const float values[] = {1, 2};
  const ByteView two{reinterpret_cast<const std::uint8_t*>(values), sizeof values};
  const Hash256 tensor = tensor_root({DType::kF32, {2}}, two, pool);
  EXPECT_EQ(to_hex(tensor), "9d8f416ff7a745f479a79784d55f4d271dde1c8befd27d9749605a10b1ab75c1");
  EXPECT_EQ(to_hex(tensor_root({DType::kU8, {1500}}, Bytes(1500), pool)),
            "bac2d4ca92d6aaab14215b12d8496f8885566a556291b632aafc7a2cc1050990");
  const NamedTree state = named_tree(
      {{"metric/loss", scalar_tensor_root(kSha, DType::kF32, 0x3f000000)}, {"model/w", tensor}});
  EXPECT_EQ(to_hex(state.root(Tag::kState)),
            "44879bcaa5dd7d9d2dc777e3ad176593bd6a0952d37c6ad3b7efa503b8511d2c");
  EXPECT_EQ(to_hex(Transcript({state.root(Tag::kState)}).root()),
            "7fe9a034ece837cf6217da682e190985dde1dc78c39be851dbeca14c9f9a4a92");
  TaskHeader header;
  header.seed = 7;
  header.steps = 100;
  header.commit_interval = 10;
  header.checkpoint_interval = 50;
  EXPECT_EQ(to_hex(task_root(kSha, header)),
            "28bc339e07a6cf0df9f2853e79c59c66ab5f79fa3c46065811c7a2d25e9de2fe");
}

TEST(Transcript, OpensItsEntriesAndNoOthers) {
  for (std::uint64_t n : {1u, 2u, 3u, 11u, 64u}) {
    std::vector<Hash256> roots;
    for (std::uint64_t i = 0; i < n; ++i) roots.push_back(scalar_tensor_root(kSha, DType::kU64, i));
    const Transcript transcript(roots);
    for (std::uint64_t i = 0; i < n; ++i) {
      const Path path = transcript.path(i);
      EXPECT_TRUE(verify_entry(kSha, transcript.root(), n, i, roots[i], path));
      EXPECT_FALSE(verify_entry(kSha, transcript.root(), n + 1, i, roots[i], path));
      EXPECT_FALSE(verify_entry(kSha, transcript.root(), n, i + 1, roots[i], path));
      if (n > 1) {
        EXPECT_FALSE(verify_entry(kSha, transcript.root(), n, i, roots[(i + 1) % n], path));
      }
    }
  }
}

}  // namespace
}  // namespace assay::commit
