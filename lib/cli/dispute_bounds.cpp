#include "assay/cli/dispute_bounds.hpp"

#include "assay/cli/bench_models.hpp"
#include "assay/dispute/signed_move.hpp"
#include "assay/protocol/transaction.hpp"

namespace assay::cli {

namespace {

struct Named {
  std::string name;
  models::ModelDescription description;
};

Result<std::vector<Named>> described_models() {
  std::vector<Named> all;
  for (const std::string& name : bench_model_names()) {
    ASSAY_TRY(BenchModel model, bench_model(name));
    all.push_back({name, std::move(model.description)});
  }
  models::ModelDescription d;
  d.network = models::Gpt{.layers = 12, .width = 1024, .heads = 16, .sequence = 1024};
  d.tokens = {.count = 4'000'000, .vocabulary = 50'257, .dtype = DType::kU32};
  d.batch = 8;
  d.optimizer = {.kind = models::OptimizerKind::kAdamW};
  all.push_back({"gpt-12x1024", std::move(d)});
  return all;
}

std::uint64_t transaction_bytes(const protocol::Payload& payload) {
  return protocol::kEnvelopeBytes + protocol::encode_payload(payload).size() +
         sizeof(crypto::Signature);
}

std::uint64_t bytes_beside_a_body() {
  codec::BytesSink sink;
  codec::Writer writer(sink);
  dispute::write_signed_move(writer, {});
  return transaction_bytes(protocol::PlayMove{{}, sink.take()});
}

std::uint64_t bytes_of_a_challenge(const dispute::Run& run) {
  protocol::RevealChallenge reveal;
  const std::uint64_t entries = 1 + (run.steps + run.interval - 1) / run.interval;
  reveal.start_path.length = reveal.end_path.length = commit::path_length(0, entries);
  return transaction_bytes(protocol::CommitChallenge{}) + transaction_bytes(reveal);
}

}  // namespace

Result<std::vector<GraphModel>> graph_models() {
  ASSAY_TRY(const std::vector<Named> described, described_models());
  std::vector<GraphModel> all;
  for (const auto& [name, description] : described) {
    ASSAY_TRY(models::TaskPrograms programs, models::build(description));
    ASSAY_TRY(graph::ValidProgram init, graph::validate_init(std::move(programs.init)).result());
    ASSAY_TRY(graph::ValidProgram step,
              graph::validate_step(std::move(programs.step), init).result());
    all.push_back({name, std::move(init), std::move(step)});
  }
  return all;
}

std::vector<DisputeBounds> dispute_bounds(const std::vector<GraphModel>& models,
                                          const dispute::Rules& rules) {
  constexpr std::uint64_t kSteps = 1'000'000;
  std::vector<DisputeBounds> all;
  for (const auto& [name, init, step] : models) {
    for (const std::uint64_t interval : {1u, 1'000u, 1'000'000u}) {
      const dispute::Run run{kSteps, interval};
      all.push_back({name, run,
                     dispute::bounds_of_run(init, step, run, {bytes_beside_a_body(), rules}),
                     bytes_of_a_challenge(run)});
    }
  }
  return all;
}

}  // namespace assay::cli
