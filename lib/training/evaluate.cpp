#include "assay/training/evaluate.hpp"

#include <algorithm>
#include <cstring>

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
      logits->second.shape().rank < 2) {
    return misfit("the program writes no logits");
  }
  return slots;
}

// Any integer; negative ones are no class.
std::uint64_t label_at(const TensorView& labels, std::uint64_t i) {
  switch (labels.type.dtype) {
    case DType::kU8: return labels.data[i];
    case DType::kU32: return labels.as<std::uint32_t>()[i];
    case DType::kI32: return static_cast<std::uint64_t>(labels.as<std::int32_t>()[i]);
    case DType::kI64: return static_cast<std::uint64_t>(labels.as<std::int64_t>()[i]);
    case DType::kU64: return labels.as<std::uint64_t>()[i];
    case DType::kF32: break;
  }
  return ~std::uint64_t{0};
}

bool is_batch_of(const Shape& batch, const Shape& all) {
  return all.rank == batch.rank &&
         std::equal(batch.dims.begin() + 1, batch.dims.end(), all.dims.begin() + 1);
}

}  // namespace

Result<Evaluation> evaluate(const graph::ValidProgram& predict, const NamedTensors& state,
                            const TensorView& inputs, const TensorView& labels, TaskPool& pool,
                            numerics::Isa isa) {
  const graph::Program& program = predict.program();
  if (program.data.size() != 1 || (program.data[0].name != models::kPredictImages &&
                                   program.data[0].name != models::kPredictTokens)) {
    return misfit("the program reads neither images nor tokens");
  }
  ASSAY_TRY(NamedTensors slots, predictor_state(program, state));
  Tensor batch(program.data[0].type);
  const std::uint64_t batch_size = batch.shape()[0];
  const Shape& out = slots.find(models::kLogits)->second.shape();
  const std::uint64_t classes = out[out.rank - 1U];
  const std::uint64_t rows = out.elements() / classes / batch_size;  // of an example
  const Shape& given = inputs.type.shape;
  if (inputs.type.dtype != batch.dtype() || !is_batch_of(batch.shape(), given) ||
      labels.type.dtype == DType::kF32 || labels.type.shape.rank == 0 ||
      labels.type.shape[0] != given[0] || labels.type.shape.elements() != given[0] * rows) {
    return misfit("inputs or labels are not of the program's shape");
  }

  const std::vector<TensorView> data{batch.view()};
  exec::ExecutorOptions options;
  options.isa = isa;
  ASSAY_TRY(auto executor, exec::Executor::create(predict, data, pool, options));
  const std::size_t input_bytes = batch.byte_count() / batch_size;
  Evaluation result;
  result.examples = given[0] * rows;
  for (std::uint64_t first = 0; first < given[0]; first += batch_size) {
    // What is left of the last batch keeps old inputs: a row does not depend on the others.
    const std::uint64_t count = std::min(batch_size, given[0] - first);
    std::memcpy(batch.data(), inputs.data + first * input_bytes, count * input_bytes);
    executor.step(0, 0, slots);
    const auto values = slots.find(models::kLogits)->second.as<float>();
    for (std::uint64_t i = 0; i < count * rows; ++i) {
      const auto row = values.subspan(i * classes, classes);
      const auto best =
          static_cast<std::uint64_t>(std::max_element(row.begin(), row.end()) - row.begin());
      result.correct += best == label_at(labels, first * rows + i) ? 1 : 0;
    }
  }
  return result;
}

}  // namespace assay::training
