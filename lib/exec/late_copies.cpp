// Outputs that are held for long between two readers and are cheap to compute again: the later
// readers get a copy that is made just before them (what the norms give to products, in the
// backward pass; heads that were put side by side).
#include <algorithm>
#include <optional>

#include "assay/numerics/fold.hpp"
#include "internal/memory_plan.hpp"
#include "internal/units.hpp"

namespace assay::exec {
namespace {

using numerics::OpCode;

constexpr std::size_t kMaxNodes = 8;    // computed again for one output
constexpr std::size_t kMaxTries = 512;  // of a program, also such as fail: planning stays short
// Operands of so small a part of the output may be kept longer for it.
constexpr std::uint64_t kSmallPart = 8;

// What a core does in a nanosecond, roughly: the cost of copies is a share of the step's.
constexpr double kMultiplyAdds = 45;
constexpr double kBytesMoved = 15;

// Members of regions are cheap if their operator is; of kernels only what moves elements is.
bool moves_elements(OpCode op) { return op == OpCode::kTranspose || op == OpCode::kSlice; }

}  // namespace

class UnitGraph::LateCopies {
 public:
  LateCopies(UnitGraph& graph, const LateCopyOptions& options)
      : m_graph(graph),
        m_flow(graph.m_flow),
        m_options(options),
        m_schedule(graph.schedule()),
        m_life(lifetimes(m_flow, graph, m_schedule)),
        m_when(graph.m_units.size()),
        m_load(m_schedule.size()),
        m_stored(m_flow.nodes.size()),
        m_is_pinned(m_flow.nodes.size()) {
    for (std::uint32_t i = 0; i < m_schedule.size(); ++i) m_when[m_schedule[i]] = i;
    for (std::uint32_t i = 0; i < m_stored.size(); ++i) {
      if (!m_flow.runs[i] || m_flow.is_bound[i]) continue;
      m_stored[i] = !graph.is_member(i, graph.unit_of(i)) || graph.is_stored(i);
    }
    sum_load();
  }

  void run() {
    find_gaps();
    double left = m_options.time_share * step_nanoseconds();
    for (std::size_t tries = 0; tries < kMaxTries; ++tries) {
      const auto peak = static_cast<std::uint32_t>(std::max_element(m_load.begin(), m_load.end()) -
                                                   m_load.begin());
      Gap* const best = best_over(peak, left);
      if (best == nullptr) return;
      best->is_decided = true;
      if (make(*best)) left -= best->nanoseconds;
    }
  }

 private:
  struct Gap {
    std::uint32_t node;
    std::uint32_t before, behind;  // places of readers, none between them
    double nanoseconds = 0;
    bool is_decided = false;
  };
  struct Recipe {
    std::vector<std::uint32_t> nodes;   // what is computed again, the output last
    std::vector<std::uint32_t> inputs;  // stored outputs that it reads
    std::uint64_t bytes_moved = 0;
  };

  [[nodiscard]] std::uint64_t bytes(std::uint32_t node) const {
    return m_flow.nodes[node].spec.output.byte_count();
  }

  void sum_load() {
    std::vector<std::uint64_t> ended(m_load.size());
    for (std::uint32_t i = 0; i < m_stored.size(); ++i) {
      if (!m_stored[i]) continue;
      m_load[m_life.first[i]] += bytes(i);
      ended[m_life.last[i]] += bytes(i);
    }
    for (std::size_t at = 1; at < m_load.size(); ++at) m_load[at] += m_load[at - 1] - ended[at - 1];
  }

  // The longest time that each output waits for a reader.
  void find_gaps() {
    for (std::uint32_t node = 0; node < m_stored.size(); ++node) {
      if (!m_stored[node] || bytes(node) < m_options.bytes_min) continue;
      std::vector<std::uint32_t> places{m_life.first[node]};
      for (const std::uint32_t reader : m_flow.readers[node])
        places.push_back(m_when[m_graph.unit_of(reader)]);
      std::sort(places.begin(), places.end());
      Gap gap{node, 0, 0};
      for (std::size_t i = 1; i < places.size(); ++i) {
        if (places[i] - places[i - 1] > gap.behind - gap.before) {
          gap.before = places[i - 1];
          gap.behind = places[i];
        }
      }
      if (gap.behind - gap.before < 2) continue;
      const auto recipe = recipe_for(gap);
      if (!recipe) continue;
      gap.nanoseconds = static_cast<double>(recipe->bytes_moved) / kBytesMoved;
      m_gaps.push_back(gap);
    }
  }

  [[nodiscard]] std::optional<Recipe> recipe_for(const Gap& gap) const {
    Recipe recipe;
    if (!collect(gap.node, gap, recipe)) return std::nullopt;
    recipe.bytes_moved += bytes(gap.node);
    return recipe;
  }

  bool collect(std::uint32_t node, const Gap& gap, Recipe& recipe) const {
    const graph::Node& n = m_flow.nodes[node];
    const std::uint32_t home = m_graph.unit_of(node);
    const bool is_member = m_graph.is_member(node, home);
    if (is_member ? !is_cheap(n.spec.op) : !moves_elements(n.spec.op) || node != gap.node)
      return false;
    for (unsigned k = 0; k < n.spec.operand_count; ++k) {
      const std::uint32_t input = n.inputs[k];
      const auto has = [&](const std::vector<std::uint32_t>& nodes) {
        return std::find(nodes.begin(), nodes.end(), input) != nodes.end();
      };
      if (has(recipe.nodes) || has(recipe.inputs)) continue;
      if (is_there(input, gap)) {
        if (m_stored[input]) recipe.inputs.push_back(input);
        recipe.bytes_moved +=
            m_flow.operand_shape(node, k).elements() * size_of(n.spec.operands[k].dtype);
        continue;
      }
      if (m_graph.unit_of(input) != home || !m_graph.is_member(input, home) ||
          recipe.nodes.size() + 1 >= kMaxNodes || !collect(input, gap, recipe))
        return false;
    }
    recipe.nodes.push_back(node);
    return recipe.nodes.size() <= kMaxNodes;
  }

