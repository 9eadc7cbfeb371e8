// Records of the state as the store has them, so that each is read once. What was not asked for
// lately goes first.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "assay/core/hex.hpp"

namespace assay::protocol::internal {

class RecordCache {
 public:
  using Value = std::optional<Bytes>;  // none: the store has no such record

  explicit RecordCache(std::size_t bytes_max) : m_bytes_max(bytes_max) {}

  // None if it is not known. Valid until the next call.
  [[nodiscard]] const Value* find(ByteView key) {
    const std::string_view name = text(key);
    if (const auto it = m_young.find(name); it != m_young.end()) return &it->second;
    const auto it = m_old.find(name);
    if (it == m_old.end()) return nullptr;
    Value value = std::move(it->second);
    m_old.erase(it);
    return &put(key, std::move(value));
  }
  const Value& put(ByteView key, Value value) {
    m_young_bytes += kEntryBytes + key.size() + (value ? value->size() : 0);
    if (m_young_bytes > m_bytes_max / 2) {
      m_old = std::exchange(m_young, {});
      m_young_bytes = 0;
    }
    if (!m_old.empty()) {
      if (const auto it = m_old.find(text(key)); it != m_old.end()) m_old.erase(it);
    }
    return m_young.insert_or_assign(std::string(text(key)), std::move(value)).first->second;
  }

 private:
  struct Hasher {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const noexcept {
      return std::hash<std::string_view>()(key);
    }
  };
  using Entries = std::unordered_map<std::string, Value, Hasher, std::equal_to<>>;
  static constexpr std::size_t kEntryBytes = 128;  // of tables and allocations, about

  [[nodiscard]] static std::string_view text(ByteView key) noexcept {
    return {reinterpret_cast<const char*>(key.data()), key.size()};
  }

  std::size_t m_bytes_max;
  std::size_t m_young_bytes = 0;  // of what was put since the young ones began; some twice
  Entries m_young;
  Entries m_old;
};

}  // namespace assay::protocol::internal
