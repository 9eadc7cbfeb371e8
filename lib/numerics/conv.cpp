// conv2d and its gradients as products. The elements read and their order are the definition's.
#include "internal/conv.hpp"

#include <algorithm>
#include <cstring>

#include "assay/numerics/geometry.hpp"

namespace assay::numerics::internal {
namespace {

// An image tensor with a frame: frame[n, u, v, c] = image[n, (u - top) / dilation, ...], +0 where
// none.
struct Frame {
  std::size_t height = 0, width = 0;  // of the frame
  std::size_t dilation = 1;
  bool needed = false;
};

struct Conv {
  const Shape *image, *weight;  // what is framed; [Kh, Kw, Ci, Co]
  Frame frame;
};

// The image of a convolution: x, or gy for the gradient of the input.
Conv conv_of(const NodeSpec& s) {
  const std::uint64_t stride = s.attributes[0];
  const std::uint64_t padding = s.attributes[1];
  Conv c{};
  c.image = &s.operands[0].shape;
  if (s.op == OpCode::kConv2dGradInput) {
    // Input row h under kernel row kh reads dilated row h + padding - kh; kernel rows run
    // backwards.
    c.weight = &s.operands[1].shape;
    const Shape& w = *c.weight;
    c.frame.height = s.output.shape[1] + w[0] - 1;
    c.frame.width = s.output.shape[2] + w[1] - 1;
    c.frame.dilation = stride;
    c.frame.needed = true;
    return c;
  }
  const Shape& y = s.op == OpCode::kConv2d ? s.output.shape : s.operands[1].shape;
  c.weight = s.op == OpCode::kConv2d ? &s.operands[1].shape : &s.output.shape;
  c.frame.needed = padding != 0;
  c.frame.height = c.frame.needed ? (y[1] - 1) * stride + (*c.weight)[0] : (*c.image)[1];
  c.frame.width = c.frame.needed ? (y[2] - 1) * stride + (*c.weight)[1] : (*c.image)[2];
  return c;
}

// A stride and a padding of 65,535 make a frame of 64 GiB around one element. A frame that large
// and out of proportion is not made: the definition needs no memory.
constexpr std::uint64_t kFrameBytesFree = std::uint64_t{1} << 30;
constexpr std::uint64_t kFrameTimesTensors = 16;

bool fits_frame(const NodeSpec& s, const Conv& c) {
  if (!c.frame.needed) return true;
  const Shape& image = *c.image;
  std::uint64_t bytes = sizeof(float);
  for (const std::uint64_t size :
       {image[0], image[3], std::uint64_t{c.frame.height}, std::uint64_t{c.frame.width}}) {
    if (!checked_mul(bytes, size, bytes)) return false;
  }
  const std::uint64_t tensors = s.operands[0].byte_count() + s.operands[1].byte_count() +
                                s.output.byte_count();  // each at most 2^42
  return bytes <= kFrameBytesFree || bytes / kFrameTimesTensors <= tensors;
}

std::size_t frame_bytes(const Conv& c) {
  if (!c.frame.needed) return 0;
  const Shape& image = *c.image;
  return aligned(image[0] * c.frame.height * c.frame.width * image[3] * sizeof(float));
}

// The place in the image of a place in the frame; false if none.
bool unframe(std::size_t u, std::ptrdiff_t origin, std::size_t dilation, std::size_t size,
             std::size_t& at) {
  const std::ptrdiff_t d = static_cast<std::ptrdiff_t>(u) - origin;
  if (d < 0 || static_cast<std::size_t>(d) % dilation != 0) return false;
  at = static_cast<std::size_t>(d) / dilation;
  return at < size;
}

void fill_frame(const KernelCall& call, const Conv& c, std::ptrdiff_t top, std::ptrdiff_t left,
                float* frame) {
  const Shape& image = *c.image;
  const std::size_t channels = image[3];
  const float* from = call.f32(0);
  const std::size_t rows = image[0] * c.frame.height;
  split(call.pool, rows, grain_for(call.pool, rows, 16), [&](std::size_t first, std::size_t last) {
    for (std::size_t row = first; row < last; ++row) {
      float* to = frame + row * c.frame.width * channels;
      const auto clear = [&](std::size_t from_place, std::size_t to_place) {
        std::memset(to + from_place * channels, 0,
                    (to_place - from_place) * channels * sizeof(float));
      };
      std::size_t h = 0;
      if (!unframe(row % c.frame.height, top, c.frame.dilation, image[1], h)) {
        clear(0, c.frame.width);
        continue;
      }
      const float* source = from + (row / c.frame.height * image[1] + h) * image[2] * channels;
      if (c.frame.dilation == 1 && left >= 0) {
        const auto skip = static_cast<std::size_t>(left);
        const std::size_t before = std::min(skip, c.frame.width);
        const std::size_t n = std::min<std::size_t>(c.frame.width - before, image[2]);
        clear(0, before);
        std::memcpy(to + before * channels, source, n * channels * sizeof(float));
        clear(before + n, c.frame.width);
        continue;
      }
      clear(0, c.frame.width);
      for (std::size_t v = 0; v < c.frame.width; ++v) {
        std::size_t w = 0;
        if (!unframe(v, left, c.frame.dilation, image[2], w)) continue;
        std::memcpy(to + v * channels, source + w * channels, channels * sizeof(float));
      }
    }
  });
}

// The image that is not the output: x, or gy for the gradient of the input, has all channels; a
// group has some of them.
ConvGroups groups_of(const NodeSpec& s, const Conv& c) {
  return conv_groups(s.op == OpCode::kConv2dGradInput ? s.output.shape : *c.image, *c.weight);
}

// Beyond the turned weights' end: see TileKernels::pack.
constexpr std::size_t kTurnSlack = 16;

// w[kh, kw, ci, co] -> [group, kh, kw, co in the group, ci]
void turn_weights(const KernelCall& call, const Shape& shape, const ConvGroups& groups,
                  float* out) {
  const std::size_t taps = shape[0] * shape[1];
  const std::size_t all = groups.count * taps;
  // What is packed beyond a tap's end is written over by the next one, if they come in order.
  const std::size_t grain = groups.inputs % 8 == 0 ? 1 : all;
  split(call.pool, all, grain, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      tile_kernels(call.isa).pack(
          out + i * groups.outputs * groups.inputs, groups.inputs,
          call.f32(1) + i % taps * groups.inputs * shape[3] + i / taps * groups.outputs,
          static_cast<std::ptrdiff_t>(shape[3]), 1, groups.inputs, groups.outputs);
    }
  });
}

