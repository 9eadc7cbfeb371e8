#include "assay/cli/overhead.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>

#include "assay/cli/bench_models.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/tensor/safetensors.hpp"
#include "assay/training/replay.hpp"
#include "assay/training/run.hpp"
#include "internal/overhead_cost.hpp"

namespace assay::cli {

namespace internal {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Quartiles quartiles_of(std::vector<double> values) {
  ASSAY_EXPECTS(!values.empty());
  std::sort(values.begin(), values.end());
  const auto at = [&](std::size_t quarter) { return values[(values.size() - 1) * quarter / 4]; };
  return {at(1), at(2), at(3)};
}

}  // namespace internal

namespace {

using internal::now_s;
using internal::quartiles_of;

constexpr std::uint64_t kPairsMax = 1'000;
constexpr std::uint64_t kIntervalMax = 10'000;
constexpr std::uint64_t kThreadsMax = 256;
constexpr double kBlockSeconds = 0.2;        // of an alternating block, at least
constexpr double kBlockShare = 0.1;          // of seconds_each_max, at most
constexpr std::uint64_t kTaskSteps = 1'000;  // of the tasks whose disputes and bytes are measured
constexpr std::uint64_t kEndless = std::uint64_t{1} << 30;

// One model at one number of threads.
struct Subject {
  explicit Subject(std::uint64_t threads) : pool(static_cast<unsigned>(threads)) {}
  host::ThreadTaskPool pool;
  training::Task task;

  [[nodiscard]] training::Task with(std::uint64_t steps, std::uint64_t interval) const {
    training::Task other = task;  // its programs and data are shared or small
    other.header.steps = steps;
    other.header.commit_interval = interval;
    other.header.checkpoint_interval = interval;
    return other;
  }
};

Result<std::unique_ptr<Subject>> make_subject(const std::string& name, std::uint64_t threads) {
  ASSAY_TRY(BenchModel model, bench_model(name));
  ASSAY_TRY(models::TaskPrograms programs, models::build(model.description));
  auto subject = std::make_unique<Subject>(threads);
  ASSAY_TRY(subject->task, training::make_task({.seed = 1,
                                                .steps = kEndless,
                                                .commit_interval = kEndless,
                                                .checkpoint_interval = kEndless},
                                               std::move(programs.init), std::move(programs.step),
                                               std::move(model.data), subject->pool));
  return subject;
}

struct Parts {
  double step_s = 0;
  double root_s = 0;
  Quartiles share;  // of one root in one step
  std::uint64_t state_bytes = 0;
  std::uint64_t checkpoint_bytes = 0;
};

// Steps and roots in turns, so that both of a pair meet the same machine and a root finds in the
// caches what a step leaves there.
Result<Parts> measure_parts(Subject& subject, std::uint64_t pairs) {
  ASSAY_TRY(const auto execution, training::ProgramExecution::create(subject.task, subject.pool));
  ASSAY_TRY(NamedTensors state, execution->initial_state());
  std::vector<double> steps;
  std::vector<double> roots;
  std::vector<double> shares;
  for (std::uint64_t t = 0; t < pairs + 2; ++t) {
    const double start = now_s();
    ASSAY_TRY_STATUS(execution->step(t, state));
    const double middle = now_s();
    const Hash256 root = training::state_root(state, subject.pool);
    const double end = now_s();
    ASSAY_INVARIANT(root != Hash256{});
    if (t < 2) continue;  // warms up
    steps.push_back(middle - start);
    roots.push_back(end - middle);
    shares.push_back(roots.back() / steps.back());
  }
  Parts parts;
  parts.step_s = quartiles_of(std::move(steps)).median;
  parts.root_s = quartiles_of(std::move(roots)).median;
  parts.share = quartiles_of(std::move(shares));
  parts.state_bytes = training::byte_count(state);
  ASSAY_TRY(const Bytes file, tensor::write_safetensors(state));
  parts.checkpoint_bytes = file.size();
  return parts;
}

// A training run that can be timed block by block.
struct Side {
  training::Task task;
  std::unique_ptr<training::ProgramExecution> execution;
  std::unique_ptr<training::TrainingRun> run;

