// What a person sees: progress with rate and time left, tables, amounts, bytes and durations in
// words. Colours and redrawing only on a terminal (and not under NO_COLOR). Not thread-safe.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "assay/core/faces.hpp"
#include "assay/core/ids.hpp"

namespace assay::cli {

[[nodiscard]] std::string format_tokens(std::uint64_t atoms);  // "12.500000"
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);   // "1.4 MB"
[[nodiscard]] std::string format_duration(double seconds);     // "42 s", "3 min 05 s"
[[nodiscard]] std::string short_hash(const Hash256& hash);     // first 8 digits

// True if `stream` is a terminal that takes colours.
[[nodiscard]] bool has_colours(std::FILE* stream);

// A progress line: redrawn in place on a terminal, a line every few seconds elsewhere.
class ProgressLine final : public Progress {
 public:
  // `unit` names what is counted: "steps".
  ProgressLine(std::FILE* stream, std::string label, std::string unit, const Clock& clock);
  ~ProgressLine() override;
  bool advance(std::uint64_t done, std::uint64_t total) override;
  // Replaces the text after the numbers ("loss 0.412").
  void note(std::string text) { m_note = std::move(text); }

 private:
  void draw(std::uint64_t now_ms);
  std::FILE* m_stream;
  std::string m_label, m_unit, m_note;
  const Clock& m_clock;
  bool m_redraw;
  std::uint64_t m_start_ms = 0, m_drawn_ms = 0, m_first = 0, m_done = 0, m_total = 0;
  bool m_started = false;
};

// A table with aligned columns; numbers (first character a digit or a sign) go right.
class Table {
 public:
  explicit Table(std::vector<std::string> header) { m_rows.push_back(std::move(header)); }
  void row(std::vector<std::string> cells) { m_rows.push_back(std::move(cells)); }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> m_rows;
};

}  // namespace assay::cli
