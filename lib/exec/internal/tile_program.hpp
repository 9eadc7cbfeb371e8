// A region made ready to run: for each member the strip that computes it, and where its operands
// and its output lie, so that a tile costs a call a member and nothing else.
#pragma once

#include "assay/numerics/strips.hpp"
#include "internal/row_view.hpp"
#include "internal/units.hpp"

namespace assay::exec {

class TileProgram {
 public:
  TileProgram(const Flow& flow, const UnitGraph& graph, const Unit& unit, numerics::Isa isa);

  // Rows of the region: of `columns` elements each, or of one where any columns do.
  [[nodiscard]] std::uint64_t rows() const { return m_rows; }
  [[nodiscard]] std::uint64_t columns() const { return m_columns; }
  // Private memory that run() wants, 64-byte aligned.
  [[nodiscard]] std::size_t local_bytes() const { return m_local_bytes; }
  // About what a row takes on one core.
  [[nodiscard]] double row_nanoseconds() const { return m_row_nanoseconds; }
  [[nodiscard]] std::uint64_t tile_rows() const { return m_tile_rows; }

  // `at`: every storage's memory. In the profile's floating-point mode; thread-safe for distinct
  // rows and `local`.
  void run(std::span<std::uint8_t* const> at, std::uint8_t* local, std::uint64_t first,
           std::uint64_t last) const;

 private:
  struct Place {
    std::uint32_t node = kNone;  // in its storage, else at `local`
    std::size_t local = 0;
    std::size_t row_bytes = 0;   // in its storage, from row to row of the region
    std::size_t row_stride = 0;  // elements from row to row; 0 also where a map tells
    std::size_t row_elements = 1;
    std::size_t element_bytes = 4;
  };
  struct Instruction {
    numerics::Strip strip;
    std::array<Place, numerics::kMaxStripOperands> in;
    Place out;
    std::uint8_t operand_count = 0;
    bool is_flat = false;     // the tile is one row of `columns` times its rows
    std::size_t columns = 1;  // elements of a row
    std::uint32_t maps = 0;   // index + 1 into m_maps: some operand's rows come in another order
  };
  using Maps = std::array<RowMap, numerics::kMaxStripOperands>;

  class Locals;
  void add(const Flow& flow, const UnitGraph& graph, std::uint32_t node, numerics::Isa isa,
           Locals& locals);
  static Place operand_place(const Flow& flow, const UnitGraph& graph, std::uint32_t node,
                             unsigned k, std::size_t columns, RowView& view);
  [[nodiscard]] const std::uint8_t* address(const Place& place, std::span<std::uint8_t* const> at,
                                            const std::uint8_t* local, std::uint64_t row) const;
  void run_mapped(const Instruction& instruction, std::span<std::uint8_t* const> at,
                  std::uint8_t* local, std::uint64_t row, std::uint64_t rows) const;

  std::uint64_t m_rows = 0;
  std::uint64_t m_columns = 1;
  std::uint64_t m_tile_rows = 1;
  std::size_t m_local_bytes = 0;
  double m_row_nanoseconds = 0;
  std::vector<Instruction> m_instructions;
  std::vector<Maps> m_maps;
};

}  // namespace assay::exec
