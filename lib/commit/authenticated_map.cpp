#include "assay/commit/authenticated_map.hpp"

#include <algorithm>

#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"
#include "internal/map_node.hpp"

namespace assay::commit {

namespace {

using internal::kNodeBits;
using internal::kNodeChildren;
using internal::MapChild;
using internal::MapNode;
using Kind = MapChild::Kind;

// A change by hashes; no value hash: remove.
struct Change {
  Hash256 key_hash;
  std::optional<Hash256> value_hash;
};
using Changes = std::span<const Change>;

unsigned nibble_of(const Hash256& hash, unsigned depth) noexcept {
  const unsigned byte = hash.bytes[depth / 2];
  return depth % 2 == 0 ? byte >> 4 : byte & 15;
}

Error damaged() {
  return {ErrorCode::kIntegrity,
          "a node of the authenticated map is missing or damaged: restore the folder from a backup "
          "or synchronise it again"};
}

// Reads and writes nodes by their place: the first `depth` nibbles of any key hash below it.
class Nodes {
 public:
  Nodes(const KeyValueStore& store, const Bytes& prefix) : m_store(store), m_prefix(prefix) {}

  [[nodiscard]] Result<MapChild> top() const {
    ASSAY_TRY(const std::optional<Bytes> bytes, m_store.get(top_key()));
    MapChild child;
    if (bytes && !internal::decode_child(*bytes, child)) return damaged();
    return child;
  }
  [[nodiscard]] Result<MapNode> node(const Hash256& place, unsigned depth,
                                     const Hash256& expected) const {
    if (depth >= kMaxMapDepth / kNodeBits) return damaged();
    ASSAY_TRY(const std::optional<Bytes> bytes, m_store.get(key(place, depth)));
    MapNode node;
    if (!bytes || !internal::decode_node(*bytes, node)) return damaged();
    if (internal::summary_of(node).hash != expected) return damaged();
    return node;
  }

  void put_top(const MapChild& child, WriteBatch& batch) const {
    if (child.kind == Kind::kEmpty) {
      batch.erase(top_key());
    } else {
      batch.put(top_key(), internal::encode_child(child));
    }
  }
  void put(const Hash256& place, unsigned depth, const MapNode& node, WriteBatch& batch) const {
    batch.put(key(place, depth), internal::encode_node(node));
  }
  void erase(const Hash256& place, unsigned depth, WriteBatch& batch) const {
    batch.erase(key(place, depth));
  }

 private:
  [[nodiscard]] Bytes top_key() const {
    Bytes k = m_prefix;
    k.push_back('t');
    return k;
  }
  // Prefix, 'n', depth, the nibbles packed two a byte.
  [[nodiscard]] Bytes key(const Hash256& place, unsigned depth) const {
    Bytes k = m_prefix;
    k.push_back('n');
    k.push_back(static_cast<std::uint8_t>(depth));
    k.insert(k.end(), place.bytes.begin(), place.bytes.begin() + (depth + 1) / 2);
    if (depth % 2 != 0) k.back() &= 0xf0;
    return k;
  }

