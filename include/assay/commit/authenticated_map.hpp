// An authenticated map of byte strings with a history: its root at a version depends on what the
// map held at that version alone, whatever the order in which it came, and every entry or absence
// at every version that is still kept has a proof (commit/map_proof.hpp).
//
// The map lives in a KeyValueStore below two key prefixes of the caller's choosing: records (the
// latest value under each key as it is) and nodes (the tree, what values were before, and what may
// be pruned: docs/spec/commit.md). apply() and prune() read from the store and put their writes
// into the caller's batch, so that a block's records and its root land in one atomic write. A batch
// must be written before the next apply() or prune() reads. Each node read is checked against its
// hash.
//
// Not thread-safe while apply() or prune() runs; any number of threads may read in between. Errors:
// what the store returns; kIntegrity for nodes that are damaged; kNotFound for a version that is
// not kept.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "assay/commit/map_proof.hpp"
#include "assay/core/faces.hpp"

namespace assay::commit {

struct MapChange {
  Bytes key;
  std::optional<Bytes> value;  // none: remove (removing an absent key changes nothing)
  // What the map holds there, if the caller has read it: it is not read again then.
  const std::optional<Bytes>* before = nullptr;
};

// Prefixes of keys in the store; neither is the beginning of the other.
struct MapPlaces {
  Bytes nodes;
  Bytes records;
};

// What is kept: every version from oldest to newest.
struct MapVersions {
  std::uint64_t oldest = 0;
  std::uint64_t newest = 0;
  friend bool operator==(const MapVersions&, const MapVersions&) = default;
};

struct MapPruned {
  std::size_t erased = 0;  // keys of the store
  bool finished = false;   // nothing is left below the version that was asked for
};

// Nodes of one map in memory, at most about `bytes_max` of them after each apply(): what apply()
// finds here it neither reads nor hashes again. Nobody else may apply to that map meanwhile.
// Not thread-safe.
class MapCache {
 public:
  struct State;
  explicit MapCache(std::size_t bytes_max);
  ~MapCache();
  MapCache(const MapCache&) = delete;
  MapCache& operator=(const MapCache&) = delete;
  // The batch of the last apply() is in the store. Without this the next apply() starts anew.
  void written() noexcept;

 private:
  friend class AuthenticatedMap;
  std::unique_ptr<State> m_state;
};

class AuthenticatedMap {
 public:
  // `store` must outlive the map.
  AuthenticatedMap(const KeyValueStore& store, MapPlaces places);

  // None before the first apply().
  [[nodiscard]] Result<std::optional<MapVersions>> versions() const;
  // Of an empty map before the first apply(), whatever the version.
  [[nodiscard]] Result<Hash256> root(std::uint64_t version) const;

  // The root of `version`, which is the newest with `changes`; their writes are appended to
  // `batch`: for each changed key its record, what was there before, and at most one node of 16
  // children a level, about log16(entries) levels. Of several changes of a key the last counts.
  // kInvalidArgument unless `version` is the newest's successor; the first may be any.
  [[nodiscard]] Result<Hash256> apply(std::uint64_t version, std::span<const MapChange> changes,
                                      WriteBatch& batch, MapCache* cache = nullptr) const;
  // Fills an empty map with the entries of `version`, in as many calls as one likes, each in a
  // batch of its own: the root of what is there by now. kInvalidArgument if the map has a history.
  [[nodiscard]] Result<Hash256> load(std::uint64_t version, std::span<const MapChange> entries,
                                     WriteBatch& batch) const;

  // The proof of the key's presence or absence under root(version), and the value there.
  [[nodiscard]] Result<Bytes> prove(ByteView key, std::uint64_t version) const;
  // One proof of all of them, each present or absent (commit/map_excerpt.hpp).
  [[nodiscard]] Result<Bytes> prove_all(std::span<const Bytes> keys, std::uint64_t version) const;
  [[nodiscard]] Result<std::optional<Bytes>> get(ByteView key, std::uint64_t version) const;

  // Forgets versions below `oldest`, at most the newest, by erasing at most `erase_max` keys and
  // one a version more: a job of its own that never touches what a later version needs. Stopped
  // between any two batches it goes on where it was.
  [[nodiscard]] Result<MapPruned> prune(std::uint64_t oldest, std::size_t erase_max,
                                        WriteBatch& batch) const;

 private:
  const KeyValueStore& m_store;
  MapPlaces m_places;
};

}  // namespace assay::commit
