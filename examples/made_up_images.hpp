// Synthetic data for the examples: class c is a bright row on a grey ramp.
#pragma once

#include "assay/models/model.hpp"
#include "assay/tensor/tensor.hpp"

namespace examples {

inline assay::NamedTensors made_up_images(const assay::models::ModelDescription& model) {
  using namespace assay;
  const models::Images& d = model.images;
  const std::size_t pixels = d.height * d.width;
  Tensor images({DType::kU8, {d.examples, d.height, d.width}});
  Tensor labels({DType::kU8, {d.examples}});
  for (std::size_t i = 0; i < d.examples; ++i) {
    const std::size_t label = i % d.classes;
    labels.data()[i] = static_cast<std::uint8_t>(label);
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      const bool bright = pixel / d.width == label * d.height / d.classes;
      images.data()[pixels * i + pixel] =
          static_cast<std::uint8_t>(bright ? 200 + i % 16 : (7 * i + pixel) % 64);
    }
  }
  NamedTensors data;
  data.emplace(std::string(models::kImages), std::move(images));
  data.emplace(std::string(models::kLabels), std::move(labels));
  return data;
}

}  // namespace examples