  const KeyValueStore& m_store;
  const Bytes& m_prefix;
};

// The changes below child `nibble` at `depth`, cut off the front of `rest` (sorted by key hash).
Changes take_below(Changes& rest, unsigned nibble, unsigned depth) {
  std::size_t n = 0;
  while (n < rest.size() && nibble_of(rest[n].key_hash, depth) == nibble) ++n;
  const Changes taken = rest.first(n);
  rest = rest.subspan(n);
  return taken;
}

// A subtree that had no node: builds it of its entries, two or more of them with nodes.
MapChild build(const Nodes& nodes, unsigned depth, Changes entries, WriteBatch& batch) {
  if (entries.empty()) return {};
  if (entries.size() == 1) {
    return internal::make_leaf(entries[0].key_hash, *entries[0].value_hash);
  }
  const Hash256 place = entries[0].key_hash;
  MapNode node;
  for (unsigned i = 0; i < kNodeChildren; ++i) {
    node.children[i] = build(nodes, depth + 1, take_below(entries, i, depth), batch);
  }
  nodes.put(place, depth, node, batch);
  return internal::summary_of(node);
}

MapChild rebuild(const Nodes& nodes, unsigned depth, const MapChild& old, Changes changes,
                 WriteBatch& batch) {
  std::vector<Change> entries;
  bool keeps_old = old.kind == Kind::kLeaf;
  for (const Change& change : changes) {
    if (old.kind == Kind::kLeaf && change.key_hash == old.key_hash) keeps_old = false;
    if (change.value_hash) entries.push_back(change);
  }
  if (keeps_old) {
    const auto before = [](const Change& a, const Hash256& b) { return a.key_hash < b; };
    entries.insert(std::lower_bound(entries.begin(), entries.end(), old.key_hash, before),
                   {old.key_hash, old.value_hash});
  }
  return build(nodes, depth, entries, batch);
}

Result<MapChild> update(const Nodes& nodes, unsigned depth, const MapChild& old, Changes changes,
                        WriteBatch& batch) {
  if (changes.empty()) return old;
  if (old.kind != Kind::kSubtree) return rebuild(nodes, depth, old, changes, batch);
  const Hash256 place = changes[0].key_hash;
  ASSAY_TRY(MapNode node, nodes.node(place, depth, old.hash));
  for (unsigned i = 0; i < kNodeChildren; ++i) {
    const Changes below = take_below(changes, i, depth);
    ASSAY_TRY(node.children[i], update(nodes, depth + 1, node.children[i], below, batch));
  }
  const MapChild summary = internal::summary_of(node);
  if (summary.kind == Kind::kSubtree) {
    nodes.put(place, depth, node, batch);
  } else {
    nodes.erase(place, depth, batch);
  }
  return summary;
}

std::vector<Change> sorted_changes(std::span<const MapChange> changes) {
  std::vector<Change> sorted;
  sorted.reserve(changes.size());
  for (const MapChange& change : changes) {
    Change c{crypto::sha256(change.key), std::nullopt};
    if (change.value) c.value_hash = crypto::sha256(*change.value);
    sorted.push_back(c);
  }
  const auto by_key = [](const Change& a, const Change& b) { return a.key_hash < b.key_hash; };
  std::stable_sort(sorted.begin(), sorted.end(), by_key);
  std::vector<Change> unique;
  for (const Change& change : sorted) {
    if (!unique.empty() && unique.back().key_hash == change.key_hash) unique.pop_back();
    unique.push_back(change);
  }
  return unique;
}

// Goes down the binary levels of one node. True if the search ends here, at `child`.
bool descend(const MapNode& node, unsigned nibble, std::vector<Hash256>& siblings,
             MapChild& child) {
  unsigned first = 0;
  for (unsigned count = kNodeChildren; count > 1; count /= 2) {
    unsigned present = 0;
    for (unsigned i = first; i < first + count; ++i) {
      if (node.children[i].kind == Kind::kEmpty) continue;
      ++present;
      child = node.children[i];
    }
    if (present == 0) child = {};
    if (present == 0 || (present == 1 && child.kind == Kind::kLeaf)) return true;
    const bool right = (nibble & count / 2) != 0;
    siblings.push_back(internal::hash_of(node, right ? first : first + count / 2, count / 2));
    if (right) first += count / 2;
  }
  child = node.children[first];
  return child.kind != Kind::kSubtree;
}

}  // namespace

AuthenticatedMap::AuthenticatedMap(const KeyValueStore& store, Bytes key_prefix)
    : m_store(store), m_prefix(std::move(key_prefix)) {}

Result<Hash256> AuthenticatedMap::root() const {
  ASSAY_TRY(const MapChild top, Nodes(m_store, m_prefix).top());
  return top.kind == Kind::kEmpty ? map_placeholder() : top.hash;
}

Result<Hash256> AuthenticatedMap::apply(std::span<const MapChange> changes,
                                        WriteBatch& batch) const {
  const Nodes nodes(m_store, m_prefix);
  ASSAY_TRY(const MapChild old, nodes.top());
  const std::vector<Change> sorted = sorted_changes(changes);
  ASSAY_TRY(const MapChild top, update(nodes, 0, old, sorted, batch));
  nodes.put_top(top, batch);
  return top.kind == Kind::kEmpty ? map_placeholder() : top.hash;
}

Result<Bytes> AuthenticatedMap::prove(ByteView key) const {
  const Nodes nodes(m_store, m_prefix);
  const Hash256 key_hash = crypto::sha256(key);
  std::vector<Hash256> siblings;  // top first
  ASSAY_TRY(MapChild child, nodes.top());
  for (unsigned depth = 0; child.kind == Kind::kSubtree; ++depth) {
    ASSAY_TRY(const MapNode node, nodes.node(key_hash, depth, child.hash));
    if (descend(node, nibble_of(key_hash, depth), siblings, child)) break;
  }
  return codec::encode([&](codec::Writer& writer) {
    writer.flag(child.kind == Kind::kLeaf);
    if (child.kind == Kind::kLeaf) {
      writer.hash(child.key_hash);
      writer.hash(child.value_hash);
    }
    writer.u32(static_cast<std::uint32_t>(siblings.size()));
    for (auto it = siblings.rbegin(); it != siblings.rend(); ++it) writer.hash(*it);
  });
}

}  // namespace assay::commit
