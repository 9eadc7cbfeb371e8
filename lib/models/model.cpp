#include "assay/models/model.hpp"

#include <functional>

namespace assay::models {

namespace {

using graph::Builder;
using graph::Value;

constexpr std::uint64_t kMaxWidth = 1 << 16;
constexpr std::size_t kMaxLayers = 32;

// Where a network's parameters come from: a TaskBuilder, or the slots of a program that keeps them.
using Parameters =
    std::function<Value(std::string_view name, const Shape& shape, std::uint64_t fan_in)>;

std::vector<std::uint64_t> channels_of(const ModelDescription& d) {
  if (d.family != Family::kCnn) return {};
  return d.channels.empty() ? std::vector<std::uint64_t>{16, 32} : d.channels;
}

std::vector<std::uint64_t> hidden_of(const ModelDescription& d) {
  if (!d.hidden.empty()) return d.hidden;
  return {d.family == Family::kMlp ? std::uint64_t{128} : std::uint64_t{64}};
}

std::string numbered(std::string_view name, std::size_t number) {
  std::string text(name);
  return text.append(std::to_string(number));
}

Value dense(Builder& b, const Parameters& parameters, const std::string& name, Value x,
            std::uint64_t width) {
  const Builder::Scope scope(b, name);
  const std::uint64_t in = b.type(x).shape[1];
  const Value w = parameters(name + "/weight", {in, width}, in);
  const Value bias = parameters(name + "/bias", {width}, 0);
  return b.add(b.matmul(x, w), bias);
}

Value convolution(Builder& b, const Parameters& parameters, const std::string& name, Value x,
                  std::uint64_t channels, std::uint64_t kernel) {
  const Builder::Scope scope(b, name);
  const std::uint64_t in = b.type(x).shape[3];
  const Value w =
      parameters(name + "/weight", {kernel, kernel, in, channels}, kernel * kernel * in);
  const Value y = b.conv2d(x, w, {.stride = 1, .padding = kernel / 2});
  const Value bias = parameters(name + "/bias", {channels}, 0);
  // Pooling first: the maximum of relus is the relu of the maximum, over a quarter of the elements.
  return b.relu(b.add(b.max_pool2d(y, 2), bias));
}

// u8 [n, height, width] -> logits f32 [n, classes].
Value network(Builder& b, const Parameters& parameters, const ModelDescription& d, Value images) {
  const std::uint64_t n = b.type(images).shape[0];
  const Value scale = b.constant(1.0F / (255.0F * d.pixel_deviation));
  const Value shift = b.constant(-d.pixel_mean / d.pixel_deviation);
  Value x = b.fma(b.cast(images, DType::kF32), scale, shift);
  std::size_t number = 0;
  const std::vector<std::uint64_t> channels = channels_of(d);
  if (!channels.empty()) x = b.reshape(x, {n, d.height, d.width, 1});
  for (const std::uint64_t c : channels) {
    x = convolution(b, parameters, numbered("conv", ++number), x, c, d.kernel);
  }
  x = b.reshape(x, {n, b.type(x).shape.elements() / n});
  number = 0;
  for (const std::uint64_t width : hidden_of(d)) {
    const std::string name = numbered("dense", ++number);
    const Value y = dense(b, parameters, name, x, width);
    const Builder::Scope scope(b, name);
    x = b.relu(y);
  }
  return dense(b, parameters, numbered("dense", ++number), x, d.classes);
}

Result<ProgramPair> training_of(const ModelDescription& d) {
  TaskBuilder task;
  Builder& b = task.step();
  const Value index = task.batch_index(d.batch, d.examples);
  const Value all_images = b.data(kImages, {DType::kU8, {d.examples, d.height, d.width}});
  const Value all_labels = b.data(kLabels, {DType::kU8, {d.examples}});
  Value images;
  Value labels;
  {
    const Builder::Scope scope(b, "batch");
    images = b.gather_rows(all_images, index);
    labels = b.cast(b.gather_rows(all_labels, index), DType::kU32);
  }
  const Parameters parameters = [&](std::string_view name, const Shape& shape,
                                    std::uint64_t fan_in) {
    return task.parameter(name, shape, fan_in);
  };
  const Value logits = network(b, parameters, d, images);
  return task.minimize(b.softmax_cross_entropy(logits, labels), d.optimizer);
}

Result<graph::Program> prediction_of(const ModelDescription& d) {
  Builder b;
  const Value images = b.data(kPredictImages, {DType::kU8, {d.predict_batch, d.height, d.width}});
  const Parameters parameters = [&](std::string_view name, const Shape& shape, std::uint64_t) {
    return b.state(std::string("model/").append(name), {DType::kF32, shape});
  };
  b.bind(kLogits, network(b, parameters, d, images));
  return b.finish();
}

bool in_range(std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  return value >= low && value <= high;
}

}  // namespace

const char* name_of(Family family) noexcept { return family == Family::kMlp ? "mlp" : "cnn"; }
const char* name_of(OptimizerKind kind) noexcept {
  return kind == OptimizerKind::kSgd ? "sgd" : "adam";
}

Result<Family> family_from(std::string_view name) {
  if (name == "mlp") return Family::kMlp;
  if (name == "cnn") return Family::kCnn;
  return {ErrorCode::kInvalidArgument, "the model must be mlp or cnn"};
}

Result<OptimizerKind> optimizer_from(std::string_view name) {
  if (name == "sgd") return OptimizerKind::kSgd;
  if (name == "adam") return OptimizerKind::kAdam;
  return {ErrorCode::kInvalidArgument, "the optimizer must be sgd or adam"};
}

ModelDescription recommended(Family family, OptimizerKind kind, std::uint64_t steps) {
  ModelDescription d;
  d.family = family;
  d.optimizer.kind = kind;
  d.optimizer.decay_steps = steps;
  const bool is_mlp = family == Family::kMlp;
  d.optimizer.learning_rate =
      kind == OptimizerKind::kAdam ? (is_mlp ? 0.003F : 0.004F) : (is_mlp ? 0.08F : 0.04F);
  return d;
}

Status validate(const ModelDescription& d) {
  const auto refuse = [](const char* what) { return Error{ErrorCode::kInvalidArgument, what}; };
  if (d.family != Family::kMlp && d.family != Family::kCnn)
    return refuse("the model must be mlp or cnn");
  if (!in_range(d.examples, 1, std::uint64_t{1} << 32)) return refuse("examples must be 1 to 2^32");
  if (!in_range(d.height, 1, 4096)) return refuse("height must be 1 to 4096");
  if (!in_range(d.width, 1, 4096)) return refuse("width must be 1 to 4096");
  if (!in_range(d.classes, 2, 256)) return refuse("classes must be 2 to 256");
  if (!in_range(d.batch, 1, 65'536)) return refuse("batch must be 1 to 65536");
  if (!in_range(d.predict_batch, 1, 65'536)) return refuse("predict_batch must be 1 to 65536");
  if (!(d.pixel_mean >= 0 && d.pixel_mean <= 1)) return refuse("pixel_mean must be 0 to 1");
  if (!(d.pixel_deviation >= 0.001F && d.pixel_deviation <= 1)) {
    return refuse("pixel_deviation must be 0.001 to 1");
  }
  if (d.family == Family::kMlp && !d.channels.empty()) return refuse("an mlp has no channels");
  if (!in_range(d.kernel, 1, 31) || d.kernel % 2 == 0) return refuse("kernel must be odd, 1 to 31");
  const std::vector<std::uint64_t> channels = channels_of(d);
  const std::vector<std::uint64_t> hidden = hidden_of(d);
  if (channels.size() > kMaxLayers || hidden.size() > kMaxLayers)
    return refuse("at most 32 layers");
  for (const std::uint64_t c : channels) {
    if (!in_range(c, 1, kMaxWidth)) return refuse("channels must be 1 to 65536 each");
  }
  for (const std::uint64_t h : hidden) {
    if (!in_range(h, 1, kMaxWidth)) return refuse("hidden must be 1 to 65536 each");
  }
  if (d.height >> channels.size() == 0 || d.width >> channels.size() == 0) {
    return refuse("so many convolutions, each pooled by 2, leave nothing of the image");
  }
  return validate(d.optimizer);
}

Result<TaskPrograms> build(const ModelDescription& d) {
  ASSAY_TRY_STATUS(validate(d));
  ASSAY_TRY(ProgramPair pair, training_of(d));
  ASSAY_TRY(graph::Program predict, prediction_of(d));
  return TaskPrograms{std::move(pair.init), std::move(pair.step), std::move(predict)};
}

}  // namespace assay::models
