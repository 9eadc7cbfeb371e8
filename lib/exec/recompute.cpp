// Which members are computed twice rather than kept in memory, and which regions run on a
// product's rows.
#include <algorithm>

#include "internal/row_view.hpp"
#include "internal/units.hpp"

namespace assay::exec {

using numerics::OpCode;

namespace {

constexpr int kMaxCloneDepth = 3;
constexpr unsigned kMaxClones = 8;  // of one member and what it brings with it
// Operands of so small a part of the output cost nothing to keep.
constexpr std::uint64_t kSmallPart = 8;
// Strangers' programs may read one node everywhere: looking through its readers stays cheap.
constexpr std::size_t kMaxReaders = 1'024;

}  // namespace

bool is_cheap(OpCode op) {
  switch (op) {
    case OpCode::kCast:
    case OpCode::kNeg:
    case OpCode::kRelu:
    case OpCode::kAdd:
    case OpCode::kSub:
    case OpCode::kMul:
    case OpCode::kMax:
    case OpCode::kMin:
    case OpCode::kEqual:
    case OpCode::kLess:
    case OpCode::kSelect:
    case OpCode::kFma: return true;
    default: return false;
  }
}

bool UnitGraph::reads(std::uint32_t unit, std::uint32_t storage, std::uint32_t but) const {
  for (const std::uint32_t reader : m_flow.readers[storage]) {
    if (reader != but && is_member(reader, unit)) return true;
  }
  return false;
}

// Whether a region's member stands in memory for others than `but` too.
bool UnitGraph::is_kept(std::uint32_t member, std::uint32_t but) const {
  if (m_flow.is_bound[member]) return false;  // the next step's memory: let it be
  const std::uint32_t home = unit_of(member);
  for (const std::uint32_t reader : m_flow.readers[member]) {
    if (reader != but && unit_of(reader) != home) return true;
  }
  return false;
}

// `clones`: how many there are so far, to which this one and those that it brings are added.
bool UnitGraph::can_clone(std::uint32_t node, std::uint32_t unit, int depth,
                          unsigned& clones) const {
  const graph::Node& n = m_flow.nodes[node];
  const Unit& u = m_units[unit];
  if (!is_cheap(n.spec.op) || is_per_row(node) || n.spec.output.shape.elements() != u.full ||
      ++clones > kMaxClones || u.members.size() + clones > kMaxMembers ||
      m_flow.nodes.size() + clones > m_nodes_max)
    return false;
  const Fit f{u.columns, false};
  if (!operands_fit(node, unit, f)) return false;
  if (f.columns == 0) {
    for (unsigned k = 0; k < n.spec.operand_count; ++k) {
      const std::uint64_t elements = m_flow.operand_shape(node, k).elements();
      if (elements != 1 && elements != u.full) return false;
    }
  }
  std::uint32_t longer = kNone;  // what is kept longer, in place of the node
  for (unsigned k = 0; k < n.spec.operand_count; ++k) {
    const std::uint32_t input = n.inputs[k];
    const std::uint64_t elements = m_flow.operand_shape(node, k).elements();
    if (elements * kSmallPart <= u.full) continue;
    if (m_flow.readers[input].size() > kMaxReaders || m_visits >= kMaxVisits) return false;
    m_visits += m_flow.readers[input].size();
    const OpCode op = m_flow.nodes[input].spec.op;
    if (op == OpCode::kStateSlot || op == OpCode::kData || reads(unit, input)) continue;
    if ((longer == kNone || longer == input) && is_kept(input, node)) {
      longer = input;
      continue;
    }
    const std::uint32_t home = unit_of(input);
    const bool region_made = home != kNone && is_member(input, home);
    if (depth == 0 || !region_made || !can_clone(input, unit, depth - 1, clones)) return false;
  }
  return true;
}

std::uint32_t UnitGraph::clone_into(std::uint32_t node, std::uint32_t unit, int depth) {
  for (const std::uint32_t member : m_units[unit].members) {
    if (m_flow.position[member] == m_flow.position[node] && member != node) return member;
  }
  const std::uint32_t copy = add_clone(node, unit);
  // By index: the vector grows within.
  for (unsigned k = 0; k < m_flow.nodes[copy].spec.operand_count; ++k) {
    const std::uint32_t input = m_flow.nodes[copy].inputs[k];
    const std::uint64_t elements = m_flow.operand_shape(copy, k).elements();
    // First, as can_clone asks: only the readers of what is not small are known to be few.
    if (elements * kSmallPart <= m_units[unit].full) continue;
    const OpCode op = m_flow.nodes[input].spec.op;
    if (op == OpCode::kStateSlot || op == OpCode::kData || is_member(input, unit) ||
        reads(unit, input, copy) || is_kept(input, copy))
      continue;
    m_flow.drop_reader(input, copy);
    m_flow.redirect(input, clone_into(input, unit, depth - 1), copy);
  }
  m_units[unit].members.push_back(copy);
  sort_members(m_units[unit]);
  add_inputs(copy, unit);
  return copy;
}

void UnitGraph::recompute_member(std::uint32_t node, std::uint32_t from) {
  if (m_flow.readers[node].size() > kMaxReaders) return;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> outside;  // unit, reader
  for (const std::uint32_t reader : m_flow.readers[node]) {
    const std::uint32_t unit = unit_of(reader);
    if (!is_member(reader, unit)) return;  // a kernel wants it in memory
    if (unit != from) outside.emplace_back(unit, reader);
  }
  std::sort(outside.begin(), outside.end());
  std::uint32_t last = kNone;
  for (const auto& [unit, reader] : outside) {
    unsigned clones = 0;
    if (unit != last && !can_clone(node, unit, kMaxCloneDepth, clones)) return;
    last = unit;
  }
  for (auto group = outside.begin(); group != outside.end();) {
    const std::uint32_t unit = group->first;
    const auto end =
        std::find_if(group, outside.end(), [&](const auto& other) { return other.first != unit; });
    // What the readers alone read is no longer read there when it is asked what is.
    for (auto it = group; it != end; ++it) m_flow.drop_reader(node, it->second);
    const std::uint32_t copy = clone_into(node, unit, kMaxCloneDepth);
    for (; group != end; ++group) m_flow.redirect(node, copy, group->second);
  }
}

void UnitGraph::recompute() {
  const auto count = static_cast<std::uint32_t>(m_flow.nodes.size());
  m_nodes_max = 2 * m_flow.nodes.size();
  for (std::uint32_t i = count; i-- > 0;) {
    const std::uint32_t unit = m_flow.runs[i] ? unit_of(i) : kNone;
    if (unit == kNone || !is_member(i, unit) || m_flow.is_bound[i] || is_per_row(i)) continue;
    if (!is_cheap(m_flow.nodes[i].spec.op) || m_flow.nodes[i].spec.output.shape.elements() < 2)
      continue;
    recompute_member(i, unit);
  }
  for (std::uint32_t i = static_cast<std::uint32_t>(m_flow.nodes.size()); i-- > 0;) retire(i);
}

// A member that nobody reads any more does not run, nor what was only read by it.
void UnitGraph::retire(std::uint32_t node) {
  std::vector<std::uint32_t> unread{node};
  while (!unread.empty()) {
    const std::uint32_t i = unread.back();
    unread.pop_back();
    if (!m_flow.runs[i] || m_flow.is_bound[i] || !m_flow.readers[i].empty()) continue;
    const std::uint32_t unit = unit_of(i);
    if (!is_member(i, unit)) continue;
    m_flow.runs[i] = 0;
    m_unit_of[i] = kNone;
    std::erase(m_units[unit].members, i);
    m_units[unit].is_gone = !m_units[unit].is_region() && m_units[unit].kernel == kNone;
    const graph::Node& n = m_flow.nodes[i];
    for (unsigned k = 0; k < n.spec.operand_count; ++k) {
      m_flow.drop_reader(n.inputs[k], i);
      unread.push_back(n.inputs[k]);
    }
  }
}

// Whether a product that is to run with the region would have to wait for another large operand of
// it, and hold more than its output meanwhile (a tied weight's gradient waits for the embedding's).
bool UnitGraph::waits_with(std::uint32_t region, std::uint32_t product) const {
  const graph::Node& p = m_flow.nodes[product];
  std::uint64_t held = 0;
  for (unsigned k = 0; k < p.spec.operand_count; ++k) {
    if (m_flow.runs[p.inputs[k]]) held += p.spec.operands[k].shape.elements();
  }
  if (held <= p.spec.output.shape.elements()) return false;
  const std::uint32_t home = unit_of(product);
  for (const std::uint32_t member : m_units[region].members) {
    const graph::Node& n = m_flow.nodes[member];
    for (unsigned k = 0; k < n.spec.operand_count; ++k) {
      const std::uint32_t from = unit_of(n.inputs[k]);
      if (from != kNone && from != region && m_first[from] > m_last[home] &&
          m_flow.operand_shape(member, k).elements() * kSmallPart > m_units[region].full)
        return true;
    }
  }
  return false;
}

// The product whose rows the region reads and that can run last of all that it reads.
void UnitGraph::attach(std::uint32_t region) {
  std::uint32_t best = kNone;
  for (const std::uint32_t member : m_units[region].members) {
    const graph::Node& n = m_flow.nodes[member];
    for (unsigned k = 0; k < n.spec.operand_count; ++k) {
      const std::uint32_t product = n.inputs[k];
      const numerics::NodeSpec& spec = m_flow.nodes[product].spec;
      const std::uint32_t home = unit_of(product);
      if (home == kNone || home == region || m_units[home].kernel != product ||
          m_units[home].is_region() || !numerics::is_product(spec.op) ||
          m_flow.views[product].output || spec.output.shape.elements() != m_units[region].full)
        continue;
      const std::uint64_t columns = spec.output.shape[spec.output.shape.rank - 1U];
      if (m_units[region].columns != 0 && columns % m_units[region].columns != 0) continue;
      // Read row by row: a product's rows may also be read in other orders.
      const Shape shape = m_flow.operand_shape(member, k);
      if (shape.elements() != m_units[region].full) continue;
      if (best != kNone && m_last[unit_of(best)] > m_last[home]) continue;
      if (!waits_with(region, product) && can_merge(region, home)) best = product;
    }
  }
  if (best == kNone) return;
  const std::uint32_t home = unit_of(best);
  m_units[home].full = m_units[region].full;
  merge(region, home);
}

void UnitGraph::attach_to_products() {
  std::vector<std::uint32_t> regions;
  for (std::uint32_t i = 0; i < m_units.size(); ++i) {
    if (m_units[i].is_region()) regions.push_back(i);
  }
  std::sort(regions.begin(), regions.end(),
            [&](std::uint32_t a, std::uint32_t b) { return m_first[a] < m_first[b]; });
  for (const std::uint32_t region : regions) attach(region);
}

}  // namespace assay::exec
