// A report of cli/overhead.hpp drawn as SVG: two panels over the commit interval.
#include <algorithm>
#include <map>

#include "assay/cli/chart.hpp"
#include "assay/cli/overhead.hpp"

namespace assay::cli {

namespace {

constexpr const char* kXLabel = "steps between committed roots";

// The lines of one quantity: a colour a model, dashed for all but the greatest number of threads.
template <class ValueOf>
void add_lines(ChartPanel& panel, const OverheadReport& report, ValueOf&& value_of) {
  std::uint64_t most_threads = 0;
  for (const OverheadRow& row : report.rows) most_threads = std::max(most_threads, row.threads);
  std::map<std::string, std::size_t> colours;
  std::map<std::string, std::size_t> known;
  for (const OverheadRow& row : report.rows) {
    const std::size_t colour = colours.emplace(row.model, colours.size()).first->second;
    const std::optional<double> value = value_of(row);
    if (!value || !(*value > 0)) continue;
    const std::string label = row.model + ", " + std::to_string(row.threads) +
                              (row.threads == 1 ? " thread" : " threads");
    const auto [entry, is_new] = known.emplace(label, panel.lines.size());
    if (is_new) panel.lines.push_back({label, colour, row.threads != most_threads, {}});
    panel.lines[entry->second].points.emplace_back(static_cast<double>(row.interval), *value);
  }
}

}  // namespace

std::string overhead_svg(const OverheadReport& report) {
  Chart chart{"What proof-of-learning costs",
              {{"State roots, in percent of training time",
                kXLabel,
                XAxis::kRanks,
                YAxis::kPowersOfTen,
                {}},
               {"A dispute, in seconds that both sides compute",
                kXLabel,
                XAxis::kRanks,
                YAxis::kPowersOfTen,
                {}}}};
  add_lines(chart.panels[0], report,
            [](const OverheadRow& row) { return std::optional(100 * row.root_share.median); });
  add_lines(chart.panels[1], report, [](const OverheadRow& row) {
    return row.dispute ? std::optional(row.dispute->defender_s + row.dispute->challenger_s)
                       : std::nullopt;
  });
  return chart_svg(chart);
}

}  // namespace assay::cli
