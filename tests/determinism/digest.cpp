// Trains a small model of each family for 200 steps and prints their final state roots. With a file
// of recorded roots it compares them: every instruction set that the processor has, one to three
// threads, fused and unfused, and the plain loop over the scalar definitions. Models that small are
// worth no second thread; wider ones are, and a run on several threads counts
// only if each of its steps was cut for them.
//
//   determinism_digest                 print, for the best instruction set
//   determinism_digest FILE            every combination against the file; 1 if any differs
//   determinism_digest FILE brief      one combination for each instruction set, small models only
#include <atomic>
#include <cstdio>
#include <fstream>
#include <string>

#include "assay/host/thread_pool.hpp"
#include "assay/models/data.hpp"
#include "assay/training/run.hpp"

namespace {

using namespace assay;

constexpr std::uint64_t kSteps = 200;
constexpr std::uint64_t kInterval = 50;

// Of the wide samples. Each step of theirs has that many jobs for several threads, at least.
constexpr std::uint64_t kSharedJobs = 3;

struct Sample {
  const char* name;
  models::ModelDescription description;
  bool is_wide = false;
};

// Counts the jobs that are cut for several threads.
class CountingPool final : public TaskPool {
 public:
  explicit CountingPool(unsigned threads) : m_pool(threads) {}
  [[nodiscard]] unsigned thread_count() const override { return m_pool.thread_count(); }
  void run(std::size_t count, std::size_t grain,
           const std::function<void(std::size_t, std::size_t)>& body) override {
    if (count > grain) ++m_shared;
    m_pool.run(count, grain, body);
  }
  [[nodiscard]] std::uint64_t shared() const { return m_shared; }

