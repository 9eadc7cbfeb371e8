#include "internal/map_cache.hpp"

#include <algorithm>

namespace assay::commit {

namespace internal {

MapPlace place_of(const Hash256& key_hash, unsigned depth) noexcept {
  MapPlace place;
  place.depth = depth;
  std::memcpy(place.path.bytes.data(), key_hash.bytes.data(), (depth + 1) / 2);
  if (depth % 2 != 0) place.path.bytes[depth / 2] &= 0xf0;
  return place;
}

}  // namespace internal

MapCache::MapCache(std::size_t bytes_max) : m_state(std::make_unique<State>()) {
  m_state->bytes_max = bytes_max;
}
MapCache::~MapCache() = default;

void MapCache::written() noexcept { m_state->unwritten = false; }

void MapCache::State::begin() {
  if (unwritten) nodes.clear();
  unwritten = true;
}

// Every change passes the upper levels, so the deepest go first, a level at a time.
void MapCache::State::shrink() {
  if (nodes.size() <= count_max) return;
  constexpr std::size_t kNodeBytesMost = 4096;
  constexpr std::size_t kEntryBytes = sizeof(Nodes::value_type) + 2 * sizeof(void*);
  std::array<std::size_t, kMaxMapDepth / internal::kNodeBits> bytes{};
  std::size_t sum = 0;
  for (const auto& [place, cached] : nodes) {
    const std::size_t own = kEntryBytes + cached.node.memory_bytes();
    bytes[place.depth] += own;
    sum += own;
  }
  unsigned depth = static_cast<unsigned>(bytes.size());
  while (sum > bytes_max && depth > 0) sum -= bytes[--depth];
  std::erase_if(nodes, [&](const auto& entry) { return entry.first.depth >= depth; });
  count_max = nodes.size() + (bytes_max - std::min(sum, bytes_max)) / kNodeBytesMost;
}

}  // namespace assay::commit
