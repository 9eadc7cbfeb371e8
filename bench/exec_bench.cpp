// Where the time of a training step goes: every unit that the executor runs, and the whole step.
//
//   exec_bench [MODEL] [THREADS] [STEPS] [unfused]
//
// A digest first: fused and unfused, fast and plainer kernels agree after a step (check.hpp).
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "assay/cli/bench_models.hpp"
#include "assay/exec/executor.hpp"
#include "assay/graph/validator.hpp"
#include "assay/host/thread_pool.hpp"
#include "check.hpp"
#include "measure.hpp"

namespace {

using namespace assay;

template <class T>
T value_or_exit(Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

graph::ValidProgram valid(const graph::Program& program) {
  auto validation = graph::validate_alone(program);
  ASSAY_INVARIANT(validation.program.has_value());
  return *validation.program;
}

struct Model {
  graph::ValidProgram init;
  graph::ValidProgram step;
  NamedTensors data;
  std::vector<TensorView> views;
};

NamedTensors initial(const Model& model, TaskPool& pool) {
  auto init = value_or_exit(exec::Executor::create(model.init, {}, pool));
  NamedTensors state = init.make_state();
  init.step(0, 1, state);
  return state;
}

std::string describe(const exec::UnitTime& unit, const graph::Program& program) {
  std::string text = graph::describe_node(program, unit.first_node);
  if (!unit.members.empty()) text += " | " + unit.members;
  return text.substr(0, 200);
}

void measure(const std::string& name, unsigned threads, unsigned steps, bool fuse) {
  host::ThreadTaskPool pool(threads);
  auto known = value_or_exit(cli::bench_model(name));
  auto programs = value_or_exit(models::build(known.description));
  Model model{valid(programs.init), valid(programs.step), std::move(known.data), {}};
  for (const auto& [slot, tensor] : model.data) model.views.push_back(tensor.view());
  if (const auto same = bench::check_step(name, model.init, model.step, model.views, pool); !same) {
    std::fprintf(stderr, "exec_bench: %s\n", same.error().message.c_str());
    std::exit(1);
  }

  // On one thread its own time, which other processes touch less.
  const auto clock = threads == 1 ? bench::thread_cpu_ns : bench::wall_ns;
  NamedTensors state = initial(model, pool);
  exec::ExecutorOptions options;
  options.fuse = fuse;
  auto executor = value_or_exit(exec::Executor::create(model.step, model.views, pool, options));
  executor.step(0, 1, state);
  bench::Spread spread;
  for (unsigned t = 1; t <= steps; ++t) {
    const std::uint64_t start = clock();
    executor.step(t, 1, state);
    spread.add(static_cast<double>(clock() - start) * 1e-6);
  }
  spread.print("exec_" + name + "_" + std::to_string(threads) + "t", "ms");

  // The first step takes the arena's pages from the system: its time is not counted.
  bool counts = false;
  options.nanoseconds = [&] { return counts ? clock() : 0; };
  auto timed = value_or_exit(exec::Executor::create(model.step, model.views, pool, options));
  timed.step(0, 1, state);
  counts = true;
  for (unsigned t = 0; t < steps; ++t) timed.step(t, 1, state);
  double sum = 0;
  for (const auto& unit : timed.unit_times()) {
    const double us = static_cast<double>(unit.nanoseconds) * 1e-3 / steps;
    sum += us;
    std::printf("%10.1f us %8.2f MB  %s\n", us, static_cast<double>(unit.stored_bytes) * 1e-6,
                describe(unit, model.step.program()).c_str());
  }
  for (const auto& time : timed.times()) {
    std::printf("%8.2f %%  %-28s %5.0f runs a step\n",
                static_cast<double>(time.nanoseconds) * 0.1 / sum / steps, time.name,
                static_cast<double>(time.runs) / (steps + 1));
  }
  const exec::MemoryUse memory = executor.memory();
  std::printf(
      "%zu nodes, %zu units, memory MB: arena %.1f (at least %.1f) constants %.1f scratch %.1f "
      "state %.1f\n",
      model.step.program().nodes.size(), timed.unit_times().size(),
      static_cast<double>(memory.arena) * 1e-6, static_cast<double>(memory.arena_min) * 1e-6,
      static_cast<double>(memory.constants) * 1e-6, static_cast<double>(memory.scratch) * 1e-6,
      static_cast<double>(memory.next_state) * 1e-6);
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned threads = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 1;
  const unsigned steps = argc > 3 ? static_cast<unsigned>(std::atoi(argv[3])) : 5;
  const bool fuse = argc <= 4 || std::strcmp(argv[4], "unfused") != 0;
  if (argc > 1) {
    measure(argv[1], threads, steps, fuse);
    return 0;
  }
  for (const std::string& name : cli::bench_model_names()) measure(name, threads, steps, fuse);
  return 0;
}
