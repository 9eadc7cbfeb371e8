// How good a state is: the share of images that its model classifies correctly, or of a text's
// tokens that it foretells. Nothing of it is committed.
#pragma once

#include "assay/graph/validator.hpp"
#include "assay/numerics/kernels.hpp"
#include "assay/tensor/tensor.hpp"

namespace assay::training {

struct Evaluation {
  std::uint64_t examples = 0;  // images, or tokens
  std::uint64_t correct = 0;
  [[nodiscard]] double accuracy() const {
    return examples == 0 ? 0.0 : static_cast<double>(correct) / static_cast<double>(examples);
  }
};

// `predict` (models/model.hpp) reads parameters as slots, a batch as data models::kPredictImages or
// kPredictTokens, and writes slot models::kLogits [batch, ..., classes]. `inputs` [n, ...] as its
// data, `labels` integers [n, ...], one for each row of logits. Errors: kInvalidArgument if
// program, state, inputs and labels do not fit each other.
[[nodiscard]] Result<Evaluation> evaluate(const graph::ValidProgram& predict,
                                          const NamedTensors& state, const TensorView& inputs,
                                          const TensorView& labels, TaskPool& pool,
                                          numerics::Isa isa = numerics::best_isa());

}  // namespace assay::training
