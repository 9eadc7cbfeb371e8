// Trains a small model of a family and writes what another implementation needs to train the same:
// the initial weights, the data, which of it each step read, the seed, the loss of each step, and
// the running statistics after kStatisticsAfter steps.
//
//   write_run FAMILY FILE      without arguments it lists the families; a safetensors file
#include <fstream>
#include <iostream>
#include <map>

#include "assay/models/model.hpp"
#include "assay/tensor/safetensors.hpp"
#include "assay/training/run.hpp"

namespace {

using namespace assay;
using models::ModelDescription;
using models::OptimizerKind;

constexpr std::uint64_t kSteps = 200;
constexpr std::uint64_t kStatisticsAfter = 30;

class Noise {
 public:
  std::uint32_t operator()(std::uint32_t below) {
    m_state = m_state * 1'664'525 + 1'013'904'223;
    return (m_state >> 8) % below;
  }

 private:
  std::uint32_t m_state = 7;
};

// Classes that can be told apart, not easily.
NamedTensors images_for(const models::Images& d) {
  NamedTensors data;
  const Shape shape = d.channels == 1 ? Shape{d.examples, d.height, d.width}
                                      : Shape{d.examples, d.height, d.width, d.channels};
  Tensor images({DType::kU8, shape});
  Tensor labels({DType::kU8, {d.examples}});
  const std::uint64_t size = shape.elements() / d.examples;
  Noise noise;
  for (std::uint64_t i = 0; i < d.examples; ++i) {
    const std::uint32_t label = noise(static_cast<std::uint32_t>(d.classes));
    labels.data()[i] = static_cast<std::uint8_t>(label);
    for (std::uint64_t j = 0; j < size; ++j) {
      const std::uint32_t pattern = (j / d.channels % d.classes == label) ? 60 : 0;
      images.data()[i * size + j] = static_cast<std::uint8_t>(pattern + noise(190));
    }
  }
  data.emplace(std::string(models::kImages), std::move(images));
  data.emplace(std::string(models::kLabels), std::move(labels));
  return data;
}

// A letter depends on the one before it.
NamedTensors text_for(const models::Tokens& d) {
  Tensor tokens({DType::kU8, {d.count}});
  Noise noise;
  std::uint32_t letter = 0;
  for (std::uint64_t i = 0; i < d.count; ++i) {
    letter = (3 * letter + noise(5)) % static_cast<std::uint32_t>(d.vocabulary);
    tokens.data()[i] = static_cast<std::uint8_t>(letter);
  }
  NamedTensors data;
  data.emplace(std::string(models::kTokens), std::move(tokens));
  return data;
}

ModelDescription mlp() {
  ModelDescription d;
  d.network = models::Mlp{.hidden = {64, 48}};
  d.images.examples = 1'024;
  d.images.height = d.images.width = 12;
  d.batch = 32;
  d.optimizer = {.kind = OptimizerKind::kSgd, .learning_rate = 0.05F, .momentum = 0};
  return d;
}

ModelDescription cnn() {
  ModelDescription d;
  d.network =
      models::Cnn{.channels = {8, 12, 16}, .pooled = 2, .global_average = true, .hidden = {}};
  d.images.examples = 512;
  d.images.height = d.images.width = 16;
  d.images.channels = 3;
  d.batch = 16;
  d.optimizer = {
      .kind = OptimizerKind::kSgd, .learning_rate = 0.02F, .momentum = 0.9F, .nesterov = true};
  return d;
}

ModelDescription resnet() {
  ModelDescription d;
  d.network = models::ResNet{.widths = {8, 12}, .blocks = 2};
  d.images.examples = 512;
  d.images.height = d.images.width = 12;
  d.images.channels = 3;
  d.batch = 32;
  d.optimizer = {.kind = OptimizerKind::kSgd, .learning_rate = 0.005F, .momentum = 0};
  return d;
}

// Each part has batch statistics of its own, and moves the running ones.
ModelDescription resnet_parts() {
  ModelDescription d = resnet();
  d.accumulation = 2;
  return d;
}

ModelDescription text_model(const models::Gpt& gpt) {
  ModelDescription d;
  d.network = gpt;
  d.tokens.count = 20'000;
  d.tokens.vocabulary = 64;
  d.batch = 8;
  d.predict_batch = 1;
  d.optimizer = {.kind = OptimizerKind::kAdamW,
                 .learning_rate = 1e-3F,
                 .schedule = models::Schedule::kCosine,
                 .warmup_steps = 20,
                 .decay_steps = kSteps,
                 .final_share = 0.1F,
                 .clip_norm = 1.0F,
                 .beta2 = 0.95F,
                 .weight_decay = 0.1F};
  return d;
}

ModelDescription gpt2() {
  return text_model({.layers = 2, .width = 48, .heads = 4, .sequence = 32});
}

ModelDescription gpt2_dropout() {
  return text_model({.layers = 2, .width = 48, .heads = 4, .sequence = 32, .dropout = 0.2F});
}

ModelDescription gpt2_parts() {
  ModelDescription d = gpt2_dropout();
  d.accumulation = 4;
  return d;
}

ModelDescription llama() {
  models::Gpt gpt = models::llama_shaped();
  gpt.layers = 2;
  gpt.width = 48;
  gpt.heads = 4;
  gpt.key_heads = 2;
  gpt.sequence = 32;
  return text_model(gpt);
}

// u32 [steps, batch]: what the program's shuffle gave each step, by running it that far.
Result<Tensor> indices_of(const training::Task& task, std::uint64_t batch, TaskPool& pool) {
  const graph::Program& program = task.step->program();
  std::uint32_t node = 0;
  while (program.nodes[node].spec.op != numerics::OpCode::kShuffleIndex) ++node;
  std::vector<TensorView> data;
  for (const auto& [name, tensor] : task.data) data.push_back(tensor.view());
  exec::ExecutorOptions options;
  options.fuse = false;
  ASSAY_TRY(exec::Executor executor, exec::Executor::create(*task.step, data, pool, options));
  const NamedTensors state = executor.make_state();
  Tensor indices({DType::kU32, {task.header.steps, batch}});
  for (std::uint64_t t = 0; t < task.header.steps; ++t) {
    executor.trace_until(
        node, t, task.header.seed, state, [&](std::uint32_t at, const TensorView& output) {
          if (at != node) return;
          const auto row = output.as<std::uint32_t>();
          std::ranges::copy(
              row, indices.as<std::uint32_t>().begin() + static_cast<std::ptrdiff_t>(t * batch));
        });
  }
  return indices;
}

Status write(const ModelDescription& d, const char* path) {
  const bool reads_text = std::holds_alternative<models::Gpt>(d.network);
  SerialTaskPool pool;
  ASSAY_TRY(models::TaskPrograms programs, models::build(d));
  ASSAY_TRY(
      const training::Task task,
      training::make_task(
          {.seed = 3, .steps = kSteps, .commit_interval = kSteps, .checkpoint_interval = kSteps},
          std::move(programs.init), std::move(programs.step),
          reads_text ? text_for(d.tokens) : images_for(d.images), pool));
  ASSAY_TRY(const auto execution, training::ProgramExecution::create(task, pool));
  ASSAY_TRY(const auto run, training::TrainingRun::open(task, *execution, pool));
  NamedTensors all = run->state();
  for (const auto& [name, tensor] : task.data) all.emplace(name, tensor);
  ASSAY_TRY_STATUS(run->advance(kStatisticsAfter));
  const std::string after = "after" + std::to_string(kStatisticsAfter) + "/";
  for (const auto& [name, tensor] : run->state()) {
    if (name.ends_with("/mean") || name.ends_with("/variance")) all.emplace(after + name, tensor);
  }
  ASSAY_TRY_STATUS(run->advance(kSteps - kStatisticsAfter));
  Tensor losses({DType::kF32, {kSteps}});
  std::ranges::copy(run->losses(), losses.as<float>().begin());
  all.emplace("run/losses", std::move(losses));
  Tensor seed({DType::kU64, {}});
  seed.as<std::uint64_t>()[0] = task.header.seed;
  all.emplace("run/seed", std::move(seed));
  ASSAY_TRY(Tensor indices, indices_of(task, d.batch, pool));
  all.emplace("run/indices", std::move(indices));
  ASSAY_TRY(const Bytes file, tensor::write_safetensors(all));
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  out.close();
  if (!out) return {ErrorCode::kIo, std::string("cannot write ") + path};
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, ModelDescription (*)()> families = {
      {"mlp", mlp},       {"cnn", cnn},
      {"resnet", resnet}, {"resnet_parts", resnet_parts},
      {"gpt2", gpt2},     {"gpt2_dropout", gpt2_dropout},
      {"llama", llama},   {"gpt2_parts", gpt2_parts}};
  const auto family = argc == 3 ? families.find(argv[1]) : families.end();
  if (family == families.end()) {
    std::cerr << "usage: write_run FAMILY FILE; families:";
    for (const auto& [name, describe] : families) std::cerr << " " << name;
    std::cerr << "\n";
    return 2;
  }
  const Status status = write(family->second(), argv[2]);
  if (!status) std::cerr << "write_run: " << status.error().message << "\n";
  return status ? 0 : 1;
}
