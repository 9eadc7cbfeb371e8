// A drawing as SVG text. Coordinates are pixels from the upper left corner.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace assay::cli {

class Svg {
 public:
  using Points = std::vector<std::pair<double, double>>;  // x, y
  // `style`: attributes, as they stand.
  void line(double x1, double y1, double x2, double y2, const std::string& style);
  void text(double x, double y, const std::string& style, const std::string& words);
  void rectangle(double x, double y, double width, double height, const std::string& style);
  void circle(double x, double y, double radius, const std::string& style);
  void polyline(const Points& points, const std::string& style);
  void polygon(const Points& points, const std::string& style);
  [[nodiscard]] std::string document(double width, double height) const;

 private:
  std::string m_text;
};

}  // namespace assay::cli
