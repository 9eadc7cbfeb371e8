// `assay bench`: what the library costs on this machine (docs/spec/cli.md, docs/benchmarks.md).
#pragma once

#include "assay/cli/options.hpp"
#include "assay/cli/overhead.hpp"

namespace assay::cli {

struct BenchSettings {
  OverheadSettings overhead;
  std::string folder = "overhead";  // for overhead.csv, overhead.json and overhead.svg
  bool quick = false;
};

// What `command` was not given becomes small: one model, one thread, few repetitions. Seconds, for
// trying whether everything works.
void make_quick(OverheadSettings& settings, const Command& command);

// Adds `bench overhead`. `settings` must outlive the parse.
void add_bench_commands(Command& root, BenchSettings& settings);

}  // namespace assay::cli
