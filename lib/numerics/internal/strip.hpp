// Strips: n outputs that lie side by side, from operands that do so too.
#pragma once

#include <cstddef>

#include "internal/kernel_call.hpp"

namespace assay::numerics::internal {

using StripFunction = void (*)(void* out, const void* const* in, std::size_t n);

// The strip of a one-step operator; null if there is none.
[[nodiscard]] StripFunction scalar_strip(const NodeSpec& spec);
[[nodiscard]] StripFunction avx2_strip(const NodeSpec& spec);

// Copies with canonical NaN.
void copy_f32_scalar(void* out, const void* const* in, std::size_t n);
void copy_f32_avx2(void* out, const void* const* in, std::size_t n);

}  // namespace assay::numerics::internal
