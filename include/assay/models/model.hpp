// Ready-made models as programs (docs/spec/models.md), trained on batches drawn by the task's seed.
//
//   ModelDescription d = recommended(Cnn{}, OptimizerKind::kAdam, 900);
//   Result<TaskPrograms> programs = build(d);
//
//   ModelDescription text{.network = Gpt{.layers = 6, .width = 384, .heads = 6, .sequence = 256},
//                         .tokens = {.count = 4'000'000}, .batch = 8,
//                         .optimizer = {.kind = OptimizerKind::kAdamW}};
#pragma once

#include "assay/models/description.hpp"
#include "assay/models/task_builder.hpp"

namespace assay::models {

// Slots: "model/..." the parameters, "optim/..." the optimiser's, "metric/loss" the batch's mean
// loss. Data, h, w, c the description's image:
inline constexpr std::string_view kImages = "train/images";      // [examples, h, w] or [.., c]
inline constexpr std::string_view kLabels = "train/labels";      // integers [examples]
inline constexpr std::string_view kTokens = "train/tokens";      // u8 or u32 [count]
inline constexpr std::string_view kAlphabet = "train/alphabet";  // u32 [vocabulary]
// The alphabet among the parameters: a saved model says what its tokens mean.
inline constexpr std::string_view kModelAlphabet = "model/alphabet";

// Of prediction programs.
inline constexpr std::string_view kPredictImages = "images";  // [predict_batch, h, w] or [.., c]
inline constexpr std::string_view kPredictTokens = "tokens";  // [predict_batch, sequence]
inline constexpr std::string_view kLogits = "logits";  // f32 [predict_batch, classes], or of a gpt
                                                       // [predict_batch, sequence, vocabulary]

struct TaskPrograms {
  graph::Program init;
  graph::Program step;
  // Reads the parameters as state slots that it keeps and data kPredictImages or kPredictTokens;
  // writes slot kLogits. A gpt's logits at a position depend on the tokens up to it alone.
  graph::Program predict;
};

// Errors: of validate(), and of the validator's limits that a large model breaks.
[[nodiscard]] Result<TaskPrograms> build(const ModelDescription& description);

// A gpt's next token, with what earlier ones left behind: reads the parameters, data kPredictTokens
// [predict_batch, 1] and, if `past` is not 0, slots "past/layerN/key" and "past/layerN/value"
// f32 [predict_batch, past, key_heads, width / heads]; writes kLogits f32 [predict_batch, 1,
// vocabulary] and "present/layerN/key" and ".../value", of past + 1 positions. Bit for bit what
// `predict` gives at that position. Errors: kInvalidArgument if it is no gpt or past is not below
// its sequence.
[[nodiscard]] Result<graph::Program> build_decode(const ModelDescription& description,
                                                  std::uint64_t past);

}  // namespace assay::models
