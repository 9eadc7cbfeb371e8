// Descriptions from names and values, as the tables of a TOML file give them (docs/spec/models.md
// has the names). This room knows no file format.
#pragma once

#include <map>
#include <string>

#include "assay/models/description.hpp"

namespace assay::models {

using Setting = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>>;
using Settings = std::map<std::string, Setting, std::less<>>;

// The [model] table: "family" (mlp, cnn, resnet, gpt or llama), and the fields of that family's
// struct that shall not be the default. Errors of all: kInvalidArgument, naming the field and what
// it may be; for an unknown name, those that there are. Ranges are validate()'s to check.
[[nodiscard]] Result<Network> read_network(const Settings& model);

// The [optimizer] table: "kind" and the fields of OptimizerOptions, over what `options` holds.
[[nodiscard]] Status read_optimizer(const Settings& optimizer, OptimizerOptions& options);

// The [training] table, over what `d` holds: "batch", "accumulation", "predict_batch", and "steps",
// which stays 0 if not named.
[[nodiscard]] Status read_training(const Settings& training, ModelDescription& d,
                                   std::uint64_t& steps);

}  // namespace assay::models
