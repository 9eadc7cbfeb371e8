// matmul, conv2d and its gradients as one product (internal/gemm.hpp). A convolution reads its
// input through offsets from a copy with the padding written out; the elements read and their order
// are the definition's.
#include "assay/numerics/product.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "assay/core/contract.hpp"
#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/fold.hpp"
#include "internal/gemm.hpp"

namespace assay::numerics::internal {
namespace {

constexpr std::size_t kAlign = 64;
constexpr std::size_t aligned(std::size_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

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
      std::memset(to, 0, c.frame.width * channels * sizeof(float));
      std::size_t h = 0;
      if (!unframe(row % c.frame.height, top, c.frame.dilation, image[1], h)) continue;
      const float* source = from + (row / c.frame.height * image[1] + h) * image[2] * channels;
      if (c.frame.dilation == 1 && left >= 0) {
        const auto skip = static_cast<std::size_t>(left);
        if (skip >= c.frame.width) continue;
        const std::size_t n = std::min<std::size_t>(c.frame.width - skip, image[2]);
        std::memcpy(to + skip * channels, source, n * channels * sizeof(float));
        continue;
      }
      for (std::size_t v = 0; v < c.frame.width; ++v) {
        std::size_t w = 0;
        if (!unframe(v, left, c.frame.dilation, image[2], w)) continue;
        std::memcpy(to + v * channels, source + w * channels, channels * sizeof(float));
      }
    }
  });
}

// w[kh, kw, ci, co] -> [kh, kw, co, ci]
void turn_weights(const float* w, const Shape& shape, float* out) {
  const std::size_t inputs = shape[2];
  const std::size_t outputs = shape[3];
  for (std::size_t tap = 0; tap < shape[0] * shape[1]; ++tap) {
    for (std::size_t i = 0; i < inputs; ++i) {
      for (std::size_t o = 0; o < outputs; ++o) {
        out[(tap * outputs + o) * inputs + i] = w[(tap * inputs + i) * outputs + o];
      }
    }
  }
}

struct Layouts {
  MatrixLayout a, b, output;
};

Gemm matmul_gemm(const KernelCall& call, const Layouts& layouts) {
  const NodeSpec& s = call.spec;
  const Shape& a = s.operands[0].shape;
  const unsigned r = s.output.shape.rank - 2U;
  const bool ta = s.attributes[0] != 0;
  const bool tb = s.attributes[1] != 0;
  Gemm g;
  g.rows = s.output.shape[r];
  g.columns = s.output.shape[r + 1];
  g.depth = a[ta ? r : r + 1];
  g.batches = r == 1 ? s.output.shape[0] : 1;
  g.a_layout = layouts.a;
  g.b_layout = layouts.b;
  g.c_layout = layouts.output;
  g.a_row.stride0 = ta ? layouts.a.column : layouts.a.row;
  g.a_depth.stride0 = ta ? layouts.a.row : layouts.a.column;
  g.b_depth = tb ? layouts.b.column : layouts.b.row;
  g.b_column = tb ? layouts.b.row : layouts.b.column;
  g.pack_a = (ta && g.columns > 32) || g.columns >= 512;
  g.a = call.f32(0);
  g.b = call.f32(1);
  return g;
}

