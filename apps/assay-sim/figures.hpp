// The figures of docs/economics.md, each a chart of one sweep.
#pragma once

#include "assay/cli/chart.hpp"
#include "assay/sim/economy.hpp"

namespace assay::app {

struct Figure {
  std::string name;  // of its files
  cli::Chart chart;
};
// Every sweep starts from `base`.
[[nodiscard]] std::vector<Figure> economics_figures(const sim::EconomyOptions& base);

// A row an epoch, RFC 4180.
[[nodiscard]] std::string epochs_csv(const std::vector<sim::EpochRow>& rows);
[[nodiscard]] std::string attacks_csv(const std::vector<sim::AttackRow>& rows);

}  // namespace assay::app
