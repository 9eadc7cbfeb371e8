#include "assay/cli/chart.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "internal/svg.hpp"

namespace assay::cli {

namespace {

constexpr double kPanelWidth = 400;
constexpr double kPanelHeight = 300;
constexpr double kLeft = 80;
constexpr double kTop = 64;
constexpr double kGap = 110;
constexpr double kLegendLine = 20;
constexpr std::size_t kMostMarkers = 40;  // more points than this are a line alone
// Told apart by people who do not see red and green alike (Okabe and Ito, 2008).
constexpr const char* kColours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                    "#e69f00", "#56b4e9", "#000000"};

using Points = Svg::Points;

std::string format(const char* pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

struct Tick {
  double value;
  std::string label;
};
// A value's place from 0 to 1 along the axis.
struct Axis {
  double low = 0;
  double high = 1;
  bool is_log = false;
  std::vector<double> ranks;
  std::vector<Tick> ticks;

  [[nodiscard]] double place(double value) const {
    if (!ranks.empty()) {
      const auto rank = std::lower_bound(ranks.begin(), ranks.end(), value) - ranks.begin();
      return (static_cast<double>(rank) + 0.5) / static_cast<double>(ranks.size());
    }
    return ((is_log ? std::log10(value) : value) - low) / (high - low);
  }
};

// Some five round values between two.
void add_round_ticks(Axis& axis) {
  const double raw = (axis.high - axis.low) / 5;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double step = power * (raw / power < 1.5   ? 1
                               : raw / power < 3.5 ? 2
                               : raw / power < 7.5 ? 5
                                                   : 10);
  axis.low = step * std::floor(axis.low / step);
  axis.high = step * std::ceil(axis.high / step);
  const auto count = static_cast<int>(std::lround((axis.high - axis.low) / step));
  for (int i = 0; i <= count; ++i) {
    const double value = axis.low + step * i;
    axis.ticks.push_back({value, format("%g", std::abs(value) < step / 1e6 ? 0 : value)});
  }
}

Axis linear_axis(double least, double most) {
  Axis axis;
  axis.low = least;
  axis.high = most > least ? most : least + 1;
  add_round_ticks(axis);
  return axis;
}

Axis x_axis(const ChartPanel& panel) {
  std::vector<double> all;
  for (const ChartLine& line : panel.lines)
    for (const auto& [x, y] : line.points) all.push_back(x);
  if (all.empty()) return {};
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (panel.x == XAxis::kLinear) return linear_axis(all.front(), all.back());
  Axis axis;
  axis.ranks = all;
  for (const double x : all) axis.ticks.push_back({x, format("%g", x)});
  return axis;
}

Axis y_axis(const ChartPanel& panel) {
  const bool is_log = panel.y == YAxis::kPowersOfTen;
  double least = INFINITY;
  double most = -INFINITY;
  for (const ChartLine& line : panel.lines)
    for (const auto& [x, y] : line.points) {
      if (is_log && !(y > 0)) continue;
      least = std::min(least, y);
      most = std::max(most, y);
    }
  if (most < least) return {};
  if (!is_log) return linear_axis(std::min(least, 0.0), most);
  Axis axis;
  axis.is_log = true;
  axis.low = std::floor(std::log10(least));
  axis.high = std::max(std::ceil(std::log10(most)), axis.low + 1);
  for (auto power = axis.low; power <= axis.high; ++power)
    axis.ticks.push_back({std::pow(10.0, power), format("%g", std::pow(10.0, power))});
  return axis;
}

void draw_line(Svg& svg, const Points& points, const ChartLine& line) {
  const std::string colour = kColours[line.colour % std::size(kColours)];
  const std::string stroke = "stroke='" + colour + "' stroke-width='2'";
  svg.polyline(points, stroke + (line.is_dashed ? " stroke-dasharray='6 4'" : ""));
  if (points.size() > kMostMarkers) return;
  for (const auto& [x, y] : points)
    svg.circle(x, y, 3.5, stroke + " fill='" + (line.is_dashed ? "white" : colour) + "'");
}

constexpr const char* kMiddle = "text-anchor='middle'";
constexpr const char* kEnd = "text-anchor='end'";
constexpr const char* kTitle = "font-weight='bold' font-size='13'";
constexpr const char* kGrid = "stroke='#dddddd'";

void draw_axes(Svg& svg, const ChartPanel& panel, const Axis& x, const Axis& y, double left) {
  svg.text(left, kTop - 16, kTitle, panel.title);
  for (const Tick& tick : y.ticks) {
    const double at = kTop + kPanelHeight * (1 - y.place(tick.value));
    svg.line(left, at, left + kPanelWidth, at, kGrid);
    svg.text(left - 8, at + 4, kEnd, tick.label);
  }
  for (const Tick& tick : x.ticks)
    svg.text(left + kPanelWidth * x.place(tick.value), kTop + kPanelHeight + 20, kMiddle,
             tick.label);
  svg.text(left + kPanelWidth / 2, kTop + kPanelHeight + 40, kMiddle, panel.x_label);
}

void draw(Svg& svg, const ChartPanel& panel, double left) {
  const Axis x = x_axis(panel);
  const Axis y = y_axis(panel);
  draw_axes(svg, panel, x, y, left);
  double legend = kTop + kPanelHeight + 66;
  for (const ChartLine& line : panel.lines) {
    Points points;
    for (const auto& [at, value] : line.points)
      if (!y.is_log || value > 0)
        points.emplace_back(left + kPanelWidth * x.place(at),
                            kTop + kPanelHeight * (1 - y.place(value)));
    draw_line(svg, points, line);
    draw_line(svg, {{left, legend - 4}, {left + 26, legend - 4}}, line);
    svg.text(left + 38, legend, "", line.label);
    legend += kLegendLine;
  }
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string chart_svg(const Chart& chart) {
  Svg svg;
  svg.text(kLeft, 24, "font-size='15' font-weight='bold'", chart.title);
  std::size_t legend = 0;
  double left = kLeft;
  for (const ChartPanel& panel : chart.panels) {
    draw(svg, panel, left);
    legend = std::max(legend, panel.lines.size());
    left += kPanelWidth + kGap;
  }
  return svg.document(left - kGap + kLeft,
                      kTop + kPanelHeight + 72 + kLegendLine * static_cast<double>(legend));
}

std::string chart_csv(const Chart& chart) {
  std::string csv = "panel,line,x,y\r\n";
  for (const ChartPanel& panel : chart.panels)
    for (const ChartLine& line : panel.lines)
      for (const auto& [x, y] : line.points)
        csv += quoted(panel.title) + "," + quoted(line.label) + "," + format("%.9g", x) + "," +
               format("%.9g", y) + "\r\n";
  return csv;
}

}  // namespace assay::cli
