// A small GPT learns to write from any text, with a commitment to every fifty steps: what a solver
// would be paid for, here on one machine and for its own sake.
//
//   gpt TEXT [STEPS [CHECKPOINT]]     1500 steps and gpt.safetensors, if not given
//
// Prints loss, tokens a second and the state's root as it goes, writes the final state as a
// safetensors file and ends with a sample. A few minutes on two cores for 1500 steps.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "assay/commit/transcript.hpp"
#include "assay/host/read_file.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/models/data.hpp"
#include "assay/tensor/safetensors.hpp"
#include "assay/tensor/text.hpp"
#include "assay/training/run.hpp"

using namespace assay;

namespace {

constexpr std::uint64_t kInterval = 50;  // steps between commitments
constexpr std::uint64_t kTextBytesMax = std::uint64_t{1} << 28;
constexpr std::size_t kSampleCharacters = 600;
constexpr double kTemperature = 0.7;  // below 1: the likelier characters more often

// 1. The model: a few lines, or a TOML file of the same fields (docs/spec/models.md).
models::ModelDescription describe(std::uint64_t steps) {
  models::ModelDescription d =
      models::recommended(models::Gpt{.layers = 4, .width = 128, .heads = 4, .sequence = 64},
                          models::OptimizerKind::kAdamW, steps);
  d.batch = 16;
  return d;
}

// 2. The text: one token a character, and the alphabet that says which.
Result<NamedTensors> read_text(const char* file) {
  ASSAY_TRY(const Bytes bytes, host::read_file(file, kTextBytesMax));
  ASSAY_TRY(tensor::CharacterTokens text, tensor::read_character_tokens(bytes));
  return models::text_data(std::move(text.tokens), std::move(text.alphabet));
}

// 3. Training. The transcript of roots is what a solver signs: anybody can check any part of it.
Status train(training::TrainingRun& run, const training::Task& task, std::uint64_t tokens_a_step) {
  std::printf("%8s %8s %10s  %s\n", "step", "loss", "tokens/s", "root of the state");
  while (!run.finished()) {
    const auto start = std::chrono::steady_clock::now();
    const std::uint64_t before = run.step();
    ASSAY_TRY_STATUS(run.advance(kInterval));
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    double loss = 0;
    for (std::uint64_t t = before; t < run.step(); ++t) loss += run.losses()[t];
    const auto steps = static_cast<double>(run.step() - before);
    std::printf("%8llu %8.3f %10.0f  %s\n", static_cast<unsigned long long>(run.step()),
                loss / steps, steps * static_cast<double>(tokens_a_step) / taken.count(),
                to_hex(run.transcript().back()).substr(0, 16).c_str());
    std::fflush(stdout);
  }
  const commit::Transcript transcript(run.transcript());
  std::printf("task %s\ntranscript of %zu roots %s\n", to_hex(task.root()).c_str(),
              run.transcript().size(), to_hex(transcript.root()).c_str());
  return {};
}

// 4. Writing. Not committed to, so any arithmetic will do.
class Writer {
 public:
  Writer(const graph::ValidProgram& predict, const NamedTensors& trained, TaskPool& pool)
      : m_window(predict.program().data[0].type),
        m_data{m_window.view()},
        m_executor(exec::Executor::create(predict, m_data, pool).value()),
        m_state(m_executor.make_state()) {
    for (auto& [name, tensor] : m_state)
      if (const auto at = trained.find(name); at != trained.end()) tensor = at->second;
  }

  // The token after those, drawn by the model's probabilities.
  std::uint32_t next(const std::vector<std::uint32_t>& tokens) {
    // The last of them fill the window from its start: what stands behind them is not seen.
    const std::uint64_t sequence = m_window.shape()[1];
    const std::size_t count = std::min<std::size_t>(tokens.size(), sequence);
    for (std::size_t i = 0; i < count; ++i) put(i, tokens[tokens.size() - count + i]);
    m_executor.step(0, 0, m_state);
    const Tensor& logits = m_state.find(models::kLogits)->second;
    const std::uint64_t vocabulary = logits.shape()[2];
    const auto row = logits.as<float>().subspan((count - 1) * vocabulary, vocabulary);
    std::vector<double> weights;
    double sum = 0;
    for (const float logit : row) {
      weights.push_back(std::exp(double{logit} / kTemperature));
      sum += weights.back();
    }
    double left = random() * sum;
    for (std::uint32_t token = 0; token < vocabulary; ++token)
      if ((left -= weights[token]) < 0) return token;
    return static_cast<std::uint32_t>(vocabulary - 1);
  }

