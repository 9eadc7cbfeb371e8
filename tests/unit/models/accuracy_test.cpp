// INV-MOD-011: the recommended models reach their accuracy on Fashion-MNIST's test set.
#include <gtest/gtest.h>

#include <cstring>

#include "assay/exec/executor.hpp"
#include "assay/host/read_file.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/models/model.hpp"
#include "assay/tensor/idx.hpp"

namespace assay::models {
namespace {

constexpr char kFolder[] = "/usr/share/datasets/fashion-mnist/";

Tensor load(const std::string& name) {
  const Result<Bytes> file = host::read_gz_file(kFolder + name, std::uint64_t{1} << 28);
  EXPECT_TRUE(file) << file.error().message;
  return Tensor::copy_of(*tensor::read_idx(*file));
}

TensorView view(const Tensor& tensor) { return tensor.view(); }

unsigned best_of(std::span<const float> logits) {
  return static_cast<unsigned>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// Correct answers of the 10,000 test images.
unsigned evaluate(const graph::Program& program, const NamedTensors& trained, TaskPool& pool) {
  const graph::Validation valid = graph::validate_alone(program);
  Tensor batch(valid.program->program().data[0].type);
  const TensorView data[] = {view(batch)};
  exec::Executor executor = *exec::Executor::create(*valid.program, data, pool);
  NamedTensors state = executor.make_state();
  for (auto& [name, tensor] : state) {
    if (name != kLogits) tensor = trained.at(name);
  }
  const Tensor images = load("t10k-images-idx3-ubyte.gz");
  const Tensor labels = load("t10k-labels-idx1-ubyte.gz");
  const std::uint64_t batch_size = batch.shape()[0];
  unsigned right = 0;
  for (std::uint64_t first = 0; first < labels.byte_count(); first += batch_size) {
    std::memcpy(batch.data(), images.data() + first * 784, batch.byte_count());
    executor.step(0, 0, state);
    const std::span<const float> logits = view(state.find(kLogits)->second).as<float>();
    for (std::uint64_t i = 0; i < batch_size; ++i) {
      right += best_of(logits.subspan(i * 10, 10)) == labels.data()[first + i] ? 1 : 0;
    }
  }
  return right;
}

unsigned train_and_evaluate(const Network& network, OptimizerKind kind) {
  host::ThreadTaskPool pool;
  const std::uint64_t steps = recommended_steps(network);
  const TaskPrograms programs = *build(recommended(network, kind, steps));
  const graph::Validation init = graph::validate_init(programs.init);
  const graph::Validation step = graph::validate_step(programs.step, *init.program);
  const Tensor images = load("train-images-idx3-ubyte.gz");
  const Tensor labels = load("train-labels-idx1-ubyte.gz");
  const TensorView data[] = {view(images), view(labels)};
  exec::Executor first = *exec::Executor::create(*init.program, {}, pool);
  NamedTensors state = first.make_state();
  first.step(0, 1, state);
  exec::Executor executor = *exec::Executor::create(*step.program, data, pool);
  for (std::uint64_t t = 0; t < steps; ++t) executor.step(t, 1, state);
  const unsigned right = evaluate(programs.predict, state, pool);
  std::printf("figure accuracy_%s_%s %.2f %%\n", name_of(network), name_of(kind), right / 100.0);
  return right;
}

TEST(Accuracy, OfThePerceptron) {
  EXPECT_GE(train_and_evaluate(Mlp{}, OptimizerKind::kAdam), 8500u);
  EXPECT_GE(train_and_evaluate(Mlp{}, OptimizerKind::kSgd), 8500u);
}

TEST(Accuracy, OfTheConvolutionalNetwork) {
  EXPECT_GE(train_and_evaluate(Cnn{}, OptimizerKind::kAdam), 8800u);
}

}  // namespace
}  // namespace assay::models
