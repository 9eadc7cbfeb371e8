#include "assay/training/evaluate.hpp"

#include <algorithm>

#include "assay/exec/executor.hpp"
#include "assay/models/model.hpp"

namespace assay::training {
namespace {

Error misfit(const std::string& what) {
  return {ErrorCode::kInvalidArgument, "cannot evaluate: " + what};
}

// The predict program's slots, from the state where it has them.
Result<NamedTensors> predictor_state(const graph::Program& predict, const NamedTensors& state) {
  NamedTensors slots;
  for (const graph::Slot& slot : predict.slots) {
    const auto own = state.find(slot.name);
    if (own == state.end()) {
      if (slot.name != models::kLogits)
        return misfit("the state has no tensor '" + slot.name + "'");
      slots.emplace(slot.name, Tensor(slot.type));
      continue;
    }
    if (own->second.type() != slot.type) {
      return misfit("'" + slot.name + "' is not of the type that the program reads");
    }
    slots.emplace(slot.name, own->second);
  }
  const auto logits = slots.find(models::kLogits);
  if (logits == slots.end() || logits->second.dtype() != DType::kF32 ||
      logits->second.shape().rank != 2) {
    return misfit("the program writes no logits");
  }
  return slots;
}

}  // namespace

Result<Evaluation> evaluate(const graph::ValidProgram& predict, const NamedTensors& state,
                            const TensorView& images, const TensorView& labels, TaskPool& pool,
                            numerics::Isa isa) {
  const graph::Program& program = predict.program();
  if (program.data.size() != 1 || program.data[0].name != models::kPredictImages) {
    return misfit("the program does not read images");
  }
  ASSAY_TRY(NamedTensors slots, predictor_state(program, state));
  Tensor batch(program.data[0].type);
  const Shape& in = batch.shape();
  const bool fits =
      images.type.dtype == DType::kU8 && images.type.shape.rank == in.rank &&
      batch.dtype() == DType::kU8 && labels.type.dtype == DType::kU8 &&
      labels.type.shape == Shape{images.type.shape[0]} &&
      std::equal(in.dims.begin() + 1, in.dims.end(), images.type.shape.dims.begin() + 1);
  if (!fits) return misfit("images or labels are not of the program's shape");

  const std::vector<TensorView> data{batch.view()};
  exec::ExecutorOptions options;
  options.isa = isa;
  ASSAY_TRY(auto executor, exec::Executor::create(predict, data, pool, options));
  const std::size_t image_bytes = batch.byte_count() / in[0];
  Evaluation result;
  result.examples = images.type.shape[0];
  for (std::uint64_t first = 0; first < result.examples; first += in[0]) {
    // What is left of the last batch keeps old images: a row does not depend on the others.
    const std::uint64_t count = std::min(in[0], result.examples - first);
    std::memcpy(batch.data(), images.data + first * image_bytes, count * image_bytes);
    executor.step(0, 0, slots);
    const Tensor& logits = slots.find(models::kLogits)->second;
    const auto values = logits.as<float>();
    const std::uint64_t classes = logits.shape()[1];
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto row = values.subspan(i * classes, classes);
      const auto best =
          static_cast<std::uint64_t>(std::max_element(row.begin(), row.end()) - row.begin());
      result.correct += best == labels.data[first + i] ? 1 : 0;
    }
  }
  return result;
}

}  // namespace assay::training
