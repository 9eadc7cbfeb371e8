// max_pool2d and its gradient: windows in the order of memory, channels side by side.
#include <bit>
#include <cstring>

#include "assay/numerics/float_bits.hpp"
#include "internal/pool.hpp"

namespace assay::numerics::internal {
namespace {

void max_window_scalar(const WindowStrides& w, const float* x, std::size_t channels, float* y) {
  for (std::size_t c = 0; c < channels; ++c) {
    std::uint32_t best = kMinusInfinity;
    for (std::size_t i = 0; i < w.size; ++i) {
      for (std::size_t j = 0; j < w.size; ++j) {
        best = max_bits(best, std::bit_cast<std::uint32_t>(x[i * w.line + j * w.pixel + c]));
      }
    }
    y[c] = std::bit_cast<float>(best);
  }
}

void grad_window_scalar(const WindowStrides& w, const float* x, const float* y, const float* gy,
                        std::size_t channels, float* gx) {
  for (std::size_t c = 0; c < channels; ++c) {
    const std::uint32_t best = canonical(std::bit_cast<std::uint32_t>(y[c]));
    const std::uint32_t grad = canonical(std::bit_cast<std::uint32_t>(gy[c]));
    bool found = false;
    for (std::size_t i = 0; i < w.size; ++i) {
      for (std::size_t j = 0; j < w.size; ++j) {
        const std::size_t at = i * w.line + j * w.pixel + c;
        const bool here = !found && canonical(std::bit_cast<std::uint32_t>(x[at])) == best;
        gx[at] = std::bit_cast<float>(here ? grad : 0U);
        found = found || here;
      }
    }
  }
}

void max_row_scalar(const WindowStrides& w, std::size_t windows, const float* x,
                    std::size_t channels, float* y) {
  for (std::size_t i = 0; i < windows; ++i)
    max_window_scalar(w, x + i * w.size * w.pixel, channels, y + i * channels);
}
void grad_row_scalar(const WindowStrides& w, std::size_t windows, const float* x, const float* y,
                     const float* gy, std::size_t channels, float* gx) {
  for (std::size_t i = 0; i < windows; ++i) {
    const std::size_t at = i * w.size * w.pixel;
    grad_window_scalar(w, x + at, y + i * channels, gy + i * channels, channels, gx + at);
  }
}

constexpr PoolKernels kScalar{max_row_scalar, grad_row_scalar};

}  // namespace

bool run_pool(const KernelCall& call) {
  const NodeSpec& s = call.spec;
  if (s.op != OpCode::kMaxPool2d && s.op != OpCode::kMaxPool2dGrad) return false;
  const PoolKernels& kernels = call.isa >= Isa::kAvx2 ? pool_kernels_avx2() : kScalar;
  const Shape& x = s.operands[0].shape;
  const bool forward = s.op == OpCode::kMaxPool2d;
  const Shape& y = forward ? s.output.shape : s.operands[1].shape;
  const std::size_t channels = x[3];
  const WindowStrides strides{s.attributes[0], x[2] * channels, channels};
  const std::size_t rows = y[0] * y[1];
  const float* in = call.f32(0);
  float* out = call.f32_output();
  const bool covered = x[1] == y[1] * strides.size && x[2] == y[2] * strides.size;
  if (!forward && !covered) std::memset(out, 0, s.output.byte_count());
  split(call.pool, rows, grain_for(call.pool, rows, 16), [&](std::size_t first, std::size_t last) {
    for (std::size_t row = first; row < last; ++row) {
      const std::size_t top = row / y[1] * x[1] + row % y[1] * strides.size;
      const std::size_t at_x = top * x[2] * channels;
      const std::size_t at_y = row * y[2] * channels;
      if (forward) {
        kernels.max(strides, y[2], in + at_x, channels, out + at_y);
      } else {
        kernels.grad(strides, y[2], in + at_x, call.f32(1) + at_y, call.f32(2) + at_y, channels,
                     out + at_x);
      }
    }
  });
  return true;
}

}  // namespace assay::numerics::internal
