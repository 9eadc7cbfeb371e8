// Reading a TOML file of options; toml++ stays behind it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "assay/core/result.hpp"

namespace assay::cli::internal {

// Key to texts (one, or an array's items). Tables are not used: keys are the options' names.
[[nodiscard]] Result<std::map<std::string, std::vector<std::string>>> read_toml_file(
    const std::string& path);

}  // namespace assay::cli::internal
