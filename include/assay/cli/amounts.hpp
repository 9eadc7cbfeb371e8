// Amounts of money as people write and read them. Exact: no floating point. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "assay/core/ids.hpp"
#include "assay/core/result.hpp"

namespace assay::cli {

// "12", "0.5": at most six decimals. kInvalidArgument for anything else, or what 64 bits of atoms
// do not hold.
[[nodiscard]] Result<Amount> parse_tokens(std::string_view text);
// Decimal digits.
[[nodiscard]] Result<Amount> parse_atoms(std::string_view text);

[[nodiscard]] std::string format_tokens(Amount amount);  // "12.500000 tokens"

}  // namespace assay::cli
