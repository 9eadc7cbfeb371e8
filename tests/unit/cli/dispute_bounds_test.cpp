// INV-DSP-008 on the graphs of models that are far too large to train here.
#include "assay/cli/dispute_bounds.hpp"

#include <gtest/gtest.h>

#include "assay/protocol/transaction.hpp"
#include "assay/referee/referee.hpp"

namespace assay::cli {
namespace {

// At most 20 moves a side, 64 KiB on the ledger, 12 KiB of the last opening and 400 compressions,
// at every node and slot.
TEST(DisputeBounds, GamesAboutAMillionStepsOfATransformerAreShort) {
  const auto models = graph_models();
  ASSERT_TRUE(models) << models.error().message;
  const std::vector<DisputeBounds> all = dispute_bounds(*models);
  EXPECT_EQ(all.size(), 15U);
  for (const auto& [model, run, game, challenge_bytes] : all) {
    SCOPED_TRACE(model + " " + std::to_string(run.interval));
    std::printf(
        "figure dispute_bound_%s_%llu %u + %u moves, %llu + %llu bytes on the ledger, opening %llu "
        "bytes, %llu compressions\n",
        model.c_str(), static_cast<unsigned long long>(run.interval), game.defender_moves,
        game.challenger_moves, static_cast<unsigned long long>(game.ledger_bytes),
        static_cast<unsigned long long>(challenge_bytes),
        static_cast<unsigned long long>(game.opening.bytes),
        static_cast<unsigned long long>(game.opening.compressions));
    EXPECT_LE(game.defender_moves, 20U);
    EXPECT_LE(game.challenger_moves, 20U);
    // Also where delegates make all moves, with a certificate in each, and both were registered.
    const unsigned moves = game.defender_moves + game.challenger_moves;
    const std::uint64_t delegated = game.ledger_bytes + moves * dispute::kCertificateBytes;
    constexpr std::uint64_t kRegistration =
        protocol::kEnvelopeBytes + 32 + dispute::kCertificateBytes + 64;
    EXPECT_LE(delegated + 2 * kRegistration + challenge_bytes, 65'536U);
    std::printf("figure dispute_bound_%s_%llu_delegated %llu bytes on the ledger\n", model.c_str(),
                static_cast<unsigned long long>(run.interval),
                static_cast<unsigned long long>(delegated));
    EXPECT_LE(game.opening.bytes, 12'288U);
    EXPECT_LE(game.opening.compressions, referee::kMaxCompressions);
    EXPECT_GT(game.ledger_bytes, game.body_bytes + 100 * game.defender_moves);
  }
}

}  // namespace
}  // namespace assay::cli
