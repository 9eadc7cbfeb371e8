// Steps a second of the demo's models, and what a state root every ten steps costs. Runs with and
// without roots are interleaved in one process, so that a busy machine slows both. Prints
// `figure NAME VALUE UNIT MIN MAX` lines; --profile adds the time by operator.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "assay/host/thread_pool.hpp"
#include "assay/models/model.hpp"
#include "assay/training/run.hpp"

namespace {

using namespace assay;

std::uint64_t nanoseconds() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

NamedTensors made_up_images(std::uint64_t count) {
  Tensor images({DType::kU8, {count, 28, 28}});
  Tensor labels({DType::kU8, {count}});
  std::uint32_t x = 1;
  for (std::uint64_t i = 0; i < count; ++i) {
    labels.data()[i] = static_cast<std::uint8_t>(i % 10);
    for (std::uint64_t j = 0; j < 784; ++j) {
      x = x * 1664525 + 1013904223;
      images.data()[i * 784 + j] =
          static_cast<std::uint8_t>((j % 10 == i % 10 ? 128 : 0) + (x >> 25));
    }
  }
  NamedTensors data;
  data.emplace(std::string(models::kImages), std::move(images));
  data.emplace(std::string(models::kLabels), std::move(labels));
  return data;
}

struct Spread {
  std::vector<double> values;
  [[nodiscard]] double median() {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }
  void print(const std::string& name, const char* unit) {
    const double middle = median();
    std::printf("figure %s %.4f %s %.4f %.4f\n", name.c_str(), middle, unit, values.front(),
                values.back());
  }
};

// Seconds that a run takes for one block.
double block(training::TrainingRun& run, std::uint64_t steps) {
  const std::uint64_t start = nanoseconds();
  if (auto status = run.advance(steps); !status) {
    std::fprintf(stderr, "%s\n", status.error().message.c_str());
    std::exit(1);
  }
  return static_cast<double>(nanoseconds() - start) * 1e-9;
}

// The digest first: scalar and fast kernels agree after three steps.
void check(const training::Task& task, TaskPool& pool) {
  Hash256 roots[2];
  const numerics::Isa isas[2] = {numerics::Isa::kScalar, numerics::best_isa()};
  for (int i = 0; i < 2; ++i) {
    training::ExecutionOptions options;
    options.isa = isas[i];
    auto execution = training::ProgramExecution::create(task, pool, options).value();
    auto run = training::TrainingRun::open(task, *execution, pool).value();
    if (!run->advance(3)) std::exit(1);
    roots[i] = run->state_root();
  }
  ASSAY_INVARIANT(roots[0] == roots[1]);
}

void measure(const models::Network& network, unsigned blocks, bool profile) {
  models::ModelDescription description;
  description.network = network;
  description.images.examples = 10'000;
  auto programs = models::build(description).value();
  host::ThreadTaskPool pool;
  const NamedTensors data = made_up_images(description.images.examples);
  // Some hundred milliseconds each: short, so that both of a pair meet the same machine.
  const std::uint64_t block_steps = std::holds_alternative<models::Mlp>(network) ? 100 : 10;
  const std::uint64_t steps = (blocks + 1) * block_steps;
  const auto task_with = [&](std::uint64_t interval) {
    return training::make_task({1, steps, interval, steps / interval * interval}, programs.init,
                               programs.step, data, pool)
        .value();
  };
  const training::Task plain_task = task_with(steps), rooted_task = task_with(10);
  check(plain_task, pool);

  auto plain_execution = training::ProgramExecution::create(plain_task, pool).value();
  auto rooted_execution = training::ProgramExecution::create(rooted_task, pool).value();
  auto plain = training::TrainingRun::open(plain_task, *plain_execution, pool).value();
  auto rooted = training::TrainingRun::open(rooted_task, *rooted_execution, pool).value();
  block(*plain, block_steps);
  block(*rooted, block_steps);
  Spread rate, ratio;
  for (unsigned i = 0; i < blocks; ++i) {
    // The order alternates, so that whatever the first of a pair pays is shared.
    const bool plain_first = i % 2 == 0;
    const double first = block(plain_first ? *plain : *rooted, block_steps);
    const double second = block(plain_first ? *rooted : *plain, block_steps);
    const double plain_s = plain_first ? first : second;
    const double rooted_s = plain_first ? second : first;
    rate.values.push_back(static_cast<double>(block_steps) / plain_s);
    ratio.values.push_back(rooted_s / plain_s);
  }
  ASSAY_INVARIANT(plain->state_root() == rooted->state_root());
  const std::string name = models::name_of(network);
  Spread root;
  for (int i = 0; i < 50; ++i) {
    const std::uint64_t start = nanoseconds();
    const Hash256 unused = plain->state_root();
    root.values.push_back(static_cast<double>(nanoseconds() - start) * 1e-3 +
                          (unused.bytes[0] & 0));
  }
  root.print("training_" + name + "_state_root", "us");
  rate.print("training_" + name + "_rate", "steps/s");
  // Of the pairs: the median, and the quartiles as its spread.
  const double middle = ratio.median();
  const std::size_t pairs = ratio.values.size();
  std::printf("figure training_%s_root_every_10_ratio %.4f x %.4f %.4f\n", name.c_str(), middle,
              ratio.values[pairs / 4], ratio.values[pairs * 3 / 4]);
  // The same by its parts, which noise touches less: a root's time over ten steps'.
  std::printf("figure training_%s_root_every_10_share %.3f %%\n", name.c_str(),
              100 * root.median() * rate.median() / 1e7);
  const auto memory = plain_execution->executor().memory();
  std::printf("%s: %zu nodes, %.1f MB state, executor %.1f MB\n", name.c_str(),
              plain_task.step->program().nodes.size(),
              static_cast<double>(training::byte_count(plain->state())) * 1e-6,
              static_cast<double>(memory.total()) * 1e-6);

  if (!profile) return;
  training::ExecutionOptions options;
  options.nanoseconds = nanoseconds;
  auto timed = training::ProgramExecution::create(plain_task, pool, options).value();
  auto run = training::TrainingRun::open(plain_task, *timed, pool).value();
  const double wall = block(*run, block_steps);
  double sum = 0;
  for (const exec::OperatorTime& time : timed->executor().times()) {
    const double microseconds =
        static_cast<double>(time.nanoseconds) * 1e-3 / static_cast<double>(block_steps);
    sum += microseconds;
    std::printf("  %-20s %6.1f a step %9.1f us\n", time.name,
                static_cast<double>(time.runs) / static_cast<double>(block_steps), microseconds);
  }
  std::printf("  outside of kernels %.1f us a step of %.1f us\n",
              wall * 1e6 / static_cast<double>(block_steps) - sum,
              wall * 1e6 / static_cast<double>(block_steps));
}

}  // namespace

int main(int argc, char** argv) {
  bool profile = false;
  unsigned blocks = 120;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--profile") == 0) profile = true;
    if (std::strncmp(argv[i], "--blocks=", 9) == 0)
      blocks = static_cast<unsigned>(std::atoi(argv[i] + 9));
  }
  measure(models::Mlp{}, blocks, profile);
  measure(models::Cnn{}, blocks, profile);
  return 0;
}
