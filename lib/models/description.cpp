#include "assay/models/description.hpp"

#include <cmath>

namespace assay::models {

namespace {

constexpr std::uint64_t kMaxWidth = 1 << 16;
constexpr std::uint64_t kMaxLayers = 256;
constexpr std::uint64_t kMaxBatch = 1 << 16;
constexpr std::uint64_t kMaxExamples = std::uint64_t{1} << 32;  // shuffle_index's

Error refuse(const std::string& what) { return {ErrorCode::kInvalidArgument, what}; }

Status in_range(const char* field, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  if (value >= low && value <= high) return {};
  return refuse(std::string(field) + " must be " + std::to_string(low) + " to " +
                std::to_string(high) + ", not " + std::to_string(value));
}

Status all_in_range(const char* field, const std::vector<std::uint64_t>& values) {
  if (values.size() > kMaxLayers)
    return refuse(std::string(field) + " must name at most " + std::to_string(kMaxLayers));
  for (const std::uint64_t value : values) {
    ASSAY_TRY_STATUS(in_range(field, value, 1, kMaxWidth));
  }
  return {};
}

Status is_epsilon(const char* field, float value) {
  if (std::isfinite(value) && value > 0) return {};
  return refuse(std::string(field) + " must be a positive number");
}

Status check(const Mlp& m, const ModelDescription&) { return all_in_range("hidden", m.hidden); }

Status check(const Cnn& m, const ModelDescription& d) {
  ASSAY_TRY_STATUS(all_in_range("channels", m.channels));
  ASSAY_TRY_STATUS(all_in_range("hidden", m.hidden));
  if (m.channels.empty()) return refuse("channels must name at least one convolution");
  if (m.kernel > 31 || m.kernel % 2 == 0) return refuse("kernel must be odd, 1 to 31");
  if (m.pooled != Cnn::kAll) {
    ASSAY_TRY_STATUS(in_range("pooled", m.pooled, 0, m.channels.size()));
  }
  const std::uint64_t halvings = std::min<std::uint64_t>(m.pooled, m.channels.size());
  if (halvings >= 64 || d.images.height >> halvings == 0 || d.images.width >> halvings == 0)
    return refuse("so many convolutions, each pooled by 2, leave nothing of the image");
  return {};
}

Status check(const ResNet& m, const ModelDescription&) {
  ASSAY_TRY_STATUS(all_in_range("widths", m.widths));
  if (m.widths.empty()) return refuse("widths must name at least one stage");
  ASSAY_TRY_STATUS(in_range("blocks", m.blocks, 1, kMaxLayers));
  if (!(m.norm_momentum > 0 && m.norm_momentum <= 1))
    return refuse("norm_momentum must be above 0 and at most 1");
  return is_epsilon("norm_epsilon", m.norm_epsilon);
}

Status check(const Gpt& m, const ModelDescription&) {
  ASSAY_TRY_STATUS(in_range("layers", m.layers, 1, kMaxLayers));
  ASSAY_TRY_STATUS(in_range("width", m.width, 1, kMaxWidth));
  ASSAY_TRY_STATUS(in_range("heads", m.heads, 1, m.width));
  if (m.width % m.heads != 0) return refuse("heads must divide width");
  ASSAY_TRY_STATUS(in_range("key_heads", m.key_heads, 0, m.heads));
  if (m.key_heads != 0 && m.heads % m.key_heads != 0) return refuse("key_heads must divide heads");
  ASSAY_TRY_STATUS(in_range("hidden", m.hidden, 0, 4 * kMaxWidth));
  ASSAY_TRY_STATUS(in_range("sequence", m.sequence, 1, 1 << 16));
  if (name_of(m.norm)[0] == '?') return refuse("norm must be layer or rms");
  if (name_of(m.positions)[0] == '?') return refuse("positions must be learned or rotary");
  if (name_of(m.activation)[0] == '?')
    return refuse("activation must be gelu_tanh, gelu_erf or swiglu");
  if (m.positions == Positions::kRotary && m.width / m.heads % 2 != 0)
    return refuse("rotary positions need an even width of a head");
  if (!(m.dropout >= 0 && m.dropout < 1)) return refuse("dropout must be at least 0 and below 1");
  if (!(std::isfinite(m.rotary_base) && m.rotary_base > 1))
    return refuse("rotary_base must be above 1");
  return is_epsilon("norm_epsilon", m.norm_epsilon);
}

Status check(const Images& d) {
  ASSAY_TRY_STATUS(in_range("examples", d.examples, 1, kMaxExamples));
  ASSAY_TRY_STATUS(in_range("height", d.height, 1, 4096));
  ASSAY_TRY_STATUS(in_range("width of the images", d.width, 1, 1 << 20));
  ASSAY_TRY_STATUS(in_range("channels of the images", d.channels, 1, kMaxWidth));
  ASSAY_TRY_STATUS(in_range("classes", d.classes, 2, kMaxWidth));
  if (d.dtype != DType::kU8 && d.dtype != DType::kF32) return refuse("images must be of u8 or f32");
  if (d.label_dtype == DType::kF32 || !is_known(d.label_dtype))
    return refuse("labels must be integers");
  if (!std::isfinite(d.mean)) return refuse("mean must be a number");
  if (!(d.deviation >= 0.001F && std::isfinite(d.deviation)))
    return refuse("deviation must be at least 0.001");
  return {};
}

Status check(const Tokens& d, std::uint64_t sequence) {
  if (d.dtype != DType::kU8 && d.dtype != DType::kU32) return refuse("tokens must be of u8 or u32");
  ASSAY_TRY_STATUS(in_range("vocabulary", d.vocabulary, 2, 1 << 20));
  if (d.count <= sequence)
    return refuse("the text must have more tokens than the sequence of " +
                  std::to_string(sequence) + ", not " + std::to_string(d.count));
  return in_range("tokens of the text", d.count, 2, kMaxExamples);
}

template <class E>
Result<E> named(std::string_view name, std::initializer_list<E> all, const char* field) {
  std::string names;
  for (const E e : all) {
    if (name == name_of(e)) return e;
    names += (names.empty() ? "" : ", ") + std::string(name_of(e));
  }
  return refuse(std::string(field) + " must be one of " + names);
}

}  // namespace

const char* name_of(Norm norm) noexcept {
  switch (norm) {
    case Norm::kLayer: return "layer";
    case Norm::kRms: return "rms";
  }
  return "?";
}
const char* name_of(Positions positions) noexcept {
  switch (positions) {
    case Positions::kLearned: return "learned";
    case Positions::kRotary: return "rotary";
  }
  return "?";
}
const char* name_of(Activation activation) noexcept {
  switch (activation) {
    case Activation::kGeluTanh: return "gelu_tanh";
    case Activation::kGeluErf: return "gelu_erf";
    case Activation::kSwiGlu: return "swiglu";
  }
  return "?";
}
Result<Norm> norm_from(std::string_view name) {
  return named(name, {Norm::kLayer, Norm::kRms}, "norm");
}
Result<Positions> positions_from(std::string_view name) {
  return named(name, {Positions::kLearned, Positions::kRotary}, "positions");
}
Result<Activation> activation_from(std::string_view name) {
  return named(name, {Activation::kGeluTanh, Activation::kGeluErf, Activation::kSwiGlu},
               "activation");
}

Gpt llama_shaped() {
  Gpt gpt;
  gpt.norm = Norm::kRms;
  gpt.positions = Positions::kRotary;
  gpt.activation = Activation::kSwiGlu;
  gpt.biases = false;
  gpt.tied = false;
  return gpt;
}

const char* name_of(const Network& network) noexcept {
  constexpr const char* kNames[] = {"mlp", "cnn", "resnet", "gpt"};
  return kNames[network.index()];
}

Result<Network> network_from(std::string_view name) {
  if (name == "mlp") return Network(Mlp{});
  if (name == "cnn") return Network(Cnn{});
  if (name == "resnet") return Network(ResNet{});
  if (name == "gpt") return Network(Gpt{});
  if (name == "llama") return Network(llama_shaped());
  return refuse("the model must be mlp, cnn, resnet, gpt or llama");
}

ModelDescription recommended(const Network& network, OptimizerKind kind, std::uint64_t steps) {
  ModelDescription d;
  d.network = network;
  OptimizerOptions& o = d.optimizer;
  o.kind = kind;
  o.schedule = Schedule::kLinear;
  o.decay_steps = steps;
  const bool is_sgd = kind == OptimizerKind::kSgd;
  switch (network.index()) {
    case 0: o.learning_rate = is_sgd ? 0.08F : 0.003F; break;
    case 1: o.learning_rate = is_sgd ? 0.04F : 0.004F; break;
    case 2: o.learning_rate = is_sgd ? 0.1F : 0.003F; break;
    default:
      o.learning_rate = is_sgd ? 0.1F : 0.003F;
      o.schedule = Schedule::kCosine;
      o.warmup_steps = std::min<std::uint64_t>(steps / 20, 100);
      o.final_share = 0.1F;
      o.beta2 = 0.99F;
      o.weight_decay = 0.1F;
      o.clip_norm = 1.0F;
      d.batch = 16;
      d.predict_batch = 1;
  }
  return d;
}

std::uint64_t recommended_steps(const Network& network) noexcept {
  constexpr std::uint64_t kSteps[] = {600, 900, 900, 1500};
  return kSteps[network.index()];
}

OptimizerKind recommended_optimizer(const Network& network) noexcept {
  return std::holds_alternative<Gpt>(network) ? OptimizerKind::kAdamW : OptimizerKind::kAdam;
}

Status validate(const ModelDescription& d) {
  ASSAY_TRY_STATUS(in_range("batch", d.batch, 1, kMaxBatch));
  ASSAY_TRY_STATUS(in_range("accumulation", d.accumulation, 1, d.batch));
  if (d.batch % d.accumulation != 0) return refuse("accumulation must divide batch");
  ASSAY_TRY_STATUS(in_range("predict_batch", d.predict_batch, 1, kMaxBatch));
  if (const Gpt* gpt = std::get_if<Gpt>(&d.network)) {
    ASSAY_TRY_STATUS(check(d.tokens, gpt->sequence));
  } else {
    ASSAY_TRY_STATUS(check(d.images));
  }
  ASSAY_TRY_STATUS(std::visit([&](const auto& network) { return check(network, d); }, d.network));
  return validate(d.optimizer);
}

}  // namespace assay::models
