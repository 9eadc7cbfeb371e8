// Proofs of excerpts, from the map's nodes.
#include <algorithm>

#include "assay/codec/buffer.hpp"
#include "assay/commit/authenticated_map.hpp"
#include "assay/crypto/sha256.hpp"
#include "internal/map_store.hpp"
#include "internal/map_ways.hpp"

namespace assay::commit {

using internal::kNodeBits;
using internal::MapChild;
using internal::MapNode;
using internal::MapStore;
using internal::Way;

namespace {

struct Wanted {
  Hash256 key_hash;
  friend auto operator<=>(const Wanted&, const Wanted&) = default;
};
using AllWanted = std::span<const Wanted>;

class Prover {
 public:
  Prover(const MapStore& store, codec::Writer& writer) : m_store(store), m_writer(writer) {}

  // `depth` counts nodes. `wanted` is not empty, as everywhere below.
  Status walk(const MapChild& child, unsigned depth, AllWanted wanted) {
    if (child.kind != MapChild::Kind::kSubtree) {
      end(child, wanted);
      return {};
    }
    ASSAY_TRY(const MapNode node, m_store.node(child, wanted.front().key_hash, depth));
    return walk(node, {0, internal::kNodeChildren}, depth, wanted);
  }

 private:
  // Some of a node's children: 16, 8, 4, 2 or 1 of them.
  struct Part {
    unsigned first;
    unsigned count;
    [[nodiscard]] Part lower() const { return {first, count / 2}; }
    [[nodiscard]] Part upper() const { return {first + count / 2, count / 2}; }
  };

  Status walk(const MapNode& node, Part part, unsigned depth, AllWanted wanted) {
    if (part.count == 1) return walk(node.children[part.first], depth + 1, wanted);
    if (const MapChild* const lone = lone_child(node, part)) {
      end(*lone, wanted);
      return {};
    }
    m_writer.u8(static_cast<std::uint8_t>(Way::kFork));
    const unsigned bit = depth * kNodeBits + bits_above(part);
    const std::size_t upper = internal::upper_half(wanted, bit);
    ASSAY_TRY_STATUS(half(node, part.lower(), depth, wanted.first(upper)));
    return half(node, part.upper(), depth, wanted.subspan(upper));
  }
  Status half(const MapNode& node, Part part, unsigned depth, AllWanted wanted) {
    if (!wanted.empty()) return walk(node, part, depth, wanted);
    m_writer.hash(internal::hash_of(node, part.first, part.count));
    return {};
  }

  // What stands below a part with one leaf or nothing in it; null where there is more.
  static const MapChild* lone_child(const MapNode& node, Part part) {
    const MapChild* found = nullptr;
    for (unsigned i = part.first; i < part.first + part.count; ++i) {
      const MapChild& child = node.children[i];
      if (child.kind == MapChild::Kind::kEmpty) continue;
      if (child.kind == MapChild::Kind::kSubtree || found != nullptr) return nullptr;
      found = &child;
    }
    return found != nullptr ? found : &node.children[part.first];
  }

  static unsigned bits_above(Part part) {
    unsigned bits = 0;
    for (unsigned count = internal::kNodeChildren; count > part.count; count /= 2) ++bits;
    return bits;
  }

  void end(const MapChild& child, AllWanted wanted) {
    const bool is_wanted = child.kind == MapChild::Kind::kLeaf &&
                           std::binary_search(wanted.begin(), wanted.end(), Wanted{child.key_hash});
    const Way way = child.kind == MapChild::Kind::kEmpty ? Way::kEmpty
                    : is_wanted                          ? Way::kOwnLeaf
                                                         : Way::kOtherLeaf;
    m_writer.u8(static_cast<std::uint8_t>(way));
    if (way != Way::kOtherLeaf) return;
    m_writer.hash(child.key_hash);
    m_writer.hash(child.value_hash);
  }

  const MapStore& m_store;
  codec::Writer& m_writer;
};

}  // namespace

Result<Bytes> AuthenticatedMap::prove_all(std::span<const Bytes> keys,
                                          std::uint64_t version) const {
  std::vector<Wanted> wanted;
  wanted.reserve(keys.size());
  for (const Bytes& key : keys) wanted.push_back({crypto::sha256(key)});
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  if (wanted.empty()) return Bytes{};
  const MapStore store(m_store, m_places);
  ASSAY_TRY(const MapChild top, store.top(version));
  Status walked;
  Bytes proof = codec::encode(
      [&](codec::Writer& writer) { walked = Prover(store, writer).walk(top, 0, wanted); });
  if (!walked) return std::move(walked).error();
  return proof;
}

}  // namespace assay::commit
