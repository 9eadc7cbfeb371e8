// How good a state is: the share of images that its model classifies correctly. Nothing of it is
// committed.
#pragma once

#include "assay/graph/validator.hpp"
#include "assay/numerics/kernels.hpp"
#include "assay/tensor/tensor.hpp"

namespace assay::training {

struct Evaluation {
  std::uint64_t examples = 0;
  std::uint64_t correct = 0;
  [[nodiscard]] double accuracy() const {
    return examples == 0 ? 0.0 : static_cast<double>(correct) / static_cast<double>(examples);
  }
};

// `predict` (models/model.hpp) reads parameters as slots, a batch as data models::kPredictImages,
// and writes slot models::kLogits. `images` u8 [n, ...] as its data, `labels` u8 [n]. Errors:
// kInvalidArgument if program, state, images and labels do not fit each other.
[[nodiscard]] Result<Evaluation> evaluate(const graph::ValidProgram& predict,
                                          const NamedTensors& state, const TensorView& images,
                                          const TensorView& labels, TaskPool& pool,
                                          numerics::Isa isa = numerics::best_isa());

}  // namespace assay::training
