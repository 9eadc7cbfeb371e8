// Strips of several rows whose operands may repeat one element along a row.
#pragma once

#include "assay/numerics/strips.hpp"

namespace assay::numerics::internal {

// Null if there is none.
[[nodiscard]] Strip::Run row_strip_avx2(const StripSpec& spec);

}  // namespace assay::numerics::internal