 private:
  void put(std::size_t at, std::uint32_t token) {
    if (m_window.dtype() == DType::kU8)
      m_window.data()[at] = static_cast<std::uint8_t>(token);
    else
      m_window.as<std::uint32_t>()[at] = token;
  }
  double random() {  // in [0, 1): xorshift64
    m_random ^= m_random << 13, m_random ^= m_random >> 7, m_random ^= m_random << 17;
    return static_cast<double>(m_random >> 11) * 0x1p-53;
  }

  Tensor m_window;
  std::vector<TensorView> m_data;
  exec::Executor m_executor;
  NamedTensors m_state;
  std::uint64_t m_random = 88172645463325252;
};

Status write_sample(const models::ModelDescription& d, graph::Program program,
                    const NamedTensors& trained, const NamedTensors& data, TaskPool& pool) {
  ASSAY_TRY(const graph::ValidProgram predict, graph::validate_alone(std::move(program)).result());
  Writer writer(predict, trained, pool);
  // It goes on from the first character of the text.
  const Tensor& text = data.find(models::kTokens)->second;
  std::vector<std::uint32_t> tokens = {d.tokens.dtype == DType::kU8 ? text.data()[0]
                                                                    : text.as<std::uint32_t>()[0]};
  while (tokens.size() < kSampleCharacters) tokens.push_back(writer.next(tokens));
  const Tensor& alphabet = trained.find(models::kModelAlphabet)->second;
  std::printf("\n%s\n", tensor::text_of(tokens, alphabet.view()).c_str());
  return {};
}

Status run(const char* text, std::uint64_t steps, const char* checkpoint) {
  host::ThreadTaskPool pool;
  ASSAY_TRY(const NamedTensors data, read_text(text));
  models::ModelDescription d = describe(steps);
  ASSAY_TRY_STATUS(models::fit_to_data(d, data));
  ASSAY_TRY(models::TaskPrograms programs, models::build(d));
  ASSAY_TRY(const training::Task task,
            training::make_task({.seed = 1,
                                 .steps = steps,
                                 .commit_interval = std::min(kInterval, steps),
                                 .checkpoint_interval = std::min(kInterval, steps)},
                                std::move(programs.init), std::move(programs.step), data, pool));
  ASSAY_TRY(auto execution, training::ProgramExecution::create(task, pool));
  ASSAY_TRY(auto training, training::TrainingRun::open(task, *execution, pool));
  std::printf("%llu characters, %llu of them distinct; %u threads\n",
              static_cast<unsigned long long>(d.tokens.count),
              static_cast<unsigned long long>(d.tokens.vocabulary), pool.thread_count());
  ASSAY_TRY_STATUS(train(*training, task, d.batch * std::get<models::Gpt>(d.network).sequence));
  ASSAY_TRY(const Bytes file, tensor::write_safetensors(training->state()));
  ASSAY_TRY_STATUS(host::write_file(checkpoint, file));
  std::printf("%zu bytes in %s\n", file.size(), checkpoint);
  return write_sample(d, std::move(programs.predict), training->state(), data, pool);
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t steps = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1500;
  if (argc < 2 || argc > 4 || steps == 0) {
    std::fprintf(stderr, "usage: gpt TEXT [STEPS [CHECKPOINT]]\n");
    return 2;
  }
  const Status status = run(argv[1], steps, argc > 3 ? argv[3] : "gpt.safetensors");
  if (!status) std::fprintf(stderr, "gpt: %s\n", status.error().message.c_str());
  return status ? 0 : 1;
}
