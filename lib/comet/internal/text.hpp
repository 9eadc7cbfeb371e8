// Texts in CometBFT's JSON. Each value has one text; none: it is another one.
#pragma once

#include <string_view>

#include "assay/comet/types.hpp"

namespace assay::comet::internal {

// Decimal digits without a leading zero, from 0 to INT64_MAX.
[[nodiscard]] std::optional<std::int64_t> number_from_text(std::string_view text);
// RFC 4648 with padding.
[[nodiscard]] std::optional<Bytes> bytes_from_base64(std::string_view text);
// RFC 3339 in UTC; of the digits after the point, none is a zero at the end.
[[nodiscard]] std::optional<Time> time_from_text(std::string_view text);

}  // namespace assay::comet::internal
