#include "assay/cli/bench_models.hpp"

namespace assay::cli {

namespace {

using models::ModelDescription;
using models::OptimizerKind;

// Numerical Recipes' generator: the same bytes everywhere.
class Noise {
 public:
  std::uint32_t next() { return m_state = m_state * 1'664'525 + 1'013'904'223; }

 private:
  std::uint32_t m_state = 1;
};

BenchModel with_images(ModelDescription description) {
  const models::Images& d = description.images;
  const Shape shape = d.channels == 1 ? Shape{d.examples, d.height, d.width}
                                      : Shape{d.examples, d.height, d.width, d.channels};
  Tensor images({DType::kU8, shape});
  Tensor labels({DType::kU8, {d.examples}});
  const std::uint64_t size = shape.elements() / d.examples;
  Noise noise;
  for (std::uint64_t i = 0; i < d.examples; ++i) {
    const std::uint64_t label = i % d.classes;
    labels.data()[i] = static_cast<std::uint8_t>(label);
    for (std::uint64_t j = 0; j < size; ++j) {
      const unsigned brightness = j % d.classes == label ? 128 : 0;
      images.data()[i * size + j] = static_cast<std::uint8_t>(brightness + (noise.next() >> 25));
    }
  }
  BenchModel model{std::move(description), {}};
  model.data.emplace(std::string(models::kImages), std::move(images));
  model.data.emplace(std::string(models::kLabels), std::move(labels));
  return model;
}

BenchModel mlp() {
  ModelDescription d;
  d.network = models::Mlp{.hidden = {512, 512}};
  d.images.examples = 10'000;
  d.optimizer = {.kind = OptimizerKind::kSgd, .learning_rate = 0.01F, .momentum = 0};
  return with_images(d);
}

BenchModel cnn() {
  ModelDescription d;
  d.network =
      models::Cnn{.channels = {32, 64, 128}, .pooled = 2, .global_average = true, .hidden = {}};
  d.images.examples = 2'048;
  d.images.height = d.images.width = 32;
  d.images.channels = 3;
  d.batch = 64;
  d.optimizer = {.kind = OptimizerKind::kSgd, .learning_rate = 0.01F, .momentum = 0};
  return with_images(d);
}

// Words of letters: a text that a model can learn something from.
BenchModel gpt(const models::Gpt& network, std::uint64_t batch) {
  BenchModel model;
  ModelDescription& d = model.description;
  d.network = network;
  d.tokens.count = 1 << 18;
  d.batch = batch;
  d.predict_batch = 1;
  d.optimizer = {.kind = OptimizerKind::kAdamW, .learning_rate = 3e-4F};
  Tensor tokens({DType::kU8, {d.tokens.count}});
  Noise noise;
  std::uint8_t letter = 'a';
  for (std::uint64_t i = 0; i < d.tokens.count; ++i) {
    const std::uint32_t draw = noise.next() >> 24;
    letter = draw < 48 ? ' ' : static_cast<std::uint8_t>('a' + (letter + draw % 5 * 7) % 26);
    tokens.data()[i] = letter;
  }
  model.data.emplace(std::string(models::kTokens), std::move(tokens));
  return model;
}

struct Entry {
  const char* name;
  BenchModel (*make)();
};
constexpr Entry kModels[] = {
    {"mlp", mlp},
    {"cnn", cnn},
    {"gpt-small", [] { return gpt({.layers = 4, .width = 128, .heads = 4, .sequence = 128}, 16); }},
    {"gpt-medium", [] { return gpt({.layers = 6, .width = 384, .heads = 6, .sequence = 256}, 8); }},
};

}  // namespace

const std::vector<std::string>& bench_model_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Entry& entry : kModels) all.emplace_back(entry.name);
    return all;
  }();
  return names;
}

Result<BenchModel> bench_model(std::string_view name) {
  std::string names;
  for (const Entry& entry : kModels) {
    if (name == entry.name) return entry.make();
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
  }
  return {ErrorCode::kInvalidArgument, "the model must be one of " + names};
}

}  // namespace assay::cli
