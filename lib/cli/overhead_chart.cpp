// A report of cli/overhead.hpp drawn as SVG: two panels over the commit interval, both logarithmic.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "assay/cli/overhead.hpp"

namespace assay::cli {

namespace {

constexpr double kPanelWidth = 400;
constexpr double kPanelHeight = 300;
constexpr double kLeft = 80;
constexpr double kTop = 64;
constexpr double kGap = 110;
constexpr double kLegendLine = 20;
// Told apart by people who do not see red and green alike (Okabe and Ito, 2008).
constexpr const char* kColours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                    "#e69f00", "#56b4e9", "#000000"};

std::string format(const char* pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else {
      out += c;
    }
  }
  return out;
}

struct Line {
  std::string label;
  std::string colour;
  bool is_dashed = false;
  std::vector<std::pair<double, double>> points;  // interval, value above 0
};

struct Panel {
  std::string title;
  std::vector<Line> lines;
};

struct Axis {
  int low = 0;  // powers of ten
  int high = 1;
};

Axis axis_of(const std::vector<Line>& lines) {
  double least = INFINITY;
  double most = 0;
  for (const Line& line : lines) {
    for (const auto& [x, y] : line.points) {
      least = std::min(least, y);
      most = std::max(most, y);
    }
  }
  if (most == 0) return {};
  Axis axis{static_cast<int>(std::floor(std::log10(least))),
            static_cast<int>(std::ceil(std::log10(most)))};
  if (axis.high == axis.low) ++axis.high;
  return axis;
}

class Svg {
 public:
  void line(double x1, double y1, double x2, double y2, const char* style) {
    m_text += "<line x1='" + at(x1) + "' y1='" + at(y1) + "' x2='" + at(x2) + "' y2='" + at(y2) +
              "' " + style + "/>\n";
  }
  void text(double x, double y, const char* style, const std::string& words) {
    m_text +=
        "<text x='" + at(x) + "' y='" + at(y) + "' " + style + ">" + escaped(words) + "</text>\n";
  }
  void path(const std::vector<std::pair<double, double>>& points, const Line& line) {
    std::string list;
    for (const auto& [x, y] : points) list += at(x) + "," + at(y) + " ";
    m_text += "<polyline points='" + list + "' fill='none' stroke='" + line.colour +
              "' stroke-width='2'" + (line.is_dashed ? " stroke-dasharray='6 4'" : "") + "/>\n";
    for (const auto& [x, y] : points) {
      m_text += "<circle cx='" + at(x) + "' cy='" + at(y) + "' r='3.5' stroke='" + line.colour +
                "' stroke-width='2' fill='" + (line.is_dashed ? "white" : line.colour) + "'/>\n";
    }
  }
  [[nodiscard]] std::string document(double width, double height) const {
    return "<svg xmlns='http://www.w3.org/2000/svg' width='" + at(width) + "' height='" +
           at(height) + "' font-family='sans-serif' font-size='12'>\n" +
           "<rect width='100%' height='100%' fill='white'/>\n" + m_text + "</svg>\n";
  }

 private:
  static std::string at(double value) { return format("%.1f", value); }
  std::string m_text;
};

constexpr const char* kMiddle = "text-anchor='middle'";
constexpr const char* kEnd = "text-anchor='end'";
constexpr const char* kTitle = "font-weight='bold' font-size='13'";
constexpr const char* kGrid = "stroke='#dddddd'";

void draw(Svg& svg, const Panel& panel, const std::vector<std::uint64_t>& intervals, double left) {
  const Axis axis = axis_of(panel.lines);
  const auto y_of = [&](double value) {
    return kTop + kPanelHeight * (axis.high - std::log10(value)) / (axis.high - axis.low);
  };
  const auto x_of = [&](std::size_t i) {
    return left +
           kPanelWidth * (static_cast<double>(i) + 0.5) / static_cast<double>(intervals.size());
  };
  svg.text(left, kTop - 16, kTitle, panel.title);
  for (int power = axis.low; power <= axis.high; ++power) {
    const double value = std::pow(10.0, power);
    svg.line(left, y_of(value), left + kPanelWidth, y_of(value), kGrid);
    svg.text(left - 8, y_of(value) + 4, kEnd, format("%g", value));
  }
  for (std::size_t i = 0; i < intervals.size(); ++i)
    svg.text(x_of(i), kTop + kPanelHeight + 20, kMiddle, std::to_string(intervals[i]));
  svg.text(left + kPanelWidth / 2, kTop + kPanelHeight + 40, kMiddle,
           "steps between committed roots");
  double legend = kTop + kPanelHeight + 66;
  for (const Line& line : panel.lines) {
    std::vector<std::pair<double, double>> points;
    for (const auto& [interval, value] : line.points) {
      const auto found =
          std::find(intervals.begin(), intervals.end(), static_cast<std::uint64_t>(interval));
      points.emplace_back(x_of(static_cast<std::size_t>(found - intervals.begin())), y_of(value));
    }
    svg.path(points, line);
    svg.path({{left, legend - 4}, {left + 26, legend - 4}}, line);
    svg.text(left + 38, legend, "", line.label);
    legend += kLegendLine;
  }
}

// The lines of one quantity: a colour a model, dashed for all but the greatest number of threads.
template <class ValueOf>
void add_lines(Panel& panel, const OverheadReport& report, ValueOf&& value_of) {
  std::uint64_t most_threads = 0;
  for (const OverheadRow& row : report.rows) most_threads = std::max(most_threads, row.threads);
  std::map<std::string, std::size_t> colours;
  std::map<std::string, std::size_t> known;
  for (const OverheadRow& row : report.rows) {
    const std::size_t colour =
        colours.emplace(row.model, colours.size()).first->second % std::size(kColours);
    const std::optional<double> value = value_of(row);
    if (!value || !(*value > 0)) continue;
    const std::string label = row.model + ", " + std::to_string(row.threads) +
                              (row.threads == 1 ? " thread" : " threads");
    const auto [entry, is_new] = known.emplace(label, panel.lines.size());
    if (is_new) panel.lines.push_back({label, kColours[colour], row.threads != most_threads, {}});
    panel.lines[entry->second].points.emplace_back(static_cast<double>(row.interval), *value);
  }
}

}  // namespace

std::string overhead_svg(const OverheadReport& report) {
  std::vector<std::uint64_t> intervals;
  for (const OverheadRow& row : report.rows) intervals.push_back(row.interval);
  std::sort(intervals.begin(), intervals.end());
  intervals.erase(std::unique(intervals.begin(), intervals.end()), intervals.end());
  Panel roots{"State roots, in percent of training time", {}};
  add_lines(roots, report,
            [](const OverheadRow& row) { return std::optional(100 * row.root_share.median); });
  Panel disputes{"A dispute, in seconds that both sides compute", {}};
  add_lines(disputes, report, [](const OverheadRow& row) {
    return row.dispute ? std::optional(row.dispute->defender_s + row.dispute->challenger_s)
                       : std::nullopt;
  });
  Svg svg;
  svg.text(kLeft, 24, "font-size='15' font-weight='bold'", "What proof-of-learning costs");
  draw(svg, roots, intervals, kLeft);
  draw(svg, disputes, intervals, kLeft + kPanelWidth + kGap);
  const std::size_t legend = std::max(roots.lines.size(), disputes.lines.size());
  return svg.document(2 * kLeft + 2 * kPanelWidth + kGap,
                      kTop + kPanelHeight + 72 + kLegendLine * static_cast<double>(legend));
}

}  // namespace assay::cli
