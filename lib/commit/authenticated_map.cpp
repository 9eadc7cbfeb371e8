#include "assay/commit/authenticated_map.hpp"

#include <algorithm>

#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"
#include "internal/map_store.hpp"

namespace assay::commit {

using internal::MapChild;
using internal::MapStore;
using internal::MapTable;
using Kind = MapChild::Kind;

namespace {

Hash256 root_of(const MapChild& top) {
  return top.kind == Kind::kEmpty ? map_placeholder() : top.hash;
}

Bytes version_bytes(std::uint64_t version) {
  Bytes bytes = internal::map_key(MapTable::kTop, version);
  bytes.erase(bytes.begin());
  return bytes;
}

void put_version(const MapStore& store, MapTable table, std::uint64_t version, WriteBatch& batch) {
  batch.put(store.full(internal::map_key(table)), version_bytes(version));
}

Result<Hash256> advance(const MapStore& store, const MapChild& old, std::uint64_t version,
                        bool keep_history, std::span<const MapChange> changes, WriteBatch& batch) {
  ASSAY_TRY(const MapChild top,
            internal::MapUpdate(store, version, keep_history, batch).run(old, changes));
  batch.put(store.full(internal::map_key(MapTable::kTop, version)), internal::encode_child(top));
  put_version(store, MapTable::kNewest, version, batch);
  return root_of(top);
}

}  // namespace

AuthenticatedMap::AuthenticatedMap(const KeyValueStore& store, MapPlaces places)
    : m_store(store), m_places(std::move(places)) {}

Result<std::optional<MapVersions>> AuthenticatedMap::versions() const {
  return MapStore(m_store, m_places).versions();
}

Result<Hash256> AuthenticatedMap::root(std::uint64_t version) const {
  ASSAY_TRY(const MapChild top, MapStore(m_store, m_places).top(version));
  return root_of(top);
}

Result<Hash256> AuthenticatedMap::apply(std::uint64_t version, std::span<const MapChange> changes,
                                        WriteBatch& batch) const {
  const MapStore store(m_store, m_places);
  ASSAY_TRY(const std::optional<MapVersions> kept, store.versions());
  if (kept && (version == 0 || version - 1 != kept->newest))
    return {ErrorCode::kInvalidArgument, "version " + std::to_string(version) +
                                             " of the state cannot follow version " +
                                             std::to_string(kept->newest)};
  MapChild old;
  if (kept) {
    ASSAY_TRY(old, store.top(kept->newest));
  } else {
    put_version(store, MapTable::kOldest, version, batch);
  }
  return advance(store, old, version, kept.has_value(), changes, batch);
}

Result<Hash256> AuthenticatedMap::load(std::uint64_t version, std::span<const MapChange> entries,
                                       WriteBatch& batch) const {
  const MapStore store(m_store, m_places);
  ASSAY_TRY(const std::optional<MapVersions> kept, store.versions());
  if (kept && *kept != MapVersions{version, version})
    return {ErrorCode::kInvalidArgument, "a state with a history cannot be loaded into"};
  ASSAY_TRY(const MapChild old, store.top(version));
  put_version(store, MapTable::kOldest, version, batch);
  return advance(store, old, version, false, entries, batch);
}

Result<Bytes> AuthenticatedMap::prove(ByteView key, std::uint64_t version) const {
  std::vector<Hash256> siblings;  // top first
  ASSAY_TRY(const MapChild child,
            internal::find(MapStore(m_store, m_places), version, crypto::sha256(key), siblings));
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

Result<std::optional<Bytes>> AuthenticatedMap::get(ByteView key, std::uint64_t version) const {
  const MapStore store(m_store, m_places);
  ASSAY_TRY(const MapChild top, store.top(version));  // for its errors
  if (top.kind == Kind::kEmpty) return std::optional<Bytes>{};
  // The first change after `version` kept what it replaced.
  std::optional<Bytes> found;
  const Bytes prefix = store.full(internal::before_key(crypto::sha256(key)));
  ASSAY_TRY_STATUS(m_store.scan(prefix, [&](ByteView at, ByteView value) {
    if (at.size() != prefix.size() + 8) return true;
    if (internal::load_version(at.data() + prefix.size()) <= version) return true;
    found = to_bytes(value);
    return false;
  }));
  if (!found) return store.record(key);
  std::optional<Bytes> before;
  if (!internal::decode_before(*found, before)) return internal::damaged_map();
  return before;
}

Result<MapPruned> AuthenticatedMap::prune(std::uint64_t oldest, std::size_t erase_max,
                                          WriteBatch& batch) const {
  const MapStore store(m_store, m_places);
  ASSAY_TRY(const std::optional<MapVersions> kept, store.versions());
  MapPruned out;
  if (!kept) return MapPruned{0, true};
  const std::uint64_t target = std::min(oldest, kept->newest);
  // What is stale since `version` serves only versions below it. An earlier call may have stopped
  // in the middle of the oldest version's, so begin there.
  for (std::uint64_t version = kept->oldest;; ++version) {
    bool all = true;
    const Bytes prefix = store.full(internal::map_key(MapTable::kStale, version));
    ASSAY_TRY_STATUS(m_store.scan(prefix, [&](ByteView key, ByteView) {
      if (out.erased >= erase_max) return all = false;
      batch.erase(store.full(key.subspan(prefix.size())));
      batch.erase(to_bytes(key));
      out.erased += 2;
      return true;
    }));
    if (!all) return out;
    if (version >= target) break;
    // First the promise goes, with the first things it needed, in one batch.
    put_version(store, MapTable::kOldest, version + 1, batch);
    batch.erase(store.full(internal::map_key(MapTable::kTop, version)));
    ++out.erased;
    if (out.erased >= erase_max) return out;
  }
  out.finished = true;
  return out;
}

}  // namespace assay::commit
