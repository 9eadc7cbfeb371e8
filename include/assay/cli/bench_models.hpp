// The models that assay is measured with (docs/benchmarks.md), with data made up for them: what
// they learn does not matter there, how long a step takes does not depend on it. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "assay/models/model.hpp"
#include "assay/tensor/tensor.hpp"

namespace assay::cli {

struct BenchModel {
  models::ModelDescription description;
  NamedTensors data;
};

// "mlp"         784-512-512-10 on batches of 128, SGD
// "cnn"         3x3 convolutions with relu of 32, 64 and 128 channels on 32x32x3 images, the first
//               two pooled by 2, global average, 10 classes, batches of 64, SGD
// "gpt-small"   GPT-2 shaped: 4 layers, width 128, 4 heads, 16 sequences of 128 bytes, AdamW
// "gpt-medium"  the same with 6 layers, width 384, 6 heads, 8 sequences of 256 bytes
[[nodiscard]] const std::vector<std::string>& bench_model_names();

// Errors: kInvalidArgument, with the list.
[[nodiscard]] Result<BenchModel> bench_model(std::string_view name);

}  // namespace assay::cli
