// What a dispute about a large run can take at most, computed on the graphs of its programs without
// training them (docs/spec/dispute.md, section 9).
#include <gtest/gtest.h>

#include "assay/cli/bench_models.hpp"
#include "assay/codec/buffer.hpp"
#include "assay/dispute/bounds.hpp"
#include "assay/dispute/signed_move.hpp"
#include "assay/protocol/transaction.hpp"

namespace assay::cli {
namespace {

// Of a move beside its body: the transaction's envelope and signature, the game, and the move's own
// turn, position and signature.
std::uint64_t ledger_bytes_of_a_move() {
  codec::BytesSink sink;
  codec::Writer writer(sink);
  dispute::write_signed_move(writer, {});
  const std::uint64_t move = sink.take().size();
  return protocol::kEnvelopeBytes + sizeof(GameId) + 4 + move + sizeof(dispute::Signature);
}

models::ModelDescription gpt_12x1024() {
  models::ModelDescription d;
  d.network = models::Gpt{.layers = 12, .width = 1024, .heads = 16, .sequence = 1024};
  d.tokens = {.count = 4'000'000, .vocabulary = 50'257, .dtype = DType::kU32};
  d.batch = 8;
  d.optimizer = {.kind = models::OptimizerKind::kAdamW};
  return d;
}

// INV-DSP-008: at most 20 moves a side, 64 KiB on the ledger and 12 KiB of the last opening.
TEST(DisputeBounds, GamesAboutAMillionStepsOfATransformerAreShort) {
  const std::uint64_t overhead = ledger_bytes_of_a_move();
  for (const char* name : {"mlp", "cnn", "gpt-small", "gpt-medium", "gpt-12x1024"}) {
    const models::ModelDescription description =
        name == std::string("gpt-12x1024") ? gpt_12x1024() : bench_model(name)->description;
    const auto programs = models::build(description);
    ASSERT_TRUE(programs) << programs.error().message;
    const auto init_program = graph::validate_init(programs->init).result();
    ASSERT_TRUE(init_program) << init_program.error().message;
    const auto step_program = graph::validate_step(programs->step, *init_program).result();
    ASSERT_TRUE(step_program) << step_program.error().message;
    for (const std::uint64_t interval : {1u, 1'000u, 1'000'000u}) {
      dispute::GameBounds most = dispute::bounds_of(*step_program, interval);
      const dispute::GameBounds init = dispute::bounds_of(*init_program, 1);
      most.defender_moves = std::max(most.defender_moves, init.defender_moves);
      most.challenger_moves = std::max(most.challenger_moves, init.challenger_moves);
      most.body_bytes = std::max(most.body_bytes, init.body_bytes);
      most.opening_bytes = std::max(most.opening_bytes, init.opening_bytes);
      const std::uint64_t bytes =
          most.body_bytes + overhead * (most.defender_moves + most.challenger_moves);
      std::printf(
          "figure dispute_bound_%s_%llu %u + %u moves, %llu bytes on the ledger, opening %llu\n",
          name, static_cast<unsigned long long>(interval), most.defender_moves,
          most.challenger_moves, static_cast<unsigned long long>(bytes),
          static_cast<unsigned long long>(most.opening_bytes));
      EXPECT_LE(most.defender_moves, 20u) << name << " " << interval;
      EXPECT_LE(most.challenger_moves, 20u) << name << " " << interval;
      EXPECT_LE(bytes, 65'536u) << name << " " << interval;
      EXPECT_LE(most.opening_bytes, 12'288u) << name;
    }
  }
}

}  // namespace
}  // namespace assay::cli