 private:
  host::ThreadTaskPool m_pool;
  std::atomic<std::uint64_t> m_shared = 0;
};

std::uint32_t next(std::uint32_t& x) {
  x ^= x << 13, x ^= x >> 17, x ^= x << 5;
  return x;
}

NamedTensors made_up_images() {
  constexpr std::uint64_t kExamples = 120, kPixels = 64, kClasses = 10;
  Tensor images({DType::kU8, {kExamples, 8, 8}});
  Tensor labels({DType::kU8, {kExamples}});
  std::uint32_t x = 2463534242;
  for (std::uint64_t i = 0; i < kExamples; ++i) {
    labels.data()[i] = static_cast<std::uint8_t>(i % kClasses);
    for (std::uint64_t j = 0; j < kPixels; ++j)
      images.data()[i * kPixels + j] =
          static_cast<std::uint8_t>((j % kClasses == i % kClasses ? 150 : 0) + (next(x) >> 26));
  }
  return *models::image_data(std::move(images), std::move(labels));
}

NamedTensors made_up_text() {
  constexpr char kPattern[] = "it was light and it was day ";
  Tensor tokens({DType::kU8, {600}});
  std::uint32_t x = 2463534242;
  for (std::uint64_t i = 0; i < tokens.byte_count(); ++i) {
    const bool strays = next(x) % 8 == 0;
    tokens.data()[i] =
        static_cast<std::uint8_t>(kPattern[(strays ? x : i) % (sizeof kPattern - 1)]);
  }
  return *models::text_data(std::move(tokens));
}

NamedTensors data_of(const models::ModelDescription& d) {
  return std::holds_alternative<models::Gpt>(d.network) ? made_up_text() : made_up_images();
}

// Products, regions and reductions that are worth several threads.
std::vector<Sample> wide_samples() {
  const models::Gpt gpt2{.layers = 1, .width = 40, .heads = 4, .sequence = 24, .dropout = 0.125F};
  models::Gpt llama = models::llama_shaped();
  llama.layers = 1, llama.width = 40, llama.heads = 4, llama.key_heads = 2, llama.sequence = 24;
  const models::ResNet resnet{.widths = {16, 16}, .blocks = 1};
  std::vector<Sample> all(5);
  all[0] = {"mlp-wide", {.network = models::Mlp{.hidden = {384}}, .batch = 32}, true};
  all[1] = {"cnn-wide", {.network = models::Cnn{.channels = {16, 16}}, .batch = 20}, true};
  all[2] = {"gpt2-wide", {.network = gpt2, .batch = 4}, true};
  all[3] = {"resnet-wide", {.network = resnet, .batch = 20}, true};
  all[4] = {"llama-wide", {.network = llama, .batch = 4}, true};
  for (Sample& sample : all) {
    sample.description.optimizer = {
        .kind = models::OptimizerKind::kAdamW, .learning_rate = 0.003F, .clip_norm = 1.0F};
  }
  return all;
}

// Every optimiser, schedule and option is in one of the small ones.
std::vector<Sample> samples() {
  using models::OptimizerKind;
  using models::Schedule;
  models::Gpt gpt2{.layers = 2, .width = 12, .heads = 2, .sequence = 10, .dropout = 0.125F};
  models::Gpt llama = models::llama_shaped();
  llama.layers = 2, llama.width = 16, llama.heads = 4, llama.key_heads = 2, llama.sequence = 10;
  std::vector<Sample> all(5);
  all[0] = {"mlp", {.network = models::Mlp{.hidden = {24}}, .batch = 10}};
  all[0].description.optimizer = {.kind = OptimizerKind::kSgd,
                                  .learning_rate = 0.01F,
                                  .schedule = Schedule::kLinear,
                                  .decay_steps = 180};
  all[1] = {"cnn", {.network = models::Cnn{.channels = {3, 4}, .hidden = {12}}, .batch = 6}};
  all[1].description.optimizer = {.kind = OptimizerKind::kAdam, .learning_rate = 0.01F};
  all[2] = {
      "resnet",
      {.network = models::ResNet{.widths = {3, 4}, .blocks = 1}, .batch = 6, .accumulation = 2}};
  all[2].description.optimizer = {
      .kind = OptimizerKind::kSgd, .learning_rate = 0.05F, .clip_norm = 2.0F, .nesterov = true};
  all[3] = {"gpt2", {.network = gpt2, .batch = 2}};
  all[3].description.optimizer = {.kind = OptimizerKind::kAdamW,
                                  .learning_rate = 0.003F,
                                  .schedule = Schedule::kCosine,
                                  .warmup_steps = 20,
                                  .decay_steps = 200,
                                  .clip_norm = 0.5F};
  all[4] = {"llama", {.network = llama, .batch = 2, .accumulation = 2}};
  all[4].description.optimizer = {
      .kind = OptimizerKind::kAdamW, .learning_rate = 0.003F, .clip_norm = 1.0F};
  for (Sample& wide : wide_samples()) all.push_back(std::move(wide));
  for (Sample& sample : all) {
    if (!models::fit_to_data(sample.description, data_of(sample.description))) std::abort();
  }
  return all;
}

struct Way {
  numerics::Isa isa = numerics::best_isa();
  unsigned threads = 1;
  bool fuse = true;
};

// What vectors do in a moment takes std::fma seconds on the wide ones.
std::vector<Way> wide_ways(bool brief) {
  std::vector<Way> all;
  for (const numerics::Isa isa : numerics::kAllIsas) {
    if (brief || !numerics::is_supported(isa) || isa == numerics::Isa::kReference) continue;
    all.push_back({isa, 3, true});
    if (isa == numerics::Isa::kScalar) continue;
    for (const unsigned threads : {1u, 2u}) all.push_back({isa, threads, true});
    all.push_back({isa, 2, false});
  }
  return all;
}

std::vector<Way> ways(bool brief) {
  std::vector<Way> all;
  for (const numerics::Isa isa : numerics::kAllIsas) {
    if (!numerics::is_supported(isa)) continue;
    if (isa == numerics::Isa::kReference) {
      all.push_back({isa, 1, false});
      continue;
    }
    if (brief) {
      all.push_back({isa, 2, true});
      continue;
    }
    for (const unsigned threads : {1u, 3u}) {
      all.push_back({isa, threads, true});
      all.push_back({isa, threads, false});
    }
  }
  return all;
}

Result<std::string> digest(const Sample& sample, const Way& way) {
  const models::ModelDescription& d = sample.description;
  CountingPool pool(way.threads);
  ASSAY_TRY(auto programs, models::build(d));
  ASSAY_TRY(const auto task,
            training::make_task({20260101, kSteps, kInterval, kSteps}, std::move(programs.init),
                                std::move(programs.step), data_of(d), pool));
  training::ExecutionOptions options;
  options.isa = way.isa;
  options.fuse = way.fuse;
  ASSAY_TRY(auto execution, training::ProgramExecution::create(task, pool, options));
  ASSAY_TRY(auto run, training::TrainingRun::open(task, *execution, pool));
  const std::uint64_t before = pool.shared();
  ASSAY_TRY_STATUS(run->advance(kSteps));
  if (sample.is_wide && way.threads > 1 && pool.shared() - before < kSteps * kSharedJobs)
    return {ErrorCode::kInvalidArgument, "too little was shared among threads: " +
                                             std::to_string(pool.shared() - before) + " jobs"};
  return to_hex(run->state_root());
}

std::string recorded(const char* file, const std::string& name) {
  std::ifstream in(file);
  for (std::string key, value; in >> key >> value;) {
    if (key == name) return value;
  }
  return {};
}

std::string digest_or_words(const Sample& sample, const Way& way) {
  const auto root = digest(sample, way);
  return root ? *root : "failed: " + root.error().message;
}

}  // namespace

int main(int argc, char** argv) {
  int failures = 0;
  for (const Sample& sample : samples()) {
    if (argc < 2) {
      std::printf("%s %s\n", sample.name, digest_or_words(sample, {}).c_str());
      continue;
    }
    for (const Way& way : sample.is_wide ? wide_ways(argc > 2) : ways(argc > 2)) {
      const std::string value = digest_or_words(sample, way);
      const bool same = value == recorded(argv[1], sample.name);
      failures += same ? 0 : 1;
      std::printf("%s %s %s threads %u %s %s\n", same ? "ok" : "DIFFERS", sample.name,
                  name_of(way.isa), way.threads, way.fuse ? "fused" : "unfused", value.c_str());
    }
  }
  return failures == 0 ? 0 : 1;
}