Gemm conv_gemm(const KernelCall& call, std::uint8_t* scratch) {
  const NodeSpec& s = call.spec;
  const Conv c = conv_of(s);
  const Shape& image = *c.image;
  const Shape& w = *c.weight;
  const auto padding = static_cast<std::ptrdiff_t>(s.attributes[1]);
  const bool backward = s.op == OpCode::kConv2dGradInput;
  auto* frame = reinterpret_cast<float*>(scratch);
  if (c.frame.needed) {
    const std::ptrdiff_t top = backward ? static_cast<std::ptrdiff_t>(w[0]) - 1 - padding : padding;
    const std::ptrdiff_t left =
        backward ? static_cast<std::ptrdiff_t>(w[1]) - 1 - padding : padding;
    fill_frame(call, c, top, left, frame);
  }
  const auto pixel = static_cast<std::ptrdiff_t>(image[3]);
  const auto line = static_cast<std::ptrdiff_t>(c.frame.width) * pixel;
  const auto picture = static_cast<std::ptrdiff_t>(c.frame.height) * line;
  const Shape& places = s.op == OpCode::kConv2dGradWeight ? s.operands[1].shape : s.output.shape;
  const auto step = backward ? 1 : static_cast<std::ptrdiff_t>(s.attributes[0]);
  // (n, oh, ow), and (kh, kw, channel). The gradient of the input reads its frame from the last
  // kernel place backwards.
  const std::ptrdiff_t sign = backward ? -1 : 1;
  const Offsets pixels{places[1], places[2], picture, step * line, step * pixel};
  const Offsets taps{w[1], image[3], sign * line, sign * pixel, 1};
  Gemm g;
  g.a = c.frame.needed ? frame : call.f32(0);
  if (s.op == OpCode::kConv2dGradWeight) {
    g.a_row = taps;
    g.a_depth = pixels;
    g.rows = w[0] * w[1] * w[2];
    g.depth = places[0] * places[1] * places[2];
    g.columns = w[3];
  } else {
    g.a_row = pixels;
    g.a_depth = taps;
    g.rows = places[0] * places[1] * places[2];
    g.depth = w[0] * w[1] * image[3];
    g.columns = backward ? w[2] : w[3];
  }
  g.b = call.f32(1);
  g.b_depth = static_cast<std::ptrdiff_t>(g.columns);
  g.c_layout.row = static_cast<std::ptrdiff_t>(g.columns);
  if (backward) {
    g.a += static_cast<std::ptrdiff_t>(w[0] - 1) * line +
           static_cast<std::ptrdiff_t>(w[1] - 1) * pixel;
    auto* turned = reinterpret_cast<float*>(scratch + frame_bytes(c));
    turn_weights(call.f32(1), w, turned);
    g.b = turned;
  }
  return g;
}

std::size_t own_scratch(const NodeSpec& s) {
  if (s.op == OpCode::kMatMul) return 0;
  const Conv c = conv_of(s);
  const std::size_t weights = c.weight->elements() * sizeof(float);
  return frame_bytes(c) + (s.op == OpCode::kConv2dGradInput ? aligned(weights) : 0);
}

std::size_t columns_of(const NodeSpec& s) { return s.output.shape[s.output.shape.rank - 1U]; }

// Whether the kernel takes this node; the definition does if not.
bool is_fast(const NodeSpec& s) {
  if (s.op == OpCode::kMatMul) return true;
  const Conv c = conv_of(s);
  const std::uint64_t channels =
      s.op == OpCode::kConv2dGradInput ? s.output.shape[3] : (*c.image)[3];
  return channels == (*c.weight)[2] && fits_frame(s, c);  // groups by the definition
}

std::size_t rows_of(const NodeSpec& s) { return s.output.shape.elements() / columns_of(s); }

void call_on_rows(const OnRows& on_rows, const NodeSpec& s, TaskPool& pool) {
  if (on_rows.call == nullptr) return;
  const std::size_t rows = rows_of(s);
  split(pool, rows, grain_for(pool, rows, 16),
        [&](std::size_t first, std::size_t last) { on_rows.call(on_rows.context, first, last); });
}

// The scalar definition on operands that lie as their layouts say.
void run_strided(const KernelCall& call, const Layouts& layouts) {
  const NodeSpec& s = call.spec;
  const Gemm g = matmul_gemm(call, layouts);
  const std::size_t units = g.batches * g.rows;
  split(call.pool, units, grain_for(call.pool, units, 1), [&](std::size_t first, std::size_t last) {
    for (std::size_t unit = first; unit < last; ++unit) {
      const std::size_t batch = unit / g.rows;
      const auto row = static_cast<std::ptrdiff_t>(unit % g.rows);
      const float* a = g.a + batch_offset(g.a_layout, batch) + row * g.a_row.stride0;
      const float* b = g.b + batch_offset(g.b_layout, batch);
      float* c = call.f32_output() + batch_offset(g.c_layout, batch) + row * g.c_layout.row;
      for (std::size_t j = 0; j < g.columns; ++j) {
        const auto column = static_cast<std::ptrdiff_t>(j);
        const std::uint64_t e = unit * g.columns + j;
        std::uint32_t sum = fold_init(s, e).words[0];
        for (std::size_t k = 0; k < g.depth; ++k) {
          if (s.op == OpCode::kMatMulTriangular && !triangle_has_step(s, e, k)) continue;
          const auto depth = static_cast<std::ptrdiff_t>(k);
          sum = HardwareArithmetic::fma(
              canonical(std::bit_cast<std::uint32_t>(a[depth * g.a_depth.stride0])),
              canonical(std::bit_cast<std::uint32_t>(b[depth * g.b_depth + column * g.b_column])),
              sum);
        }
        c[column * g.c_layout.column] = std::bit_cast<float>(sum);
      }
    }
  });
}

