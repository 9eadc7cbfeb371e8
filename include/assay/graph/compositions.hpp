// Layers of networks as compositions of operators (docs/spec/graph.md has each one's nodes). Those
// whose gradient is cheaper by a formula of its own have one (graph::OwnGradient). Shapes that do
// not fit are errors of the builder. Attention and positions: graph/attention.hpp.
#pragma once

#include "assay/graph/builder.hpp"

namespace assay::graph {

// Over the last axis, which a fold must hold (131,068).
Value softmax(Builder& b, Value x);
Value log_softmax(Builder& b, Value x);
// Where mask, u32 and broadcast to x, is not 0; elsewhere +0. A row with nothing left is NaN.
Value masked_softmax(Builder& b, Value x, Value mask);

// Of each element.
Value gelu(Builder& b, Value x);       // x Phi(x), by erf
Value gelu_tanh(Builder& b, Value x);  // x / 2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
Value silu(Builder& b, Value x);       // x sigmoid(x)
// silu(gate) * up (Shazeer, GLU Variants Improve Transformer, 2020).
Value swiglu(Builder& b, Value gate, Value up);

// Over the last axis of x [..., d]; gain and bias [d].
Value layer_norm(Builder& b, Value x, Value gain, Value bias, float epsilon = 1e-5F);
Value rms_norm(Builder& b, Value x, Value gain, float epsilon = 1e-5F);

// Over all axes of x [..., c] but the last (Ioffe and Szegedy, 2015); gain, bias, statistics [c].
struct BatchNorm {
  Value y;
  Value mean;      // of this batch
  Value variance;  // of this batch: squared distances over their count, less 1 for the unbiased one
  Value unbiased_variance;
};
BatchNorm batch_norm(Builder& b, Value x, Value gain, Value bias, float epsilon = 1e-5F);
struct BatchStatistics {
  Value mean;
  Value variance;
};
// With statistics that do not depend on the batch: the form for prediction.
Value batch_norm_with(Builder& b, Value x, Value gain, Value bias,
                      const BatchStatistics& statistics, float epsilon = 1e-5F);
// before + rate (now - before): for running statistics.
Value moving_average(Builder& b, Value before, Value now, float rate);

// x [n, h, w, c]; windows side by side, rows and columns beyond the last whole one left out.
Value average_pool2d(Builder& b, Value x, std::uint64_t window);
Value global_average_pool2d(Builder& b, Value x);  // -> [n, c]

// table [n, d], tokens u32 of any shape s -> [s..., d]; out of range: zeros.
Value embedding(Builder& b, Value table, Value tokens);

struct DropoutOptions {
  float rate = 0.1F;          // below 1; 0: x itself
  std::uint64_t purpose = 0;  // of its random stream: no two places share one
};
// Zero with probability `rate`, else x / (1 - rate); drawn from the task's seed and t.
Value dropout(Builder& b, Value x, const DropoutOptions& options);

struct ClippedGradients {
  std::vector<Value> gradients;
  Value norm;  // before clipping; a scalar
};
// All gradients times min(1, max_norm / norm) (Pascanu et al., 2013).
ClippedGradients clip_by_global_norm(Builder& b, std::span<const Value> gradients, float max_norm);

}  // namespace assay::graph
