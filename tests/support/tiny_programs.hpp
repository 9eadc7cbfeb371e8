// Hand-made programs of a few thousand elements: a small convolutional network with its gradients
// written out, and a helper to write others. For tests of rooms below `models`.
#pragma once

#include <bit>
#include <utility>

#include "assay/graph/validator.hpp"
#include "assay/tensor/tensor.hpp"

namespace assay::tiny {

// Appends nodes; the operands' types come from the inputs.
struct Sketch {
  graph::Program program;

  std::uint32_t add(numerics::OpCode op, TensorType output, std::vector<std::uint32_t> inputs = {},
                    std::vector<std::uint64_t> attributes = {});
  std::uint32_t f32(numerics::OpCode op, Shape shape, std::vector<std::uint32_t> inputs,
                    std::vector<std::uint64_t> attributes = {}) {
    return add(op, {DType::kF32, shape}, std::move(inputs), std::move(attributes));
  }
  std::uint32_t constant(float value, Shape shape = {}) {
    return add(numerics::OpCode::kConstant, {DType::kF32, shape}, {},
               {std::bit_cast<std::uint32_t>(value)});
  }
  // The output type of a node.
  const TensorType& type(std::uint32_t node) const { return program.nodes[node].spec.output; }
};

inline constexpr std::uint64_t kImages = 32;
inline constexpr std::uint64_t kBatch = 8;

struct Programs {
  graph::ValidProgram init;
  graph::ValidProgram step;
  // Nodes that tests name.
  std::uint32_t images, labels, conv, dense, logits, learning_rate, step_index, seed;
};

// A convolution, a pool and two dense layers on kImages 6 by 6 images in 10 classes, softmax
// cross-entropy, SGD with momentum.
[[nodiscard]] Programs conv_net(float learning_rate = 0.1f);
// Data for it: "images" u8 [32, 6, 6, 1] and "labels" u8 [32], made up.
[[nodiscard]] NamedTensors conv_net_data();

}  // namespace assay::tiny
