// Ready-made classifiers of grey images, as programs (docs/spec/models.md): a multilayer perceptron
// and a convolutional network, trained by SGD with momentum or Adam on batches drawn by the task's
// seed.
//
//   Result<TaskPrograms> programs = build(recommended(Family::kCnn, OptimizerKind::kAdam, 900));
#pragma once

#include <string_view>
#include <vector>

#include "assay/models/task_builder.hpp"

namespace assay::models {

// Slots: "model/..." the parameters, "optim/..." the optimiser's, "metric/loss" the batch's mean
// loss.
inline constexpr std::string_view kImages = "train/images";   // u8 [examples, height, width]
inline constexpr std::string_view kLabels = "train/labels";   // u8 [examples]
inline constexpr std::string_view kPredictImages = "images";  // u8 [predict_batch, height, width]
inline constexpr std::string_view kLogits = "logits";         // f32 [predict_batch, classes]

enum class Family : std::uint8_t { kMlp = 1, kCnn = 2 };

[[nodiscard]] const char* name_of(Family family) noexcept;       // "mlp", "cnn"
[[nodiscard]] const char* name_of(OptimizerKind kind) noexcept;  // "sgd", "adam"
[[nodiscard]] Result<Family> family_from(std::string_view name);
[[nodiscard]] Result<OptimizerKind> optimizer_from(std::string_view name);

// Everything that decides the programs. A plain description: any field may come from a file.
struct ModelDescription {
  Family family = Family::kMlp;
  // The data.
  std::uint64_t examples = 60'000;
  std::uint64_t height = 28;
  std::uint64_t width = 28;
  std::uint64_t classes = 10;
  // Pixels enter as (byte / 255 - mean) / deviation; these are Fashion-MNIST's.
  float pixel_mean = 0.286F;
  float pixel_deviation = 0.353F;
  // The network. Empty: the family's default, hidden {128} or channels {16, 32} and hidden {64}.
  std::vector<std::uint64_t> channels =
      {};                                  // kCnn: of each convolution, which pooling by 2 follows
  std::vector<std::uint64_t> hidden = {};  // widths of the dense layers before the last
  std::uint64_t kernel = 3;                // kCnn: odd
  // The training.
  std::uint64_t batch = 128;
  OptimizerOptions optimizer = {};
  std::uint64_t predict_batch = 100;
  friend bool operator==(const ModelDescription&, const ModelDescription&) = default;
};

// Of a run over all the examples of Fashion-MNIST that reaches 86 % (mlp) or 88 % (cnn) of the test
// set in recommended_steps(family); docs/spec/models.md has the measurements.
[[nodiscard]] ModelDescription recommended(Family family, OptimizerKind kind, std::uint64_t steps);
[[nodiscard]] constexpr std::uint64_t recommended_steps(Family family) noexcept {
  return family == Family::kMlp ? 600 : 900;
}

// Errors: kInvalidArgument, naming the field and what it may be.
[[nodiscard]] Status validate(const ModelDescription& description);

struct TaskPrograms {
  graph::Program init;
  graph::Program step;
  // Reads the parameters as state slots that it keeps and data kPredictImages; writes slot kLogits.
  graph::Program predict;
};

[[nodiscard]] Result<TaskPrograms> build(const ModelDescription& description);

}  // namespace assay::models
