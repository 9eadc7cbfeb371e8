#include "assay/sim/network.hpp"

namespace assay::sim {

bool Outages::book(const std::string& party, std::uint64_t now_ms, std::uint64_t duration_ms) {
  std::uint64_t& quiet_until = m_quiet_until[party];
  if (duration_ms > m_longest_ms || now_ms < quiet_until) return false;
  quiet_until = now_ms + 4 * duration_ms + 2'000;
  return true;
}

bool Network::loses(const std::string& a, const std::string& b) {
  const bool gone = !reaches(a, b) || m_rng.chance(m_faults.lose);
  m_lost += gone ? 1 : 0;
  return gone;
}

}  // namespace assay::sim
