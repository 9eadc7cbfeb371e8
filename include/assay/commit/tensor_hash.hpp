// Roots of tensors, states and data sets (docs/spec/commit.md), hashed in place on the pool's
// threads, several SHA-256 streams at once. Stateless; the data must not change while a call runs.
#pragma once

#include <string>

#include "assay/commit/roots.hpp"
#include "assay/commit/tree.hpp"

namespace assay::commit {

// A tensor's bytes, row-major and little-endian. Requires data.size() == type.byte_count() and a
// valid shape.
struct TensorRef {
  TensorType type;
  ByteView data;
};

[[nodiscard]] Hash256 tensor_root(const TensorType& type, ByteView data, TaskPool& pool);

// All of them in one pass over the pool, so that many small tensors cost no more than one large
// one.
[[nodiscard]] std::vector<Hash256> tensor_roots(std::span<const TensorRef> tensors, TaskPool& pool);

// The tree over the chunks, for openings; tensor_root is the headed form of its root.
[[nodiscard]] MerkleTree tensor_tree(const TensorType& type, ByteView data, TaskPool& pool);

// Chunk `index` of a tensor's bytes: kChunkBytes of them, fewer at the end.
[[nodiscard]] ByteView chunk_of(ByteView data, std::uint64_t index);

// An entry of a state or a data set.
struct NamedRoot {
  std::string name;
  Hash256 root;
  friend bool operator==(const NamedRoot&, const NamedRoot&) = default;
};

// 1 to 64 bytes of [A-Za-z0-9._/-].
[[nodiscard]] bool is_valid_name(std::string_view name) noexcept;

// The record under leaf (docs/spec/commit.md).
[[nodiscard]] Bytes named_leaf_record(const NamedRoot& entry);

// The tree of a state or a data set over its entries.
struct NamedTree {
  std::vector<NamedRoot> leaves;  // names ascending (bytewise), unique
  MerkleTree tree;

  // The headed root; tag: kState or kDataSet.
  [[nodiscard]] Hash256 root(Tag tag) const;
  // The index of `name`, or leaves.size().
  [[nodiscard]] std::size_t find(std::string_view name) const noexcept;
};

// Requires valid names in ascending order without duplicates.
[[nodiscard]] NamedTree named_tree(std::vector<NamedRoot> leaves);

}  // namespace assay::commit
