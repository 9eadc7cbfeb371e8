#include "assay/cli/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace assay::cli {

namespace {

constexpr std::uint64_t kRedrawMs = 100;
constexpr std::uint64_t kLineMs = 3'000;  // between lines where nothing can be redrawn

std::string printf_string(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// Columns that a UTF-8 text takes (assuming one each).
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string format_tokens(std::uint64_t atoms) {
  std::string fraction = std::to_string(atoms % kAtomsPerToken);
  fraction.insert(0, 6 - fraction.size(), '0');
  while (fraction.size() > 2 && fraction.back() == '0') fraction.pop_back();
  return std::to_string(atoms / kAtomsPerToken) + "." + fraction;
}

std::string format_bytes(std::uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  unsigned unit = 0;
  while (value >= 1000 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return printf_string(unit == 0 || value >= 100 ? "%.0f " : "%.1f ", value) + kUnits[unit];
}

std::string format_duration(double seconds) {
  if (seconds < 10) return printf_string("%.1f s", seconds);
  if (seconds < 60) return printf_string("%.0f s", seconds);
  const auto whole = static_cast<std::uint64_t>(seconds);
  char text[64];
  if (whole < 3600)
    std::snprintf(text, sizeof text, "%u min %02u s", static_cast<unsigned>(whole / 60),
                  static_cast<unsigned>(whole % 60));
  else
    std::snprintf(text, sizeof text, "%u h %02u min", static_cast<unsigned>(whole / 3600),
                  static_cast<unsigned>(whole / 60 % 60));
  return text;
}

std::string short_hash(const Hash256& hash) { return to_hex(hash).substr(0, 8); }

bool has_colours(std::FILE* stream) {
  return isatty(fileno(stream)) != 0 && std::getenv("NO_COLOR") == nullptr;
}

ProgressLine::ProgressLine(std::FILE* stream, std::string label, std::string unit,
                           const Clock& clock)
    : m_stream(stream),
      m_label(std::move(label)),
      m_unit(std::move(unit)),
      m_clock(clock),
      m_redraw(isatty(fileno(stream)) != 0) {}

ProgressLine::~ProgressLine() {
  if (!m_started) return;
  draw(m_clock.monotonic_ms());
  if (m_redraw) std::fputc('\n', m_stream);
}

bool ProgressLine::advance(std::uint64_t done, std::uint64_t total) {
  const std::uint64_t now = m_clock.monotonic_ms();
  if (!m_started) {
    m_started = true;
    m_start_ms = now;
    m_first = done;
    m_drawn_ms = now;
  }
  m_done = done;
  m_total = total;
  if (now - m_drawn_ms >= (m_redraw ? kRedrawMs : kLineMs)) draw(now);
  return true;
}

void ProgressLine::draw(std::uint64_t now_ms) {
  m_drawn_ms = now_ms;
  const double seconds = static_cast<double>(now_ms - m_start_ms) / 1000;
  const double rate = seconds > 0 ? static_cast<double>(m_done - m_first) / seconds : 0;
  constexpr unsigned kCells = 24;
  const std::uint64_t filled =
      m_total == 0 ? 0 : std::min<std::uint64_t>(kCells, m_done * kCells / m_total);
  std::string bar;
  for (unsigned i = 0; i < kCells; ++i) bar += i < filled ? "█" : "░";
  std::string text = m_label + " " + bar + " " + std::to_string(m_done) + "/" +
                     std::to_string(m_total) + " " + m_unit + printf_string("  %.1f/s", rate);
  if (rate > 0 && m_done < m_total)
    text += ", " + format_duration(static_cast<double>(m_total - m_done) / rate) + " left";
  if (m_done >= m_total) text += ", took " + format_duration(seconds);
  if (!m_note.empty()) text += "  " + m_note;
  std::fprintf(m_stream, m_redraw ? "\r%s\033[K" : "%s\n", text.c_str());
  std::fflush(m_stream);
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (const auto& row : m_rows)
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c >= widths.size()) widths.push_back(0);
      widths[c] = std::max(widths[c], width_of(row[c]));
    }
  std::string out;
  const auto rule = [&] {
    for (std::size_t c = 0; c < widths.size(); ++c) {
      if (c != 0) out += "──";
      for (std::size_t i = 0; i < widths[c]; ++i) out += "─";
    }
    out += "\n";
  };
  for (std::size_t r = 0; r < m_rows.size(); ++r) {
    std::string line;
    for (std::size_t c = 0; c < m_rows[r].size(); ++c) {
      const std::string& cell = m_rows[r][c];
      const std::string pad(widths[c] - width_of(cell), ' ');
      const char first = cell.empty() ? ' ' : cell.front();
      const bool number = (first >= '0' && first <= '9') || first == '-' || first == '+';
      if (c != 0) line += "  ";
      line += number ? pad + cell : cell + pad;
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out += line + "\n";
    if (r == 0) rule();
  }
  return out;
}

}  // namespace assay::cli
