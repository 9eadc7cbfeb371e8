// The unary functions, as strips: sqrt, exp, log, tanh, erf, sin, cos, rsqrt, sigmoid.
#pragma once

#include "internal/strip.hpp"

namespace assay::numerics::internal {

// The strip of a unary function, of the fastest family that `isa` allows; null for other operators.
[[nodiscard]] StripFunction function_strip(Isa isa, OpCode op);
[[nodiscard]] StripFunction function_strip_avx2(OpCode op);

}  // namespace assay::numerics::internal
