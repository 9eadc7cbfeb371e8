#include "assay/cli/bench_command.hpp"

#include <cstdio>
#include <filesystem>

#include "assay/cli/bench_models.hpp"
#include "assay/cli/terminal.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/read_file.hpp"

namespace assay::cli {

namespace {

Status write_report(const OverheadReport& report, const std::filesystem::path& folder) {
  const std::pair<const char*, std::string> files[] = {
      {"overhead.csv", overhead_csv(report)},
      {"overhead.json", overhead_json(report).dump(2) + "\n"},
      {"overhead.svg", overhead_svg(report)}};
  for (const auto& [name, text] : files) {
    ASSAY_TRY_STATUS(host::write_file(folder / name, as_bytes(text)));
    std::fprintf(stderr, "wrote %s\n", (folder / name).c_str());
  }
  return {};
}

Status bench_overhead(BenchSettings& settings, const Command& command) {
  if (settings.quick) make_quick(settings.overhead, command);
  ASSAY_TRY_STATUS(validate(settings.overhead));
  // Before an hour's work, not after it.
  std::error_code failed;
  std::filesystem::create_directories(settings.folder, failed);
  if (failed) return {ErrorCode::kPermission, settings.folder + ": " + failed.message()};
  const host::SystemClock clock;
  OverheadReport report;
  {
    ProgressLine progress(stderr, "overhead", "places", clock);
    ASSAY_TRY(report, measure_overhead(settings.overhead, progress));
  }
  std::fputs(overhead_table(report).c_str(), stdout);
  return write_report(report, settings.folder);
}

}  // namespace

void make_quick(OverheadSettings& settings, const Command& command) {
  if (!command.was_given("models")) settings.models = {bench_model_names().front()};
  if (!command.was_given("intervals")) settings.intervals = {1, 4};
  if (!command.was_given("threads")) settings.threads = {1};
  if (!command.was_given("pairs")) settings.pairs = 2;
}

void add_bench_commands(Command& root, BenchSettings& s) {
  Command& bench = root.subcommand("bench", "Measure what training and its proofs cost here");
  Command& overhead = bench.subcommand(
      "overhead", "The cost of proof-of-learning, over models, intervals and threads");
  overhead.option("models", s.overhead.models, "which: mlp cnn gpt-small gpt-medium; none: all")
      .option("intervals", s.overhead.intervals, "steps between committed roots")
      .option("threads", s.overhead.threads, "processors to train on")
      .option("pairs", s.overhead.pairs, "repetitions of every ratio")
      .option("seconds-each", s.overhead.seconds_each_max,
              "a replay or a dispute that would take longer is left out")
      .option("folder", s.folder, "where overhead.csv, .json and .svg are written")
      .flag("quick", s.quick, "one small model and few repetitions, where nothing else was given")
      .examples(
          "  assay bench overhead\n"
          "  assay bench overhead --models gpt-small --intervals 1 10 --threads 1 2\n"
          "Prints two tables; docs/spec/cli.md says what the columns mean.")
      .action([&s, &overhead] { return bench_overhead(s, overhead); });
}

}  // namespace assay::cli
