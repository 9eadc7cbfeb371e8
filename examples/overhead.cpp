// What commitments cost: trains the same model with a state root every INTERVAL steps and with none
// but the last, interleaved in one process so that a busy machine slows both, and compares round by
// round.
//
//   overhead [INTERVAL [ROUNDS]]     10 steps between roots and 15 rounds, if not given
//
// Prints `figure NAME VALUE UNIT MIN MAX`: the median round and the extremes.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "assay/host/thread_pool.hpp"
#include "assay/models/model.hpp"
#include "assay/training/run.hpp"
#include "made_up_images.hpp"

using namespace assay;

namespace {

// A training run of its own; each advances by whole intervals.
struct Side {
  training::Task task;
  std::unique_ptr<training::ProgramExecution> execution;
  std::unique_ptr<training::TrainingRun> run;

  // Milliseconds that `steps` more steps take.
  Result<double> advance(std::uint64_t steps) {
    const auto start = std::chrono::steady_clock::now();
    ASSAY_TRY_STATUS(run->advance(steps));
    const std::chrono::duration<double, std::milli> taken =
        std::chrono::steady_clock::now() - start;
    return taken.count();
  }
};

Result<std::unique_ptr<Side>> make_side(std::uint64_t steps, std::uint64_t interval,
                                        TaskPool& pool) {
  // The demo's perceptron.
  models::ModelDescription model = models::recommended(models::Mlp{}, models::OptimizerKind::kSgd,
                                                       std::max<std::uint64_t>(steps, 600));
  model.images.examples = 1024;
  ASSAY_TRY(models::TaskPrograms programs, models::build(model));
  auto side = std::make_unique<Side>();
  ASSAY_TRY(
      side->task,
      training::make_task(
          {.seed = 1, .steps = steps, .commit_interval = interval, .checkpoint_interval = interval},
          std::move(programs.init), std::move(programs.step), examples::made_up_images(model),
          pool));
  ASSAY_TRY(side->execution, training::ProgramExecution::create(side->task, pool));
  ASSAY_TRY(side->run, training::TrainingRun::open(side->task, *side->execution, pool));
  return side;
}

void print(const char* name, std::vector<double> values, const char* unit) {
  std::sort(values.begin(), values.end());
  std::printf("figure %s %.4f %s %.4f %.4f\n", name, values[values.size() / 2], unit,
              values.front(), values.back());
}

Status measure(std::uint64_t interval, std::uint64_t rounds) {
  host::ThreadTaskPool pool;
  const std::uint64_t block = interval * std::max<std::uint64_t>(1, 200 / interval);
  const std::uint64_t steps = block * (rounds + 1);
  ASSAY_TRY(const auto plain, make_side(steps, steps, pool));
  ASSAY_TRY(const auto committed, make_side(steps, interval, pool));
  std::vector<double> plain_ms, committed_ms, ratios;
  for (std::uint64_t round = 0; round <= rounds; ++round) {
    // Who goes first alternates, so that neither always finds the caches warm.
    double first = 0, second = 0;
    Side& one = round % 2 == 0 ? *plain : *committed;
    Side& other = round % 2 == 0 ? *committed : *plain;
    ASSAY_TRY(first, one.advance(block));
    ASSAY_TRY(second, other.advance(block));
    if (round == 0) continue;  // warms up
    plain_ms.push_back((round % 2 == 0 ? first : second) / static_cast<double>(block));
    committed_ms.push_back((round % 2 == 0 ? second : first) / static_cast<double>(block));
    ratios.push_back(committed_ms.back() / plain_ms.back());
  }
  // Committing must not change what is computed.
  if (plain->run->state_root() != committed->run->state_root())
    return {ErrorCode::kInternal, "the two runs ended in different states"};
  std::printf("a root every %llu steps, blocks of %llu steps, %u threads\n",
              static_cast<unsigned long long>(interval), static_cast<unsigned long long>(block),
              pool.thread_count());
  print("overhead_step_plain", plain_ms, "ms");
  print("overhead_step_committed", committed_ms, "ms");
  print("overhead_ratio", ratios, "x");
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t interval = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10;
  const std::uint64_t rounds = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 15;
  if (interval == 0 || interval > 10'000 || rounds == 0 || rounds > 1'000) {
    std::fprintf(stderr, "usage: overhead [INTERVAL (1 to 10000) [ROUNDS (1 to 1000)]]\n");
    return 2;
  }
  const Status status = measure(interval, rounds);
  if (!status) std::fprintf(stderr, "overhead: %s\n", status.error().message.c_str());
  return status ? 0 : 1;
}
