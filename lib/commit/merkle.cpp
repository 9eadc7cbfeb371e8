#include "assay/commit/merkle.hpp"

#include "assay/core/contract.hpp"

namespace assay::commit {

namespace {

void split(Range range, unsigned depth, Children& out) noexcept {
  if (depth == 0 || range.count == 1) {
    out.ranges[out.count++] = range;
    return;
  }
  const std::uint64_t left = split_of(range.count);
  split({range.first, left}, depth - 1, out);
  split({range.first + left, range.count - left}, depth - 1, out);
}

// Takes the roots of the children below `count` leaves from `next` on.
Hash256 join(Sha256Function sha256, std::uint64_t count, unsigned depth, const Hash256*& next) {
  if (depth == 0 || count == 1) return *next++;
  const std::uint64_t left_count = split_of(count);
  const Hash256 left = join(sha256, left_count, depth - 1, next);
  const Hash256 right = join(sha256, count - left_count, depth - 1, next);
  return node_hash(sha256, left, right);
}

// The way down to a leaf, top first: bit i of `rights` is set where step i goes right.
struct Way {
  std::uint64_t rights = 0;
  unsigned length = 0;
};

Way way_to(std::uint64_t index, std::uint64_t count) noexcept {
  Way way;
  while (count > 1) {
    const std::uint64_t left = split_of(count);
    if (index < left) {
      count = left;
    } else {
      way.rights |= std::uint64_t{1} << way.length;
      index -= left;
      count -= left;
    }
    ++way.length;
  }
  return way;
}

}  // namespace

Hash256 leaf_hash(Sha256Function sha256, ByteView data) {
  return sha256_of(sha256, {ByteView{&kLeafPrefix, 1}, data});
}

Hash256 node_hash(Sha256Function sha256, const Hash256& left, const Hash256& right) {
  return sha256_of(sha256, {ByteView{&kNodePrefix, 1}, left.view(), right.view()});
}

Children children_of(Range range, unsigned depth) noexcept {
  ASSAY_EXPECTS(range.count >= 1 && depth <= kSplitDepth);
  Children children;
  split(range, depth, children);
  return children;
}

Hash256 root_of_children(Sha256Function sha256, Range range, const Hash256* roots, unsigned depth) {
  ASSAY_EXPECTS(range.count >= 1 && depth <= kSplitDepth);
  return join(sha256, range.count, depth, roots);
}

unsigned path_length(std::uint64_t index, std::uint64_t count) noexcept {
  ASSAY_EXPECTS(index < count);
  return way_to(index, count).length;
}

bool root_of_path(Sha256Function sha256, const Hash256& leaf, std::uint64_t index,
                  std::uint64_t count, const Hash256* path, unsigned length, Hash256& root) {
  if (index >= count || length > kMaxPathLength) return false;
  const Way way = way_to(index, count);
  if (way.length != length) return false;
  Hash256 hash = leaf;
  for (unsigned i = 0; i < length; ++i) {
    const bool right = (way.rights >> (length - 1 - i) & 1) != 0;
    hash = right ? node_hash(sha256, path[i], hash) : node_hash(sha256, hash, path[i]);
  }
  root = hash;
  return true;
}

}  // namespace assay::commit
