#include "assay/cli/dispute_picture.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "assay/cli/audit.hpp"
#include "assay/host/read_file.hpp"
#include "internal/svg.hpp"

namespace assay::cli {

namespace {

using dispute::Narrowing;

std::string parts_words(std::uint64_t first, std::uint64_t count, std::uint64_t of) {
  const std::string last = std::to_string(first + count - 1);
  const std::string which =
      count == 1 ? "part " + last : "parts " + std::to_string(first) + " to " + last;
  return which + " of " + std::to_string(of);
}

// What is known at the end: the values, and who won.
std::vector<dispute::LevelLine> end_lines(const dispute::Story& story,
                                          const dispute::GameTerms& terms) {
  std::vector<dispute::LevelLine> lines = dispute::explain_levels(terms, story.end);
  std::erase_if(lines, [](const dispute::LevelLine& line) {
    return line.level != "claimed" && line.level != "computed" && line.level != "outcome" &&
           line.level != "next";
  });
  return lines;
}

constexpr double kLeft = 24;
constexpr double kWidth = 860;
constexpr double kTop = 44;
constexpr double kRow = 74;
constexpr double kBar = 20;
constexpr std::uint64_t kMostCells = 128;  // more parts than this are drawn as three blocks
constexpr char kAgreed[] = "fill='#009e73' stroke='white'";
constexpr char kDisputed[] = "fill='#d55e00' stroke='white'";
constexpr char kUnseen[] = "fill='#dddddd' stroke='white'";
constexpr char kOpened[] = "fill='#d55e00' fill-opacity='0.12'";

struct Span {
  double left = 0;
  double width = 0;
};

// The bar's cells; where the disputed one is.
Span draw_bar(Svg& svg, const Narrowing& n, double y) {
  const auto block = [&](std::uint64_t first, std::uint64_t count, const char* style) {
    const double cell = kWidth / static_cast<double>(n.parts);
    const Span span{kLeft + cell * static_cast<double>(first), cell * static_cast<double>(count)};
    if (count > 0) svg.rectangle(span.left, y, std::max(span.width, 1.5), kBar, style);
    return span;
  };
  const auto cells = [&](std::uint64_t first, std::uint64_t count, const char* style) {
    if (n.parts > kMostCells) {
      block(first, count, style);
      return;
    }
    for (std::uint64_t i = first; i < first + count; ++i) block(i, 1, style);
  };
  cells(0, n.chosen, kAgreed);
  cells(n.chosen + 1, n.parts - n.chosen - 1, kUnseen);
  return block(n.chosen, 1, kDisputed);
}

}  // namespace

std::string dispute_tree(const dispute::Story& story, const dispute::GameTerms& terms,
                         const std::string& about) {
  std::string text = "About " + about + "\n" + story.narrowings.front().whole + "\n";
  std::string indent;
  for (const Narrowing& n : story.narrowings) {
    const std::uint64_t after = n.parts - n.chosen - 1;
    if (n.chosen > 0) text += indent + "├─ " + parts_words(1, n.chosen, n.parts) + ": agreed\n";
    if (after > 0)
      text += indent + "├─ " + parts_words(n.chosen + 2, after, n.parts) + ": not looked at\n";
    text += indent + "└▶ " + parts_words(n.chosen + 1, 1, n.parts) + ": " + n.part + "\n";
    indent += "   ";
  }
  for (const dispute::LevelLine& line : end_lines(story, terms))
    text += indent + line.level + ": " + line.words + "\n";
  return text;
}

std::string dispute_svg(const dispute::Story& story, const dispute::GameTerms& terms,
                        const std::string& about) {
  Svg svg;
  svg.text(kLeft, 24, "font-weight='bold' font-size='14'",
           "Game " + to_hex(terms.game.value).substr(0, 16) + ": " +
               std::to_string(story.chapters.size()) + " moves");
  svg.text(kLeft + kWidth, 24, "text-anchor='end' fill='#555555'",
           "green: agreed, orange: disputed, grey: not looked at");
  svg.text(kLeft, kTop, "fill='#555555'", "About " + about);
  double y = kTop + 20;
  std::optional<Span> opened;  // of the row above
  for (const Narrowing& n : story.narrowings) {
    const double bar = y + 18;
    if (opened)
      svg.polygon({{opened->left, y - kRow + 18 + kBar},
                   {opened->left + opened->width, y - kRow + 18 + kBar},
                   {kLeft + kWidth, bar},
                   {kLeft, bar}},
                  kOpened);
    svg.text(kLeft, y + 12, "", n.whole);
    svg.text(kLeft + kWidth, y + 12, "text-anchor='end' font-weight='bold'",
             parts_words(n.chosen + 1, 1, n.parts) + ": " + n.part);
    opened = draw_bar(svg, n, bar);
    y += kRow;
  }
  for (const dispute::LevelLine& line : end_lines(story, terms)) {
    svg.text(kLeft, y, "font-weight='bold'", line.level);
    svg.text(kLeft + 90, y, "", line.words);
    y += 20;
  }
  return svg.document(kWidth + 2 * kLeft, y + 8);
}

namespace {

Status show(const DisputeSettings& settings, ExitCode& exit_code) {
  ASSAY_TRY(const Audit audit, audit_evidence_file(settings.file, settings.program));
  exit_code = audit.exit_code;
  if (!audit.story) {
    std::fputs(audit.text.c_str(), stdout);
    return {};
  }
  std::fputs(dispute_tree(*audit.story, audit.report.terms, audit.about).c_str(), stdout);
  if (settings.svg.empty()) return {};
  const std::string svg = dispute_svg(*audit.story, audit.report.terms, audit.about);
  return host::write_file(settings.svg, as_bytes(svg));
}

}  // namespace

void add_dispute_command(Command& root, DisputeSettings& settings, ExitCode& exit_code) {
  root.subcommand("dispute", "Look at disputes")
      .subcommand("show", "Draw how a dispute narrowed, from an evidence file")
      .argument("file", settings.file, "evidence file")
      .option("program", settings.program, "the task's program file, for the names of its nodes")
      .option("svg", settings.svg, "file for a drawing")
      .examples(
          "  assay dispute show game.evidence\n"
          "  assay dispute show game.evidence --svg game.svg\n"
          "Exit code: as of `assay audit`.")
      .action([&settings, &exit_code] { return show(settings, exit_code); });
}

}  // namespace assay::cli