// Every group one channel to one channel: the channels are columns then, and no group is alone.
bool is_depthwise(const ConvGroups& groups) {
  return groups.count > 1 && groups.inputs == 1 && groups.outputs == 1;
}

MatrixLayout by_group(std::size_t between) {
  MatrixLayout layout;
  layout.outer = static_cast<std::ptrdiff_t>(between);
  return layout;
}

}  // namespace

bool conv_is_product(const NodeSpec& s) { return fits_frame(s, conv_of(s)); }

std::size_t conv_scratch_bytes(const NodeSpec& s) {
  const Conv c = conv_of(s);
  const std::size_t weights = (c.weight->elements() + kTurnSlack) * sizeof(float);
  return frame_bytes(c) + (s.op == OpCode::kConv2dGradInput ? aligned(weights) : 0);
}

Gemm conv_shape(const NodeSpec& s) {
  const Conv c = conv_of(s);
  const Shape& w = *c.weight;
  const ConvGroups groups = groups_of(s, c);
  const bool backward = s.op == OpCode::kConv2dGradInput;
  const Shape& places = s.op == OpCode::kConv2dGradWeight ? s.operands[1].shape : s.output.shape;
  const auto pixel = static_cast<std::ptrdiff_t>((*c.image)[3]);
  const auto line = static_cast<std::ptrdiff_t>(c.frame.width) * pixel;
  const auto picture = static_cast<std::ptrdiff_t>(c.frame.height) * line;
  const auto step = backward ? 1 : static_cast<std::ptrdiff_t>(s.attributes[0]);
  // (n, oh, ow), and (kh, kw, channel). The gradient of the input reads its frame from the last
  // kernel place backwards.
  const std::ptrdiff_t sign = backward ? -1 : 1;
  const std::size_t channels = backward ? groups.outputs : groups.inputs;
  const Offsets pixels{places[1], places[2], picture, step * line, step * pixel};
  const Offsets taps{w[1], channels, sign * line, sign * pixel, 1};
  Gemm g;
  g.batches = groups.count;
  g.a_layout = by_group(channels);
  g.columns = backward ? groups.inputs : groups.outputs;
  g.b_depth = static_cast<std::ptrdiff_t>(backward ? groups.inputs : w[3]);
  g.b_layout = by_group(backward ? w[0] * w[1] * groups.inputs * groups.outputs : groups.outputs);
  g.c_layout = by_group(g.columns);
  g.c_layout.row = static_cast<std::ptrdiff_t>(g.columns * groups.count);
  if (is_depthwise(groups)) {
    g.by_channel = true;
    g.batches = 1;
    g.columns = groups.count;
    g.b_depth = static_cast<std::ptrdiff_t>(groups.count);
  }
  g.a_row = pixels;
  g.a_depth = taps;
  g.rows = places[0] * places[1] * places[2];
  g.depth = w[0] * w[1] * channels;
  if (s.op == OpCode::kConv2dGradWeight) {
    std::swap(g.a_row, g.a_depth);
    std::swap(g.rows, g.depth);
  }
  return g;
}

Gemm conv_gemm(const KernelCall& call, std::uint8_t* scratch) {
  const NodeSpec& s = call.spec;
  const Conv c = conv_of(s);
  const Shape& w = *c.weight;
  const auto padding = static_cast<std::ptrdiff_t>(s.attributes[1]);
  const bool backward = s.op == OpCode::kConv2dGradInput;
  Gemm g = conv_shape(s);
  g.a = call.f32(0);
  g.b = call.f32(1);
  if (c.frame.needed) {
    const std::ptrdiff_t top = backward ? static_cast<std::ptrdiff_t>(w[0]) - 1 - padding : padding;
    const std::ptrdiff_t left =
        backward ? static_cast<std::ptrdiff_t>(w[1]) - 1 - padding : padding;
    auto* frame = reinterpret_cast<float*>(scratch);
    fill_frame(call, c, top, left, frame);
    g.a = frame;
  }
  if (backward) g.a += ((w[0] - 1) * c.frame.width + w[1] - 1) * (*c.image)[3];
  if (backward && !g.by_channel) {
    auto* turned = reinterpret_cast<float*>(scratch + frame_bytes(c));
    turn_weights(call, w, groups_of(s, c), turned);
    g.b = turned;
  }
  g.c = call.f32_output();
  return g;
}

}  // namespace assay::numerics::internal
