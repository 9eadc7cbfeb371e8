// Trains a small MLP and a small CNN for 50 steps and prints their final state roots. With a file
// of recorded roots it compares them, for every instruction set, one and two threads.
//
//   determinism_digest                 print, for the best instruction set
//   determinism_digest FILE            every combination against the file; 1 if any differs
#include <cstdio>
#include <fstream>
#include <string>

#include "assay/host/thread_pool.hpp"
#include "assay/models/model.hpp"
#include "assay/training/run.hpp"

namespace {

using namespace assay;

models::ModelDescription small(const models::Network& network) {
  models::ModelDescription d;
  d.network = network;
  d.images = {.examples = 300, .height = 12, .width = 12};
  d.batch = 10;
  d.optimizer.kind = std::holds_alternative<models::Mlp>(network) ? models::OptimizerKind::kSgd
                                                                  : models::OptimizerKind::kAdam;
  d.optimizer.learning_rate = 0.01F;
  d.optimizer.schedule = models::Schedule::kLinear;
  d.optimizer.decay_steps = 80;
  return d;
}

NamedTensors made_up_data(const models::Images& d) {
  Tensor images({DType::kU8, {d.examples, d.height, d.width}});
  Tensor labels({DType::kU8, {d.examples}});
  std::uint32_t x = 2463534242;
  for (std::uint64_t i = 0; i < d.examples; ++i) {
    labels.data()[i] = static_cast<std::uint8_t>(i % d.classes);
    for (std::uint64_t j = 0; j < d.height * d.width; ++j) {
      x ^= x << 13, x ^= x >> 17, x ^= x << 5;
      images.data()[i * d.height * d.width + j] =
          static_cast<std::uint8_t>((j % d.classes == i % d.classes ? 150 : 0) + (x >> 26));
    }
  }
  NamedTensors data;
  data.emplace(std::string(models::kImages), std::move(images));
  data.emplace(std::string(models::kLabels), std::move(labels));
  return data;
}

Result<std::string> digest(const models::Network& network, numerics::Isa isa, unsigned threads) {
  const models::ModelDescription d = small(network);
  host::ThreadTaskPool pool(threads);
  ASSAY_TRY(auto programs, models::build(d));
  ASSAY_TRY(const auto task,
            training::make_task({20260101, 50, 10, 50}, std::move(programs.init),
                                std::move(programs.step), made_up_data(d.images), pool));
  training::ExecutionOptions options;
  options.isa = isa;
  ASSAY_TRY(auto execution, training::ProgramExecution::create(task, pool, options));
  ASSAY_TRY(auto run, training::TrainingRun::open(task, *execution, pool));
  ASSAY_TRY_STATUS(run->advance(50));
  return to_hex(run->state_root());
}

std::string recorded(const char* file, const std::string& name) {
  std::ifstream in(file);
  for (std::string key, value; in >> key >> value;) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  int failures = 0;
  const models::Network networks[] = {models::Mlp{.hidden = {24}},
                                      models::Cnn{.channels = {4, 8}, .hidden = {24}}};
  for (const models::Network& network : networks) {
    const std::string name = models::name_of(network);
    for (const auto isa : numerics::kAllIsas) {
      if (!numerics::is_supported(isa) || (argc < 2 && isa != numerics::best_isa())) continue;
      for (const unsigned threads : {1u, 2u}) {
        if (argc < 2 && threads == 2) continue;
        auto root = digest(network, isa, threads);
        const std::string value = root ? *root : "failed: " + root.error().message;
        if (argc < 2) {
          std::printf("%s %s\n", name.c_str(), value.c_str());
          continue;
        }
        const bool same = value == recorded(argv[1], name);
        failures += same ? 0 : 1;
        std::printf("%s %s %s threads %u %s\n", same ? "ok" : "DIFFERS", name.c_str(), name_of(isa),
                    threads, value.c_str());
      }
    }
  }
  return failures == 0 ? 0 : 1;
}
