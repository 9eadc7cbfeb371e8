// How a dispute narrowed from a run to a scalar, drawn: as a tree of text and as SVG
// (docs/spec/cli.md). Thread-safe.
#pragma once

#include "assay/cli/options.hpp"
#include "assay/dispute/story.hpp"

namespace assay::cli {

// UTF-8, first `about` (Audit::about), then a line for each part that is told apart.
[[nodiscard]] std::string dispute_tree(const dispute::Story& story, const dispute::GameTerms& terms,
                                       const std::string& about);
// A row for each narrowing, its disputed part opened out to the next row.
[[nodiscard]] std::string dispute_svg(const dispute::Story& story, const dispute::GameTerms& terms,
                                      const std::string& about);

struct DisputeSettings {
  std::string file;
  std::string program;
  std::string svg;
};
// `assay dispute show`.
void add_dispute_command(Command& root, DisputeSettings& settings, ExitCode& exit_code);

}  // namespace assay::cli
