#include "internal/tile_program.hpp"

#include <algorithm>

#include "assay/core/contract.hpp"
#include "internal/memory_plan.hpp"

namespace assay::exec {

using numerics::OpCode;

namespace {

constexpr std::uint64_t kTileElements = 2'048;
constexpr std::size_t kPageBytes = 4'096;

double nanoseconds_of(OpCode op) {
  if (numerics::is_costly_unary(op)) return 2.0;
  return op == OpCode::kDiv || op == OpCode::kSqrt ? 0.3 : 0.1;
}

// Tiles of equal page offset get in each other's way.
std::size_t apart(std::size_t bytes) {
  bytes = aligned(bytes);
  return bytes % kPageBytes == 0 ? bytes + 5 * kAlignment : bytes;
}

}  // namespace

// Memory for what only the region reads, used again after the last reader.
class TileProgram::Locals {
 public:
  Locals(std::size_t full_bytes, std::size_t row_bytes) : m_bytes{full_bytes, row_bytes} {}

  std::size_t take(std::uint32_t node, bool per_row, std::size_t readers) {
    auto& free = m_free[per_row];
    std::size_t at = m_top;
    if (free.empty()) {
      m_top += m_bytes[per_row];
    } else {
      at = free.back();
      free.pop_back();
    }
    m_held.push_back({node, at, readers, per_row});
    return at;
  }
  [[nodiscard]] std::size_t at(std::uint32_t node) const {
    const auto held =
        std::find_if(m_held.begin(), m_held.end(), [&](const Held& h) { return h.node == node; });
    ASSAY_EXPECTS(held != m_held.end());
    return held->at;
  }
  // One reader of the node has run.
  void release(std::uint32_t node) {
    const auto held =
        std::find_if(m_held.begin(), m_held.end(), [&](const Held& h) { return h.node == node; });
    if (held == m_held.end() || --held->readers != 0) return;
    m_free[held->per_row].push_back(held->at);
    m_held.erase(held);
  }
  [[nodiscard]] std::size_t top() const { return m_top; }

