#include "internal/layers.hpp"

#include "assay/graph/compositions.hpp"

namespace assay::models::internal {

using graph::Builder;
using graph::Value;

Value Layers::dense(const std::string& name, Value x, std::uint64_t width,
                    const DenseOptions& options) {
  const Builder::Scope scope(b, name);
  const std::uint64_t in = b.type(x).shape[1];
  const Value w = parameters.get(name + "/weight", {in, width}, options.initial);
  const Value y = b.matmul(x, w);
  if (!options.bias) return y;
  return b.add(y, parameters.get(name + "/bias", {width}, Initial::constant(0.0F)));
}

Value Layers::dense(const std::string& name, Value x, std::uint64_t width, bool relu) {
  const Value y = dense(name, x, width, {.initial = Initial::kaiming(b.type(x).shape[1])});
  const Builder::Scope scope(b, name);
  return relu ? b.relu(y) : y;
}

Value Layers::convolution(const std::string& name, Value x, std::uint64_t channels,
                          const ConvolutionOptions& o) {
  const Builder::Scope scope(b, name);
  const std::uint64_t in = b.type(x).shape[3];
  const Value w = parameters.get(name + "/weight", {o.kernel, o.kernel, in, channels},
                                 Initial::kaiming(o.kernel * o.kernel * in));
  const Value y = b.conv2d(x, w, {.stride = o.stride, .padding = o.kernel / 2});
  if (!o.bias) return y;
  return b.add(y, parameters.get(name + "/bias", {channels}, Initial::constant(0.0F)));
}

Value Layers::batch_norm(const std::string& name, Value x, const BatchNormOptions& o) {
  const Builder::Scope scope(b, name);
  const Shape channels{b.type(x).shape[b.type(x).shape.rank - 1U]};
  const Value gain = parameters.get(name + "/weight", channels, Initial::constant(1.0F));
  const Value bias = parameters.get(name + "/bias", channels, Initial::constant(0.0F));
  const Value mean = parameters.running(name + "/mean", channels, 0.0F);
  const Value variance = parameters.running(name + "/variance", channels, 1.0F);
  if (!parameters.is_training())
    return graph::batch_norm_with(b, x, gain, bias, {mean, variance}, o.epsilon);
  const graph::BatchNorm norm = graph::batch_norm(b, x, gain, bias, o.epsilon);
  parameters.set_running(name + "/mean", graph::moving_average(b, mean, norm.mean, o.momentum));
  parameters.set_running(name + "/variance",
                         graph::moving_average(b, variance, norm.unbiased_variance, o.momentum));
  return norm.y;
}

}  // namespace assay::models::internal
