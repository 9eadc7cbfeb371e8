#include "seeds_command.hpp"

#include <unistd.h>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "assay/sim/seeds.hpp"
#include "assay_commit.hpp"
#include "cheats/liars.hpp"

namespace assay::app {

namespace {

thread_local std::uint64_t running_seed = 0;
char faults_name[8] = "all";

// A broken contract aborts: say which seed it was of. Only what a signal handler may call.
void on_abort(int) {
  char digits[24];
  std::size_t at = sizeof digits;
  digits[--at] = '\n';
  for (std::uint64_t rest = running_seed; rest != 0 || at == sizeof digits - 1; rest /= 10)
    digits[--at] = static_cast<char>('0' + rest % 10);
  const auto say = [](const char* text, std::size_t size) {
    if (write(STDERR_FILENO, text, size) < 0) _exit(1);
  };
  for (const char* text :
       {"aborted; commit " ASSAY_COMMIT "; to run it again: assay-sim run --faults ",
        static_cast<const char*>(faults_name), " --seed "})
    say(text, std::strlen(text));
  say(digits + at, sizeof digits - at);
}

sim::FaultLevel level_of(const std::string& name) {
  return name == "none"   ? sim::FaultLevel::kNone
         : name == "some" ? sim::FaultLevel::kSome
                          : sim::FaultLevel::kAll;
}

void print_failure(const SeedsArguments& arguments, const sim::SeedReport& failure) {
  std::printf(
      "seed %llu failed: %s\n  commit %s; to run it again: assay-sim run --faults %s --seed %llu "
      "--log seed-%llu.log\n",
      static_cast<unsigned long long>(failure.seed), failure.failure.c_str(), ASSAY_COMMIT,
      arguments.faults.c_str(), static_cast<unsigned long long>(failure.seed),
      static_cast<unsigned long long>(failure.seed));
}

Status write_log(const std::string& file, const sim::SeedReport& report) {
  std::string text = "seed " + std::to_string(report.seed) + " commit " ASSAY_COMMIT "\n";
  for (const std::string& line : report.sim.log) text += line + "\n";
  text += report.failure.empty() ? "passed\n" : "failed: " + report.failure + "\n";
  std::FILE* out = std::fopen(file.c_str(), "wb");
  if (out == nullptr) return {ErrorCode::kIo, "cannot write " + file};
  const bool whole = std::fwrite(text.data(), 1, text.size(), out) == text.size();
  if (std::fclose(out) != 0 || !whole) return {ErrorCode::kIo, "cannot write " + file};
  return {};
}

Status with_log(const SeedsArguments& arguments) {
  running_seed = arguments.seed;
  const sim::SeedReport report =
      sim::run_seed({arguments.seed, level_of(arguments.faults), true, &cheats::liars()});
  ASSAY_TRY_STATUS(write_log(arguments.log, report));
  if (report.failure.empty()) return {};
  print_failure(arguments, report);
  return {ErrorCode::kIntegrity, "the seed failed"};
}

}  // namespace

Status run_seeds_command(const SeedsArguments& arguments) {
  if (arguments.seeds < 1 || arguments.threads < 1 || arguments.threads > 256)
    return {ErrorCode::kInvalidArgument, "--seeds is at least 1, --threads 1 to 256"};
  std::snprintf(faults_name, sizeof faults_name, "%s", arguments.faults.c_str());
  std::signal(SIGABRT, on_abort);
  if (!arguments.log.empty()) {
    if (arguments.seeds != 1)
      return {ErrorCode::kInvalidArgument, "--log is of one seed: leave --seeds out"};
    return with_log(arguments);
  }
  const auto started = std::chrono::steady_clock::now();
  const sim::SeedsReport report =
      sim::run_seeds({.first = arguments.seed,
                      .count = arguments.seeds,
                      .threads = static_cast<unsigned>(arguments.threads),
                      .faults = level_of(arguments.faults),
                      .liars = &cheats::liars(),
                      .replay_every = 64,
                      .begins = [](std::uint64_t seed) { running_seed = seed; }});
  const std::chrono::duration<double, std::milli> passed =
      std::chrono::steady_clock::now() - started;
  for (const sim::SeedReport& failure : report.failures) print_failure(arguments, failure);
  const auto n = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf(
      "commit %s\n%llu seeds from %llu, %llu failed, %.2f ms a seed on %llu threads\n"
      "%llu tasks, %llu claims paid, %llu fallen, %llu games, %llu forced errors found\n"
      "%llu pieces demanded, %llu withheld\n"
      "%llu transactions, %llu blocks, %llu crashes, %llu messages lost\n",
      ASSAY_COMMIT, n(report.seeds), n(arguments.seed), n(report.failures.size()),
      passed.count() / static_cast<double>(report.seeds), n(arguments.threads), n(report.tasks),
      n(report.claims_paid), n(report.claims_fallen), n(report.games), n(report.errors_found),
      n(report.demands), n(report.withheld), n(report.transactions), n(report.blocks),
      n(report.crashes), n(report.lost));
  std::printf("figure sim_run_seeds %llu seeds\nfigure sim_run_failed %llu seeds\n",
              n(report.seeds), n(report.failures.size()));
  if (report.failures.empty()) return {};
  return {ErrorCode::kIntegrity, std::to_string(report.failures.size()) + " seeds failed"};
}

}  // namespace assay::app
