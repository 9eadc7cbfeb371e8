// Node records, as they stand under a program root (docs/spec/graph.md). Freestanding.
#pragma once

#include "assay/commit/type_record.hpp"
#include "assay/numerics/operator.hpp"

namespace assay::graph {

inline constexpr std::uint32_t kMaxNodes = 65'536;
inline constexpr std::uint32_t kMaxSlots = 4'096;
inline constexpr std::uint32_t kMaxData = 16;
inline constexpr std::size_t kMaxNameBytes = 64;
inline constexpr std::size_t kMaxNodeRecordBytes = 512;

// A node: an operator, the types it is applied to, and which earlier nodes it reads. The operands'
// types repeat what their own records say, so that one record is all that judging a step needs; the
// validator holds the two equal, and a tensor's root binds its type anyway.
struct Node {
  numerics::NodeSpec spec;
  std::array<std::uint32_t, numerics::kMaxOperands> inputs{};
  friend constexpr bool operator==(const Node&, const Node&) = default;
};

// op u16, output type, attribute count u8, attributes u64 each, operand count u8, then for each
// operand: node u32 and type. A type is dtype u8, rank u8, dims u64 each.
template <class Sink>
void write_node(codec::BasicWriter<Sink>& writer, const Node& node);

// The one inverse of write_node. Counts, ranks and dtypes are within bounds and shapes valid if
// reader.ok() afterwards; the operator may still be unknown (numerics::validate tells).
[[nodiscard]] Node read_node(codec::Reader& reader);

}  // namespace assay::graph

#include "assay/graph/node_inline.hpp"
