// RFC 9162 Merkle trees over SHA-256: leaf H(0x00 || data), node H(0x01 || left || right), the
// empty list H(""). Checking only; commit/tree.hpp builds. Freestanding.
//
// A subtree is a Range that the recursive split makes (left part: the largest power of two below
// the size). The dispute walks a tree by Ranges, kSplitDepth levels of the split at a time.
#pragma once

#include "assay/core/sha256_function.hpp"

namespace assay::commit {

inline constexpr std::uint8_t kLeafPrefix = 0x00;
inline constexpr std::uint8_t kNodePrefix = 0x01;
inline constexpr std::uint8_t kHeaderPrefix = 0x02;
inline constexpr unsigned kMaxPathLength = 48;  // a list of up to 2^48 leaves
inline constexpr unsigned kSplitDepth = 4;
inline constexpr unsigned kMaxChildren = 1u << kSplitDepth;

[[nodiscard]] Hash256 leaf_hash(Sha256Function sha256, ByteView data);
[[nodiscard]] Hash256 node_hash(Sha256Function sha256, const Hash256& left, const Hash256& right);

// Leaves [first, first + count) of a list, count >= 1.
struct Range {
  std::uint64_t first = 0;
  std::uint64_t count = 1;
  friend constexpr bool operator==(const Range&, const Range&) = default;
};

// The largest power of two smaller than count; count >= 2.
[[nodiscard]] constexpr std::uint64_t split_of(std::uint64_t count) noexcept {
  return std::uint64_t{1} << (63 - std::countl_zero(count - 1));
}

struct Children {
  std::array<Range, kMaxChildren> ranges{};
  unsigned count = 0;
};
// The subtrees that `depth` levels of splitting make of `range`, in order; a single leaf is its own
// only child. Requires depth <= kSplitDepth.
[[nodiscard]] Children children_of(Range range, unsigned depth = kSplitDepth) noexcept;

// The root of `range` from its children's roots, children_of(range, depth).count of them.
[[nodiscard]] Hash256 root_of_children(Sha256Function sha256, Range range, const Hash256* roots,
                                       unsigned depth = kSplitDepth);

// An inclusion path, from the leaf up.
struct Path {
  std::array<Hash256, kMaxPathLength> hashes{};
  unsigned length = 0;
};

// How long the path of leaf `index` in a list of `count` is; index < count.
[[nodiscard]] unsigned path_length(std::uint64_t index, std::uint64_t count) noexcept;

// The list root that leaf hash `leaf` at `index` of `count` and `path` lead to. Returns false if
// index >= count or the path has the wrong length.
[[nodiscard]] bool root_of_path(Sha256Function sha256, const Hash256& leaf, std::uint64_t index,
                                std::uint64_t count, const Hash256* path, unsigned length,
                                Hash256& root);

}  // namespace assay::commit
