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

// The place in the operand of the element of a transpose's output.
[[nodiscard]] constexpr std::uint64_t transpose_index(const NodeSpec& s, std::uint64_t e) noexcept {
  const Shape& x = s.operands[0].shape;
  std::array<std::uint64_t, kMaxRank> stride{};
  std::uint64_t next = 1;
  for (unsigned axis = x.rank; axis-- > 0;) {
    stride[axis] = next;
    next *= x[axis];
  }
  std::uint64_t index = 0;
  for (unsigned i = x.rank; i-- > 0;) {
    const std::uint64_t size = s.output.shape[i];
    index += e % size * stride[s.attributes[0] >> (4 * i) & 15];
    e /= size;
  }
  return index;
}

// An element of slice, pad or concat: where it is read, in which operand; outside: it is 0.
struct Piece {
  bool inside = true;
  unsigned operand = 0;
  std::uint64_t index = 0;
};
[[nodiscard]] constexpr Piece piece_of(const NodeSpec& s, std::uint64_t e) noexcept {
  const auto axis = static_cast<unsigned>(s.attributes[0]);
  const Shape& y = s.output.shape;
  std::uint64_t inner = 1;
  for (unsigned i = axis + 1; i < y.rank; ++i) inner *= y[i];
  std::uint64_t at = e / inner % y[axis];
  const std::uint64_t outer = e / inner / y[axis];
  Piece piece;
  if (s.op == OpCode::kSlice) {
    at += s.attributes[1];
  } else if (s.op == OpCode::kPad) {
    piece.inside = at >= s.attributes[1] && at - s.attributes[1] < s.operands[0].shape[axis];
    at -= s.attributes[1];
  } else if (at >= s.operands[0].shape[axis]) {
    at -= s.operands[0].shape[axis];
    piece.operand = 1;
  }
  const std::uint64_t own = s.operands[piece.operand].shape[axis];
  piece.index = (outer * own + at) * inner + e % inner;
  return piece;
}

// Row and column of an element of a matmul's output.
struct MatrixPlace {
  std::uint64_t row = 0;
  std::uint64_t column = 0;
};
[[nodiscard]] constexpr MatrixPlace matrix_place(const Shape& y, std::uint64_t e) noexcept {
  const std::uint64_t columns = y[y.rank - 1U];
  return {e / columns % y[y.rank - 2U], e % columns};
}
// Whether element e of a triangular matmul is a chain rather than the fill.
[[nodiscard]] constexpr bool triangle_has_chain(const NodeSpec& s, std::uint64_t e) noexcept {
  if (s.attributes[2] != static_cast<std::uint64_t>(TrianglePart::kOutput)) return true;
  const MatrixPlace at = matrix_place(s.output.shape, e);
  return at.column <= at.row + s.attributes[3];
}
// Whether step k of element e of a triangular matmul multiplies.
[[nodiscard]] constexpr bool triangle_has_step(const NodeSpec& s, std::uint64_t e,
                                               std::uint64_t k) noexcept {
  const std::uint64_t row = matrix_place(s.output.shape, e).row;
  switch (static_cast<TrianglePart>(s.attributes[2])) {
    case TrianglePart::kLowerA: return k <= row + s.attributes[3];
    case TrianglePart::kUpperA: return row <= k + s.attributes[3];
    default: return triangle_has_chain(s, e);
  }
}

// Groups of a convolution whose framed operand has `channels` channels of `per_group` each.
struct ConvGroups {
  std::uint64_t count = 1;
  std::uint64_t inputs = 0;  // channels of one group
  std::uint64_t outputs = 0;
};
[[nodiscard]] constexpr ConvGroups conv_groups(const Shape& x, const Shape& w) noexcept {
  const std::uint64_t count = x[3] / w[2];
  return {count, w[2], w[3] / count};
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
    case OpCode::kMatMul:
    case OpCode::kMatMulTriangular: {
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
      const ConvGroups groups = conv_groups(a, b);
      Pixel in{p.n, 0, 0, p.c / groups.outputs * groups.inputs + k % b[2]};
      const std::uint64_t kw = k / b[2] % b[1];
      const std::uint64_t kh = k / b[2] / b[1];
      t.a.inside = tap_forward(p.h, kh, s.attributes[0], s.attributes[1], a[1], in.h) &&
                   tap_forward(p.w, kw, s.attributes[0], s.attributes[1], a[2], in.w);
      if (t.a.inside) t.a.index = pixel_index(a, in);
      t.b = k * b[3] + p.c;
      return t;
    }
    case OpCode::kConv2dGradInput: {  // a = gy, b = w, k = (kh, kw, co in the group)
      const Pixel p = pixel_of(y, e);
      const ConvGroups groups = conv_groups(y, b);
      Pixel out{p.n, 0, 0, p.c / groups.inputs * groups.outputs + k % groups.outputs};
      const std::uint64_t kw = k / groups.outputs % b[1];
      const std::uint64_t kh = k / groups.outputs / b[1];
      t.a.inside = tap_backward(p.h, kh, s.attributes[0], s.attributes[1], a[1], out.h) &&
                   tap_backward(p.w, kw, s.attributes[0], s.attributes[1], a[2], out.w);
      if (t.a.inside) t.a.index = pixel_index(a, out);
      t.b = ((kh * b[1] + kw) * b[2] + p.c % groups.inputs) * b[3] + out.c;
      return t;
    }
    default: {  // kConv2dGradWeight: a = x, b = gy, k = (n, oh, ow)
      const std::uint64_t co = e % y[3];
      const ConvGroups groups = conv_groups(a, y);
      Pixel in{k / b[2] / b[1], 0, 0, co / groups.outputs * groups.inputs + e / y[3] % y[2]};
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
