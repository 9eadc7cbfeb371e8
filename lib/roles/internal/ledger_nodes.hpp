// The nodes of one ledger in the order in which they are asked. Which is which stays: nodes are
// named by their number, from 0.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "assay/core/contract.hpp"

namespace assay::roles::internal {

class LedgerNodes {
 public:
  // Requires at least one. The first is asked first.
  explicit LedgerNodes(std::size_t count) {
    ASSAY_EXPECTS(count > 0);
    for (std::size_t i = 0; i < count; ++i) m_order.push_back(i);
  }

  [[nodiscard]] std::size_t count() const noexcept { return m_order.size(); }
  [[nodiscard]] std::size_t asked() const noexcept { return m_order[m_place]; }
  // So many places after the one that is asked; round and round.
  [[nodiscard]] std::size_t nth(std::size_t places) const noexcept {
    return m_order[(m_place + places) % count()];
  }
  [[nodiscard]] std::size_t after(std::size_t node) const noexcept {
    return m_order[(place_of(node) + 1) % count()];
  }

  void ask(std::size_t node) noexcept { m_place = place_of(node); }
  void ask_next() noexcept { m_place = (m_place + 1) % count(); }
  // If it is asked, the one that stood after it is asked now.
  void put_last(std::size_t node) {
    const std::size_t next = node == asked() ? after(node) : asked();
    const auto from = m_order.begin() + static_cast<std::ptrdiff_t>(place_of(node));
    std::rotate(from, from + 1, m_order.end());
    ask(next);
  }

 private:
  [[nodiscard]] std::size_t place_of(std::size_t node) const noexcept {
    return static_cast<std::size_t>(std::find(m_order.begin(), m_order.end(), node) -
                                    m_order.begin());
  }

  std::vector<std::size_t> m_order;
  std::size_t m_place = 0;
};

}  // namespace assay::roles::internal