  [[nodiscard]] Result<double> block(std::uint64_t steps) {
    const double start = now_s();
    ASSAY_TRY_STATUS(run->advance(steps));
    return now_s() - start;
  }
};

Result<std::unique_ptr<Side>> make_side(Subject& subject, std::uint64_t interval) {
  auto side = std::make_unique<Side>();
  side->task = subject.with(kEndless, interval);
  ASSAY_TRY(side->execution, training::ProgramExecution::create(side->task, subject.pool));
  ASSAY_TRY(side->run, training::TrainingRun::open(side->task, *side->execution, subject.pool));
  return side;
}

Result<Quartiles> measure_ratio(Subject& subject, std::uint64_t interval, std::uint64_t steps,
                                std::uint64_t pairs) {
  ASSAY_TRY(const auto plain, make_side(subject, kEndless));
  ASSAY_TRY(const auto rooted, make_side(subject, interval));
  std::vector<double> ratios;
  for (std::uint64_t i = 0; i <= pairs; ++i) {
    // The order alternates, so that whatever the first of a pair pays is shared.
    Side& one = i % 2 == 0 ? *plain : *rooted;
    Side& other = i % 2 == 0 ? *rooted : *plain;
    ASSAY_TRY(const double first, one.block(steps));
    ASSAY_TRY(const double second, other.block(steps));
    if (i != 0) ratios.push_back(i % 2 == 0 ? second / first : first / second);
  }
  // Committing must not change what is computed.
  if (plain->run->state_root() != rooted->run->state_root())
    return {ErrorCode::kInternal, "training with and without roots ended in different states"};
  return quartiles_of(std::move(ratios));
}

Result<double> measure_replay(Subject& subject, const training::Task& task) {
  ASSAY_TRY(const auto execution, training::ProgramExecution::create(task, subject.pool));
  ASSAY_TRY(NamedTensors start, execution->initial_state());
  const double before = now_s();
  ASSAY_TRY(const training::Replay replay,
            training::replay_interval(task, *execution, std::move(start), 1, subject.pool));
  ASSAY_INVARIANT(replay.end_root != Hash256{});
  return now_s() - before;
}

Status measure_interval(Subject& subject, const OverheadSettings& settings, const Parts& parts,
                        OverheadRow& row) {
  const std::uint64_t k = row.interval;
  const auto interval = static_cast<double>(k);
  const double interval_s = interval * parts.step_s;
  row.root_share = {parts.share.lower / interval, parts.share.median / interval,
                    parts.share.upper / interval};
  const auto blocks =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(kBlockSeconds / interval_s)));
  if (static_cast<double>(blocks) * interval_s <= settings.seconds_each_max * kBlockShare) {
    ASSAY_TRY(row.training_ratio, measure_ratio(subject, k, blocks * k, settings.pairs));
  }
  const training::Task task = subject.with(std::max(kTaskSteps, 2 * k), k);
  if (interval_s <= settings.seconds_each_max) {
    ASSAY_TRY(row.replay_s, measure_replay(subject, task));
  }
  // Three passes over the interval, and some steps one node at a time, hashing every output.
  if (3 * interval_s + 20 * parts.step_s <= settings.seconds_each_max) {
    ASSAY_TRY(row.dispute, internal::dispute_cost(task, k / 2, {}, subject.pool));
  }
  row.ledger_bytes = internal::quiet_ledger_bytes(task);
  return {};
}

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line)) {
    if (!line.starts_with("model name")) continue;
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

Error refuse(const std::string& what) { return {ErrorCode::kInvalidArgument, what}; }

}  // namespace

Status validate(const OverheadSettings& s) {
  for (const std::string& name : s.models) {
    if (auto model = bench_model(name); !model) return with_context(model.error(), "--models");
  }
  if (s.intervals.empty() || s.threads.empty())
    return refuse("--intervals and --threads name at least one each");
  for (const std::uint64_t k : s.intervals) {
    if (k < 1 || k > kIntervalMax)
      return refuse("--intervals must be 1 to " + std::to_string(kIntervalMax) + " steps");
  }
  for (const std::uint64_t threads : s.threads) {
    if (threads < 1 || threads > kThreadsMax)
      return refuse("--threads must be 1 to " + std::to_string(kThreadsMax));
  }
  if (s.pairs < 1 || s.pairs > kPairsMax)
    return refuse("--pairs must be 1 to " + std::to_string(kPairsMax));
  if (!(s.seconds_each_max > 0) || !std::isfinite(s.seconds_each_max))
    return refuse("--seconds-each must be a positive number");
  return {};
}

Result<OverheadReport> measure_overhead(const OverheadSettings& settings, Progress& progress) {
  ASSAY_TRY_STATUS(validate(settings));
  const auto& names = settings.models.empty() ? bench_model_names() : settings.models;
  OverheadReport report{processor_name(),
                        numerics::name_of(numerics::best_isa()),
                        crypto::name_of(crypto::active_sha256_kind()),
                        {}};
  const std::size_t total = names.size() * settings.threads.size() * settings.intervals.size();
  for (const std::string& name : names) {
    for (const std::uint64_t threads : settings.threads) {
      ASSAY_TRY(const auto subject, make_subject(name, threads));
      ASSAY_TRY(const Parts parts,
                measure_parts(*subject, std::max<std::uint64_t>(settings.pairs, 3)));
      for (const std::uint64_t interval : settings.intervals) {
        if (!progress.advance(report.rows.size(), total))
          return {ErrorCode::kCancelled, "interrupted"};
        OverheadRow row;
        row.model = name;
        row.interval = interval;
        row.threads = threads;
        row.state_bytes = parts.state_bytes;
        row.step_ms = parts.step_s * 1e3;
        row.root_ms = parts.root_s * 1e3;
        row.checkpoint_bytes = parts.checkpoint_bytes;
        ASSAY_TRY_STATUS(measure_interval(*subject, settings, parts, row));
        report.rows.push_back(std::move(row));
      }
    }
  }
  (void)progress.advance(total, total);
  return report;
}

}  // namespace assay::cli
