// What a ready-made model is, as plain data: a network of one of four families, the data that it
// reads, and how it is trained. models/model.hpp makes programs of it, models/settings.hpp reads it
// from names and values (docs/spec/models.md).
#pragma once

#include <variant>
#include <vector>

#include "assay/models/optimizer.hpp"
#include "assay/tensor/shape.hpp"

namespace assay::models {

// A multilayer perceptron: dense layers with relu between them.
struct Mlp {
  std::vector<std::uint64_t> hidden = {128};  // widths of the layers before the last
  friend bool operator==(const Mlp&, const Mlp&) = default;
};

// A plain convolutional network: convolutions of stride 1 that keep the image's size, each with
// relu, the first `pooled` of them followed by max-pooling by 2; then dense layers as an Mlp's.
struct Cnn {
  static constexpr std::uint64_t kAll = ~std::uint64_t{0};
  std::vector<std::uint64_t> channels = {16, 32};  // of each convolution
  std::uint64_t kernel = 3;                        // odd
  std::uint64_t pooled = kAll;                     // how many; kAll: every one
  bool global_average = false;                     // of each channel, before the dense layers
  std::vector<std::uint64_t> hidden = {64};
  friend bool operator==(const Cnn&, const Cnn&) = default;
};

// The residual network for small images of He et al. (CVPR 2016), section 4.2: a 3x3 convolution,
// then for each width `blocks` blocks of two 3x3 convolutions with batch norm, halving the image at
// each width but the first; global average; one dense layer. 6 blocks + 2 layers with three widths.
struct ResNet {
  std::vector<std::uint64_t> widths = {16, 32, 64};
  std::uint64_t blocks = 3;
  float norm_momentum = 0.1F;  // of the running mean and variance that predictions use
  float norm_epsilon = 1e-5F;
  friend bool operator==(const ResNet&, const ResNet&) = default;
};

enum class Norm : std::uint8_t { kLayer = 1, kRms = 2 };
enum class Positions : std::uint8_t { kLearned = 1, kRotary = 2 };
enum class Activation : std::uint8_t { kGeluTanh = 1, kGeluErf = 2, kSwiGlu = 3 };

[[nodiscard]] const char* name_of(Norm norm) noexcept;              // "layer", "rms"
[[nodiscard]] const char* name_of(Positions positions) noexcept;    // "learned", "rotary"
[[nodiscard]] const char* name_of(Activation activation) noexcept;  // "gelu_tanh", "gelu_erf", ...
[[nodiscard]] Result<Norm> norm_from(std::string_view name);
[[nodiscard]] Result<Positions> positions_from(std::string_view name);
[[nodiscard]] Result<Activation> activation_from(std::string_view name);

// A decoder-only transformer with the norms before attention and feed-forward (Radford et al.,
// 2019). The defaults are GPT-2's shape; llama_shaped() is the other one.
struct Gpt {
  std::uint64_t layers = 4;
  std::uint64_t width = 128;
  std::uint64_t heads = 4;      // divides width
  std::uint64_t key_heads = 0;  // of keys and values, divides heads; 0: as many as heads
  std::uint64_t hidden = 0;     // of the feed-forward; 0: 4 width (SwiGLU: 8/3 width, up to 8s)
  std::uint64_t sequence = 128;
  Norm norm = Norm::kLayer;
  Positions positions = Positions::kLearned;
  Activation activation = Activation::kGeluTanh;
  bool biases = true;
  bool tied = true;   // the head is the token embedding, transposed
  float dropout = 0;  // of embeddings, attention and both residual branches; in [0, 1)
  float rotary_base = 10'000.0F;
  float norm_epsilon = 1e-5F;
  friend bool operator==(const Gpt&, const Gpt&) = default;
};
// RMS norm, rotary positions, SwiGLU, no biases, a head of its own (Touvron et al., 2023).
[[nodiscard]] Gpt llama_shaped();

using Network = std::variant<Mlp, Cnn, ResNet, Gpt>;
[[nodiscard]] const char* name_of(const Network& network) noexcept;  // "mlp", "cnn", "resnet",
                                                                     // "gpt"
// The defaults of a family: besides the names above "llama". Errors: kInvalidArgument with the
// list.
[[nodiscard]] Result<Network> network_from(std::string_view name);

// What Mlp, Cnn and ResNet read: labelled images, or any f32 features for an Mlp (height 1).
struct Images {
  std::uint64_t examples = 60'000;
  std::uint64_t height = 28;
  std::uint64_t width = 28;
  std::uint64_t channels = 1;  // 1: the data's shape is [examples, height, width]
  std::uint64_t classes = 10;
  DType dtype = DType::kU8;  // kU8: a pixel is byte / 255; kF32: as it is
  DType label_dtype = DType::kU8;
  // A pixel x enters as (x - mean) / deviation; these are Fashion-MNIST's.
  float mean = 0.286F;
  float deviation = 0.353F;
  friend bool operator==(const Images&, const Images&) = default;
};

// What a Gpt reads: one long text of tokens (tensor/text.hpp).
struct Tokens {
  std::uint64_t count = 0;
  std::uint64_t vocabulary = 256;
  DType dtype = DType::kU8;   // or kU32
  bool has_alphabet = false;  // the data holds the characters' code points, and so does the model
  friend bool operator==(const Tokens&, const Tokens&) = default;
};

// Everything that decides the programs.
struct ModelDescription {
  Network network = Mlp{};
  Images images = {};              // of every family but Gpt
  Tokens tokens = {};              // of Gpt
  std::uint64_t batch = 128;       // images or sequences a step
  std::uint64_t accumulation = 1;  // equal parts of the batch whose gradients are averaged
  OptimizerOptions optimizer = {};
  std::uint64_t predict_batch = 100;
  friend bool operator==(const ModelDescription&, const ModelDescription&) = default;
};

// Training options that suit a network: of a run over all the examples of Fashion-MNIST that
// reaches 86 % (mlp) or 88 % (cnn) of the test set in recommended_steps(), or of a gpt on a few
// megabytes of text; docs/spec/models.md has the measurements.
[[nodiscard]] ModelDescription recommended(const Network& network, OptimizerKind kind,
                                           std::uint64_t steps);
[[nodiscard]] std::uint64_t recommended_steps(const Network& network) noexcept;
[[nodiscard]] OptimizerKind recommended_optimizer(const Network& network) noexcept;

// Errors: kInvalidArgument, naming the field and what it may be.
[[nodiscard]] Status validate(const ModelDescription& description);

}  // namespace assay::models
