// Models of every family, small enough that a whole dispute about one takes milliseconds, and data
// for them.
#pragma once

#include <string>
#include <vector>

#include "assay/models/model.hpp"
#include "assay/tensor/tensor.hpp"

namespace assay::test {

struct SmallModel {
  const char* name;
  models::ModelDescription description;
};

// mlp, cnn, resnet, gpt2, llama: every optimiser and schedule among them, dropout, clipping,
// grouped key heads and accumulated gradients.
[[nodiscard]] std::vector<SmallModel> small_models();

// Made up, the same every time.
[[nodiscard]] NamedTensors data_for(const models::ModelDescription& description);

}  // namespace assay::test
