// Reductions of one row, and of up to 64 columns side by side.
#pragma once

#include "internal/kernel_call.hpp"

namespace assay::numerics::internal {

struct ReduceKernels {
  float (*row)(const float* x, std::size_t n);
  void (*columns)(const float* x, std::size_t n, std::size_t stride, std::size_t columns, float* y);
};

[[nodiscard]] const ReduceKernels& reduce_kernels(Isa isa, bool sum);
[[nodiscard]] const ReduceKernels& reduce_kernels_avx2(bool sum);

}  // namespace assay::numerics::internal
