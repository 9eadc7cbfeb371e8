// Reverse-mode differentiation: adds the nodes that compute gradients (docs/spec/graph.md).
#pragma once

#include <span>
#include <vector>

#include "assay/graph/builder.hpp"

namespace assay::graph {

// d loss / d wrt[i], of wrt[i]'s shape; zeros where loss does not depend on it. `loss` is one f32
// element. Gradients that several uses of a value send back are added in descending order of the
// uses; what a broadcast spread is summed again. An operator without a rule between wrt and loss is
// an error of the builder.
[[nodiscard]] std::vector<Value> gradients(Builder& builder, Value loss,
                                           std::span<const Value> wrt);

// One row for every operator of the profile.
struct GradientRow {
  numerics::OpCode op;
  bool has_rule;     // false: not differentiable, because of what `text` says
  const char* text;  // the rule: y the output, g its gradient
};
[[nodiscard]] std::span<const GradientRow> gradient_table() noexcept;

}  // namespace assay::graph