 private:
  struct Held {
    std::uint32_t node;
    std::size_t at;
    std::size_t readers;
    bool per_row;
  };
  std::array<std::size_t, 2> m_bytes;
  std::array<std::vector<std::size_t>, 2> m_free;
  std::vector<Held> m_held;
  std::size_t m_top = 0;
};

TileProgram::TileProgram(const Flow& flow, const UnitGraph& graph, const Unit& unit,
                         numerics::Isa isa)
    : m_columns(std::max<std::uint64_t>(unit.columns, 1)) {
  m_rows = unit.full / m_columns;
  m_tile_rows = std::clamp<std::uint64_t>(kTileElements / m_columns, 1, m_rows);
  Locals locals(apart(m_tile_rows * m_columns * 4), apart(m_tile_rows * 4));
  for (const std::uint32_t member : unit.members) add(flow, graph, member, isa, locals);
  m_local_bytes = locals.top();
}

// Where an operand's rows lie, how they are read (`view`, set), and whether in tiles of this
// region.
TileProgram::Place TileProgram::operand_place(const Flow& flow, const UnitGraph& graph,
                                              std::uint32_t node, unsigned k, std::size_t columns,
                                              RowView& view) {
  const numerics::NodeSpec& spec = flow.nodes[node].spec;
  const bool reduces = numerics::is_reduction(spec.op);
  const bool same = spec.op == OpCode::kReshape || reduces;
  const Shape& output = reduces ? spec.operands[0].shape : spec.output.shape;
  const auto found = row_view(output, same ? output : flow.operand_shape(node, k), columns);
  ASSAY_INVARIANT(found.has_value());
  view = *found;
  Place place;
  place.row_elements = view.repeats ? 1 : columns;
  place.row_stride = view.map.is_identity() ? place.row_elements : 0;
  place.element_bytes = size_of(spec.operands[k].dtype);
  const std::uint32_t from = flow.nodes[node].inputs[k];
  const std::uint32_t unit = graph.unit_of(from);
  const bool is_local = unit != kNone && unit == graph.unit_of(node) &&
                        graph.unit(unit).kernel != from && !graph.is_stored(from);
  if (is_local) return place;
  place.node = from;
  place.row_bytes = place.row_stride * place.element_bytes;
  return place;
}

void TileProgram::add(const Flow& flow, const UnitGraph& graph, std::uint32_t node,
                      numerics::Isa isa, Locals& locals) {
  const graph::Node& n = flow.nodes[node];
  const bool reduces = numerics::is_reduction(n.spec.op);
  const bool per_row = graph.is_per_row(node);
  const bool stored = graph.is_stored(node);
  Instruction instruction;
  instruction.operand_count = n.spec.operand_count;
  instruction.columns = per_row && !reduces ? 1 : m_columns;
  instruction.is_flat = !reduces;
  numerics::StripSpec spec{n.spec.op, n.spec.output.dtype, n.spec.operand_count, {}, {}, !stored};
  bool mapped = false;
  Maps maps;
  std::vector<std::uint32_t> tiles;  // operands, each once
  for (unsigned k = 0; k < n.spec.operand_count; ++k) {
    RowView view;
    Place& place = instruction.in[k];
    place = operand_place(flow, graph, node, k, instruction.columns, view);
    if (place.node == kNone) {
      place.local = locals.at(n.inputs[k]);
      if (std::find(tiles.begin(), tiles.end(), n.inputs[k]) == tiles.end())
        tiles.push_back(n.inputs[k]);
    }
    spec.operands[k] = n.spec.operands[k].dtype;
    spec.repeats[k] = view.repeats;
    maps[k] = view.map;
    const bool moves = view.map.is_identity();
    instruction.is_flat = instruction.is_flat && (view.repeats ? view.map.is_zero() : moves);
    mapped = mapped || !(moves || view.map.is_zero());
  }
  if (mapped) {
    m_maps.push_back(maps);
    instruction.maps = static_cast<std::uint32_t>(m_maps.size());
  }
  const auto strip = numerics::strip_of(isa, spec);
  ASSAY_INVARIANT(strip.has_value());
  instruction.strip = *strip;
  // An operand's tile may become the output's where the strip allows.
  const bool in_place = strip->works_in_place() && !mapped;
  const auto release = [&] {
    for (const std::uint32_t tile : tiles) locals.release(tile);
  };
  if (in_place) release();
  Place& out = instruction.out;
  out.row_stride = per_row ? 1 : instruction.columns;
  out.element_bytes = size_of(n.spec.output.dtype);
  if (stored) {
    out.node = node;
    out.row_bytes = out.row_stride * out.element_bytes;
  } else {
    out.local = locals.take(node, per_row, flow.readers[node].size());
  }
  if (!in_place) release();
  m_row_nanoseconds += nanoseconds_of(n.spec.op) * static_cast<double>(instruction.columns);
  m_instructions.push_back(instruction);
}

inline const std::uint8_t* TileProgram::address(const Place& place,
                                                std::span<std::uint8_t* const> at,
                                                const std::uint8_t* local,
                                                std::uint64_t row) const {
  return place.node == kNone ? local + place.local : at[place.node] + row * place.row_bytes;
}

void TileProgram::run(std::span<std::uint8_t* const> at, std::uint8_t* local, std::uint64_t first,
                      std::uint64_t last) const {
  for (std::uint64_t row = first; row < last;) {
    const std::uint64_t rows = std::min(m_tile_rows, last - row);
    for (const Instruction& i : m_instructions) {
      if (i.maps != 0) {
        run_mapped(i, at, local, row, rows);
        continue;
      }
      std::array<numerics::StripOperand, numerics::kMaxStripOperands> in;
      for (unsigned k = 0; k < i.operand_count; ++k)
        in[k] = {address(i.in[k], at, local, row), i.in[k].row_stride};
      auto* out = const_cast<std::uint8_t*>(address(i.out, at, local, row));
      if (i.is_flat) {
        i.strip(out, in.data(), 1, rows * i.columns);
      } else {
        i.strip(out, in.data(), rows, i.columns);
      }
    }
    row += rows;
  }
}

// Piece by piece, through which every operand's rows keep one distance.
void TileProgram::run_mapped(const Instruction& i, std::span<std::uint8_t* const> at,
                             std::uint8_t* local, std::uint64_t row, std::uint64_t rows) const {
  const Maps& maps = m_maps[i.maps - 1];
  const std::uint64_t begin = row;
  const std::uint64_t end = row + rows;
  while (row < end) {
    std::uint64_t piece = end - row;
    for (unsigned k = 0; k < i.operand_count; ++k) {
      if (maps[k].rank > 1) piece = std::min(piece, maps[k].size[0] - row % maps[k].size[0]);
    }
    std::array<numerics::StripOperand, numerics::kMaxStripOperands> in;
    for (unsigned k = 0; k < i.operand_count; ++k) {
      const Place& place = i.in[k];
      const RowMap& map = maps[k];
      if (map.is_zero() || map.is_identity()) {
        const std::uint8_t* from = address(place, at, local, row);
        if (place.node == kNone) from += (row - begin) * place.row_stride * place.element_bytes;
        in[k] = {from, place.row_stride};
        continue;
      }
      in[k] = {at[place.node] + map.row(row) * place.row_elements * place.element_bytes,
               map.stride[0] * place.row_elements};
    }
    auto* out = const_cast<std::uint8_t*>(address(i.out, at, local, row));
    if (i.out.node == kNone) out += (row - begin) * i.out.row_stride * i.out.element_bytes;
    i.strip(out, in.data(), piece, i.columns);
    row += piece;
  }
}

}  // namespace assay::exec
