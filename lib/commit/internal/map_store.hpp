// Where the authenticated map's nodes, old values and stale entries stand in the store, and reading
// them back (docs/spec/commit.md, "The authenticated map").
#pragma once

#include "assay/commit/authenticated_map.hpp"
#include "internal/map_node.hpp"

namespace assay::commit::internal {

[[nodiscard]] Error damaged_map();
[[nodiscard]] unsigned nibble_of(const Hash256& hash, unsigned depth) noexcept;

// The first byte of a key below the nodes' prefix.
enum class MapTable : std::uint8_t {
  kNewest = 'h',  // -> version
  kOldest = 'o',  // -> version
  kTop = 't',     // version -> child
  kNode = 'n',    // version, depth, nibbles -> node
  kBefore = 'v',  // key hash, version -> flag, the value that this version replaced
  kStale = 's',   // version since which nobody needs it, a key as above -> nothing
};

// Keys are given without the nodes' prefix.
[[nodiscard]] Bytes map_key(MapTable table);
[[nodiscard]] Bytes map_key(MapTable table, std::uint64_t version);
// A node's place: the first `depth` nibbles of any key hash below it.
[[nodiscard]] Bytes node_key(std::uint64_t version, const Hash256& place, unsigned depth);
[[nodiscard]] Bytes before_key(const Hash256& key_hash);
[[nodiscard]] Bytes before_key(const Hash256& key_hash, std::uint64_t version);
[[nodiscard]] Bytes stale_key(std::uint64_t since, ByteView key);
[[nodiscard]] std::uint64_t load_version(const std::uint8_t* bytes) noexcept;

[[nodiscard]] Bytes encode_before(const std::optional<Bytes>& value);
[[nodiscard]] bool decode_before(ByteView bytes, std::optional<Bytes>& out);

class MapStore {
 public:
  MapStore(const KeyValueStore& store, const MapPlaces& places)
      : m_store(store), m_places(places) {}

  [[nodiscard]] Result<std::optional<MapVersions>> versions() const;
  // An empty child before the first version.
  [[nodiscard]] Result<MapChild> top(std::uint64_t version) const;
  [[nodiscard]] Result<MapNode> node(const MapChild& subtree, const Hash256& place,
                                     unsigned depth) const;
  [[nodiscard]] Result<std::optional<Bytes>> record(ByteView key) const;

  [[nodiscard]] Bytes full(ByteView key) const;         // below the nodes' prefix
  [[nodiscard]] Bytes full_record(ByteView key) const;  // below the records'
  [[nodiscard]] const KeyValueStore& store() const noexcept { return m_store; }
  [[nodiscard]] const MapPlaces& places() const noexcept { return m_places; }

 private:
  [[nodiscard]] Result<std::optional<std::uint64_t>> version_at(MapTable table) const;
  const KeyValueStore& m_store;
  const MapPlaces& m_places;
};

// The leaf, or the empty place, where a search for the key hash ends; `siblings` from the top down.
[[nodiscard]] Result<MapChild> find(const MapStore& store, std::uint64_t version,
                                    const Hash256& key_hash, std::vector<Hash256>& siblings);

// The map's next version: one instance a call of apply() or load().
class MapUpdate {
 public:
  MapUpdate(const MapStore& store, std::uint64_t version, bool keep_history, WriteBatch& batch)
      : m_store(store), m_version(version), m_keep_history(keep_history), m_batch(batch) {}
  [[nodiscard]] Result<MapChild> run(const MapChild& old_top, std::span<const MapChange> changes);

 private:
  // A change by hashes; no value hash: remove.
  struct Change {
    Hash256 key_hash;
    std::optional<Hash256> value_hash;
  };
  using Changes = std::span<const Change>;

  [[nodiscard]] Result<std::vector<Change>> write_records(std::span<const MapChange> changes);
  [[nodiscard]] Result<MapChild> update(unsigned depth, const MapChild& old, Changes changes);
  [[nodiscard]] MapChild rebuild(unsigned depth, const MapChild& old, Changes changes);
  [[nodiscard]] MapChild build(unsigned depth, Changes entries);
  [[nodiscard]] static Changes take_below(Changes& rest, unsigned nibble, unsigned depth);
  void put_node(const Hash256& place, unsigned depth, const MapNode& node);
  void mark_stale(ByteView key);

  const MapStore& m_store;
  std::uint64_t m_version;
  bool m_keep_history;
  WriteBatch& m_batch;
};

}  // namespace assay::commit::internal