bool is_matmul(OpCode op) { return op == OpCode::kMatMul || op == OpCode::kMatMulTriangular; }

void run_call(const KernelCall& call, const ProductOptions& options) {
  const NodeSpec& s = call.spec;
  const auto layout_or_dense = [](const MatrixLayout* layout, const TensorType& type) {
    return layout != nullptr ? *layout : dense_layout(type.shape);
  };
  Layouts layouts;
  if (is_matmul(s.op)) {
    layouts = {layout_or_dense(options.a, s.operands[0]), layout_or_dense(options.b, s.operands[1]),
               layout_or_dense(options.output, s.output)};
  }
  const std::size_t misaligned = reinterpret_cast<std::uintptr_t>(call.scratch.data()) % kAlign;
  if (s.op == OpCode::kMatMulTriangular || layouts.output.column != 1 ||
      (is_matmul(s.op) && call.isa == Isa::kReference)) {
    run_strided(call, layouts);
  } else if (call.isa == Isa::kReference || !is_fast(s)) {
    run_by_definition(call);
  } else {
    const auto scratch = call.scratch.subspan(misaligned == 0 ? 0 : kAlign - misaligned);
    Gemm g = s.op == OpCode::kMatMul ? matmul_gemm(call, layouts) : conv_gemm(call, scratch.data());
    g.c = call.f32_output();
    run_gemm(g, call.isa, scratch.subspan(own_scratch(s)), call.pool);
  }
  call_on_rows(options.on_rows, s, call.pool);
}

}  // namespace

std::size_t product_scratch_bytes(const NodeSpec& spec, unsigned threads) {
  if (!is_product(spec.op) || spec.op == OpCode::kMatMulTriangular || !is_fast(spec)) return 0;
  return kAlign + own_scratch(spec) + gemm_scratch_bytes(columns_of(spec), threads);
}

bool run_product(const KernelCall& call) {
  if (!is_product(call.spec.op)) return false;
  run_call(call, {});
  return true;
}

}  // namespace assay::numerics::internal

namespace assay::numerics {

MatrixLayout dense_layout(const Shape& shape) noexcept {
  const auto rows = static_cast<std::ptrdiff_t>(shape[shape.rank - 2U]);
  const auto columns = static_cast<std::ptrdiff_t>(shape[shape.rank - 1U]);
  return {1, rows * columns, 0, columns, 1};
}

bool is_product(OpCode op) noexcept {
  return op == OpCode::kMatMul || op == OpCode::kMatMulTriangular || op == OpCode::kConv2d ||
         op == OpCode::kConv2dGradInput || op == OpCode::kConv2dGradWeight;
}

std::size_t packed_b_bytes(Isa, const NodeSpec&) noexcept { return 0; }
void pack_b(Isa, const NodeSpec&, const MatrixLayout*, const void*, void*, TaskPool&) noexcept {}

void run_product(Isa isa, const NodeSpec& spec, const void* a, const void* b, void* output,
                 std::span<std::uint8_t> scratch, TaskPool& pool,
                 const ProductOptions& options) noexcept {
  ASSAY_EXPECTS(is_product(spec.op) && is_supported(isa) &&
                scratch.size() >= scratch_bytes(isa, spec, pool.thread_count()));
  const FloatingPointMode mode;
  const std::array<const void*, 2> operands{a, b};
  internal::run_call({isa, spec, operands, output, scratch, pool}, options);
}

}  // namespace assay::numerics
