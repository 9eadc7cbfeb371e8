#include "internal/svg.hpp"

#include <cstdio>

namespace assay::cli {

namespace {

std::string at(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f", value);
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

std::string list(const Svg::Points& points) {
  std::string text;
  for (const auto& [x, y] : points) text += at(x) + "," + at(y) + " ";
  return text;
}

}  // namespace

void Svg::line(double x1, double y1, double x2, double y2, const std::string& style) {
  m_text += "<line x1='" + at(x1) + "' y1='" + at(y1) + "' x2='" + at(x2) + "' y2='" + at(y2) +
            "' " + style + "/>\n";
}
void Svg::text(double x, double y, const std::string& style, const std::string& words) {
  m_text +=
      "<text x='" + at(x) + "' y='" + at(y) + "' " + style + ">" + escaped(words) + "</text>\n";
}
void Svg::rectangle(double x, double y, double width, double height, const std::string& style) {
  m_text += "<rect x='" + at(x) + "' y='" + at(y) + "' width='" + at(width) + "' height='" +
            at(height) + "' " + style + "/>\n";
}
void Svg::circle(double x, double y, double radius, const std::string& style) {
  m_text +=
      "<circle cx='" + at(x) + "' cy='" + at(y) + "' r='" + at(radius) + "' " + style + "/>\n";
}
void Svg::polyline(const Points& points, const std::string& style) {
  m_text += "<polyline points='" + list(points) + "' fill='none' " + style + "/>\n";
}
void Svg::polygon(const Points& points, const std::string& style) {
  m_text += "<polygon points='" + list(points) + "' " + style + "/>\n";
}
std::string Svg::document(double width, double height) const {
  return "<svg xmlns='http://www.w3.org/2000/svg' width='" + at(width) + "' height='" + at(height) +
         "' font-family='sans-serif' font-size='12'>\n" +
         "<rect width='100%' height='100%' fill='white'/>\n" + m_text + "</svg>\n";
}

}  // namespace assay::cli
