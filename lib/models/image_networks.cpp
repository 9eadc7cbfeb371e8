// The networks that read images: a perceptron, a plain convolutional one, a residual one.
#include "assay/graph/compositions.hpp"
#include "internal/layers.hpp"

namespace assay::models::internal {

namespace {

using graph::Builder;
using graph::Value;

std::string numbered(std::string_view name, std::size_t number) {
  std::string text(name);
  return text.append(std::to_string(number));
}

// [n, ...] -> [n, classes]
Value classifier(Layers& layers, Value x, std::uint64_t n, const std::vector<std::uint64_t>& hidden,
                 std::uint64_t classes) {
  x = layers.b.reshape(x, {n, layers.b.type(x).shape.elements() / n});
  std::size_t number = 0;
  for (const std::uint64_t width : hidden)
    x = layers.dense(numbered("dense", ++number), x, width, true);
  return layers.dense(numbered("dense", ++number), x, classes, false);
}

struct Pixels {
  Value x;  // f32 [n, h, w, c]
  std::uint64_t n = 0;
  std::uint64_t classes = 0;
};

Value logits_of(Layers& layers, const Mlp& m, const Pixels& in) {
  return classifier(layers, in.x, in.n, m.hidden, in.classes);
}

Value logits_of(Layers& layers, const Cnn& m, const Pixels& in) {
  Builder& b = layers.b;
  Value x = in.x;
  for (std::size_t i = 0; i < m.channels.size(); ++i) {
    const std::string name = numbered("conv", i + 1);
    x = layers.convolution(name, x, m.channels[i], {.kernel = m.kernel, .bias = false});
    const Builder::Scope scope(b, name);
    // Pooling first: the maximum of relus is the relu of the maximum, over a quarter of the
    // elements, and a bias that all share moves the maximum with them.
    if (i < m.pooled) x = b.max_pool2d(x, 2);
    const Value bias =
        layers.parameters.get(name + "/bias", {m.channels[i]}, Initial::constant(0.0F));
    x = b.relu(b.add(x, bias));
  }
  if (m.global_average) x = graph::global_average_pool2d(b, x);
  return classifier(layers, x, in.n, m.hidden, in.classes);
}

Value residual_block(Layers& layers, const ResNet& m, const std::string& name, Value x,
                     std::uint64_t width, std::uint64_t stride) {
  Builder& b = layers.b;
  const BatchNormOptions norm{.momentum = m.norm_momentum, .epsilon = m.norm_epsilon};
  Value y = layers.convolution(name + "/conv1", x, width, {.stride = stride, .bias = false});
  y = b.relu(layers.batch_norm(name + "/norm1", y, norm));
  y = layers.convolution(name + "/conv2", y, width, {.bias = false});
  y = layers.batch_norm(name + "/norm2", y, norm);
  if (stride != 1 || b.type(x).shape[3] != width) {
    x = layers.convolution(name + "/conv3", x, width,
                           {.kernel = 1, .stride = stride, .bias = false});
    x = layers.batch_norm(name + "/norm3", x, norm);
  }
  const Builder::Scope scope(b, name);
  return b.relu(b.add(y, x));
}

Value logits_of(Layers& layers, const ResNet& m, const Pixels& in) {
  Builder& b = layers.b;
  const BatchNormOptions norm{.momentum = m.norm_momentum, .epsilon = m.norm_epsilon};
  Value x = layers.convolution("conv", in.x, m.widths.front(), {.bias = false});
  x = b.relu(layers.batch_norm("norm", x, norm));
  for (std::size_t stage = 0; stage < m.widths.size(); ++stage) {
    for (std::uint64_t block = 0; block < m.blocks; ++block) {
      const std::string name = numbered("stage", stage + 1) + "/" + numbered("block", block + 1);
      const std::uint64_t stride = stage > 0 && block == 0 ? 2 : 1;
      x = residual_block(layers, m, name, x, m.widths[stage], stride);
    }
  }
  return layers.dense("dense", graph::global_average_pool2d(b, x), in.classes, false);
}

Value logits_of(Layers&, const Gpt&, const Pixels&) {
  ASSAY_EXPECTS(false && "a gpt reads tokens");
  return {};
}

}  // namespace

Value image_logits(Layers& layers, const ModelDescription& d, Value images, std::uint64_t n) {
  Builder& b = layers.b;
  const Images& data = d.images;
  const float unit = data.dtype == DType::kU8 ? 255.0F : 1.0F;
  const Value scale = b.constant(1.0F / (unit * data.deviation));
  const Value shift = b.constant(-data.mean / data.deviation);
  const Value x = b.fma(b.cast(images, DType::kF32), scale, shift);
  const Pixels in{b.reshape(x, {n, data.height, data.width, data.channels}), n, data.classes};
  return std::visit([&](const auto& network) { return logits_of(layers, network, in); }, d.network);
}

}  // namespace assay::models::internal
