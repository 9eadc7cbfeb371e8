// Line charts as SVG text, and their numbers as CSV: panels side by side, each with a legend below.
// Thread-safe.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace assay::cli {

// Values below are finite; a logarithmic y leaves out what is not above 0.
struct ChartLine {
  std::string label;
  std::size_t colour = 0;  // lines of one number share a colour
  bool is_dashed = false;
  std::vector<std::pair<double, double>> points;  // x, y; in order of x
};

enum class XAxis {
  kRanks,   // every x that occurs, evenly spaced and labelled
  kLinear,  // from the least to the greatest
};
enum class YAxis { kLinear, kPowersOfTen };

struct ChartPanel {
  std::string title;
  std::string x_label;
  XAxis x = XAxis::kLinear;
  YAxis y = YAxis::kLinear;
  std::vector<ChartLine> lines;
};

struct Chart {
  std::string title;
  std::vector<ChartPanel> panels;
};

[[nodiscard]] std::string chart_svg(const Chart& chart);
// RFC 4180, with the header panel,line,x,y and a row a point.
[[nodiscard]] std::string chart_csv(const Chart& chart);

}  // namespace assay::cli
