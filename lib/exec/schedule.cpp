// The order of units, which decides how long outputs are held.
#include <algorithm>
#include <functional>
#include <queue>

#include "assay/core/contract.hpp"
#include "internal/units.hpp"

namespace assay::exec {
namespace {

// What takes no more than this may run at any time: learning rates and the like, which stand behind
// all gradients in a program and would keep those, and what they are made of, until then.
constexpr std::int64_t kNextToNothing = 4'096;

}  // namespace

class UnitGraph::Scheduler {
 public:
  explicit Scheduler(const UnitGraph& graph)
      : m_graph(graph),
        m_flow(graph.m_flow),
        m_after(graph.m_units.size()),
        m_waits(graph.m_units.size()),
        m_is_done(graph.m_units.size()),
        m_stored(m_flow.nodes.size()),
        m_readers_left(m_flow.nodes.size()) {
    for (std::uint32_t i = 0; i < graph.m_units.size(); ++i) {
      if (!graph.m_units[i].is_gone) add(i);
    }
    for (std::uint32_t node = 0; node < m_flow.nodes.size(); ++node) {
      if (m_stored[node] != 0) m_readers_left[node] = reading_units(node).size();
    }
  }

  std::vector<std::uint32_t> run() {
    for (std::uint32_t i = 0; i < m_waits.size(); ++i) {
      if (!m_graph.m_units[i].is_gone && m_waits[i] == 0) make_ready(i);
    }
    std::vector<std::uint32_t> order;
    while (!m_now.empty() || !m_ready.empty()) {
      Queue& from = m_now.empty() ? m_ready : m_now;
      const std::uint32_t unit = from.top().second;
      from.pop();
      if (m_is_done[unit]) continue;
      m_is_done[unit] = 1;
      order.push_back(unit);
      for (const std::uint32_t next : m_after[unit]) {
        if (--m_waits[next] == 0) make_ready(next);
      }
      for (const std::uint32_t node : inputs(unit)) {
        if (--m_readers_left[node] != 1) continue;
        // Its last reader frees it.
        for (const std::uint32_t last : reading_units(node)) {
          if (!m_is_done[last] && m_waits[last] == 0) make_ready(last);
        }
      }
    }
    return order;
  }

 private:
  using Ready = std::pair<std::uint32_t, std::uint32_t>;  // first position, unit
  using Queue = std::priority_queue<Ready, std::vector<Ready>, std::greater<>>;

  void add(std::uint32_t i) {
    const Unit& unit = m_graph.m_units[i];
    std::vector<std::uint32_t> before;
    for (std::uint32_t from : m_graph.m_before[i]) {
      from = m_graph.merged(from);
      if (from != i && !m_graph.m_units[from].is_gone) before.push_back(from);
    }
    std::sort(before.begin(), before.end());
    before.erase(std::unique(before.begin(), before.end()), before.end());
    for (const std::uint32_t from : before) m_after[from].push_back(i);
    m_waits[i] = static_cast<std::uint32_t>(before.size());
    const auto keep = [&](std::uint32_t node) {
      if (!m_flow.is_bound[node])
        m_stored[node] = static_cast<std::int64_t>(m_flow.nodes[node].spec.output.byte_count());
    };
    if (unit.kernel != kNone) keep(unit.kernel);
    for (const std::uint32_t member : unit.members) {
      if (m_graph.is_stored(member)) keep(member);
    }
  }

  // Units that read a stored output, but not the one that makes it; each once.
  [[nodiscard]] std::vector<std::uint32_t> reading_units(std::uint32_t node) const {
    std::vector<std::uint32_t> units;
    const std::uint32_t home = m_graph.unit_of(node);
    for (const std::uint32_t reader : m_flow.readers[node]) {
      const std::uint32_t unit = m_graph.unit_of(reader);
      if (unit != home) units.push_back(unit);
    }
    std::sort(units.begin(), units.end());
    units.erase(std::unique(units.begin(), units.end()), units.end());
    return units;
  }

  // Outputs of other units that this one reads; each once.
  [[nodiscard]] std::vector<std::uint32_t> inputs(std::uint32_t i) const {
    const Unit& unit = m_graph.m_units[i];
    std::vector<std::uint32_t> nodes;
    const auto add = [&](std::uint32_t reader) {
      const graph::Node& n = m_flow.nodes[reader];
      for (unsigned k = 0; k < n.spec.operand_count; ++k) {
        if (m_stored[n.inputs[k]] != 0 && m_graph.unit_of(n.inputs[k]) != i)
          nodes.push_back(n.inputs[k]);
      }
    };
    if (unit.kernel != kNone) add(unit.kernel);
    for (const std::uint32_t member : unit.members) add(member);
    std::sort(nodes.begin(), nodes.end());
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    return nodes;
  }

  void make_ready(std::uint32_t i) {
    const Unit& unit = m_graph.m_units[i];
    std::int64_t taken = unit.kernel == kNone ? 0 : m_stored[unit.kernel];
    for (const std::uint32_t member : unit.members) taken += m_stored[member];
    for (const std::uint32_t node : inputs(i)) {
      if (m_readers_left[node] == 1) taken -= m_stored[node];
    }
    (taken <= kNextToNothing ? m_now : m_ready).emplace(m_graph.m_first[i], i);
  }

  const UnitGraph& m_graph;
  const Flow& m_flow;
  std::vector<std::vector<std::uint32_t>> m_after;  // per unit: those that wait for it
  std::vector<std::uint32_t> m_waits;               // per unit: how many it waits for
  std::vector<std::uint8_t> m_is_done;
  std::vector<std::int64_t> m_stored;       // per node: bytes that it takes in the arena
  std::vector<std::size_t> m_readers_left;  // per node: units
  Queue m_now, m_ready;
};

std::vector<std::uint32_t> UnitGraph::schedule() const {
  std::vector<std::uint32_t> order = Scheduler(*this).run();
  ASSAY_ENSURES(order.size() == static_cast<std::size_t>(
                                    std::count_if(m_units.begin(), m_units.end(),
                                                  [](const Unit& unit) { return !unit.is_gone; })));
  return order;
}

}  // namespace assay::exec
