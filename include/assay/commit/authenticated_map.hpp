// An authenticated map of byte strings: its root depends on its contents alone, whatever the order
// in which they came, and every entry or absence has a proof (commit/map_proof.hpp).
//
// The map keeps hashes, not values: those stay in the caller's own records. Its nodes live in a
// KeyValueStore below a key prefix of the caller's choosing; apply() reads from the store and puts
// its writes into the caller's batch, so that a block's records and its root land in one atomic
// write. A batch must be written before the next apply() reads. Each node read is checked against
// its hash.
//
// Not thread-safe while apply() runs; any number of threads may read in between. Errors: what the
// store returns; kIntegrity for nodes that are damaged.
#pragma once

#include <optional>
#include <span>

#include "assay/commit/map_proof.hpp"
#include "assay/core/faces.hpp"

namespace assay::commit {

struct MapChange {
  Bytes key;
  std::optional<Bytes> value;  // none: remove (removing an absent key changes nothing)
};

class AuthenticatedMap {
 public:
  // `store` must outlive the map.
  AuthenticatedMap(const KeyValueStore& store, Bytes key_prefix);

  [[nodiscard]] Result<Hash256> root() const;

  // The root after `changes`, whose writes are appended to `batch`: for each changed key, at most
  // one node of 16 children a level, about log16(entries) levels. Of several changes of a key the
  // last counts.
  [[nodiscard]] Result<Hash256> apply(std::span<const MapChange> changes, WriteBatch& batch) const;

  // The proof of the key's presence or absence under root().
  [[nodiscard]] Result<Bytes> prove(ByteView key) const;

 private:
  const KeyValueStore& m_store;
  Bytes m_prefix;
};

}  // namespace assay::commit
