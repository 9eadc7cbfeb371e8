// Reading a TOML file of options; toml++ stays behind it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "assay/models/settings.hpp"

namespace assay::cli::internal {

// Key to texts (one, or an array's items). No tables: keys are the options' names.
[[nodiscard]] Result<std::map<std::string, std::vector<std::string>>> read_toml_file(
    const std::string& path);

// A file of tables of plain values (models/settings.hpp): a number, a text, true or false, or a
// list of whole numbers. Errors: kInvalidArgument, naming the line or the field.
[[nodiscard]] Result<std::map<std::string, models::Settings>> read_toml_tables(
    const std::string& path);

}  // namespace assay::cli::internal
