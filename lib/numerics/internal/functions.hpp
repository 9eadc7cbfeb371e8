// The unary functions, as strips: sqrt, exp, log, tanh, erf, sin, cos, rsqrt, sigmoid.
#pragma once

#include "internal/strip.hpp"

namespace assay::numerics::internal {

// The strip of a unary function, of the fastest family that `isa` allows; null for other operators.
[[nodiscard]] StripFunction function_strip(Isa isa, OpCode op);
// Those of one family.
[[nodiscard]] StripFunction function_strip_neon(OpCode op);
[[nodiscard]] StripFunction function_strip_avx2(OpCode op);
[[nodiscard]] StripFunction function_strip_avx512(OpCode op);

// y[i] = exact(x[i]) for each bit i of `lanes`.
using Exact = std::uint32_t (*)(std::uint32_t) noexcept;
void repair(float* y, const float* x, unsigned lanes, Exact exact);

}  // namespace assay::numerics::internal
