#include <algorithm>
#include <iterator>

#include "assay/crypto/sha256.hpp"
#include "internal/map_store.hpp"

namespace assay::commit::internal {

using Kind = MapChild::Kind;

Result<MapChild> MapUpdate::run(const MapChild& old_top, std::span<const MapChange> changes) {
  ASSAY_TRY(const std::vector<Change> sorted, write_records(changes));
  ASSAY_TRY(const MapChild top, update(0, old_top, sorted));
  write_nodes();
  if (m_stale_keys > 0) write_stale();
  return top;
}

// Puts the records, in the order of the changes, and what they were before; what the tree must
// learn, by ascending key hash.
Result<std::vector<MapUpdate::Change>> MapUpdate::write_records(
    std::span<const MapChange> changes) {
  struct Hashed {
    Hash256 key_hash;
    std::size_t index = 0;
  };
  std::vector<Hashed> sorted;
  sorted.reserve(changes.size());
  for (const MapChange& change : changes)
    sorted.push_back({crypto::sha256(change.key), sorted.size()});
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Hashed& a, const Hashed& b) { return a.key_hash < b.key_hash; });
  std::vector<bool> writes(changes.size());
  std::vector<Change> out;
  out.reserve(changes.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    // Of several changes of a key the last counts.
    if (i + 1 < sorted.size() && sorted[i + 1].key_hash == sorted[i].key_hash) continue;
    const MapChange& change = changes[sorted[i].index];
    std::optional<Bytes> read;
    if (change.before == nullptr) {
      ASSAY_TRY(read, m_store.record(change.key));
    }
    const std::optional<Bytes>& before = change.before == nullptr ? read : *change.before;
    if (before == change.value) continue;
    writes[sorted[i].index] = true;
    Change learnt{sorted[i].key_hash, std::nullopt};
    if (change.value) learnt.value_hash = crypto::sha256(*change.value);
    out.push_back(learnt);
    // What was absent the tree of the version before shows to be so.
    if (!m_keep_history || !before) continue;
    const Bytes key = before_key(learnt.key_hash, m_version);
    m_batch.put(m_store.full(key), *before);
    mark_stale(key);
  }
  for (std::size_t i = 0; i < changes.size(); ++i)
    if (writes[i])
      m_batch.writes.push_back({m_store.full_record(changes[i].key), changes[i].value});
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

void MapUpdate::put_node(const Hash256& place, unsigned depth, const LiveNode& node) {
  if (m_nodes.size() <= depth) m_nodes.resize(depth + 1);
  m_nodes[depth].push_back({m_store.full(node_key(m_version, place, depth)), node.encode()});
}

void MapUpdate::write_nodes() {
  for (std::vector<WriteBatch::Write>& nodes : m_nodes)
    std::move(nodes.begin(), nodes.end(), std::back_inserter(m_batch.writes));
}

// From this version on nobody needs what stands at `key`.
void MapUpdate::mark_stale(ByteView key) {
  append_stale(m_stale, key);
  if (++m_stale_keys == kStaleListKeys) write_stale();
}

void MapUpdate::write_stale() {
  m_batch.put(m_store.full(stale_key(m_version, m_stale_lists++)), std::exchange(m_stale, Bytes{}));
  m_stale_keys = 0;
}

Result<CachedNode*> MapUpdate::node(const MapChild& subtree, const Hash256& place, unsigned depth) {
  const MapPlace at = place_of(place, depth);
  const auto found = m_cache.nodes.find(at);
  if (found != m_cache.nodes.end() && found->second.version == subtree.version)
    return &found->second;
  ASSAY_TRY(const MapNode stored, m_store.node(subtree, place, depth));
  CachedNode& node = m_cache.nodes[at];
  node = {subtree.version, LiveNode(stored)};
  return &node;
}

// A subtree that had no node: builds it of its entries, two or more of them with nodes.
MapChild MapUpdate::build(unsigned depth, Changes entries) {
  if (entries.empty()) return {};
  if (entries.size() == 1) return make_leaf(entries[0].key_hash, *entries[0].value_hash);
  const Hash256 place = entries[0].key_hash;
  LiveNode node;
  for (unsigned i = 0; i < kNodeChildren; ++i)
    node.set(i, build(depth + 1, take_below(entries, i, depth)));
  put_node(place, depth, node);
  MapChild subtree = node.summary();
  subtree.version = m_version;
  m_cache.nodes[place_of(place, depth)] = {m_version, std::move(node)};
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
  ASSAY_TRY(CachedNode* const cached, node(old, place, depth));
  for (unsigned i = 0; i < kNodeChildren; ++i) {
    const Changes below = take_below(changes, i, depth);
    if (below.empty()) continue;
    ASSAY_TRY(const MapChild child, update(depth + 1, cached->node.child(i), below));
    cached->node.set(i, child);
  }
  MapChild summary = cached->node.summary();
  // A node of this very version (load() in parts) is overwritten in its place.
  if (old.version != m_version) mark_stale(node_key(old.version, place, depth));
  if (summary.kind != Kind::kSubtree) {
    m_cache.nodes.erase(place_of(place, depth));
    return summary;
  }
  put_node(place, depth, cached->node);
  cached->version = m_version;
  summary.version = m_version;
  return summary;
}

}  // namespace assay::commit::internal
