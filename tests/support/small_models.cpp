#include "support/small_models.hpp"

namespace assay::test {
namespace {

NamedTensors images_of(const models::Images& d) {
  Tensor images({DType::kU8, {d.examples, d.height, d.width}}), labels({DType::kU8, {d.examples}});
  for (std::size_t i = 0; i < images.byte_count(); ++i) {
    images.data()[i] = static_cast<std::uint8_t>(i * 2654435761u >> 13);
  }
  for (std::size_t i = 0; i < labels.byte_count(); ++i) {
    labels.data()[i] = static_cast<std::uint8_t>(i % d.classes);
  }
  NamedTensors data;
  data.emplace(std::string(models::kImages), std::move(images));
  data.emplace(std::string(models::kLabels), std::move(labels));
  return data;
}

NamedTensors text_of(const models::Tokens& d) {
  Tensor tokens({d.dtype, {d.count}});
  for (std::size_t i = 0; i < d.count; ++i) {
    tokens.data()[i * size_of(d.dtype)] =
        static_cast<std::uint8_t>((i * 2654435761u >> 13) % d.vocabulary);
  }
  NamedTensors data;
  data.emplace(std::string(models::kTokens), std::move(tokens));
  return data;
}

models::ModelDescription on_images(const models::Network& network) {
  models::ModelDescription d;
  d.network = network;
  d.images = {.examples = 40, .height = 8, .width = 8};
  d.batch = 10;
  d.optimizer.learning_rate = 0.01f;
  d.optimizer.schedule = models::Schedule::kLinear;
  d.optimizer.decay_steps = 100;
  return d;
}

models::ModelDescription on_text(models::Gpt gpt) {
  gpt.layers = 1;
  gpt.width = 8;
  gpt.heads = 2;
  gpt.sequence = 8;
  models::ModelDescription d;
  d.network = gpt;
  d.tokens = {.count = 60, .vocabulary = 12};
  d.batch = 4;
  d.predict_batch = 1;
  d.optimizer = {.kind = models::OptimizerKind::kAdamW,
                 .learning_rate = 0.01f,
                 .schedule = models::Schedule::kCosine,
                 .warmup_steps = 5,
                 .decay_steps = 30,
                 .clip_norm = 1.0f};
  return d;
}

}  // namespace

std::vector<SmallModel> small_models() {
  std::vector<SmallModel> all;
  all.push_back({"mlp", on_images(models::Mlp{.hidden = {20}})});
  all.back().description.optimizer.kind = models::OptimizerKind::kSgd;
  all.push_back({"cnn", on_images(models::Cnn{.channels = {4, 6}, .hidden = {20}})});
  all.push_back({"resnet", on_images(models::ResNet{.widths = {3, 4}, .blocks = 1})});
  all.back().description.optimizer.kind = models::OptimizerKind::kSgd;
  all.back().description.optimizer.nesterov = true;
  all.push_back({"gpt2", on_text({.dropout = 0.125f})});
  models::Gpt llama = models::llama_shaped();
  llama.key_heads = 1;
  all.push_back({"llama", on_text(llama)});
  all.back().description.accumulation = 2;
  return all;
}

NamedTensors data_for(const models::ModelDescription& description) {
  return std::holds_alternative<models::Gpt>(description.network) ? text_of(description.tokens)
                                                                  : images_of(description.images);
}

}  // namespace assay::test
