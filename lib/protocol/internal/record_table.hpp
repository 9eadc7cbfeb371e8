// Records of the state in memory: what the store holds, each read once, and over it what a block
// changes. What was not asked for lately goes first.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "assay/core/hex.hpp"

namespace assay::protocol::internal {

class RecordTable {
 public:
  using Value = std::optional<Bytes>;  // none: there is no such record
  struct Entry {
    Value stored;
    Value now;  // if it is changed
    bool changed = false;
    [[nodiscard]] const Value& value() const noexcept { return changed ? now : stored; }
  };
  // (Not noexcept: so the standard library keeps each hash beside its key, and compares it first.)
  struct Hasher {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>()(key);
    }
  };
  using Entries = std::unordered_map<std::string, Entry, Hasher, std::equal_to<>>;
  using Record = Entries::value_type;  // its address stays the same while it is here

  explicit RecordTable(std::size_t bytes_max) : m_bytes_max(bytes_max) {}

  // None if it is not known.
  [[nodiscard]] Record* find(ByteView key) {
    const std::string_view name = text_of(key);
    if (const auto it = m_young.find(name); it != m_young.end()) return &*it;
    if (m_old.empty()) return nullptr;
    const auto it = m_old.find(name);
    if (it == m_old.end()) return nullptr;
    m_young_bytes += bytes_of(*it);
    return &*m_young.insert(m_old.extract(it)).position;
  }
  // Of a key that find() does not know.
  Record* add(ByteView key, Value stored) {
    Record& record =
        *m_young.emplace(std::string(text_of(key)), Entry{std::move(stored), {}, false}).first;
    m_young_bytes += bytes_of(record);
    return &record;
  }
  // The store has what `record`, which find() or add() gave since the last age(), was changed to.
  void settle(Record& record) {
    m_young_bytes -= bytes_of(record);
    record.second.stored = std::exchange(record.second.now, std::nullopt);
    record.second.changed = false;
    m_young_bytes += bytes_of(record);
  }
  // Of a record that find() or add() gave since the last age().
  void forget(const Record& record) {
    m_young_bytes -= bytes_of(record);
    m_young.erase(m_young.find(record.first));
  }
  // What was asked for since the last age() takes half of the room.
  [[nodiscard]] bool is_full() const noexcept { return m_young_bytes > m_bytes_max / 2; }
  // Forgets what was not asked for since the last time. While nothing is changed.
  void age() {
    m_old = std::exchange(m_young, {});
    m_young_bytes = 0;
  }
  // Of what was asked for since the last age(), about.
  [[nodiscard]] std::size_t young_bytes() const noexcept { return m_young_bytes; }

  [[nodiscard]] static ByteView key_of(const Record& record) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(record.first.data()), record.first.size()};
  }

 private:
  static constexpr std::size_t kEntryBytes = 192;  // of tables and allocations, about

  [[nodiscard]] static std::string_view text_of(ByteView key) noexcept {
    return {reinterpret_cast<const char*>(key.data()), key.size()};
  }
  [[nodiscard]] static std::size_t bytes_of(const Record& record) noexcept {
    return kEntryBytes + record.first.size() +
           (record.second.stored ? record.second.stored->size() : 0);
  }

  std::size_t m_bytes_max;
  std::size_t m_young_bytes = 0;
  Entries m_young;
  Entries m_old;
};

}  // namespace assay::protocol::internal
