// What a block changes, over what the store holds: reads see the changes. Failures of the store are
// sticky: reads then find nothing, and whoever uses the overlay checks status() before it believes
// anything.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "assay/core/faces.hpp"
#include "assay/core/memory_store.hpp"

namespace assay::protocol::internal {

class Overlay {
 public:
  // Keys of the overlay are keys of the store after `prefix`.
  Overlay(const KeyValueStore& store, Bytes prefix) : m_store(store), m_prefix(std::move(prefix)) {}

  using Changes = std::map<Bytes, std::optional<Bytes>, MemoryStore::Bytewise>;
  using Visitor = std::function<bool(ByteView key, ByteView value)>;

  [[nodiscard]] std::optional<Bytes> get(ByteView key) const;
  // As the store has it, without the changes.
  [[nodiscard]] std::optional<Bytes> get_stored(ByteView key) const;
  void put(Bytes key, Bytes value) { m_changes[std::move(key)] = std::move(value); }
  void erase(Bytes key) { m_changes[std::move(key)] = std::nullopt; }
  // Ascending, until `visit` returns false; it must not change the overlay.
  void scan(ByteView prefix, const Visitor& visit) const;

  void fail(Error error) const;
  [[nodiscard]] const Status& status() const { return m_status; }
  [[nodiscard]] const Changes& changes() const { return m_changes; }

 private:
  [[nodiscard]] Bytes stored_key(ByteView key) const;

  const KeyValueStore& m_store;
  Bytes m_prefix;
  Changes m_changes;
  mutable Status m_status;
};

}  // namespace assay::protocol::internal
