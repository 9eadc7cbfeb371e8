// What a block changes, over what the store holds: reads see the changes, and a transaction that is
// refused is rolled back. Failures of the store are sticky: reads then find nothing, and whoever
// uses the overlay checks status() before it believes anything.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "assay/core/faces.hpp"
#include "assay/core/memory_store.hpp"
#include "internal/record_cache.hpp"

namespace assay::protocol::internal {

class Overlay {
 public:
  // Keys of the overlay are keys of the store after `prefix`. `cache`, if given, knows this store
  // alone, and outlives the overlay.
  Overlay(const KeyValueStore& store, Bytes prefix, RecordCache* cache)
      : m_store(store), m_prefix(std::move(prefix)), m_cache(cache) {}

  using Changes = std::map<Bytes, std::optional<Bytes>, MemoryStore::Bytewise>;
  using Visitor = std::function<bool(ByteView key, ByteView value)>;

  [[nodiscard]] std::optional<Bytes> get(ByteView key) const;
  // As the store has it, without the changes.
  [[nodiscard]] std::optional<Bytes> get_stored(ByteView key) const;
  void put(Bytes key, Bytes value) { set(std::move(key), std::move(value)); }
  void erase(Bytes key) { set(std::move(key), std::nullopt); }
  // Ascending, until `visit` returns false; it must not change the overlay.
  void scan(ByteView prefix, const Visitor& visit) const;

  // Everything since mark() is undone by rollback().
  void mark() { m_undo.clear(); }
  void rollback();

  void fail(Error error) const;
  [[nodiscard]] const Status& status() const { return m_status; }
  [[nodiscard]] const Changes& changes() const { return m_changes; }
  [[nodiscard]] Changes take_changes() { return std::move(m_changes); }

 private:
  void set(Bytes key, std::optional<Bytes> value);
  [[nodiscard]] Bytes stored_key(ByteView key) const;

  struct Undo {
    Bytes key;
    bool was_changed;
    std::optional<Bytes> value;
  };

  const KeyValueStore& m_store;
  Bytes m_prefix;
  RecordCache* m_cache;
  Changes m_changes;
  std::vector<Undo> m_undo;
  mutable Status m_status;
};

}  // namespace assay::protocol::internal
