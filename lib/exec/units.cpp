#include "internal/units.hpp"

#include <algorithm>

#include "assay/numerics/strips.hpp"
#include "internal/row_view.hpp"

namespace assay::exec {

using numerics::NodeSpec;
using numerics::OpCode;

namespace {

constexpr std::size_t kMaxSiblings = 4;

// Rows that a tile can hold a few tensors of; longer ones only where there are many, to share out.
constexpr std::uint64_t kTileColumns = 16'384;
constexpr std::uint64_t kMaxColumns = 65'536;
constexpr std::uint64_t kManyRows = 16;

bool is_elementwise(OpCode op) {
  return numerics::is_unary(op) || numerics::is_pointwise(op) || op == OpCode::kReshape ||
         op == OpCode::kCast;
}

bool rows_fit(std::uint64_t full, std::uint64_t columns) {
  if (columns < 2 || full % columns != 0) return false;
  return columns <= kTileColumns || (columns <= kMaxColumns && full / columns >= kManyRows);
}

// Elements that a reduction takes together where those lie side by side, else 0.
std::uint64_t row_reduced(const NodeSpec& spec) {
  const Shape& x = spec.operands[0].shape;
  std::uint64_t reduced = 1;
  bool kept = false;
  for (unsigned axis = x.rank; axis-- > 0;) {
    if (x[axis] == 1) continue;
    if ((spec.attributes[0] >> axis & 1) == 0) {
      kept = true;
    } else if (kept) {
      return 0;
    } else {
      reduced *= x[axis];
    }
  }
  return reduced;
}

}  // namespace

bool can_be_member(const NodeSpec& spec) {
  if (size_of(spec.output.dtype) > 4) return false;
  for (unsigned k = 0; k < spec.operand_count; ++k) {
    if (size_of(spec.operands[k].dtype) > 4) return false;
  }
  if (!numerics::is_reduction(spec.op)) return is_elementwise(spec.op);
  return rows_fit(spec.operands[0].shape.elements(), row_reduced(spec));
}

bool works_in_place(const NodeSpec& spec) {
  numerics::StripSpec strip{spec.op, spec.output.dtype, spec.operand_count, {}, {}, false};
  for (unsigned k = 0; k < spec.operand_count; ++k) strip.operands[k] = spec.operands[k].dtype;
  const auto made = numerics::strip_of(numerics::Isa::kScalar, strip);
  return made && made->works_in_place();
}

std::uint32_t UnitGraph::unit_of(std::uint32_t node) const {
  const std::uint32_t unit = m_unit_of[node];
  return unit == kNone ? kNone : merged(unit);
}

std::uint32_t UnitGraph::merged(std::uint32_t unit) const {
  while (m_into[unit] != unit) unit = m_into[unit];
  return unit;
}

bool UnitGraph::is_member(std::uint32_t node, std::uint32_t unit) const {
  return unit_of(node) == unit && m_units[unit].kernel != node;
}

bool UnitGraph::is_stored(std::uint32_t member) const {
  if (m_flow.is_bound[member]) return true;
  const std::uint32_t unit = unit_of(member);
  for (const std::uint32_t reader : m_flow.readers[member]) {
    if (unit_of(reader) != unit || m_units[unit].kernel == reader) return true;
  }
  return false;
}

bool UnitGraph::depends_on(std::uint32_t unit, std::uint32_t target) const {
  ++m_search;
  m_visited.resize(m_units.size(), 0);
  std::vector<std::uint32_t> stack{unit};
  while (!stack.empty()) {
    std::uint32_t at = stack.back();
    stack.pop_back();
    at = merged(at);
    if (at == target || m_visits >= kMaxVisits) return true;
    if (m_visited[at] == m_search) continue;
    m_visited[at] = m_search;
    m_visits += 1 + m_before[at].size();
    stack.insert(stack.end(), m_before[at].begin(), m_before[at].end());
  }
  return false;
}

bool UnitGraph::inputs_depend_on(std::uint32_t node, std::uint32_t unit) const {
  const graph::Node& n = m_flow.nodes[node];
  for (unsigned k = 0; k < n.spec.operand_count; ++k) {
    const std::uint32_t from = unit_of(n.inputs[k]);
    if (from != kNone && from != unit && depends_on(from, unit)) return true;
  }
  return false;
}

bool UnitGraph::can_merge(std::uint32_t a, std::uint32_t b) const {
  const auto clear = [&](std::uint32_t from, std::uint32_t other) {
    for (std::uint32_t before : m_before[from]) {
      before = merged(before);
      if (before != other && before != from && depends_on(before, other)) return false;
    }
    return true;
  };
  return clear(a, b) && clear(b, a);
}

std::optional<Fit> UnitGraph::fit_reduction(std::uint32_t node, const Unit& unit) const {
  const NodeSpec& spec = m_flow.nodes[node].spec;
  const std::uint64_t reduced = row_reduced(spec);
  // To a region a constant is one element.
  if (m_flow.nodes[m_flow.nodes[node].inputs[0]].spec.op == OpCode::kConstant) return std::nullopt;
  if (spec.operands[0].shape.elements() != unit.full) return std::nullopt;
  if (unit.columns != 0 && unit.columns != reduced) return std::nullopt;
  return Fit{reduced, true};
}

bool UnitGraph::operands_fit(std::uint32_t node, std::uint32_t unit, const Fit& f) const {
  const graph::Node& n = m_flow.nodes[node];
  for (unsigned k = 0; k < n.spec.operand_count; ++k) {
    const bool flat = n.spec.op == OpCode::kReshape;  // one of another shape is the same elements
    const Shape shape = flat ? n.spec.output.shape : m_flow.operand_shape(node, k);
    const std::uint64_t columns = f.per_row || f.columns == 0 ? 1 : f.columns;
    const auto view = row_view(n.spec.output.shape, shape, columns);
    if (!view) return false;
    const bool simple = view->map.is_zero() || view->map.is_identity();
    if (f.per_row && !simple) return false;
    if (!is_member(n.inputs[k], unit)) continue;
    const bool one_row = m_units[unit].full == columns;
    if (!view->map.is_identity() && !one_row) return false;
    const bool element = f.per_row || view->repeats;
    if (element != is_per_row(n.inputs[k])) return false;
  }
  return true;
}

std::optional<Fit> UnitGraph::fit(std::uint32_t node, std::uint32_t u) const {
  const Unit& unit = m_units[u];
  if (!unit.is_region() || unit.members.size() >= kMaxMembers) return std::nullopt;
  const NodeSpec& spec = m_flow.nodes[node].spec;
  if (numerics::is_reduction(spec.op)) {
    const auto f = fit_reduction(node, unit);
    if (!f) return std::nullopt;
    const std::uint32_t input = m_flow.nodes[node].inputs[0];
    return is_member(input, u) && is_per_row(input) ? std::nullopt : f;
  }
  const std::uint64_t elements = spec.output.shape.elements();
  Fit f{unit.columns, false};
  if (elements == unit.full) {
    if (f.columns == 0) {
      std::array<Shape, numerics::kMaxOperands> shapes;
      for (unsigned k = 0; k < spec.operand_count; ++k) shapes[k] = m_flow.operand_shape(node, k);
      if (spec.op != OpCode::kReshape)
        f.columns = natural_columns(spec.output.shape, {shapes.data(), spec.operand_count});
      if (f.columns != 0 && !rows_fit(unit.full, f.columns)) return std::nullopt;
    }
    if (operands_fit(node, u, f)) return f;
  }
  if (unit.columns != 0 && elements * unit.columns == unit.full) {
    f = {unit.columns, true};
    if (operands_fit(node, u, f)) return f;
  }
  return std::nullopt;
}

std::uint32_t UnitGraph::add_clone(std::uint32_t node, std::uint32_t unit) {
  const std::uint32_t copy = m_flow.clone(node);
  m_unit_of.push_back(unit);
  m_per_row.push_back(m_per_row[node]);
  m_reading.emplace_back();
  return copy;
}

std::uint32_t UnitGraph::new_unit(std::uint32_t node) {
  const auto unit = static_cast<std::uint32_t>(m_units.size());
  m_units.emplace_back();
  m_before.emplace_back();
  m_first.push_back(m_flow.position[node]);
  m_last.push_back(m_flow.position[node]);
  m_into.push_back(unit);
  return unit;
}

void UnitGraph::add_inputs(std::uint32_t node, std::uint32_t unit) {
  const graph::Node& n = m_flow.nodes[node];
  for (unsigned k = 0; k < n.spec.operand_count; ++k) {
    const std::uint32_t from = unit_of(n.inputs[k]);
    auto& before = m_before[unit];
    if (from != kNone && from != unit &&
        std::find(before.begin(), before.end(), from) == before.end())
      before.push_back(from);
    auto& reading = m_reading[n.inputs[k]];
    if (reading.empty() || reading.back() != unit) reading.push_back(unit);
  }
}

void UnitGraph::join(std::uint32_t node, std::uint32_t unit, const Fit& f) {
  Unit& u = m_units[unit];
  u.columns = f.columns;
  u.members.push_back(node);
  m_unit_of[node] = unit;
  m_per_row[node] = f.per_row;
  m_first[unit] = std::min(m_first[unit], m_flow.position[node]);
  m_last[unit] = std::max(m_last[unit], m_flow.position[node]);
  add_inputs(node, unit);
}

void UnitGraph::sort_members(Unit& unit) const {
  std::sort(unit.members.begin(), unit.members.end(), [&](std::uint32_t x, std::uint32_t y) {
    return std::pair(m_flow.position[x], x) < std::pair(m_flow.position[y], y);
  });
}

void UnitGraph::merge(std::uint32_t from, std::uint32_t into) {
  Unit& a = m_units[into];
  Unit& b = m_units[from];
  a.columns = std::max(a.columns, b.columns);
  a.members.insert(a.members.end(), b.members.begin(), b.members.end());
  sort_members(a);
  b.members.clear();
  b.is_gone = true;
  m_into[from] = into;
  m_first[into] = std::min(m_first[into], m_first[from]);
  m_last[into] = std::max(m_last[into], m_last[from]);
  m_before[into].insert(m_before[into].end(), m_before[from].begin(), m_before[from].end());
  m_before[from].clear();
}

// Regions that the node reads from, latest first, then such as read what it reads.
std::vector<std::uint32_t> UnitGraph::candidates(std::uint32_t node) const {
  std::vector<std::uint32_t> found;
  const graph::Node& n = m_flow.nodes[node];
  const auto add = [&](std::uint32_t unit) {
    if (unit == kNone || !m_units[unit].is_region()) return;
    if (std::find(found.begin(), found.end(), unit) == found.end()) found.push_back(unit);
  };
  for (unsigned k = 0; k < n.spec.operand_count; ++k) add(unit_of(n.inputs[k]));
  std::sort(found.begin(), found.end(),
            [&](std::uint32_t a, std::uint32_t b) { return m_last[a] > m_last[b]; });
  for (unsigned k = 0; k < n.spec.operand_count; ++k) {
    if (m_flow.operand_shape(node, k).elements() < 2) continue;
    const auto& reading = m_reading[n.inputs[k]];
    for (std::size_t i = 0; i < std::min(reading.size(), kMaxSiblings); ++i) {
      add(merged(reading[reading.size() - 1 - i]));
    }
  }
  return found;
}

// Into the first region that takes it; other regions beside which it then stands are joined to
// that.
void UnitGraph::place(std::uint32_t node) {
  const NodeSpec& spec = m_flow.nodes[node].spec;
  std::uint32_t home = kNone;
  const std::vector<std::uint32_t> near = candidates(node);
  for (const std::uint32_t unit : near) {
    const auto f = fit(node, unit);
    if (!f || inputs_depend_on(node, unit)) continue;
    join(node, unit, *f);
    home = unit;
    break;
  }
  if (home == kNone) {
    home = new_unit(node);
    Unit& unit = m_units[home];
    unit.full = (numerics::is_reduction(spec.op) ? spec.operands[0] : spec.output).shape.elements();
    // A region of its own takes what any region would: found by asking an empty one.
    unit.members.push_back(kNone);
    const auto f = fit(node, home);
    unit.members.clear();
    if (f) {
      join(node, home, *f);
    } else {
      unit.kernel = node;
      m_unit_of[node] = home;
      add_inputs(node, home);
    }
    return;
  }
  for (const std::uint32_t other : near) {
    const Unit& a = m_units[home];
    const Unit& b = m_units[other];
    if (other == home || b.is_gone || a.full != b.full ||
        a.members.size() + b.members.size() > kMaxMembers)
      continue;
    if (a.columns != b.columns && a.columns != 0 && b.columns != 0) continue;
    if (can_merge(home, other)) merge(other, home);
  }
}

void UnitGraph::make_units(bool fuse) {
  const auto count = static_cast<std::uint32_t>(m_flow.nodes.size());
  m_unit_of.assign(count, kNone);
  m_per_row.assign(count, 0);
  m_reading.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!m_flow.runs[i]) continue;
    if (fuse && can_be_member(m_flow.nodes[i].spec)) {
      place(i);
      continue;
    }
    const std::uint32_t unit = new_unit(i);
    m_units[unit].kernel = i;
    m_unit_of[i] = unit;
    add_inputs(i, unit);
  }
}

bool UnitGraph::order_before(std::span<const std::uint32_t> readers, std::uint32_t writer) {
  const std::uint32_t to = unit_of(writer);
  for (const std::uint32_t reader : readers) {
    const std::uint32_t from = unit_of(reader);
    if (from != to && depends_on(from, to)) return false;
  }
  for (const std::uint32_t reader : readers) {
    const std::uint32_t from = unit_of(reader);
    if (from != to) m_before[to].push_back(from);
  }
  return true;
}

}  // namespace assay::exec
