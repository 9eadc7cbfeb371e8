// conv2d and its two gradients as products (internal/gemm.hpp): the input is read through offsets,
// from a copy with the padding written out where there is padding. Groups are the product's
// batches.
#pragma once

#include "internal/gemm.hpp"

namespace assay::numerics::internal {

// Whether the product takes this convolution; the definition does if not.
[[nodiscard]] bool conv_is_product(const NodeSpec& spec);
// Of the copies that conv_gemm makes; a multiple of kAlign.
[[nodiscard]] std::size_t conv_scratch_bytes(const NodeSpec& spec);
// Sizes and strides alone.
[[nodiscard]] Gemm conv_shape(const NodeSpec& spec);
// With operands, after copying what must be copied to `scratch`, aligned to kAlign.
[[nodiscard]] Gemm conv_gemm(const KernelCall& call, std::uint8_t* scratch);

}  // namespace assay::numerics::internal
