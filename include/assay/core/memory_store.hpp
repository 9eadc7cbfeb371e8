// A KeyValueStore in memory, for tests and the simulator: a map from bytes to bytes, bytewise
// order.
#pragma once

#include <algorithm>
#include <map>

#include "assay/core/faces.hpp"

namespace assay {

// Not thread-safe. Never fails, unless told to.
class MemoryStore final : public KeyValueStore {
 public:
  // (GCC 12 warns falsely about operator< of vectors of bytes.)
  struct Bytewise {
    using is_transparent = void;
    bool operator()(ByteView a, ByteView b) const noexcept {
      const std::size_t common = std::min(a.size(), b.size());
      const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
      return order != 0 ? order < 0 : a.size() < b.size();
    }
  };
  using Map = std::map<Bytes, Bytes, Bytewise>;

  [[nodiscard]] Result<std::optional<Bytes>> get(ByteView key) const override {
    const auto found = m_map.find(key);
    if (found == m_map.end()) return std::optional<Bytes>();
    return std::optional<Bytes>(found->second);
  }

  [[nodiscard]] Status scan(
      ByteView prefix,
      const std::function<bool(ByteView key, ByteView value)>& visit) const override {
    for (auto it = m_map.lower_bound(prefix); it != m_map.end(); ++it) {
      const ByteView key = it->first;
      if (key.size() < prefix.size() || !equal_bytes(key.first(prefix.size()), prefix)) break;
      if (!visit(key, it->second)) break;
    }
    return {};
  }

  // Later writes of a batch win over earlier ones, as in RocksDB.
  [[nodiscard]] Status write(const WriteBatch& batch) override {
    if (m_fail_writes) return {ErrorCode::kIo, "the memory store was told to fail"};
    for (const auto& [key, value] : batch.writes) {
      if (value)
        m_map.insert_or_assign(key, *value);
      else
        m_map.erase(key);
    }
    return {};
  }

  // From now on writes fail and change nothing.
  void fail_writes(bool fail) { m_fail_writes = fail; }
  // A copy of `map()` is what a crash leaves: every write that returned, nothing else.
  [[nodiscard]] const Map& map() const noexcept { return m_map; }
  void restore(Map map) { m_map = std::move(map); }

 private:
  Map m_map;
  bool m_fail_writes = false;
};

}  // namespace assay
