#include "assay/commit/tensor_hash.hpp"

#include <algorithm>

#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::commit {

namespace {

// Chunks of one task: an aligned subtree, so that its root is an entry of a level of the tree.
constexpr unsigned kBlockLevels = 6;
constexpr std::size_t kBlockChunks = std::size_t{1} << kBlockLevels;
constexpr std::size_t kBlockBytes = kBlockChunks * kChunkBytes;
// Neighbours that one thread hashes together, so that their upper levels too fill a kernel's lanes.
constexpr std::size_t kBlocksAtOnce = 4;

// One level up, in place; what has no partner rises as it is. How many are left.
std::size_t fold_level(Hash256* hashes, std::size_t count) {
  const std::size_t pairs = count / 2;
  crypto::sha256_pairs(kNodePrefix, hashes, pairs, hashes);
  if (count % 2 != 0) hashes[pairs] = hashes[count - 1];
  return pairs + count % 2;
}

// Folds hashes[0, count) to one root in place.
Hash256 fold_in_place(Hash256* hashes, std::size_t count) {
  while (count > 1) count = fold_level(hashes, count);
  return hashes[0];
}

// The roots of at most kBlocksAtOnce blocks, the last of which may be shorter.
void block_roots(ByteView bytes, Hash256* roots) {
  std::array<Hash256, kBlocksAtOnce * kBlockChunks> hashes;
  crypto::sha256_many_prefixed(kLeafPrefix, bytes, kChunkBytes, hashes.data());
  std::size_t count = crypto::leaf_count(bytes.size(), kChunkBytes);
  for (unsigned level = 0; level < kBlockLevels; ++level) count = fold_level(hashes.data(), count);
  std::copy_n(hashes.begin(), count, roots);
}

void check(const TensorRef& tensor) {
  ASSAY_EXPECTS(is_valid(tensor.type.shape) && is_known(tensor.type.dtype));
  ASSAY_EXPECTS(tensor.data.size() == tensor.type.byte_count());
}

}  // namespace

std::vector<Hash256> tensor_roots(std::span<const TensorRef> tensors, TaskPool& pool) {
  std::vector<std::size_t> first_block{0};
  first_block.reserve(tensors.size() + 1);
  for (const TensorRef& tensor : tensors) {
    check(tensor);
    first_block.push_back(first_block.back() + ceil_div(tensor.data.size(), kBlockBytes));
  }
  std::vector<Hash256> blocks(first_block.back());
  const auto hash_blocks = [&](std::size_t first, std::size_t last) {
    auto owner = std::upper_bound(first_block.begin(), first_block.end(), first) - 1;
    while (first < last) {
      while (first >= owner[1]) ++owner;
      const ByteView data = tensors[static_cast<std::size_t>(owner - first_block.begin())].data;
      const std::size_t end = std::min({last, owner[1], first + kBlocksAtOnce});
      const std::size_t at = (first - *owner) * kBlockBytes;
      const std::size_t size = std::min((end - first) * kBlockBytes, data.size() - at);
      block_roots(data.subspan(at, size), blocks.data() + first);
      first = end;
    }
  };
  if (blocks.size() == 1) {
    hash_blocks(0, 1);  // not worth waking a thread
  } else if (!blocks.empty()) {
    pool.run(blocks.size(), 1, hash_blocks);
  }
  std::vector<Hash256> roots;
  roots.reserve(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Hash256 list_root =
        fold_in_place(blocks.data() + first_block[i], first_block[i + 1] - first_block[i]);
    roots.push_back(tensor_root(crypto::sha256_function(), tensors[i].type, list_root));
  }
  return roots;
}

Hash256 tensor_root(const TensorType& type, ByteView data, TaskPool& pool) {
  const TensorRef tensor{type, data};
  return tensor_roots({&tensor, 1}, pool).front();
}

MerkleTree tensor_tree(const TensorType& type, ByteView data, TaskPool& pool) {
  check({type, data});
  std::vector<Hash256> leaves(crypto::leaf_count(data.size(), kChunkBytes));
  pool.run(leaves.size(), kBlockChunks, [&](std::size_t first, std::size_t last) {
    const std::size_t end = std::min(last * kChunkBytes, data.size());
    crypto::sha256_many_prefixed(kLeafPrefix,
                                 data.subspan(first * kChunkBytes, end - first * kChunkBytes),
                                 kChunkBytes, leaves.data() + first);
  });
  return MerkleTree(std::move(leaves), pool);
}

ByteView chunk_of(ByteView data, std::uint64_t index) {
  ASSAY_EXPECTS(index < crypto::leaf_count(data.size(), kChunkBytes));
  return data.subspan(index * kChunkBytes,
                      std::min<std::size_t>(kChunkBytes, data.size() - index * kChunkBytes));
}

bool is_valid_name(std::string_view name) noexcept {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '/' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

Bytes named_leaf_record(const NamedRoot& entry) {
  return codec::encode([&](codec::Writer& w) {
    write_named_leaf(w, {as_bytes(entry.name), entry.root});
  });
}

Hash256 NamedTree::root(Tag tag) const {
  ASSAY_EXPECTS(tag == Tag::kState || tag == Tag::kDataSet);
  return counted_root(crypto::sha256_function(), tag, leaves.size(), tree.root());
}

std::size_t NamedTree::find(std::string_view name) const noexcept {
  const auto at =
      std::lower_bound(leaves.begin(), leaves.end(), name,
                       [](const NamedRoot& a, std::string_view b) { return a.name < b; });
  const bool found = at != leaves.end() && at->name == name;
  return found ? static_cast<std::size_t>(at - leaves.begin()) : leaves.size();
}

NamedTree named_tree(std::vector<NamedRoot> leaves) {
  std::vector<Hash256> hashes;
  hashes.reserve(leaves.size());
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    ASSAY_EXPECTS(is_valid_name(leaves[i].name));
    ASSAY_EXPECTS(i == 0 || leaves[i - 1].name < leaves[i].name);
    hashes.push_back(leaf_hash(crypto::sha256_function(), named_leaf_record(leaves[i])));
  }
  return {std::move(leaves), MerkleTree(std::move(hashes))};
}

}  // namespace assay::commit
