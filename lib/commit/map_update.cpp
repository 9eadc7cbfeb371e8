#include <algorithm>

#include "assay/crypto/sha256.hpp"
#include "internal/map_store.hpp"

namespace assay::commit::internal {

using Kind = MapChild::Kind;

Result<MapChild> MapUpdate::run(const MapChild& old_top, std::span<const MapChange> changes) {
  ASSAY_TRY(const std::vector<Change> sorted, write_records(changes));
  return update(0, old_top, sorted);
}

// Puts the records, and what they were before; what the tree must learn, by ascending key hash.
Result<std::vector<MapUpdate::Change>> MapUpdate::write_records(
    std::span<const MapChange> changes) {
  struct Hashed {
    Hash256 key_hash;
    const MapChange* change = nullptr;
  };
  std::vector<Hashed> sorted;
  sorted.reserve(changes.size());
  for (const MapChange& change : changes) sorted.push_back({crypto::sha256(change.key), &change});
  const auto by_key = [](const Hashed& a, const Hashed& b) { return a.key_hash < b.key_hash; };
  std::stable_sort(sorted.begin(), sorted.end(), by_key);
  std::vector<Change> out;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i + 1 < sorted.size() && sorted[i + 1].key_hash == sorted[i].key_hash) continue;
    const MapChange& change = *sorted[i].change;
    ASSAY_TRY(const std::optional<Bytes> before, m_store.record(change.key));
    if (before == change.value) continue;
    Change learnt{sorted[i].key_hash, std::nullopt};
    if (change.value) learnt.value_hash = crypto::sha256(*change.value);
    out.push_back(learnt);
    m_batch.writes.push_back({m_store.full_record(change.key), change.value});
    if (!m_keep_history) continue;
    const Bytes key = before_key(learnt.key_hash, m_version);
    m_batch.put(m_store.full(key), encode_before(before));
    mark_stale(key);
  }
  return out;
}

// The changes below child `nibble` at `depth`, cut off the front of `rest` (sorted by key hash).
MapUpdate::Changes MapUpdate::take_below(Changes& rest, unsigned nibble, unsigned depth) {
  std::size_t n = 0;
  while (n < rest.size() && nibble_of(rest[n].key_hash, depth) == nibble) ++n;
  const Changes taken = rest.first(n);
  rest = rest.subspan(n);
  return taken;
}

void MapUpdate::put_node(const Hash256& place, unsigned depth, const MapNode& node) {
  m_batch.put(m_store.full(node_key(m_version, place, depth)), encode_node(node));
}

// From this version on nobody needs what stands at `key`.
void MapUpdate::mark_stale(ByteView key) {
  m_batch.put(m_store.full(stale_key(m_version, key)), {});
}

// A subtree that had no node: builds it of its entries, two or more of them with nodes.
MapChild MapUpdate::build(unsigned depth, Changes entries) {
  if (entries.empty()) return {};
  if (entries.size() == 1) return make_leaf(entries[0].key_hash, *entries[0].value_hash);
  const Hash256 place = entries[0].key_hash;
  MapNode node;
  for (unsigned i = 0; i < kNodeChildren; ++i)
    node.children[i] = build(depth + 1, take_below(entries, i, depth));
  put_node(place, depth, node);
  MapChild subtree = summary_of(node);
  subtree.version = m_version;
  return subtree;
}

MapChild MapUpdate::rebuild(unsigned depth, const MapChild& old, Changes changes) {
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
  return build(depth, entries);
}

Result<MapChild> MapUpdate::update(unsigned depth, const MapChild& old, Changes changes) {
  if (changes.empty()) return old;
  if (old.kind != Kind::kSubtree) return rebuild(depth, old, changes);
  const Hash256 place = changes[0].key_hash;
  ASSAY_TRY(MapNode node, m_store.node(old, place, depth));
  for (unsigned i = 0; i < kNodeChildren; ++i) {
    const Changes below = take_below(changes, i, depth);
    ASSAY_TRY(node.children[i], update(depth + 1, node.children[i], below));
  }
  MapChild summary = summary_of(node);
  // A node of this very version (load() in parts) is overwritten in its place.
  if (old.version != m_version) mark_stale(node_key(old.version, place, depth));
  if (summary.kind == Kind::kSubtree) {
    put_node(place, depth, node);
    summary.version = m_version;
  }
  return summary;
}

}  // namespace assay::commit::internal
