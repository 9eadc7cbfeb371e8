// What a block changes, over what the store holds: reads see the changes. Failures of the store are
// sticky: reads then find nothing, and whoever uses the overlay checks status() before it believes
// anything.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "assay/core/faces.hpp"
#include "internal/keys.hpp"
#include "internal/record_table.hpp"

namespace assay::protocol::internal {

class Overlay {
 public:
  using Value = RecordTable::Value;
  using Record = RecordTable::Record;
  using Visitor = std::function<bool(ByteView key, ByteView value)>;

  // Keys of the overlay are keys of the store after `prefix`. `table`, if given, knows this store
  // alone, outlives the overlay and has one overlay at a time.
  Overlay(const KeyValueStore& store, Bytes prefix, RecordTable* table);
  // Drops the changes.
  ~Overlay();
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;

  // Valid until the record changes.
  [[nodiscard]] const Value& get(ByteView key) const { return record(key).second.value(); }
  // As the store has it, without the changes.
  [[nodiscard]] const Value& get_stored(ByteView key) const { return record(key).second.stored; }
  // A long record that is not changed need not stay in memory.
  void drop_long(ByteView key) const;
  void put(const Bytes& key, Bytes value) { set(key, std::move(value)); }
  void erase(const Bytes& key) { set(key, std::nullopt); }
  // Ascending, until `visit` returns false; it must not change the overlay.
  void scan(ByteView prefix, const Visitor& visit) const;

  void fail(Error error) const;
  [[nodiscard]] const Status& status() const { return m_status; }
  // Ascending by key.
  [[nodiscard]] std::vector<const Record*> changes() const;
  // Of one table, ascending by key; valid until the next change.
  [[nodiscard]] std::span<Record* const> changed(Table table) const {
    return in_order(static_cast<std::size_t>(table) % kLetters);
  }
  // The changes are in the store. Long records that they left are read again when asked for.
  void written();

 private:
  static constexpr std::size_t kLongRecordBytes = 16'384;
  void set(const Bytes& key, Value value);
  [[nodiscard]] Record& record(ByteView key) const;
  void forget_if_long(const Record& record) const;
  [[nodiscard]] Bytes stored_key(ByteView key) const;
  [[nodiscard]] const std::vector<Record*>& in_order(std::size_t letter) const;

  const KeyValueStore& m_store;
  Bytes m_prefix;
  std::unique_ptr<RecordTable> m_own;  // if none was given
  RecordTable& m_table;
  // By the first letter of their keys, which names their table; these are in order. So many of each
  // are in the order of their keys too.
  static constexpr std::size_t kLetters = 64;
  [[nodiscard]] static std::size_t letter_of(ByteView key) { return key.front() % kLetters; }
  mutable std::array<std::vector<Record*>, kLetters> m_changed;
  mutable std::array<std::size_t, kLetters> m_ordered{};
  mutable Record m_unread;  // stands for one that the store could not give
  mutable Status m_status;
};

}  // namespace assay::protocol::internal
