// reduce_sum and reduce_max. Axes are merged to [outer, reduced, inner] where the mask allows, else
// each output's elements are walked by their axes.
#include <algorithm>
#include <bit>
#include <cstring>

#include "assay/numerics/fold.hpp"
#include "internal/reduce.hpp"

namespace assay::numerics::internal {
namespace {

constexpr std::size_t kLeastWork = 16'384;  // elements that a task reads

struct View {
  std::size_t outer = 1, reduced = 1, inner = 1;
  bool merges = true;
};

View view_of(const Shape& x, std::uint64_t mask) {
  View v;
  int phase = 0;  // 0: outer, 1: reduced, 2: inner
  for (unsigned axis = 0; axis < x.rank; ++axis) {
    if (x[axis] == 1) continue;
    if ((mask >> axis & 1) != 0) {
      if (phase == 2) v.merges = false;
      phase = 1;
      v.reduced *= x[axis];
    } else {
      if (phase == 1) phase = 2;
      (phase == 0 ? v.outer : v.inner) *= x[axis];
    }
  }
  return v;
}

float canonical_float(float v) {
  return std::bit_cast<float>(canonical(std::bit_cast<std::uint32_t>(v)));
}
std::uint32_t bits_of(float v) { return std::bit_cast<std::uint32_t>(v); }

float join_lanes(float (&lane)[kReduceLanes]) {
  for (unsigned half = kReduceLanes / 2; half > 0; half /= 2) {
    for (unsigned i = 0; i < half; ++i) lane[i] += lane[half + i];
  }
  return canonical_float(lane[0]);
}

// `n` rows of `columns` (at most kReduceColumns) elements, `stride` apart.
void sum_columns_scalar(const float* x, std::size_t n, std::size_t stride, std::size_t columns,
                        float* y) {
  for (std::size_t j = 0; j < columns; ++j) {
    float lane[kReduceLanes] = {};
    for (std::size_t k = 0; k < n; ++k) lane[k % kReduceLanes] += x[k * stride + j];
    y[j] = join_lanes(lane);
  }
}
void max_columns_scalar(const float* x, std::size_t n, std::size_t stride, std::size_t columns,
                        float* y) {
  for (std::size_t j = 0; j < columns; ++j) {
    std::uint32_t best = kMinusInfinity;
    for (std::size_t k = 0; k < n; ++k) best = max_bits(best, bits_of(x[k * stride + j]));
    y[j] = std::bit_cast<float>(best);
  }
}
float sum_row_scalar(const float* x, std::size_t n) {
  float y = 0;
  sum_columns_scalar(x, n, 1, 1, &y);
  return y;
}
float max_row_scalar(const float* x, std::size_t n) {
  float y = 0;
  max_columns_scalar(x, n, 1, 1, &y);
  return y;
}

void sum_walk_scalar(const float* x, const ReduceWalk& walk, std::size_t columns, float* y) {
  sum_walk(x, walk, columns, y);
}
void max_walk_scalar(const float* x, const ReduceWalk& walk, std::size_t columns, float* y) {
  max_walk(x, walk, columns, y);
}

constexpr ReduceKernels kScalarSum{sum_row_scalar, sum_columns_scalar, sum_walk_scalar};
constexpr ReduceKernels kScalarMax{max_row_scalar, max_columns_scalar, max_walk_scalar};

// Columns of a task: many, so that memory is read by long rows, but a task for each thread.
std::size_t columns_for(const TaskPool& pool, std::size_t outer, std::size_t inner) {
  const std::size_t even = (inner * outer + pool.thread_count() - 1) / pool.thread_count();
  return std::clamp<std::size_t>((even + 63) / 64 * 64, 64, kReduceColumns);
}

// Kept and reduced axes in turns, such as the windows of an average.
void run_walk(const KernelCall& call, const ReduceKernels& kernels) {
  const NodeSpec& s = call.spec;
  const Shape& x = s.operands[0].shape;
  ReduceWalk walk;
  ReduceWalk kept;  // but for the inner axes, which lie side by side
  std::size_t inner = 1;
  std::size_t stride = 1;
  for (unsigned axis = x.rank; axis-- > 0; stride *= x[axis]) {
    if (x[axis] == 1) continue;
    const bool reduced = (s.attributes[0] >> axis & 1) != 0;
    if (!reduced && walk.rank == 0) {
      inner *= x[axis];
      continue;
    }
    ReduceWalk& to = reduced ? walk : kept;
    to.size[to.rank] = x[axis];
    to.stride[to.rank++] = stride;
  }
  const std::size_t outer = s.output.shape.elements() / inner;
  const std::size_t width = columns_for(call.pool, outer, inner);
  const std::size_t blocks = (inner + width - 1) / width;
  const std::size_t each = x.elements() / (outer * blocks);
  const std::size_t least = std::max<std::size_t>(1, kLeastWork / std::max<std::size_t>(1, each));
  split(call.pool, outer * blocks, grain_for(call.pool, outer * blocks, least),
        [&](std::size_t first, std::size_t last) {
          for (std::size_t i = first; i < last; ++i) {
            std::size_t rest = i / blocks;
            std::size_t at = i % blocks * width;
            float* y = call.f32_output() + rest * inner + at;
            const std::size_t columns = std::min(width, inner - at);
            for (unsigned axis = 0; axis < kept.rank; ++axis) {
              at += rest % kept.size[axis] * kept.stride[axis];
              rest /= kept.size[axis];
            }
            kernels.walk(call.f32(0) + at, walk, columns, y);
          }
        });
}

}  // namespace

const ReduceKernels& reduce_kernels(Isa isa, bool sum) {
  if (isa >= Isa::kAvx2) return reduce_kernels_avx2(sum);
  return sum ? kScalarSum : kScalarMax;
}

bool run_reduce(const KernelCall& call) {
  const NodeSpec& s = call.spec;
  if (s.op != OpCode::kReduceSum && s.op != OpCode::kReduceMax) return false;
  const bool sum = s.op == OpCode::kReduceSum;
  const View v = view_of(s.operands[0].shape, s.attributes[0]);
  const ReduceKernels& kernels = reduce_kernels(call.isa, sum);
  if (!v.merges) return run_walk(call, kernels), true;
  const float* x = call.f32(0);
  float* y = call.f32_output();
  if (v.inner == 1) {
    const std::size_t least = std::max<std::size_t>(1, kLeastWork / v.reduced);
    split(call.pool, v.outer, grain_for(call.pool, v.outer, least),
          [&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i)
              y[i] = kernels.row(x + i * v.reduced, v.reduced);
          });
    return true;
  }
  const std::size_t width = columns_for(call.pool, v.outer, v.inner);
  const std::size_t blocks = (v.inner + width - 1) / width;
  const std::size_t least =
      std::max<std::size_t>(1, kLeastWork / v.reduced / std::min(v.inner, width));
  split(call.pool, v.outer * blocks, grain_for(call.pool, v.outer * blocks, least),
        [&](std::size_t first, std::size_t last) {
          for (std::size_t i = first; i < last; ++i) {
            const std::size_t at = i / blocks;
            const std::size_t j = i % blocks * width;
            kernels.columns(x + at * v.reduced * v.inner + j, v.reduced, v.inner,
                            std::min(width, v.inner - j), y + at * v.inner + j);
          }
        });
  return true;
}

}  // namespace assay::numerics::internal
