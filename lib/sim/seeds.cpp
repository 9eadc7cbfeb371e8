#include "assay/sim/seeds.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace assay::sim {

namespace {

SeedReport run_one(const SeedsOptions& options, std::uint64_t seed) {
  if (options.begins) options.begins(seed);
  const SeedOptions one{seed, options.faults, false, options.liars};
  SeedReport report = run_seed(one);
  const bool again = options.replay_every != 0 && seed % options.replay_every == 0;
  if (again && report.failure.empty() && run_seed(one).digest != report.digest)
    report.failure = "the same seed ran twice, and not alike: INV-SIM-002";
  return report;
}

void add(SeedsReport& sum, SeedReport report) {
  ++sum.seeds;
  sum.tasks += report.tasks;
  sum.claims_paid += report.claims_paid;
  sum.claims_fallen += report.claims_fallen;
  sum.games += report.games;
  sum.errors_found += report.errors_found;
  sum.demands += report.demands;
  sum.withheld += report.withheld;
  sum.transactions += report.transactions;
  sum.blocks += report.sim.blocks;
  sum.crashes += report.sim.crashes;
  sum.lost += report.sim.lost;
  if (!report.failure.empty()) sum.failures.push_back(std::move(report));
}

}  // namespace

SeedsReport run_seeds(const SeedsOptions& options) {
  SeedsReport sum;
  std::mutex mutex;
  std::atomic<std::uint64_t> next = 0;
  std::atomic<std::uint64_t> failures = 0;
  const auto work = [&] {
    while (failures < options.failures_max) {
      const std::uint64_t index = next++;
      if (index >= options.count) return;
      SeedReport report = run_one(options, options.first + index);
      if (!report.failure.empty()) ++failures;
      const std::lock_guard lock(mutex);
      add(sum, std::move(report));
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < options.threads; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  std::sort(sum.failures.begin(), sum.failures.end(),
            [](const SeedReport& a, const SeedReport& b) { return a.seed < b.seed; });
  return sum;
}

}  // namespace assay::sim