  // Whether an operand can be read at the gap's end without being held much longer.
  [[nodiscard]] bool is_there(std::uint32_t input, const Gap& gap) const {
    if (!m_flow.runs[input] || m_flow.is_bound[input]) return true;
    const bool is_late_copy = input >= m_stored.size();
    if (is_late_copy || !m_stored[input]) return false;
    if (bytes(input) * kSmallPart <= bytes(gap.node)) return true;
    return m_life.last[input] >= gap.behind && !is_let_go(input, gap.behind);
  }

  // Behind the gap too: who reads it there reads the copy.
  [[nodiscard]] bool is_let_go(std::uint32_t input, std::uint32_t place) const {
    return std::any_of(m_made.begin(), m_made.end(),
                       [&](const Gap& made) { return made.node == input && made.before < place; });
  }

  [[nodiscard]] double step_nanoseconds() const {
    double sum = 0;
    for (const std::uint32_t u : m_schedule) {
      const std::uint32_t kernel = m_graph.m_units[u].kernel;
      if (kernel == kNone || !numerics::is_product(m_flow.nodes[kernel].spec.op)) continue;
      const numerics::NodeSpec& spec = m_flow.nodes[kernel].spec;
      sum += static_cast<double>(spec.output.shape.elements()) *
             static_cast<double>(numerics::fold_length(spec)) / kMultiplyAdds;
    }
    return sum;
  }

  [[nodiscard]] Gap* best_over(std::uint32_t peak, double nanoseconds_max) {
    Gap* best = nullptr;
    const auto worth = [&](const Gap& gap) {
      return static_cast<double>(bytes(gap.node)) / gap.nanoseconds;
    };
    for (Gap& gap : m_gaps) {
      if (gap.is_decided || m_is_pinned[gap.node] || gap.before >= peak || gap.behind <= peak ||
          gap.nanoseconds > nanoseconds_max)
        continue;
      if (best == nullptr || worth(gap) > worth(*best)) best = &gap;
    }
    return best;
  }

  // False if what it reads has been let go itself.
  bool make(const Gap& gap) {
    const auto recipe = recipe_for(gap);
    if (!recipe) return false;
    std::vector<std::uint32_t> late;
    for (const std::uint32_t reader : m_flow.readers[gap.node]) {
      const std::uint32_t unit = m_graph.unit_of(reader);
      if (m_when[unit] >= gap.behind) late.push_back(reader);
    }
    m_graph.copy_for(recipe->nodes, late, m_schedule[gap.behind]);
    for (const std::uint32_t input : recipe->inputs) {
      m_is_pinned[input] = 1;
      for (std::uint32_t at = m_life.last[input] + 1; at <= gap.behind; ++at)
        m_load[at] += bytes(input);
      m_life.last[input] = std::max(m_life.last[input], gap.behind);
    }
    for (std::uint32_t at = gap.before + 1; at < gap.behind; ++at) m_load[at] -= bytes(gap.node);
    m_made.push_back(gap);
    return true;
  }

  UnitGraph& m_graph;
  Flow& m_flow;
  LateCopyOptions m_options;
  std::vector<std::uint32_t> m_schedule;
  Lifetimes m_life;
  std::vector<std::uint32_t> m_when;                // per unit
  std::vector<std::uint64_t> m_load;                // per place: bytes
  std::vector<std::uint8_t> m_stored, m_is_pinned;  // per node
  std::vector<Gap> m_gaps, m_made;
};

void UnitGraph::copy_for(std::span<const std::uint32_t> nodes,
                         std::span<const std::uint32_t> readers, std::uint32_t before) {
  const std::uint32_t root = nodes.back();
  const std::uint32_t home = unit_of(root);
  const std::uint32_t unit = new_unit(root);
  m_first[unit] = m_first[before];
  std::vector<std::uint32_t> copies;
  for (const std::uint32_t node : nodes) {
    const std::uint32_t copy = add_clone(node, unit);
    for (unsigned k = 0; k < m_flow.nodes[copy].spec.operand_count; ++k) {
      const std::uint32_t input = m_flow.nodes[copy].inputs[k];
      const auto found = std::find(nodes.begin(), nodes.end(), input);
      if (found == nodes.end() || found - nodes.begin() >= std::ssize(copies)) continue;
      m_flow.redirect(input, copies[static_cast<std::size_t>(found - nodes.begin())], copy);
    }
    copies.push_back(copy);
    add_inputs(copy, unit);
  }
  Unit& u = m_units[unit];
  if (is_member(root, home)) {
    u.full = m_units[home].full;
    u.columns = m_units[home].columns;
    u.members = copies;
    sort_members(u);
  } else {
    u.kernel = copies.back();
  }
  for (const std::uint32_t reader : readers) {
    m_flow.redirect(root, copies.back(), reader);
    m_before[unit_of(reader)].push_back(unit);
  }
}

void UnitGraph::make_late_copies(const LateCopyOptions& options) {
  LateCopies(*this, options).run();
}

}  // namespace assay::exec
