// The JSON that programs send each other: no escapes, no bytes beyond ASCII, no fractions and no
// negative numbers.
#pragma once

#include <optional>

#include "assay/codec/json.hpp"

namespace assay::codec::internal {

// None for whatever is not that, malformed or over a limit: the parser for all of JSON decides.
[[nodiscard]] std::optional<Json> parse_plain_json(std::string_view text, const JsonLimits& limits);

}  // namespace assay::codec::internal
