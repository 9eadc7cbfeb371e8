// A row of pooling windows over all channels.
#pragma once

#include "internal/kernel_call.hpp"

namespace assay::numerics::internal {

struct WindowStrides {
  std::size_t size;   // rows and columns of the window
  std::size_t line;   // elements from row to row
  std::size_t pixel;  // elements from column to column
};

struct PoolKernels {
  // `windows` of them side by side.
  void (*max)(const WindowStrides& w, std::size_t windows, const float* x, std::size_t channels,
              float* y);
  void (*grad)(const WindowStrides& w, std::size_t windows, const float* x, const float* y,
               const float* gy, std::size_t channels, float* gx);
};

[[nodiscard]] const PoolKernels& pool_kernels_avx2();

}  // namespace assay::numerics::internal
