// The program as the executor works on it: inputs name the node whose memory is read, products read
// strided operands where a transpose needs no copy, and nodes may be computed a second time where
// that is cheaper than keeping them.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "assay/graph/node.hpp"
#include "assay/numerics/product.hpp"

namespace assay::exec {

inline constexpr std::uint32_t kNone = ~std::uint32_t{0};

// How a product reads and writes.
struct ProductViews {
  std::optional<numerics::MatrixLayout> a, b, output;
  std::uint64_t a_offset = 0, b_offset = 0;  // elements
};

struct Flow {
  std::vector<graph::Node> nodes;       // inputs are storages
  std::vector<std::uint32_t> position;  // program order
  // Whose memory a node's output is: itself unless it is an alias or another source of a slot.
  std::vector<std::uint32_t> storage_of;
  std::vector<std::vector<std::uint32_t>> readers;  // of a storage: nodes that run, ascending
  std::vector<std::uint8_t> is_bound;               // storage that a slot's new value is
  std::vector<std::uint8_t> runs;                   // neither a source, nor fixed, nor an alias
  std::vector<ProductViews> views;                  // per node
  std::vector<std::uint32_t> slot_storage;          // per slot

  // An equal node for other readers; returns its index.
  std::uint32_t clone(std::uint32_t node);
  void add_reader(std::uint32_t storage, std::uint32_t reader);
  void drop_reader(std::uint32_t storage, std::uint32_t reader);
  // `reader` reads `to` where it read `from`.
  void redirect(std::uint32_t from, std::uint32_t to, std::uint32_t reader);
  // What the operand's shape is to a region: constants are one element.
  [[nodiscard]] Shape operand_shape(std::uint32_t node, unsigned operand) const;
};

// True if the node is its operand's memory under another shape. A reshape of f32 that came from
// outside is not: operators canonicalise the NaN that they read, and a state or a data set may hold
// others.
[[nodiscard]] bool is_alias(std::span<const graph::Node> nodes, std::uint32_t node) noexcept;

// Computed once, at construction: constants, counters; and t and the seed, set at each step.
[[nodiscard]] bool is_fixed(numerics::OpCode op) noexcept;

// `views`: let products read and write what transposes and slices would copy.
[[nodiscard]] Flow make_flow(std::span<const graph::Node> nodes,
                             std::span<const std::uint32_t> slot_nodes, bool views);

// Part of make_flow: decides the views of products and turns the movement nodes that nobody else
// reads into aliases or nothing.
void find_views(Flow& flow);

}  // namespace assay::exec
