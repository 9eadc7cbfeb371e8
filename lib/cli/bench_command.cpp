#include "assay/cli/bench_command.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "assay/cli/bench_models.hpp"
#include "assay/cli/terminal.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/read_file.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/training/run.hpp"
#include "internal/overhead_cost.hpp"

namespace assay::cli {

namespace {

// One small model, few repetitions: seconds, for trying whether everything works.
void make_quick(OverheadSettings& settings) {
  if (settings.models.empty()) settings.models = {bench_model_names().front()};
  settings.intervals = {1, 4};
  settings.threads = {1};
  settings.pairs = 2;
}

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

Status bench_overhead(BenchSettings& settings) {
  if (settings.quick) make_quick(settings.overhead);
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

std::uint64_t steady_ns() { return static_cast<std::uint64_t>(internal::now_s() * 1e9); }

Status bench_profile(const BenchSettings& s) {
  if (s.profile_threads < 1 || s.profile_threads > 256 || s.profile_steps < 1)
    return {ErrorCode::kInvalidArgument, "--threads must be 1 to 256, and --steps 1 or more"};
  ASSAY_TRY(BenchModel model, bench_model(s.profiled));
  ASSAY_TRY(models::TaskPrograms programs, models::build(model.description));
  host::ThreadTaskPool pool(static_cast<unsigned>(s.profile_threads));
  ASSAY_TRY(const training::Task task,
            training::make_task({.seed = 1,
                                 .steps = s.profile_steps,
                                 .commit_interval = s.profile_steps,
                                 .checkpoint_interval = s.profile_steps},
                                std::move(programs.init), std::move(programs.step),
                                std::move(model.data), pool));
  training::ExecutionOptions options;
  options.nanoseconds = steady_ns;
  ASSAY_TRY(const auto execution, training::ProgramExecution::create(task, pool, options));
  ASSAY_TRY(const auto run, training::TrainingRun::open(task, *execution, pool));
  const double start = internal::now_s();
  ASSAY_TRY_STATUS(run->advance(s.profile_steps));
  const auto steps = static_cast<double>(s.profile_steps);
  const double step_us = (internal::now_s() - start) * 1e6 / steps;

  std::vector<exec::OperatorTime> times = execution->executor().times();
  std::ranges::sort(times, std::ranges::greater(), &exec::OperatorTime::nanoseconds);
  Table table({"operator", "runs a step", "us a step", "%"});
  const auto row = [&](const std::string& name, const std::string& runs, double us) {
    char time[32];
    char share[32];
    std::snprintf(time, sizeof time, "%.1f", us);
    std::snprintf(share, sizeof share, "%.1f", 100 * us / step_us);
    table.row({name, runs, time, share});
  };
  double known_us = 0;
  for (const exec::OperatorTime& time : times) {
    const double us = static_cast<double>(time.nanoseconds) * 1e-3 / steps;
    known_us += us;
    row(time.name, std::to_string(time.runs / s.profile_steps), us);
  }
  row("outside of kernels", "", step_us - known_us);
  row("all", "", step_us);
  const exec::MemoryUse memory = execution->executor().memory();
  std::printf("%s: %zu nodes, state %s, executor %s\n%s", s.profiled.c_str(),
              task.step->program().nodes.size(),
              format_bytes(training::byte_count(run->state())).c_str(),
              format_bytes(memory.total()).c_str(), table.text().c_str());
  return {};
}

}  // namespace

void add_bench_commands(Command& root, BenchSettings& s) {
  Command& bench = root.subcommand("bench", "Measure what training and its proofs cost here");
  bench.subcommand("overhead", "The cost of proof-of-learning, over models, intervals and threads")
      .option("models", s.overhead.models, "which: mlp cnn gpt-small gpt-medium; none: all")
      .option("intervals", s.overhead.intervals, "steps between committed roots")
      .option("threads", s.overhead.threads, "processors to train on")
      .option("pairs", s.overhead.pairs, "repetitions of every ratio")
      .option("seconds-each", s.overhead.seconds_each_max,
              "a replay or a dispute that would take longer is left out")
      .option("folder", s.folder, "where overhead.csv, .json and .svg are written")
      .flag("quick", s.quick, "one small model and few repetitions, to see that it works")
      .examples(
          "  assay bench overhead\n"
          "  assay bench overhead --models gpt-small --intervals 1 10 --threads 1 2\n"
          "Prints two tables; docs/benchmarks.md says what the columns mean.")
      .action([&s] { return bench_overhead(s); });
  bench.subcommand("profile", "The time of a training step by operator")
      .choice("model", s.profiled, bench_model_names(), "which")
      .option("threads", s.profile_threads, "processors to train on")
      .option("steps", s.profile_steps, "how many to take the mean of")
      .action([&s] { return bench_profile(s); });
}

}  // namespace assay::cli
