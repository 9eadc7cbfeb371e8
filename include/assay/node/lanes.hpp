// Room for transactions that wait or make a block, half of which is for games alone, so that
// nothing else keeps a move from its clock (docs/spec/node.md, "Mempool"). Not thread-safe.
#pragma once

#include <cstddef>

namespace assay::node {

class Lanes {
 public:
  struct Use {
    std::size_t count = 0;
    std::size_t bytes = 0;
  };

  Lanes(std::size_t count_max, std::size_t bytes_max)
      : m_count_max(count_max), m_bytes_max(bytes_max) {}

  // One more of this kind and size may enter after so many others did.
  [[nodiscard]] bool fits(bool game, std::size_t bytes, std::size_t others = 0) const noexcept {
    return fits_in(m_all, bytes, others, 1) && (game || fits_in(m_others, bytes, others, 2));
  }
  void add(bool game, std::size_t bytes) noexcept {
    ++m_all.count, m_all.bytes += bytes;
    if (!game) ++m_others.count, m_others.bytes += bytes;
  }
  void remove(bool game, std::size_t bytes) noexcept {
    --m_all.count, m_all.bytes -= bytes;
    if (!game) --m_others.count, m_others.bytes -= bytes;
  }
  void clear() noexcept { m_all = m_others = {}; }

  [[nodiscard]] const Use& all() const noexcept { return m_all; }
  // What is no game's.
  [[nodiscard]] const Use& others() const noexcept { return m_others; }

 private:
  [[nodiscard]] bool fits_in(const Use& use, std::size_t bytes, std::size_t others,
                             std::size_t share) const noexcept {
    return use.count + others < m_count_max / share && use.bytes + bytes <= m_bytes_max / share;
  }

  std::size_t m_count_max;
  std::size_t m_bytes_max;
  Use m_all;
  Use m_others;
};

}  // namespace assay::node
