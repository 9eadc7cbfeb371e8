#include "assay/sim/rng.hpp"

namespace assay::sim {

std::uint64_t SimRng::next() noexcept {
  m_state += 0x9e3779b97f4a7c15;
  std::uint64_t z = m_state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace assay::sim
