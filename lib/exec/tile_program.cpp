#include "internal/tile_program.hpp"

#include <algorithm>

#include "assay/core/contract.hpp"
#include "internal/memory_plan.hpp"

namespace assay::exec {

using numerics::OpCode;

namespace {

constexpr std::uint64_t kTileElements = 2'048;
constexpr std::size_t kPageBytes = 4'096;

bool is_reduction(OpCode op) { return op == OpCode::kReduceSum || op == OpCode::kReduceMax; }

double nanoseconds_of(OpCode op) {
  switch (op) {
    case OpCode::kExp:
    case OpCode::kLog:
    case OpCode::kTanh:
    case OpCode::kErf:
    case OpCode::kSin:
    case OpCode::kCos:
    case OpCode::kRsqrt:
    case OpCode::kSigmoid: return 2.0;
    case OpCode::kDiv:
    case OpCode::kSqrt: return 0.3;
    default: return 0.1;
  }
}

// Tiles of equal page offset get in each other's way.
std::size_t apart(std::size_t bytes) {
  bytes = aligned(bytes);
  return bytes % kPageBytes == 0 ? bytes + 5 * kAlignment : bytes;
}

}  // namespace

bool is_stored(const Flow& flow, const UnitGraph& graph, std::uint32_t member) {
  if (flow.is_bound[member]) return true;
  const std::uint32_t unit = graph.unit_of(member);
  for (const std::uint32_t reader : flow.readers[member]) {
    if (graph.unit_of(reader) != unit || graph.unit(unit).kernel == reader) return true;
  }
  return false;
}

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

void TileProgram::add(const Flow& flow, const UnitGraph& graph, std::uint32_t node,
                      numerics::Isa isa, Locals& locals) {
  const graph::Node& n = flow.nodes[node];
  const bool reduces = is_reduction(n.spec.op);
  const bool per_row = graph.is_per_row(node);
  Instruction instruction;
  instruction.operand_count = n.spec.operand_count;
  instruction.columns = per_row && !reduces ? 1 : m_columns;
  const bool stored = is_stored(flow, graph, node);
  numerics::StripSpec spec{n.spec.op, n.spec.output.dtype, n.spec.operand_count, {}, {}, !stored};
  bool flat = !reduces;
  bool mapped = false;
  Maps maps;
  std::vector<std::uint32_t> local_inputs;
  for (unsigned k = 0; k < n.spec.operand_count; ++k) {
    const std::uint32_t from = n.inputs[k];
    const bool same = n.spec.op == OpCode::kReshape || reduces;
    const Shape& output = reduces ? n.spec.operands[0].shape : n.spec.output.shape;
    const auto view =
        row_view(output, same ? output : flow.operand_shape(node, k), instruction.columns);
    ASSAY_INVARIANT(view.has_value());
    const std::size_t bytes = size_of(n.spec.operands[k].dtype);
    const std::size_t elements = view->repeats ? 1 : instruction.columns;
    const bool moves = view->map.is_identity();
    spec.operands[k] = n.spec.operands[k].dtype;
    spec.repeats[k] = view->repeats;
    Place& place = instruction.in[k];
    place.row_stride = moves ? elements : 0;
    place.row_elements = elements;
    place.element_bytes = bytes;
    const std::uint32_t unit = graph.unit_of(from);
    const bool is_local = unit != kNone && unit == graph.unit_of(node) &&
                          graph.unit(unit).kernel != from && !is_stored(flow, graph, from);
    if (is_local) {
      place.local = locals.at(from);
      if (std::find(local_inputs.begin(), local_inputs.end(), from) == local_inputs.end())
        local_inputs.push_back(from);
    } else {
      place.node = from;
      place.row_bytes = place.row_stride * bytes;
    }
    flat = flat && (view->repeats ? view->map.is_zero() : moves);
    maps[k] = view->map;
    mapped = mapped || !(moves || view->map.is_zero());
  }
  const auto strip = numerics::strip_of(isa, spec);
  ASSAY_INVARIANT(strip.has_value());
  instruction.strip = *strip;
  instruction.is_flat = flat;
  if (mapped) {
    m_maps.push_back(maps);
    instruction.maps = static_cast<std::uint32_t>(m_maps.size());
  }
  // In place where the strip may.
  const auto release = [&] {
    for (const std::uint32_t input : local_inputs) locals.release(input);
  };
  if (strip->works_in_place() && !mapped) release();
  const std::size_t output_bytes = size_of(n.spec.output.dtype);
  instruction.out.row_stride = per_row ? 1 : instruction.columns;
  instruction.out.element_bytes = output_bytes;
  if (stored) {
    instruction.out.node = node;
    instruction.out.row_bytes = instruction.out.row_stride * output_bytes;
  } else {
    instruction.out.local = locals.take(node, per_row, flow.readers[node].size());
  }
  if (!strip->works_in_place() || mapped) release();
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
