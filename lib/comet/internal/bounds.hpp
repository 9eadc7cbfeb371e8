// The bounds of comet/types.hpp.
#pragma once

#include "assay/comet/types.hpp"

namespace assay::comet::internal {

[[nodiscard]] constexpr bool is_time(const Time& time) {
  return time >= kFirstTime && time <= kLastTime && time.nanos >= 0 && time.nanos <= 999'999'999;
}

// Each field on its own: neither hashes, signatures nor sums.
[[nodiscard]] bool is_in_bounds(const LightBlock& block);

}  // namespace assay::comet::internal
