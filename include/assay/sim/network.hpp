// Who reaches whom and when, under the simulator (docs/spec/sim.md, "Faults"): delay, loss,
// repetition, and partitions, in which a set of parties is cut off from everybody else. And the
// bound that faults of honest parties keep. Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>

#include "assay/sim/rng.hpp"

namespace assay::sim {

inline constexpr char kLedgerName[] = "ledger";

// The bound within which an honest party loses nothing, if its task's windows are the ones that
// docs/spec/sim.md asks for: no outage is longer than `longest_ms`, and after one of d ms it is up
// and connected, with room on its disk, for 3 d + 2,000 ms.
class Outages {
 public:
  explicit Outages(std::uint64_t longest_ms) : m_longest_ms(longest_ms) {}
  // Books an outage of an honest party from `now_ms`; false if it would break the bound.
  bool book(const std::string& party, std::uint64_t now_ms, std::uint64_t duration_ms);

 private:
  std::uint64_t m_longest_ms;
  std::map<std::string, std::uint64_t> m_quiet_until;
};

struct NetworkFaults {
  double lose = 0;    // of each message
  double repeat = 0;  // of each submission
  std::uint64_t delay_ms_max = 20;
};

class Network {
 public:
  Network(NetworkFaults faults, SimRng& rng) : m_faults(faults), m_rng(rng) {}

  // So many copies of a submission are on their way.
  [[nodiscard]] unsigned copies() { return m_rng.chance(m_faults.repeat) ? 2 : 1; }
  [[nodiscard]] std::uint64_t delay_ms() { return 1 + m_rng.below(m_faults.delay_ms_max + 1); }
  // Whether a message between two parties, or one and the ledger, is lost.
  [[nodiscard]] bool loses(const std::string& a, const std::string& b);
  [[nodiscard]] std::uint64_t lost() const { return m_lost; }

  // From now on these reach each other and nobody else, until heal().
  void cut(std::set<std::string> parties) { m_cut = std::move(parties); }
  void heal() { m_cut.clear(); }
  [[nodiscard]] bool is_cut() const { return !m_cut.empty(); }
  [[nodiscard]] bool reaches(const std::string& a, const std::string& b) const {
    return m_cut.count(a) == m_cut.count(b);
  }

 private:
  NetworkFaults m_faults;
  SimRng& m_rng;
  std::set<std::string> m_cut;
  std::uint64_t m_lost = 0;
};

}  // namespace assay::sim
