// Reductions of one row, and of up to kReduceColumns columns side by side.
#pragma once

#include <bit>
#include <cstring>

#include "assay/numerics/float_bits.hpp"
#include "internal/kernel_call.hpp"

namespace assay::numerics::internal {

inline constexpr std::size_t kReduceColumns = 256;  // inner outputs at once

// Reduced elements in another order than one distance apart: mixed radix, innermost digit first.
struct ReduceWalk {
  unsigned rank = 0;
  std::size_t size[kMaxRank] = {};
  std::size_t stride[kMaxRank] = {};
};

struct ReduceKernels {
  float (*row)(const float* x, std::size_t n);
  void (*columns)(const float* x, std::size_t n, std::size_t stride, std::size_t columns, float* y);
  void (*walk)(const float* x, const ReduceWalk& walk, std::size_t columns, float* y);
};

// visit(k, offset) for the walk's elements in their order.
template <class Visit>
inline __attribute__((always_inline)) void for_walk(const ReduceWalk& walk, const Visit& visit) {
  std::size_t digit[kMaxRank] = {};
  std::size_t offset = 0;
  std::size_t k = 0;
  while (true) {
    for (std::size_t i = 0; i < walk.size[0]; ++i) visit(k++, offset + i * walk.stride[0]);
    unsigned axis = 1;
    while (axis < walk.rank && ++digit[axis] == walk.size[axis]) {
      offset -= (walk.size[axis] - 1) * walk.stride[axis];
      digit[axis++] = 0;
    }
    if (axis >= walk.rank) return;
    offset += walk.stride[axis];
  }
}

// For each instruction set to compile in its own way.
inline __attribute__((always_inline)) void sum_walk(const float* x, const ReduceWalk& walk,
                                                    std::size_t columns, float* y) {
  constexpr std::size_t kLanes = 16;
  alignas(64) float lane[kLanes][kReduceColumns];
  for (auto& l : lane) std::memset(l, 0, columns * sizeof(float));
  for_walk(walk, [&](std::size_t k, std::size_t offset) {
    float* __restrict to = lane[k % kLanes];
    const float* __restrict from = x + offset;
    for (std::size_t j = 0; j < columns; ++j) to[j] += from[j];
  });
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t l = 0; l < half; ++l) {
      for (std::size_t j = 0; j < columns; ++j) lane[l][j] += lane[half + l][j];
    }
  }
  for (std::size_t j = 0; j < columns; ++j)
    y[j] = std::bit_cast<float>(canonical(std::bit_cast<std::uint32_t>(lane[0][j])));
}
inline __attribute__((always_inline)) void max_walk(const float* x, const ReduceWalk& walk,
                                                    std::size_t columns, float* y) {
  std::uint32_t best[kReduceColumns];
  for (std::size_t j = 0; j < columns; ++j) best[j] = kMinusInfinity;
  for_walk(walk, [&](std::size_t, std::size_t offset) {
    for (std::size_t j = 0; j < columns; ++j)
      best[j] = max_bits(best[j], std::bit_cast<std::uint32_t>(x[offset + j]));
  });
  std::memcpy(y, best, columns * sizeof(float));
}

[[nodiscard]] const ReduceKernels& reduce_kernels(Isa isa, bool sum);
[[nodiscard]] const ReduceKernels& reduce_kernels_avx2(bool sum);

}  // namespace assay::numerics::internal
