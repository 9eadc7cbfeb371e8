#include "internal/map_store.hpp"

#include "assay/codec/buffer.hpp"

namespace assay::commit::internal {

namespace {

constexpr std::size_t kKeyBytes = 64;  // of most keys

// Big-endian, so that bytewise order is numeric.
void append_version(Bytes& key, std::uint64_t version) {
  for (int shift = 56; shift >= 0; shift -= 8)
    key.push_back(static_cast<std::uint8_t>(version >> shift));
}

Bytes joined(const Bytes& prefix, ByteView key) {
  Bytes all = prefix;
  all.insert(all.end(), key.begin(), key.end());
  return all;
}

// Goes down the binary levels of one node. True if the search ends here, at `child`.
bool descend(const MapNode& node, unsigned nibble, std::vector<Hash256>& siblings,
             MapChild& child) {
  unsigned first = 0;
  for (unsigned count = kNodeChildren; count > 1; count /= 2) {
    unsigned present = 0;
    for (unsigned i = first; i < first + count; ++i) {
      if (node.children[i].kind == MapChild::Kind::kEmpty) continue;
      ++present;
      child = node.children[i];
    }
    if (present == 0) child = {};
    if (present == 0 || (present == 1 && child.kind == MapChild::Kind::kLeaf)) return true;
    const bool right = (nibble & count / 2) != 0;
    siblings.push_back(hash_of(node, right ? first : first + count / 2, count / 2));
    if (right) first += count / 2;
  }
  child = node.children[first];
  return child.kind != MapChild::Kind::kSubtree;
}

}  // namespace

Error damaged_map() {
  return {ErrorCode::kIntegrity,
          "a node of the authenticated map is missing or damaged: restore the folder from a backup "
          "or synchronise it again"};
}

unsigned nibble_of(const Hash256& hash, unsigned depth) noexcept {
  const unsigned byte = hash.bytes[depth / 2];
  return depth % 2 == 0 ? byte >> 4 : byte & 15;
}

Bytes map_key(MapTable table) {
  Bytes key;
  key.reserve(kKeyBytes);
  key.push_back(static_cast<std::uint8_t>(table));
  return key;
}

Bytes map_key(MapTable table, std::uint64_t version) {
  Bytes key = map_key(table);
  append_version(key, version);
  return key;
}

Bytes node_key(std::uint64_t version, const Hash256& place, unsigned depth) {
  Bytes key = map_key(MapTable::kNode, version);
  key.push_back(static_cast<std::uint8_t>(depth));
  key.insert(key.end(), place.bytes.begin(), place.bytes.begin() + (depth + 1) / 2);
  if (depth % 2 != 0) key.back() &= 0xf0;
  return key;
}

Bytes before_key(const Hash256& key_hash) {
  Bytes key = map_key(MapTable::kBefore);
  key.insert(key.end(), key_hash.bytes.begin(), key_hash.bytes.end());
  return key;
}

Bytes before_key(const Hash256& key_hash, std::uint64_t version) {
  Bytes key = before_key(key_hash);
  append_version(key, version);
  return key;
}

Bytes stale_key(std::uint64_t since, ByteView key) {
  return joined(map_key(MapTable::kStale, since), key);
}

std::uint64_t load_version(const std::uint8_t* bytes) noexcept {
  std::uint64_t version = 0;
  for (unsigned i = 0; i < 8; ++i) version = version << 8 | bytes[i];
  return version;
}

Bytes encode_before(const std::optional<Bytes>& value) {
  return codec::encode([&](codec::Writer& writer) {
    writer.flag(value.has_value());
    if (value) writer.raw(*value);
  });
}

bool decode_before(ByteView bytes, std::optional<Bytes>& out) {
  if (bytes.empty() || bytes[0] > 1 || (bytes[0] == 0 && bytes.size() > 1)) return false;
  out.reset();
  if (bytes[0] == 1) out = to_bytes(bytes.subspan(1));
  return true;
}

Bytes MapStore::full(ByteView key) const { return joined(m_places.nodes, key); }
Bytes MapStore::full_record(ByteView key) const { return joined(m_places.records, key); }

Result<std::optional<std::uint64_t>> MapStore::version_at(MapTable table) const {
  ASSAY_TRY(const std::optional<Bytes> bytes, m_store.get(full(map_key(table))));
  if (!bytes) return std::optional<std::uint64_t>{};
  if (bytes->size() != 8) return damaged_map();
  return std::optional<std::uint64_t>{load_version(bytes->data())};
}

Result<std::optional<MapVersions>> MapStore::versions() const {
  ASSAY_TRY(const auto newest, version_at(MapTable::kNewest));
  ASSAY_TRY(const auto oldest, version_at(MapTable::kOldest));
  if (!newest && !oldest) return std::optional<MapVersions>{};
  if (!newest || !oldest || *oldest > *newest) return damaged_map();
  return std::optional<MapVersions>{MapVersions{*oldest, *newest}};
}

Result<MapChild> MapStore::top(std::uint64_t version) const {
  ASSAY_TRY(const std::optional<MapVersions> kept, versions());
  if (!kept) return MapChild{};
  if (version < kept->oldest || version > kept->newest)
    return {ErrorCode::kNotFound,
            "version " + std::to_string(version) + " of the state is not kept, only " +
                std::to_string(kept->oldest) + " to " + std::to_string(kept->newest)};
  ASSAY_TRY(const auto bytes, m_store.get(full(map_key(MapTable::kTop, version))));
  MapChild child;
  if (!bytes || !decode_child(*bytes, child)) return damaged_map();
  return child;
}

Result<MapNode> MapStore::node(const MapChild& subtree, const Hash256& place,
                               unsigned depth) const {
  if (depth >= kMaxMapDepth / kNodeBits) return damaged_map();
  ASSAY_TRY(const auto bytes, m_store.get(full(node_key(subtree.version, place, depth))));
  MapNode node;
  if (!bytes || !decode_node(*bytes, node)) return damaged_map();
  if (summary_of(node).hash != subtree.hash) return damaged_map();
  return node;
}

Result<std::optional<Bytes>> MapStore::record(ByteView key) const {
  return m_store.get(full_record(key));
}

Result<MapChild> find(const MapStore& store, std::uint64_t version, const Hash256& key_hash,
                      std::vector<Hash256>& siblings) {
  ASSAY_TRY(MapChild child, store.top(version));
  for (unsigned depth = 0; child.kind == MapChild::Kind::kSubtree; ++depth) {
    ASSAY_TRY(const MapNode node, store.node(child, key_hash, depth));
    if (descend(node, nibble_of(key_hash, depth), siblings, child)) break;
  }
  return child;
}

}  // namespace assay::commit::internal
