// transpose, slice, pad and concat, and the plain C++ of what moves rows.
#include "internal/movement.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "assay/numerics/float_bits.hpp"

namespace assay::numerics::internal {
namespace {

constexpr std::size_t kPieceBytes = 65'536;  // what is worth a task of its own
constexpr std::size_t kTile = 16;            // elements: a cache line of f32

template <class T, bool is_float>
T moved(const std::uint8_t* from, std::size_t index) {
  T value;
  std::memcpy(&value, from + index * sizeof(T), sizeof value);
  if constexpr (is_float) value = canonical(value);
  return value;
}

template <class T>
void copy_rows(const RowBlock& b) {
  for (std::size_t r = 0; r < b.rows; ++r) {
    std::memcpy(b.to + r * b.to_pitch * sizeof(T), b.from + r * b.from_pitch * sizeof(T),
                b.count * sizeof(T));
  }
}

// Compilers vectorise it.
void copy_rows_f32(const RowBlock& b) {
  for (std::size_t r = 0; r < b.rows; ++r) {
    const float* from = reinterpret_cast<const float*>(b.from) + r * b.from_pitch;
    float* to = reinterpret_cast<float*>(b.to) + r * b.to_pitch;
    for (std::size_t i = 0; i < b.count; ++i)
      to[i] = std::bit_cast<float>(canonical(std::bit_cast<std::uint32_t>(from[i])));
  }
}

template <class T, bool is_float>
void turn_rows(const RowBlock& b) {
  for (std::size_t r0 = 0; r0 < b.rows; r0 += kTile) {
    const std::size_t r1 = std::min(b.rows, r0 + kTile);
    for (std::size_t c = 0; c < b.count; ++c) {
      for (std::size_t r = r0; r < r1; ++r) {
        const T value = moved<T, is_float>(b.from, r * b.from_pitch + c);
        std::memcpy(b.to + (c * b.to_pitch + r) * sizeof(T), &value, sizeof value);
      }
    }
  }
}

void add_row_scalar(float* sum, const float* row, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    sum[i] = std::bit_cast<float>(canonical(std::bit_cast<std::uint32_t>(sum[i] + row[i])));
  }
}

// The output's axes, innermost first, without those of one element and with neighbours merged that
// the source steps through alike. Strides in elements.
struct Axes {
  unsigned rank = 0;
  std::array<std::size_t, kMaxRank> size{};
  std::array<std::size_t, kMaxRank> from{};
  std::array<std::size_t, kMaxRank> to{};
};

Axes axes_of_transpose(const NodeSpec& s) {
  const Shape& x = s.operands[0].shape;
  std::array<std::size_t, kMaxRank> stride{};
  std::size_t next = 1;
  for (unsigned axis = x.rank; axis-- > 0;) {
    stride[axis] = next;
    next *= x[axis];
  }
  Axes axes;
  std::size_t to = 1;
  for (unsigned i = x.rank; i-- > 0;) {
    const std::size_t size = s.output.shape[i];
    const std::size_t from = stride[s.attributes[0] >> (4 * i) & 15];
    if (size == 1) continue;
    const unsigned last = axes.rank - 1;
    if (axes.rank > 0 && from == axes.from[last] * axes.size[last]) {
      axes.size[last] *= size;
    } else {
      axes.size[axes.rank] = size;
      axes.from[axes.rank] = from;
      axes.to[axes.rank++] = to;
    }
    to *= size;
  }
  return axes;
}

// Where block `unit` of the axes beyond `a` and `b` lies.
struct Offsets {
  std::size_t from = 0, to = 0;
};
Offsets offsets_of(const Axes& axes, unsigned a, unsigned b, std::size_t unit) {
  Offsets at;
  for (unsigned i = 0; i < axes.rank; ++i) {
    if (i == a || i == b) continue;
    at.from += unit % axes.size[i] * axes.from[i];
    at.to += unit % axes.size[i] * axes.to[i];
    unit /= axes.size[i];
  }
  return at;
}

// The innermost axis of the source among the output's: the one with the least stride.
unsigned innermost_of_source(const Axes& axes) {
  const auto* least = std::min_element(axes.from.begin(), axes.from.begin() + axes.rank);
  return static_cast<unsigned>(least - axes.from.begin());
}

void transpose(const KernelCall& call) {
  const Axes axes = axes_of_transpose(call.spec);
  const std::size_t bytes = size_of(call.spec.output.dtype);
  const MovementKernels kernels = movement_kernels(call.isa, call.spec.output.dtype);
  const auto* from = static_cast<const std::uint8_t*>(call.operands[0]);
  auto* to = static_cast<std::uint8_t*>(call.output);
  const std::size_t elements = call.spec.output.shape.elements();
  if (axes.rank <= 1) {  // nothing moves: all axes merge
    return copy_block(call, kernels, static_cast<std::uint32_t>(bytes),
                      {from, to, elements, elements, elements, 1});
  }
  // Rows stay rows where both innermost axes are the same one; else they are turned. Axis `inner`
  // runs along the source's rows, `outer` from row to row.
  const unsigned inner = innermost_of_source(axes);
  const bool turns = inner != 0;
  const unsigned outer = turns ? 0 : 1;
  const std::size_t piece = turns ? axes.size[inner] : axes.size[outer];
  // A task takes some columns of a turn (a whole tile's, to write whole cache lines) or some rows
  // of a copy.
  const std::size_t other = elements / axes.size[inner] / axes.size[outer];
  const std::size_t across = turns ? axes.size[outer] : axes.size[inner];
  const std::size_t step =
      std::max(kTile, kPieceBytes / std::max<std::size_t>(1, across * bytes) / kTile * kTile);
  const std::size_t steps = (piece + step - 1) / step;
  split(call.pool, other * steps, grain_for(call.pool, other * steps, 1),
        [&](std::size_t first, std::size_t last) {
          for (std::size_t unit = first; unit < last; ++unit) {
            Offsets at = offsets_of(axes, inner, outer, unit / steps);
            const std::size_t start = unit % steps * step;
            const std::size_t n = std::min(step, piece - start);
            const unsigned along = turns ? inner : outer;
            at.from += start * axes.from[along];
            at.to += start * axes.to[along];
            const RowBlock block{from + at.from * bytes,
                                 to + at.to * bytes,
                                 axes.from[outer],
                                 turns ? axes.to[inner] : axes.to[outer],
                                 turns ? n : axes.size[inner],
                                 turns ? axes.size[outer] : n};
            (turns ? kernels.turn : kernels.copy)(block);
          }
        });
}

void clear_block(const KernelCall& call, std::size_t bytes, const RowBlock& b) {
  const std::size_t row = b.count * bytes;
  if (row == 0) return;
  const std::size_t least = std::max<std::size_t>(1, kPieceBytes / row);
  split(call.pool, b.rows, grain_for(call.pool, b.rows, least),
        [&](std::size_t first, std::size_t last) {
          for (std::size_t r = first; r < last; ++r)
            std::memset(b.to + r * b.to_pitch * bytes, 0, row);
        });
}

// slice, pad and concat: rows of the axis and what is behind it, at a place within rows.
void move_along(const KernelCall& call) {
  const NodeSpec& s = call.spec;
  const auto axis = static_cast<unsigned>(s.attributes[0]);
  const Shape& y = s.output.shape;
  const std::uint32_t bytes = size_of(s.output.dtype);
  const MovementKernels kernels = movement_kernels(call.isa, s.output.dtype);
  std::size_t inner = 1;
  for (unsigned i = axis + 1; i < y.rank; ++i) inner *= y[i];
  const std::size_t row = y[axis] * inner;
  const std::size_t rows = y.elements() / row;
  auto* to = static_cast<std::uint8_t*>(call.output);
  const auto from = [&](unsigned i) { return static_cast<const std::uint8_t*>(call.operands[i]); };
  const auto row_of = [&](unsigned i) { return s.operands[i].shape[axis] * inner; };
  const std::size_t own = row_of(0);
  const auto at = [bytes](auto* p, std::size_t elements) { return p + elements * bytes; };
  switch (s.op) {
    case OpCode::kSlice:
      return copy_block(call, kernels, bytes,
                        {at(from(0), s.attributes[1] * inner), to, own, row, row, rows});
    case OpCode::kConcat:
      copy_block(call, kernels, bytes, {from(0), to, own, row, own, rows});
      return copy_block(call, kernels, bytes,
                        {from(1), at(to, own), row - own, row, row - own, rows});
    default: {  // kPad
      const std::size_t before = s.attributes[1] * inner;
      const std::size_t behind = before + own;
      clear_block(call, bytes, {nullptr, to, 0, row, before, rows});
      clear_block(call, bytes, {nullptr, at(to, behind), 0, row, row - behind, rows});
      copy_block(call, kernels, bytes, {from(0), at(to, before), own, row, own, rows});
    }
  }
}

}  // namespace

