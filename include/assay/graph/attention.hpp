// Attention and rotary positions as compositions of operators (docs/spec/graph.md).
#pragma once

#include "assay/graph/compositions.hpp"

namespace assay::graph {

// base^(-2 i / width) for i below width / 2: the angles, in radians, of a step of one position.
// IEEE arithmetic alone, so the same everywhere. Requires an even width, and base > 1.
[[nodiscard]] std::vector<double> rotary_frequencies(std::uint64_t width, double base = 10'000);

struct RotaryTables {
  Value cos;  // f32 [t, width / 2]
  Value sin;
};
// positions u64 [t]; frequencies in radians a position. Angles are kept as 64-bit fractions of a
// turn, so that they are as exact at position 2^20 as at 1 (within 5e-7 radians).
RotaryTables rotary_tables(Builder& b, Value positions, std::span<const double> frequencies);

// x [n, t, heads, width]: turns the pairs (i, i + width / 2) of each head by the tables' angles (Su
// et al., RoFormer, 2021; the halves of GPT-NeoX and Llama).
Value rotary(Builder& b, Value x, const RotaryTables& tables);

struct AttentionOptions {
  bool is_causal = true;       // query i sees keys 0 .. i + diagonal
  std::uint64_t diagonal = 0;  // keys before the first query
  // Of the attention weights.
  DropoutOptions dropout = {.rate = 0, .purpose = 0};
};
// softmax(q k^T / sqrt(width)) v: q [n, t, heads, width], k and v [n, s, kv_heads, width] ->
// [n, t, heads, width]. Query head h attends by key head h / (heads / kv_heads): fewer key heads
// are grouped-query attention (Ainslie et al., 2023).
Value attention(Builder& b, Value q, Value k, Value v, const AttentionOptions& options = {});

}  // namespace assay::graph
