#include "assay/models/model.hpp"

#include "internal/gpt.hpp"

namespace assay::models {

namespace {

using graph::Builder;
using graph::Value;
using internal::Layers;

TensorType images_type(const Images& d, std::uint64_t count) {
  if (d.channels == 1) return {d.dtype, {count, d.height, d.width}};
  return {d.dtype, {count, d.height, d.width, d.channels}};
}

// The part of this step's shuffled indices that micro-batch `part` reads.
Value index_of_part(Builder& b, Value index, std::uint64_t part, std::uint64_t count) {
  return b.type(index).shape[0] == count ? index : b.slice(index, 0, part * count, count);
}

Result<ProgramPair> image_training(const ModelDescription& d) {
  TaskBuilder task;
  Builder& b = task.step();
  internal::TrainedParameters parameters(task);
  Layers layers{b, parameters};
  const Value index = task.batch_index(d.batch, d.images.examples);
  const Value all_images = b.data(kImages, images_type(d.images, d.images.examples));
  const Value all_labels = b.data(kLabels, {d.images.label_dtype, {d.images.examples}});
  const std::uint64_t n = d.batch / d.accumulation;
  const auto loss_of = [&](std::uint64_t part) {
    Value images;
    Value labels;
    {
      const Builder::Scope scope(b, "batch");
      const Value own = index_of_part(b, index, part, n);
      images = b.gather_rows(all_images, own);
      labels = b.cast(b.gather_rows(all_labels, own), DType::kU32);
    }
    return b.softmax_cross_entropy(image_logits(layers, d, images, n), labels);
  };
  return task.minimize(d.accumulation, loss_of, d.optimizer);
}

Result<ProgramPair> text_training(const ModelDescription& d) {
  const std::uint64_t sequence = std::get<Gpt>(d.network).sequence;
  TaskBuilder task;
  Builder& b = task.step();
  internal::TrainedParameters parameters(task);
  Layers layers{b, parameters};
  // A window for every place where it fits, with the token behind it.
  const Value starts = task.batch_index(d.batch, d.tokens.count - sequence);
  const Value all = b.data(kTokens, {d.tokens.dtype, {d.tokens.count}});
  if (d.tokens.has_alphabet) {
    task.constant_from_data(kModelAlphabet, kAlphabet, {DType::kU32, {d.tokens.vocabulary}});
  }
  const std::uint64_t n = d.batch / d.accumulation;
  const auto loss_of = [&](std::uint64_t part) {
    Value tokens;
    Value next;
    {
      const Builder::Scope scope(b, "batch");
      const Value own = b.reshape(index_of_part(b, starts, part, n), {n, 1});
      const Value steps = b.iota({DType::kU32, {1, sequence + 1}}, 1);
      const Value places = b.reshape(b.add(own, steps), {n * (sequence + 1)});
      const Value flat = b.cast(b.gather_rows(all, places), DType::kU32);
      const Value windows = b.reshape(flat, {n, sequence + 1});
      tokens = b.slice(windows, 1, 0, sequence);
      next = b.reshape(b.slice(windows, 1, 1, sequence), {n * sequence});
    }
    return b.softmax_cross_entropy(internal::gpt_logits(layers, d, tokens, {}), next);
  };
  return task.minimize(d.accumulation, loss_of, d.optimizer);
}

Result<graph::Program> image_prediction(const ModelDescription& d) {
  Builder b;
  internal::KeptParameters parameters(b);
  Layers layers{b, parameters};
  const Value images = b.data(kPredictImages, images_type(d.images, d.predict_batch));
  b.bind(kLogits, image_logits(layers, d, images, d.predict_batch));
  return b.finish();
}

// Of `count` tokens a sequence, after those of the cache.
Result<graph::Program> text_prediction(const ModelDescription& d, std::uint64_t count,
                                       const internal::Cache& cache) {
  Builder b;
  internal::KeptParameters parameters(b);
  Layers layers{b, parameters};
  const Value tokens = b.data(kPredictTokens, {d.tokens.dtype, {d.predict_batch, count}});
  const Value logits = internal::gpt_logits(layers, d, b.cast(tokens, DType::kU32), cache);
  b.bind(kLogits, b.reshape(logits, {d.predict_batch, count, d.tokens.vocabulary}));
  return b.finish();
}

}  // namespace

Result<TaskPrograms> build(const ModelDescription& d) {
  ASSAY_TRY_STATUS(validate(d));
  const Gpt* gpt = std::get_if<Gpt>(&d.network);
  ASSAY_TRY(ProgramPair pair, gpt != nullptr ? text_training(d) : image_training(d));
  ASSAY_TRY(graph::Program predict,
            gpt != nullptr ? text_prediction(d, gpt->sequence, {}) : image_prediction(d));
  return TaskPrograms{std::move(pair.init), std::move(pair.step), std::move(predict)};
}

Result<graph::Program> build_decode(const ModelDescription& d, std::uint64_t past) {
  ASSAY_TRY_STATUS(validate(d));
  const Gpt* gpt = std::get_if<Gpt>(&d.network);
  if (gpt == nullptr) return {ErrorCode::kInvalidArgument, "only a gpt decodes token by token"};
  if (past >= gpt->sequence)
    return {ErrorCode::kInvalidArgument, "the past must be shorter than the model's sequence of " +
                                             std::to_string(gpt->sequence)};
  return text_prediction(d, 1, {.past = past, .keep = true});
}

}  // namespace assay::models
