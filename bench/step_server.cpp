// assay's side of bench/peers.py: one process that steps on command, so that whoever compares can
// let it and a peer take turns in short blocks. Reads commands from standard input, one a line, and
// answers with one line of numbers each:
//
//   step_server THREADS model NAME          a training run of cli/bench_models.hpp
//     run N            -> WALL_NS CPU_NS LOSS of N steps
//     memory           -> BYTES that the process grew by at its largest, over what it held with the
//                         data alone
//   step_server THREADS check NAME          exits at once: 0 if a step of that run has the bits of
//                                           plainer kernels without fusion (check.hpp)
//   step_server THREADS function NAME N     an elementwise function of N values
//     run N            -> WALL_NS CPU_NS CHECK of N times
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "assay/cli/bench_models.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/training/run.hpp"
#include "check.hpp"
#include "measure.hpp"

namespace {

using namespace assay;

constexpr std::uint64_t kSteps = 1'000'000;  // more than anybody measures

[[noreturn]] void fail(const std::string& message) {
  std::cerr << "step_server: " << message << "\n";
  std::exit(1);
}

template <class T>
T value_or_fail(Result<T> result) {
  if (!result) fail(result.error().message);
  return std::move(result).value();
}

// Of /proc/self/status, in bytes.
std::uint64_t memory_now(const std::string& field) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with(field))
      return std::strtoull(line.c_str() + field.size(), nullptr, 10) * 1024;
  }
  fail("no " + field + " in /proc/self/status");
}

class Subject {
 public:
  virtual ~Subject() = default;
  virtual void run(std::uint64_t count) = 0;
  [[nodiscard]] virtual double check() const = 0;
};

training::Task make_task(cli::BenchModel model, TaskPool& pool) {
  auto programs = value_or_fail(models::build(model.description));
  return value_or_fail(training::make_task(
      {.seed = 1, .steps = kSteps, .commit_interval = kSteps, .checkpoint_interval = kSteps},
      std::move(programs.init), std::move(programs.step), std::move(model.data), pool));
}

// In a process of its own: what it allocates is not to count as another's.
void check(const std::string& name, TaskPool& pool) {
  const training::Task task = make_task(value_or_fail(cli::bench_model(name)), pool);
  std::vector<TensorView> data;
  for (const auto& [slot, tensor] : task.data) data.push_back(tensor.view());
  if (auto same = bench::check_step(name, *task.init, *task.step, data, pool); !same)
    fail(same.error().message);
}

class Model final : public Subject {
 public:
  Model(const std::string& name, TaskPool& pool)
      : m_task(make_task(value_or_fail(cli::bench_model(name)), pool)) {
    std::ofstream("/proc/self/clear_refs") << "5\n";  // the largest size is what it is now
    m_held = memory_now("VmRSS:");
    m_execution = value_or_fail(training::ProgramExecution::create(m_task, pool));
    m_run = value_or_fail(training::TrainingRun::open(m_task, *m_execution, pool));
  }
  void run(std::uint64_t count) override {
    if (auto status = m_run->advance(count); !status) fail(status.error().message);
  }
  [[nodiscard]] double check() const override {
    return static_cast<double>(m_run->losses().back());
  }
  [[nodiscard]] std::uint64_t grown() const { return memory_now("VmHWM:") - m_held; }

 private:
  training::Task m_task;
  std::uint64_t m_held = 0;
  std::unique_ptr<training::ProgramExecution> m_execution;
  std::unique_ptr<training::TrainingRun> m_run;
};

class Function final : public Subject {
 public:
  Function(const std::string& name, std::uint64_t count, TaskPool& pool)
      : m_pool(pool), m_in({DType::kF32, {count}}), m_out({DType::kF32, {count}}) {
    static constexpr std::pair<const char*, numerics::OpCode> kNames[] = {
        {"exp", numerics::OpCode::kExp}, {"tanh", numerics::OpCode::kTanh},
        {"erf", numerics::OpCode::kErf}, {"sin", numerics::OpCode::kSin},
        {"cos", numerics::OpCode::kCos}, {"sigmoid", numerics::OpCode::kSigmoid},
        {"log", numerics::OpCode::kLog}, {"rsqrt", numerics::OpCode::kRsqrt}};
    bool is_known = false;
    for (const auto& [known, op] : kNames) {
      if (name != known) continue;
      m_spec.op = op;
      is_known = true;
    }
    if (!is_known) fail("no function " + name);
    m_spec.output = m_spec.operands[0] = m_in.type();
    m_spec.operand_count = 1;
    m_scratch.resize(numerics::scratch_bytes(numerics::best_isa(), m_spec, pool.thread_count()));
    // The values that peers.py gives its side, too: even over [-4, 4), or (0, 8] for log and rsqrt.
    const bool is_positive = name == "log" || name == "rsqrt";
    float* const values = m_in.as<float>().data();
    const auto share = 8.0F / static_cast<float>(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      values[i] = share * static_cast<float>(is_positive ? i + 1 : i) - (is_positive ? 0.0F : 4.0F);
    }
  }
  void run(std::uint64_t count) override {
    const void* const operand = m_in.data();
    for (std::uint64_t i = 0; i < count; ++i)
      numerics::run(numerics::best_isa(), m_spec, {&operand, 1}, m_out.data(), m_scratch, m_pool);
  }
  // The sum, which the peer's must be close to.
  [[nodiscard]] double check() const override {
    double sum = 0;
    for (const float value : m_out.as<float>()) sum += static_cast<double>(value);
    return sum;
  }

 private:
  TaskPool& m_pool;
  Tensor m_in;
  Tensor m_out;
  numerics::NodeSpec m_spec;
  std::vector<std::uint8_t> m_scratch;
};

void serve(Subject& subject) {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string command;
    std::uint64_t count = 0;
    words >> command >> count;
    if (command == "run" && count > 0) {
      const std::uint64_t wall = bench::wall_ns();
      const std::uint64_t cpu = bench::process_cpu_ns();
      subject.run(count);
      const std::uint64_t wall_after = bench::wall_ns();
      std::cout << wall_after - wall << ' ' << bench::process_cpu_ns() - cpu << ' '
                << subject.check() << std::endl;
    } else if (const auto* model = dynamic_cast<const Model*>(&subject);
               command == "memory" && model != nullptr) {
      std::cout << model->grown() << std::endl;
    } else {
      fail("no such command: " + line);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int i) {
    return argc > i ? std::strtoull(argv[i], nullptr, 10) : std::uint64_t{0};
  };
  const std::uint64_t threads = number(1);
  if (argc < 4 || threads < 1 || threads > 256)
    fail("THREADS model NAME | THREADS check NAME | THREADS function NAME N");
  host::ThreadTaskPool pool(static_cast<unsigned>(threads));
  if (std::strcmp(argv[2], "check") == 0) {
    check(argv[3], pool);
    return 0;
  }
  std::unique_ptr<Subject> subject;
  if (std::strcmp(argv[2], "model") == 0) {
    subject = std::make_unique<Model>(argv[3], pool);
  } else if (std::strcmp(argv[2], "function") == 0 && number(4) > 0) {
    subject = std::make_unique<Function>(argv[3], number(4), pool);
  } else {
    fail(std::string("model, check or function, not ") + argv[2]);
  }
  serve(*subject);
  return 0;
}
