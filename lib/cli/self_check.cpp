#include "assay/cli/self_check.hpp"

#include "assay/crypto/sha256.hpp"
#include "assay/models/data.hpp"
#include "assay/training/run.hpp"

namespace assay::cli {

namespace {

// Data that is the same everywhere, and no loss that is flat.
NamedTensors images() {
  constexpr std::uint64_t kExamples = 40, kSide = 8, kClasses = 10;
  Tensor pixels({DType::kU8, {kExamples, kSide, kSide}});
  Tensor labels({DType::kU8, {kExamples}});
  for (std::uint64_t i = 0; i < kExamples; ++i)
    labels.data()[i] = static_cast<std::uint8_t>(i % kClasses);
  for (std::uint64_t i = 0; i < pixels.byte_count(); ++i)
    pixels.data()[i] = static_cast<std::uint8_t>(i * 37 + i / 11 * 101);
  return *models::image_data(std::move(pixels), std::move(labels));
}

NamedTensors text() {
  Tensor tokens({DType::kU8, {400}});
  for (std::uint64_t i = 0; i < tokens.byte_count(); ++i)
    tokens.data()[i] = static_cast<std::uint8_t>(i * i / 7 % 23);
  return *models::text_data(std::move(tokens));
}

struct Family {
  const char* name;
  models::ModelDescription description;
};

std::vector<Family> families() {
  const models::Gpt gpt{.layers = 1, .width = 8, .heads = 2, .sequence = 8, .dropout = 0.125F};
  std::vector<Family> all{
      {"mlp", {.network = models::Mlp{.hidden = {12}}, .batch = 8}},
      {"cnn", {.network = models::Cnn{.channels = {3}, .hidden = {10}}, .batch = 4}},
      {"gpt", {.network = gpt, .batch = 2}}};
  all[1].description.optimizer = {.kind = models::OptimizerKind::kAdam, .learning_rate = 0.01F};
  all[2].description.optimizer = {
      .kind = models::OptimizerKind::kAdamW, .learning_rate = 0.003F, .clip_norm = 0.5F};
  return all;
}

Result<SelfCheck> run_one(Family family, numerics::Isa isa, TaskPool& pool) {
  const bool is_text = std::holds_alternative<models::Gpt>(family.description.network);
  NamedTensors data = is_text ? text() : images();
  ASSAY_TRY_STATUS(models::fit_to_data(family.description, data));
  ASSAY_TRY(auto programs, models::build(family.description));
  ASSAY_TRY(const auto task,
            training::make_task({20260101, kSelfCheckSteps, kSelfCheckSteps, kSelfCheckSteps},
                                std::move(programs.init), std::move(programs.step), std::move(data),
                                pool));
  training::ExecutionOptions options;
  options.isa = isa;
  ASSAY_TRY(auto execution, training::ProgramExecution::create(task, pool, options));
  ASSAY_TRY(auto run, training::TrainingRun::open(task, *execution, pool));
  ASSAY_TRY_STATUS(run->advance(kSelfCheckSteps));
  return SelfCheck{family.name,
                   crypto::sha256({ByteView(task.header.init_program.bytes),
                                   ByteView(task.header.step_program.bytes)}),
                   run->state_root()};
}

Hash256 digest(const char* digits) { return *hash_from_hex(digits); }

}  // namespace

const std::vector<SelfCheck>& self_check_goldens() {
  static const std::vector<SelfCheck> kGoldens{
      {"mlp", digest("e1d2506767b56053ed234ce0dc71b9cf7c38bc5346880a5c3ed519f38695a695"),
       digest("8cb06c3580b7b1eb242292612e7b39670a70a96ee03c9da9796d2fbb4a778986")},
      {"cnn", digest("5c7d52eaecaadb718c3c5c4c0e5b16f67e19197257c1e78bd31a4e794017441f"),
       digest("52e03fec2793ef2af727ca58704e99651fafa45cb1b64864418f19869ae4c8ba")},
      {"gpt", digest("b7d8b5e84710021d7f7d655a41aa77a8eff3f478a6a56eebb0290d95f15f9960"),
       digest("095d0231843c70bcb6e5b003eb93f3ca5448dfa962c01eaa4cd8ef97cc20dd2e")}};
  return kGoldens;
}

Result<std::vector<SelfCheck>> run_self_checks(numerics::Isa isa, TaskPool& pool) {
  std::vector<SelfCheck> all;
  for (Family& family : families()) {
    auto one = run_one(std::move(family), isa, pool);
    if (!one) return Error{ErrorCode::kInternal, std::string("self-check: ") + one.error().message};
    all.push_back(std::move(*one));
  }
  return all;
}

}  // namespace assay::cli
