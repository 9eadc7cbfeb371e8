// What an evidence file proves, in plain words and as JSON (docs/spec/cli.md). It needs the file
// alone: no ledger, no network, no data set, no executor. Thread-safe.
#pragma once

#include <optional>
#include <string>

#include "assay/cli/options.hpp"
#include "assay/codec/json.hpp"
#include "assay/dispute/evidence.hpp"
#include "assay/dispute/story.hpp"
#include "assay/graph/program.hpp"

namespace assay::cli {

struct Audit {
  // kOk: it convicts somebody. kFailed: it is sound and proves nothing. kIntegrity: it is no
  // evidence (cut, changed, not signed by whom it names).
  ExitCode exit_code = ExitCode::kIntegrity;
  dispute::EvidenceReport report;
  std::string about;  // what was signed, and by whom, in one line
  std::string text;   // some 20 lines
  std::string moves;  // a line for each move that stands
  codec::Json json;   // the same, for scripts
  // How the search went; none of a file that is no evidence.
  std::optional<dispute::Story> story;
};

// `program` gives the node its name: it must be the one that the dispute is about, else
// kInvalidArgument. That is the only error: any bytes can be audited.
[[nodiscard]] Result<Audit> audit_evidence(ByteView file, const graph::Program* program = nullptr);

// The same over files; `program_path` may be empty. Errors: kInvalidArgument for a file that is
// not there or a program that is none, kUnsupported for one of another profile, kPermission, kIo.
[[nodiscard]] Result<Audit> audit_evidence_file(const std::string& path,
                                                const std::string& program_path = "");

}  // namespace assay::cli
