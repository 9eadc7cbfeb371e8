#include "internal/toy_task.hpp"

#include "assay/core/contract.hpp"
#include "assay/graph/builder.hpp"

namespace assay::sim {

namespace {

constexpr std::uint64_t kRows = 4;
constexpr std::uint64_t kBatch = 2;
const TensorType kX{DType::kF32, {kRows, 3}};
const TensorType kY{DType::kF32, {kRows, 2}};
const TensorType kW{DType::kF32, {3, 2}};
const TensorType kScalar{DType::kF32, {}};

graph::Program init_program() {
  graph::Builder b;
  const graph::Value seed = b.seed();
  const graph::Value t = b.step_index();
  const graph::Value u = b.random_uniform(kW.shape, seed, t, 1);
  b.bind("metric/loss", b.constant(0.0F));
  b.bind("model/w", b.sub(u, b.constant(0.5F)));
  return std::move(*b.finish());
}

graph::Program step_program() {
  graph::Builder b;
  const graph::Value w = b.state("model/w", kW);
  const graph::Value all_x = b.data("x", kX);
  const graph::Value all_y = b.data("y", kY);
  const graph::Value seed = b.seed();
  const graph::Value t = b.step_index();
  const graph::Value rows = b.shuffle_index(kBatch, kRows, seed, t, 2);
  const graph::Value x = b.gather_rows(all_x, rows);
  const graph::Value y = b.gather_rows(all_y, rows);
  const graph::Value guess = b.matmul(x, w);
  const graph::Value error = b.sub(guess, y);
  b.bind("metric/loss", b.mean(b.mul(error, error)));
  const graph::Value gradient = b.matmul(x, error, /*transpose_a=*/true);
  b.bind("model/w", b.fma(b.constant(-0.125F), gradient, w));
  return std::move(*b.finish());
}

NamedTensors data() {
  NamedTensors tensors;
  for (const auto& [name, type] : {std::pair{"x", kX}, std::pair{"y", kY}}) {
    std::vector<float> values(type.shape.elements());
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>((i * 7 + 3) % 11) / 8.0F - 0.5F;
    tensors.emplace(name, Tensor::of<float>(type.shape, values));
  }
  return tensors;
}

}  // namespace

training::Task make_toy_task(const ToyOptions& options, TaskPool& pool) {
  auto task = training::make_task({.seed = options.seed,
                                   .steps = options.steps,
                                   .commit_interval = options.commit_interval,
                                   .checkpoint_interval = options.checkpoint_interval},
                                  init_program(), step_program(), data(), pool);
  ASSAY_ENSURES(task.has_value());
  return std::move(*task);
}

}  // namespace assay::sim
