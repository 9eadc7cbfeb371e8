#include "internal/arena.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <queue>
#include <set>
#include <vector>

namespace assay::exec {
namespace {

// Blocks that are placed one against all others at most: more would take strangers' programs long.
constexpr std::size_t kMaxCompared = 4'096;

using Offsets = std::vector<std::size_t>;

// Free parts of a growing arena, by place and by size.
class FreeParts {
 public:
  // The smallest part that holds it, else new ground.
  std::size_t take(std::size_t bytes) {
    const auto best = m_by_size.lower_bound({bytes, 0});
    if (best == m_by_size.end()) return grow(bytes);
    const auto [size, offset] = *best;
    erase(offset, size);
    if (size > bytes) insert(offset + bytes, size - bytes);
    return offset;
  }

  void give_back(std::size_t offset, std::size_t bytes) {
    const auto next = m_by_offset.lower_bound(offset);
    if (next != m_by_offset.begin()) {
      const auto [before, size] = *std::prev(next);
      if (before + size == offset) {
        erase(before, size);
        return give_back(before, size + bytes);
      }
    }
    if (next != m_by_offset.end() && next->first == offset + bytes) {
      const auto [behind, size] = *next;
      erase(behind, size);
      bytes += size;
    }
    insert(offset, bytes);
  }

  [[nodiscard]] std::size_t top() const { return m_top; }

 private:
  // Extends a free tail before it opens new ground.
  std::size_t grow(std::size_t bytes) {
    std::size_t offset = m_top;
    if (!m_by_offset.empty()) {
      const auto [tail, size] = *std::prev(m_by_offset.end());
      if (tail + size == m_top) {
        erase(tail, size);
        offset = tail;
      }
    }
    m_top = offset + bytes;
    return offset;
  }
  void insert(std::size_t offset, std::size_t bytes) {
    m_by_offset.emplace(offset, bytes);
    m_by_size.emplace(bytes, offset);
  }
  void erase(std::size_t offset, std::size_t bytes) {
    m_by_offset.erase(offset);
    m_by_size.erase({bytes, offset});
  }

  std::map<std::size_t, std::size_t> m_by_offset;
  std::set<std::pair<std::size_t, std::size_t>> m_by_size;
  std::size_t m_top = 0;
};

// Blocks as their times come, each where it fits best.
std::size_t place_by_time(std::span<const Block> blocks, Offsets& offsets) {
  using End = std::pair<std::uint32_t, std::size_t>;  // last, block
  std::priority_queue<End, std::vector<End>, std::greater<>> ends;
  FreeParts parts;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (; !ends.empty() && ends.top().first < blocks[i].first; ends.pop())
      parts.give_back(offsets[ends.top().second], blocks[ends.top().second].bytes);
    offsets[i] = parts.take(blocks[i].bytes);
    ends.emplace(blocks[i].last, i);
  }
  return parts.top();
}

// Blocks in this order, each at the lowest offset that is free at all of its times.
std::size_t place_in_order(std::span<const Block> blocks, std::span<const std::size_t> order,
                           Offsets& offsets) {
  std::size_t top = 0;
  std::vector<std::size_t> placed;  // by offset
  for (const std::size_t i : order) {
    std::size_t at = 0;
    for (const std::size_t other : placed) {
      if (blocks[other].last < blocks[i].first || blocks[i].last < blocks[other].first) continue;
      if (offsets[other] >= at + blocks[i].bytes) break;
      at = std::max(at, offsets[other] + blocks[other].bytes);
    }
    offsets[i] = at;
    top = std::max(top, at + blocks[i].bytes);
    placed.insert(std::upper_bound(
                      placed.begin(), placed.end(), at,
                      [&](std::size_t value, std::size_t block) { return value < offsets[block]; }),
                  i);
  }
  return top;
}

}  // namespace

std::size_t place_blocks(std::span<Block> blocks) {
  Offsets best(blocks.size());
  std::size_t top = place_by_time(blocks, best);
  // Large ones first, or those that are held longest: what is small fills their gaps.
  const auto try_order = [&](auto&& key) {
    std::vector<std::size_t> order(blocks.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return key(blocks[a]) > key(blocks[b]); });
    Offsets offsets(blocks.size());
    const std::size_t size = place_in_order(blocks, order, offsets);
    if (size < top) {
      top = size;
      best = std::move(offsets);
    }
  };
  if (blocks.size() <= kMaxCompared) {
    const auto time = [](const Block& b) { return std::size_t{b.last} - b.first + 1; };
    try_order([](const Block& b) { return b.bytes; });
    try_order([&](const Block& b) { return std::pair(time(b), b.bytes); });
    try_order([&](const Block& b) { return b.bytes / 64 * time(b); });
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) blocks[i].offset = best[i];
  return top;
}

std::size_t greatest_load(std::span<const Block> blocks) {
  std::vector<std::pair<std::uint32_t, std::size_t>> ends;  // time, bytes
  for (const Block& block : blocks) ends.emplace_back(block.last, block.bytes);
  std::sort(ends.begin(), ends.end());
  std::size_t load = 0, most = 0, ended = 0;
  for (const Block& block : blocks) {
    for (; ends[ended].first < block.first; ++ended) load -= ends[ended].second;
    load += block.bytes;
    most = std::max(most, load);
  }
  return most;
}

}  // namespace assay::exec
