#include "support/tiny_programs.hpp"

#include <algorithm>

namespace assay::tiny {
namespace {

using numerics::OpCode;

// The slots in the order of their names.
struct SlotSpec {
  const char* name;
  Shape shape;
};
const SlotSpec kSlots[] = {
    {"metric/loss", {}},          {"momentum/bias", {4}},
    {"momentum/dense", {36, 32}}, {"momentum/filter", {3, 3, 1, 4}},
    {"momentum/head", {32, 10}},  {"param/bias", {4}},
    {"param/dense", {36, 32}},    {"param/filter", {3, 3, 1, 4}},
    {"param/head", {32, 10}},
};

graph::Program init_program() {
  Sketch s;
  const auto seed = s.add(OpCode::kSeed, {DType::kU64, {}});
  const auto t = s.add(OpCode::kStepIndex, {DType::kU64, {}});
  const auto half = s.constant(0.5f);
  const auto scale = s.constant(0.5f);
  std::uint64_t purpose = 10;
  for (const SlotSpec& slot : kSlots) {
    std::uint32_t node = 0;
    if (std::string_view(slot.name).starts_with("param/")) {
      const auto u = s.f32(OpCode::kRandomUniform, slot.shape, {seed, t}, {purpose++});
      node = s.f32(OpCode::kMul, slot.shape, {s.f32(OpCode::kSub, slot.shape, {u, half}), scale});
    } else {
      node = s.constant(0.0f, slot.shape);
    }
    s.program.slots.push_back({slot.name, {DType::kF32, slot.shape}, node});
  }
  return s.program;
}

}  // namespace

std::uint32_t Sketch::add(OpCode op, TensorType output, std::vector<std::uint32_t> inputs,
                          std::vector<std::uint64_t> attributes) {
  graph::Node node;
  node.spec.op = op;
  node.spec.output = output;
  node.spec.operand_count = static_cast<std::uint8_t>(inputs.size());
  node.spec.attribute_count = static_cast<std::uint8_t>(attributes.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    node.inputs[i] = inputs[i];
    node.spec.operands[i] = program.nodes[inputs[i]].spec.output;
  }
  std::copy(attributes.begin(), attributes.end(), node.spec.attributes.begin());
  program.nodes.push_back(node);
  return static_cast<std::uint32_t>(program.nodes.size() - 1);
}

Programs conv_net(float learning_rate) {
  Sketch s;
  const std::uint64_t b = kBatch;
  s.program.data = {{"images", {DType::kU8, {kImages, 6, 6, 1}}},
                    {"labels", {DType::kU8, {kImages}}}};
  std::vector<std::uint32_t> slot;
  for (std::size_t i = 0; i < std::size(kSlots); ++i) {
    // The loss is written and never read.
    slot.push_back(i == 0 ? 0 : s.add(OpCode::kStateSlot, {DType::kF32, kSlots[i].shape}, {}, {i}));
  }
  const auto images = s.add(OpCode::kData, s.program.data[0].type, {}, {0});
  const auto labels = s.add(OpCode::kData, s.program.data[1].type, {}, {1});
  const auto t = s.add(OpCode::kStepIndex, {DType::kU64, {}});
  const auto seed = s.add(OpCode::kSeed, {DType::kU64, {}});
  const auto rate = s.constant(-learning_rate);
  const auto decay = s.constant(0.9f);
  const auto zero = s.constant(0.0f);
  const auto per_item = s.constant(1.0f / static_cast<float>(b));
  const auto index = s.add(OpCode::kShuffleIndex, {DType::kU32, {b}}, {seed, t}, {kImages, 1});

  // Forward.
  const auto picked = s.add(OpCode::kGatherRows, {DType::kU8, {b, 6, 6, 1}}, {images, index});
  const auto x = s.f32(OpCode::kMul, {b, 6, 6, 1},
                       {s.f32(OpCode::kCast, {b, 6, 6, 1}, {picked}), s.constant(1.0f / 255.0f)});
  const auto conv = s.f32(OpCode::kConv2d, {b, 6, 6, 4}, {x, slot[7]}, {1, 1});
  const auto biased = s.f32(OpCode::kAdd, {b, 6, 6, 4}, {conv, slot[5]});
  const auto active = s.f32(OpCode::kRelu, {b, 6, 6, 4}, {biased});
  const auto pooled = s.f32(OpCode::kMaxPool2d, {b, 3, 3, 4}, {active}, {2});
  const auto flat = s.f32(OpCode::kReshape, {b, 36}, {pooled});
  const auto dense = s.f32(OpCode::kMatMul, {b, 32}, {flat, slot[6]}, {0, 0});
  const auto hidden = s.f32(OpCode::kRelu, {b, 32}, {dense});
  const auto logits = s.f32(OpCode::kMatMul, {b, 10}, {hidden, slot[8]}, {0, 0});

  // Softmax cross-entropy.
  const auto wanted = s.add(OpCode::kCast, {DType::kU32, {b}},
                            {s.add(OpCode::kGatherRows, {DType::kU8, {b}}, {labels, index})});
  const auto classes = s.add(OpCode::kIota, {DType::kU32, {1, 10}}, {}, {1});
  const auto is_class = s.add(OpCode::kEqual, {DType::kU32, {b, 10}},
                              {s.add(OpCode::kReshape, {DType::kU32, {b, 1}}, {wanted}), classes});
  const auto one_hot = s.f32(OpCode::kCast, {b, 10}, {is_class});
  const auto largest = s.f32(OpCode::kReduceMax, {b, 1}, {logits}, {2});
  const auto shifted = s.f32(OpCode::kSub, {b, 10}, {logits, largest});
  const auto e = s.f32(OpCode::kExp, {b, 10}, {shifted});
  const auto sum = s.f32(OpCode::kReduceSum, {b, 1}, {e}, {2});
  const auto log_p = s.f32(OpCode::kSub, {b, 10}, {shifted, s.f32(OpCode::kLog, {b, 1}, {sum})});
  const auto total =
      s.f32(OpCode::kReduceSum, {1, 1}, {s.f32(OpCode::kMul, {b, 10}, {one_hot, log_p})}, {3});
  const auto loss =
      s.f32(OpCode::kMul, {},
            {s.f32(OpCode::kReshape, {}, {s.f32(OpCode::kNeg, {1, 1}, {total})}), per_item});

  // Backward.
  const auto p = s.f32(OpCode::kDiv, {b, 10}, {e, sum});
  const auto d_logits =
      s.f32(OpCode::kMul, {b, 10}, {s.f32(OpCode::kSub, {b, 10}, {p, one_hot}), per_item});
  const auto d_head = s.f32(OpCode::kMatMul, {32, 10}, {hidden, d_logits}, {1, 0});
  const auto d_hidden = s.f32(OpCode::kMatMul, {b, 32}, {d_logits, slot[8]}, {0, 1});
  const auto on = s.add(OpCode::kLess, {DType::kU32, {b, 32}}, {zero, dense});
  const auto d_dense = s.f32(OpCode::kSelect, {b, 32}, {on, d_hidden, zero});
  const auto d_weights = s.f32(OpCode::kMatMul, {36, 32}, {flat, d_dense}, {1, 0});
  const auto d_flat = s.f32(OpCode::kMatMul, {b, 36}, {d_dense, slot[6]}, {0, 1});
  const auto d_pooled = s.f32(OpCode::kReshape, {b, 3, 3, 4}, {d_flat});
  const auto d_active =
      s.f32(OpCode::kMaxPool2dGrad, {b, 6, 6, 4}, {active, pooled, d_pooled}, {2});
  const auto lit = s.add(OpCode::kLess, {DType::kU32, {b, 6, 6, 4}}, {zero, biased});
  const auto d_biased = s.f32(OpCode::kSelect, {b, 6, 6, 4}, {lit, d_active, zero});
  const auto d_filter = s.f32(OpCode::kConv2dGradWeight, {3, 3, 1, 4}, {x, d_biased}, {1, 1});
  const auto d_bias =
      s.f32(OpCode::kReshape, {4}, {s.f32(OpCode::kReduceSum, {1, 1, 1, 4}, {d_biased}, {7})});

  // SGD with momentum; gradients in the order of the parameters' names.
  const std::uint32_t gradients[] = {d_bias, d_weights, d_filter, d_head};
  std::vector<std::uint32_t> momenta, params;
  for (std::size_t i = 0; i < 4; ++i) {
    const Shape shape = kSlots[1 + i].shape;
    momenta.push_back(s.f32(OpCode::kFma, shape, {decay, slot[1 + i], gradients[i]}));
    params.push_back(s.f32(OpCode::kFma, shape, {rate, momenta.back(), slot[5 + i]}));
  }
  for (std::size_t i = 0; i < std::size(kSlots); ++i) {
    const std::uint32_t node = i == 0 ? loss : i < 5 ? momenta[i - 1] : params[i - 5];
    s.program.slots.push_back({kSlots[i].name, {DType::kF32, kSlots[i].shape}, node});
  }

  auto init = graph::validate_init(init_program());
  ASSAY_ENSURES(init.program.has_value());
  auto step = graph::validate_step(std::move(s.program), *init.program);
  ASSAY_ENSURES(step.program.has_value());
  return {std::move(*init.program),
          std::move(*step.program),
          images,
          labels,
          conv,
          dense,
          logits,
          rate,
          t,
          seed};
}

NamedTensors conv_net_data() {
  std::vector<std::uint8_t> images(kImages * 36);
  std::vector<std::uint8_t> labels(kImages);
  std::uint32_t x = 12345;
  for (std::size_t i = 0; i < kImages; ++i) {
    labels[i] = static_cast<std::uint8_t>(i % 10);
    for (std::size_t j = 0; j < 36; ++j) {
      x = x * 1664525 + 1013904223;
      const std::uint32_t noise = x >> 27;
      images[i * 36 + j] = static_cast<std::uint8_t>((j % 10 == labels[i] ? 200 : 20) + noise);
    }
  }
  NamedTensors data;
  data.emplace("images", Tensor::of<std::uint8_t>({kImages, 6, 6, 1}, images));
  data.emplace("labels", Tensor::of<std::uint8_t>({kImages}, labels));
  return data;
}

}  // namespace assay::tiny
