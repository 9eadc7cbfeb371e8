// Which element of an operand a fold step reads (docs/spec/numerics.md). Freestanding; every
// function needs a valid spec.
#pragma once

#include "assay/numerics/operator.hpp"

namespace assay::numerics {

// numpy's rule, aligned at the last axis: the operand's element under element e of the output.
[[nodiscard]] constexpr std::uint64_t broadcast_index(const Shape& output, const Shape& operand,
                                                      std::uint64_t e) noexcept {
  std::uint64_t index = 0;
  std::uint64_t stride = 1;
  for (unsigned i = 0; i < operand.rank; ++i) {
    const std::uint64_t size = output.dims[output.rank - 1 - i];
    const std::uint64_t own = operand.dims[operand.rank - 1 - i];
    if (own != 1) index += (e % size) * stride;
    e /= size;
    stride *= own;
  }
  return index;
}

// Element k of the reduced axes, row-major, under element e of the output of a reduction.
[[nodiscard]] constexpr std::uint64_t reduce_index(const Shape& x, std::uint64_t mask,
                                                   std::uint64_t e, std::uint64_t k) noexcept {
  std::uint64_t index = 0;
  std::uint64_t stride = 1;
  for (unsigned axis = x.rank; axis-- > 0;) {
    std::uint64_t& from = (mask >> axis & 1) != 0 ? k : e;
    index += from % x.dims[axis] * stride;
    from /= x.dims[axis];
    stride *= x.dims[axis];
  }
  return index;
}

[[nodiscard]] constexpr std::uint64_t reduced_count(const Shape& x, std::uint64_t mask) noexcept {
  std::uint64_t n = 1;
  for (unsigned axis = 0; axis < x.rank; ++axis) {
    if ((mask >> axis & 1) != 0) n *= x.dims[axis];
  }
  return n;
}

struct Pixel {
  std::uint64_t n, h, w, c;
};
// Coordinates of an element of a rank-4 tensor.
[[nodiscard]] constexpr Pixel pixel_of(const Shape& s, std::uint64_t e) noexcept {
  Pixel p{};
  p.c = e % s[3], e /= s[3];
  p.w = e % s[2], e /= s[2];
  p.h = e % s[1], p.n = e / s[1];
  return p;
}
[[nodiscard]] constexpr std::uint64_t pixel_index(const Shape& s, const Pixel& p) noexcept {
  return ((p.n * s[1] + p.h) * s[2] + p.w) * s[3] + p.c;
}

// An element that a multiply-add reads, or the +0 that stands where there is none.
struct Tap {
  bool inside = false;
  std::uint64_t index = 0;
};
struct TapPair {
  Tap a;
  std::uint64_t b = 0;  // always inside
};

// Input position of output position `out` under kernel position `k`; false in the padding.
[[nodiscard]] constexpr bool tap_forward(std::uint64_t out, std::uint64_t k, std::uint64_t stride,
                                         std::uint64_t padding, std::uint64_t size,
                                         std::uint64_t& in) noexcept {
  const std::uint64_t padded = out * stride + k;
  in = padded - padding;
  return padded >= padding && in < size;
}
// Output position that reads input position `in` under kernel position `k`; false if none does.
[[nodiscard]] constexpr bool tap_backward(std::uint64_t in, std::uint64_t k, std::uint64_t stride,
                                          std::uint64_t padding, std::uint64_t size,
                                          std::uint64_t& out) noexcept {
  const std::uint64_t padded = in + padding;
  if (padded < k || (padded - k) % stride != 0) return false;
  out = (padded - k) / stride;
  return out < size;
}

// The operands of step k of element e, for matmul and the three convolutions.
[[nodiscard]] constexpr TapPair product_taps(const NodeSpec& s, std::uint64_t e,
                                             std::uint64_t k) noexcept {
  const Shape& a = s.operands[0].shape;
  const Shape& b = s.operands[1].shape;
  const Shape& y = s.output.shape;
  TapPair t;
  switch (s.op) {
    case OpCode::kMatMul: {
      const unsigned r = y.rank - 2U;
      const std::uint64_t j = e % y[r + 1];
      const std::uint64_t i = e / y[r + 1] % y[r];
      const std::uint64_t batch = e / y[r + 1] / y[r];
      t.a.inside = true;
      t.a.index =
          batch * a[r] * a[r + 1] + (s.attributes[0] != 0 ? k * a[r + 1] + i : i * a[r + 1] + k);
      t.b = batch * b[r] * b[r + 1] + (s.attributes[1] != 0 ? j * b[r + 1] + k : k * b[r + 1] + j);
      return t;
    }
    case OpCode::kConv2d: {  // k = (kh, kw, ci)
      const Pixel p = pixel_of(y, e);
      Pixel in{p.n, 0, 0, k % b[2]};
      const std::uint64_t kw = k / b[2] % b[1];
      const std::uint64_t kh = k / b[2] / b[1];
      t.a.inside = tap_forward(p.h, kh, s.attributes[0], s.attributes[1], a[1], in.h) &&
                   tap_forward(p.w, kw, s.attributes[0], s.attributes[1], a[2], in.w);
      if (t.a.inside) t.a.index = pixel_index(a, in);
      t.b = k * b[3] + p.c;
      return t;
    }
    case OpCode::kConv2dGradInput: {  // a = gy, b = w, k = (kh, kw, co)
      const Pixel p = pixel_of(y, e);
      Pixel out{p.n, 0, 0, k % b[3]};
      const std::uint64_t kw = k / b[3] % b[1];
      const std::uint64_t kh = k / b[3] / b[1];
      t.a.inside = tap_backward(p.h, kh, s.attributes[0], s.attributes[1], a[1], out.h) &&
                   tap_backward(p.w, kw, s.attributes[0], s.attributes[1], a[2], out.w);
      if (t.a.inside) t.a.index = pixel_index(a, out);
      t.b = ((kh * b[1] + kw) * b[2] + p.c) * b[3] + out.c;
      return t;
    }
    default: {  // kConv2dGradWeight: a = x, b = gy, k = (n, oh, ow)
      const std::uint64_t co = e % y[3];
      Pixel in{k / b[2] / b[1], 0, 0, e / y[3] % y[2]};
      const std::uint64_t kw = e / y[3] / y[2] % y[1];
      const std::uint64_t kh = e / y[3] / y[2] / y[1];
      t.a.inside = tap_forward(k / b[2] % b[1], kh, s.attributes[0], s.attributes[1], a[1], in.h) &&
                   tap_forward(k % b[2], kw, s.attributes[0], s.attributes[1], a[2], in.w);
      if (t.a.inside) t.a.index = pixel_index(a, in);
      t.b = k * b[3] + co;
      return t;
    }
  }
}

}  // namespace assay::numerics
