// Arithmetic on gradients: as the builder's, but that of constants is done at once and identities
// leave no node. A result may be smaller than the shape that the operands broadcast to: it
// broadcasts to it in its turn.
#pragma once

#include "assay/graph/builder.hpp"

namespace assay::graph::folded {

// The value of an f32 constant's elements.
[[nodiscard]] std::optional<float> constant_of(const Builder& b, Value x);

Value mul(Builder& b, Value x, Value y);
Value mul(Builder& b, Value x, float factor);
Value div(Builder& b, Value x, Value y);
Value neg(Builder& b, Value x);

}  // namespace assay::graph::folded