void copy_block(const KernelCall& call, const MovementKernels& kernels, std::uint32_t element_bytes,
                const RowBlock& b) {
  const bool by_rows = b.rows >= 2 * std::size_t{call.pool.thread_count()};
  const std::size_t units = by_rows ? b.rows : b.count;
  const std::size_t unit_bytes = (by_rows ? b.count : b.rows) * element_bytes;
  const std::size_t least = std::max<std::size_t>(1, kPieceBytes / unit_bytes);
  split(call.pool, units, grain_for(call.pool, units, least),
        [&](std::size_t first, std::size_t last) {
          RowBlock part = b;
          (by_rows ? part.rows : part.count) = last - first;
          part.from += first * (by_rows ? b.from_pitch : 1) * element_bytes;
          part.to += first * (by_rows ? b.to_pitch : 1) * element_bytes;
          kernels.copy(part);
        });
}

MovementKernels movement_kernels(Isa isa, DType dtype) {
  switch (size_of(dtype)) {
    case 1: return {copy_rows<std::uint8_t>, turn_rows<std::uint8_t, false>};
    case 8: return {copy_rows<std::uint64_t>, turn_rows<std::uint64_t, false>};
    default: break;
  }
  if (isa >= Isa::kAvx2) return movement_kernels_avx2(dtype == DType::kF32);
  if (dtype == DType::kF32) return {copy_rows_f32, turn_rows<std::uint32_t, true>};
  return {copy_rows<std::uint32_t>, turn_rows<std::uint32_t, false>};
}

AddRow add_row_kernel(Isa isa) { return isa >= Isa::kAvx2 ? add_row_avx2 : add_row_scalar; }

bool run_movement(const KernelCall& call) {
  switch (call.spec.op) {
    case OpCode::kTranspose: return transpose(call), true;
    case OpCode::kSlice:
    case OpCode::kPad:
    case OpCode::kConcat: return move_along(call), true;
    default: return false;
  }
}

}  // namespace assay::numerics::internal
